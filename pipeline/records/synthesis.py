"""Synthetic tables from a cohort's schema, for demonstrations and load tests; their true risks are known.

Columns are correlated through one latent state of health (a one-factor Gaussian copula). No patient's data enter.
Records come in blocks of fixed size, each with a seed of its own, so that memory is bounded and a table's first
records depend on neither its length nor the chunks it is written in.
"""

from collections.abc import Callable, Iterator
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import cache
from itertools import count
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.special import expit, ndtri

from data_schemas.columns import Cohort, Column, Kind, Role, Visits
from pipeline.errors import ConfigurationError
from pipeline.files import SIGNIFICANT_DIGITS
from pipeline.records.checks import find_violations
from pipeline.records.risk_function import FloatArray, RiskFunction, draw_outcome, draw_risk_function, true_risk
from pipeline.records.units import convert_units

__all__ = ["RiskFunction", "make_risk_function", "synthesise", "true_risk"]

Ints = npt.NDArray[np.int64]
BLOCK = 20_000  # records drawn at once
RECORDS, TRUTH = 0, 1  # what a seed is spent on
ROUNDS = 50
OUTCOME_STAYS = 10  # rounds in which a record keeps its outcome, lest rules change what the risk is
LOADING = 0.5  # correlation of each column with the state of health
MEDIAN, WIDTH = -0.85, 0.6  # of numbers, on the logit scale of their range: the median lies 30% up
MISSING = 0.05
GAP = 30  # days at most from one date to the next
MOST_VISITS, APART = 3, 40  # visits of a patient, and days from the beginning of one to the next
DIGITS = 8  # of an identifier


def make_risk_function(cohort: type[Cohort], seed: int, event_share: float) -> RiskFunction:
    """Draw a risk function of the cohort's predictors whose mean risk is `event_share`, above 0 and below 1.

    Raises ConfigurationError for another share, or if records that obey the cohort's rules cannot be drawn.
    """
    if not 0 < event_share < 1:
        raise ConfigurationError(f"event share {event_share:g}: expected a share above 0 and below 1")
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(TRUTH,)))
    sample = _draw_sound(cohort, _patients(cohort, rng), rng)
    return draw_risk_function(sample, cohort.predictors(), rng, event_share)


def synthesise(
    cohort: type[Cohort], rows: int, seed: int, truth: RiskFunction, chunk: int = 100_000
) -> Iterator[pd.DataFrame]:
    """Chunks of text as a source would write them: all columns in declared order, "" where a value is missing.

    Every record obeys the schema, and outcomes are drawn from `truth`. The same cohort, seed and truth give the same
    records whatever `rows` and `chunk` are; no rows give one empty chunk. Raises ConfigurationError naming a rule
    that some records still break after 50 rounds of drawing.
    """
    assert rows >= 0
    assert chunk >= 1
    held = pd.DataFrame(columns=list(cohort.columns()), dtype="string")
    if rows == 0:
        yield held
    blocks = (_block(cohort, seed, number, truth) for number in count())
    for start in range(0, rows, chunk):
        wanted, parts = min(chunk, rows - start), [held]
        while sum(map(len, parts)) < wanted:
            parts.append(next(blocks))
        table = pd.concat(parts, ignore_index=True)
        yield table.iloc[:wanted]
        held = table.iloc[wanted:]


def _block(cohort: type[Cohort], seed: int, number: int, truth: RiskFunction) -> pd.DataFrame:
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(RECORDS, number)))
    patients = _patients(cohort, rng) + number * BLOCK
    frame = _give_outcome(_draw_sound(cohort, patients, rng), cohort, truth, patients, rng)
    return pd.DataFrame({name: _text(frame, name, cohort) for name in cohort.columns()})


def _patients(cohort: type[Cohort], rng: np.random.Generator) -> Ints:
    """The patient's number for each record of a block, ascending."""
    patients = np.arange(BLOCK)
    if isinstance(cohort.study().per_patient, Visits):
        return np.repeat(patients, rng.integers(1, MOST_VISITS + 1, BLOCK))[:BLOCK]
    return patients


def _draw_sound(cohort: type[Cohort], patients: Ints, rng: np.random.Generator) -> pd.DataFrame:
    """Typed records that break no rule, their outcomes by chance alone, so that no rule selects by the true risk."""
    by_chance = RiskFunction(0.0, {}, {})

    def draw(who: Ints) -> pd.DataFrame:
        return _with_outcome(_draw(cohort, who, rng), cohort, by_chance, rng)

    return _mended(draw(patients), cohort, patients, lambda _, who, __: draw(who))


