import json

import numpy as np
import pytest
from numpy.testing import assert_allclose, assert_array_equal
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression

from pipeline.models.venn_abers import AT_MOST, VennAbers, widened
from pipeline.outcomes import Observed

SEEDS = range(3)


def draw(seed: int, n: int) -> tuple[np.ndarray, np.ndarray]:
    """True log-odds as scores, and outcomes drawn from them."""
    rng = np.random.default_rng(seed)
    scores = rng.normal(-1, 1.2, n)
    return scores, (rng.random(n) < expit(scores)).astype(float)


def learn(seed: int, n: int) -> VennAbers:
    return VennAbers.learn(*draw(seed, n), np.ones(n))


def refitted(scores, y, weight, new: float, outcome: float) -> float:
    """The definition: the new patient joins the others, and isotonic regression is fitted anew."""
    everyone = np.append(scores, new), np.append(y, outcome), np.append(weight, 1.0)
    return float(IsotonicRegression().fit(*everyone).predict([new])[0])


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("digits", [0, 1, 9])  # few digits: many ties
@pytest.mark.parametrize("weighted", [False, True])
def test_equals_a_refit_for_every_new_score(seed, digits, weighted):
    scores, y = draw(seed, 40)
    scores = scores.round(digits)
    rng = np.random.default_rng(seed)
    weight = rng.choice([0.0, 1.0, 1.7, 3.1], 40) if weighted else np.ones(40)
    new = np.concatenate([np.unique(scores), rng.normal(-1, 2, 30), [-99, 99]])
    lower, upper = VennAbers.learn(scores, y, weight).interval(new)
    known = weight > 0
    for found, outcome in ((lower, 0.0), (upper, 1.0)):
        expected = [refitted(scores[known], y[known], weight[known], s, outcome) for s in new]
        assert_allclose(found, expected, atol=1e-12)


def test_by_hand():
    """Two with the event above two without: a new score between them, at one of them, or beyond."""
    model = VennAbers.learn(np.array([1.0, 2, 3, 4]), np.array([0.0, 0, 1, 1]), np.ones(4))
    lower, upper = model.interval(np.array([2.5, 3.0, 9.0, 0.0]))
    assert_allclose(lower, [0, 0.5, 2 / 3, 0])
    assert_allclose(upper, [1, 1, 1, 1 / 3])


