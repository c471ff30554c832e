"""Disclosure control: every published count and statistic of patients is asked about here first.

`hide_small_counts` looks at all tables that share margins at once; the others are its short forms: one series of
counts, a histogram, the levels of a column, one share. Numbers are asked about in `values`.
"""

from pipeline.disclosure.audit import hide_small_counts
from pipeline.disclosure.levels import COMPLEMENT, TOO_FEW, hide_among, may_tell, none_or_enough
from pipeline.disclosure.series import hide_in_bins, hide_in_series
from pipeline.disclosure.tables import hide_in_groups, hide_in_table
from pipeline.disclosure.values import OLDEST, is_age, pool_ages, quantile_of_several

__all__ = [
    "COMPLEMENT",
    "OLDEST",
    "TOO_FEW",
    "hide_among",
    "hide_in_bins",
    "hide_in_groups",
    "hide_in_series",
    "hide_in_table",
    "hide_small_counts",
    "is_age",
    "may_tell",
    "none_or_enough",
    "pool_ages",
    "quantile_of_several",
]
