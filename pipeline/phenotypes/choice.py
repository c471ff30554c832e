"""How many clusters the patients support, which may be none.

A number of clusters k is acceptable when every cluster is stable (Hennig 2007: mean Jaccard similarity over
bootstrap resamples), holds enough patients, and when the clusters stand further apart than k-means makes them
stand in data without clusters (`reference`). Of the acceptable ones the largest is chosen that stands out
from the reference at least as clearly as every smaller acceptable one: cutting a true cluster in two can be
stable as well, but it lowers the excess over the reference, which is the principle of the gap statistic
(Tibshirani, Walther and Hastie 2001). Known limit: where true clusters exist, an unrelated predictor of two
equally frequent values may cut one of them once more, as its two peaks keep the excess about level.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from pipeline.arrays import FloatArray
from pipeline.phenotypes.clusterers import assign, fit_kmeans, simplified_silhouette
from pipeline.phenotypes.reference import Reference
from pipeline.phenotypes.stability import Stability, estimate_stability
from pipeline.progress import progress

DRAWS = 59
"""Reference draws; the data must exceed the third largest of them, which by chance happens in 3 of 60."""
STARTS = 3
"""Random starts of k-means on reference data, and on the patients where they are compared with it."""
STABILITY_ROWS = 20_000
"""At most so many development patients fit the clusters and are resampled."""
REFERENCE_ROWS = 2_000
"""At most so many of them are compared with reference data."""


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
    """One number of clusters and what became of it.

    `silhouette` is the simplified silhouette (0 to 1), `reference_quantile` what it had to exceed: the 95%
    quantile for this k, simultaneous over all k tried. `excess` is the silhouette minus the reference's mean.
    `smallest_size` counts development patients, None when fewer than permitted to be shown.
    """

    k: int
    smallest_jaccard: float
    mean_jaccard: float
    silhouette: float
    reference_quantile: float
    excess: float
    smallest_size: int | None
    accepted: bool
    reason: str


@dataclass(frozen=True)
class Choice:
    """The chosen k or None, why, each k tried, and the chosen centres, shape (k, columns), with stability."""

    k: int | None
    reason: str
    tried: tuple[Tried, ...]
    centres: FloatArray | None
    stability: Stability | None


@dataclass(frozen=True)
class _Separation:
    """The silhouette of the patients and its reference, each of shape (k tried,)."""

    silhouette: FloatArray
    reference_quantile: FloatArray
    excess: FloatArray


def choose_k(X: FloatArray, blocks: Sequence[slice], rules: Rules) -> Choice:
    """Try k = 2 to `rules.k_max` on the matrix `X` (development patients, columns); `blocks` are its predictors."""
    ks = range(2, min(rules.k_max, len(X) // max(rules.smallest, 2)) + 1)
    if not blocks or not ks:
        return _refuse_to_try(X, rules, bool(blocks))
    rows = _subsample(X, STABILITY_ROWS, rules.seed)
    few = _subsample(rows, REFERENCE_ROWS, rules.seed)
    reference = Reference(few, blocks, np.random.default_rng(rules.seed))
    draws = [reference.draw() for _ in range(DRAWS)]
    centres, stability, silhouettes = {}, {}, []
    for k in progress(list(ks), "phenotypes: numbers of clusters"):
        centres[k] = fit_kmeans(rows, k, rules.seed)
        stability[k] = estimate_stability(rows, centres[k], rules.resamples, rules.seed)
        silhouettes.append([_separate(matrix, k, rules.seed) for matrix in [few, *draws]])
    separation = _compare(np.array(silhouettes))
    tried = _judge_all([_smallest_size(X, centres[k]) for k in ks], list(stability.values()), separation, rules)
    k_chosen = max((t.k for t in tried if t.accepted), default=None)
    if k_chosen is None:
        return Choice(None, _explain_none(tried), tried, None, None)
    return Choice(k_chosen, _explain(k_chosen, tried, rules), tried, centres[k_chosen], stability[k_chosen])


def _subsample(X: FloatArray, limit: int, seed: int) -> FloatArray:
    if len(X) <= limit:
        return X
    return X[np.sort(np.random.default_rng(seed).choice(len(X), limit, replace=False))]


def _separate(X: FloatArray, k: int, seed: int) -> float:
    return simplified_silhouette(X, fit_kmeans(X, k, seed, starts=STARTS))


def _smallest_size(X: FloatArray, centres: FloatArray) -> int:
    return int(np.bincount(assign(X, centres) - 1, minlength=len(centres)).min())


def _compare(silhouettes: FloatArray) -> _Separation:
    """Set the patients' silhouettes against the draws'; `silhouettes` has shape (k tried, 1 + draws).

    The quantile is simultaneous: draws are standardised for each k, and the 95% quantile is that of their
    largest value over k (Westfall and Young 1993, single step), so that trying many k finds no more by chance.
    """
    data, draws = silhouettes[:, 0], silhouettes[:, 1:]
    mean, spread = draws.mean(axis=1), draws.std(axis=1)
    highest = ((draws - mean[:, None]) / np.where(spread > 0, spread, 1.0)[:, None]).max(axis=0)
    critical = np.sort(highest)[int(np.ceil(0.95 * (len(highest) + 1))) - 1]
    return _Separation(data, mean + critical * spread, data - mean)


def _judge_all(
    sizes: Sequence[int], stability: Sequence[Stability], separation: _Separation, rules: Rules
) -> tuple[Tried, ...]:
    tried: list[Tried] = []
    clearest = -np.inf
    for i, (size, stable) in enumerate(zip(sizes, stability, strict=True)):
        entry = _judge(i, size, stable, separation, rules)
        if entry.accepted and entry.excess < clearest:
            entry = replace(entry, accepted=False, reason="stands out less than fewer clusters do")
        clearest = max(clearest, entry.excess) if entry.accepted else clearest
        tried.append(entry)
    return tuple(tried)


def _judge(i: int, size: int, stability: Stability, separation: _Separation, rules: Rules) -> Tried:
    silhouette, quantile = float(separation.silhouette[i]), float(separation.reference_quantile[i])
    weakest = float(stability.jaccard.min())
    faults = {
        f"a cluster has fewer than {rules.smallest} patients": size < rules.smallest,
        f"a cluster is unstable (mean Jaccard {weakest:.2f}, needs {rules.threshold:.2f})": weakest < rules.threshold,
        "separates no better than data without clusters": silhouette <= quantile,
    }
    found = [fault for fault, present in faults.items() if present]
    return Tried(
        k=i + 2,
        smallest_jaccard=weakest,
        mean_jaccard=float(stability.jaccard.mean()),
        silhouette=silhouette,
        reference_quantile=quantile,
        excess=float(separation.excess[i]),
        smallest_size=None if size < rules.smallest else size,
        accepted=not found,
        reason="; ".join(found) or "stable, large enough and better separated than chance",
    )


def _refuse_to_try(X: FloatArray, rules: Rules, varies: bool) -> Choice:
    reason = (
        f"No clusters were sought: two of at least {max(rules.smallest, 2)} patients need more "
        f"than the {len(X)} development patients, or k_max is below 2."
        if varies
        else "No clusters were sought: no predictor varies among the development patients."
    )
    return Choice(None, reason, (), None, None)


def _explain(k: int, tried: Sequence[Tried], rules: Rules) -> str:
    chosen = next(t for t in tried if t.k == k)
    return (
        f"{k} clusters: the least stable has a mean Jaccard similarity of {chosen.smallest_jaccard:.2f} over "
        f"{rules.resamples} resamples (at least {rules.threshold:.2f} needed), and the silhouette is "
        f"{chosen.silhouette:.2f}, above the {chosen.reference_quantile:.2f} that data without clusters reach."
    )


def _explain_none(tried: Sequence[Tried]) -> str:
    return "No stable clusters: " + ". ".join(f"k = {t.k}: {t.reason}" for t in tried) + "."
