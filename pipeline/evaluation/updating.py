"""Whether risks fit other patients than those of development, and the recalibration these patients support if not."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from scipy.special import expit

from pipeline.arrays import FloatArray, IntArray
from pipeline.estimates import Estimate
from pipeline.evaluation.calibration import (
    brier,
    calibration_intercept,
    calibration_slope,
    log_loss,
    log_odds,
    oe_ratio,
    scaled_brier,
)
from pipeline.evaluation.cells import merge_rows
from pipeline.evaluation.likelihood_ratio import SIGNIFICANT, log_likelihood, mean_design_effect, refer, say_p
from pipeline.evaluation.performance import measure, net_benefits
from pipeline.evaluation.resampling import Table
from pipeline.outcomes import Observed
from pipeline.phrases import phrase
from pipeline.sections import Evaluate

NONE, INTERCEPT, BOTH = "none", "intercept only", "intercept and slope"
RESAMPLES = 200
NO_BETTER_THAN_CHANCE = phrase(
    "No recalibration is supported: the risks order these patients no better than chance, which no new intercept or "
    "slope mends; develop a new model."
)
NO_SLOPE = phrase(
    "No recalibration is supported: no finite slope fits best, since the risks are all alike or those of patients with "
    "and without the event do not overlap."
)
NO_MORE_THAN_CHANCE = phrase(
    "No recalibration is supported: intercept and slope differ from 0 and 1 no more than chance explains ({p})."
)
TOO_LOW = phrase("A new intercept is supported, since the risks are too low ({p}); a new slope is not ({slope}).")
TOO_HIGH = phrase("A new intercept is supported, since the risks are too high ({p}); a new slope is not ({slope}).")
TOO_FAR = phrase("A new intercept and slope are supported ({p}): the risks are too far apart ({slope} for the slope).")
NOT_FAR = phrase(
    "A new intercept and slope are supported ({p}): the risks are not far enough apart ({slope} for the slope)."
)


@dataclass(frozen=True)
class Update:
    """A recalibration: the new log-odds are `intercept` plus `slope` times the old."""

    intercept: float = 0.0
    slope: float = 1.0

    def apply(self, risk: FloatArray) -> FloatArray:
        """The new risks, shape (n,)."""
        new: FloatArray = expit(self.intercept + self.slope * log_odds(risk))
        return new


@dataclass(frozen=True)
class Choice:
    """The updates by name, the name of the one that is supported, the tests that led there, and a sentence."""

    updates: dict[str, Update]
    supported: str
    tests: list[dict[str, Any]]
    says: str

    @property
    def update(self) -> Update:
        """The update that is supported."""
        return self.updates[self.supported]


def choose_update(risk: FloatArray, observed: Observed, patient: IntArray) -> Choice:
    """The closed testing procedure of Vergouwe et al. (2017, Stat Med 36:4529), without its step of refitting a model.

    Likelihood-ratio tests at 5%: intercept and slope against no update, and if that is significant, against a new
    intercept alone (calibration in the large). Where rows have censoring weights or share a patient, statistics are
    divided by their mean design effect (Rao and Scott 1984, Ann Stat 12:46; Lumley and Scott 2014, Aust NZ J Stat
    56:1), with the weights taken as known. `risk` and `patient` are (n,); some have the event, some are known not to.
    """
    score, y, weight = log_odds(risk), observed.by_horizon(), observed.weights()
    updates = {NONE: Update(), INTERCEPT: _fit(INTERCEPT, risk, y, weight)}
    both = _fit(BOTH, risk, y, weight)
    if not (np.isfinite(both.intercept) and both.slope > 0):
        return Choice(updates, NONE, [], _cannot(both.slope))
    updates[BOTH] = both
    likelihood = {
        name: log_likelihood(update.intercept + update.slope * score, y, weight) for name, update in updates.items()
    }
    design, fitted, tests = np.vstack([np.ones(len(score)), score]), both.apply(risk), []
    for against, tested in ((NONE, (0, 1)), (INTERCEPT, (1,))):
        effect = mean_design_effect(design, fitted, y, weight, patient, tested)
        tests.append({"against": against} | refer(2 * (likelihood[BOTH] - likelihood[against]) / effect, len(tested)))
    rejected = [test["p"] < SIGNIFICANT for test in tests]
    supported = NONE if not rejected[0] else BOTH if rejected[1] else INTERCEPT
    return Choice(updates, supported, tests, _say(supported, updates, tests))


def describe_updates(
    choice: Choice,
    unchanged: Mapping[str, Estimate],
    risk: FloatArray,
    observed: Observed,
    patient: IntArray,
    thresholds: Sequence[float],
    settings: Evaluate,
) -> dict[str, Any]:
    """`supported`, `says`, `tests`, and `updates`: the parameters of each and its figures.

    `unchanged` are the figures of the risks as they are, from `measure` with the same `settings`.
    Figures are those of the same patients less their optimism, the mean over 200 bootstrap resamples of the figure of
    an update fitted there on the resample less that on all patients (Harrell, Lee and Mark 1996, Stat Med 15:361).
    Intervals are those of the update as it is, moved by the optimism as well. The AUROC has none, since no update of
    a positive slope changes the order of risks. The calibration index (`ici`) is left as it is: in resamples it grows
    by noise, more than by what it flatters.
    """
    rows = []
    for name, update in choice.updates.items():
        found, gaps = unchanged, {}
        if name != NONE:
            found = measure(update.apply(risk), observed, patient, thresholds, settings.resamples, settings.seed)
            gaps = estimate_optimism(name, risk, observed, patient, thresholds, settings.seed)
        shown = {key: asdict(_moved(estimate, gaps.get(key, 0.0))) for key, estimate in found.items()}
        rows.append({"update": name} | asdict(update) | {"estimates": shown})
    return {"supported": choice.supported, "says": choice.says, "tests": choice.tests, "updates": rows}


def estimate_optimism(
    name: str, risk: FloatArray, observed: Observed, patient: IntArray, thresholds: Sequence[float], seed: int
) -> dict[str, float]:
    """By how much figures of an update flatter it on the patients it was fitted to; where not defined, left out.

    Patients are drawn with all their rows; censoring weights stay those of all patients, and rows of like risk are
    merged as for intervals in large tables. Of figures that are means over patients, what the same draw does to the
    risks as they are is taken off, which is 0 but for chance. A new intercept alone has no bearing on the slope.
    """
    generator, at = np.random.default_rng(seed), np.asarray(thresholds, dtype=float)
    codes, place = np.unique(patient, return_inverse=True)
    cells = merge_rows(risk, observed, place, len(codes), thresholds)
    everyone, gaps = cells.sums(np.ones((len(codes), 1))), []
    for _ in range(RESAMPLES):
        drawn = np.bincount(generator.integers(0, len(codes), len(codes)), minlength=len(codes))
        own = cells.sums(drawn[:, None].astype(float))
        fitted = _fit(name, cells.risk, cells.y, own[0][0])
        if np.isfinite(fitted.intercept):
            weight, counts = (np.concatenate(pair) for pair in zip(own, everyone, strict=True))
            after, before = (Table(p, cells.y, weight, counts) for p in (fitted.apply(cells.risk), cells.risk))
            draw = _less(_means(before, at))
            means = {key: gap - draw[key] for key, gap in _less(_means(after, at)).items()}
            gaps.append(means | _less(_regressed(after, slope=name == BOTH)))
    return _mean_gaps(gaps)


def _less(figures: Mapping[str, FloatArray]) -> dict[str, float]:
    """Each figure of the first resample less that of the second."""
    return {key: float(first - second) for key, (first, second) in figures.items()}


def _mean_gaps(gaps: Sequence[Mapping[str, float]]) -> dict[str, float]:
    means = {key: np.array([gap[key] for gap in gaps]) for key in (gaps[0] if gaps else {})}
    return {key: float(each[np.isfinite(each)].mean()) for key, each in means.items() if np.isfinite(each).any()}


def _fit(name: str, risk: FloatArray, y: FloatArray, weight: FloatArray) -> Update:
    """The update of most likelihood, not finite where there is none; `weight` (n,)."""
    slope = float(calibration_slope(risk, y, weight[None])[0]) if name == BOTH else 1.0
    if not np.isfinite(slope):
        return Update(np.nan, slope)
    scaled: FloatArray = expit(slope * log_odds(risk))
    return Update(float(calibration_intercept(scaled, y, weight[None])[0]), slope)


def _means(table: Table, at: FloatArray) -> dict[str, FloatArray]:
    risk, y, weight, counts = table.risk, table.y, table.weight, table.counts
    return net_benefits(table, at) | {
        "brier": brier(risk, y, weight, counts),
        "scaled_brier": scaled_brier(risk, y, weight, counts),
        "log_loss": log_loss(risk, y, weight, counts),
        "oe_ratio": oe_ratio(risk, y, weight, counts),
    }


def _regressed(table: Table, *, slope: bool) -> dict[str, FloatArray]:
    found = {"calibration_intercept": calibration_intercept(table.risk, table.y, table.weight)}
    return found | ({"calibration_slope": calibration_slope(table.risk, table.y, table.weight)} if slope else {})


def _moved(estimate: Estimate, optimism: float) -> Estimate:
    value, lo, hi = (None if x is None else x - optimism for x in (estimate.value, estimate.lo, estimate.hi))
    return Estimate(value, lo, hi, estimate.reason)


def _cannot(slope: float) -> str:
    return NO_BETTER_THAN_CHANCE if np.isfinite(slope) else NO_SLOPE


def _say(supported: str, updates: Mapping[str, Update], tests: Sequence[Mapping[str, Any]]) -> str:
    any_update, slope = (say_p(test["p"]) for test in tests)
    if supported == NONE:
        return NO_MORE_THAN_CHANCE.format(p=any_update)
    if supported == INTERCEPT:
        return (TOO_LOW if updates[INTERCEPT].intercept > 0 else TOO_HIGH).format(p=any_update, slope=slope)
    return (TOO_FAR if updates[BOTH].slope < 1 else NOT_FAR).format(p=any_update, slope=slope)
