"""Whether a challenger may take the champion's place: each gate with what it saw, and what follows from all.

A gate that `blocks` has seen something wrong, and a person should look. One that `keeps` has only not seen that the
challenger is worth the change.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from math import log
from typing import Any

from pipeline.phrases import phrase
from pipeline.sections import Margins, Retrain

PASSES, KEEPS, BLOCKS = "passes", "keeps", "blocks"
PUBLISHED, KEPT, BLOCKED = "published", "kept", "blocked"
Plain = Mapping[str, Any]
LEAKS = ("Too good to be true", "Leaks and traps", "Members told apart", "Gap between taught and unseen",
         "Patients on both sides")  # fmt: skip
LOWER_IS_BETTER = {"brier", "oe_distance"}
NAMES = {
    "auroc": phrase("AUROC"), "brier": phrase("Brier score"), "oe_distance": phrase("Distance of O:E from 1"),
    "net_benefit": phrase("Net benefit"), "subgroup_auroc": phrase("AUROC in subgroups"),
}  # fmt: skip

VERDICT = phrase("Verdict")
SUSPICION = phrase("Suspected leak")
DRIFT = phrase("Drift")
SAME_PATIENTS = phrase("The same patients")
IMPROVEMENT = phrase("Improvement")
BETTER = {
    ("auroc",): phrase("The challenger is clearly better in AUROC."),
    ("brier",): phrase("The challenger is clearly better in Brier score."),
    ("auroc", "brier"): phrase("The challenger is clearly better in AUROC and Brier score."),
}


@dataclass(frozen=True)
class Gate:
    """What a gate looks at, whether it passes, keeps or blocks, and why in a sentence."""

    gate: str
    level: str
    sentence: str


@dataclass(frozen=True)
class Decision:
    """`published`, `kept` or `blocked`, and every gate."""

    outcome: str
    gates: tuple[Gate, ...]

    def told(self) -> list[dict[str, str]]:
        """The gates as plain content."""
        return [asdict(gate) for gate in self.gates]

    def reasons(self) -> list[str]:
        """What stood in the way."""
        return [gate.sentence for gate in self.gates if gate.level != PASSES]


def judge_first(verdict: Plain, *, accepted: bool) -> Decision:
    """A cohort's first challenger: published on PASS, or when a person has accepted what the verdict warns of."""
    gate = _judge_verdict(verdict)
    if verdict["verdict"] == "WARN" and not accepted:
        sentence = phrase("The verdict is WARN; a first release needs PASS, or a person who runs `retrain --accept`.")
        gate = Gate(VERDICT, BLOCKS, sentence)
    return Decision(PUBLISHED if gate.level == PASSES else BLOCKED, (gate,))


def judge_challenger(
    verdicts: tuple[Plain, Plain], comparison: Plain, drift: Plain, settings: Retrain, *, accepted: bool
) -> Decision:
    """A challenger against the champion: `verdicts` are of the two in this order, `drift` since the champion learnt.

    `comparison` is what `compare_with_champion` gives, or `reason`, why there is none. A person who has `accepted` the
    change overrules all but the verdict and a suspected leak.
    """
    firm = [_judge_verdict(verdicts[0]), _judge_suspicion(*verdicts)]
    others = [_judge_drift(drift), *_judge_comparison(comparison, settings)]
    gates = tuple(firm + others)
    levels = {gate.level for gate in (firm if accepted else gates)}
    return Decision(BLOCKED if BLOCKS in levels else KEPT if KEEPS in levels else PUBLISHED, gates)


def _judge_verdict(verdict: Plain) -> Gate:
    failed = [check["check"] for check in verdict["checks"] if check["level"] == "FAIL"]
    if verdict["verdict"] == "FAIL":
        return Gate(VERDICT, BLOCKS, phrase("The verdict is FAIL: {checks}.").format(checks=", ".join(failed)))
    return Gate(VERDICT, PASSES, phrase("The verdict is {verdict}.").format(verdict=verdict["verdict"]))


def _judge_suspicion(challenger: Plain, champion: Plain) -> Gate:
    """Only what is new: a person has seen what the champion was published with."""
    known = {check["check"] for check in champion["checks"] if check["level"] != "PASS"}
    suspected = [check for check in challenger["checks"] if check["check"] in LEAKS and check["level"] != "PASS"]
    new = [check["sentence"] for check in suspected if check["check"] not in known or check["level"] == "FAIL"]
    if new:
        return Gate(SUSPICION, BLOCKS, " ".join(new))
    return Gate(SUSPICION, PASSES, phrase("No sign of a leak that the champion did not show."))