@pytest.mark.parametrize("n", [0, 1])
def test_who_knows_nobody_knows_nothing(n):
    model = VennAbers.learn(np.zeros(n), np.zeros(n), np.zeros(n))
    for limits in (model.interval(np.array([0.3])), model.sampling_interval(np.array([0.3]))):
        assert_allclose(limits, [[0.0], [1.0]], atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("n", [30, 400, 3000])
def test_p0_is_below_p1_and_both_rise_with_the_score(seed, n):
    lower, upper = learn(seed, n).interval(np.linspace(-6, 5, 2000))
    assert (lower < upper).all()
    assert (lower >= 0).all()
    assert (upper <= 1).all()
    assert np.diff(lower).min() >= -1e-12
    assert np.diff(upper).min() >= -1e-12


@pytest.mark.parametrize("seed", SEEDS)
def test_more_patients_tell_more(seed):
    new = draw(seed + 100, 500)[0]
    p_widths, sampling = [], []
    for n in (50, 500, 5000):
        model = learn(seed, n)
        p_widths.append(float(np.mean(np.subtract(*model.interval(new)[::-1]))))
        sampling.append(float(np.mean(np.subtract(*model.sampling_interval(new)[::-1]))))
    assert p_widths[0] > 2 * p_widths[1] > 4 * p_widths[2]
    assert sampling[0] > 1.3 * sampling[1] > 1.69 * sampling[2]


@pytest.mark.parametrize("n", [300, 2000])
def test_the_outcomes_of_groups_lie_within_their_mean_interval_and_sampling_error(n):
    """Over 12 development samples: calibration in groups by the interval's place, chosen without the outcome."""
    outside = []
    for seed in range(12):
        new, y = draw(seed + 1000, 2000)
        lower, upper = learn(seed, n).interval(new)
        for members in np.array_split(np.argsort((lower + upper) / 2, kind="stable"), 4):
            # Besides the new patients' error, that of the development patients, of whom a group has a quarter.
            error = np.sqrt(y[members].var() * (1 / len(members) + 4 / n))
            low, high = lower[members].mean() - 2 * error, upper[members].mean() + 2 * error
            outside.append(not low <= y[members].mean() <= high)
    assert np.mean(outside) <= 0.1, np.mean(outside)


@pytest.mark.parametrize("seed", range(2))
def test_one_of_the_two_is_calibrated_whatever_the_score(seed):
    """Vovk's theorem, for a score that is badly calibrated: taken as the outcome says, p0 or p1 has its mean."""
    gap = []
    for repeat in range(200):
        scores, y = draw(1000 * seed + repeat, 31)
        warped = np.sign(scores) * scores**2 + 5
        lower, upper = VennAbers.learn(warped[:30], y[:30], np.ones(30)).interval(warped[30:])
        gap.append(y[30] - (upper if y[30] else lower)[0])
    assert abs(np.mean(gap)) < 4 * np.std(gap) / np.sqrt(len(gap))


@pytest.mark.parametrize("n", [200, 1000])
@pytest.mark.parametrize("stopped", [None, 12.0, 4.0])
def test_the_sampling_interval_holds_the_true_risk_about_95_times_in_100(n, stopped):
    """With a fifth and with more than half of the patients censored early too; p0 to p1 alone holds it seldom."""
    held, alone = [], []
    for seed in range(10):
        rng = np.random.default_rng(seed)
        scores, y = draw(seed, n)
        observed = Observed(y)
        if stopped:
            time, end = rng.exponential(-3 / np.log1p(-expit(scores))), rng.uniform(0.2, stopped, n)
            observed = Observed((time <= end).astype(float), np.minimum(time, end), 3.0)
        model = VennAbers.learn(scores, observed.by_horizon(), observed.weights())
        new = draw(seed + 1000, 2000)[0]
        for limits, inside in ((model.sampling_interval(new), held), (model.interval(new), alone)):
            inside.append(np.mean((limits[0] <= expit(new)) & (expit(new) <= limits[1])))
    assert np.mean(held) >= 0.9, np.mean(held)
    assert np.mean(alone) < 0.5, np.mean(alone)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_sampling_interval_is_wilsons_where_all_scores_are_equal(seed):
    _, y = draw(seed, 60)
    [low], [high] = VennAbers.learn(np.zeros(60), y, np.ones(60)).sampling_interval(np.zeros(1))
    z, share = 1.959963984540054, y.mean()
    for limit in (low, high):  # Wilson's limits solve |share - limit| = z sqrt(limit (1 - limit) / n)
        assert (share - limit) ** 2 == pytest.approx(z**2 * limit * (1 - limit) / 60)
    assert low < share < high


@pytest.mark.parametrize("seed", SEEDS)
def test_many_distinct_scores_are_kept_as_bins_of_several_patients(seed):
    scores, y = draw(seed, 20 * AT_MOST)
    model = VennAbers.learn(scores, y, np.ones(len(y)))
    assert len(model.scores) == AT_MOST
    assert not set(model.scores) & set(scores)
    new = draw(seed + 100, 60)[0]
    exact = np.array([[refitted(scores, y, np.ones(len(y)), s, outcome) for s in new] for outcome in (0.0, 1.0)])
    low, high = model.sampling_interval(new)
    # Blocks end where bins do, so a fit differs, by far less than the patients' sampling error.
    assert np.abs(model.interval(new) - exact).mean() < 0.05 * (high - low).mean()
    assert np.abs(model.interval(new) - exact).max() < 0.5 * (high - low).max()


def test_a_score_that_many_share_stays_a_bin_of_its_own():
    scores = np.concatenate([np.full(3000, 0.1), np.linspace(0.2, 0.9, 600)])
    y = np.concatenate([np.arange(3000) % 10 == 0, np.arange(600) % 2 == 0]).astype(float)
    lower, upper = VennAbers.learn(scores, y, np.ones(len(y))).interval(np.array([0.1]))
    assert_allclose([lower[0], upper[0]], [300 / 3001, 301 / 3001])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_scale_of_the_score_does_not_matter(seed):
    scores, y = draw(seed, 200)
    new, one = draw(seed + 100, 50)[0], np.ones(200)
    as_risk = VennAbers.learn(expit(scores), y, one).interval(expit(new))
    assert_array_equal(as_risk, VennAbers.learn(scores, y, one).interval(new))


def test_the_interval_is_stretched_to_the_risk_that_is_shown():
    lower, upper, risk = np.array([0.1, 0.1, 0.1]), np.array([0.3, 0.3, 0.3]), np.array([0.05, 0.2, 0.4])
    assert_array_equal(widened(lower, upper, risk), [[0.05, 0.1, 0.1], [0.3, 0.3, 0.4]])


def test_it_survives_json_to_the_last_bit():
    model = learn(0, 300)
    assert VennAbers.from_dict(json.loads(json.dumps(model.to_dict()))) == model
