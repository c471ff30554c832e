"""A model as plain JSON: readable by anyone, executable by nothing."""

import json
from typing import Any

import numpy as np
import xgboost

from pipeline.models.candidates import Fitted
from pipeline.models.ensemble import RiskModel
from pipeline.models.features import LinearDesign
from pipeline.models.linear import LinearModel
from pipeline.models.trees import TreesModel

FORMAT = 1


def model_to_dict(model: RiskModel) -> dict[str, Any]:
    """Everything needed to predict, in JSON's types."""
    return {
        "format": FORMAT,
        "members": {name: _member_to_dict(member) for name, member in model.members.items()},
        "weights": model.weights,
        "intercept": model.intercept,
        "slope": model.slope,
    }


def model_from_dict(content: dict[str, Any]) -> RiskModel:
    """The model that `model_to_dict` described, predicting to the last bit the same."""
    assert content["format"] == FORMAT, "written by another version"
    members = {name: _member_from_dict(member) for name, member in content["members"].items()}
    return RiskModel(members, content["weights"], content["intercept"], content["slope"])


def _member_to_dict(member: Fitted) -> dict[str, Any]:
    if isinstance(member, TreesModel):
        return {"kind": "trees", "booster": json.loads(bytes(member.booster.save_raw(raw_format="json")))}
    return {
        "kind": "linear",
        "design": member.design.to_dict(),
        "coefficients": member.coefficients.tolist(),
        "intercept": member.intercept,
    }


def _member_from_dict(content: dict[str, Any]) -> Fitted:
    if content["kind"] == "trees":
        booster = xgboost.Booster()
        booster.load_model(bytearray(json.dumps(content["booster"]).encode()))
        return TreesModel(booster)
    design = LinearDesign.from_dict(content["design"])
    return LinearModel(design, np.array(content["coefficients"]), content["intercept"])
