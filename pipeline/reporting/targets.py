"""Further horizons or classes beside the outcome of the headline figures, as a table."""

from typing import Any

from pipeline.disclosure import hide_in_series
from pipeline.reporting import words
from pipeline.reporting.tables import Rows, Table, make_table
from pipeline.reporting.words import numbers

FIGURES = {"auroc": 3, "brier": 3, "log_loss": 3, "calibration_slope": 2, "oe_ratio": 2}
HEAD = ("AUROC", "Brier score", "Log-loss", "Calibration slope", "O:E ratio")


def protect_classes(rows: Rows, n: int, hidden: frozenset[str], smallest: int) -> list[dict[str, Any]]:
    """The classes with the counts hidden that would tell of few: they add up to the `n` patients evaluated.

    The first is that of the headline figures, whose count is told elsewhere. `hidden` are the classes of which Table 1
    hides the count among the same patients.
    """
    first, *others = rows
    counts = [None if row["target"] in hidden else row["events"] for row in others]
    kept = hide_in_series(counts, n - first["events"], smallest) if first["events"] is not None else counts
    return [dict(first), *[{**row, "events": events} for row, events in zip(others, kept, strict=True)]]


def protect_horizons(rows: Rows, smallest: int) -> list[dict[str, Any]]:
    """The horizons with counts hidden that differ by few: who had the event by one had it by all later ones.

    The first is that of the headline figures, whose count is told elsewhere.
    """
    shown: list[int] = []
    made = []
    for row in rows:
        events = row["events"]
        if events is not None and any(abs(events - other) < smallest for other in shown):
            events = None
        shown += [] if events is None else [events]
        made.append({**row, "events": events})
    return made


def tabulate_targets(rows: Rows, *, classes: bool) -> Table:
    """One row per horizon or class, that of the headline figures first."""
    cells = [
        (
            f"{row['target']} (headline)" if row is rows[0] else row["target"],
            numbers.count(row["events"]),
            *[numbers.estimate(row[key], numbers.decimals(digits)) for key, digits in FIGURES.items()],
        )
        for row in rows
    ]
    if classes:
        head, caption = ("Class", "Patients"), "Each class against all others"
    else:
        head, caption = ("Horizon", "Events"), "Further horizons"
    return make_table("targets", caption, (*head, *HEAD), cells, f"{words.tables.INTERVALS} {words.tables.SMALL}")
