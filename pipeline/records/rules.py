"""Every rule of a cohort, in the order in which records pass them: its name, its sentence, and what follows."""

from collections.abc import Iterator
from typing import NamedTuple

import pandas as pd
import pandera.pandas as pa

from data_schemas.columns import AnyRows, Cohort, Column, NoRepeats, Role
from data_schemas.vocabulary import Severity
from pipeline.phrases import phrase
from pipeline.records.images.rules import list_image_rules
from pipeline.records.typing import type_rule
from pipeline.records.units import UNIT_GIVEN, converts

MISSING, SHARE_MISSING, IDENTIFIER_GIVEN = "missing", "share missing", "identifier given"
RANGE_RULES = {
    "greater_than_or_equal_to": ("low", phrase("{label} is at least {value}")),
    "less_than_or_equal_to": ("high", phrase("{label} is at most {value}")),
}
DECLARED = (
    phrase("No two records are of one patient"),
    phrase("No two visits of one patient overlap"),
    phrase("The number of records is within {share} of the last release's"),
    phrase("Between {low} and {high} of the records have the event"),
    phrase("No two records are the same in everything"),
    phrase("No two records are the same in everything but the identifier"),
)
"""What `data_schemas.vocabulary` says of its own rules; as it depends on no code, catalogues find it here."""


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
        sentence = phrase("The unit of {label} is given").format(label=column.label)
        yield Rule(UNIT_GIVEN, name, sentence, column.severity("missing"))
    if column.role == Role.IDENTIFIER:
        yield Rule(IDENTIFIER_GIVEN, name, phrase("Every record has an identifier"), Severity.REFUSE)
    elif not column.missing_allowed:
        sentence = phrase("{label} is given").format(label=column.label)
        yield Rule(MISSING, name, sentence, column.severity("missing"))
    for check in schema.columns[name].checks:
        if check.name in RANGE_RULES:
            yield _range_rule(check, name, column)
    if column.image:
        for rule, sentence in list_image_rules(column.image, column.label):
            yield Rule(rule, name, sentence, column.severity(rule))
    if column.missing_at_most is not None:
        sentence = phrase("{label} is missing in at most {share} of the records")
        shown = sentence.format(label=column.label, share=f"{column.missing_at_most:.0%}")
        yield Rule(SHARE_MISSING, name, shown, column.severity("share missing"))


def _range_rule(check: pa.Check, name: str, column: Column) -> Rule:
    rule, sentence = RANGE_RULES[str(check.name)]
    [limit] = (check.statistics or {}).values()
    shown = f"{limit:%Y-%m-%d}" if isinstance(limit, pd.Timestamp) else f"{limit}"
    value = f"{shown} {column.unit}" if column.unit else shown
    return Rule(rule, name, sentence.format(label=column.label, value=value), column.severity("range"))
