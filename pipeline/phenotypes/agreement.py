"""Whether another clusterer finds the same clusters in the same patients."""

from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.metrics import adjusted_rand_score

from pipeline.phenotypes.choice import Choice, Rules
from pipeline.phenotypes.clusterers import CLUSTERERS, STARTS, NotClusteredError, Rows, sort_labels
from pipeline.phenotypes.stability import estimate_stability
from pipeline.phrases import phrase


@dataclass(frozen=True)
class Agreement:
    """One further clusterer with as many clusters as are shown.

    `rand` is its adjusted Rand index with them, `smallest_jaccard` the stability of its weakest cluster; both None,
    with a `reason`, where it gives no such number of clusters.
    """

    clusterer: str
    label: str
    k: int | None
    rand: float | None
    smallest_jaccard: float | None
    reason: str | None


def compare_clusterers(rows: Rows, choice: Choice, names: Sequence[str], rules: Rules) -> tuple[Agreement, ...]:
    """Cluster the rows, or a sample of them, by each of `names`; nothing if none are chosen."""
    return tuple(_compare(rows, choice, name, rules) for name in names) if choice.shapes is not None else ()


def _compare(everyone: Rows, choice: Choice, name: str, rules: Rules) -> Agreement:
    assert choice.shapes is not None
    assert choice.k is not None
    clusterer = CLUSTERERS[name]
    rows = everyone.sample(clusterer.most_rows, rules.seed)
    try:
        labels = sort_labels(clusterer.fit(rows, choice.k, rules.seed, STARTS), rows.X)
    except NotClusteredError as why:
        return Agreement(name, clusterer.label, None, None, None, str(why))
    if labels.max() < choice.k:
        fewer = phrase("it gives {n} clusters, not {sought}").format(n=labels.max(), sought=choice.k)
        return Agreement(name, clusterer.label, None, None, None, fewer)
    stability = estimate_stability(rows, labels, clusterer, rules.resamples, rules.seed)
    rand = float(adjusted_rand_score(choice.shapes.assign(rows.X), labels))
    return Agreement(name, clusterer.label, choice.k, rand, float(stability.jaccard.min()), None)
