"""Calendar periods of index dates, each with enough patients to compare."""

import numpy as np
import pandas as pd

from pipeline.arrays import BoolArray, IntArray

UNITS = ("M", "Q", "Y")  # months, quarters, years
MOST = 8  # periods


def part_by_time(dates: pd.Series, least: int) -> dict[str, BoolArray]:
    """The records (n,) of each period, in order of time; a period has at least `least` of them.

    Months, or quarters or years where there would be more than `MOST`; neighbours are joined until each has enough. A
    record without a date is in none. There are no periods where there would be one alone.
    """
    known = dates.notna().to_numpy(bool)
    if not known.any():
        return {}
    units = [dates.dt.to_period(unit) for unit in UNITS]
    chosen = next((each for each in units if each.nunique() <= MOST), units[-1])
    names, code = np.unique(chosen[known].astype(str).to_numpy(str), return_inverse=True)
    runs = _join(np.bincount(code), max(least, int(known.sum()) // MOST))
    place = np.full(len(dates), -1)
    place[known] = code
    parts = {_name(names, first, last): (place >= first) & (place <= last) for first, last in runs}
    return parts if len(parts) > 1 else {}


def _join(counts: IntArray, least: int) -> list[tuple[int, int]]:
    """The first and the last of the periods joined, so that each has at least `least`; the rest join the last."""
    runs: list[tuple[int, int]] = []
    first, held = 0, 0
    for place, count in enumerate(counts):
        held += int(count)
        if held >= least:
            runs.append((first, place))
            first, held = place + 1, 0
    if first < len(counts):
        start = runs.pop()[0] if runs else 0
        runs.append((start, len(counts) - 1))
    return runs


def _name(names: "np.typing.NDArray[np.str_]", first: int, last: int) -> str:
    return str(names[first]) if first == last else f"{names[first]} to {names[last]}"
