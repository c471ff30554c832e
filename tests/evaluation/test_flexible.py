import numpy as np
import pytest
from scipy.special import expit
from sklearn.linear_model import LogisticRegression

from pipeline.evaluation.calibration import log_odds
from pipeline.evaluation.flexible import ALIKE, TOO_FEW, _spline, e90, fit_curve, flexible_curve, ici
from pipeline.evaluation.intervals import summarise_distance
from pipeline.evaluation.performance import measure
from pipeline.evaluation.resampling import Sample, Table, resample
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored, drawn

SPLINE, LINE = "restricted cubic spline", "straight line"


def curve_of(risk, y, weight):
    return fit_curve(risk, Table(risk, y, np.asarray(weight, dtype=float)[None], np.ones((1, len(y)))))


def index_of(risk, y, weight, counts):
    return ici(risk, y, weight, counts, curve_of(risk, y, np.ones(len(y))))[0]


def smooth_by_scikit_learn(risk, y, weight, at):
    """The published recipe without any ridge: knots of Harrell, unscaled truncated cubes."""
    score = np.log(risk / (1 - risk))
    knots = np.quantile(score, [0.05, 0.35, 0.65, 0.95])

    def columns(x):
        cube = [np.clip(x - knot, 0, None) ** 3 for knot in knots]
        span = knots[3] - knots[2]
        bent = [
            cube[j] - cube[2] * (knots[3] - knots[j]) / span + cube[3] * (knots[2] - knots[j]) / span for j in (0, 1)
        ]
        return np.column_stack([x, *bent])

    model = LogisticRegression(C=np.inf, tol=1e-10, max_iter=5000)
    model.fit(columns(score), y, sample_weight=weight)
    return model.predict_proba(columns(np.log(at / (1 - at))))[:, 1]


@pytest.mark.parametrize("make", [binary, censored])
@pytest.mark.parametrize("seed", range(3))
def test_index_equals_a_refit_by_scikit_learn(make, seed):
    risk, observed = make(seed, n=2000)
    predicted = risk**1.7
    counts, y = drawn(seed, 2000, 3), observed.by_horizon()
    weight = counts * observed.weights_for(counts)
    for found, row, often in zip(index_of(predicted, y, weight, counts), weight, counts, strict=True):
        smooth = smooth_by_scikit_learn(predicted, y, row, predicted)
        assert found == pytest.approx(np.average(np.abs(smooth - predicted), weights=often), abs=2e-4)


def test_spline_is_straight_beyond_the_outer_knots_and_smooth_between():
    knots = np.array([-2.0, -0.5, 0.5, 2.5])
    x = np.linspace(-5, 6, 11_001)
    columns = _spline(x, knots)
    assert columns.shape == (11_001, 3)
    bend = np.diff(columns, 2, axis=0) / 1e-6
    inside = (x[1:-1] > -2) & (x[1:-1] < 2.5)
    np.testing.assert_allclose(bend[~inside], 0, atol=1e-4)
    assert (np.abs(bend[inside]).max(axis=0) > 0.1).tolist() == [False, True, True]
    assert np.abs(np.diff(bend, axis=0)).max() < 0.01  # the second derivative never jumps
    assert _spline(x, np.empty(0)).shape == (11_001, 1)


def test_one_sample_of_known_miscalibration():
    # The truth is p squared; with many patients the index is the mean of p - p squared.
    rng = np.random.default_rng(0)
    risk = rng.uniform(0.02, 0.98, 100_000)
    y, ones = (rng.random(100_000) < risk**2).astype(float), np.ones((1, 100_000))
    distance = risk - risk**2
    assert index_of(risk, y, ones, ones)[0] == pytest.approx(distance.mean(), abs=0.004)
    assert e90(risk, curve_of(risk, y, ones[0])) == pytest.approx(np.quantile(distance, 0.9), abs=0.01)


def test_index_of_calibrated_risks_shrinks_with_patients():
    means = []
    for n in (250, 1000, 4000):
        made, ones = [binary(seed, n=n) for seed in range(20)], np.ones((1, n))
        means.append(np.mean([index_of(risk, observed.event, ones, ones)[0] for risk, observed in made]))
    shrunk = np.array(means[1:]) / means[:-1]
    assert ((shrunk > 0.35) & (shrunk < 0.7)).all(), means  # half for four times as many
    assert means[-1] < 0.012


@pytest.mark.parametrize("power", [1.0, 2.0])
def test_intervals_of_the_index_hold_the_truth(power):
    # Calibrated risks have an index of 0, which no percentile interval holds.
    rng, held = np.random.default_rng(1), 0
    truth = 0.0 if power == 1 else 1 / 2 - 1 / 3
    for seed in range(40):
        risk = rng.random(400)
        y = (rng.random(400) < risk**power).astype(float)
        curve = curve_of(risk, y, np.ones(400))

        def figures(tables, curve=curve):
            [[t]] = tables
            index, strays = ici(t.risk, t.y, t.weight, t.counts, curve)
            return {"ici": index, "strays": strays}

        drawn_ = resample(figures, [Sample(risk[None], Observed(y), np.arange(400))], (), 100, seed)
        found = summarise_distance(drawn_.points["ici"], drawn_.values["strays"])
        held += found.lo <= truth <= found.hi
        assert found.hi - found.lo < 0.25
    assert held >= 35, held


def test_the_band_covers_the_diagonal_about_95_times_in_100():
    covered = []
    for seed in range(60):
        risk, observed = binary(seed, n=500)
        points = flexible_curve(risk, observed, np.arange(500), 100, seed, 10)["points"]
        covered.append([p["lo"] <= p["predicted"] <= p["hi"] for p in points[10:40]])
    assert 0.88 <= np.mean(covered) <= 0.99, np.mean(covered)


