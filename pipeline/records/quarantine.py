"""Where the records went: those set aside with their rule, and those that stay."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Role
from data_schemas.vocabulary import Severity
from pipeline.arrays import IntArray
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.image_store import write_images
from pipeline.records.attrition import summarise
from pipeline.records.checks import find_violations
from pipeline.records.identity import pseudonymise
from pipeline.records.patients import find_violations_between
from pipeline.records.rules import MISSING, list_rules, tabulate_rules
from pipeline.records.table_checks import Finding, find_table_faults, refuse_constant_outcome
from pipeline.records.traps import find_traps
from pipeline.records.typing import type_records
from pipeline.records.units import convert_units
from pipeline.sections import Validate

if TYPE_CHECKING:
    from pipeline.records.images.check import CheckedImages


@dataclass(frozen=True, eq=False)
class Validated:
    """The results of validation; `summary` holds counts only and may be published.

    `rows` are the positions of the valid records, (n,), in the source.
    """

    valid: pd.DataFrame
    quarantine: pd.DataFrame
    summary: dict[str, Any]
    rows: IntArray
    images: "CheckedImages | None"

    def write_images(self, folder: Path) -> None:
        """Write what a network sees of the valid records, in their order, as `read_images` reads it; nothing else."""
        if self.images:
            self.images.write(self.rows, folder)
        else:
            none = pd.DataFrame({"record": pd.Series(dtype="int64"), "placed": pd.Series(dtype="bool")})
            write_images(folder, none, [], 0, masked=False)


def validate_records(
    raw: pd.DataFrame,
    cohort: type[Cohort],
    settings: Validate,
    *,
    decimal: str = ".",
    last_release_records: int | None = None,
    images: Path | None = None,
    scratch: Path | None = None,
) -> Validated:
    """Type `raw`, apply every rule of `cohort`, and part the records into valid and quarantined.

    `raw` is in the source's order. `valid` has typed columns, `pseudonym` in the place of the identifier, sorted by
    pseudonym. `quarantine` has one row per record and broken rule, with the record's own text. Raises
    DataRefusedError if types do not fit, a rule that refuses the table is broken, too much is quarantined, nothing
    is left, or the outcome does not vary.

    A cohort that declares images has them below the folder `images`, else ConfigurationError is raised, and is read
    with the help of files without a name in the folder `scratch`.
    """
    if raw.empty:
        raise DataRefusedError("rule 'no records': the table has a header and no records; expected at least one")
    columns = cohort.columns()
    typed = type_records(raw, columns, decimal)
    frame, lacking = convert_units(typed.frame, columns)
    checked = _check_images(frame, cohort, images, scratch)
    broken = _in_order(_violations(frame, typed.misfits, lacking, cohort, checked), cohort)
    _refuse(broken, len(frame))
    aside = broken[broken["severity"] == Severity.QUARANTINE]
    stays = ~frame.index.isin(aside["record"].unique())
    _refuse_excess(aside, int((~stays).sum()), len(frame), settings.quarantine_at_most)
    valid, rows = pseudonymise(frame, np.flatnonzero(stays), cohort.identifier(), settings.pseudonym_key)
    refuse_constant_outcome(valid, cohort)
    faults = find_table_faults(frame, valid, cohort, last_release_records)
    _refuse_table(faults, cohort)
    summary = summarise(broken, faults, len(frame), valid, cohort)
    summary["traps"] = find_traps(valid, frame[cohort.identifier()].iloc[rows], cohort)
    if checked:
        summary["images"] = checked.summarise(rows)
    return Validated(valid, _set_aside(raw, aside, cohort.identifier()), summary, rows, checked)


def _check_images(
    frame: pd.DataFrame, cohort: type[Cohort], folder: Path | None, scratch: Path | None
) -> "CheckedImages | None":
    """The images of the typed records; None where the cohort declares none."""
    names = ", ".join(cohort.with_role(Role.IMAGE))
    if not names:
        return None
    if folder is None:
        raise ConfigurationError(
            f"column {names} names images, and params.yaml tells no folder of them; give the source the folder as "
            "`path`, and the name of the file of records in it as `table`"
        )
    from pipeline.records.images.check import check_images

    return check_images(frame, cohort, folder, scratch)


def _violations(
    frame: pd.DataFrame,
    misfits: pd.DataFrame,
    lacking: pd.DataFrame,
    cohort: type[Cohort],
    images: "CheckedImages | None",
) -> pd.DataFrame:
    """All broken rules; a value that did not fit, or lacks its unit, is not also counted as missing."""
    found = find_violations(frame, cohort)
    told = pd.concat([misfits, lacking])[["record", "column"]].drop_duplicates()
    if len(told):
        seen = pd.MultiIndex.from_frame(found[["record", "column"]]).isin(pd.MultiIndex.from_frame(told))
        found = found[~(seen & (found["rule"] == MISSING).to_numpy())]
    parts = [misfits, lacking, found, find_violations_between(frame, cohort)]
    parts += [images.violations] if images else []
    return pd.concat([part for part in parts if len(part)] or [found], ignore_index=True)


def _in_order(broken: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    """`broken` with `sentence` and `severity`, in the rules' order."""
    rules = tabulate_rules(cohort).reset_index(names="place")
    keyed = broken.assign(column=broken["column"].astype(object).where(broken["column"].notna(), ""))
    rules["column"] = rules["column"].fillna("")
    merged = keyed.merge(rules, on=["rule", "column"], how="left", validate="m:1")
    ordered = merged.sort_values(["place", "record"], ignore_index=True)
    return ordered.assign(column=ordered["column"].where(ordered["column"] != "", None))


