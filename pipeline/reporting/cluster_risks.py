"""What phenotypes mean for the predicted risk, in the patients evaluated, as tables."""

from collections.abc import Mapping
from typing import Any

from pipeline.reporting import words
from pipeline.reporting.clusters import head_of
from pipeline.reporting.language import say
from pipeline.reporting.results import Results
from pipeline.reporting.tables import Rows, Table, make_table
from pipeline.reporting.words import numbers

COLUMN = words.names.PHENOTYPE


def read_risks(results: Results) -> list[dict[str, Any]]:
    """Each cluster's figures among the patients evaluated, with its name.

    Left out are those of clusters that `phenotypes.json` does not hold.
    """
    found = (results.performance.get("phenotypes") or {}).get("clusters") or ()
    known = {c["cluster"]: c for c in results.phenotypes["clusters"]}
    return [{**row, "name": words.names.say_name(known[row["cluster"]])} for row in found if row["cluster"] in known]


def tabulate_risks(rows: Rows) -> Table:
    """Calibration and discrimination inside each cluster."""
    cells = [
        (
            f"{row['cluster']}. {row['name']}",
            numbers.count(row["n"]),
            numbers.count(row["events"]),
            numbers.estimate(row["oe_ratio"]),
            numbers.estimate(row["auroc"], numbers.decimals(3)),
        )
        for row in rows
    ]
    head = (say(COLUMN), say("Patients"), say("Events"), say("O:E ratio"), say("AUROC"))
    caption, note = say("The risk model inside each phenotype"), words.phenotype_risks.note_risks()
    return make_table("phenotype-oe-data", caption, head, cells, note)


def tabulate_rates(rows: Rows, event: str) -> Table:
    """The observed outcome of each cluster."""
    cells = [(f"{row['cluster']}. {row['name']}", numbers.estimate(row["rate"], numbers.percent)) for row in rows]
    caption, head = say("Observed: {event}", event=event), (say(COLUMN), say("Share (95% interval)"))
    return make_table("phenotype-rates-data", caption, head, cells)


def tabulate_incidence(rows: Rows, unit: str) -> Table:
    """Cumulative incidence at each time, clusters side by side; a curve ends where few are left."""
    curves = [{point["time"]: point for point in row["incidence"]} for row in rows]
    cells = [
        (numbers.significant(time), *[_incidence(curve.get(time)) for curve in curves])
        for time in sorted({time for curve in curves for time in curve})
    ]
    note = say(words.phenotype_risks.INCIDENCE)
    head = (say("Time ({unit})", unit=unit), *head_of(rows))
    return make_table("phenotype-incidence-data", say("Cumulative incidence by phenotype"), head, cells, note)


def _incidence(point: Mapping[str, Any] | None) -> str:
    if point is None or point.get("value") is None:
        return numbers.NOTHING
    limits = numbers.interval(point, numbers.percent)
    share = numbers.percent(point["value"])
    return numbers.bracket(share, limits) if limits else share


def tabulate_addition(adds: Mapping[str, Any]) -> Table | None:
    """What membership adds to net benefit at each threshold, and to log-loss."""
    rows = [
        (
            say("Net benefit at {threshold}", threshold=numbers.percent(row["threshold"])),
            numbers.estimate(row["difference"], numbers.signed(3)),
        )
        for row in adds.get("net_benefit") or ()
    ]
    if adds.get("log_loss"):
        rows.append((say("Log-loss"), numbers.estimate(adds["log_loss"], numbers.signed(3))))
    note = words.phenotype_risks.note_addition(adds)
    caption = say("What membership adds to the risk model")
    head = (say("Measure"), say("Difference (95% interval)"))
    return make_table("phenotype-addition", caption, head, rows, note) if rows else None
