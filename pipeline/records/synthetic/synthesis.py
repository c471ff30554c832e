"""Synthetic tables from a cohort's schema, for demonstrations and load tests; their true risks are known.

Columns are correlated through one latent state of health (a one-factor Gaussian copula). No patient's data enter.
Records come in blocks of fixed size, each with a seed of its own, so that memory is bounded and a table's first
records depend on neither its length nor the chunks it is written in.
"""

from collections.abc import Callable, Iterator
from itertools import count

import numpy as np
import pandas as pd
from scipy.special import expit, ndtri

from data_schemas.columns import Cohort, Column, Kind, Role, Visits
from pipeline.arrays import FloatArray
from pipeline.errors import ConfigurationError
from pipeline.records.checks import find_violations
from pipeline.records.synthetic.risk_function import RiskFunction, draw_outcome, draw_risk_function, true_risk
from pipeline.records.synthetic.source_text import Ints, as_source_text, plausible_days, plausible_range, read_back

__all__ = ["RiskFunction", "make_risk_function", "synthesise", "true_risk"]

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
    return draw_risk_function(sample, cohort.with_role(Role.PREDICTOR), rng, event_share)


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
    return pd.DataFrame({name: as_source_text(frame, name, cohort) for name in cohort.columns()})


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
    drawn = read_back(ready.assign(**outcome), cohort)
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
    return frame if made.equals(frame) else read_back(made, cohort)


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
        if column.role == Role.IMAGE:  # images are made elsewhere, by synth-radiographs
            made[name] = pd.Series(pd.NA, index=range(len(patients)), dtype="string")
        elif column.kind == Kind.TEXT:
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
    return read_back(pd.DataFrame(made), cohort)


def _number(latent: FloatArray, column: Column) -> pd.Series:
    """Numbers in the plausible range, skewed to the right."""
    low, high = plausible_range(column)
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
            first_day, last_day = plausible_days(cohort, name)
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
    starts, ends = plausible_days(cohort, visits.start), plausible_days(cohort, visits.end)
    low, high = max(starts[0], ends[0]), min(starts[1], ends[1])
    apart = max(min(APART, (high - low) // MOST_VISITS), 0)
    latest = max(high - MOST_VISITS * apart, low)
    nth = np.arange(len(place)) - np.unique(place, return_index=True)[1][place]
    begins = rng.integers(low, latest + 1, len(place))[place] + nth * apart
    start, end = begins + np.sort(rng.integers(0, apart + 1, (2, len(place))), axis=0)
    return {visits.start: start, visits.end: end}
