"""The vocabulary in which a cohort is described, once.

A cohort is a class derived from `Cohort`; each column is a pandera field made by one of the functions below
(`identifier`, `measurement`, `category`, `date`), so pandera's own tools keep working. What pandera has no
word for (unit, role, reference range, factor class...) stands in a `Column`, the field's metadata.
Validation, preprocessing, monotone constraints, explanation, report and data dictionary derive from it.

Two ranges, never merged: the *plausible* range refuses a value, the *reference* range only annotates it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

Text = Series[pd.StringDtype]
Whole = Series[pd.Int64Dtype]
Decimal = Series[float]
Coded = Series[pd.CategoricalDtype]
Date = Series[pd.Timestamp]


class Role(StrEnum):
    """What a column is for."""

    IDENTIFIER = "identifier"
    PREDICTOR = "predictor"
    OUTCOME = "outcome"
    INDEX_DATE = "index date"
    SITE = "site"
    EXCLUDED = "excluded"


class Kind(StrEnum):
    """How a column's text is read."""

    TEXT = "text"
    INTEGER = "integer"
    DECIMAL = "decimal"
    CATEGORY = "category"
    DATE = "date"


class FactorClass(StrEnum):
    """Whether medicine can act on a predictor. Never ranked together."""

    IMMUTABLE = "immutable"
    MARKER = "marker"
    MODIFIABLE = "modifiable"
    TREATMENT = "treatment"


class Direction(IntEnum):
    """How risk is expected to move as a predictor rises (a category: from its first code to its last)."""

    DECREASES = -1
    INCREASES = 1


@dataclass(frozen=True)
class Expected:
    """The direction a published source leads one to expect."""

    direction: Direction
    source: str


@dataclass(frozen=True)
class Reference:
    """The range medicine calls normal, or favourable; None leaves a side open."""

    low: float | None
    high: float | None
    source: str


@dataclass(frozen=True)
class Change:
    """What a patient and a doctor could change, and who says so.

    `step` is the largest plausible change in the column's unit, signed; no changed value leaves `bounds`.
    """

    step: float
    bounds: tuple[float, float]
    source: str


@dataclass(frozen=True)
class Column:
    """What a column means beyond its pandera field. `codes` maps the file's text to a label for people."""

    label: str
    role: Role
    kind: Kind
    unit: str | None = None
    plausible: tuple[float, float] | None = None
    reference: Reference | None = None
    codes: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = False
    factor: FactorClass | None = None
    expected: Expected | None = None
    change: Change | None = None
    missing_codes: tuple[str, ...] = ()
    missing_allowed: bool = False
    date_format: str | None = None
    excluded_because: str | None = None
    note: str | None = None

    @property
    def numeric(self) -> bool:
        """Whether values are numbers with a size, not codes."""
        return self.kind in (Kind.INTEGER, Kind.DECIMAL)


@dataclass(frozen=True)
class Binary:
    """The outcome is one code of a column."""

    column: str
    event: str
    says: str


@dataclass(frozen=True)
class TimeToEvent:
    """The outcome is an event by a horizon; who left earlier without it is censored.

    `time` names the column with the follow-up time in `unit`, `event_column` and `event` the code that says
    that follow-up ended with the event. `horizon` is in the same unit.
    """

    time: str
    event_column: str
    event: str
    horizon: float
    unit: str
    says: str


@dataclass(frozen=True)
class Subgroup:
    """A column by which performance is shown; a numeric one is cut at `cuts`, left-closed."""

    column: str
    cuts: tuple[float, ...] = ()


