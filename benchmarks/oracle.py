"""The deployed model against the truth, on synthetic patients whose risk function is known.

    .venv/bin/python benchmarks/oracle.py [--cohort NAME] [--rows N] [--repeats R] [--repeat-rows M]
        [--fresh-rows F] [--seed S] [--jobs J]

Develops the deployed average once on N patients (200,000), with the settings of `params.yaml`, and prints the AUROC of
the model and of the true risk, and the calibration slope, for N fresh patients. Then R times (100) on M patients
(2,000), each time others, and prints in how many the 95% interval of the slope, for F fresh patients (500, a fifth of
all, as in a hold-out), holds 1. The interval is that of the model at hand among fresh patients; models also differ from
each other, so that the more fresh patients there are, the fewer of the intervals hold 1. With 0 rows or repeats that
part is left out. The first part takes minutes, the second about as long.
"""

import argparse
import time
from pathlib import Path

import numpy as np
import pandas as pd
from joblib import Parallel, delayed

from data_schemas.columns import Cohort
from pipeline.arrays import FloatArray
from pipeline.evaluation.calibration import calibration_slope, oe_ratio
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.performance import measure
from pipeline.models.development import develop
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.planning import make_plan
from pipeline.outcomes import Observed
from pipeline.records.quarantine import validate_records
from pipeline.records.synthetic.synthesis import RiskFunction, make_risk_function, synthesise, true_risk
from pipeline.sections import Settings
from pipeline.settings import load_cohort, load_settings

EVENT_SHARE = 0.3
FRESH = 1_000_000  # added to a seed, for patients whom no development has seen
RESAMPLES = 500


def draw(cohort: type[Cohort], rows: int, seed: int, truth: RiskFunction, settings: Settings) -> pd.DataFrame:
    """`rows` typed records as training gets them."""
    text = pd.concat(synthesise(cohort, rows, seed, truth), ignore_index=True)
    valid = validate_records(text, cohort, settings.validate_).valid
    assert len(valid) == rows, "synthetic records obey their schema"
    return valid


def predict_fresh(
    cohort: type[Cohort], rows: int, fresh_rows: int, seed: int, truth: RiskFunction, settings: Settings
) -> tuple[FloatArray, FloatArray, Examples]:
    """What a development on `rows` patients tells fresh ones, their true risks, and the patients."""
    taught = make_examples(draw(cohort, rows, seed, truth, settings), cohort)
    development = develop(taught, make_plan(cohort, settings.train).alone())
    records = draw(cohort, fresh_rows, seed + FRESH, truth, settings)
    fresh = make_examples(records, cohort)
    return development.deployed.model.risk(fresh.X), true_risk(records, truth), fresh


def describe(risk: FloatArray, observed: Observed) -> str:
    """AUROC, calibration slope and O:E."""
    y, counts = observed.by_horizon(), np.ones((1, len(observed)))
    weight = observed.weights()[None, :]
    area, slope = auroc(risk, y, weight)[0], calibration_slope(risk, y, weight)[0]
    return f"AUROC {area:.4f}, slope {slope:.3f}, O:E {oe_ratio(risk, y, weight, counts)[0]:.3f}"


def find_slope(
    cohort: type[Cohort], rows: int, fresh_rows: int, seed: int, truth: RiskFunction, settings: Settings
) -> tuple[float, float, float]:
    """The calibration slope for fresh patients with its 95% interval."""
    risk, _, fresh = predict_fresh(cohort, rows, fresh_rows, seed, truth, settings)
    slope = measure(risk, fresh.observed, fresh.patient, (), RESAMPLES, seed)["calibration_slope"]
    assert slope.value is not None, slope.reason
    assert slope.lo is not None, slope.reason
    assert slope.hi is not None, slope.reason
    return slope.value, slope.lo, slope.hi


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohort", default="breast_cancer_recurrence")
    for name, default in (
        ("rows", 200_000),
        ("repeats", 100),
        ("repeat-rows", 2000),
        ("fresh-rows", 500),
        ("seed", 1),
        ("jobs", 1),
    ):
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    settings, cohort = load_settings(Path(__file__).parents[1] / "params.yaml"), load_cohort(given.cohort)
    truth = make_risk_function(cohort, given.seed, EVENT_SHARE)
    if given.rows:
        start = time.perf_counter()
        risk, true, fresh = predict_fresh(cohort, given.rows, given.rows, given.seed, truth, settings)
        print(f"{given.cohort}, {given.rows} patients and as many fresh ones, {time.perf_counter() - start:.0f} s")
        print(f"  model: {describe(risk, fresh.observed)}")
        print(f"  truth: {describe(true, fresh.observed)}")
    if given.repeats:
        seeds = range(given.seed + 1, given.seed + 1 + given.repeats)
        work = (
            delayed(find_slope)(cohort, given.repeat_rows, given.fresh_rows, seed, truth, settings) for seed in seeds
        )
        slopes = np.array(Parallel(n_jobs=given.jobs)(work))
        covered = int(((slopes[:, 1] <= 1) & (slopes[:, 2] >= 1)).sum())
        print(f"{given.repeats} repeats, {given.repeat_rows} patients and {given.fresh_rows} fresh ones:")
        print(f"  the slope's interval holds 1 in {covered}")
        print(f"  mean slope {slopes[:, 0].mean():.3f}, standard deviation {slopes[:, 0].std(ddof=1):.3f}")


if __name__ == "__main__":
    main()
