import numpy as np
import pytest
from scipy.stats import norm
from sklearn.metrics import brier_score_loss, log_loss, roc_auc_score

from pipeline.evaluation.comparison import FEW_PATIENTS, NO_SPREAD, ONE_OUTCOME, compare, delong
from pipeline.evaluation.performance import measure
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored

# Turck et al. 2010 (Intensive Care Med 36:107), 113 patients with subarachnoid haemorrhage: outcome good or poor, WFNS
# grade and S100B, as the data `aSAH` of pROC (Robin et al. 2011, BMC Bioinformatics 12:77) has them.
HAEMORRHAGE = """
G,1,.13 G,1,.14 G,1,.1 G,1,.04 P,3,.13 P,2,.1 G,5,.47 P,4,.16 G,1,.18 G,2,.1 P,5,.12 G,2,.1 P,5,.44 P,5,.71 G,1,.04
G,2,.08 P,5,.49 G,2,.04 P,2,.07 P,5,.33 P,2,.09 G,1,.09 P,1,.07 G,1,.11 G,1,.07 G,2,.17 G,1,.07 G,2,.11 G,1,.13 G,1,.19
G,3,.05 G,4,.16 P,2,.41 G,1,.14 G,4,.34 P,5,.35 P,4,.48 G,1,.09 P,4,.96 P,2,.25 G,5,.5 G,5,.46 G,1,.16 G,1,.07 G,2,.43
G,4,.45 G,1,.11 G,1,.08 G,2,.09 P,5,.86 P,5,.52 G,2,.08 G,1,.06 G,2,.13 P,5,2.07 G,1,.1 G,2,.14 G,2,.15 P,2,.07 G,1,.06
P,5,.77 G,1,.05 G,1,.09 P,2,.3 P,5,.03 P,2,.09 G,1,.04 P,4,.23 P,5,.7 G,2,.09 P,4,.27 P,4,.71 P,1,.08 P,4,.26 G,1,.08
G,2,.16 G,1,.09 P,4,.13 P,2,.1 G,1,.08 P,2,.11 G,3,.33 G,2,.11 G,4,.28 G,2,.07 G,1,.1 G,4,.32 P,5,.22 G,1,.07 G,1,.05
G,5,.24 G,4,.38 G,2,.1 G,2,.15 G,1,.08 G,1,.14 G,1,.1 G,3,.07 G,1,.04 G,2,.19 P,5,.56 P,2,.14 P,2,.58 P,5,.32 P,5,.82
P,5,.74 G,2,.15 G,4,.47 G,4,.17 P,5,.44 G,1,.15 G,1,.5 G,1,.48
"""


def haemorrhage():
    rows = [row.split(",") for row in HAEMORRHAGE.split()]
    y = np.array([row[0] == "P" for row in rows], dtype=float)
    return y, *np.array([row[1:] for row in rows], dtype=float).T


def by_structural_components(a, b, y, patient):
    """AUROC difference and its variance from all pairs, by the formulas of Obuchowski 1997 (section 2)."""
    cases, controls, psi = np.flatnonzero(y == 1), np.flatnonzero(y == 0), {}
    for name, risk in {"a": a, "b": b}.items():
        psi[name] = [[(risk[i] > risk[j]) + (risk[i] == risk[j]) / 2 for j in controls] for i in cases]
    won = np.array(psi["a"]) - np.array(psi["b"])
    difference, v10, v01 = won.mean(), won.mean(axis=1), won.mean(axis=0)
    people, m, n = sorted(set(patient)), len(cases), len(controls)
    s10 = s01 = s11 = 0.0
    for who in people:
        one = sum(v10[k] - difference for k, i in enumerate(cases) if patient[i] == who)
        two = sum(v01[k] - difference for k, j in enumerate(controls) if patient[j] == who)
        s10, s01, s11 = s10 + one**2, s01 + two**2, s11 + one * two
    i10, i01, i = len(set(patient[cases])), len(set(patient[controls])), len(people)
    s10, s01, s11 = s10 * i10 / ((i10 - 1) * m), s01 * i01 / ((i01 - 1) * n), s11 * i / (i - 1)
    return difference, s10 / m + s01 / n + 2 * s11 / (m * n)


