"""What each column of a table seems to hold: kind, range, codes, missing codes; a person confirms each.

A guess goes into version control, so it shows no patient's value: a code only if enough records have it, a range
never by its observed ends, a text, an identifier or a personal detail never.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Any

import pandas as pd

from data_schemas.columns import Column, FactorClass, Kind, Role
from pipeline.errors import DataRefusedError
from pipeline.records.typing import type_records

MOST_CODES, MOST_NUMBER_CODES, LONGEST_CODE = 50, 6, 48
CODE_MARKS = {"?", "na", "n/a", "nan", "null", ".", "-"}
NUMBER_MARKS = CODE_MARKS | {"none", "unknown"}  # among codes these two are often a value
SENTINELS = (-9999.0, -999.0, -99.0, -9.0, 9.0, 99.0, 999.0, 9999.0)
CODE_LIKE = r"[+-]?0[0-9]+|[0-9]{16,}"  # as numbers, 007 would lose its zeros and a long one its last digits
LOOSE_NUMBER = r"[<>~]?\s*[+-]?[0-9]*[.,]?[0-9]+(?:[eE][+-]?[0-9]+)?"
DATE_LIKE = r"[0-9]{2,4}[-/.]\w{2,3}[-/.][0-9]{2,4}|[0-9]{8}"
DATE_FORMATS = (
    "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%m.%d.%Y", "%d-%m-%Y", "%m-%d-%Y", "%Y/%m/%d", "%Y%m%d",
    "%d/%m/%y", "%m/%d/%y", "%d.%m.%y", "%d-%m-%y", "%m-%d-%y", "%d-%b-%Y",
)  # fmt: skip
FLAGS = (("no", "yes"), ("0", "1"), ("0.0", "1.0"), ("false", "true"), ("n", "y"), ("f", "t"))
PERSONAL = re.compile(
    r"_(?:name|surname|(?:fore|first|last)_?name|address|street|phone|telephone|mobile|e?_?mail|birth(?:_?da(?:te|y))?"
    r"|dob|post_?code|zip|zip_?code|ssn)_"
)
UNITS = re.compile(
    r"_(?:age|years?|yrs?|months?|days?|hours?|min(?:utes)?|[mc]m|k?g|m[gl]|mmhg|bpm|percent|count|n|number|num|total"
    r"|score|size|weight|height|pressure|rate)_"
)


@dataclass(frozen=True)
class Guess:
    """One column as it seems to be. `plausible` are numbers or, for a date, days in ISO 8601.

    `doubts` are what a person must confirm, in words; `notes` say what was seen, as counts; `missing_share` is 0 to
    1. `event` is the label of the outcome's event; `repeated` says that an identifier has several records.
    """

    name: str
    attribute: str
    kind: Kind = Kind.TEXT
    role: Role = Role.EXCLUDED
    codes: Mapping[str, str] = field(default_factory=dict)
    plausible: tuple[float, float] | tuple[str, str] | None = None
    date_format: str | None = None
    missing_codes: tuple[str, ...] = ()
    missing_share: float = 0.0
    doubts: tuple[str, ...] = ("label", "kind")
    notes: tuple[str, ...] = ()
    excluded: str | None = None
    factor: FactorClass | None = None
    event: str | None = None
    repeated: bool = False

    def doubting(self, *doubts: str, **changes: object) -> "Guess":
        """The same column with `changes`, and more to confirm."""
        return replace(self, doubts=(*self.doubts, *doubts), **changes)  # type: ignore[arg-type]


def name_words(name: str) -> str:
    """A name's words in lower case, each between underscores: `timeInHospital` gives `_time_in_hospital_`."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name)
    return re.sub(r"[^a-z0-9]+", "_", f"_{parted.lower()}_")


def guess_content(name: str, texts: "pd.Series[str]", smallest_group: int) -> Guess:
    """What a column holds, by its texts, and by a name that promises personal data."""
    filled = texts[texts != ""]
    lacking = 1 - len(filled) / len(texts)
    usable = re.fullmatch(r"[A-Za-z]\w*", name, re.ASCII)
    attribute = name if usable else re.sub(r"^(?=\d|$)", "column_", name_words(name).strip("_"))
    seen = f"{filled.nunique()} distinct texts; {_percent(lacking)} empty"
    base = Guess(name, attribute, missing_share=lacking, notes=(seen,))
    if PERSONAL.search(name_words(name)):
        return base.doubting("whether it is personal data", excluded="suspected personal data")
    if filled.nunique() < 2:
        return base.doubting("exclusion", excluded="the same in every record, or empty")
    guess = _as_date(base, filled) or _as_number(base, filled, smallest_group) or _as_odd_number(base, filled)
    return guess or _as_codes(base, filled, smallest_group)


