import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from pipeline.evaluation.resampling import Table
from pipeline.evaluation.suspicion import check_suspicion, describe_suspicion, membership_inference, train_to_test_gap
from pipeline.outcomes import Observed
from pipeline.sections import Evaluate
from tests.evaluation.simulated import binary, censored, drawn

SEEDS = range(4)
SETTINGS = Evaluate(resamples=200, seed=1)
NAMES = ("membership_inference", "train_to_test_gap")


def table(seed, n, make=binary):
    risk, observed = make(seed, n)
    counts = drawn(seed, n)
    return Table(risk, observed.by_horizon(), counts * observed.weights_for(counts), counts)


def remembered(risk, y, share):
    """Risks drawn towards what happened, as a model that remembers `share` of each outcome gives them."""
    return (1 - share) * risk + share * y


def describe(members, others, paired=False):
    (risk, observed), (other_risk, other) = members, others
    codes = np.arange(len(other)) + (0 if paired else len(observed))
    return describe_suspicion(risk, observed, np.arange(len(observed)), other_risk, other, codes, SETTINGS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [binary, censored])
def test_membership_is_the_auroc_of_the_loss_by_an_independent_implementation(seed, make):
    members, others = table(seed, 120, make), table(seed + 50, 80, make)
    loss = np.concatenate([-t.y * np.log(t.risk) - (1 - t.y) * np.log1p(-t.risk) for t in (members, others)])
    weights = np.concatenate([members.weight, others.weight], axis=1)
    member = np.repeat([1, 0], [120, 80])
    expected = [roc_auc_score(member, -loss, sample_weight=row) for row in weights]
    np.testing.assert_allclose(membership_inference(members, others), expected, rtol=1e-9)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [binary, censored])
def test_the_gap_is_the_difference_of_two_aurocs(seed, make):
    members, others = table(seed, 120, make), table(seed + 50, 80, make)
    expected = [
        roc_auc_score(members.y, members.risk, sample_weight=w) - roc_auc_score(others.y, others.risk, sample_weight=v)
        for w, v in zip(members.weight, others.weight, strict=True)
    ]
    np.testing.assert_allclose(train_to_test_gap(members, others), expected, atol=1e-12)


def test_losses_by_hand():
    """Given to what happened: .9 and .6 in members, .8 and .5 in the others; the member wins 3 of 4 pairs."""
    ones = np.ones((1, 2))
    members = Table(np.array([0.9, 0.4]), np.array([1.0, 0.0]), ones, ones)
    others = Table(np.array([0.2, 0.5]), np.array([0.0, 1.0]), ones, ones)
    assert membership_inference(members, others)[0] == 0.75
    assert train_to_test_gap(members, others)[0] == 0.0


@pytest.mark.parametrize("make", [binary, censored])
@pytest.mark.parametrize("paired", [False, True])
def test_a_model_that_remembers_nothing_is_covered_about_95_times_in_100(make, paired):
    """Risks near the true ones know no patient better than another, be they the same patients or not."""
    held = dict.fromkeys(NAMES, 0)
    for seed in range(40):
        rng, truth = np.random.default_rng(seed + 500), make(seed, 150)

        def shaken(rng=rng, truth=truth):
            return np.clip(truth[0] + rng.normal(0, 0.05, 150), 0, 1), truth[1]

        found = describe(shaken(), shaken() if paired else make(seed + 1000, 150), paired)
        for name, expected in zip(NAMES, (0.5, 0.0), strict=True):
            held[name] += found[name]["lo"] <= expected <= found[name]["hi"]
    assert min(held.values()) >= 34, held  # 38 expected; 33 or fewer come about once in a hundred
    assert {check["level"] for check in check_suspicion(found)} == {"PASS"}


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", [binary, censored])
@pytest.mark.parametrize("paired", [False, True])
def test_a_model_that_remembers_is_found(seed, make, paired):
    risk, observed = make(seed, 400)
    others = (risk, observed) if paired else make(seed + 50, 400)
    found = describe((remembered(risk, observed.by_horizon(), 0.5), observed), others, paired)
    levels = [check["level"] for check in check_suspicion(found)]
    assert levels[0] == "FAIL"
    assert levels[1] in ("WARN", "FAIL")
    assert found["train_to_test_gap"]["value"] > 0.1


@pytest.mark.parametrize("seed", SEEDS)
def test_the_same_patients_drawn_together_leave_less_chance(seed):
    risk, observed = binary(seed, 300)
    members = remembered(risk, observed.event, 0.1), observed
    joint, apart = (describe(members, (risk, observed), paired) for paired in (True, False))
    for name in NAMES:
        assert joint[name]["value"] == apart[name]["value"]
        widths = [each[name]["hi"] - each[name]["lo"] for each in (joint, apart)]
        assert widths[0] < 0.8 * widths[1]


def test_repeats_of_cross_validation_are_averaged():
    risk, observed = binary(0, 200)
    twice = np.stack([binary(0, 200)[0], np.random.default_rng(1).permutation(risk)])
    members = remembered(risk, observed.event, 0.3), observed
    both, *each = (describe(members, (r, observed), paired=True) for r in (twice, twice[0], twice[1]))
    for name in NAMES:
        assert both[name]["value"] == pytest.approx(np.mean([one[name]["value"] for one in each]))


def test_where_one_outcome_is_missing_the_reason_is_told():
    risk, observed = binary(0, 60)
    found = describe((risk, Observed(np.zeros(60))), (risk, observed))
    assert found["train_to_test_gap"] == {"value": None, "lo": None, "hi": None, "reason": "nobody had the event"}
    assert found["membership_inference"]["lo"] is not None
    said = check_suspicion(found)[1]
    assert (said["level"], said["sentence"]) == ("WARN", "No interval could be computed: nobody had the event.")


def estimate(value, lo, hi):
    return {"value": value, "lo": lo, "hi": hi, "reason": None}


@pytest.mark.parametrize(
    ("membership", "gap", "levels"),
    [
        ((0.52, 0.49, 0.55), (0.03, -0.02, 0.08), ["PASS", "PASS"]),
        ((0.6, 0.58, 0.62), (0.2, 0.1, 0.3), ["PASS", "PASS"]),
        ((0.61, 0.58, 0.64), (0.2, 0.11, 0.29), ["WARN", "WARN"]),
        ((0.61, 0.6, 0.62), (0.3, 0.25, 0.35), ["WARN", "WARN"]),
        ((0.65, 0.61, 0.69), (0.3, 0.26, 0.34), ["FAIL", "FAIL"]),
    ],
)
def test_each_check_on_both_sides_of_its_limits_with_its_numbers(membership, gap, levels):
    figures = zip(NAMES, (membership, gap), strict=True)
    checks = check_suspicion({name: estimate(*numbers) for name, numbers in figures})
    assert [check["level"] for check in checks] == levels
    for check, (value, lo, hi) in zip(checks, (membership, gap), strict=True):
        assert f"{value:.2f} (95% interval {lo:.2f} to {hi:.2f})" in check["sentence"]
