"""Disclosure control: every published count and statistic of patients is asked about here first.

`hide_small_counts` looks at all tables that share margins at once; the others are its short forms: one series of
counts, a histogram, the levels of a column, one share.
"""

from pipeline.disclosure.audit import hide_small_counts
from pipeline.disclosure.levels import COMPLEMENT, TOO_FEW, hide_among, may_tell, none_or_enough
from pipeline.disclosure.series import hide_in_bins, hide_in_series
from pipeline.disclosure.tables import hide_in_groups, hide_in_table

__all__ = [
    "COMPLEMENT",
    "TOO_FEW",
    "hide_among",
    "hide_in_bins",
    "hide_in_groups",
    "hide_in_series",
    "hide_in_table",
    "hide_small_counts",
    "may_tell",
    "none_or_enough",
]
