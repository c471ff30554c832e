"""Every rule of the schema applied to every record."""

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.config import config_context

from data_schemas.columns import Binary, Cohort, Column, OneRow
from pipeline.errors import ConfigurationError, DataRefusedError

RANGE_RULES = {
    "greater_than_or_equal_to": ("low", "at least"),
    "less_than_or_equal_to": ("high", "at most"),
}


def find_violations(frame: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    """List every rule that a record breaks.

    `frame` is typed, with a unique index. Returns one row per broken rule with columns `record` (index of
    `frame`), `rule`, `column` (missing for a rule on the whole record) and `sentence`, in the schema's order.
    Pandera does the checking whatever its environment variables say; its messages, which hold values, are
    not used. Raises ConfigurationError if a rule cannot be applied or an annotation contradicts its column.
    """
    try:
        with config_context(validation_enabled=True):
            cohort.to_schema().validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        _refuse_inapplicable(cases[cases["index"].isna()], cohort)
        broken = pd.DataFrame([_broken(case) for case in cases.itertuples()], columns=["record", "rule", "column"])
        rules = record_rules(cohort).reset_index(names="place")
        found = broken.drop_duplicates().merge(rules, on=["rule", "column"], how="left", validate="m:1")
        return found.sort_values(["place", "record"], ignore_index=True)[["record", "rule", "column", "sentence"]]
    return pd.DataFrame(columns=["record", "rule", "column", "sentence"])


def record_rules(cohort: type[Cohort]) -> pd.DataFrame:
    """Every rule that can quarantine a record: `rule`, `column` (missing for a whole record), `sentence`."""
    schema = cohort.to_schema()
    rows: list[tuple[str, str | None, str]] = []
    for name, column in cohort.columns().items():
        if not column.missing_allowed:
            rows.append(("missing", name, f"{column.label} is given"))
        rows += [_range_rule(check, name, column) for check in schema.columns[name].checks if check.name in RANGE_RULES]
    rows += [(str(check.name), None, str(check.description)) for check in schema.checks]
    return pd.DataFrame(rows, columns=["rule", "column", "sentence"])


def refuse_duplicates(frame: pd.DataFrame, cohort: type[Cohort]) -> None:
    """Raise DataRefusedError if a record has no identifier, or a patient several rows where one is declared."""
    name = cohort.identifier()
    if missing := int(frame[name].isna().sum()):
        raise DataRefusedError(f"column {name}, rule 'identifier given': {missing} of {len(frame)} records lack one")
    repeated = int(frame[name].duplicated(keep=False).sum())
    if isinstance(cohort.study().per_patient, OneRow) and repeated:
        raise DataRefusedError(
            f"column {name}, rule 'one row per patient': {repeated} of {len(frame)} records share an "
            "identifier with another; remove the repeats or declare per_patient=Visits(...) or AnyRows()"
        )


def refuse_constant_outcome(frame: pd.DataFrame, cohort: type[Cohort]) -> None:
    """Raise DataRefusedError if all records have the event, or none has."""
    outcome = cohort.study().outcome
    name = outcome.column if isinstance(outcome, Binary) else outcome.event_column
    events = int((frame[name] == outcome.event).sum())
    if events in (0, len(frame)):
        raise DataRefusedError(
            f"column {name}, rule 'outcome varies': {events} of {len(frame)} valid records have the event, "
            "so nothing can be learnt; check the outcome's codes and how the cohort was drawn"
        )


def _range_rule(check: pa.Check, name: str, column: Column) -> tuple[str, str, str]:
    rule, words = RANGE_RULES[str(check.name)]
    [limit] = (check.statistics or {}).values()
    shown = f"{limit:%Y-%m-%d}" if isinstance(limit, pd.Timestamp) else f"{limit}"
    unit = f" {column.unit}" if column.unit else ""
    return rule, name, f"{column.label} is {words} {shown}{unit}"


def _refuse_inapplicable(cases: pd.DataFrame, cohort: type[Cohort]) -> None:
    """Raise ConfigurationError for what pandera could not lay to any record: the declaration is at fault."""
    for case in cases.itertuples():
        if case.schema_context == "DataFrameSchema":
            fault = f"rule {case.check} cannot be applied; it must return True or False per record from what it `uses`"
        else:
            fault = f"column {case.column} is annotated with another type than it is declared with"
        raise ConfigurationError(f"{cohort.__module__}: {fault}")


def _broken(case: Any) -> tuple[object, str, str | None]:
    """Record, rule and column of one of pandera's failure cases."""
    if case.schema_context == "DataFrameSchema":
        return case.index, str(case.check), None
    kind = str(case.check).split("(")[0]
    return case.index, RANGE_RULES[kind][0] if kind in RANGE_RULES else "missing", str(case.column)
