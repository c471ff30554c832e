"""The data dictionary, from the schema alone."""

from typing import Any

from data_schemas.columns import (
    Classes,
    Cohort,
    Column,
    Kind,
    OneRow,
    Role,
    TimeToEvent,
)
from pipeline.reporting import words
from pipeline.reporting.language import say
from pipeline.reporting.tables import Table, make_table
from pipeline.reporting.words import numbers


def build_dictionary(cohort: type[Cohort], name: str) -> dict[str, Any]:
    """Everything the template of a data dictionary needs."""
    rules = [(str(check.name), numbers.text(check.description)) for check in cohort.to_schema().checks]
    head = (say("Rule"), say("Says"))
    return {
        "name": name,
        "study": cohort.study(),
        "study_facts": study_facts(cohort),
        "overview": _tabulate_columns(cohort),
        "roles": [(role, _describe_role(cohort, role)) for role in Role if cohort.with_role(role)],
        "rules": make_table("rules", say("Rules on each record"), head, rules, prose=True) if rules else None,
    }


def _tabulate_columns(cohort: type[Cohort]) -> Table:
    rows = [
        (
            name,
            column.label,
            say(words.dictionary.ROLES[column.role]),
            say(words.dictionary.KINDS[column.kind]),
            numbers.text(column.unit),
        )
        for name, column in cohort.columns().items()
    ]
    head = (say("Column"), say("Label"), say("Role"), say("Kind"), say("Unit"))
    return make_table("overview", say("Columns"), head, rows, sorts=True)


def study_facts(cohort: type[Cohort]) -> list[tuple[str, str]]:
    """The study as a whole, each fact with its name."""
    study = cohort.study()
    thresholds = numbers.join([numbers.percent(t) for t in study.thresholds])
    ceiling = words.dictionary.say_ceiling(study.auroc_ceiling, study.auroc_ceiling_source)
    subgroups = say(", ").join(cohort.columns()[g.column].label for g in study.subgroups)
    return [
        (say("Population"), study.population),
        (say("Intended use"), study.intended_use),
        (say("Outcome"), study.outcome.says),
        *_outcome_facts(cohort),
        (say("Source of the data"), study.source),
        (say("Licence"), study.licence),
        (say("Risks at which care would change"), thresholds or say("none declared")),
        (say("AUROC that suggests a leak"), ceiling),
        (say("Records per patient"), say("one") if isinstance(study.per_patient, OneRow) else say("one or more")),
        (say("Subgroups"), subgroups or say("none declared")),
    ]


def _outcome_facts(cohort: type[Cohort]) -> list[tuple[str, str]]:
    """How the outcome is defined; what does not apply is left out."""
    outcome = cohort.study().outcome
    if isinstance(outcome, TimeToEvent):
        further = numbers.join([f"{horizon:g} {outcome.unit}" for horizon in sorted(outcome.also_at)])
        found = {
            say("Defined by"): words.dictionary.define_event(outcome),
            say("Competing events"): numbers.join(outcome.competing),
            say("Further horizons"): further,
        }
    else:
        others = [label for label in cohort.columns()[outcome.column].labels if label != outcome.event]
        found = {
            say("Defined by"): words.dictionary.define_category(outcome.column, outcome.event),
            say("Other classes"): numbers.join(others) if isinstance(outcome, Classes) else "",
        }
    return [(what, said) for what, said in found.items() if said]


def _describe_role(cohort: type[Cohort], role: Role) -> list[dict[str, Any]]:
    return [
        {"name": name, "label": column.label, "facts": column_facts(column)}
        for name, column in cohort.with_role(role).items()
    ]


def column_facts(column: Column) -> list[tuple[str, str]]:
    """What the schema says of one column; what it does not say is left out."""
    found = {
        say("Kind"): words.dictionary.say_kind(column),
        say("Unit"): column.unit,
        say("Converted"): words.dictionary.say_conversion(column),
        say("Plausible range"): words.dictionary.say_range(column),
        say("Reference range"): column.reference and words.dictionary.say_reference(column.reference),
        say("Codes"): say(numbers.JOINT).join(f"{code} = {label}" for code, label in column.codes.items()),
        say("Date format"): column.date_format if column.kind == Kind.DATE else None,
        say("Factor class"): column.factor and say(words.dictionary.FACTORS[column.factor]),
        say("Expected direction"): column.expected and say(words.dictionary.WAYS[column.expected.direction]),
        say("Source of the direction"): column.expected and column.expected.source,
        say("Largest plausible change"): column.change and words.dictionary.say_change(column),
        say("Weight in phenotypes"): None if column.phenotype_weight is None else f"{column.phenotype_weight:g}",
        say("Not a predictor because"): column.excluded_because,
        **(words.dictionary.describe_images(column.image) if column.image else {}),
        say("Missing"): words.dictionary.say_missing(column),
        say("No trap here"): _say_acknowledged(column),
        say("Note"): column.note,
    }
    return [(what, said) for what, said in found.items() if said]


def _say_acknowledged(column: Column) -> str:
    return say(numbers.JOINT).join(
        say("{trap}: {why}", trap=say(trap), why=why) for trap, why in column.acknowledged.items()
    )
