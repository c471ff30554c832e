"""Every rule of the schema applied to every record."""

import pandas as pd
import pandera.pandas as pa
from pandera.config import config_context

from data_schemas.columns import Binary, Cohort, Column
from pipeline.errors import DataRefusedError

SENTENCES = {
    "missing": "{label} is given",
    "low": "{label} is at least {low}",
    "high": "{label} is at most {high}",
}


def find_violations(frame: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    """List every rule that a record breaks.

    `frame` is typed, with a unique index. Returns one row per broken rule with columns `record` (index of
    `frame`), `rule`, `column` (missing for a rule on the whole record) and `sentence`, in the schema's order.
    Pandera does the checking whatever its environment variables say; its messages, which hold values, are
    not used.
    """
    try:
        with config_context(validation_enabled=True):
            cohort.to_schema().validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        assert cases["index"].notna().all(), "typed frames fit the schema's types"
        rows = [_violation(c, cohort) for c in cases.itertuples()]
        found = pd.DataFrame(rows, columns=["record", "rule", "column", "sentence"]).drop_duplicates()
        return _in_schema_order(found, cohort)
    return pd.DataFrame(columns=["record", "rule", "column", "sentence"])


def refuse_duplicates(frame: pd.DataFrame, cohort: type[Cohort]) -> None:
    """Raise DataRefusedError if a record has no identifier, or a patient several rows where one is declared."""
    name = cohort.identifier()
    if missing := int(frame[name].isna().sum()):
        raise DataRefusedError(f"column {name}, rule 'identifier given': {missing} of {len(frame)} records lack one")
    repeated = int(frame[name].duplicated(keep=False).sum())
    if cohort.study().one_row_per_patient and repeated:
        raise DataRefusedError(
            f"column {name}, rule 'one row per patient': {repeated} of {len(frame)} records share an "
            "identifier with another; remove the repeats or declare one_row_per_patient=False"
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


def _violation(case: object, cohort: type[Cohort]) -> tuple[object, str, str | None, str]:
    check, record = str(case.check), case.index  # type: ignore[attr-defined]
    if case.schema_context == "DataFrameSchema":  # type: ignore[attr-defined]
        return record, check, None, _record_rules(cohort)[check]
    name = str(case.column)  # type: ignore[attr-defined]
    rule = _column_rule(check)
    return record, rule, name, _sentence(rule, cohort.columns()[name], cohort, name)


def _column_rule(check: str) -> str:
    if check == "not_nullable":
        return "missing"
    return "low" if check.startswith("greater") else "high"


def _sentence(rule: str, column: Column, cohort: type[Cohort], name: str) -> str:
    limits = {c.name: c.statistics for c in cohort.to_schema().columns[name].checks}
    low = limits.get("greater_than_or_equal_to", {}).get("min_value", "")
    high = limits.get("less_than_or_equal_to", {}).get("max_value", "")
    unit = f" {column.unit}" if column.unit else ""
    return SENTENCES[rule].format(label=column.label, low=_day(low) + unit, high=_day(high) + unit)


def _day(limit: object) -> str:
    return f"{limit:%Y-%m-%d}" if isinstance(limit, pd.Timestamp) else f"{limit}"


def _record_rules(cohort: type[Cohort]) -> dict[str, str]:
    return {str(check.name): str(check.description) for check in cohort.to_schema().checks}


def _in_schema_order(found: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    columns = {name: i for i, name in enumerate(cohort.columns())}
    rules = {name: i for i, name in enumerate(["missing", "low", "high", *_record_rules(cohort)])}
    keys = pd.DataFrame({"c": found["column"].map(columns).fillna(len(columns)), "r": found["rule"].map(rules)})
    keys["i"] = found["record"]
    return found.loc[keys.sort_values(["c", "r", "i"]).index].reset_index(drop=True)
