"""What clusters mean for risk: how their patients fared, if the model is wrong for some, if membership adds to it."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from pipeline.arrays import FloatArray, IntArray
from pipeline.disclosure import TOO_FEW
from pipeline.estimates import Estimate, nothing
from pipeline.evaluation.addition import NO_CLUSTER, TOO_FEW_CLUSTERS, UNTESTED, say_addition
from pipeline.evaluation.calibration import LEAST_SPREAD, log_odds
from pipeline.evaluation.comparison import compare
from pipeline.evaluation.likelihood_ratio import log_likelihood, mean_design_effect, refer
from pipeline.evaluation.logistic_fit import fit_logistic
from pipeline.evaluation.rates import incidence_curve
from pipeline.evaluation.subgroups import by_subgroup, hide_levels, rates_by_group
from pipeline.outcomes import Observed
from pipeline.phrases import phrase
from pipeline.sections import Evaluate

CURVE_TIMES, FOLDS = 12, 5
NO_FIT = phrase("no finite coefficients fit best, since log-odds of patients with and without the event do not overlap")
NO_FIT_IN_A_FOLD = phrase("without a fold of the patients, no finite coefficients fit the others best")


def describe_phenotypes(
    risk: FloatArray,
    observed: Observed,
    patient: IntArray,
    labels: IntArray,
    thresholds: Sequence[float],
    smallest: int,
    settings: Evaluate,
) -> dict[str, Any]:
    """How held-out patients of each cluster fared against their risk, and whether membership adds to the risk.

    `risk` is (n,) or (r, n) as in `measure`; `labels` (n,) are clusters from 1, and 0 for patients of none.

    `clusters` has for each label present: `cluster`, `n`, `events`, `rate`, `oe_ratio`, `auroc`, and, after
    censoring, `incidence`, a curve at up to 12 times. Clusters are hidden as levels of `by_subgroup`, patients of
    none being one. `adds` is that of `assess_membership`.
    """
    return {
        "clusters": _describe_clusters(risk, observed, patient, labels, smallest, settings),
        "adds": assess_membership(risk, observed, patient, labels, thresholds, smallest, settings),
    }


def _describe_clusters(
    risk: FloatArray, observed: Observed, patient: IntArray, labels: IntArray, smallest: int, settings: Evaluate
) -> list[dict[str, Any]]:
    numbers = [str(number) for number in np.unique(labels)]
    groups = {"cluster": pd.Categorical(labels.astype(str), numbers)}
    rates = rates_by_group(observed, patient, labels, smallest)
    described = []
    for row in by_subgroup(risk, observed, patient, groups, smallest, settings.resamples, settings.seed):
        if number := int(row["level"]):
            figures = {key: row[key] for key in ("n", "events", "oe_ratio", "auroc")}
            members = labels == number
            curve = [] if row["suppressed"] else _trace_incidence(observed.take(members), patient[members], smallest)
            described.append({"cluster": number} | figures | {"rate": asdict(rates[number]), "incidence": curve})
    return described


def _trace_incidence(observed: Observed, patient: IntArray, smallest: int) -> list[dict[str, float | None]]:
    if observed.time is None or observed.horizon is None:
        return []
    times = observed.horizon * np.arange(1, CURVE_TIMES + 1) / CURVE_TIMES
    return incidence_curve(observed, patient, times.tolist(), smallest)


def assess_membership(
    risk: FloatArray,
    observed: Observed,
    patient: IntArray,
    labels: IntArray,
    thresholds: Sequence[float],
    smallest: int,
    settings: Evaluate,
) -> dict[str, Any]:
    """Whether membership adds to the model: logistic regression on its log-odds with and without the clusters.

    Arguments are those of `describe_phenotypes`; of repeats the mean log-odds count. Clusters with fewer than
    `smallest` patients with the event, or known to be without, count with the one that `by_subgroup` hides with them,
    else with the largest that has enough; patients of no cluster are one.

    `statistic`, `degrees` and `p` are of the likelihood-ratio test, divided by its mean design effect where rows have
    censoring weights or share a patient. `log_loss`, and `net_benefit` at each threshold, are of the model with
    membership less the model with a new intercept and slope alone, both fitted to four fifths of the patients and
    judged on the others; intervals are those of `compare`, with each fit as it is and censoring weights of all patients
    together, where the test has those of each cluster. `says` is a sentence from these
    numbers, `reason` why there are none.
    """
    score: FloatArray = log_odds(np.atleast_2d(risk)).mean(axis=0)
    group, merged = _merge_small(observed, patient, labels, smallest)
    if len(np.unique(group)) < 2:
        return _untested(TOO_FEW_CLUSTERS.format(n=smallest), thresholds)
    test = _test(score, observed, patient, group) if _has_fit(score, observed, group) else None
    if test is None:
        return _untested(NO_FIT, thresholds)
    gains = _gains(score, observed, patient, group, thresholds, settings)
    benefit = [{"threshold": t, "difference": asdict(gains[f"net_benefit_at_{t:.2f}"])} for t in thresholds]
    says = say_addition(test["p"], benefit, *merged)
    return test | {"net_benefit": benefit, "log_loss": asdict(gains["log_loss"]), "says": says, "reason": None}


def _untested(reason: str, thresholds: Sequence[float]) -> dict[str, Any]:
    blank = asdict(nothing(reason))
    return {
        "statistic": None,
        "degrees": None,
        "p": None,
        "net_benefit": [{"threshold": t, "difference": blank} for t in thresholds],
        "log_loss": blank,
        "says": UNTESTED.format(reason=reason),
        "reason": reason,
    }


def _merge_small(
    observed: Observed, patient: IntArray, labels: IntArray, smallest: int
) -> tuple[IntArray, tuple[Sequence[int], int]]:
    """The group of each row, (n,), and which clusters, if any, count with which."""
    members = {str(label): labels == label for label in np.unique(labels)}
    hidden = hide_levels(members, observed, patient, smallest)
    small = [int(label) for label, reason in hidden.items() if reason == TOO_FEW]
    enough = {int(label): int(rows.sum()) for label, rows in members.items() if int(label) not in small}
    if not (small and enough):
        return labels if enough else np.zeros_like(labels), ((), NO_CLUSTER)
    beside = {label: n for label, n in enough.items() if str(label) in hidden} or enough
    largest = max(beside, key=lambda label: beside[label])
    return np.where(np.isin(labels, small), largest, labels), (small, largest)


def _has_fit(score: FloatArray, observed: Observed, group: IntArray) -> bool:
    """Whether finite coefficients fit best (Albert and Anderson 1984, Biometrika 71:1).

    Each group has an intercept and all share the slope, so every group needs both outcomes, and some group a higher
    log-odds with the event than without, and some a lower. Log-odds that are all alike have no slope.
    """
    y, counted = observed.by_horizon() == 1, observed.weights() > 0
    right = wrong = score.std() < LEAST_SPREAD
    for label in np.unique(group):
        case, control = (score[(group == label) & counted & kind] for kind in (y, ~y))
        if not (len(case) and len(control)):
            return False
        right |= bool(control.min() < case.max())
        wrong |= bool(case.min() < control.max())
    return bool(right and wrong)


def _design(score: FloatArray, group: IntArray) -> FloatArray:
    """Intercept, log-odds in standard deviations from their mean, and each group but the first, (d, n).

    Log-odds that are all alike have no row.
    """
    spread = score.std()
    slope = [(score - score.mean()) / spread] if spread >= LEAST_SPREAD else []
    return np.vstack([np.ones(len(score)), *slope, *(group == label for label in np.unique(group)[1:])]).astype(float)


def _fit(design: FloatArray, y: FloatArray, weight: FloatArray) -> FloatArray:
    """The coefficients (d,) of most likelihood."""
    coefficients: FloatArray = fit_logistic(design, np.zeros(design.shape[1]), y, weight[None])[0]
    return coefficients


def _weigh(observed: Observed, group: IntArray) -> FloatArray:
    """Censoring weights (n,) of each group by itself, since groups that are followed longer would count too much."""
    weight = np.zeros(len(observed))
    for label in np.unique(group):
        weight[group == label] = observed.take(group == label).weights()
    return weight


def _test(score: FloatArray, observed: Observed, patient: IntArray, group: IntArray) -> dict[str, Any] | None:
    """The likelihood-ratio test that the groups' coefficients are 0; None where the search for the fits fails."""
    y, weight = observed.by_horizon(), _weigh(observed, group)
    alone, full = (_design(score, each) for each in (np.zeros_like(group), group))
    before, after = (_fit(design, y, weight) @ design for design in (alone, full))
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        return None
    gain = log_likelihood(after, y, weight) - log_likelihood(before, y, weight)
    tested = range(len(alone), len(full))
    effect = mean_design_effect(full, expit(after), y, weight, patient, tested)
    return refer(2 * gain / effect, len(tested))