def _judge_drift(drift: Plain) -> Gate:
    if drift["beyond"]:
        return Gate(DRIFT, BLOCKS, " ".join(drift["sentences"]))
    return Gate(DRIFT, PASSES, phrase("No figure of drift lies wholly beyond its bound."))


def _judge_comparison(comparison: Plain, settings: Retrain) -> Iterator[Gate]:
    if comparison.get("reason"):
        yield Gate(SAME_PATIENTS, BLOCKS, comparison["reason"])
        return
    yield from _judge_margins(comparison, settings.margins)
    yield _judge_improvement(comparison, settings.margins)


def _judge_margins(comparison: Plain, margins: Margins) -> Iterator[Gate]:
    """By how much worse the challenger may be, as far as the data tell."""
    differences = comparison["differences"]
    losses = {name: (differences[name], margin) for name, margin in (
        ("auroc", margins.auroc), ("brier", margins.brier), ("oe_distance", log(margins.oe_factor)))}  # fmt: skip
    benefits = [each for name, each in differences.items() if name.startswith("net_benefit") and each["lo"] is not None]
    if benefits:
        losses["net_benefit"] = min(benefits, key=lambda each: each["lo"]), margins.net_benefit
    if worst := comparison["worst_subgroup"]:
        losses["subgroup_auroc"] = worst["auroc"], margins.subgroup_auroc
    for name, (difference, margin) in losses.items():
        yield _judge_margin(NAMES[name], difference, margin, -1 if name in LOWER_IS_BETTER else 1)


def _judge_margin(name: str, difference: Plain, margin: float, sign: int) -> Gate:
    if difference["lo"] is None:
        why = phrase("The difference has no interval: {reason}.").format(reason=difference["reason"])
        return Gate(name, KEEPS, why)
    gained = sorted((sign * difference["lo"], sign * difference["hi"]))
    told = phrase("{figure}: challenger less champion {value} (95% interval {lo} to {hi})").format(
        figure=name, **{key: _signed(difference[key]) for key in ("value", "lo", "hi")}
    )
    if gained[1] < -margin:
        said = phrase("{told}, worse by more than {margin}.").format(told=told, margin=f"{margin:.3g}")
        return Gate(name, BLOCKS, said)
    if gained[0] < -margin:
        said = phrase("{told}, which may be worse by more than {margin}.").format(told=told, margin=f"{margin:.3g}")
        return Gate(name, KEEPS, said)
    return Gate(
        name, PASSES, phrase("{told}, not worse by more than {margin}.").format(told=told, margin=f"{margin:.3g}")
    )


def _signed(value: float) -> str:
    return f"{value:+.3f}".replace("-", "\u2212")


def _judge_improvement(comparison: Plain, margins: Margins) -> Gate:
    """Whether the change is worth it: the challenger is clearly better, or only the champion is clearly off by now."""
    differences = comparison["differences"]
    better = tuple(name for name in ("auroc", "brier") if _is_better(differences[name], name not in LOWER_IS_BETTER))
    if better:
        return Gate(IMPROVEMENT, PASSES, BETTER[better])
    ratios = {name: figures["oe_ratio"] for name, figures in comparison["figures"].items()}
    off = {name for name, ratio in ratios.items() if _is_off(ratio, margins.oe_factor)}
    if off == {"champion"}:
        told = phrase("The champion is off by now: observed to expected {value} (95% interval {lo} to {hi}).")
        said = told.format(**{key: f"{ratios['champion'][key]:.3g}" for key in ("value", "lo", "hi")})
        return Gate(IMPROVEMENT, PASSES, said)
    return Gate(IMPROVEMENT, KEEPS, phrase("The challenger is not clearly better in AUROC or Brier score."))


def _is_better(difference: Plain, higher: bool) -> bool:
    return difference["lo"] is not None and (difference["lo"] > 0 if higher else difference["hi"] < 0)


def _is_off(ratio: Plain, factor: float) -> bool:
    return ratio["lo"] is not None and (ratio["lo"] > factor or ratio["hi"] < 1 / factor)
