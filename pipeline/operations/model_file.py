"""The file of a model: read for the schema it was made for, and written anew with a recalibration in it."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Role
from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.evaluation.updating import NONE, Choice, Update
from pipeline.models.development import Deployed
from pipeline.models.ensemble import RiskModel
from pipeline.models.features import model_frame
from pipeline.models.inputs import find_changes, list_inputs
from pipeline.models.storage import FORMAT, deployed_from_dict, refits_from_dict
from pipeline.models.venn_abers import VennAbers
from pipeline.operations.releases.manifest import NAME, verify
from pipeline.operations.releases.store import Store
from pipeline.operations.scoring.followed import Followed
from pipeline.outcomes import observe
from pipeline.phenotypes import PhenotypeModel, predictor_values
from pipeline.records.typing import type_records


@dataclass(frozen=True)
class Stored:
    """What the model file at `path` holds, the model that it describes, and the phenotypes beside it, if any are."""

    path: Path
    content: dict[str, Any]
    deployed: Deployed
    phenotypes: PhenotypeModel | None = None

    def predict(self, records: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
        """`Deployed.predict` for typed `records`, with their index, and `PhenotypeModel.judge`."""
        if records.empty:
            also = [f"also_{name}" for name in self.deployed.others]
            also += ["phenotype", "phenotype_distance", "unlike_phenotypes"] if self.phenotypes else []
            return pd.DataFrame(columns=["risk", "lower", "upper", "outside", "distance", "because", *also])
        told = self.deployed.predict(self.see(records, cohort))
        if self.phenotypes is None:
            return told
        return pd.concat(
            [told, self.phenotypes.judge(predictor_values(records, cohort.with_role(Role.PREDICTOR)))], axis=1
        )

    def see(self, records: pd.DataFrame, cohort: type[Cohort]) -> pd.DataFrame:
        """`model_frame` of typed `records` as in training, in the order in which the model knows the predictors."""
        predictors = cohort.predictors()
        return model_frame(records, {name: predictors[name] for name in list_inputs(self.content)}, "float32")


def find_model(cohort: str, given: Path | None = None) -> tuple[Path, str | None]:
    """The model's file and the name of its release, which is verified: `given`, or that of the release in use.

    Before the first release it is the one that `dvc repro` made, and the name is None, as for any other file.
    Raises ConfigurationError as `verify`.
    """
    release = Store.of(cohort).champion() if given is None else _release_of(given)
    path = given or (release or Path("artifacts", cohort)) / "model.json"
    return path, release.name if release else None


def _release_of(model: Path) -> Path | None:
    """The release, verified, in whose folder the file lies."""
    folder = model.resolve().parent
    if not NAME.fullmatch(folder.name):
        return None
    verify(folder)
    return folder


def read_model(path: Path, cohort: type[Cohort]) -> Stored:
    """The model in the file at `path`. Raises ConfigurationError unless it was made for the schema of `cohort`."""
    if not path.is_file():
        raise ConfigurationError(f"{path} is missing; `dvc repro` makes the model")
    try:
        content = files.read_json(path)
    except ValueError:
        raise ConfigurationError(f"{path} is no model file: it is not whole JSON; run `dvc repro`") from None
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ConfigurationError(f"{path} is no model file of this version; run `dvc repro`")
    changes = find_changes(content, cohort.predictors()) + _other_outcome(content, cohort)
    if changes:
        raise ConfigurationError(
            f"{path} was made for another schema than {cohort.__module__} is now: {'; '.join(changes)}; run "
            "`dvc repro`, or restore the schema that belongs to the model"
        )
    return Stored(path, content, deployed_from_dict(content, cohort.study().outcome), _read_phenotypes(path))


def read_refits(model: Path) -> tuple[RiskModel, ...]:
    """The model in the file at `model` learnt again; none where no file beside it has them."""
    path = model.with_name("refits.json")
    return refits_from_dict(files.read_json(path), files.hash_file(model)) if path.is_file() else ()


def _read_phenotypes(model: Path) -> PhenotypeModel | None:
    """The phenotypes in the model's folder; None where none were found."""
    path = model.with_name("phenotypes_model.json")
    content = files.read_json(path) if path.is_file() else {}
    return PhenotypeModel.from_dict(content) if content else None


def recalibrate(stored: Stored, choices: Mapping[str, Choice], followed: Followed) -> dict[str, Any]:
    """The content of a model file with each supported update in it, by target; `followed` are those it rests on.

    Slope and intercept enter those of each model. Where the first changes, its Venn-Abers interval is learnt anew, from
    these patients, whom the model has never seen.
    """
    content, first = stored.content, choices[stored.deployed.target]
    updates = {name: choice.update for name, choice in choices.items()}
    others = {name: _composed(model, updates.get(name, Update())) for name, model in content["others"].items()}
    made = content | {"model": _composed(content["model"], first.update), "others": others}
    if first.supported != NONE:
        made["interval"] = _relearnt(first.update, followed).to_dict()
    told = {name: {"supported": choices[name].supported} | asdict(update) for name, update in updates.items()}
    return made | {"recalibrated": {"patients": len(np.unique(followed.patient)), "updates": told}}


def _other_outcome(content: Mapping[str, Any], cohort: type[Cohort]) -> list[str]:
    columns = cohort.columns()
    nobody = type_records(pd.DataFrame(columns=list(columns), dtype="string"), columns).frame
    declared, known = list(observe(nobody, cohort.study())), [content["target"], *content["others"]]
    return [] if declared == known else ["the outcome has other horizons or classes"]


def _composed(model: Mapping[str, Any], update: Update) -> dict[str, Any]:
    intercept = update.intercept + update.slope * model["intercept"]
    return dict(model) | {"intercept": intercept, "slope": update.slope * model["slope"]}


def _relearnt(update: Update, followed: Followed) -> VennAbers:
    score, observed = next(iter(followed.scores.values())), followed.observed
    return VennAbers.learn(update.intercept + update.slope * score, observed.by_horizon(), observed.weights())
