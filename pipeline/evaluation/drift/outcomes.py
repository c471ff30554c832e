"""Whether risks still mean what they say, and order patients as well as they did."""

from statistics import NormalDist

import numpy as np

from pipeline.arrays import FloatArray
from pipeline.evaluation.calibration import calibration_intercept, log_ratio, oe_ratio
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.drift.distributions import Limits
from pipeline.evaluation.drift.figures import Figure, Place
from pipeline.evaluation.drift.reference import Group
from pipeline.evaluation.intervals import DEGENERATE_AT_MOST, UNDEFINED
from pipeline.evaluation.resampling import Resampled, Sample, Table, resample
from pipeline.phrases import phrase
from pipeline.sections import Drift

KINDS = ("oe", "intercept", "auroc")
NO_OUTCOMES = phrase("no outcomes are given")
FEW_OUTCOMES = phrase("too few patients with the event, or known to be without, have a risk")


def followed(group: Group) -> Group:
    """The records with a risk and an outcome; none where there are no outcomes."""
    return group.take(group.given & ~np.isnan(group.risk) & (group.observed is not None))


def draw_figures(group: Group, settings: Drift) -> Resampled:
    """Log of O:E, calibration in the large and AUROC of a group that is `followed`, and in resamples of it."""
    assert group.observed is not None, "only groups with outcomes are drawn"
    sample = Sample(group.risk[None], group.observed, np.arange(len(group)))
    return resample(_figures, [sample], (), settings.resamples, settings.seed)


def _figures(tables: list[list[Table]]) -> dict[str, FloatArray]:
    t = tables[0][0]
    return {
        "oe": log_ratio(oe_ratio(t.risk, t.y, t.weight, t.counts)),
        "intercept": calibration_intercept(t.risk, t.y, t.weight),
        "auroc": auroc(t.risk, t.y, t.weight),
    }


def is_enough(group: Group, smallest: int) -> bool:
    """Whether at least `smallest` patients of a `followed` group have the event, and are known to be without it."""
    if group.observed is None:
        return False
    event, known = group.observed.by_horizon() == 1, group.observed.known()
    return min(int((known & event).sum()), int((known & ~event).sum())) >= smallest


def compare_outcomes(
    before: Resampled | None, after: Group, place: Place, settings: Drift, smallest: int
) -> list[Figure]:
    """O:E and the odds of calibration in the large of `after`, `followed`, and the AUROC lost since `before`."""
    if after.observed is None or not len(after):
        return [Figure(kind, place, None, None, NO_OUTCOMES) for kind in KINDS]
    if not is_enough(after, smallest):
        return [Figure(kind, place, None, None, FEW_OUTCOMES) for kind in KINDS]
    now = draw_figures(after, settings)
    ratios = [_figure(kind, place, now.points[kind], _error(now, kind)) for kind in ("oe", "intercept")]
    if before is None:
        return [*ratios, Figure("auroc", place, None, None, FEW_OUTCOMES)]
    lost = before.points["auroc"] - now.points["auroc"]
    return [*ratios, _figure("auroc", place, lost, float(np.hypot(_error(before, "auroc"), _error(now, "auroc"))))]


def _error(drawn: Resampled, kind: str) -> float:
    """The standard error; NaN where too many resamples have no figure."""
    values = drawn.values[kind][np.isfinite(drawn.values[kind])]
    enough = len(values) >= (1 - DEGENERATE_AT_MOST) * len(drawn.values[kind])
    return float(values.std(ddof=1)) if enough else np.nan


def _figure(kind: str, place: Place, point: float, error: float) -> Figure:
    """A figure with a normal interval; of a logarithm, what it is the logarithm of."""
    if not np.isfinite([point, error]).all():
        return Figure(kind, place, None, None, UNDEFINED)

    def told(value: float) -> float:
        return value if kind == "auroc" else float(np.exp(value))

    def interval(level: float) -> Limits:
        reach = NormalDist().inv_cdf(1 - level / 2) * error
        return told(point - reach), told(point + reach)

    return Figure(kind, place, told(point), interval)