@dataclass(frozen=True)
class Study:
    """The cohort as a whole.

    `thresholds` are the risks at which care would change. An AUROC above `auroc_ceiling` is too good to be
    believed and reported as a suspected leak.
    """

    title: str
    population: str
    intended_use: str
    outcome: Binary | TimeToEvent
    source: str
    licence: str
    thresholds: tuple[float, ...]
    auroc_ceiling: float
    auroc_ceiling_source: str
    limits: tuple[str, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    one_row_per_patient: bool = True


class Cohort(pa.DataFrameModel):
    """Base of every cohort: columns exactly as declared, in any order, nothing more.

    Types are made by `pipeline.records`, from text, by declaration; pandera's own coercion is never used.
    """

    class Config:
        """Pandera settings shared by all cohorts."""

        strict = True
        coerce = False
        metadata: dict[str, Any] = {}  # noqa: RUF012 - a cohort gives its study here

    @classmethod
    def study(cls) -> Study:
        """What the cohort as a whole means."""
        study: Study = (cls.get_metadata() or {})[cls.__name__]["dataframe"]["study"]
        return study

    @classmethod
    def columns(cls) -> dict[str, Column]:
        """What each column means, in declared order."""
        return {str(name): (c.metadata or {})["column"] for name, c in cls.to_schema().columns.items()}

    @classmethod
    def with_role(cls, role: Role) -> dict[str, Column]:
        """The columns that have `role`, in declared order."""
        return {name: column for name, column in cls.columns().items() if column.role == role}

    @classmethod
    def predictors(cls) -> dict[str, Column]:
        """The columns a model may see, in declared order."""
        return cls.with_role(Role.PREDICTOR)

    @classmethod
    def identifier(cls) -> str:
        """The name of the column that tells patients apart."""
        return next(iter(cls.with_role(Role.IDENTIFIER)))

    @classmethod
    def index_date(cls) -> str | None:
        """The name of the column with the moment of prediction, if there is one."""
        return next(iter(cls.with_role(Role.INDEX_DATE)), None)

    @classmethod
    def faults(cls) -> list[str]:
        """What in the declaration contradicts itself, a sentence each; empty if nothing does."""
        columns = cls.columns()
        told = ((cls.get_metadata() or {}).get(cls.__name__) or {}).get("dataframe") or {}
        if not isinstance(told.get("study"), Study):
            return ["Config.metadata holds no study"]
        identifiers = len(cls.with_role(Role.IDENTIFIER))
        found = [] if identifiers == 1 else [f"{identifiers} columns are identifiers, expected one"]
        if not cls.predictors():
            found.append("no column is a predictor")
        for name, column in columns.items():
            found += [f"{name} {fault}" for fault in _column_faults(column)]
        return found + _outcome_faults(cls.study(), columns)


def _column_faults(column: Column) -> list[str]:
    found = []
    if column.role == Role.PREDICTOR and column.factor is None:
        found.append("is a predictor without a factor class")
    if column.role == Role.PREDICTOR and not (column.numeric or column.kind == Kind.CATEGORY):
        found.append(f"is a predictor of kind {column.kind}, expected a measurement or a category")
    if column.role == Role.EXCLUDED and not column.excluded_because:
        found.append("is excluded without a reason")
    if (column.factor == FactorClass.MODIFIABLE) != (column.change is not None):
        found.append("is modifiable without a change, or has a change without being modifiable")
    if column.change and not column.numeric:
        found.append("is modifiable without being a number, so that no step can be tried")
    if column.change and (column.change.step == 0 or column.change.bounds[0] >= column.change.bounds[1]):
        found.append("has a change with step 0 or reversed bounds")
    return found


def _outcome_faults(study: Study, columns: Mapping[str, Column]) -> list[str]:
    outcome = study.outcome
    coded = outcome.column if isinstance(outcome, Binary) else outcome.event_column
    parts = [coded] if isinstance(outcome, Binary) else [coded, outcome.time]
    found = [
        f"{name} belongs to the outcome and is not declared with that role"
        for name in parts
        if name not in columns or columns[name].role != Role.OUTCOME
    ]
    if coded in columns and outcome.event not in columns[coded].codes.values():
        found.append(f"{coded} has no label {outcome.event!r}, which the outcome calls the event")
    found += [
        f"subgroup {group.column} is not a predictor"
        for group in study.subgroups
        if group.column not in columns or columns[group.column].role != Role.PREDICTOR
    ]
    return found


def _role(role: Role, excluded: str | None) -> Role:
    return Role.EXCLUDED if excluded else role


def _field(column: Column, **pandera: Any) -> Any:
    return pa.Field(
        title=column.label,
        description=column.note,
        nullable=column.missing_allowed,
        metadata={"column": column},
        **pandera,
    )


def identifier(label: str) -> Any:
    """A text that tells patients apart; hashed before anything is learnt, never shown."""
    return _field(Column(label, Role.IDENTIFIER, Kind.TEXT))


def measurement(
    label: str,
    *,
    plausible: tuple[float, float],
    whole: bool = False,
    role: Role = Role.PREDICTOR,
    excluded: str | None = None,
    **meaning: Any,
) -> Any:
    """A number. Outside `plausible` (inclusive, in `unit`) a record is quarantined.

    `whole=True` goes with the annotation `Whole`, else with `Decimal`. `excluded` gives the reason why the
    column must not be a predictor. `meaning` takes the other attributes of `Column`.
    """
    kind = Kind.INTEGER if whole else Kind.DECIMAL
    column = Column(label, _role(role, excluded), kind, plausible=plausible, excluded_because=excluded, **meaning)
    return _field(column, ge=plausible[0], le=plausible[1])


def category(
    label: str,
    codes: Mapping[str, str],
    *,
    ordered: bool = False,
    role: Role = Role.PREDICTOR,
    excluded: str | None = None,
    **meaning: Any,
) -> Any:
    """A code from a closed list, `codes`: the file's text -> a label for people.

    A code outside the list refuses the table. With `ordered=True` the codes run from least to most.
    `meaning` takes the other attributes of `Column`.
    """
    column = Column(
        label,
        _role(role, excluded),
        Kind.CATEGORY,
        codes=codes,
        ordered=ordered,
        excluded_because=excluded,
        **meaning,
    )
    return _field(column, dtype_kwargs={"categories": list(codes.values()), "ordered": ordered})


def date(
    label: str,
    date_format: str,
    *,
    plausible: tuple[str, str],
    role: Role = Role.EXCLUDED,
    excluded: str | None = None,
    **meaning: Any,
) -> Any:
    """A day in one declared format, such as `%d-%m-%Y`; `plausible` gives the first and last, in ISO 8601."""
    column = Column(
        label,
        _role(role, excluded),
        Kind.DATE,
        date_format=date_format,
        excluded_because=excluded,
        **meaning,
    )
    return _field(column, ge=pd.Timestamp(plausible[0]), le=pd.Timestamp(plausible[1]))


def rule(sentence: str, *, uses: tuple[str, ...]) -> Callable[[Callable[..., Any]], Any]:
    """A rule on each record: the method takes the class and the frame, and returns True where a record obeys.

    The method's name is the rule's name; `sentence` says it to people; `uses` names the columns it looks at. A
    record in which one of them is missing breaks no rule.
    """

    def decorate(method: Callable[..., Any]) -> Any:
        def obeys(cls: type[Cohort], frame: pd.DataFrame) -> Any:
            lacking = frame[list(uses)].isna().any(axis=1)
            return lacking | method(cls, frame).fillna(True).astype(bool)

        obeys.__name__ = method.__name__
        obeys.__doc__ = method.__doc__
        return pa.dataframe_check(name=method.__name__, description=sentence)(classmethod(obeys))

    return decorate
