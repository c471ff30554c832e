"""Disclosure control: every published count and statistic of patients is asked about here first.

`hide_small_counts` looks at all tables that share margins at once; the others are its short forms: one series of
counts, a histogram, the levels of a column, one share. Numbers are asked about in `values`. What remains is rounded by
`publish`, the gate to everything public.
"""

from pipeline.disclosure.audit import hide_small_counts
from pipeline.disclosure.characteristics import (
    DEVELOPMENT,
    TEST,
    WITH,
    WITHOUT,
    Groups,
    Kept,
    Records,
    count_levels,
    described_columns,
    group_patients,
    keep_secret,
)
from pipeline.disclosure.levels import COMPLEMENT, TOO_FEW, are_enough, hide_among, may_tell, none_or_enough
from pipeline.disclosure.publishing import publish, publish_table
from pipeline.disclosure.rounding import (
    NumberOf,
    Rest,
    TextOf,
    estimate_share,
    round_count,
    round_share,
    round_table,
    share,
)
from pipeline.disclosure.series import hide_in_bins, hide_in_series
from pipeline.disclosure.tables import hide_in_groups, hide_in_table, hide_within
from pipeline.disclosure.values import OLDEST, is_age, pool_ages, quantile_of_several

__all__ = [
    "COMPLEMENT",
    "DEVELOPMENT",
    "OLDEST",
    "TEST",
    "TOO_FEW",
    "WITH",
    "WITHOUT",
    "Groups",
    "Kept",
    "NumberOf",
    "Records",
    "Rest",
    "TextOf",
    "are_enough",
    "count_levels",
    "described_columns",
    "estimate_share",
    "group_patients",
    "hide_among",
    "hide_in_bins",
    "hide_in_groups",
    "hide_in_series",
    "hide_in_table",
    "hide_small_counts",
    "hide_within",
    "is_age",
    "keep_secret",
    "may_tell",
    "none_or_enough",
    "pool_ages",
    "publish",
    "publish_table",
    "quantile_of_several",
    "round_count",
    "round_share",
    "round_table",
    "share",
]
