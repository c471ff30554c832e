import numpy as np
import pytest

from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.intervals import bootstrap, summarise, summarise_distance
from pipeline.evaluation.performance import measure
from pipeline.evaluation.resampling import Sample
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored


def mean_event(tables):
    [[table]] = tables
    return {"mean": table.weight @ table.y / table.counts.sum(axis=1)}


def area(tables):
    [[table]] = tables
    return {"auroc": auroc(table.risk, table.y, table.weight)}


def one_sample(observed, patient):
    return [Sample(np.full((1, len(patient)), 0.5), observed, patient)]


def test_repeating_every_row_widens_no_certainty():
    _, observed = binary(0, n=100)
    twice = Observed(np.repeat(observed.event, 2))
    once = bootstrap(mean_event, one_sample(observed, np.arange(100)), (), 200, 1)
    assert bootstrap(mean_event, one_sample(twice, np.repeat(np.arange(100), 2)), (), 200, 1) == once
    naive = bootstrap(mean_event, one_sample(twice, np.arange(200)), (), 200, 1)["mean"]
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


def test_the_limits_are_the_normal_ones_for_a_mean():
    _, observed = binary(0, n=1000)
    found = bootstrap(mean_event, one_sample(observed, np.arange(1000)), (), 4000, 0)["mean"]
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


def test_a_distance_has_an_interval_as_wide_as_resamples_stray():
    strays = np.concatenate([np.linspace(0, 1, 101), [np.nan, np.nan]])
    found = summarise_distance(0.98, strays)
    assert (found.value, found.lo, found.hi) == (0.98, pytest.approx(0.03), pytest.approx(1.93))
    assert summarise_distance(0.5, strays, most=1.0) == summarise_distance(0.5, strays, "never said", 1.0)
    assert (summarise_distance(0.5, strays, most=1.0).lo, summarise_distance(0.5, strays, most=1.0).hi) == (0, 1)
    assert summarise_distance(np.nan, strays, "because").reason == "because"
    assert "bootstrap resamples" in summarise_distance(0.5, np.repeat(strays[-20:], 20)).reason


@pytest.mark.parametrize(("event", "reason"), [(0.0, "nobody had the event"), (1.0, "everybody")])
def test_one_outcome_is_a_reason(event, reason):
    found = measure(np.linspace(0.1, 0.9, 40), Observed(np.full(40, event)), np.arange(40), (0.2,), 50, 0)
    for name in ("auroc", "scaled_brier", "calibration_slope", "calibration_intercept", "ici"):
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
        found = bootstrap(area, [Sample(risk[None], observed, np.arange(300))], (), 200, seed)["auroc"]
        held += found.lo <= truth <= found.hi
    assert 88 <= held <= 100, held
    assert found.hi - found.lo < 0.18  # nor does it hold by being useless
