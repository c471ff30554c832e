"""Every rule of a cohort, in the order in which records pass them: its name, its sentence, and what follows."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd
import pandera.pandas as pa

from data_schemas.columns import AnyRows, Cohort, Column, NoRepeats, Role
from data_schemas.vocabulary import Severity
from pipeline.records.typing import type_rule
from pipeline.records.units import UNIT_GIVEN, converts

MISSING, SHARE_MISSING, IDENTIFIER_GIVEN = "missing", "share missing", "identifier given"
RANGE_RULES = {
    "greater_than_or_equal_to": ("low", "at least"),
    "less_than_or_equal_to": ("high", "at most"),
}


class Rule(NamedTuple):
    """One rule; `column` is None where it is about a whole record, patient or table."""

    rule: str
    column: str | None
    sentence: str
    severity: Severity


def list_rules(cohort: type[Cohort]) -> list[Rule]:
    """All rules of `cohort`, column by column, then by record, patient and table."""
    study, schema = cohort.study(), cohort.to_schema()
    rules = [rule for name, column in cohort.columns().items() for rule in _column_rules(name, column, schema)]
    rules += [Rule(str(c.name), None, str(c.description), cohort.severity(str(c.name))) for c in schema.checks]
    if not isinstance(study.per_patient, AnyRows):
        rules.append(Rule(study.per_patient.name, None, study.per_patient.sentence, study.per_patient.severity))
    return rules + [Rule(t.name, None, t.sentence, t.severity) for t in study.table_rules]


def tabulate_rules(cohort: type[Cohort]) -> pd.DataFrame:
    """`list_rules` as a table whose index is the order."""
    return pd.DataFrame(list_rules(cohort), columns=list(Rule._fields))


def repeat_rules(cohort: type[Cohort]) -> list[NoRepeats]:
    """The cohort's rules on repeated records."""
    return [rule for rule in cohort.study().table_rules if isinstance(rule, NoRepeats)]


def _column_rules(name: str, column: Column, schema: pa.DataFrameSchema) -> Iterator[Rule]:
    if typed := type_rule(column):
        yield Rule(typed[0], name, typed[1], column.severity("type"))
    if converts(column):
        sentence = f"The unit of {column.label} is given"
        yield Rule(UNIT_GIVEN, name, sentence, column.severity("missing"))
    if column.role == Role.IDENTIFIER:
        yield Rule(IDENTIFIER_GIVEN, name, "Every record has an identifier", Severity.REFUSE)
    elif not column.missing_allowed:
        yield Rule(MISSING, name, f"{column.label} is given", column.severity("missing"))
    for check in schema.columns[name].checks:
        if check.name in RANGE_RULES:
            yield _range_rule(check, name, column)
    if column.missing_at_most is not None:
        sentence = f"{column.label} is missing in at most {column.missing_at_most:.0%} of the records"
        yield Rule(SHARE_MISSING, name, sentence, column.severity("share missing"))


def _range_rule(check: pa.Check, name: str, column: Column) -> Rule:
    rule, words = RANGE_RULES[str(check.name)]
    [limit] = (check.statistics or {}).values()
    shown = f"{limit:%Y-%m-%d}" if isinstance(limit, pd.Timestamp) else f"{limit}"
    unit = f" {column.unit}" if column.unit else ""
    return Rule(rule, name, f"{column.label} is {words} {shown}{unit}", column.severity("range"))
