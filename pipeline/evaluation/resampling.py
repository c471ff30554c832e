"""Patients drawn again and again, and what every figure is computed from."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from pipeline.arrays import Float32Array, FloatArray, IntArray
from pipeline.evaluation.cells import Cells, condense, draw_poisson, merge_rows
from pipeline.outcomes import Observed
from pipeline.patients import renumber_patients

CHUNK_NUMBERS = 500_000
LARGE, GROUPS, CONDENSED = 20_000, 20_000, 200_000
FEWEST_AT_ONCE = 8


@dataclass(frozen=True)
class Sample:
    """Risks of n records by r repeats, (r, n), their outcomes, and a code per patient, (n,), alike in all samples."""

    risks: FloatArray
    observed: Observed
    patient: IntArray

    def __post_init__(self) -> None:
        """Assert that the parts fit together."""
        assert self.risks.shape[1] == len(self.observed) == len(self.patient)


@dataclass(frozen=True)
class Table:
    """Risks and outcomes, (n,), and of b resamples `weight` and `counts`, (b, n); n are records, or cells of them."""

    risk: FloatArray
    y: FloatArray
    weight: FloatArray
    counts: FloatArray

    def take(self, resamples: slice) -> "Table":
        """The same of some of the resamples."""
        return Table(self.risk, self.y, self.weight[resamples], self.counts[resamples])


Figures = Callable[[list[list[Table]]], dict[str, FloatArray]]


@dataclass(frozen=True)
class Resampled:
    """Each figure of the whole sample, and in each resample, (resamples,); NaN where not defined."""

    points: dict[str, float]
    values: dict[str, FloatArray]


def resample(
    figures: Figures, samples: Sequence[Sample], thresholds: Sequence[float], resamples: int, seed: int
) -> Resampled:
    """All `figures` of the samples and of resamples of their patients, the same patients in every sample and repeat.

    `figures` takes for each sample a table per repeat and returns (b,) per name. All rows of a patient are drawn
    together (Efron 1979), and censoring weights are estimated anew in each resample.

    Where samples have more than `LARGE` rows together, resamples draw patients by Poisson(1) counts (Hanley and
    MacGibbon 2006, Comput Methods Programs Biomed 83:57) and see rows merged into cells by `merge_rows`, which
    `thresholds` never part. The points are still those of the rows, to within a millionth where there are more than
    `CONDENSED`; and resamples are moved by what a figure of the cells differs from its point, since a bin that is
    narrow beside the spread of 20,000 rows is not beside that of millions. Censoring weights are then those of the
    whole sample: with a quarter of outcomes unknown, intervals of Brier score and log-loss come out a tenth to a fifth
    wider, others hardly.

    Of more than `GROUPS` patients, so many groups are drawn, to which patients are dealt at random and as evenly as can
    be, so that the cost does not grow with them. Sums over independent patients keep their variance, on average over
    deals, and a standard error is off by about 1 / sqrt(2 * `GROUPS`), half a percent.
    """
    points = figures([tabulate_rows(sample, thresholds) for sample in samples])
    if sum(len(sample.patient) for sample in samples) > LARGE:
        return _resample_cells(figures, points, _merge(samples, thresholds, resamples, seed))
    parts = [figures(each) for each in _exact(samples, resamples, seed)]
    return Resampled(_firsts(points), _join(parts))


def _resample_cells(
    figures: Figures, points: dict[str, FloatArray], merged: list[list[tuple[Table, Table]]]
) -> Resampled:
    """The figures of cells, moved to where the points of the rows are; of each sample and repeat `_merge` has two."""
    whole = figures([[table for table, _ in repeats] for repeats in merged])
    cells = max(len(table.risk) for repeats in merged for table, _ in repeats)
    chunk = max(FEWEST_AT_ONCE, CHUNK_NUMBERS // cells)
    resamples = len(merged[0][0][1].counts)
    parts = [
        figures([[drawn.take(slice(start, start + chunk)) for _, drawn in repeats] for repeats in merged])
        for start in range(0, resamples, chunk)
    ]
    moved = {name: np.nan_to_num(points[name] - whole[name]) + values for name, values in _join(parts).items()}
    return Resampled(_firsts(points), moved)


def _firsts(points: dict[str, FloatArray]) -> dict[str, float]:
    return {name: float(value[0]) for name, value in points.items()}


def _join(parts: list[dict[str, FloatArray]]) -> dict[str, FloatArray]:
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def mean_figures(each: Sequence[dict[str, FloatArray]]) -> dict[str, FloatArray]:
    """Each figure's mean over repeats, (b,)."""
    return {name: np.mean([figures[name] for figures in each], axis=0) for name in each[0]}


def tabulate_rows(sample: Sample, thresholds: Sequence[float]) -> list[Table]:
    """The table of each repeat whose figures are the points: everybody once, of many rows in fine cells."""
    if len(sample.patient) <= CONDENSED:
        return _tables(sample, np.ones((1, len(sample.patient))))
    cells = (condense(risk, sample.observed, thresholds) for risk in sample.risks)
    return [Table(risk, y, weight[None], counts[None]) for risk, y, weight, counts in cells]


def _tables(sample: Sample, counts: FloatArray) -> list[Table]:
    weight, y = counts * sample.observed.weights_for(counts), sample.observed.by_horizon()
    return [Table(risk, y, weight, counts) for risk in sample.risks]


def _exact(samples: Sequence[Sample], resamples: int, seed: int) -> Iterator[list[list[Table]]]:
    """Every row with how often its patient is drawn, in chunks that bound the memory."""
    generator = np.random.default_rng(seed)
    patients, places = _number_patients(samples)
    chunk = max(1, CHUNK_NUMBERS // sum(len(place) for place in places))
    for start in range(0, resamples, chunk):
        size = min(chunk, resamples - start)
        drawn = generator.multinomial(patients, np.full(patients, 1 / patients), size=size).astype(float)
        yield [_tables(sample, drawn[:, place]) for sample, place in zip(samples, places, strict=True)]


def _merge(
    samples: Sequence[Sample], thresholds: Sequence[float], resamples: int, seed: int
) -> list[list[tuple[Table, Table]]]:
    """For each sample and repeat the cells of its rows, with everybody once, and with how often each is drawn."""
    generator = np.random.default_rng(seed)
    patients, places = _number_patients(samples)
    units = min(patients, GROUPS)
    group = generator.permutation(patients) % units if patients > units else np.arange(patients)
    drawn = draw_poisson(generator, units, resamples)
    return [
        [_fill(merge_rows(risk, sample.observed, group[place], units, thresholds), drawn) for risk in sample.risks]
        for sample, place in zip(samples, places, strict=True)
    ]


def _fill(cells: Cells, drawn: Float32Array) -> tuple[Table, Table]:
    everybody = np.ones((len(drawn), 1), dtype=np.float32)
    whole, resampled = (Table(cells.risk, cells.y, *cells.sums(each)) for each in (everybody, drawn))
    return whole, resampled


def _number_patients(samples: Sequence[Sample]) -> tuple[int, list[IntArray]]:
    """How many patients there are, and for each sample which of them each row is."""
    patients, place = renumber_patients(np.concatenate([sample.patient for sample in samples]))
    ends = np.cumsum([len(sample.patient) for sample in samples])
    return patients, np.split(place, ends[:-1])
