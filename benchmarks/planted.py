"""Whether the explanation finds what was planted in synthetic patients.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/planted.py [--cohort NAME] [--rows N] [--seeds S] [--first F]

For S seeds (100), from F (0) on, each with a risk function of its own: develops the deployed average on N patients
(20,000) of the cohort, as `params.yaml` says, explains 2,000 of them, and prints in how many the five factors of most
weight are the true five, and in how many the direction of every factor that has one is the true one. A factor's true
weight is the mean absolute deviation of its true part of the log-odds; where the fifth and the sixth are nearer than 2%
of the fifth, either counts. Takes about 10 s a seed.
"""

import argparse

import numpy as np
import pandas as pd

from benchmarks.oracle import EVENT_SHARE, draw
from data_schemas.columns import Cohort
from pipeline.explanation.explained import explain
from pipeline.explanation.factors import learnt_direction
from pipeline.models.development import develop
from pipeline.models.features import has_direction
from pipeline.models.outcomes import make_examples
from pipeline.models.planning import make_plan
from pipeline.records.synthetic.synthesis import RiskFunction, make_risk_function
from pipeline.sections import Settings
from pipeline.settings import load_cohort, load_settings

EXPLAINED, SMALLEST, TOP = 2000, 10, 5
TIE = 0.02


def true_parts(records: pd.DataFrame, truth: RiskFunction) -> pd.DataFrame:
    """Each predictor's part of the true log-odds, less its mean, (n, p)."""
    parts = {
        name: records[name].astype("Float64").fillna(slope.centre).astype(float) * slope.coefficient / slope.scale
        for name, slope in truth.numbers.items()
    }
    parts |= {
        name: records[name].astype(object).map(effects).fillna(0.0).astype(float)
        for name, effects in truth.categories.items()
    }
    frame = pd.DataFrame(parts)
    return frame - frame.mean()


def true_directions(cohort: type[Cohort], truth: RiskFunction) -> dict[str, str]:
    """Of every predictor that has an effect in one direction."""
    ends = {name: slope.coefficient for name, slope in truth.numbers.items()}
    ends |= {name: list(effects.values())[-1] for name, effects in truth.categories.items()}
    predictors = cohort.predictors()
    return {
        n: "increases" if end > 0 else "decreases" for n, end in ends.items() if end and has_direction(predictors[n])
    }


def recover(cohort: type[Cohort], rows: int, seed: int, settings: Settings) -> tuple[bool, list[str], str]:
    """Whether the first five are right, the predictors whose direction is wrong, and both rankings in words."""
    truth = make_risk_function(cohort, seed, EVENT_SHARE)
    records = draw(cohort, rows, seed, truth, settings)
    examples = make_examples(records, cohort)
    model = develop(examples, make_plan(cohort, settings.train).alone()).deployed.model
    explained = explain(examples.X.iloc[:EXPLAINED], model, ())
    weight = true_parts(records, truth).abs().mean().sort_values(ascending=False)
    found = explained.attributions.contributions.abs().mean().sort_values(ascending=False).index[:TOP]
    at_least = weight.iloc[TOP - 1] - TIE * weight.iloc[TOP - 1]
    predictors = cohort.predictors()
    directions = true_directions(cohort, truth)
    wrong = [n for n, way in directions.items() if learnt_direction(explained, n, predictors[n], SMALLEST) != way]
    return bool((weight[found] >= at_least).all()), wrong, f"{list(weight.round(3).items())[:7]} {list(found)}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohort", default="breast_cancer_recurrence")
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--first", type=int, default=0)
    options = parser.parse_args()
    cohort, settings = load_cohort(options.cohort), load_settings()
    np.seterr(all="raise", under="ignore")
    ranked, directed = 0, 0
    for count, seed in enumerate(range(options.first, options.first + options.seeds), start=1):
        right, wrong, said = recover(cohort, options.rows, seed, settings)
        ranked, directed = ranked + right, directed + (not wrong)
        if not right or wrong:
            print(
                f"seed {seed}: first five {'right' if right else 'wrong'}, wrong directions {wrong}; {said}", flush=True
            )
        if count % 5 == 0:
            print(f"first five right in {ranked}, all directions in {directed} of {count}", flush=True)


if __name__ == "__main__":
    main()
