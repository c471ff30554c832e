import numpy as np
import pytest

from pipeline.estimates import wilson
from pipeline.evaluation.performance import calibration_curve, measure, risk_distribution
from pipeline.evaluation.rates import event_rate
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored

MAKERS = pytest.mark.parametrize("make", [binary, censored])
AT = (0.05, 0.1, 0.25)


def test_every_figure_has_its_name():
    risk, observed = binary(0, n=100)
    found = measure(risk, observed, np.arange(100), AT, 40, 0)
    headlines = ["auroc", "brier", "scaled_brier", "log_loss"]
    headlines += ["calibration_slope", "calibration_intercept", "oe_ratio", "ici"]
    benefits = [f"{kind}_at_{t}" for kind in ("net_benefit", "treat_all") for t in ("0.05", "0.10", "0.25")]
    assert list(found) == headlines + benefits
    for estimate in found.values():
        assert estimate.reason is None
        assert estimate.lo <= estimate.value <= estimate.hi


@MAKERS
@pytest.mark.parametrize("seed", range(3))
def test_row_order_changes_no_value(make, seed):
    risk, observed = make(seed)
    order = np.random.default_rng(seed).permutation(300)
    first = measure(risk, observed, np.arange(300), AT, 10, 0)
    second = measure(risk[order], observed.take(order), order, AT, 10, 0)
    for name, estimate in first.items():
        found = second[name]
        # Patients keep their codes, so each is drawn as before: the intervals agree too.
        assert (found.value, found.lo, found.hi) == pytest.approx((estimate.value, estimate.lo, estimate.hi), rel=1e-8)


@MAKERS
def test_figures_are_means_over_repeats_on_the_same_resamples(make):
    risk, observed = make(0)
    other = np.clip(risk + np.random.default_rng(0).normal(0, 0.1, 300), 0.01, 0.99)
    both, first, second = (
        measure(risks, observed, np.arange(300), AT, 50, 0) for risks in (np.stack([risk, other]), risk, other)
    )
    for name, estimate in both.items():
        assert estimate.value == pytest.approx((first[name].value + second[name].value) / 2)
    # Repeats are not new patients: measuring the same risks twice leaves the interval as it was.
    twice = measure(np.stack([risk, risk]), observed, np.arange(300), AT, 50, 0)
    for name, estimate in twice.items():
        assert (estimate.lo, estimate.hi) == pytest.approx((first[name].lo, first[name].hi))


def test_a_better_model_looks_better():
    risk, observed = binary(0, n=1000)
    noise = 1 / (1 + np.exp(-(np.log(risk / (1 - risk)) + np.random.default_rng(99).normal(0, 2, 1000))))
    good, poor = (measure(p, observed, np.arange(1000), (0.4,), 10, 0) for p in (risk, noise))
    assert good["auroc"].value > poor["auroc"].value
    assert good["brier"].value < poor["brier"].value
    assert poor["calibration_slope"].value < 0.6 < good["calibration_slope"].value
    assert good["net_benefit_at_0.40"].value > max(poor["net_benefit_at_0.40"].value, 0)
    assert good["treat_all_at_0.40"] == poor["treat_all_at_0.40"]


@MAKERS
@pytest.mark.parametrize("smallest", [10, 45, 1000])
def test_calibration_groups_hold_everybody(make, smallest):
    risk, observed = make(0)
    rows = calibration_curve(risk, observed, 10, smallest)
    assert sum(row["n"] for row in rows) == 300
    assert all(row["n"] >= min(smallest, 300) for row in rows)
    assert len(rows) == {10: 10, 45: 6, 1000: 1}[smallest]
    assert [row["predicted"] for row in rows] == sorted(row["predicted"] for row in rows)
    mean = sum(row["n"] * row["predicted"] for row in rows) / 300
    assert mean == pytest.approx(risk.mean())


def test_calibration_groups_by_hand():
    risk = np.repeat([0.1, 0.6], 20)
    y = np.concatenate([np.arange(20) < 3, np.arange(20) < 11]).astype(float)
    low, high = calibration_curve(risk, Observed(y), 2, 10)
    assert (low["predicted"], low["n"], low["observed"]) == (pytest.approx(0.1), 20, 0.15)
    assert (low["lo"], low["hi"]) == (wilson(3, 20).lo, wilson(3, 20).hi)
    assert (high["predicted"], high["n"], high["observed"]) == (pytest.approx(0.6), 20, 0.55)


def test_calibration_groups_at_a_horizon_are_kaplan_meier():
    risk, observed = censored(1, n=301)  # odd: the median patient belongs to the lower group
    rows = calibration_curve(risk, observed, 2, 10)
    low = event_rate(observed.take(risk <= np.median(risk)))
    assert (rows[0]["observed"], rows[0]["lo"], rows[0]["hi"]) == (low.value, low.lo, low.hi)


def test_equal_risks_are_never_parted():
    risk, observed = binary(0)
    risk = risk.round(1)
    rows = calibration_curve(risk, observed, 50, 10)
    assert all(row["n"] >= 10 for row in rows)
    means, counts = np.unique(risk, return_counts=True)
    assert len(rows) <= len(means)
    sizes, edges = np.cumsum([row["n"] for row in rows]), np.cumsum(counts)
    assert set(sizes) <= set(edges)


def test_few_patients_with_a_risk_of_their_own_join_their_neighbours():
    risk = np.repeat([0.1, 0.2, 0.3], [40, 4, 56])
    sizes = {
        smallest: [r["n"] for r in calibration_curve(risk, Observed(np.arange(100) % 2.0), 25, smallest)]
        for smallest in (4, 8)
    }
    assert sizes == {4: [40, 4, 56], 8: [44, 56]}


def test_a_group_followed_too_briefly_joins_its_neighbour():
    risk = np.repeat([0.1, 0.5, 0.9], 20)
    time = np.concatenate([np.full(20, 4.0), np.full(20, 4.0), np.full(20, 2.0)])
    event = np.tile([1.0, 0.0], 30)
    time[(event == 1) & (risk < 0.9)] = 1.0
    rows = calibration_curve(risk, Observed(event, time, 3.0), 3, 10)
    assert [row["n"] for row in rows] == [20, 40]


def test_distribution_by_hand():
    risk = np.array([0.05] * 12 + [0.3] * 3 + [1.0] * 10)
    event, time = np.array([0.0] * 12 + [1.0] * 3 + [1.0] * 10), np.array([9.0] * 11 + [1.0] + [2.0] * 13)
    rows = risk_distribution(risk, Observed(event, time, 5.0), 4, 10)
    assert [(row["low"], row["high"]) for row in rows] == [(0, 0.25), (0.25, 0.5), (0.5, 0.75), (0.75, 1)]
    assert [row["event"] for row in rows] == [0, None, 0, None]
    assert [row["no_event"] for row in rows] == [11, 0, 0, 0]
    assert [row["unknown"] for row in rows] == [None, 0, 0, 0]


@MAKERS
def test_distribution_counts_everybody_once(make):
    risk, observed = make(0)
    rows = risk_distribution(risk, observed, 20, 1)
    assert sum(row[kind] for row in rows for kind in ("event", "no_event", "unknown")) == 300
    assert sum(row["event"] for row in rows) == observed.by_horizon().sum()
    shown = [row[kind] for row in risk_distribution(risk, observed, 20, 10) for kind in ("event", "no_event")]
    assert None in shown
    assert all(count is None or count == 0 or count >= 10 for count in shown)
