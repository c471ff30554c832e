"""How many clusters the patients support, which may be none.

A number of clusters k is acceptable when every cluster is stable (Hennig 2007: mean Jaccard similarity over
bootstrap resamples), holds enough patients, and when the clusters stand further apart than the same clusterer makes
them stand in data without clusters (`reference`). Of the acceptable ones the largest is chosen that stands out
from the reference at least as clearly as every smaller acceptable one: cutting a true cluster in two can be
stable as well, but it lowers the excess over the reference, which is the principle of the gap statistic
(Tibshirani, Walther and Hastie 2001). Known limit: where true clusters exist, an unrelated predictor of two
equally frequent values may cut one of them once more, as its two peaks keep the excess about level.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.arrays import IntArray
from pipeline.disclosure import TextOf
from pipeline.phenotypes.assignment import Shapes, learn_shapes
from pipeline.phenotypes.clusterers import STARTS, Clusterer, NotClusteredError, Rows, sort_labels
from pipeline.phenotypes.separation import Separation, compare_with_reference
from pipeline.phenotypes.stability import Stability, estimate_stability
from pipeline.phrases import phrase
from pipeline.progress import progress

CHOSEN = phrase(
    "The least stable of {k} clusters by {clusterer} has a mean Jaccard similarity of {jaccard} over {resamples} "
    "resamples (at least {threshold} needed), and the silhouette is {silhouette}, above the {reference} that data "
    "without clusters reach."
)
TOO_FEW_PATIENTS = phrase(
    "No clusters were sought: two of at least {n} patients need more than the {patients} development patients, or "
    "k_max is below 2."
)


@dataclass(frozen=True)
class Rules:
    """What clusters must satisfy: k up to `k_max`, mean Jaccard of at least `threshold`, `smallest` patients."""

    k_max: int
    resamples: int
    threshold: float
    smallest: int
    seed: int


@dataclass(frozen=True)
class Tried:
    """One number of clusters and what became of it; None where the clusterer gave no such number.

    `rand` is the mean adjusted Rand index over resamples. `silhouette` is the simplified silhouette (0 to 1),
    `reference_quantile` what it had to exceed: the 99% quantile of data without clusters, and a margin. `excess` is the
    silhouette minus the reference's mean, `gap` the gap statistic with the standard error `gap_error`.
    `smallest_size` counts development patients, None also when fewer than permitted to be shown.
    """

    k: int
    accepted: bool
    reason: str
    smallest_jaccard: float | None = None
    mean_jaccard: float | None = None
    rand: float | None = None
    silhouette: float | None = None
    reference_quantile: float | None = None
    excess: float | None = None
    gap: float | None = None
    gap_error: float | None = None
    smallest_size: int | None = None


@dataclass(frozen=True)
class Choice:
    """The chosen k or None, why, each k tried, and the chosen clusters with their stability."""

    k: int | None
    reason: str
    tried: tuple[Tried, ...]
    shapes: Shapes | None
    stability: Stability | None


@dataclass(frozen=True)
class _Found:
    """The clusters of one k on the rows that are clustered."""

    labels: IntArray
    shapes: Shapes
    stability: Stability
    smallest_size: int


def choose_k(rows: Rows, clusterer: Clusterer, rules: Rules) -> Choice:
    """Try k = 2 to `rules.k_max` on the development patients."""
    ks = range(2, min(rules.k_max, len(rows) // max(rules.smallest, 2)) + 1)
    if not rows.blocks or not ks:
        return _refuse_to_try(len(rows), rules, bool(rows.blocks))
    used = rows.sample(clusterer.most_rows, rules.seed)
    few = used.sample(clusterer.reference_rows, rules.seed)
    found = {k: _find(rows, used, k, clusterer, rules) for k in progress(list(ks), "Numbers of clusters")}
    given = [k for k, one in found.items() if isinstance(one, _Found)]
    separation = compare_with_reference(few, given, clusterer, rules.seed)
    tried = _judge_all(found, separation, rules)
    k_chosen = max((t.k for t in tried if t.accepted), default=None)
    if k_chosen is None:
        return Choice(None, _explain_none(tried, clusterer), tried, None, None)
    chosen = found[k_chosen]
    assert isinstance(chosen, _Found)
    return Choice(k_chosen, _explain(k_chosen, tried, clusterer, rules), tried, chosen.shapes, chosen.stability)


def _find(everyone: Rows, rows: Rows, k: int, clusterer: Clusterer, rules: Rules) -> _Found | str:
    """The clusters, or why there are none."""
    try:
        labels = sort_labels(clusterer.fit(rows, k, rules.seed, STARTS), rows.X)
    except NotClusteredError as why:
        return str(why)
    if labels.max() < k:
        return phrase("the patients differ too little for {n} clusters").format(n=k)
    shapes = learn_shapes(rows.X, labels, round_clusters=clusterer.is_round)
    stability = estimate_stability(rows, labels, clusterer, rules.resamples, rules.seed)
    sizes = np.bincount(shapes.assign(everyone.X), minlength=k + 1)[1:]
    return _Found(labels, shapes, stability, int(sizes.min()))


def _judge_all(found: dict[int, _Found | str], separation: dict[int, Separation], rules: Rules) -> tuple[Tried, ...]:
    tried: list[Tried] = []
    clearest = -np.inf
    for k, one in found.items():
        if isinstance(one, str):
            tried.append(Tried(k, accepted=False, reason=one))
            continue
        entry = _judge(k, one, separation[k], rules)
        if entry.accepted and separation[k].excess < clearest:
            entry = replace(entry, accepted=False, reason=phrase("stands out less than fewer clusters do"))
        clearest = max(clearest, separation[k].excess) if entry.accepted else clearest
        tried.append(entry)
    return tuple(tried)


def _judge(k: int, found: _Found, separation: Separation, rules: Rules) -> Tried:
    weakest, size = float(found.stability.jaccard.min()), found.smallest_size
    unstable = phrase("a cluster is unstable (mean Jaccard {jaccard}, needs {threshold})")
    faults = {
        phrase("a cluster has fewer than {n} patients").format(n=rules.smallest): size < rules.smallest,
        unstable.format(jaccard=f"{weakest:.2f}", threshold=f"{rules.threshold:.2f}"): weakest < rules.threshold,
        phrase("separates no better than data without clusters"): separation.silhouette <= separation.quantile,
    }
    broken = [fault for fault, present in faults.items() if present]
    return Tried(
        k=k,
        smallest_jaccard=weakest,
        mean_jaccard=float(found.stability.jaccard.mean()),
        rand=found.stability.rand,
        silhouette=separation.silhouette,
        reference_quantile=separation.quantile,
        excess=separation.excess,
        gap=separation.gap,
        gap_error=separation.gap_error,
        smallest_size=None if size < rules.smallest else size,
        accepted=not broken,
        reason="; ".join(broken) or phrase("stable, large enough and better separated than chance"),
    )


def _refuse_to_try(patients: int, rules: Rules, varies: bool) -> Choice:
    reason = (
        TextOf(lambda patients: TOO_FEW_PATIENTS.format(n=max(rules.smallest, 2), patients=patients), patients)
        if varies
        else phrase("No clusters were sought: no predictor that has a weight varies among the development patients.")
    )
    return Choice(None, reason, (), None, None)


def _explain(k: int, tried: Sequence[Tried], clusterer: Clusterer, rules: Rules) -> str:
    chosen = next(t for t in tried if t.k == k)
    return CHOSEN.format(
        k=k,
        clusterer=clusterer.label,
        jaccard=f"{chosen.smallest_jaccard:.2f}",
        resamples=rules.resamples,
        threshold=f"{rules.threshold:.2f}",
        silhouette=f"{chosen.silhouette:.3f}",
        reference=f"{chosen.reference_quantile:.3f}",
    )


def _explain_none(tried: Sequence[Tried], clusterer: Clusterer) -> str:
    each = ". ".join(f"k = {t.k}: {t.reason}" for t in tried)
    return phrase("No stable clusters by {clusterer}: {tried}.").format(clusterer=clusterer.label, tried=each)
