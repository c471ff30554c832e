"""What further developments told, as tables: optimism, fewer patients, sites left out."""

from collections.abc import Mapping
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting import words
from pipeline.reporting.forests import Line
from pipeline.reporting.language import say
from pipeline.reporting.results import Results
from pipeline.reporting.tables import MEASURES, Rows, Table, make_table
from pipeline.reporting.words import numbers

LEARNT = {"auroc": phrase("AUROC"), "log_loss": phrase("Log-loss"), "calibration_slope": phrase("Calibration slope")}
ANOTHER_SITE = phrase("To expect in another site (prediction)")
DRAWN = 20
"""Of more sites than this, those with most patients are drawn; the table has them all."""


def tabulate_optimism(rows: Rows) -> Table | None:
    """How far the figures on the patients who taught the model flatter it."""
    cells = []
    for row in rows:
        label, digits = MEASURES[row["figure"]]
        optimism = numbers.estimate(row["optimism"], numbers.signed(digits))
        cells.append((say(label), _number(row["apparent"], digits), optimism, _number(row["corrected"], digits)))
    note = words.validation.note_optimism(min((row["resamples"] for row in rows), default=0))
    head = (say("Measure"), say("On those who taught it"), say("Optimism (95% interval)"), say("Corrected"))
    return make_table("optimism", say("Optimism by bootstrap"), head, cells, note) if rows else None


def _number(value: float | None, digits: int) -> str:
    return say(numbers.NOT_COMPUTED) if value is None else numbers.decimal(value, digits)


def trace(results: Results) -> list[dict[str, Any]]:
    """The learning curve, with the whole development last: as `learning_curve` has it, and `about`.

    In cross-validation each fold was taught by the patients of all other folds, so that `patients` is `about` right.
    """
    performance, patients = results.performance, results.model["development"]["patients"]
    curve = [{**row, "about": False} for row in performance["learning_curve"]]
    if not curve:
        return []
    folds = 0 if results.has_parts else results.split["fold_1"].nunique()
    taught = round(patients * (folds - 1) / folds) if folds else patients
    last = {key: performance["estimates"][key] for key in LEARNT}
    return [*curve, {"share": 1.0, "patients": taught, "about": bool(folds)} | last]


def tabulate_learning(rows: Rows) -> Table:
    """Figures by how many patients taught the model."""
    cells = [
        (
            numbers.bracket(words.validation.count_taught(row), numbers.percent(row["share"])),
            numbers.estimate(row["auroc"], numbers.decimals(3)),
            numbers.estimate(row["log_loss"], numbers.decimals(3)),
            numbers.estimate(row["calibration_slope"]),
        )
        for row in rows
    ]
    head = (say("Patients who taught the model"), *[say(name) for name in LEARNT.values()])
    caption, note = say(words.validation.LEARNING_TABLE), say(words.tables.INTERVALS)
    return make_table("learning-data", caption, head, cells, note)


def tabulate_sites(sites: Rows) -> Table:
    """Figures in each site, of a model that the other sites taught."""
    cells = [
        (
            site["site"],
            numbers.count(site["n"]),
            numbers.count(site["events"]),
            numbers.estimate(site["auroc"], numbers.decimals(3)),
            numbers.estimate(site["oe_ratio"]),
            numbers.estimate(site["calibration_slope"]),
        )
        for site in sites
    ]
    counts = (say("Site left out"), say("Patients"), say("Events"))
    head = (*counts, say("AUROC"), say("O:E ratio"), say("Calibration slope"))
    note = numbers.sentences([say(words.tables.INTERVALS), say(words.tables.SMALL)])
    return make_table("sites", say(words.validation.SITES_TABLE), head, cells, note)


def site_lines(sites: Rows, name: str, pooled: Mapping[str, Any] | None = None) -> list[Line]:
    """The lines of a forest plot of estimate `name` by site, and of the prediction for another site if there is one."""
    drawn = sites if len(sites) <= DRAWN else sorted(sites, key=lambda site: -(site["n"] or 0))[:DRAWN]
    lines = [Line(site["site"], site[name]["value"], site[name]["lo"], site[name]["hi"]) for site in drawn]
    if pooled is None or pooled["value"] is None:
        return lines
    return [*lines, Line(say(ANOTHER_SITE), pooled["value"], pooled["lo"], pooled["hi"])]