def test_a_curve_by_hand():
    risk, observed = binary(0, n=400)
    found = flexible_curve(risk, observed, np.arange(400), 50, 0, 10)
    assert (found["fit"], found["reason"], len(found["points"])) == (SPLINE, None, 50)
    at = np.array([p["predicted"] for p in found["points"]])
    assert (at[0], at[-1]) == (
        pytest.approx(np.quantile(risk, 10 / 400)),
        pytest.approx(np.quantile(risk, 1 - 10 / 400)),
    )
    expected = smooth_by_scikit_learn(risk, observed.event, np.ones(400), at)
    np.testing.assert_allclose([p["observed"] for p in found["points"]], expected, atol=2e-3)
    assert all(p["lo"] < p["observed"] < p["hi"] for p in found["points"])
    wide = flexible_curve(risk, observed, np.arange(400), 20, 0, 1)["points"]
    assert wide[0]["predicted"] == pytest.approx(np.quantile(risk, 0.01))


def test_ends_of_the_grid_have_enough_patients_beyond_not_rows():
    risk, observed = binary(0, n=400)
    patient = np.arange(400) // 4
    points = flexible_curve(risk, observed, patient, 20, 0, 10)["points"]
    mean = risk.reshape(100, 4).mean(axis=1)
    assert (mean < points[0]["predicted"]).sum() >= 10
    assert (mean > points[-1]["predicted"]).sum() >= 10


def test_few_events_or_few_knots_leave_a_straight_line():
    risk, y = np.linspace(0.05, 0.6, 300), np.zeros(300)
    y[::16] = 1  # 19
    assert curve_of(risk, y, np.ones(300)).name == LINE
    y[1] = 1
    assert curve_of(risk, y, np.ones(300)).name == SPLINE
    assert curve_of(risk, 1 - y, np.ones(300)).name == SPLINE
    assert curve_of(risk, y, 1 - (np.arange(300) == 1)).name == LINE  # unknown
    two = np.where(np.arange(300) % 2, 0.2, 0.4)
    assert curve_of(two, y, np.ones(300)).name == LINE
    y[1] = 0
    assert flexible_curve(risk, Observed(y), np.arange(300), 20, 0, 10)["fit"] == LINE


def test_two_risks_have_their_observed_rates():
    # A straight line through two points fits both; the ridge moves them by less than a tenth of a standard error.
    risk, y = np.repeat([0.2, 0.5], 200), np.tile([1.0, 0, 0, 0], 100)
    ones = np.ones((1, 400))
    assert index_of(risk, y, ones, ones)[0] == pytest.approx((0.05 + 0.25) / 2, abs=1e-3)


@pytest.mark.parametrize("odd", [0.0, 1.0])
def test_risks_of_0_and_1_and_separated_outcomes_stay_finite(odd):
    risk, observed = binary(0)
    ones, y = np.ones((3, 300)), observed.event
    some = np.where(np.arange(300) % 10 == 0, odd, risk)
    for predicted, outcome in ((some, y), (y, y), (1 - y, y), (risk, (risk > 0.4).astype(float))):
        found = index_of(predicted, outcome, ones, ones)
        assert (np.isfinite(found) & (found >= 0) & (found <= 1)).all()
    assert index_of(y, y, ones, ones)[0] < 0.01
    assert index_of(1 - y, y, ones, ones)[0] > 0.99


def test_risks_all_alike_miss_by_the_rate():
    y, ones = np.arange(100) % 4 == 0, np.ones((1, 100))
    assert index_of(np.full(100, 0.4), y.astype(float), ones, ones)[0] == pytest.approx(0.15, abs=1e-6)
    nothing = flexible_curve(np.full(100, 0.4), Observed(y.astype(float)), np.arange(100), 20, 0, 10)
    assert nothing == {"fit": None, "e90": None, "points": [], "reason": ALIKE}


def test_a_resample_with_one_outcome_has_none():
    risk, y = np.linspace(0.1, 0.9, 50), np.arange(50) % 2.0
    weight = np.stack([np.ones(50), y, 1 - y])
    assert np.isnan(index_of(risk, y, weight, weight)).tolist() == [False, True, True]


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (np.zeros(200), "nobody had the event"),
        (np.ones(200), "everybody whose outcome is known had the event"),
        ((np.arange(200) < 9).astype(float), TOO_FEW),
        ((np.arange(200) >= 9).astype(float), TOO_FEW),
    ],
)
def test_no_curve_without_both_outcomes_in_enough_patients(event, reason):
    found = flexible_curve(np.linspace(0.1, 0.9, 200), Observed(event), np.arange(200), 20, 0, 10)
    assert found == {"fit": None, "e90": None, "points": [], "reason": reason}


@pytest.mark.parametrize("make", [binary, censored])
def test_measure_says_the_index_of_each_repeat_on_average(make):
    risk, observed = make(0)
    found = [measure(p, observed, np.arange(300), (), 40, 0)["ici"] for p in (risk, risk**2, np.stack([risk, risk**2]))]
    assert found[2].value == pytest.approx((found[0].value + found[1].value) / 2)
    assert found[0].value < found[1].value
    assert all(each.lo <= each.value <= each.hi for each in found)


def test_log_odds_are_what_the_spline_bends():
    # Over-confident risks are straight in log-odds: the fit finds slope and intercept exactly where knots are useless.
    rng = np.random.default_rng(2)
    truth = rng.normal(size=20_000)
    y, risk = (rng.random(20_000) < expit(truth)).astype(float), expit(3 * truth)
    ones = np.ones((1, 20_000))
    expected = np.abs(expit(log_odds(risk) / 3) - risk).mean()
    assert index_of(risk, y, ones, ones)[0] == pytest.approx(expected, abs=0.006)