def _percent(share: float) -> str:
    if 0 < share < 0.01 or 0.99 < share < 1:
        return "under 1%" if share < 0.5 else "over 99%"
    return f"{share:.0%}"


def missing_marks(filled: "pd.Series[str]", known: set[str]) -> tuple[str, ...]:
    """The texts of `filled` that usually stand for a missing value, as written."""
    return tuple(sorted(mark for mark in filled.unique() if mark.lower() in known))


def with_missing(base: Guess, filled: "pd.Series[str]", codes: tuple[str, ...]) -> tuple[Guess, "pd.Series[str]"]:
    """`base` with further missing codes, and the texts that are none."""
    if not codes:
        return base, filled
    kept = filled[~filled.isin(codes)]
    share = base.missing_share + (1 - base.missing_share) * (1 - len(kept) / len(filled))
    said = f"missing codes (records: {len(filled) - len(kept)})"
    return base.doubting(said, missing_codes=base.missing_codes + codes, missing_share=share), kept


def _typed(texts: "pd.Series[str]", kind: Kind, date_format: str | None = None) -> Any | None:
    """Typed values, or None if one text is not of that kind."""
    column = Column("", Role.EXCLUDED, kind, date_format=date_format)
    try:
        return type_records(texts.to_frame("x"), {"x": column}).frame["x"]
    except DataRefusedError:
        return None


def _as_date(base: Guess, filled: "pd.Series[str]") -> Guess | None:
    base, texts = with_missing(base, filled, missing_marks(filled, NUMBER_MARKS))
    distinct = texts.drop_duplicates()
    if not distinct.str.fullmatch(DATE_LIKE).all():
        return None
    fits = [date_format for date_format in DATE_FORMATS if _reads(distinct, date_format)]
    if distinct.empty or not fits:
        return None
    days = pd.to_datetime(texts, format=fits[0])
    years = days.dt.year + (days.dt.day_of_year - 1) / 366
    first, last = _widened(years)
    span = (f"{max(1678, math.floor(first) - 1)}-01-01", f"{min(2261, math.ceil(last) + 1)}-12-31")
    doubts = ["range", *["day and month cannot be told apart"] * (len(fits) > 1)]
    reason = "a date is no predictor"
    return base.doubting(*doubts, kind=Kind.DATE, date_format=fits[0], plausible=span, excluded=reason)


def _reads(texts: "pd.Series[str]", date_format: str) -> bool:
    days = _typed(texts, Kind.DATE, date_format)
    return days is not None and (date_format != "%Y%m%d" or bool(days.dt.year.between(1900, 2100).all()))


def _as_number(base: Guess, filled: "pd.Series[str]", smallest_group: int) -> Guess | None:
    base, texts = with_missing(base, filled, missing_marks(filled, NUMBER_MARKS))
    whole = _typed(texts, Kind.INTEGER)
    typed = _typed(texts, Kind.DECIMAL) if whole is None else whole
    if texts.empty or typed is None or texts.str.fullmatch(CODE_LIKE).any():
        return None
    numbers = typed.astype("float64")
    suspects = _suspects(numbers)
    shown = [suspect for suspect in suspects if (numbers == suspect).sum() >= smallest_group]
    base, texts = with_missing(base, texts, tuple(sorted(texts[numbers.isin(shown)].unique())))
    real = numbers[~numbers.isin(suspects)]
    unsure = len(texts) - len(real)
    few = real.nunique() <= MOST_NUMBER_CODES and (real % 1 == 0).all() and not UNITS.search(name_words(base.name))
    if few and not unsure and texts.value_counts().min() >= smallest_group:
        return as_category(base, texts).doubting("whether these numbers are codes")
    low, high = _plausible(real, whole is not None)
    outside = len(texts) - int(numbers[texts.index].between(low, high).sum())
    doubts = ["unit", f"range (records outside: {outside})" if outside else "range"]
    doubts += ["whether these numbers are codes"] * (real.nunique() <= MOST_NUMBER_CODES + 4)
    doubts += [f"whether 0, 9, 99, -9 or the like means missing (records: {unsure})"] * (unsure > 0)
    kind = Kind.DECIMAL if whole is None else Kind.INTEGER
    return base.doubting(*doubts, kind=kind, role=Role.PREDICTOR, plausible=(low, high))