def rivals(seed, n=120, digits=2):
    """A good and a poor model of the same patients, with ties."""
    risk, observed = binary(seed, n)
    poor = np.clip(risk + np.random.default_rng(seed + 500).normal(0, 0.2, n), 0.01, 0.99)
    return risk.round(digits), poor.round(digits), observed


def test_the_published_test_of_wfns_and_s100b():
    # The manual of pROC, `roc.test`: Z = 2.209, p = .02718, areas .8237 and .7314; further digits from its tests.
    y, wfns, s100b = haemorrhage()
    found = delong(wfns, s100b, y)
    assert (len(y), y.sum()) == (113, 41)
    assert (found.auroc_a, found.auroc_b) == (pytest.approx(0.8236789, abs=5e-8), pytest.approx(0.7313686, abs=5e-8))
    assert found.z == pytest.approx(2.20898359144091, rel=1e-12)
    assert found.p == pytest.approx(0.0271757822291882, rel=1e-12)
    assert (found.lo, found.hi) == (pytest.approx(0.0104061769564846), pytest.approx(0.174214419249478))


@pytest.mark.parametrize("seed", range(4))
def test_equals_structural_components_with_and_without_repeated_patients(seed):
    a, b, observed = rivals(seed)
    for patient in (np.arange(120), np.random.default_rng(seed).integers(0, 40, 120)):
        difference, variance = by_structural_components(a, b, observed.event, patient)
        found = delong(a, b, observed.event, patient)
        assert found.difference == pytest.approx(difference, rel=1e-12)
        assert found.z == pytest.approx(difference / np.sqrt(variance), rel=1e-10)
        assert found.p == pytest.approx(2 * norm.sf(abs(found.z)), rel=1e-10)


def test_writing_every_row_twice_adds_no_certainty():
    a, b, observed = rivals(0)
    once = delong(a, b, observed.event)
    twice = delong(np.repeat(a, 2), np.repeat(b, 2), np.repeat(observed.event, 2), np.repeat(np.arange(120), 2))
    assert [twice.difference, twice.z, twice.p, twice.lo] == pytest.approx([once.difference, once.z, once.p, once.lo])
    naive = delong(np.repeat(a, 2), np.repeat(b, 2), np.repeat(observed.event, 2))
    assert abs(naive.z) > 1.3 * abs(once.z)


def test_swapping_the_models_swaps_the_signs():
    a, b, observed = rivals(1)
    one, other = delong(a, b, observed.event), delong(b, a, observed.event)
    assert (one.auroc_a, one.difference, one.z, one.p) == (other.auroc_b, -other.difference, -other.z, other.p)
    assert (one.lo, one.hi) == (-other.hi, -other.lo)


def test_repeats_are_compared_by_their_mean_risk():
    a, b, observed = rivals(2)
    assert delong(np.stack([a, b]), b, observed.event) == delong((a + b) / 2, b, observed.event)


def test_models_alike_do_not_differ():
    for seed in range(3):
        a, _, observed = rivals(seed)
        found = delong(a, a**2, observed.event)
        assert (found.difference, found.lo, found.hi, found.z, found.p, found.reason) == (0, 0, 0, 0, 1, None)


def test_what_cannot_be_computed_has_a_reason():
    risk, y = np.linspace(0.1, 0.9, 6), np.array([0, 0, 0, 1, 1, 1.0])
    for outcome in (0.0, 1.0):
        nothing = delong(risk, risk, np.full(6, outcome))
        assert (nothing.auroc_a, nothing.difference, nothing.p, nothing.reason) == (None, None, None, ONE_OUTCOME)
    single = delong(risk, -risk, np.array([0, 0, 0, 0, 0, 1.0]))
    assert (single.auroc_a, single.difference, single.z, single.reason) == (1, 1, None, FEW_PATIENTS)
    one_patient = delong(risk, -risk, y, np.array([0, 1, 2, 3, 3, 3]))
    assert (one_patient.lo, one_patient.reason) == (None, FEW_PATIENTS)
    perfect = delong(risk, -risk, y)
    assert (perfect.difference, perfect.lo, perfect.hi, perfect.z, perfect.p) == (1, 1, 1, None, None)
    assert perfect.reason == NO_SPREAD


