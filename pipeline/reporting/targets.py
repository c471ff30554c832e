"""Further horizons or classes beside the outcome of the headline figures, as a table."""

from pipeline.phrases import phrase
from pipeline.reporting import words
from pipeline.reporting.language import say
from pipeline.reporting.tables import Rows, Table, make_table
from pipeline.reporting.words import numbers

FIGURES = {"auroc": 3, "brier": 3, "log_loss": 3, "calibration_slope": 2, "oe_ratio": 2}
HEAD = (phrase("AUROC"), phrase("Brier score"), phrase("Log-loss"), phrase("Calibration slope"), phrase("O:E ratio"))


def tabulate_targets(rows: Rows, *, classes: bool) -> Table:
    """One row per horizon or class, that of the headline figures first."""
    cells = [
        (
            say("{target} (headline)", target=row["target"]) if row is rows[0] else row["target"],
            numbers.count(row["events"]),
            *[numbers.estimate(row[key], numbers.decimals(digits)) for key, digits in FIGURES.items()],
        )
        for row in rows
    ]
    if classes:
        head, caption = (say("Class"), say("Patients")), say("Each class against all others")
    else:
        head, caption = (say("Horizon"), say("Events")), say("Further horizons")
    note = numbers.sentences([say(words.tables.INTERVALS), say(words.tables.SMALL)])
    return make_table("targets", caption, (*head, *[say(name) for name in HEAD]), cells, note)
