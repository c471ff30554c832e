"""Which predictors matter for whom: importance in subgroups and phenotypes."""

import pandas as pd

from pipeline.disclosure import hide_in_series
from pipeline.explanation.explained import Explained
from pipeline.explanation.intervals import spread

COLUMNS = ["group", "n", "predictor", "importance", "importance_lo", "importance_hi", "rank", "contribution"]


def importance_by_group(explained: Explained, labels: "pd.Series[str]", smallest: int) -> pd.DataFrame:
    """One row per group and predictor, most important first: `group`, `n`, `predictor`, `importance` and so on.

    `labels` (n,), in the order of the explained patients, are missing for those of no group. `importance` is the mean
    absolute contribution in log-odds, with its 2.5% and 97.5% quantiles over refits, `rank` its place in the group,
    `contribution` the mean contribution: how far the predictor moves the group as a whole. Groups are in the order of
    a Categorical's categories, or else of the alphabet. A group of fewer than `smallest` patients is left out, and so
    is the next smallest, until those left out are none or at least two and `smallest` patients, with those of no group
    as one more: what is shown for all would else give it away.
    """
    contributions = explained.attributions.contributions
    assert len(labels) == len(contributions)
    counts = pd.Series(labels.array).value_counts(sort=False)
    counts = counts[counts > 0].sort_index()
    rows = []
    for group in _shown(counts, int(labels.isna().sum()), smallest):
        members = (labels == group).fillna(False).to_numpy(bool)
        part, importance = contributions[members], contributions[members].abs().mean()
        again = [refit[members].abs().mean() for refit in explained.contributions_again()]
        low, high = spread(again)
        rank = importance.rank(ascending=False, method="first").astype(int)
        limits = {"importance": importance, "importance_lo": low, "importance_hi": high}
        table = pd.DataFrame(limits | {"rank": rank, "contribution": part.mean()})
        table = table.rename_axis("predictor").reset_index().sort_values("rank")
        rows.append(table.assign(group=str(group), n=len(part))[COLUMNS])
    return pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=COLUMNS)


def _shown(counts: "pd.Series[int]", nowhere: int, smallest: int) -> pd.Index:
    """The groups that may be shown; patients of none count as one more."""
    sizes = [*counts.tolist(), *([nowhere] if nowhere else [])]
    kept = hide_in_series(sizes, sum(sizes), smallest)[: len(counts)]
    return counts.index[[size is not None for size in kept]]
