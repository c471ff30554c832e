import numpy as np
import pytest

from pipeline.evaluation import intervals
from pipeline.evaluation.intervals import bootstrap, summarise
from pipeline.evaluation.performance import measure
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored


def mean_event(observed):
    return lambda weight, counts: {"mean": weight @ observed.event / counts.sum(axis=1)}


def collect(observed, patient, resamples=50, seed=0):
    """All counts that a bootstrap draws, (resamples, n), less those of the point estimate."""
    seen = []

    def statistics(_, counts):
        seen.append(counts)
        return {"none": np.zeros(len(counts))}

    bootstrap(statistics, observed, patient, resamples, seed)
    return np.concatenate(seen[1:])


def test_every_row_of_a_patient_is_drawn_equally_often():
    observed = Observed(np.zeros(6))
    counts = collect(observed, np.array([7, 7, 7, 2, 2, 40]))
    np.testing.assert_array_equal(counts[:, 0], counts[:, 1])
    np.testing.assert_array_equal(counts[:, 0], counts[:, 2])
    np.testing.assert_array_equal(counts[:, 3], counts[:, 4])
    assert (counts[:, [0, 3, 5]].sum(axis=1) == 3).all()
    assert len(np.unique(counts, axis=0)) > 3


def test_censoring_weights_are_estimated_anew_in_each_resample():
    _, observed = censored(0, n=60)
    seen = []

    def statistics(weight, counts):
        np.testing.assert_array_equal(weight, counts * observed.weights_for(counts))
        seen.append((weight / np.maximum(counts, 1)).max(axis=1))
        return {"none": np.zeros(len(counts))}

    bootstrap(statistics, observed, np.arange(60), 20, 0)
    assert len(np.unique(np.concatenate(seen).round(9))) > 10


def test_repeating_every_row_widens_no_certainty():
    _, observed = binary(0, n=100)
    twice = Observed(np.repeat(observed.event, 2))
    once = bootstrap(mean_event(observed), observed, np.arange(100), 200, 1)
    assert bootstrap(mean_event(twice), twice, np.repeat(np.arange(100), 2), 200, 1) == once
    naive = bootstrap(mean_event(twice), twice, np.arange(200), 200, 1)["mean"]
    assert naive.hi - naive.lo < 0.85 * (once["mean"].hi - once["mean"].lo)


def test_codes_of_patients_need_not_be_consecutive():
    risk, observed = binary(0, n=100)
    assert measure(risk, observed, 1000 - 3 * np.arange(100)[::-1], (), 100, 1) == measure(
        risk, observed, np.arange(100), (), 100, 1
    )


@pytest.mark.parametrize("make", [binary, censored])
def test_the_seed_alone_decides(make):
    risk, observed = make(0, n=100)
    first = measure(risk, observed, np.arange(100), (0.2,), 60, 5)
    assert measure(risk, observed, np.arange(100), (0.2,), 60, 5) == first
    assert measure(risk, observed, np.arange(100), (0.2,), 60, 6)["auroc"].lo != first["auroc"].lo


def test_chunks_bound_the_memory_and_change_nothing(monkeypatch):
    _, observed = binary(0, n=50)
    whole = collect(observed, np.arange(50))
    shapes = []
    monkeypatch.setattr(intervals, "CHUNK_NUMBERS", 50 * 7)
    bootstrap(
        lambda _, counts: shapes.append(len(counts)) or {"none": np.zeros(len(counts))}, observed, np.arange(50), 50, 0
    )
    assert max(shapes) == 7
    assert sum(shapes) == 51
    np.testing.assert_array_equal(collect(observed, np.arange(50)), whole)


def test_the_limits_are_the_normal_ones_for_a_mean():
    _, observed = binary(0, n=1000)
    found = bootstrap(mean_event(observed), observed, np.arange(1000), 4000, 0)["mean"]
    error = observed.event.std() / np.sqrt(1000)
    assert found.value == observed.event.mean()
    assert found.lo == pytest.approx(found.value - 1.96 * error, abs=0.15 * error)
    assert found.hi == pytest.approx(found.value + 1.96 * error, abs=0.15 * error)


def test_a_few_undefined_resamples_are_left_out_and_many_are_a_reason():
    values = np.arange(100.0)
    values[:5] = np.nan
    kept = summarise(50.0, values)
    assert (kept.lo, kept.hi) == tuple(np.quantile(values[5:], (0.025, 0.975)))
    assert kept.reason is None
    values[5] = np.nan
    dropped = summarise(50.0, values)
    assert (dropped.value, dropped.lo, dropped.hi) == (50.0, None, None)
    assert "6%" in dropped.reason


@pytest.mark.parametrize(("event", "reason"), [(0.0, "nobody had the event"), (1.0, "everybody")])
def test_one_outcome_is_a_reason(event, reason):
    found = measure(np.linspace(0.1, 0.9, 40), Observed(np.full(40, event)), np.arange(40), (0.2,), 50, 0)
    for name in ("auroc", "scaled_brier", "calibration_slope", "calibration_intercept"):
        assert (found[name].value, found[name].lo, found[name].hi) == (None, None, None)
        assert found[name].reason.startswith(reason)
    assert found["brier"].reason is None


def test_two_events_are_too_few_for_an_interval():
    y = np.zeros(100)
    y[[10, 90]] = 1
    found = measure(np.linspace(0.1, 0.9, 100), Observed(y), np.arange(100), (), 300, 0)["auroc"]
    assert found.value == pytest.approx((10 + 89) / 196)
    assert found.lo is None
    assert "bootstrap resamples" in found.reason


@pytest.mark.parametrize("make", [binary, censored])
def test_auroc_intervals_hold_the_truth_about_95_times_in_100(make):
    # The truth is the AUROC of the known risks, from the risks of many: P(D) weights each pair.
    risk = np.sort(make(10_000, n=20_000)[0])
    below = np.cumsum(1 - risk) - (1 - risk) / 2
    truth = (risk * below).sum() / (risk.sum() * (1 - risk).sum())
    held = 0
    for seed in range(100):
        risk, observed = make(seed, n=300)
        found = measure(risk, observed, np.arange(300), (), 200, seed)["auroc"]
        held += found.lo <= truth <= found.hi
    assert 88 <= held <= 100, held
    assert found.hi - found.lo < 0.18  # nor does it hold by being useless
