"""What phenotypes mean for the predicted risk, in the patients evaluated, as tables."""

from collections.abc import Mapping
from typing import Any

from pipeline.reporting import words
from pipeline.reporting.clusters import head_of
from pipeline.reporting.results import Results
from pipeline.reporting.subgroups import protect_subgroups
from pipeline.reporting.tables import Rows, Table, make_table
from pipeline.reporting.words import numbers

COLUMN = "Phenotype"


def read_risks(results: Results) -> list[dict[str, Any]]:
    """Each cluster's figures among the patients evaluated, with its name; without counts that tell of few.

    Left out are those of clusters that `phenotypes.json` does not hold.
    """
    found = (results.performance.get("phenotypes") or {}).get("clusters") or ()
    known = {c["cluster"]: c for c in results.phenotypes["clusters"]}
    rows = [
        {**row, "name": known[row["cluster"]]["name"], "column": COLUMN, "level": str(row["cluster"])}
        for row in found
        if row["cluster"] in known
    ]
    hidden = {
        (COLUMN, row["level"]) for row in rows if _tells(known[row["cluster"]]["n"], row["n"], results.smallest_group)
    }
    shown = protect_subgroups({**results.performance, "subgroups": rows}, hidden, results.smallest_group)
    nothing = {"rate": {"value": None, "lo": None, "hi": None, "reason": words.phenotype_risks.TELLS}, "incidence": []}
    return [row if row["events"] is not None or row["rate"]["value"] is None else {**row, **nothing} for row in shown]


def _tells(everyone: int | None, evaluated: int | None, smallest: int) -> bool:
    """Whether those of a cluster who were not evaluated are few, and follow from both counts."""
    return everyone is not None and evaluated is not None and 0 < everyone - evaluated < smallest


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
    head = (COLUMN, "Patients", "Events", "O:E ratio", "AUROC")
    return make_table(
        "phenotype-oe-data", "The risk model inside each phenotype", head, cells, words.phenotype_risks.RISKS
    )


def tabulate_rates(rows: Rows, event: str) -> Table:
    """The observed outcome of each cluster."""
    cells = [(f"{row['cluster']}. {row['name']}", numbers.estimate(row["rate"], numbers.percent)) for row in rows]
    return make_table("phenotype-rates-data", f"Observed: {event}", (COLUMN, "Share (95% interval)"), cells)


def tabulate_incidence(rows: Rows, unit: str) -> Table:
    """Cumulative incidence at each time, clusters side by side; a curve ends where few are left."""
    curves = [{point["time"]: point for point in row["incidence"]} for row in rows]
    cells = [
        (numbers.significant(time), *[_incidence(curve.get(time)) for curve in curves])
        for time in sorted({time for curve in curves for time in curve})
    ]
    note = words.phenotype_risks.INCIDENCE
    head = (f"Time ({unit})", *head_of(rows))
    return make_table("phenotype-incidence-data", "Cumulative incidence by phenotype", head, cells, note)


def _incidence(point: Mapping[str, Any] | None) -> str:
    if point is None or point.get("value") is None:
        return numbers.NOTHING
    limits = numbers.interval(point, numbers.percent)
    return f"{numbers.percent(point['value'])} ({limits})" if limits else numbers.percent(point["value"])


def tabulate_addition(adds: Mapping[str, Any]) -> Table | None:
    """What membership adds to net benefit at each threshold, and to log-loss."""
    rows = [
        (f"Net benefit at {numbers.percent(row['threshold'])}", numbers.estimate(row["difference"], numbers.signed(3)))
        for row in adds.get("net_benefit") or ()
    ]
    if adds.get("log_loss"):
        rows.append(("Log-loss", numbers.estimate(adds["log_loss"], numbers.signed(3))))
    note = words.phenotype_risks.note_addition(adds)
    caption = "What membership adds to the risk model"
    head = ("Measure", "Difference (95% interval)")
    return make_table("phenotype-addition", caption, head, rows, note) if rows else None
