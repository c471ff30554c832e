"""One series of counts whose sum is known: the audit in closed form.

Of hidden counts that sum to s, one alone is told, and each of several may be anything from 0 to s.
"""

from collections.abc import Sequence


def hide_in_series(counts: Sequence[int | None], total: int, smallest: int) -> list[int | None]:
    """Hide more of a series of which some counts are None and the sum is known to readers.

    Returned are the counts, with None for what is hidden: either none, or at least two that sum to `smallest`.
    A total less than what is shown counts something else, and tells a reader nothing about the hidden ones.
    """
    shown = [None if value is not None and value < smallest else value for value in counts]
    while None in shown and any(value is not None for value in shown):
        left = total - sum(value for value in shown if value is not None)
        if shown.count(None) > 1 and (left >= smallest or left < 0):
            break
        least = min(value for value in shown if value is not None)
        shown[shown.index(least)] = None
    return shown


def hide_in_bins(counts: Sequence[int], smallest: int) -> list[int | None]:
    """Counts in bins of what the model told, with each from 1 to `smallest` - 1 hidden (None); their sum is known.

    An empty bin says nothing of any patient and is shown, so a reader knows that a hidden one holds somebody: further
    counts, the smallest first, are hidden until at least two are and may each be `smallest` different numbers.
    """
    shown: list[int | None] = [None if 0 < count < smallest else count for count in counts]
    while None in shown and any(shown):
        hidden = [count for count, kept in zip(counts, shown, strict=True) if kept is None]
        if len(hidden) > 1 and sum(hidden) - len(hidden) >= smallest:
            break
        shown[shown.index(min(count for count in shown if count))] = None
    return shown
