import math
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.stats import norm
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import log_loss

from pipeline.evaluation.sample_size import (
    largest_r2,
    largest_r2_survival,
    needed_binary,
    needed_time_to_event,
    parameters_allowed,
    r2_from_auroc,
)

parameter_counts = st.integers(1, 200)
prevalences = st.floats(0.005, 0.995)
shares = st.floats(0.01, 0.95)  # of the largest R2
rates = st.floats(0.005, 0.3)
follow_ups = st.floats(0.2, 3)
horizons = st.floats(0.2, 10)


def asked(needed):
    return {criterion.name: criterion.n for criterion in needed.criteria}


def test_published_binary():  # help page of pmsampsize; results in the tests of its Python port
    got = asked(needed_binary(24, 0.174, 0.288))
    assert (got["shrinkage"], got["optimism"], got["overall risk"]) == (623, 662, 221)


@pytest.mark.parametrize(
    ("parameters", "prevalence", "r2", "shrinkage"),
    # test_bin.R of pmsampsize on CRAN; its second criterion then rounded, so only the first is taken
    [(24, 0.174, 0.55, 255), (36, 0.174, 0.288, 934), (24, 0.25, 0.288, 623)],
)
def test_published_binary_shrinkage(parameters, prevalence, r2, shrinkage):
    assert asked(needed_binary(parameters, prevalence, r2))["shrinkage"] == shrinkage


@pytest.mark.parametrize(("parameters", "n", "events"), [(30, 5249, 263), (20, 3500, 175)])
def test_published_pre_eclampsia(parameters, n, events):  # BMJ 2020;368:m441, example 1
    needed = needed_binary(parameters, 0.05, 0.05)
    assert needed.n == n == asked(needed)["shrinkage"]
    assert math.ceil(needed.events) == events
    assert round(needed.events_per_parameter, 2) == 8.75


@pytest.mark.parametrize(("parameters", "prevalence", "n"), [(30, 0.05, 544), (10, 0.3, 461)])  # BMJ 2020;368:m441
def test_published_prediction_error(parameters, prevalence, n):
    assert asked(needed_binary(parameters, prevalence, 0.01))["prediction error"] == n


@pytest.mark.parametrize(("prevalence", "n"), [(0.5, 385), (0.2, 246), (0.1, 139)])  # BMJ 2020;368:m441
def test_published_overall_risk(prevalence, n):
    assert asked(needed_binary(5, prevalence, 0.1))["overall risk"] == n


@pytest.mark.parametrize(  # BMJ 2020;368:m441
    ("prevalence", "largest"),
    [(0.5, 0.75), (0.4, 0.74), (0.3, 0.71), (0.2, 0.63), (0.1, 0.48), (0.05, 0.33), (0.01, 0.11)],
)
def test_published_largest_r2(prevalence, largest):
    assert round(largest_r2(prevalence), 2) == largest


@pytest.mark.parametrize(
    ("parameters", "rate", "horizon", "follow_up", "r2", "shrinkage", "optimism", "events_per_parameter"),
    [
        (30, 0.065, 2, 2.07, 0.051, 5143, 1039, 23.07),  # BMJ 2020, example 2; both numbers in the Python port
        # test_surv.R of pmsampsize on CRAN, the version that no longer rounds
        (25, 0.065, 2, 2.07, 0.051, 4286, 866, 23.07),
        (25, 0.065, 2, 2.07, 0.065, 3335, 859, 17.95),
        (50, 0.065, 2, 2.07, 0.051, 8572, 1731, 23.07),
        (25, 0.1, 2, 2.07, 0.051, 4286, 731, 35.49),
        (25, 0.065, 4, 2.07, 0.051, 4286, 866, 23.07),
        (25, 0.065, 2, 4, 0.051, 4286, 679, 44.57),
        (40, 0.08, 3, 5, 0.06, 5798, 969, 57.98),
        (10, 0.09, 3, 3, 0.03, 2950, 272, 79.65),
        (80, 0.03, 1, 5, 0.3, 1974, 2272, 4.26),
    ],
)
def test_published_time_to_event(parameters, rate, horizon, follow_up, r2, shrinkage, optimism, events_per_parameter):
    needed = needed_time_to_event(parameters, rate, horizon, follow_up, r2)
    assert (asked(needed)["shrinkage"], needed.n) == (shrinkage, max(shrinkage, optimism))
    assert round(needed.events_per_parameter, 2) == events_per_parameter
    # pmsampsize takes the largest R2 from a whole number of events in 10,000 patients: 1346 where we have 1345.5
    whole = math.ceil(round(10_000 * rate * follow_up, 6)) / 10_000 / follow_up
    assert asked(needed_time_to_event(parameters, whole, horizon, follow_up, r2))["optimism"] == optimism
    assert asked(needed)["optimism"] == pytest.approx(optimism, abs=1)


