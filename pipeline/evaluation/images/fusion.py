"""Whether images add to the rest of the record, and for whom: the same model with, without and by them alone."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, FloatArray
from pipeline.disclosure import may_tell
from pipeline.estimates import nothing
from pipeline.evaluation.assemble import HeldOut
from pipeline.evaluation.challenge import OWN, Challenge, compare_subgroups
from pipeline.evaluation.comparison import compare
from pipeline.evaluation.performance import measure
from pipeline.phrases import phrase
from pipeline.sections import Evaluate

PARTS = ("record", "images")
COMPARED = ("auroc", "brier", "log_loss")
OF_IMAGES, WITH, WITHOUT = phrase("Images"), phrase("with an image"), phrase("without an image")
NOTHING_ELSE = phrase("there is no other predictor")


def describe_fusion(
    held_out: HeldOut,
    deployed: str,
    parts: pd.DataFrame,
    groups: Mapping[str, pd.Categorical],
    thresholds: Sequence[float],
    settings: Evaluate,
    smallest: int,
) -> dict[str, Any]:
    """The deployed model against models of the record alone and of images alone, on the same n records, unseen by all.

    `parts` has rows as `HeldOut.from_predictions` reads them, with `risk_record` and `risk_images`; `groups` label
    each record, `label_images` among them. Differences are the deployed model's figures less the
    part's, by paired resamples, and what is said of them follows from their intervals.
    """
    both, with_image = held_out.risks[deployed], int((groups[OF_IMAGES] == WITH).sum())
    risks = {part: _stack(parts, f"risk_{part}", len(both)) for part in PARTS}
    differences = {part: _compare(held_out, both, risk, thresholds, settings) for part, risk in risks.items()}
    return {
        "with_images": with_image if may_tell(with_image, both.shape[1], smallest) else None,
        "figures": {name: _measure(held_out, risk, settings) for name, risk in ({"both": both} | risks).items()},
        "differences": differences,
        "verdicts": {part: judge_difference(found) for part, found in differences.items()},
        "subgroups": _by_group(held_out, both, risks["record"], groups, smallest, settings),
    }


def judge_difference(found: Mapping[str, Any]) -> str:
    """`adds`, `unproven`, `harms` or `unknown`, from the intervals of differences in AUROC and Brier score alone.

    Something adds where the whole interval in AUROC is above 0 and that in Brier score not; it harms where either is
    all on the wrong side.
    """
    area, brier = found["auroc"], found["brier"]
    if area["lo"] is None or brier["lo"] is None:
        return "unknown"
    if area["hi"] < 0 or brier["lo"] > 0:
        return "harms"
    return "adds" if area["lo"] > 0 else "unproven"


def _stack(parts: pd.DataFrame, name: str, repeats: int) -> FloatArray | None:
    """Risks (r, n) from rows of all repeats; None where no model could be developed."""
    risk = parts.sort_values("repeat", kind="stable")[name].to_numpy(float)
    return risk.reshape(repeats, -1) if np.isfinite(risk).all() else None


def label_images(imaged: BoolArray) -> dict[str, pd.Categorical]:
    """The grouping of n records by whether they have an image, (n,)."""
    return {OF_IMAGES: pd.Categorical(np.where(imaged, WITH, WITHOUT).astype(object), [WITH, WITHOUT])}


def _measure(held_out: HeldOut, risk: FloatArray | None, settings: Evaluate) -> dict[str, Any]:
    if risk is None:
        return {name: asdict(nothing(NOTHING_ELSE)) for name in OWN}
    figures = measure(risk, held_out.observed, held_out.patient, (), settings.resamples, settings.seed)
    return {name: asdict(figures[name]) for name in OWN}


def _compare(
    held_out: HeldOut, both: FloatArray, part: FloatArray | None, thresholds: Sequence[float], settings: Evaluate
) -> dict[str, Any]:
    """Differences in `COMPARED`, and in net benefit at each threshold."""
    benefits = {threshold: f"net_benefit_at_{threshold:.2f}" for threshold in thresholds}
    if part is None:
        found = dict.fromkeys([*COMPARED, *benefits.values()], nothing(NOTHING_ELSE))
    else:
        drawn = thresholds, settings.resamples, settings.seed
        found = compare(both, part, held_out.observed, held_out.patient, *drawn)
    benefit = [{"threshold": at, "difference": asdict(found[name])} for at, name in benefits.items()]
    return {name: asdict(found[name]) for name in COMPARED} | {"net_benefit": benefit}


def _by_group(
    held_out: HeldOut,
    both: FloatArray,
    record: FloatArray | None,
    groups: Mapping[str, pd.Categorical],
    smallest: int,
    settings: Evaluate,
) -> list[dict[str, Any]]:
    """What images add to AUROC in each group that may be shown."""
    if record is None:
        return []
    challenge = Challenge(both, record, held_out.observed, held_out.patient, groups)
    return compare_subgroups(challenge, smallest, settings)
