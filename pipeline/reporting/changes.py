"""What changed since the last release, as tables: figures on the same patients, gates, and drift."""

from collections.abc import Mapping
from math import log
from typing import Any

from pipeline.reporting.language import say
from pipeline.reporting.results import Plain
from pipeline.reporting.tables import Table, make_table
from pipeline.reporting.words import changes as said
from pipeline.reporting.words import numbers

DIGITS = {"auroc": 3, "brier": 3, "oe_ratio": 2, "calibration_slope": 2}
SHOWN = 12  # figures of drift
RATIOS = {"unit_low", "unit_middle", "unit_high", "oe", "intercept"}


def build_changes(changes: Plain) -> dict[str, Any]:
    """Sentences and tables of the section; `changes` is what a run found, empty where nothing was compared.

    It has `champion`, the name of the last release or None, `gates`, `comparison` and `drift`.
    """
    if not changes:
        return {"says": [say(said.NOTHING_COMPARED)], "tables": []}
    gates = _tabulate_gates(changes["gates"])
    if changes["champion"] is None:
        return {"says": [say(said.FIRST)], "tables": [gates]}
    comparison, drift = changes["comparison"], changes["drift"]
    says, tables = [said.say_compared(changes["champion"], comparison)], []
    if not comparison.get("reason"):
        says += [said.say_agreement(comparison["agreement"]), said.say_worst(comparison["worst_subgroup"])]
        tables.append(_tabulate_figures(comparison))
    tables.append(gates)
    tables += [_tabulate_drift(who, drift[who]) for who in said.DRIFT if drift.get(who, {}).get("figures")]
    return {"says": says, "tables": tables}


def _tabulate_figures(comparison: Plain) -> Table:
    """Figures of both, and what the new one has more, where that was computed."""
    rows = []
    for name, digits in DIGITS.items():
        before, now = (comparison["figures"][which][name] for which in ("champion", "challenger"))
        more = comparison["differences"].get(name)
        show, signed = numbers.decimals(digits), numbers.signed(digits)
        difference = numbers.estimate(more, signed) if more else numbers.NOTHING
        rows.append((say(said.FIGURES[name]), *[numbers.estimate(e, show) for e in (before, now)], difference))
    for name, more in comparison["differences"].items():
        if name.startswith("net_benefit_at_"):
            threshold = numbers.percent(float(name.rpartition("_")[2]))
            label = say("Net benefit at {threshold}", threshold=threshold)
            rows.append((label, numbers.NOTHING, numbers.NOTHING, numbers.estimate(more, numbers.signed(3))))
    head = (say("Figure"), say("Last release"), say("This model"), say("Difference (95% interval)"))
    return make_table("since-release", say(said.CAPTION), head, rows, say(said.SAME))


def _tabulate_gates(gates: Any) -> Table:
    rows = [(numbers.told(gate, "gate"), said.name_level(gate), numbers.told(gate, "sentence")) for gate in gates]
    head = (say("Gate"), say("Result"), say("Finding"))
    return make_table("gates", say(said.GATES), head, rows, prose=True)


def _tabulate_drift(who: str, drift: Plain) -> Table:
    known = [figure for figure in drift["figures"] if figure["value"] is not None]
    nearest = sorted(known, key=lambda figure: (not figure["beyond"], -_reach(figure)))[:SHOWN]
    rows = [
        (
            _name(figure),
            numbers.estimate(figure, numbers.decimal),
            numbers.significant(figure["bound"]),
            say("Beyond") if figure["beyond"] else say("Within"),
        )
        for figure in nearest
    ]
    head = (say("Figure"), say("Value (interval)"), say("Bound"), say("Result"))
    return make_table(f"drift-{who}", say(said.DRIFT[who]), head, rows, say(said.BEYOND))


def _name(figure: Mapping[str, Any]) -> str:
    """What is measured, and of which column or patients unless it is of all."""
    kind = said.name_kind(figure)
    place = [part for part in (figure["column"], figure["group"], figure["level"], figure["period"]) if part]
    return numbers.bracket(kind, say(": ").join(place)) if place else kind


def _reach(figure: Mapping[str, Any]) -> float:
    """How far towards its bound a figure goes: 1 at the bound."""
    value, bound = figure["value"], figure["bound"]
    if figure["kind"] in RATIOS:
        return abs(log(value)) / log(bound) if value > 0 else 0.0
    return float(abs(value) / bound if figure["kind"] != "classifier" else (value - 0.5) / (bound - 0.5))