def _give_outcome(
    frame: pd.DataFrame, cohort: type[Cohort], truth: RiskFunction, patients: Ints, rng: np.random.Generator
) -> pd.DataFrame:
    """`frame` with outcomes of the true risk; columns that are neither predictor nor outcome yield to the rules."""
    stays = [n for n, c in cohort.columns().items() if c.role in (Role.PREDICTOR, Role.OUTCOME)]
    stays += _unit_columns(cohort)

    def redraw(part: pd.DataFrame, who: Ints, attempt: int) -> pd.DataFrame:
        fresh = _draw(cohort, who, rng).set_axis(part.index).assign(**{name: part[name] for name in stays})
        return _derived(fresh, cohort) if attempt < OUTCOME_STAYS else _with_outcome(fresh, cohort, truth, rng)

    return _mended(_with_outcome(frame, cohort, truth, rng), cohort, patients, redraw)


def _mended(
    frame: pd.DataFrame, cohort: type[Cohort], patients: Ints, redraw: Callable[[pd.DataFrame, Ints, int], pd.DataFrame]
) -> pd.DataFrame:
    """`frame` with all records of a patient drawn again by `redraw` until none breaks a rule."""
    suspect = frame
    for attempt in range(ROUNDS):
        broken = find_violations(suspect, cohort)
        if broken.empty:
            return frame
        again = np.isin(patients, patients[broken["record"].unique()])
        suspect = redraw(frame[again], patients[again], attempt).set_axis(frame.index[again])
        frame = pd.concat([frame[~again], suspect]).sort_index()
    raise ConfigurationError(
        f"{cohort.__module__}: {_named(broken)} is still broken after {ROUNDS} rounds of drawing records at random; "
        f"override `derive` in {cohort.__name__}, to compute the columns that follow from others"
    )


def _named(broken: pd.DataFrame) -> str:
    rule, column = broken[["rule", "column"]].iloc[0]
    return f"rule '{rule}'" + (f" of column {column}" if isinstance(column, str) else "")


def _with_outcome(
    frame: pd.DataFrame, cohort: type[Cohort], truth: RiskFunction, rng: np.random.Generator
) -> pd.DataFrame:
    """`frame` with all that follows from it, the outcome drawn from the true risk, and what follows from that."""
    ready = _derived(frame, cohort)
    outcome = draw_outcome(ready, cohort, truth, rng)
    drawn = _read_back(ready.assign(**outcome), cohort)
    made = _derived(drawn, cohort)
    for name in outcome:
        if not made[name].equals(drawn[name]):
            raise ConfigurationError(
                f"{cohort.__module__}.{cohort.__name__}: `derive` changes the outcome column {name}, whose risk would "
                "no longer be the true one; let it compute the other columns from the outcome instead"
            )
    return made


