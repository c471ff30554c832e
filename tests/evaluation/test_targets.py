import numpy as np
import pytest
from sklearn.metrics import log_loss, roc_auc_score

from data_schemas.columns import Binary, Classes, TimeToEvent
from pipeline.disclosure import COMPLEMENT, TOO_FEW
from pipeline.evaluation.performance import measure
from pipeline.evaluation.targets import SHOWN, by_target, over_classes
from pipeline.outcomes import Observed
from pipeline.sections import Evaluate
from tests.evaluation.simulated import competing

FEW = Evaluate(resamples=100, seed=1)
KINDS = ["none", "stroke", "bleed", "death"]
OUTCOME = Classes("kind", "stroke", "a stroke")


def classes(seed: int, n: int, repeats: int = 1) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Risks of four classes that add up to 1, (r, n) each, and the class that came, drawn from the first repeat's."""
    rng = np.random.default_rng(seed)
    scores = np.exp(rng.normal(size=(4, 1, n)) + 0.3 * rng.normal(size=(4, repeats, n)) - np.arange(4)[:, None, None])
    risks = scores / scores.sum(axis=0)
    came = (rng.random(n) > risks[:, 0].cumsum(axis=0)).sum(axis=0)
    return dict(zip(KINDS, risks, strict=True)), came


def observed_of(came: np.ndarray) -> dict[str, Observed]:
    """The outcome of each class, that of interest first."""
    order = ["stroke", "none", "bleed", "death"]
    return {name: Observed((came == KINDS.index(name)).astype(float)) for name in order}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("repeats", [1, 3])
def test_figures_over_classes_are_scikit_learns(seed, repeats):
    risks, came = classes(seed, 400, repeats)
    found = over_classes(risks, observed_of(came), np.arange(400), OUTCOME, FEW)
    matrices = [np.column_stack([risks[name][r] for name in KINDS]) for r in range(repeats)]
    areas = [roc_auc_score(came, matrix, multi_class="ovr", average="macro") for matrix in matrices]
    losses = [log_loss(came, matrix, labels=range(4)) for matrix in matrices]
    assert found["macro_auroc"].value == pytest.approx(np.mean(areas), abs=1e-12)
    assert found["log_loss"].value == pytest.approx(np.mean(losses), rel=1e-12)
    for estimate in found.values():
        assert estimate.lo < estimate.value < estimate.hi


def test_intervals_over_classes_draw_the_same_patients_in_every_class():
    """Against resamples written out: the interval of the log-loss, which is a mean, is near 1.96 standard errors."""
    risks, came = classes(0, 500)
    found = over_classes(risks, observed_of(came), np.arange(500), OUTCOME, Evaluate(resamples=2000, seed=0))
    lost = -np.log(np.choose(came, [risks[name][0] for name in KINDS]))
    half = 1.96 * lost.std() / np.sqrt(500)
    assert (found["log_loss"].lo, found["log_loss"].hi) == pytest.approx(
        (lost.mean() - half, lost.mean() + half), rel=0.02
    )


def test_a_patients_rows_are_drawn_together():
    """With every patient four times over, intervals are as wide as if each were there once."""
    risks, came = classes(0, 200)
    fourfold = {name: np.tile(risk, 4) for name, risk in risks.items()}
    settings, patient = Evaluate(resamples=1000, seed=0), np.arange(200)
    once = over_classes(risks, observed_of(came), patient, OUTCOME, settings)
    many = over_classes(fourfold, observed_of(np.tile(came, 4)), np.tile(patient, 4), OUTCOME, settings)
    for name, estimate in once.items():
        assert many[name].value == pytest.approx(estimate.value)
        assert many[name].hi - many[name].lo == pytest.approx(estimate.hi - estimate.lo, rel=0.15)


def test_a_risk_of_0_for_what_came_is_no_infinite_loss():
    risks, came = classes(0, 100)
    risks[KINDS[came[0]]][0, 0] = 0.0
    found = over_classes(risks, observed_of(came), np.arange(100), OUTCOME, FEW)
    lost = -np.log(np.choose(came, [risks[name][0] for name in KINDS])[1:])
    assert found["log_loss"].value == pytest.approx((lost.sum() + 15 * np.log(10)) / 100)


@pytest.mark.parametrize(
    "outcome", [Binary("kind", "stroke", "s"), TimeToEvent("t", "kind", "stroke", 3, "years", "s", also_at=(1,))]
)
def test_only_classes_have_figures_over_all(outcome):
    risks, came = classes(0, 50)
    assert over_classes(risks, observed_of(came), np.arange(50), outcome, FEW) == {}


def test_each_horizon_is_measured_by_itself():
    risk, observed = competing(0, 400)
    targets = {"3 years": observed, "1 years": observed.at(1.0)}
    risks = {"3 years": risk[None, :], "1 years": 1 - (1 - risk[None, :]) ** (1 / 3)}
    found = by_target(risks, targets, np.arange(400), Binary("ill", "yes", "illness"), 10, FEW)
    assert [row["target"] for row in found] == list(targets)
    for row in found:
        alone = measure(risks[row["target"]], targets[row["target"]], np.arange(400), (), 100, 1)
        assert row["events"] == targets[row["target"]].by_horizon().sum()
        for figure in SHOWN:
            assert row[figure]["value"] == alone[figure].value
            assert row[figure]["lo"] == alone[figure].lo
            assert row[figure]["lo"] < row[figure]["value"] < row[figure]["hi"]
    assert found[1]["events"] < found[0]["events"]
    assert found[0]["oe_ratio"]["value"] == pytest.approx(1, abs=0.25)


def test_a_class_that_few_have_is_hidden_and_one_more_so_that_subtraction_does_not_tell_it():
    risks, came = classes(0, 300)
    targets = observed_of(came)
    events = {name: int(observed.event.sum()) for name, observed in targets.items()}
    rare, next_rare, *_ = sorted(events, key=events.get)
    least = events[rare]
    assert 5 < least < events[next_rare] < 100
    shown = by_target(risks, targets, np.arange(300), OUTCOME, least, FEW)
    hidden = by_target(risks, targets, np.arange(300), OUTCOME, least + 1, FEW)
    assert {row["target"]: row["events"] for row in shown} == events
    for row in hidden:
        assert (row["events"] is None) == (row["target"] in (rare, next_rare))
        for figure in SHOWN:
            assert (row[figure]["value"] is None) == (row["target"] in (rare, next_rare))
    reasons = {row["target"]: row["auroc"]["reason"] for row in hidden}
    assert (reasons[rare], reasons[next_rare]) == (TOO_FEW, COMPLEMENT)


def test_a_horizon_that_few_reach_is_hidden_alone():
    risk, observed = competing(0, 400)
    targets = {"3 years": observed, "1 years": observed.at(0.05)}
    risks = {"3 years": risk[None, :], "1 years": risk[None, :] / 9}
    outcome = TimeToEvent("years", "ended", "ill", 3, "years", "illness")
    late, soon = by_target(risks, targets, np.arange(400), outcome, 20, FEW)
    assert late["events"] is not None
    assert (soon["events"], soon["auroc"]["reason"]) == (None, TOO_FEW)


def test_patients_are_counted_not_rows():
    risks, came = classes(0, 300)
    targets = observed_of(came)
    first = targets["stroke"].event == 1
    patient = np.where(first, 300 + np.cumsum(first) % 9, np.arange(300))
    assert first.sum() > 20
    (row, *others) = by_target(risks, targets, patient, OUTCOME, 10, FEW)
    assert row["events"] is None
    assert sum(other["events"] is None for other in others) == 1
