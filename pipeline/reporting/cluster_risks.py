"""What phenotypes mean for the predicted risk, in the patients evaluated: tables, and sentences computed from them."""

from collections.abc import Mapping
from typing import Any

from pipeline.reporting import wording
from pipeline.reporting.clusters import head_of
from pipeline.reporting.results import Results
from pipeline.reporting.subgroups import protect_subgroups
from pipeline.reporting.tables import SMALL, Rows, Table, make_table

COLUMN = "Phenotype"
TELLS = "shown, it would tell of too few patients"


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
    nothing = {"rate": {"value": None, "lo": None, "hi": None, "reason": TELLS}, "incidence": []}
    return [row if row["events"] is not None or row["rate"]["value"] is None else {**row, **nothing} for row in shown]


def _tells(everyone: int | None, evaluated: int | None, smallest: int) -> bool:
    """Whether those of a cluster who were not evaluated are few, and follow from both counts."""
    return everyone is not None and evaluated is not None and 0 < everyone - evaluated < smallest


def tabulate_risks(rows: Rows) -> Table:
    """Calibration and discrimination inside each cluster."""
    cells = [
        (
            f"{row['cluster']}. {row['name']}",
            wording.count(row["n"]),
            wording.count(row["events"]),
            wording.estimate(row["oe_ratio"]),
            wording.estimate(row["auroc"], wording.decimals(3)),
        )
        for row in rows
    ]
    head = (COLUMN, "Patients", "Events", "O:E ratio", "AUROC")
    note = f"Patients evaluated. Each estimate with its 95% interval. {SMALL}"
    return make_table("phenotype-oe-data", "The risk model inside each phenotype", head, cells, note)


def say_ratios(rows: Rows) -> str:
    """In which clusters the interval of O:E leaves out 1, and how often chance alone would do that."""
    judged = [row for row in rows if wording.position(row["oe_ratio"]) != "unknown"]
    unknown = len(rows) - len(judged)
    if not judged:
        return "Whether the model is wrong for some phenotype cannot be said: no O:E ratio has an interval."
    off = [row for row in judged if wording.position(row["oe_ratio"]) != "around"]
    said = f"Of {wording.plural(len(rows), 'phenotype')}, {len(off) or 'none'} {'have' if len(off) > 1 else 'has'}"
    said += f" a 95% interval of the O:E ratio that leaves out 1{': ' + _list(off) if off else ''}."
    if unknown:
        said += f" For {unknown} there is no interval."
    return f"{said} {_say_chance(len(judged))}"


def _list(rows: Rows) -> str:
    what = {"below": "risks overstated", "above": "risks understated"}
    return wording.join(
        [
            f"phenotype {row['cluster']} with {wording.estimate(row['oe_ratio'])}, "
            f"{what[wording.position(row['oe_ratio'])]}"
            for row in rows
        ]
    )


def _say_chance(intervals: int) -> str:
    if intervals == 1:
        return "An interval leaves out a true 1 by chance alone once in 20 times."
    missed = wording.percent(1 - 0.95**intervals)
    return (
        f"Where the model is right in all, one or more of {intervals} intervals leaves out 1 by chance alone with a "
        f"probability of about {missed}."
    )


def tabulate_rates(rows: Rows, event: str) -> Table:
    """The observed outcome of each cluster."""
    cells = [(f"{row['cluster']}. {row['name']}", wording.estimate(row["rate"], wording.percent)) for row in rows]
    return make_table("phenotype-rates-data", f"Observed: {event}", (COLUMN, "Share (95% interval)"), cells)


def tabulate_incidence(rows: Rows, unit: str) -> Table:
    """Cumulative incidence at each time, clusters side by side; a curve ends where few are left."""
    curves = [{point["time"]: point for point in row["incidence"]} for row in rows]
    cells = [
        (wording.significant(time), *[_incidence(curve.get(time)) for curve in curves])
        for time in sorted({time for curve in curves for time in curve})
    ]
    note = "Share with the event by then, with its 95% interval. A dash: too few patients were left to show it."
    head = (f"Time ({unit})", *head_of(rows))
    return make_table("phenotype-incidence-data", "Cumulative incidence by phenotype", head, cells, note)


def _incidence(point: Mapping[str, Any] | None) -> str:
    if point is None or point.get("value") is None:
        return wording.NOTHING
    limits = wording.interval(point, wording.percent)
    return f"{wording.percent(point['value'])} ({limits})" if limits else wording.percent(point["value"])


def say_addition(adds: Mapping[str, Any]) -> str:
    """Whether membership adds to the risk model, or why that was not tested."""
    if adds.get("reason"):
        return wording.sentence(f"whether they add to the risk model was not tested: {adds['reason']}")
    return wording.sentence(adds["says"])


def tabulate_addition(adds: Mapping[str, Any]) -> Table | None:
    """What membership adds to net benefit at each threshold, and to log-loss."""
    rows = [
        (f"Net benefit at {wording.percent(row['threshold'])}", wording.estimate(row["difference"], wording.signed(3)))
        for row in adds.get("net_benefit") or ()
    ]
    if adds.get("log_loss"):
        rows.append(("Log-loss", wording.estimate(adds["log_loss"], wording.signed(3))))
    note = (
        "The model with membership less the same model recalibrated without, on patients that neither was fitted to: "
        f"membership does better where net benefit is above 0, and where log-loss is below.{_say_test(adds)}"
    )
    caption = "What membership adds to the risk model"
    head = ("Measure", "Difference (95% interval)")
    return make_table("phenotype-addition", caption, head, rows, note) if rows else None


def _say_test(adds: Mapping[str, Any]) -> str:
    if adds.get("statistic") is None or adds.get("p") is None:
        return ""
    degrees = wording.plural(int(adds["degrees"]), "degree")
    return (
        f" Test that membership adds nothing: chi-square {wording.decimal(adds['statistic'])} with {degrees} of "
        f"freedom, P {wording.p_value(adds['p'])}."
    )