def _derived(frame: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    made = cohort.derive(frame.copy(deep=False))
    return frame if made.equals(frame) else _read_back(made, cohort)


def _unit_columns(cohort: type[Cohort]) -> set[str]:
    return {column.unit_column for column in cohort.columns().values() if column.unit_column}


def _draw(cohort: type[Cohort], patients: Ints, rng: np.random.Generator) -> pd.DataFrame:
    """Typed records in declared order, each column drawn on its own but for the state of health and the dates."""
    place = np.unique(patients, return_inverse=True)[1]
    health = rng.standard_normal(len(patients))[place]
    dates = _draw_dates(cohort, place, rng)
    units = _unit_columns(cohort)
    made = {}
    for name, column in cohort.columns().items():
        if column.kind == Kind.TEXT:
            made[name] = pd.Series(patients).astype("string").str.zfill(DIGITS)
        elif column.kind == Kind.DATE:
            made[name] = pd.Series(dates[name].astype("datetime64[D]").astype("datetime64[ns]"))
        else:
            sign = column.expected.direction if column.expected else 1
            noise = rng.standard_normal(len(patients))
            latent = noise if name in units else sign * LOADING * health + np.sqrt(1 - LOADING**2) * noise
            made[name] = _number(latent, column) if column.numeric else _category(latent, column)
        if column.missing_allowed and name not in units:
            share = min(MISSING, (1 if column.missing_at_most is None else column.missing_at_most) / 2)
            made[name] = made[name].mask(rng.random(len(patients)) < share)
    return _read_back(pd.DataFrame(made), cohort)


def _number(latent: FloatArray, column: Column) -> pd.Series:
    """Numbers in the plausible range, skewed to the right."""
    low, high = _range(column)
    values = low + (high - low) * expit(MEDIAN + WIDTH * latent)
    if column.kind == Kind.DECIMAL:
        return pd.Series(values)
    return pd.Series(np.clip(np.rint(values), np.ceil(low), np.floor(high)).astype("int64")).astype("Int64")


def _category(latent: FloatArray, column: Column) -> pd.Series:
    """Labels that are the rarer the later they are declared: shares in proportion to 1, 1/2, 1/3..."""
    shares = 1 / np.arange(1, len(column.labels) + 1)
    cuts = ndtri(np.cumsum(shares)[:-1] / shares.sum())
    codes = np.searchsorted(cuts, latent)
    return pd.Series(pd.Categorical.from_codes(codes, pd.Index(column.labels), ordered=column.ordered))


def _draw_dates(cohort: type[Cohort], place: Ints, rng: np.random.Generator) -> dict[str, Ints]:
    """Days since 1970: each date soon after the one declared before it, where its plausible range allows.

    A date on which a value became known is soon before the index date. `place` numbers the patients from 0.
    """
    columns, index_date = cohort.columns(), str(cohort.index_date())
    known = {column.known_on for column in columns.values()}
    days = _draw_visits(cohort, place, rng)
    last: Ints | None = None
    for name in [name for name, column in columns.items() if column.kind == Kind.DATE]:
        if name not in days:
            first_day, last_day = _days(cohort, name)
            days[name] = rng.integers(first_day, last_day + 1, len(place))
            gap = rng.integers(0, GAP + 1, len(place))
            if name in known and index_date in days:
                days[name] = np.clip(days[index_date] - gap, first_day, last_day)
            elif last is not None:
                fits = (last + gap >= first_day) & (last + gap <= last_day)
                days[name] = np.where(fits, last + gap, days[name])
        last = days[name]
    return days


def _draw_visits(cohort: type[Cohort], place: Ints, rng: np.random.Generator) -> dict[str, Ints]:
    """First and last days of visits; a patient's, whose records stand together, follow each other."""
    visits = cohort.study().per_patient
    if not isinstance(visits, Visits):
        return {}
    starts, ends = _days(cohort, visits.start), _days(cohort, visits.end)
    low, high = max(starts[0], ends[0]), min(starts[1], ends[1])
    apart = max(min(APART, (high - low) // MOST_VISITS), 0)
    latest = max(high - MOST_VISITS * apart, low)
    nth = np.arange(len(place)) - np.unique(place, return_index=True)[1][place]
    begins = rng.integers(low, latest + 1, len(place))[place] + nth * apart
    start, end = begins + np.sort(rng.integers(0, apart + 1, (2, len(place))), axis=0)
    return {visits.start: start, visits.end: end}


@cache
def _days(cohort: type[Cohort], name: str) -> tuple[int, int]:
    """The first and last plausible day of a date, as days since 1970."""
    checks: dict[str, Any] = {str(c.name): c.statistics for c in cohort.to_schema().columns[name].checks}
    first = pd.Timestamp(checks["greater_than_or_equal_to"]["min_value"])
    last = pd.Timestamp(checks["less_than_or_equal_to"]["max_value"])
    return first.toordinal() - pd.Timestamp(0).toordinal(), last.toordinal() - pd.Timestamp(0).toordinal()


def _range(column: Column) -> tuple[float, float]:
    assert column.plausible, "every measurement has a plausible range"
    return column.plausible


def _read_back(frame: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
    """`frame` with every decimal number as it comes back from the text that `_text` writes."""
    made = {}
    for name, column in cohort.columns().items():
        if column.kind == Kind.DECIMAL:
            made[name] = frame[name].copy()
            for here, unit, digits, decimals in _written(frame, name, column):
                made[name][here] = _converted(_value(digits, decimals), unit, str(column.unit), column.molar_mass)
    return frame.assign(**made)


def _text(frame: pd.DataFrame, name: str, cohort: type[Cohort]) -> pd.Series:
    """A column as a source would write it: the first code of each label, days in the declared format."""
    values, column = frame[name], cohort.columns()[name]
    if column.kind == Kind.DECIMAL:
        text = pd.Series("", index=values.index, dtype="string")
        for here, _, digits, decimals in _written(frame, name, column):
            text[here] = _decimal_text(digits, decimals).array
        return text
    if column.kind == Kind.CATEGORY:
        codes = {label: code for code, label in reversed(list(column.codes.items()))}
        return values.cat.rename_categories(codes).astype("string").fillna("")
    if column.kind == Kind.DATE:
        first_day, last_day = _days(cohort, name)
        days = values.dropna().to_numpy("datetime64[D]").astype("int64") - first_day
        written = _day_texts(first_day, last_day, str(column.date_format)).take(days)
        return written.set_axis(values.dropna().index).reindex(values.index, fill_value="")
    return values.astype("string").fillna("")


@cache
def _day_texts(first_day: int, last_day: int, date_format: str) -> pd.Series:
    days = pd.to_datetime(np.arange(first_day, last_day + 1), unit="D", origin="unix")
    return pd.Series(days.strftime(date_format), dtype="string")


def _written(frame: pd.DataFrame, name: str, column: Column) -> Iterator[tuple[npt.NDArray[np.bool_], str, Ints, int]]:
    """For each unit: where numbers are written in it, the unit, their digits, and how many stand after the mark."""
    given = frame[name].notna().to_numpy()
    if column.unit_column:
        units = frame[column.unit_column]
        parts = [(given & (units == unit).to_numpy(bool), unit) for unit in units.cat.categories]
    else:
        parts = [(given, str(column.source_unit or column.unit))]
    for here, unit in parts:
        digits, decimals = _on_grid(frame[name].to_numpy()[here], column, unit)
        yield here, unit, digits, decimals


def _on_grid(values: FloatArray, column: Column, unit: str) -> tuple[Ints, int]:
    """`values` in `unit` as whole multiples of 10^-decimals that lie in the plausible range."""
    kept = str(column.unit)
    least, most, decimals = _grid(_range(column), kept, unit, column.molar_mass)
    scaled = _converted(values, kept, unit, column.molar_mass) * 10.0**decimals
    return np.clip(np.rint(scaled), least, most).astype("int64"), decimals


@cache
def _grid(plausible: tuple[float, float], kept: str, unit: str, molar_mass: float | None) -> tuple[int, int, int]:
    """The ends of a range in `unit`, inwards, in steps of 10^-decimals, and `decimals`.

    Numbers have six digits, or more where six would leave fewer than ten steps.
    """
    low, high = (Decimal(repr(end)) for end in sorted(_converted(np.array(plausible), kept, unit, molar_mass).tolist()))
    margin = int(unit != kept)  # what is converted back may be off in its last bits
    decimals = SIGNIFICANT_DIGITS - 1 - max(end.adjusted() for end in (low, high) if end)
    while True:
        least = int(low.scaleb(decimals).to_integral(ROUND_CEILING)) + margin
        most = int(high.scaleb(decimals).to_integral(ROUND_FLOOR)) - margin
        if most - least >= 10:
            return least, most, decimals
        decimals += 1


def _value(digits: Ints, decimals: int) -> FloatArray:
    """The very number that is read from the text: one rounding, of an exact quotient."""
    return np.asarray(digits / 10.0**decimals if decimals > 0 else digits * 10.0**-decimals, dtype="float64")


def _decimal_text(digits: Ints, decimals: int) -> pd.Series:
    if decimals <= 0:
        return pd.Series(digits * 10**-decimals).astype("string")
    whole, part = np.divmod(np.abs(digits), 10**decimals)
    sign = pd.Series(np.where(digits < 0, "-", ""), dtype="string")
    after = pd.Series(part + 10**decimals).astype("string").str.slice(1)
    return sign + pd.Series(whole).astype("string") + "." + after


def _converted(values: FloatArray, unit: str, into: str, molar_mass: float | None) -> FloatArray:
    if unit == into:
        return values
    column = Column("", Role.PREDICTOR, Kind.DECIMAL, unit=into, source_unit=unit, molar_mass=molar_mass)
    made: FloatArray = convert_units(pd.DataFrame({"x": values}), {"x": column})[0]["x"].to_numpy()
    return made
