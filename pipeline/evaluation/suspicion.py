"""Whether the model knows its own patients too well: how much better it does on them than on patients it never saw.

Both figures take risks for the patients that taught the model and for unseen ones. Where the unseen are the same
patients, told by models of other folds, they have the same codes and are drawn together.
"""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from pipeline.arrays import FloatArray, IntArray
from pipeline.evaluation.data_checks import Check, make_check
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.intervals import bootstrap
from pipeline.evaluation.resampling import Sample, Table
from pipeline.outcomes import Observed
from pipeline.phrases import phrase
from pipeline.sections import Evaluate

# In simulations, averages of splines and boosted trees stayed below the ceilings wherever there was signal and there
# were at least 250 patients for 10 predictors, 1,000 for 40; random forests, which remember their patients, exceeded
# that of membership always (0.83 to 0.94), and that of the gap in most.
MEMBERSHIP_CEILING = 0.6
GAP_CEILING = 0.25
GAP_WORTH_A_LOOK = 0.1  # with 1,000 patients for 10 predictors and some signal, gaps stayed below it
FORGOTTEN = phrase("A patient's loss tells who taught the model with an AUROC of {interval}, not above {ceiling}.")
REMEMBERED = phrase(
    "A patient's loss tells who taught the model with an AUROC of {interval}, above {ceiling}: it remembers them, or "
    "the unseen patients are of another kind."
)
NO_GAP = phrase(
    "AUROC on the patients that taught the model less that on unseen ones is {interval}, not clearly above {limit}."
)
GAP = phrase(
    "AUROC on the patients that taught the model less that on unseen ones is {interval}, all of it above {limit}: it "
    "learnt chance along with signal."
)


def describe_suspicion(
    member_risk: FloatArray,
    member_observed: Observed,
    member_patient: IntArray,
    other_risk: FloatArray,
    other_observed: Observed,
    other_patient: IntArray,
    settings: Evaluate,
) -> dict[str, Any]:
    """`membership_inference` and `train_to_test_gap`, each an estimate with its interval, from the same resamples.

    Members are n patients that taught the model, with its risks for them (n,); the others m unseen ones, with risks
    (m,), or (r, m) in r repeats. Codes of patients, (n,) and (m,), are alike for both. Resamples draw patients and
    estimate censoring weights anew.
    """
    samples = [
        Sample(np.atleast_2d(member_risk), member_observed, member_patient),
        Sample(np.atleast_2d(other_risk), other_observed, other_patient),
    ]
    found = bootstrap(_figures, samples, (), settings.resamples, settings.seed)
    return {name: asdict(estimate) for name, estimate in found.items()}


def _figures(tables: list[list[Table]]) -> dict[str, FloatArray]:
    [members], others = tables
    return {
        "membership_inference": np.mean([membership_inference(members, unseen) for unseen in others], axis=0),
        "train_to_test_gap": np.mean([train_to_test_gap(members, unseen) for unseen in others], axis=0),
    }


def membership_inference(members: Table, others: Table) -> FloatArray:
    """AUROC with which a patient's loss tells whether they taught the model, (b,); .5 where it tells nothing.

    Who has the lower loss is guessed to be a member (Yeom et al. 2018, IEEE CSF 31:268; Shokri et al. 2017, IEEE S&P
    38:3). Every loss falls with the risk given to what happened, so that stands in its place.
    """
    given = np.concatenate([np.where(table.y == 1, table.risk, 1 - table.risk) for table in (members, others)])
    member = np.repeat([1.0, 0.0], [len(members.y), len(others.y)])
    return auroc(given, member, np.concatenate([members.weight, others.weight], axis=1))


def train_to_test_gap(members: Table, others: Table) -> FloatArray:
    """AUROC on the patients that taught the model less that on the unseen, (b,)."""
    gap: FloatArray = auroc(members.risk, members.y, members.weight) - auroc(others.risk, others.y, others.weight)
    return gap


def check_suspicion(suspicion: Mapping[str, Any]) -> list[Check]:
    """Checks for the verdict, from what `describe_suspicion` found."""
    return [_membership(suspicion["membership_inference"]), _gap(suspicion["train_to_test_gap"])]


def _membership(found: Mapping[str, Any]) -> Check:
    name, ceiling = phrase("Members told apart"), MEMBERSHIP_CEILING
    if found["lo"] is None:
        return _no_interval(name, found)
    told = {"interval": _interval(found), "ceiling": f"{ceiling:g}"}
    if found["value"] <= ceiling:
        return make_check(name, "PASS", FORGOTTEN.format(**told))
    return make_check(name, "FAIL" if found["lo"] > ceiling else "WARN", REMEMBERED.format(**told))


def _gap(found: Mapping[str, Any]) -> Check:
    name = phrase("Gap between taught and unseen")
    if found["lo"] is None:
        return _no_interval(name, found)
    shown = _interval(found)
    for level, limit in (("FAIL", GAP_CEILING), ("WARN", GAP_WORTH_A_LOOK)):
        if found["lo"] > limit:
            return make_check(name, level, GAP.format(interval=shown, limit=f"{limit:g}"))
    return make_check(name, "PASS", NO_GAP.format(interval=shown, limit=f"{GAP_WORTH_A_LOOK:g}"))


def _no_interval(name: str, found: Mapping[str, Any]) -> Check:
    return make_check(name, "WARN", phrase("No interval could be computed: {reason}.").format(reason=found["reason"]))


def _interval(found: Mapping[str, Any]) -> str:
    limits = {key: f"{found[key]:.2f}" for key in ("value", "lo", "hi")}
    return phrase("{value} (95% interval {lo} to {hi})").format(**limits)
