"""Stored models of a made-up clinic that need no tuning."""

import json
from functools import cache
from pathlib import Path

from data_schemas.columns import Cohort
from pipeline.models.development import Deployed
from pipeline.models.ensemble import RiskModel
from pipeline.models.linear import LogisticCandidate
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.storage import deployed_to_dict
from pipeline.models.support import Support
from pipeline.models.trees import TreesCandidate
from pipeline.models.venn_abers import VennAbers
from pipeline.records.new_patients import check_new_patients
from tests.records.wide_clinic import make_text


@cache
def make_deployed(cohort: type[Cohort], seed: int = 0, n: int = 400) -> tuple[Deployed, Examples]:
    """A model of every target, the mean of a linear one and trees, and what it learnt from."""
    records = check_new_patients(make_text(seed, n), cohort).sound
    examples = make_examples(records.rename(columns={cohort.identifier(): "pseudonym"}), cohort)
    predictors = cohort.predictors()
    models = {name: _fit(examples, name) for name in examples.targets}
    first, *others = models
    interval = VennAbers.learn(
        models[first].log_odds(examples.X), examples.observed.by_horizon(), examples.observed.weights()
    )
    more = {name: models[name] for name in others}
    outcome = cohort.study().outcome
    return Deployed(models[first], more, first, outcome, interval, Support.learn(examples.X, predictors)), examples


def _fit(examples: Examples, target: str) -> RiskModel:
    observed = examples.targets[target]
    data = examples.X, observed.by_horizon(), observed.weights() + 1e-9
    members = {
        "logistic": LogisticCandidate("linear", splines=True).fit(*data, {"inverse_penalty": 0.1}),
        "trees": TreesCandidate("trees", 1).fit(*data, {"rounds": 15}),
    }
    return RiskModel(members, dict.fromkeys(members, 0.5), -0.2, 1.1)


def write_model(deployed: Deployed, path: Path, **more) -> Path:
    """The file that `dvc repro` would make."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(deployed_to_dict(deployed) | {"settings": {}} | more))
    return path