def _gains(
    score: FloatArray,
    observed: Observed,
    patient: IntArray,
    group: IntArray,
    thresholds: Sequence[float],
    settings: Evaluate,
) -> dict[str, Estimate]:
    """Figures by the names of `compare`: cross-fitted risks with membership less those without."""
    fold = _deal_folds(patient, group)
    rest = [fold != number for number in range(FOLDS)]
    if all(_has_fit(score[rows], observed.take(rows), group[rows]) for rows in rest):
        designs = (_design(score, each) for each in (group, np.zeros_like(group)))
        adding, alone = (_cross_fit(design, observed, group, fold) for design in designs)
        if np.isfinite(adding + alone).all():
            return compare(adding, alone, observed, patient, thresholds, settings.resamples, settings.seed)
    names = ["log_loss", *(f"net_benefit_at_{t:.2f}" for t in thresholds)]
    return dict.fromkeys(names, nothing(NO_FIT_IN_A_FOLD))


def _deal_folds(patient: IntArray, group: IntArray) -> IntArray:
    """The fold of each row, (n,): patients of the same group are dealt out by their code, in turn.

    Not of the same outcome too: groups would then have the same rates in all folds, and chance differences between
    them in those that teach would return in the one that judges.
    """
    codes, place = np.unique(patient, return_inverse=True)
    kind, fold = np.zeros(len(codes), dtype=int), np.empty(len(codes), dtype=int)
    np.maximum.at(kind, place, group)
    fold[np.argsort(kind, kind="stable")] = np.arange(len(codes)) % FOLDS
    return fold[place]


def _cross_fit(design: FloatArray, observed: Observed, group: IntArray, fold: IntArray) -> FloatArray:
    """The risk of each row by the fit to the other folds, (n,)."""
    risk = np.empty(len(fold))
    for number in range(FOLDS):
        held, rest = fold == number, fold != number
        taught = observed.take(rest)
        found = _fit(design[:, rest], taught.by_horizon(), _weigh(taught, group[rest]))
        risk[held] = expit(found @ design[:, held])
    return risk
