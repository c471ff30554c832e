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
from pipeline.reporting.tables import make_table
from pipeline.reporting.words import numbers


def build_dictionary(cohort: type[Cohort], name: str) -> dict[str, Any]:
    """Everything the template of a data dictionary needs."""
    columns = cohort.columns()
    overview = [(n, c.label, str(c.role), str(c.kind), numbers.text(c.unit)) for n, c in columns.items()]
    rules = [(str(check.name), numbers.text(check.description)) for check in cohort.to_schema().checks]
    return {
        "name": name,
        "study": cohort.study(),
        "study_facts": study_facts(cohort),
        "overview": make_table(
            "overview", "Columns", ("Column", "Label", "Role", "Kind", "Unit"), overview, sorts=True
        ),
        "roles": [(str(role), _describe_role(cohort, role)) for role in Role if cohort.with_role(role)],
        "rules": make_table("rules", "Rules on each record", ("Rule", "Says"), rules, prose=True) if rules else None,
    }


def study_facts(cohort: type[Cohort]) -> list[tuple[str, str]]:
    """The study as a whole, each fact with its name."""
    study = cohort.study()
    thresholds = numbers.join([numbers.percent(t) for t in study.thresholds])
    return [
        ("Population", study.population),
        ("Intended use", study.intended_use),
        ("Outcome", study.outcome.says),
        *_outcome_facts(cohort),
        ("Source of the data", study.source),
        ("Licence", study.licence),
        ("Risks at which care would change", thresholds or "none declared"),
        ("AUROC that suggests a leak", words.dictionary.say_ceiling(study.auroc_ceiling, study.auroc_ceiling_source)),
        ("Records per patient", "one" if isinstance(study.per_patient, OneRow) else "one or more"),
        ("Subgroups", ", ".join(cohort.columns()[g.column].label for g in study.subgroups) or "none declared"),
    ]


def _outcome_facts(cohort: type[Cohort]) -> list[tuple[str, str]]:
    """How the outcome is defined; what does not apply is left out."""
    outcome = cohort.study().outcome
    if isinstance(outcome, TimeToEvent):
        further = numbers.join([f"{horizon:g} {outcome.unit}" for horizon in sorted(outcome.also_at)])
        found = {
            "Defined by": words.dictionary.define_event(outcome),
            "Competing events": numbers.join(outcome.competing),
            "Further horizons": further,
        }
    else:
        others = [label for label in cohort.columns()[outcome.column].labels if label != outcome.event]
        found = {
            "Defined by": f"{outcome.column} is {outcome.event}",
            "Other classes": numbers.join(others) if isinstance(outcome, Classes) else "",
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
        "Kind": str(column.kind) + (", ordered" if column.ordered else ""),
        "Unit": column.unit,
        "Converted": words.dictionary.say_conversion(column),
        "Plausible range": words.dictionary.say_range(column),
        "Reference range": column.reference and words.dictionary.say_reference(column.reference),
        "Codes": "; ".join(f"{code} = {label}" for code, label in column.codes.items()),
        "Date format": column.date_format if column.kind == Kind.DATE else None,
        "Factor class": column.factor and str(column.factor),
        "Expected direction": column.expected and words.dictionary.WAYS[column.expected.direction],
        "Source of the direction": column.expected and column.expected.source,
        "Largest plausible change": column.change and words.dictionary.say_change(column),
        "Weight in phenotypes": None if column.phenotype_weight is None else f"{column.phenotype_weight:g}",
        "Not a predictor because": column.excluded_because,
        "Missing": words.dictionary.say_missing(column),
        "No trap here": "; ".join(f"{trap}: {why}" for trap, why in column.acknowledged.items()),
        "Note": column.note,
    }
    return [(what, said) for what, said in found.items() if said]
