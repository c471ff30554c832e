import numpy as np
import pytest
from sklearn.metrics import log_loss as sklearn_log_loss

from pipeline.errors import DataRefusedError
from pipeline.models import folds as module
from pipeline.models.folds import log_loss, make_folds

SEEDS = range(30)


def visits(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Several rows a patient; a patient's outcome mostly repeats."""
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(60), 1 + rng.geometric(0.3, 60))
    ill = rng.random(60) < 0.3
    ill[:5], ill[5:10] = True, False
    y = np.where(rng.random(len(patient)) < 0.1, ~ill[patient], ill[patient]).astype(float)
    first = np.unique(patient, return_index=True)[1]
    y[first] = ill
    return y, patient


@pytest.mark.parametrize("seed", SEEDS)
def test_folds_part_the_rows_and_never_a_patient(seed):
    y, patient = visits(seed)
    folds = make_folds(y, patient, 5)
    assert len(folds) == 5
    assert sorted(np.concatenate([held_out for _, held_out in folds])) == list(range(len(y)))
    for training, held_out in folds:
        assert sorted([*training, *held_out]) == list(range(len(y)))
        assert not set(patient[training]) & set(patient[held_out])
        assert set(y[held_out]) == {0.0, 1.0}


@pytest.mark.parametrize("seed", SEEDS)
def test_events_are_spread_evenly_where_patients_have_one_row(seed):
    rng = np.random.default_rng(seed)
    y = (rng.random(97) < 0.3).astype(float)
    events = [y[held_out].sum() for _, held_out in make_folds(y, np.arange(97), 4)]
    assert max(events) - min(events) <= 1


@pytest.mark.parametrize("seed", SEEDS)
def test_patients_of_every_kind_and_rows_are_spread_evenly(seed):
    y, patient = many(seed, 3000, several=True)
    folds = make_folds(y, patient, 5)
    ill = np.array([len(np.unique(patient[held_out][y[held_out] == 1])) for _, held_out in folds])
    assert np.ptp(ill) <= 2
    assert np.ptp([len(held_out) for _, held_out in folds]) <= 30


@pytest.mark.parametrize("mixed", range(1, 5))
def test_each_fold_has_both_outcomes_where_some_patients_have_both(mixed):
    """Five patients have the event, some of them also rows without it; five others never have it."""
    both = np.arange(5) < mixed
    y = np.concatenate([np.ones(5), np.zeros(int(both.sum())), np.zeros(5 - mixed)])
    patient = np.concatenate([np.arange(5), np.flatnonzero(both), np.arange(5, 10 - mixed)])
    for _, held_out in make_folds(y, patient, 5):
        assert set(y[held_out]) == {0.0, 1.0}


def test_folds_repeat_themselves():
    y, patient = visits(0)
    for one, two in zip(make_folds(y, patient, 3), make_folds(y, patient, 3), strict=True):
        np.testing.assert_array_equal(one[1], two[1])


@pytest.mark.parametrize("rarer", [0.0, 1.0])
def test_too_few_of_either_class_are_refused_with_their_number(rarer):
    y = np.full(40, 1 - rarer)
    y[:4] = rarer
    with pytest.raises(DataRefusedError, match=r"^4 patients .* at least 5, .* lower the folds in params\.yaml$"):
        make_folds(y, np.arange(40), 5)
    assert len(make_folds(y, np.arange(40), 4)) == 4


def test_many_rows_of_one_patient_are_one_patient():
    """Six events of one patient cannot be parted: the fold that holds them would leave none to learn from."""
    y = np.concatenate([np.ones(6), np.zeros(60)])
    patient = np.concatenate([np.zeros(6, dtype=int), np.arange(1, 61)])
    with pytest.raises(DataRefusedError, match=r"^1 patients"):
        make_folds(y, patient, 5)


def many(seed: int, n: int, *, several: bool) -> tuple[np.ndarray, np.ndarray]:
    """n rows, of one patient each or of one patient for every two or three."""
    rng = np.random.default_rng(seed)
    patient = np.sort(rng.integers(0, n // 3, n)) if several else np.arange(n)
    return (rng.random(n) < 0.2).astype(float), patient


@pytest.mark.parametrize("several", [False, True])
@pytest.mark.parametrize(("few_from", "one_from", "pairs"), [(901, 901, 5), (900, 901, 3), (900, 900, 1), (1, 900, 1)])
def test_large_tables_have_fewer_folds_and_the_largest_one_of_a_tenth(monkeypatch, several, few_from, one_from, pairs):
    monkeypatch.setattr(module, "FEW_FOLDS_FROM", few_from)
    monkeypatch.setattr(module, "ONE_FOLD_FROM", one_from)
    y, patient = many(0, 900, several=several)
    made = make_folds(y, patient, 5)
    assert len(made) == pairs
    for training, held_out in made:
        assert sorted([*training, *held_out]) == list(range(900))
        assert not set(patient[training]) & set(patient[held_out])
        assert len(held_out) == pytest.approx(900 / (10 if pairs == 1 else pairs), rel=0.1)
        assert y[held_out].mean() == pytest.approx(y.mean(), abs=0.03)
    held_out = np.concatenate([held_out for _, held_out in made])
    assert len(np.unique(held_out)) == len(held_out)


def test_a_large_table_does_not_get_more_folds_than_were_asked_for(monkeypatch):
    monkeypatch.setattr(module, "FEW_FOLDS_FROM", 900)
    assert len(make_folds(*many(1, 900, several=False), 2)) == 2


@pytest.mark.parametrize("seed", range(5))
def test_loss_equals_scikit_learns(seed):
    rng = np.random.default_rng(seed)
    y, log_odds, weight = rng.integers(0, 2, 50).astype(float), rng.normal(0, 3, 50), rng.gamma(1.0, size=50)
    expected = sklearn_log_loss(y, 1 / (1 + np.exp(-log_odds)), sample_weight=weight)
    assert log_loss(y, log_odds, weight) == pytest.approx(expected, rel=1e-9)


def test_rows_that_no_fold_held_out_do_not_count():
    rng = np.random.default_rng(0)
    y, log_odds, weight = rng.integers(0, 2, 40).astype(float), rng.normal(size=40), rng.gamma(2.0, size=40)
    out = rng.random(40) < 0.5
    assert 0 < out.sum() < 40
    assert log_loss(y, np.where(out, log_odds, np.nan), weight) == log_loss(y[out], log_odds[out], weight[out])


def test_loss_stays_finite_where_probabilities_do_not():
    assert log_loss(np.array([1.0, 0]), np.array([-1000.0, -1000]), np.ones(2)) == 500.0


@pytest.mark.parametrize("several", [False, True])
def test_a_very_large_table_holds_out_no_more_than_judge(monkeypatch, several):
    monkeypatch.setattr(module, "ONE_FOLD_FROM", 500)
    monkeypatch.setattr(module, "JUDGES_AT_MOST", 100)
    y, patient = many(0, 4000, several=several)
    [(training, held_out)] = make_folds(y, patient, 5)
    assert 80 <= len(held_out) <= 120
    assert sorted([*training, *held_out]) == list(range(4000))
    assert not set(patient[training]) & set(patient[held_out])
