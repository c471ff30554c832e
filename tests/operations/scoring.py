"""Stored models of made-up clinics that need no tuning, and their patients scored."""

import json
from functools import cache
from pathlib import Path

import pandas as pd

from data_schemas.columns import Cohort
from pipeline.models.development import Deployed
from pipeline.models.ensemble import RiskModel
from pipeline.models.linear import LogisticCandidate
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.storage import deployed_to_dict
from pipeline.models.support import Support
from pipeline.models.trees import TreesCandidate
from pipeline.models.venn_abers import VennAbers
from pipeline.operations import score
from pipeline.operations.scoring.places import Places
from pipeline.records.new_patients import check_new_patients
from tests.conftest import change_params
from tests.records.wide_clinic import Clinic, Followed, Sorted, make_text

COHORTS = {"clinic": Clinic, "followed": Followed, "sorted": Sorted}
OUT = Path("risks.csv")


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


def make_clinics(root: Path, monkeypatch, names=tuple(COHORTS)) -> Path:
    """The repository `root` with cohorts, each with a model."""
    monkeypatch.setattr(score, "load_cohort", COHORTS.get)
    source = {"source": {"format": "csv", "path": "old.csv"}}
    change_params(
        root, lambda p: p.update(cohorts=dict.fromkeys(names, source), evaluate={"resamples": 100, "seed": 1})
    )
    for name in names:
        write_model(make_deployed(COHORTS[name])[0], root / f"artifacts/{name}/model.json")
    return root


def scored(table: pd.DataFrame, cohort: str = "clinic", out: Path = OUT, **more) -> pd.DataFrame:
    """The risks of a table of text, read back."""
    table.to_csv("new.csv", index=False)
    out.unlink(missing_ok=True)
    score.score_file(cohort, "new.csv", Places(out, **more))
    return read(out)


def read(out: Path) -> pd.DataFrame:
    """Risks as they were written."""
    if out.suffix == ".parquet":
        return pd.read_parquet(out)
    texts = dict.fromkeys(("number", "because", "refused_because", "model"), "string")
    kinds = texts | {"outside_support": "boolean"}
    return pd.read_csv(out, dtype=kinds, keep_default_na=False, na_values=[""])


def bad(table: pd.DataFrame, **changes: str) -> pd.DataFrame:
    """The table with the third record altered."""
    made = table.copy()
    made.loc[2, list(changes)] = list(changes.values())
    return made
