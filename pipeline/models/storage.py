"""A model as plain JSON, with trees in xgboost's own format: executable by nothing."""

from base64 import b64decode, b64encode
from collections.abc import Sequence
from typing import Any

import numpy as np
import xgboost

from data_schemas.columns import Outcome
from pipeline.models.development import Deployed
from pipeline.models.ensemble import RiskModel
from pipeline.models.features import LinearDesign
from pipeline.models.folds import Fitted
from pipeline.models.imputation import ImputedDesign
from pipeline.models.linear import LinearModel
from pipeline.models.support import Support
from pipeline.models.trees import TreesModel
from pipeline.models.venn_abers import VennAbers

FORMAT = 2


def deployed_to_dict(deployed: Deployed) -> dict[str, Any]:
    """Everything needed to predict, in JSON's types; the outcome itself stands in the cohort's schema."""
    return {
        "format": FORMAT,
        "target": deployed.target,
        "model": model_to_dict(deployed.model),
        "others": {name: model_to_dict(model) for name, model in deployed.others.items()},
        "interval": deployed.interval.to_dict(),
        "support": deployed.support.to_dict(),
    }


def deployed_from_dict(content: dict[str, Any], outcome: Outcome) -> Deployed:
    """What `deployed_to_dict` described, predicting to the last bit the same."""
    assert content["format"] == FORMAT, "written by another version"
    return Deployed(
        model=model_from_dict(content["model"]),
        others={name: model_from_dict(model) for name, model in content["others"].items()},
        target=content["target"],
        outcome=outcome,
        interval=VennAbers.from_dict(content["interval"]),
        support=Support.from_dict(content["support"]),
    )


def refits_to_dict(refits: Sequence[RiskModel], belongs_to: str) -> dict[str, Any]:
    """The deployed model learnt again, and the SHA-256 of its file, `belongs_to`."""
    return {"format": FORMAT, "belongs_to": belongs_to, "refits": [model_to_dict(refit) for refit in refits]}


def refits_from_dict(content: dict[str, Any], belongs_to: str) -> tuple[RiskModel, ...]:
    """What `refits_to_dict` described; none where they belong to another model's file."""
    if content.get("format") != FORMAT or content.get("belongs_to") != belongs_to:
        return ()
    return tuple(model_from_dict(refit) for refit in content["refits"])


def model_to_dict(model: RiskModel) -> dict[str, Any]:
    """One model's members, weights and recalibration."""
    return {
        "members": {name: _member_to_dict(member) for name, member in model.members.items()},
        "weights": model.weights,
        "intercept": model.intercept,
        "slope": model.slope,
    }


def model_from_dict(content: dict[str, Any]) -> RiskModel:
    """The model that `model_to_dict` described."""
    members = {name: _member_from_dict(member) for name, member in content["members"].items()}
    return RiskModel(members, content["weights"], content["intercept"], content["slope"])


def _member_to_dict(member: Fitted) -> dict[str, Any]:
    if isinstance(member, TreesModel):
        boosters = [b64encode(bytes(booster.save_raw(raw_format="ubj"))).decode() for booster in member.boosters]
        return {"kind": "trees", "boosters": boosters}
    assert isinstance(member, LinearModel), "only members that are explained exactly are deployed"
    return {
        "kind": "linear",
        "design": member.design.to_dict(),
        "coefficients": member.coefficients.tolist(),
        "intercept": member.intercept,
    }


def _member_from_dict(content: dict[str, Any]) -> Fitted:
    if content["kind"] == "trees":
        return TreesModel(tuple(_load(booster) for booster in content["boosters"]))
    kind = ImputedDesign if "precision" in content["design"] else LinearDesign
    design = kind.from_dict(content["design"])
    return LinearModel(design, np.array(content["coefficients"]), content["intercept"])


def _load(content: str) -> xgboost.Booster:
    booster = xgboost.Booster()
    booster.load_model(bytearray(b64decode(content, validate=True)))
    return booster