def _suspects(numbers: "pd.Series[float]") -> list[float]:
    """Numbers that stand far from all others and that people write for a missing value."""
    others = numbers[~numbers.isin(SENTINELS)]
    if others.empty:
        return []
    low, high = others.min(), others.max()
    far = [s for s in SENTINELS if (numbers == s).any() and (s < 0 <= low or s - high > max(1, high - low))]
    lowest = others[others != 0].drop_duplicates().sort_values().head(10)
    alone = low == 0 and len(lowest) > MOST_NUMBER_CODES and lowest.iloc[0] > 5 * lowest.diff().median()
    return [*far, 0.0] if alone else far


def _widened(numbers: "pd.Series[float]") -> tuple[float, float]:
    """The 1st and 99th percentile, moved outward by half their distance, but not below 0 where no number is.

    Both are taken one record inward, so that a single outlying record decides neither.
    """
    low, high = sorted((float(numbers.quantile(0.01, "higher")), float(numbers.quantile(0.99, "lower"))))
    half = max((high - low) / 2, abs(high) / 10_000) or 0.5
    return max(0.0, low - half) if numbers.min() >= 0 else low - half, high + half


def _plausible(numbers: "pd.Series[float]", whole: bool) -> tuple[float, float]:
    """The widened range, rounded outward to one significant digit; an end is never an observed one, except 0."""
    low, high = _widened(numbers)
    lowest, highest = _rounded(low, ROUND_FLOOR, whole), _rounded(high, ROUND_CEILING, whole)
    if lowest == numbers.min():
        lowest = _rounded(lowest - abs(lowest) / 20, ROUND_FLOOR, whole)
    if highest == numbers.max():
        highest = _rounded(highest + abs(highest) / 20, ROUND_CEILING, whole)
    return lowest, highest


def _rounded(value: float, rounding: str, whole: bool) -> float:
    exact = Decimal(f"{value:.9g}")
    exact = exact.to_integral_value(rounding) if whole else exact
    digit = Decimal(1).scaleb(exact.adjusted())
    return float((exact / digit).to_integral_value(rounding) * digit)


def _as_odd_number(base: Guess, filled: "pd.Series[str]") -> Guess | None:
    """A column of numbers in a notation that no kind reads; left out, but said to be numbers."""
    texts = filled[~filled.isin(missing_marks(filled, NUMBER_MARKS))]
    odd = int((~texts.str.fullmatch(LOOSE_NUMBER)).sum())
    if texts.nunique() <= 10 or odd > len(texts) / 5 or texts.str.fullmatch(CODE_LIKE).any():
        return None
    comma = texts.str.fullmatch(r"[+-]?[0-9]*(?:,[0-9]+)?").all()
    said = "a decimal comma" if comma else "an exponent or a sign such as <"
    doubt = f"mostly numbers (records that are not: {odd})" if odd else f"numbers written with {said}"
    return base.doubting(doubt, excluded="numbers that cannot be read as they are written")


def _as_codes(base: Guess, filled: "pd.Series[str]", smallest_group: int) -> Guess:
    coded, texts = with_missing(base, filled, missing_marks(filled, CODE_MARKS))
    counts = texts.value_counts()
    rare = counts[counts < smallest_group]
    longest = max((len(ascii(code)) for code in counts.index), default=0)
    if not 2 <= len(counts) <= min(MOST_CODES, len(texts) / 2) or longest > LONGEST_CODE:
        return base.doubting("exclusion", excluded="free text")
    if len(rare):
        doubt = f"codes (too rare to be shown: {len(rare)}, records: {rare.sum()})"
        return base.doubting(doubt, excluded="free text or rare codes")
    return as_category(coded, texts)


def as_category(base: Guess, texts: "pd.Series[str]") -> Guess:
    """A category of all `texts`; two codes that mean yes and no are labelled so."""
    numeric = bool(texts.str.fullmatch(r"-?[0-9]+(?:\.[0-9]*)?").all())
    found = sorted(texts.unique(), key=lambda code: (float(code) if numeric else 0.0, code))
    flagged = tuple(code.lower() for code in found) in FLAGS
    codes = dict(zip(found, ("no", "yes") if flagged else found, strict=True))
    unsure = [f"whether {code!r} is a value" for code in found if code.lower() in NUMBER_MARKS]
    return base.doubting("codes", *unsure, kind=Kind.CATEGORY, role=Role.PREDICTOR, codes=codes)
