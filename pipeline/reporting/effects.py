"""What the section on a treatment's effect shows: tables and figures of `treatment_effect.json`, part by part."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting import effect_figures, words
from pipeline.reporting.figures import Figure
from pipeline.reporting.language import say
from pipeline.reporting.results import Plain
from pipeline.reporting.tables import Rows, Table, make_table
from pipeline.reporting.words import numbers
from pipeline.reporting.words.effect_terms import (
    ARMS,
    GROUPS,
    HEADINGS,
    MEASURE,
    NEEDED,
    TITLE,
    Columns,
    list_facts,
    name_column,
    name_level,
    say_caption,
    show_described,
    show_difference,
    show_needed,
    show_share,
)

COMPARED: Mapping[str, str] = {
    "risk_treated": phrase("Risk, treated arm"),
    "risk_control": phrase("Risk, control arm"),
    "difference": phrase("Difference, percentage points"),
    "ratio": phrase("Ratio of risks"),
}
COUNTED = phrase("Patients, treated and control")


def build_effect(columns: Columns, outcome: str, effect: Plain) -> dict[str, Any] | None:
    """The section, or None where no effect is declared and `effect` is empty; `outcome` is the event in words.

    `parts` maps the name of a part to its `title`, `says`, `items`, `tables` and `figures`; a part that the design
    has no use for is left out.
    """
    if not effect:
        return None
    parts = {
        "assumptions": _part(items=words.effects.list_assumptions(effect)),
        "adjustment": _adjustment(columns, effect),
        "comparison": _comparison(effect),
        "overlap": _overlap(effect["overlap"]) if effect["overlap"] else None,
        "balance": _balance(columns, effect) if effect["balance"] else None,
        "sensitivity": _part(words.effects.say_sensitivity(effect["sensitivity"])) if effect["sensitivity"] else None,
        "by_risk": _by_risk(effect) if effect["adjust"] else None,
        "by_benefit": _by_benefit(effect["by_benefit"]) if effect["adjust"] else None,
    }
    return {
        "title": say(TITLE),
        "caution": words.effects.say_caution(effect["design"]),
        "question": words.effects.say_question(columns, outcome, effect),
        "result": words.effects.say_result(outcome, effect),
        "facts": list_facts(columns, outcome, effect),
        "parts": {key: {"title": say(HEADINGS[key]), **part} for key, part in parts.items() if part},
    }


def _part(
    *says: str | None,
    items: Sequence[str] = (),
    tables: Sequence[Table] = (),
    figures: Sequence[Figure | None] = (),
) -> dict[str, Any]:
    """What a part shows; sentences and figures that there are none of are left out."""
    return {
        "says": [sentence for sentence in says if sentence],
        "items": list(items),
        "tables": list(tables),
        "figures": [figure for figure in figures if figure],
    }


def _adjustment(columns: Columns, effect: Plain) -> dict[str, Any]:
    rows = [(name_column(columns, name), why) for name, why in effect["adjust"].items()]
    head = (say("Column"), say("Declared reason"))
    table = make_table("effect-adjustment", say_caption("adjustment"), head, rows, prose=True)
    return _part(words.effects.say_adjustment(effect), tables=[table] if rows else ())


def _comparison(effect: Plain) -> dict[str, Any]:
    """Both comparisons side by side; where nothing is adjusted for, the one there is."""
    told, caption = (("naive", "adjusted"), "comparison") if effect["adjust"] else (("naive",), "alone")
    rows = [(say(label), *[_show(key, effect[name][key]) for name in told]) for key, label in COMPARED.items()]
    rows.append((say(NEEDED), *[_needed(effect, name) for name in told]))
    head = ("", say("Without adjustment"), say("Adjusted"))[: 1 + len(told)]
    note = words.effects.note_comparison(effect)
    return _part(
        words.effects.say_agreement(effect) if effect["adjust"] else None,
        tables=[make_table("effect-comparison", say_caption(caption), head, rows, note)],
        figures=[effect_figures.draw_forest_figure(effect, _tabulate_forest(effect))] if effect["adjust"] else (),
    )


def _show(name: str, estimate: numbers.Estimate) -> str:
    if name == "difference":
        return show_difference(estimate)
    return numbers.estimate(estimate, numbers.decimal if name == "ratio" else show_share)


def _needed(effect: Plain, name: str) -> str:
    if name == "naive" and effect["design"] != "randomised":
        return say("not given: treatment was chosen")
    return show_needed(effect[name]["difference"])


def _tabulate_forest(effect: Plain) -> Table:
    """The same lines as in the figure, and those without a value with the reason."""
    compared = [effect["naive"], effect["adjusted"], *effect["by_risk"]["groups"]]
    labels = [line.label for line in effect_figures.forest_lines(effect) if not line.group]
    rows = [(label, show_difference(one["difference"])) for label, one in zip(labels, compared, strict=True)]
    head = ("", say(MEASURE))
    return make_table("effect-forest-data", say_caption("forest"), head, rows, say(words.tables.INTERVALS))


def _overlap(overlap: Plain) -> dict[str, Any]:
    bins, said = overlap["bins"], words.effect_parts.say_overlap(overlap)
    if not bins:
        return _part(said, say(words.effect_parts.NO_BINS))
    rows = [(_span(row), *[numbers.count(row[arm]) for arm in ARMS]) for row in bins]
    head = (say("Probability of treatment"), say("Treated arm"), say("Control arm"))
    note = say(words.effect_parts.OVERLAP_NOTE)
    table = make_table("effect-overlap-data", say_caption("overlap"), head, rows, note)
    gone = [say(words.effect_parts.LEFT_OUT[arm]) for arm in ARMS if not overlap["drawn"][arm]]
    return _part(said, *gone, figures=[effect_figures.draw_overlap_figure(overlap, table)])


def _span(row: Mapping[str, Any]) -> str:
    return say("{low} to {high}", low=numbers.percent(row["lo"]), high=numbers.percent(row["hi"]))


def _balance(columns: Columns, effect: Plain) -> dict[str, Any]:
    """Before and after weighting; once where treatment was drawn by lot, so that nobody is weighted."""
    whens = ("before",) if effect["design"] == "randomised" else ("before", "after")
    rows = [
        (name_level(columns, row), *[show_described(row[when], numbers.signed(2)) for when in whens])
        for row in effect["balance"]
    ]
    shown = (say("Difference"),) if len(whens) == 1 else (say("Before weighting"), say("After"))
    head, note = (say("Characteristic"), *shown), say(words.effect_parts.BALANCE_NOTE)
    table = make_table("effect-balance-data", say_caption("balance"), head, rows, note)
    figure = effect_figures.draw_balance_figure(columns, effect, table)
    return _part(words.effect_parts.say_balance(columns, effect), figures=[figure], tables=[] if figure else [table])


def _by_risk(effect: Plain) -> dict[str, Any]:
    found = effect["by_risk"]
    groups = found["groups"]
    why = words.effect_parts.say_groups("by_risk", len(groups), found["reason"])
    if not groups:
        return _part(why)
    rows = [
        (say(name), show_described(group["mean"], show_share), _count(group), *[_show(k, group[k]) for k in COMPARED])
        for name, group in zip(GROUPS[len(groups)], groups, strict=True)
    ]
    head = (say("Predicted risk"), say("Mean"), say(COUNTED), *map(say, COMPARED.values()))
    note = _note(words.effect_parts.BY_RISK_NOTE, groups)
    table = make_table("effect-by-risk", say_caption("by_risk"), head, rows, note)
    return _part(words.effect_parts.say_by_risk(effect), why, tables=[table])


def _by_benefit(found: Plain) -> dict[str, Any]:
    groups, slope = found["groups"], words.effect_parts.say_slope(found["slope"])
    why = words.effect_parts.say_groups("by_benefit", len(groups), found["reason"])
    if not groups:
        return _part(slope, why)
    rows = [
        (
            say(name),
            _count(group),
            show_described(group["predicted"], numbers.points),
            show_difference(group["difference"]),
        )
        for name, group in zip(GROUPS[len(groups)], groups, strict=True)
    ]
    head = (
        say("Predicted difference"),
        say(COUNTED),
        say("Predicted, percentage points"),
        say("Observed, percentage points"),
    )
    note = _note(words.effect_parts.BENEFIT_NOTE, groups)
    table = make_table("effect-benefit-data", say_caption("benefit"), head, rows, note)
    figure = effect_figures.draw_benefit_figure(groups, table)
    return _part(slope, why, figures=[figure], tables=[] if figure else [table])


def _count(group: Mapping[str, Any]) -> str:
    patients = group["patients"]
    if patients is None:
        return numbers.count(None)
    treated, control = (numbers.count(patients[arm]) for arm in ARMS)
    return say("{treated} and {control}", treated=treated, control=control)


def _note(note: str, groups: Rows) -> str:
    hidden = any(group["patients"] is None for group in groups)
    return numbers.sentences([say(note), say(words.tables.SMALL)] if hidden else [say(note)])