def test_published_largest_r2_survival():  # printed as 0.555 for the help page's example
    assert round(largest_r2_survival(0.065, 2.07), 3) == 0.555


@pytest.mark.parametrize("seed", range(4))
def test_largest_r2_is_that_of_a_perfect_model(seed):
    y = np.random.default_rng(seed).random(400) < 0.3
    null = log_loss(y, np.full(400, y.mean()), normalize=False)
    assert largest_r2(y.mean()) == pytest.approx(1 - math.exp(-2 * null / 400), rel=1e-12)


@given(parameter_counts, prevalences, shares)
def test_binary_n_grows_with_parameters_and_shrinks_with_r2(parameters, prevalence, share):
    r2 = share * largest_r2(prevalence)
    needed = needed_binary(parameters, prevalence, r2)
    assert needed_binary(parameters + 1, prevalence, r2).n >= needed.n
    assert needed_binary(parameters, prevalence, 1.05 * r2).n <= needed.n
    assert needed_binary(2 * parameters, prevalence, r2).n <= 2 * needed.n
    assert needed.n == max(asked(needed).values())
    assert needed.events == pytest.approx(needed.n * prevalence)


@given(parameter_counts, rates, horizons, follow_ups, shares)
def test_time_to_event_n_grows_with_parameters_and_shrinks_with_r2(parameters, rate, horizon, follow_up, share):
    r2 = share * largest_r2_survival(rate, follow_up)
    needed = needed_time_to_event(parameters, rate, horizon, follow_up, r2)
    assert needed_time_to_event(parameters + 1, rate, horizon, follow_up, r2).n >= needed.n
    assert needed_time_to_event(parameters, rate, horizon, follow_up, 1.05 * r2).n <= needed.n


def shrinkage_at(n, parameters, r2):
    """The S with S = 1 + p / (n ln(1 - R2apparent)) and R2apparent = R2 / S (Riley et al. 2019)."""

    def excess(s):
        return s - 1 - parameters / (n * math.log(1 - r2 / s))

    return brentq(excess, r2 * (1 + 1e-12), 1 - 1e-12, xtol=1e-14)


@given(parameter_counts, prevalences, shares)
def test_shrinkage_and_optimism_at_n(parameters, prevalence, share):
    largest = largest_r2(prevalence)
    r2 = share * largest
    got = asked(needed_binary(parameters, prevalence, r2))
    assert shrinkage_at(got["shrinkage"], parameters, r2) >= 0.9 - 1e-9

    def optimism(n):
        return (r2 / shrinkage_at(n, parameters, r2) - r2) / largest

    assert optimism(got["optimism"]) <= 0.05 + 1e-9
    if got["shrinkage"] > parameters + 2:
        assert shrinkage_at(got["shrinkage"] - 2, parameters, r2) < 0.9
    if got["optimism"] > parameters + 2:
        assert optimism(got["optimism"] - 2) > 0.05


@given(rates, horizons, follow_ups)
def test_risk_at_the_horizon_is_as_precise_as_asked(rate, horizon, follow_up):
    n = asked(needed_time_to_event(1, rate, horizon, follow_up, 0.01))["overall risk"]

    def farthest(patients):
        limits = rate + norm.ppf([0.025, 0.975]) * math.sqrt(rate / (patients * follow_up))
        return np.abs(np.exp(-limits * horizon) - math.exp(-rate * horizon)).max()

    assert farthest(n) <= 0.05 + 1e-9
    assert n == 1 or farthest(n - 1) > 0.05 * (1 - 1e-4)  # 1.96 is rounded up


@given(st.floats(0.1, 0.9))
def test_prediction_error_at_n(prevalence):
    n = asked(needed_binary(12, prevalence, 0.05))["prediction error"]
    rarer = min(prevalence, 1 - prevalence)
    errors = [math.exp(-0.508) * m**-0.544 * rarer**0.259 * 12**0.504 for m in (n, n - 1)]
    assert errors[0] <= 0.05 < errors[1]


def test_prediction_error_beyond_thirty_parameters_is_that_of_thirty_and_says_so():
    at, beyond = (needed_binary(p, 0.5, 0.6).criteria[1] for p in (30, 31))
    assert beyond.n == at.n
    assert "at most 30 parameters" in beyond.sentence
    assert "30 parameters" not in at.sentence


@pytest.mark.parametrize(
    ("auroc", "prevalence", "r2"),
    [
        (0.81, 0.77, 0.2101),  # the code of Riley et al. 2021 prints 0.2100957 with its seed
        (0.81, 0.18, 0.1818),  # pmsampsize, seed 123
        (0.78, 0.2, 0.158),  # pmsampsize 1.1.3
    ],
)
def test_published_r2_from_auroc(auroc, prevalence, r2):
    # all are simulated from a million patients, with a standard error of about 0.0007
    assert r2_from_auroc(auroc, prevalence) == pytest.approx(r2, abs=0.0025)


