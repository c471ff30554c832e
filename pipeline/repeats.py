"""Records that repeat another one."""

from collections.abc import Sequence

import numpy as np
import pandas as pd


def repeat_groups(frame: pd.DataFrame, columns: Sequence[str]) -> pd.Series:
    """A group number for each record that is equal to another in all `columns`; the index holds those records.

    Missing values are equal to each other. The columns are looked at one by one and only what still repeats goes
    on, so that a table without repeats costs little more than its most telling column.
    """
    groups = pd.Series(0, index=frame.index, dtype="int64")
    for name in sorted(columns, key=lambda name: -len(set(frame[name].head(1000)))):
        if groups.empty:
            break
        groups = narrow_repeats(groups, frame[name])
    return groups


def narrow_repeats(groups: pd.Series, column: pd.Series) -> pd.Series:
    """What is left of `groups` of equal records, by index, where they must be equal in `column` too."""
    codes = pd.factorize(column.loc[groups.index], use_na_sentinel=True)[0]
    finer = pd.factorize(groups.to_numpy() * (codes.max(initial=-1) + 2) + codes + 1)[0]
    again = np.bincount(finer, minlength=1)[finer] > 1
    return pd.Series(finer[again], index=groups.index[again], dtype="int64")
