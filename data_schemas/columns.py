"""How a cohort is written down, once: a class derived from `Cohort`, each column made by a function below.

Each column is a pandera field, so pandera's own tools keep working. What pandera has no word for (unit, role,
reference range, factor class...) stands in a `Column`, the field's metadata. Validation, preprocessing,
monotone constraints, explanation, report and data dictionary derive from it. A cohort's file imports from
here alone: the words of `vocabulary` and `outcomes` are given on.
"""

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.typing import Series

from data_schemas.effects import Effect
from data_schemas.faults import find_faults
from data_schemas.findings import derive_findings
from data_schemas.images import Box, Image
from data_schemas.outcomes import Binary, Classes, Outcome, TimeToEvent
from data_schemas.vocabulary import (
    AnyRows,
    Change,
    Column,
    Direction,
    EventShare,
    Expected,
    FactorClass,
    Kind,
    NoRepeats,
    OneRow,
    RecordCount,
    Reference,
    Role,
    Severity,
    Study,
    Subgroup,
    TableRule,
    Visits,
)

__all__ = [
    "AnyRows",
    "Binary",
    "Box",
    "Change",
    "Classes",
    "Coded",
    "Cohort",
    "Column",
    "Date",
    "Decimal",
    "Direction",
    "Effect",
    "EventShare",
    "Expected",
    "FactorClass",
    "Kind",
    "NoRepeats",
    "OneRow",
    "Outcome",
    "RecordCount",
    "Reference",
    "Role",
    "Severity",
    "Study",
    "Subgroup",
    "TableRule",
    "Text",
    "TimeToEvent",
    "Visits",
    "Whole",
    "category",
    "date",
    "flag",
    "identifier",
    "image",
    "measurement",
    "rule",
    "text",
    "units",
]

Text = Series[pd.StringDtype]
Whole = Series[pd.Int64Dtype]
Decimal = Series[float]
Coded = Series[pd.CategoricalDtype]
Date = Series[pd.Timestamp]


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
        """What a model may see: the columns with this role, in declared order, then what images tell."""
        return cls.with_role(Role.PREDICTOR) | cls.findings()

    @classmethod
    def findings(cls) -> dict[str, Column]:
        """What a network tells of each record's images, as columns that no source has; none without images."""
        return derive_findings(cls.with_role(Role.IMAGE))

    @classmethod
    def described(cls) -> dict[str, Column]:
        """All columns of records that are learnt from: those of the source, then what images tell."""
        return cls.columns() | cls.findings()

    @classmethod
    def identifier(cls) -> str:
        """The name of the column that tells patients apart."""
        return next(iter(cls.with_role(Role.IDENTIFIER)))

    @classmethod
    def index_date(cls) -> str | None:
        """The name of the column with the moment of prediction, if there is one."""
        return next(iter(cls.with_role(Role.INDEX_DATE)), None)

    @classmethod
    def derive(cls, frame: pd.DataFrame) -> pd.DataFrame:
        """`frame` (typed) with the columns that follow from others computed anew; a cohort may override this."""
        return frame

    @classmethod
    def severity(cls, rule_name: str) -> Severity:
        """What follows when a record breaks the rule declared under `rule_name`."""
        severity: Severity = getattr(cls, rule_name).__func__.severity
        return severity

    @classmethod
    def faults(cls) -> list[str]:
        """What in the declaration contradicts itself, a sentence each; empty if nothing does."""
        told = ((cls.get_metadata() or {}).get(cls.__name__) or {}).get("dataframe") or {}
        if not isinstance(told.get("study"), Study):
            return ["Config.metadata holds no study"]
        return find_faults(cls.columns(), cls.study()) + _annotation_faults(cls)

    @classmethod
    def unconfirmed(cls) -> dict[str, tuple[str, ...]]:
        """What a draft has guessed and no person has confirmed: names by column, and under `study`."""
        guessed = {name: column.guessed for name, column in cls.columns().items() if column.guessed}
        return guessed | ({"study": cls.study().guessed} if cls.study().guessed else {})


DTYPES = {Kind.INTEGER: "Int64", Kind.DECIMAL: "float64"}


def _annotation_faults(cohort: type[Cohort]) -> list[str]:
    """Numbers annotated with another type than they are declared with."""
    fields = cohort.to_schema().columns
    return [
        f"{name} is annotated with another type than it is declared with: `Whole` goes with whole=True"
        for name, column in cohort.columns().items()
        if column.numeric and str(fields[name].dtype) != DTYPES[column.kind]
    ]


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


def identifier(label: str, **meaning: Any) -> Any:
    """A text that tells patients apart; hashed before anything is learnt, never shown."""
    return _field(Column(label, Role.IDENTIFIER, Kind.TEXT, **meaning))


def text(label: str, *, excluded: str, **meaning: Any) -> Any:
    """Free text, kept out of every model; `excluded` says why."""
    return _field(Column(label, Role.EXCLUDED, Kind.TEXT, excluded_because=excluded, **meaning))


def image(
    label: str, *, modality: str, body_part: str, severities: Mapping[str, Severity] | None = None,
    note: str | None = None, **meaning: Any,
) -> Any:  # fmt: skip
    """A text that names one or several images of a record; without a text, the record has none.

    `meaning` takes the other attributes of `Image`, and `severities` those of `IMAGE_SEVERITIES` that differ.
    """
    told = Image(modality, body_part, **meaning)
    column = Column(
        label, Role.IMAGE, Kind.TEXT, missing_allowed=True, image=told, severities=severities or {}, note=note
    )
    return _field(column)


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
    return _field(column, dtype_kwargs={"categories": column.labels, "ordered": ordered})


def flag(
    label: str, *, yes: tuple[str, ...] = ("1", "true"), no: tuple[str, ...] = ("0", "false"), **meaning: Any
) -> Any:
    """Yes or no; each may be written in several ways. `meaning` takes what `category` takes."""
    return category(label, dict.fromkeys(no, "no") | dict.fromkeys(yes, "yes"), **meaning)


def units(label: str, codes: Mapping[str, str], **meaning: Any) -> Any:
    """The unit of another column, record by record; `codes`: the source's text -> a unit that pint knows."""
    return category(label, codes, excluded="it says in which unit another column is written", **meaning)


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


def rule(
    sentence: str, *, uses: tuple[str, ...], severity: Severity = Severity.QUARANTINE
) -> Callable[[Callable[..., Any]], Any]:
    """A rule on each record: the method takes the class and the frame, and returns True where a record obeys.

    The method's name is the rule's name; `sentence` says it to people; `uses` names the columns it looks at. A
    record in which one of them is missing breaks no rule. `severity` says what follows when it is broken.
    """

    def decorate(method: Callable[..., Any]) -> Any:
        def obeys(cls: type[Cohort], frame: pd.DataFrame) -> Any:
            lacking = frame[list(uses)].isna().any(axis=1)
            return lacking | method(cls, frame).fillna(True).astype(bool)

        obeys.__name__ = method.__name__
        obeys.__doc__ = method.__doc__
        obeys.severity = severity  # type: ignore[attr-defined]
        return pa.dataframe_check(name=method.__name__, description=sentence)(classmethod(obeys))

    return decorate
