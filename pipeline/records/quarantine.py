"""Where the records went: those set aside with their rule, and those that stay."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Role
from data_schemas.vocabulary import Severity
from pipeline import files
from pipeline.arrays import IntArray
from pipeline.engine import Engine, LocalEngine
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.image_store import write_images
from pipeline.records.attrition import summarise
from pipeline.records.first_pass import Check, Checked, find_buckets, join_checked
from pipeline.records.patients import Identifiers, Seen, find_violations_between
from pipeline.records.pieces import Pieces
from pipeline.records.second_pass import Bucket, Gather, Kept, join_kept, take_first
from pipeline.records.set_aside import SetAside
from pipeline.records.table_checks import find_table_faults, refuse_constant_outcome
from pipeline.records.tally import (
    Tally,
    name_rule,
    place_rules,
    quarantining,
    refuse_broken,
    refuse_excess,
    refuse_types,
)
from pipeline.records.traps import AT_MOST, Trap, find_traps
from pipeline.records.typing import fit_types
from pipeline.records.units import convert_units
from pipeline.row_groups import Part, read_places
from pipeline.sections import Validate

if TYPE_CHECKING:
    from pipeline.records.images.check import CheckedImages


@dataclass(frozen=True)
class Place:
    """Where a table is validated: by which engine, `rows` records at a time, with files in the private `folder`."""

    engine: Engine
    rows: int
    folder: Path


@dataclass(frozen=True, eq=False)
class Validation:
    """The results of validation, to be read while its folder stands; `summary` holds counts only and may be published.

    `rows` are the positions of the valid records, (n,), in the source.
    """

    summary: dict[str, Any]
    rows: IntArray
    images: "CheckedImages | None"
    _set_aside: SetAside = field(repr=False)
    _place: Place = field(repr=False)

    def valid(self) -> Iterator[Any]:
        """The valid records in Arrow tables, a patient's in one: typed, `pseudonym` first and sorted by it."""
        pieces = Pieces(self._place.folder / "valid")
        return (pieces.get(number, 0) for number in pieces.tables())

    def quarantine(self) -> Iterator[pd.DataFrame]:
        """One row per record and broken rule, with the record's own text, sorted by identifier."""
        return self._set_aside.frames(self._place.engine, self._place.rows)

    def write_valid(self, path: Path) -> None:
        """Write the valid records, a row group per table."""
        files.write_parquet_parts(path, self.valid())

    def write_quarantine(self, path: Path) -> None:
        """Write what is set aside."""
        files.write_parquet_parts(path, self.quarantine())

    def write_images(self, folder: Path) -> None:
        """Write what a network sees of the valid records, in their order, as `read_images` reads it; nothing else."""
        if self.images:
            self.images.write(self.rows, folder)
        else:
            none = pd.DataFrame({"record": pd.Series(dtype="int64"), "placed": pd.Series(dtype="bool")})
            write_images(folder, none, [], 0, masked=False)


def validate_parts(
    parts: Sequence[Part],
    cohort: type[Cohort],
    settings: Validate,
    place: Place,
    *,
    decimal: str = ".",
    last_release_records: int | None = None,
    images: Path | None = None,
) -> Validation:
    """Type the records of `parts`, apply every rule of `cohort`, and part them into valid and quarantined.

    `parts` are in the source's order, and where it is cut changes nothing. A cohort that declares images has them
    below the folder `images`, else ConfigurationError is raised; its table is held as a whole. Raises DataRefusedError
    if types do not fit, a rule that refuses the table is broken, too much is quarantined, nothing is left, or the
    outcome does not vary.
    """
    buckets = _count_buckets(parts, place.rows)
    check = Check(cohort, settings.pseudonym_key, decimal, place.folder, buckets)
    checked = join_checked(place.engine.map(check, (part for part in parts if part.rows)))
    refuse_types(checked.tally, cohort.columns())
    shown = _check_images(parts, cohort, decimal, images, place.folder)
    between = _find_between(checked, parts, cohort, shown)
    tally = checked.tally.with_broken(between[:, 0], between[:, 1])
    refuse_broken(tally)
    refuse_excess(tally, settings.quarantine_at_most)
    between = between[quarantining(tally.rules)[between[:, 1]]]
    kept = join_kept(place.engine.map(Gather(cohort, place.folder), _buckets(checked.seen, between[:, 0], buckets)))
    summary = _judge(checked, tally, kept, cohort, last_release_records)
    identifiers = partial(read_identifiers, parts, cohort.identifier())
    summary["traps"] = _find_traps(place.folder, kept.rows, cohort, identifiers)
    summary |= {"images": shown.summarise(kept.rows)} if shown else {}
    aside = SetAside(parts, tally, between, cohort.identifier(), identifiers, place.folder)
    return Validation(summary, kept.rows, shown, aside, place)


