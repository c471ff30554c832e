"""The rules of columns and records, applied to every record by pandera."""

from typing import Any

import numpy as np
import pandas as pd
import pandera.pandas as pa
from pandera.config import config_context

from data_schemas.columns import Cohort
from pipeline.arrays import BoolArray
from pipeline.errors import ConfigurationError
from pipeline.records.rules import IDENTIFIER_GIVEN, MISSING, RANGE_RULES


def find_violations(frame: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    """List every rule on columns and records that a record breaks.

    `frame` is typed, with a unique index. Returns one row per broken rule with columns `record` (index of
    `frame`), `rule` and `column` (missing for a rule on the whole record). Pandera does the checking whatever
    its environment variables say; its messages, which hold values, are not used. Raises ConfigurationError if a
    rule cannot be applied or an annotation contradicts its column.
    """
    try:
        with config_context(validation_enabled=True):
            cohort.to_schema().validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        _refuse_inapplicable(cases[cases["index"].isna()], cohort)
        return _broken(cases, cohort.identifier()).drop_duplicates(ignore_index=True)
    return pd.DataFrame(columns=["record", "rule", "column"])


def keeps_rules(before: pd.DataFrame, after: pd.DataFrame, cohort: type[Cohort]) -> BoolArray:
    """Which of the typed records `after` (n,) break no rule that the same record `before` obeyed, (n,)."""
    both_times = pd.concat([before, after], ignore_index=True)[list(cohort.columns())]  # rules see no findings
    broken = find_violations(both_times, cohort)
    told = broken.assign(new=broken["record"] >= len(before), record=broken["record"] % len(before))
    both = told.duplicated(["record", "rule", "column"], keep=False)
    return ~np.isin(np.arange(len(before)), told.loc[told["new"] & ~both, "record"].astype(int))


def _refuse_inapplicable(cases: pd.DataFrame, cohort: type[Cohort]) -> None:
    """Raise ConfigurationError for what pandera could not lay to any record: the declaration is at fault."""
    for case in cases.itertuples():
        if case.schema_context == "DataFrameSchema":
            fault = f"rule {case.check} cannot be applied; it must return True or False per record from what it `uses`"
        else:
            fault = f"column {case.column} is annotated with another type than it is declared with"
        raise ConfigurationError(f"{cohort.__module__}: {fault}")


def _broken(cases: pd.DataFrame, identifier: str) -> pd.DataFrame:
    """Record, rule and column of pandera's failure cases."""
    whole = cases["schema_context"] == "DataFrameSchema"
    names = {text: _rule_name(str(text)) for text in cases.loc[~whole, "check"].unique()}
    rules = cases["check"].astype(object).where(whole, cases["check"].map(names))
    columns: Any = cases["column"].astype(object).where(~whole, None)
    rules = rules.mask((rules == MISSING) & (columns == identifier), IDENTIFIER_GIVEN)
    return pd.DataFrame({"record": cases["index"].to_numpy(), "rule": rules, "column": columns})


def _rule_name(check: str) -> str:
    kind = check.split("(", maxsplit=1)[0]
    return RANGE_RULES[kind][0] if kind in RANGE_RULES else MISSING
