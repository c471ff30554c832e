"""Records of new patients: read and checked as those of the cohort are, one by one, and none left out in silence."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Column, Role
from data_schemas.vocabulary import Severity
from pipeline.errors import DataRefusedError
from pipeline.records.checks import find_violations
from pipeline.records.rules import MISSING, Rule, list_rules
from pipeline.records.sources.read import read_parts, read_source
from pipeline.records.sources.refusals import refused
from pipeline.records.typing import type_records
from pipeline.records.units import convert_units
from pipeline.sections import Source

if TYPE_CHECKING:
    from pipeline.image_store import ImageStore

NEEDED = (Role.IDENTIFIER, Role.PREDICTOR, Role.INDEX_DATE)


@dataclass(frozen=True)
class NewPatients:
    """n records of new patients, in the order of their source.

    `frame` (n rows) has all columns of the schema, typed and in its units, missing where the source lacks them.
    `refused` (n,) says in words why a record gets no risk, and nothing where it does. `broken` has a row for each rule
    behind that, with `record` (index of `frame`), `rule` and `column` (missing for a rule on the whole record).
    `images` are those of the sound records, in their order; None where the cohort has none.
    """

    frame: pd.DataFrame
    refused: pd.Series
    broken: pd.DataFrame
    images: "ImageStore | None" = None

    @property
    def sound(self) -> pd.DataFrame:
        """The records that get a risk."""
        return self.frame[self.refused == ""]


def read_new_patients(source: Source, cohort: type[Cohort]) -> pd.DataFrame:
    """The records of `source` as it has them; it may lack what no risk needs: outcome, site, images, what is excluded.

    Raises DataRefusedError as `read_source` does, and where there is no record.
    """
    raw = read_source(source, cohort.columns(), _spared(cohort))
    if raw.empty:
        raise _no_records(source)
    return raw


def read_new_parts(source: Source, cohort: type[Cohort], rows: int) -> Iterator[pd.DataFrame]:
    """What `read_new_patients` gives, in parts of `rows` records, as `read_parts` gives them; raises as both do."""
    for part in read_parts(source, cohort.columns(), _spared(cohort), rows):
        if part.empty:
            raise _no_records(source)
        yield part


def _spared(cohort: type[Cohort]) -> set[str]:
    """The columns that no risk needs."""
    return set(cohort.columns()) - _needed(cohort)


def _no_records(source: Source) -> DataRefusedError:
    return refused(source.path, "no records", "it has a header and no records; expected one or more")


def check_new_patients(
    raw: pd.DataFrame,
    cohort: type[Cohort],
    decimal: str = ".",
    images: Path | None = None,
    scratch: Path | None = None,
) -> NewPatients:
    """Type `raw` and lay the cohort's rules on columns and records to each record by itself.

    A record that breaks one that refuses or quarantines gets no risk, and the others do: here a code that is not
    declared refuses a record, not the table. What no risk needs may be missing, as before the outcome it must be.
    Rules on patients and on the table of training do not apply. `raw` may be a part of a larger table. Images that
    records name are below the folder `images`, and read with the help of the folder `scratch`, as in training;
    without a folder none is found.
    """
    columns = {name: _one_by_one(column) for name, column in cohort.columns().items()}
    absent = dict.fromkeys([name for name in columns if name not in raw], pd.Series("", raw.index, dtype="string"))
    typed = type_records(raw.assign(**absent), columns, decimal)
    frame, lacking = convert_units(typed.frame, columns)
    found = [typed.misfits, lacking, find_violations(frame, _forgiving(cohort))]
    shown = None
    if cohort.with_role(Role.IMAGE):
        from pipeline.records.images.check import check_images

        shown = check_images(frame, cohort, images, scratch, together=False)
        found.append(shown.violations)
    broken = pd.concat(found, ignore_index=True)
    told_before = broken.duplicated(["record", "column"]) & (broken["rule"] == MISSING)
    setting_aside = _in_order(broken[~told_before], cohort)
    refused = _in_words(setting_aside).reindex(frame.index, fill_value="")
    sound = np.flatnonzero(refused == "")
    listed = setting_aside[["record", "rule", "column"]]
    return NewPatients(frame, refused, listed, shown.store(sound) if shown else None)


def _needed(cohort: type[Cohort]) -> set[str]:
    """The columns without which there is no risk."""
    needed = {name: column for name, column in cohort.columns().items() if column.role in NEEDED}
    return {*needed, *(column.unit_column for column in needed.values() if column.unit_column)}


def _one_by_one(column: Column) -> Column:
    return replace(column, severities={**column.severities, "type": Severity.QUARANTINE})


def _forgiving(cohort: type[Cohort]) -> type[Cohort]:
    """The cohort with missing values allowed in what no risk needs."""
    schema = cohort.to_schema()
    may_miss = {name: {"nullable": True} for name in schema.columns if name not in _needed(cohort)}
    forgiving = schema.update_columns(may_miss)
    made: Any = type(cohort.__name__, (cohort,), {"to_schema": classmethod(lambda _: forgiving)})
    return made  # type: ignore[no-any-return]


def _in_order(broken: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    """The broken rules that set a record aside, by record and in the rules' order, and what each `says`."""
    rules = [rule for rule in list_rules(cohort) if rule.severity != Severity.WARN]
    places = {(rule.rule, rule.column): place for place, rule in enumerate(rules)}
    keys = zip(broken["rule"], broken["column"].astype(object).where(broken["column"].notna(), None), strict=True)
    placed = broken.assign(place=[places.get(key, -1) for key in keys])
    known = placed[placed["place"] >= 0].sort_values(["record", "place"], ignore_index=True)
    return known.assign(says=known["place"].map(lambda place: _words(rules[place])))


def _in_words(broken: pd.DataFrame) -> pd.Series:
    """By record, what every broken rule says."""
    return broken["says"].groupby(broken["record"], sort=False).agg("; ".join).astype("string")


def _words(rule: Rule) -> str:
    place = f"column {rule.column}, " if rule.column else ""
    return f"{place}rule '{rule.rule}' ({rule.sentence})"
