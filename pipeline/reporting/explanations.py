"""How the factors are weighed, as tables: pairs, factors that go together, groups of patients, other candidates."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any

from pipeline.reporting import factors, figures, forests, words
from pipeline.reporting.figures import Figure
from pipeline.reporting.language import say
from pipeline.reporting.results import Plain, Results, read_records
from pipeline.reporting.tables import Row, Table, make_table
from pipeline.reporting.words import numbers

CURVES = {"modifiable": 12, "treatments": 12, "context": 6}
"""At most so many factors of each table get a curve; the most important come first."""
BARS = 12
TOP = 5
"""Factors named for each group of patients."""


def build_factors(results: Results) -> dict[str, Any]:
    """The three tables of factors with their figures, and what is said of the weights as a whole."""
    rows, constrained = read_records(results.risk_factors), results.model["constrained"]
    groups = factors.group_factors(rows, constrained)
    if results.performance.get("images"):
        groups["context"] = _note_findings(groups["context"])
    labels = {row["predictor"]: row["label"] for row in rows}
    tables = {key: {"group": group, "figures": _draw(group, results)} for key, group in groups.items()}
    directions = results.performance.get("directions")
    return tables | {
        "what_if": factors.tabulate_changes(groups["modifiable"].rows, labels),
        "warning": words.explanations.warn_of_directions(*factors.find_disagreements(rows)),
        "cost": words.explanations.say_cost(directions and directions["auroc"], len(constrained)),
        **_describe(results.explanation, labels),
    }


def _note_findings(group: factors.Group) -> factors.Group:
    """The factors of a table among which are findings of a network."""
    note = numbers.sentences([group.table.note, say(words.images.FINDINGS_NOTE)])
    return replace(group, table=replace(group.table, note=note))


def _describe(told: Plain, labels: Mapping[str, str]) -> dict[str, Any]:
    sample, said = told["sample"], words.explanations
    return {
        "says": [
            line
            for tell in (said.say_sample, said.say_parts, said.say_stability, said.say_sampled)
            if (line := tell(sample))
        ],
        "pairs": tabulate_pairs(told["interactions"], labels),
        "together": tabulate_together(told["correlated"], labels),
        "groups": tabulate_groups(told["groups"], labels),
        "others": tabulate_others(told["others"], labels),
    }


def tabulate_pairs(pairs: Sequence[Plain], labels: Mapping[str, str]) -> Table | None:
    """The pairs that the model reads together most."""
    rows = [
        (numbers.join([labels[row["first"]], labels[row["second"]]]), _shown(row, "strength", numbers.decimals(3)))
        for row in pairs
    ]
    caption, note = say("Pairs of factors that the model reads together"), say(words.explanations.PAIRS_NOTE)
    head = (say("Pair"), say("Strength (log-odds)"))
    return make_table("pairs", caption, head, rows, note, sorts=True) if rows else None


def tabulate_together(groups: Sequence[Plain], labels: Mapping[str, str]) -> Table | None:
    """Factors whose weights are to be read as a group."""
    rows = [
        (
            numbers.join([labels[name] for name in row["predictors"]]),
            _shown(row, "importance", numbers.decimal),
            numbers.decimal(row["apart"]),
        )
        for row in groups
    ]
    head, note = (say("Factors"), say("Weight as a group"), say("Apart")), say(words.explanations.TOGETHER_NOTE)
    return make_table("together", say("Factors that go together"), head, rows, note, sorts=True) if rows else None


def tabulate_groups(kinds: Mapping[str, Sequence[Plain]], labels: Mapping[str, str]) -> Table | None:
    """The factors of most weight in each subgroup and phenotype."""
    rows: list[Row] = []
    for kind, told in kinds.items():
        rows += [Row(words.names.say_kind(kind), group=True)] if told else []
        for group, found in groupby(told, key=lambda row: str(row["group"])):
            first = list(found)
            named = [f"{labels[row['predictor']]} {words.explanations.say_weight(row)}" for row in first[:TOP]]
            cells = numbers.count(first[0]["n"]), say(numbers.JOINT).join(named)
            rows.append(Row(words.names.say_group(kind, group), cells, inner=True))
    head, note = (say("Group"), say("Patients"), say("Factors of most weight")), say(words.explanations.GROUPS_NOTE)
    caption = say("What weighs most in which patients")
    return Table("by-group", caption, head, tuple(rows), note, prose=True) if rows else None


def tabulate_others(models: Sequence[Plain], labels: Mapping[str, str]) -> Table | None:
    """Weights of the factors in candidates that are not explained exactly."""
    if not models:
        return None
    weights = {model["label"]: {row["predictor"]: row for row in model["factors"]} for model in models}
    order = [row["predictor"] for row in models[0]["factors"]]
    rows = [(labels[name], *[_sampled(found[name]) for found in weights.values()]) for name in order]
    caption, note = say("Weights in candidates that are not deployed"), words.explanations.note_others(models)
    head = (say("Factor"), *[say(label) for label in weights])
    return make_table("other-candidates", caption, head, rows, note, sorts=True)


def _sampled(row: Plain) -> str:
    return f"{numbers.decimal(row['importance'])} \u00b1 {numbers.decimal(row['error'])}"


def _shown(row: Plain, name: str, show: numbers.Show) -> str:
    return numbers.estimate(numbers.from_columns(row, name), show)


def _draw(group: factors.Group, results: Results) -> list[Figure]:
    """Importance of several factors, then the curves of the most important."""
    made: list[Figure] = []
    if len(group.rows) > 1:
        lines = [forests.line_of(factors.name(row), row, "importance") for row in group.rows[:BARS]]
        key, measure = f"{group.key}-weight", say("Weight in the model (log-odds)")
        table = forests.table_of(key, measure, lines, 3)
        made.append(forests.forest(key, say(words.explanations.TITLES[group.key]), measure, lines, table, None))
    for number, row in enumerate(group.rows[: CURVES[group.key]], start=1):
        bins = results.factor_curves.get(row["predictor"])
        if bins:
            made.append(figures.factor_curve(f"{group.key}-curve-{number}", row, bins))
    return made