def _counts(broken: pd.DataFrame) -> list[str]:
    named = broken.assign(column=broken["column"].fillna(""))
    counts = named.groupby(["rule", "column", "sentence"], sort=False)["record"].nunique().reset_index(name="records")
    most = counts.sort_values("records", ascending=False, kind="stable").head(3)
    return [f"{_named(row)}: {row.records}" for row in most.itertuples()]


def _named(rule: Any) -> str:
    """A rule with its column, if it has one, and its sentence."""
    place = f"column {rule.column}, " if rule.column else ""
    return f"{place}rule '{rule.rule}' ({rule.sentence})"


def _refuse(broken: pd.DataFrame, records: int) -> None:
    refusing = broken[broken["severity"] == Severity.REFUSE]
    if len(refusing):
        raise DataRefusedError(
            f"of {records} records, some break a rule that refuses the table: {'; '.join(_counts(refusing))}; "
            "mend the export, or declare in the schema what is right: AnyRows() or Visits() for several records of a "
            "patient, or another severity"
        )


def _refuse_table(faults: list[Finding], cohort: type[Cohort]) -> None:
    rules = {(rule.rule, rule.column): rule for rule in list_rules(cohort)}
    for fault in faults:
        rule = rules[fault.rule, fault.column]
        if rule.severity == Severity.REFUSE:
            raise DataRefusedError(f"{_named(rule)}: {fault.says}; check the export")


def _refuse_excess(aside: pd.DataFrame, broken: int, records: int, at_most: float) -> None:
    if broken <= at_most * records and broken < records:
        return
    raise DataRefusedError(
        f"{broken} of {records} records break a rule, expected at most {at_most:.0%}; most often "
        f"{'; '.join(_counts(aside))}; check the export's units and codes, or "
        "plausible ranges, missing_codes and missing_allowed in the schema"
    )


def _set_aside(raw: pd.DataFrame, aside: pd.DataFrame, identifier: str) -> pd.DataFrame:
    """The records of `aside` as the source has them, each with the rule that it breaks; sorted by identifier."""
    records = raw.loc[aside["record"]].reset_index(drop=True)
    reasons = pd.DataFrame({"broken_rule": aside["rule"], "rule_column": aside["column"]}, dtype="string")
    repeats = raw[identifier].loc[aside["record"].unique()].duplicated().any()
    by = [identifier, *(name for name in raw.columns if repeats and name != identifier)]
    order = records.sort_values(by, kind="stable").index  # a patient's records by their content, rules in order
    return pd.concat([reasons, records], axis=1).loc[order].reset_index(drop=True)