def test_published_n_from_auroc():  # pmsampsize's help page, results in the Python port; its R2 is simulated
    got = asked(needed_binary(24, 0.174, r2_from_auroc(0.89, 0.174)))
    assert got["shrinkage"] == pytest.approx(615, abs=6)
    assert got["optimism"] == pytest.approx(660, abs=6)


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize(("auroc", "prevalence"), [(0.6, 0.5), (0.7, 0.1), (0.8, 0.3), (0.9, 0.02), (0.95, 0.7)])
def test_r2_from_auroc_equals_a_fitted_simulation(auroc, prevalence, seed):
    n = 400_000
    rng = np.random.default_rng(seed)
    y = np.arange(n) < prevalence * n
    x = rng.normal(size=n) + y * math.sqrt(2) * norm.ppf(auroc)
    risk = LogisticRegression(C=1e9).fit(x[:, None], y).predict_proba(x[:, None])[:, 1]
    gain = log_loss(y, np.full(n, y.mean())) - log_loss(y, risk)
    assert r2_from_auroc(auroc, prevalence) == pytest.approx(1 - math.exp(-2 * gain), abs=0.005)


@pytest.mark.parametrize("auroc", [0.51, 0.75, 0.999])
@pytest.mark.parametrize("prevalence", [0.001, 0.3, 0.9])
def test_r2_from_auroc_equals_an_adaptive_integral(auroc, prevalence):
    apart = math.sqrt(2) * norm.ppf(auroc)

    def surprise(x):  # entropy of the outcome at x, times the density of x
        event, other = prevalence * norm.pdf(x, apart), (1 - prevalence) * norm.pdf(x)
        return -event * math.log(event / (event + other)) - other * math.log(other / (event + other))

    entropy = quad(surprise, -9, apart + 9, limit=500, epsabs=1e-11)[0]
    expected = 1 - (1 - largest_r2(prevalence)) * math.exp(2 * entropy)
    assert r2_from_auroc(auroc, prevalence) == pytest.approx(expected, abs=1e-9)
    assert r2_from_auroc(auroc, 1 - prevalence) == pytest.approx(expected, abs=1e-9)
    assert expected < largest_r2(prevalence)


@given(st.integers(1, 5000), prevalences, shares)
def test_parameters_allowed_is_the_most_that_fit(n, prevalence, share):
    needed = partial(needed_binary, prevalence=prevalence, r2=share * largest_r2(prevalence))
    most = parameters_allowed(n, needed)
    assert most == 0 or needed(most).n <= n
    assert needed(most + 1).n > n


@pytest.mark.parametrize("n", [1, 157, 5142, 5143, 20_000])
def test_parameters_allowed_equals_counting(n):
    needed = partial(needed_time_to_event, event_rate=0.065, horizon=2, mean_follow_up=2.07, r2=0.051)
    assert parameters_allowed(n, needed) == sum(needed(p).n <= n for p in range(1, 151))


@pytest.mark.parametrize(
    ("parameters", "prevalence", "r2"),
    [(0, 0.2, 0.1), (5, 0, 0.1), (5, 1, 0.1), (5, 0.2, 0), (5, 0.2, 0.64), (5, 0.2, math.nan), (5, math.nan, 0.1)],
)
def test_impossible_binary(parameters, prevalence, r2):
    with pytest.raises(ValueError, match="expected"):
        needed_binary(parameters, prevalence, r2)


@pytest.mark.parametrize(
    ("parameters", "rate", "horizon", "follow_up", "r2"),
    [
        (0, 0.1, 1, 2, 0.1),
        (5, 0, 1, 2, 0.1),
        (5, 0.1, 0, 2, 0.1),
        (5, 0.1, math.inf, 2, 0.1),
        (5, 0.1, 1, 0, 0.1),
        (5, 0.6, 1, 2, 0.1),  # more events than patients
        (5, 0.1, 1, 2, 0),
        (5, 0.1, 1, 2, 0.9),
    ],
)
def test_impossible_time_to_event(parameters, rate, horizon, follow_up, r2):
    with pytest.raises(ValueError, match="expected"):
        needed_time_to_event(parameters, rate, horizon, follow_up, r2)


@pytest.mark.parametrize(("auroc", "prevalence"), [(0.5, 0.2), (0.4, 0.2), (1, 0.2), (0.8, 0), (0.8, 1)])
def test_impossible_auroc(auroc, prevalence):
    with pytest.raises(ValueError, match="expected"):
        r2_from_auroc(auroc, prevalence)