def test_the_test_errs_5_times_in_100_where_models_are_equally_good():
    rng, wrong = np.random.default_rng(0), 0
    for _ in range(400):
        y = (rng.random(150) < 0.4).astype(float)
        shared = y + rng.normal(size=150)
        wrong += delong(shared + rng.normal(size=150), shared + rng.normal(size=150), y).p < 0.05
    assert 8 <= wrong <= 36, wrong  # Binomial(400, .05) is in 8..36 with probability .999


def test_differences_are_those_of_scikit_learn():
    a, b, observed = rivals(0)
    y, clipped = observed.event, [np.clip(risk, 1e-12, 1 - 1e-12) for risk in (a, b)]
    found = compare(a, b, observed, np.arange(120), (0.2, 0.4), 50, 0)
    assert list(found) == ["auroc", "brier", "log_loss", "oe_distance", "net_benefit_at_0.20", "net_benefit_at_0.40"]
    assert found["auroc"].value == pytest.approx(roc_auc_score(y, a) - roc_auc_score(y, b))
    assert found["brier"].value == pytest.approx(brier_score_loss(y, a) - brier_score_loss(y, b))
    assert found["log_loss"].value == pytest.approx(log_loss(y, clipped[0]) - log_loss(y, clipped[1]))
    alone = [measure(risk, observed, np.arange(120), (0.2, 0.4), 50, 0) for risk in (a, b)]
    distances = [abs(np.log(each["oe_ratio"].value)) for each in alone]
    assert found.pop("oe_distance").value == pytest.approx(distances[0] - distances[1])
    for name, estimate in found.items():
        assert estimate.value == pytest.approx(alone[0][name].value - alone[1][name].value)
        assert estimate.lo <= estimate.value <= estimate.hi


@pytest.mark.parametrize("make", [binary, censored])
def test_pairing_makes_differences_surer(make):
    risk, observed = make(0)
    near = np.clip(risk + np.random.default_rng(5).normal(0, 0.05, 300), 0.01, 0.99)
    found = compare(risk, near, observed, np.arange(300), (0.3,), 200, 0)
    alone = measure(risk, observed, np.arange(300), (0.3,), 200, 0)
    for name, estimate in found.items():
        if name == "oe_distance":  # which `measure` does not know
            continue
        assert estimate.hi - estimate.lo < 0.5 * (alone[name].hi - alone[name].lo)
    for estimate in compare(risk, risk, observed, np.arange(300), (0.3,), 20, 0).values():
        assert (estimate.value, estimate.lo, estimate.hi) == (0, 0, 0)


def test_repeats_need_not_be_as_many_for_both():
    a, b, observed = rivals(0)
    once = compare(a, b, observed, np.arange(120), (), 30, 0)
    thrice = compare(np.stack([a, a, a]), b, observed, np.arange(120), (), 30, 0)
    for name, estimate in once.items():
        assert (thrice[name].value, thrice[name].lo) == pytest.approx((estimate.value, estimate.lo))


def test_the_bootstrap_agrees_with_delong():
    a, b, observed = rivals(3, n=600)
    found, exact = compare(a, b, observed, np.arange(600), (), 2000, 0)["auroc"], delong(a, b, observed.event)
    width = exact.hi - exact.lo
    assert (found.lo, found.hi) == (pytest.approx(exact.lo, abs=0.1 * width), pytest.approx(exact.hi, abs=0.1 * width))


def test_one_outcome_is_a_reason():
    risk = np.linspace(0.1, 0.9, 30)
    found = compare(risk, risk**2, Observed(np.zeros(30)), np.arange(30), (0.2,), 20, 0)
    assert (found["auroc"].value, found["auroc"].reason) == (None, "nobody had the event")
    assert found["brier"].reason is None
