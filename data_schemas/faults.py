"""What in a cohort's declaration contradicts itself, found before any record is read."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from math import inf

from data_schemas.effect_faults import find_effect_faults
from data_schemas.image_faults import find_image_faults
from data_schemas.outcomes import Classes, TimeToEvent
from data_schemas.vocabulary import (
    MAY_BE_ACKNOWLEDGED,
    SEVERITIES,
    Column,
    EventShare,
    FactorClass,
    Kind,
    Role,
    Severity,
    Study,
    Visits,
)

Columns = Mapping[str, Column]
RESERVED = {
    "study", "columns", "with_role", "predictors", "identifier", "index_date", "derive", "severity", "faults",
    "findings", "described", "unconfirmed", "pseudonym", "broken_rule", "rule_column",
}  # fmt: skip
SOME_DAY = date(2001, 11, 22)  # day, month and year differ, whatever the format leaves out


def find_faults(columns: Columns, study: Study) -> list[str]:
    """Each contradiction as a sentence, in declared order; empty if there is none."""
    identifiers = sum(column.role == Role.IDENTIFIER for column in columns.values())
    found = [] if identifiers == 1 else [f"{identifiers} columns are identifiers, expected one"]
    if not any(column.role in (Role.PREDICTOR, Role.IMAGE) for column in columns.values()):
        found.append("no column is a predictor")
    if (sites := sum(column.role == Role.SITE for column in columns.values())) > 1:
        found.append(f"{sites} columns are sites, expected at most one")
    for name, column in columns.items():
        found += [f"{name} {fault}" for check in CHECKS for fault in check(column, columns)]
    return found + find_image_faults(columns) + _outcome_faults(study, columns) + _study_faults(study, columns)


def find_taken_names(cohort: type) -> list[str]:
    """A fault if columns have names that the class of every cohort, or the pipeline, uses itself."""
    taken = sorted(RESERVED & set(vars(cohort).get("__annotations__", {})))
    return [f"{', '.join(taken)}: this name is taken; rename the column in the source and here"] if taken else []


def _role_faults(column: Column, _: Columns) -> list[str]:
    found = []
    if column.role == Role.PREDICTOR and column.factor is None:
        found.append("is a predictor without a factor class")
    if column.role == Role.PREDICTOR and not (column.numeric or column.kind == Kind.CATEGORY):
        found.append(f"is a predictor of kind {column.kind}, expected a measurement or a category")
    if column.role == Role.EXCLUDED and not column.excluded_because:
        found.append("is excluded without a reason")
    if column.role in (Role.OUTCOME, Role.INDEX_DATE) and column.missing_allowed:
        found.append(f"is the {column.role} and may not be missing")
    if column.role in (Role.IDENTIFIER, Role.SITE) and column.missing_allowed:
        found.append(f"is the {column.role} and may not be missing")
    weight = column.phenotype_weight
    if weight is not None and (column.role != Role.PREDICTOR or not 0 <= weight < float("inf")):
        found.append("has a phenotype weight below 0 or infinite, or has one without being a predictor")
    return found


def _change_faults(column: Column, _: Columns) -> list[str]:
    found = []
    if (column.factor == FactorClass.MODIFIABLE) != (column.change is not None):
        found.append("is modifiable without a change, or has a change without being modifiable")
    if column.change and not column.numeric:
        found.append("is modifiable without being a number, so that no step can be tried")
    if column.change and (column.change.step == 0 or column.change.bounds[0] >= column.change.bounds[1]):
        found.append("has a change with step 0 or reversed bounds")
    if column.change and column.expected and column.change.step * column.expected.direction > 0:
        found.append("has a change in the direction in which risk is expected to rise; turn its step round")
    return found


def _value_faults(column: Column, _: Columns) -> list[str]:
    found = []
    if column.plausible and not column.plausible[0] < column.plausible[1]:
        found.append("has a plausible range whose ends are reversed or equal")
    if set(column.missing_codes) & set(column.codes):
        found.append("has a code that is also a missing code")
    if "" in column.codes:
        found.append("has an empty code; an empty field is a missing value")
    if column.kind == Kind.DATE and not _reads_back(str(column.date_format)):
        found.append(f"has the date format {column.date_format!r}, from which no day can be read")
    if column.missing_at_most is not None and not 0 <= column.missing_at_most < 1:
        found.append("has a largest share of missing values outside 0 to 1")
    unknown = [rule for rule in column.severities if rule not in SEVERITIES and column.role != Role.IMAGE]
    found += [f"declares a severity for {rule!r}, which is no rule of a column" for rule in unknown]
    if column.severity("type") == Severity.WARN:
        found.append("only warns of values that are not of its type; refuse or quarantine them")
    if column.severity("missing") == Severity.WARN:
        found.append("only warns of missing values; allow them with missing_allowed, and bound missing_at_most")
    return found


def _unit_faults(column: Column, columns: Columns) -> list[str]:
    found = []
    if (column.source_unit or column.unit_column) and not (column.unit and column.kind == Kind.DECIMAL):
        found.append("is converted and must be a decimal with a unit of its own")
    if column.source_unit and column.unit_column:
        found.append("has both a source unit and a unit column; declare one")
    if column.unit_column and (column.unit_column not in columns or columns[column.unit_column].kind != Kind.CATEGORY):
        found.append(f"names the unit column {column.unit_column}, which is no category of this cohort")
    return found


def _time_faults(column: Column, columns: Columns) -> list[str]:
    if column.known_on and (column.known_on not in columns or columns[column.known_on].kind != Kind.DATE):
        return [f"became known on {column.known_on}, which is no date of this cohort"]
    if column.known_on and not any(c.role == Role.INDEX_DATE for c in columns.values()):
        return ["says when it became known, but the cohort has no index date to compare with"]
    return []


def _acknowledgement_faults(column: Column, _: Columns) -> list[str]:
    unknown = sorted(set(column.acknowledged) - MAY_BE_ACKNOWLEDGED)
    found = [f"acknowledges {name!r}, expected one of {', '.join(sorted(MAY_BE_ACKNOWLEDGED))}" for name in unknown]
    found += [f"acknowledges {name!r} without a reason" for name, why in column.acknowledged.items() if not why.strip()]
    return found


CHECKS: tuple[Callable[[Column, Columns], list[str]], ...] = (
    _role_faults,
    _change_faults,
    _value_faults,
    _unit_faults,
    _time_faults,
    _acknowledgement_faults,
)


def _reads_back(date_format: str) -> bool:
    """Whether a format tells days apart: one day and those a day, a month and a year on are written differently."""
    try:
        days = {(SOME_DAY + timedelta(days=n)).strftime(date_format) for n in (0, 1, 31, 365)}
    except ValueError:
        return False
    return len(days) == 4


def _outcome_faults(study: Study, columns: Columns) -> list[str]:
    outcome = study.outcome
    if isinstance(outcome, TimeToEvent):
        found = _part_faults(outcome.event_column, columns) + _part_faults(outcome.time, columns)
        if outcome.time in columns and not columns[outcome.time].numeric:
            found.append(f"{outcome.time} is no number, so that it cannot be the follow-up time")
        found += _horizon_faults(outcome)
        return found + (_ending_faults(outcome, columns) if outcome.event_column in columns else [])
    found = _part_faults(outcome.column, columns)
    labels = columns[outcome.column].labels if outcome.column in columns else [outcome.event]
    if outcome.event not in labels:
        found.append(_unknown_label(outcome.column, outcome.event, "the event"))
    if isinstance(outcome, Classes) and outcome.column in columns and len(labels) < 3:
        found.append(f"{outcome.column} has {len(labels)} labels, expected three or more classes; with two, use Binary")
    return found


def _part_faults(name: str, columns: Columns) -> list[str]:
    declared = name in columns and columns[name].role == Role.OUTCOME
    return [] if declared else [f"{name} belongs to the outcome and is not declared with that role"]


def _horizon_faults(outcome: TimeToEvent) -> list[str]:
    horizons = (outcome.horizon, *outcome.also_at)
    names = [f"{h:g} {outcome.unit}" for h in horizons]
    twice = sorted({name for name in names if names.count(name) > 1})
    found = [f"the horizon {h:g} is not above 0" for h in horizons if not 0 < h < inf]
    return found + [f"the horizon {name} is declared twice" for name in twice]


def _ending_faults(outcome: TimeToEvent, columns: Columns) -> list[str]:
    """What is wrong with what each label of the event column means; a label that is not declared is no censoring."""
    meanings = [(outcome.event, "the event")]
    meanings += [(label, "a competing event") for label in outcome.competing]
    meanings += [(label, "censored") for label in outcome.censored]
    column, named = outcome.event_column, [label for label, _ in meanings]
    labels = columns[column].labels
    found = [_unknown_label(column, label, meaning) for label, meaning in meanings if label not in labels]
    twice = sorted({label for label in named if named.count(label) > 1})
    found += [f"{column} has the label {label!r}, which the outcome names twice" for label in twice]
    found += [
        f"{column} has the label {label!r}, which is neither the event nor declared as competing or censored"
        for label in labels
        if label not in named and len(labels) > 2
    ]
    return found


def _unknown_label(column: str, label: str, meaning: str) -> str:
    return f"{column} has no label {label!r}, which the outcome calls {meaning}"


def _study_faults(study: Study, columns: Columns) -> list[str]:
    found = [
        f"subgroup {group.column} is not a predictor"
        for group in study.subgroups
        if group.column not in columns or columns[group.column].role != Role.PREDICTOR
    ]
    found += [
        f"baseline {name} is not a predictor"
        for name in study.baseline
        if name not in columns or columns[name].role != Role.PREDICTOR
    ]
    if not study.thresholds or not all(0 < threshold < 1 for threshold in study.thresholds):
        found.append("thresholds are risks, each above 0 and below 1, and at least one is needed")
    found += find_effect_faults(study.effect, columns) if study.effect else []
    if isinstance(study.per_patient, Visits):
        found += [
            f"visits are told by {name}, which is no date of this cohort"
            for name in (study.per_patient.start, study.per_patient.end)
            if name not in columns or columns[name].kind != Kind.DATE
        ]
    for rule in study.table_rules:
        if isinstance(rule, EventShare) and not 0 <= rule.low < rule.high <= 1:
            found.append("the event share has bounds that are reversed or outside 0 to 1")
        if not hasattr(rule, "but_identifier") and rule.severity == Severity.QUARANTINE:
            found.append(f"rule '{rule.name}' is about the whole table: it can refuse or warn, not quarantine")
    return found