def _count_buckets(parts: Sequence[Part], rows: int) -> int:
    """How many buckets of about `rows` records there are. Raises DataRefusedError where there is no record."""
    records = sum(part.rows for part in parts)
    if not records:
        raise DataRefusedError("rule 'no records': the table has a header and no records; expected at least one")
    return -(-records // rows)


def read_identifiers(parts: Sequence[Part], identifier: str, records: IntArray) -> pd.Series:
    """The identifiers of the records at these places of the table, ascending; indexed by place."""
    read = [part[identifier] for part in read_places(parts, records, [identifier])]
    return pd.concat(read) if read else pd.Series(dtype="string")


def _check_images(
    parts: Sequence[Part], cohort: type[Cohort], decimal: str, folder: Path | None, scratch: Path
) -> "CheckedImages | None":
    """The images of the records; None where the cohort declares none."""
    names = ", ".join(cohort.with_role(Role.IMAGE))
    if not names:
        return None
    if folder is None:
        raise ConfigurationError(
            f"column {names} names images, and params.yaml tells no folder of them; give the source the folder as "
            "`path`, and the name of the file of records in it as `table`"
        )
    from pipeline.records.images.check import check_images

    raw = pd.concat([part.read() for part in parts])
    frame, _ = convert_units(fit_types(raw, cohort.columns(), decimal).frame, cohort.columns())
    return check_images(frame, cohort, folder, scratch)


def _find_between(
    checked: Checked, parts: Sequence[Part], cohort: type[Cohort], images: "CheckedImages | None"
) -> IntArray:
    """The records that break rules which need more than a record itself, and the places of the rules, (m, 2)."""
    identifiers = partial(read_identifiers, parts, cohort.identifier())
    listed = [
        pd.DataFrame({"record": records, "rule": rule, "column": None})
        for rule, records in find_violations_between(checked.seen, cohort, identifiers)
    ]
    broken = pd.concat([*listed, *([images.violations] if images else [])], ignore_index=True)
    places = place_rules(broken, checked.tally.rules)
    return np.stack([broken["record"].to_numpy(np.int64), places], axis=1)


def _buckets(seen: Seen, dropped: IntArray, buckets: int) -> list[Bucket]:
    """Every bucket with those of its records that are `dropped`."""
    records = np.unique(dropped)
    numbers = find_buckets(seen.patients["high"][records], buckets)
    return [Bucket(number, records[numbers == number]) for number in range(buckets)]


def _judge(
    checked: Checked, tally: Tally, kept: Kept, cohort: type[Cohort], last_release_records: int | None
) -> dict[str, Any]:
    """What was counted. Raises DataRefusedError where nothing can be learnt, or a rule refuses the whole table."""
    refuse_constant_outcome(kept.outcomes, cohort)
    missing = dict(zip(cohort.columns(), checked.missing.tolist(), strict=True))
    faults = find_table_faults(missing, len(tally.leaves), kept.outcomes, cohort, last_release_records)
    rules = {(rule.rule, rule.column): rule for rule in tally.rules}
    for fault in faults:
        rule = rules[fault.rule, fault.column]
        if rule.severity == Severity.REFUSE:
            raise DataRefusedError(f"{name_rule(rule)}: {fault.says}; check the export")
    return summarise(tally, faults, len(kept.rows), kept.patients)


def _find_traps(folder: Path, rows: IntArray, cohort: type[Cohort], identifiers: Identifiers) -> list[Trap]:
    """The traps in the first valid records; `rows` are the places of all in the source."""
    looked_at = rows[:AT_MOST]
    by_place = identifiers(np.sort(looked_at))
    return find_traps(take_first(folder, AT_MOST), by_place.take(np.argsort(np.argsort(looked_at))), cohort)


@dataclass(frozen=True)
class Whole:
    """A table as its only part."""

    frame: pd.DataFrame
    start: int = 0

    @property
    def rows(self) -> int:
        """How many records it has."""
        return len(self.frame)

    def read(self, columns: Sequence[str] | None = None) -> pd.DataFrame:
        """All its records."""
        numbered = self.frame.reset_index(drop=True)
        return numbered if columns is None else numbered[list(columns)]


@dataclass(frozen=True, eq=False)
class Validated:
    """`Validation` with `valid` and `quarantine` held as whole frames."""

    valid: pd.DataFrame
    quarantine: pd.DataFrame
    summary: dict[str, Any]
    rows: IntArray
    write_images: Callable[[Path], None]


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
    """`validate_parts` of a table that is held already, in this process, with files in the folder `scratch`."""
    with tempfile.TemporaryDirectory(dir=scratch) as folder:
        done = validate_parts(
            [Whole(raw)],
            cohort,
            settings,
            Place(LocalEngine(), max(len(raw), 1), Path(folder)),
            decimal=decimal,
            last_release_records=last_release_records,
            images=images,
        )
        valid = pd.concat([table.to_pandas() for table in done.valid()], ignore_index=True)
        quarantine = pd.concat(list(done.quarantine()), ignore_index=True)
        return Validated(valid, quarantine, done.summary, done.rows, done.write_images)
