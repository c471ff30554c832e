"""What a stored model takes each predictor for, so that one declared otherwise since is refused, not misread."""

from collections.abc import Mapping
from typing import Any

from data_schemas.columns import Column
from pipeline.models.features import has_direction


def describe_inputs(predictors: Mapping[str, Column]) -> dict[str, Any]:
    """Unit and labels of each predictor, in declared order: what a number or the place of a code means."""
    return {name: {"unit": column.unit, "labels": column.labels} for name, column in predictors.items()}


def list_inputs(content: Mapping[str, Any]) -> list[str]:
    """The predictors of the model in `content`, that of `model.json`, in the order in which it knows them."""
    return list(_blocks(content))


def find_changes(content: Mapping[str, Any], predictors: Mapping[str, Column]) -> list[str]:
    """How `predictors` differ from those of the model in `content`, a phrase each; empty if they do not.

    Every model knows names, which predictors it sees as numbers, and the labels of the others that were not rare; all
    units and labels are compared where `content` holds `inputs`, made by `describe_inputs`.
    """
    known, now = _blocks(content), describe_inputs(predictors)
    then = content.get("inputs", now)
    found = [f"{name} is no longer a predictor" for name in known if name not in predictors]
    for name, column in predictors.items():
        if name not in known:
            found.append(f"{name} is a new predictor")
        elif not _fits(known[name].get("levels"), column) or then.get(name) != now[name]:
            found.append(f"{name} has another kind, unit or labels")
    return found


def _blocks(content: Mapping[str, Any]) -> dict[str, Any]:
    blocks: dict[str, Any] = content["support"]["design"]["blocks"]
    return blocks


def _fits(levels: list[str] | None, column: Column) -> bool:
    """Whether a predictor of `levels`, None for one seen as a number, may be `column`."""
    if levels is None or has_direction(column):
        return levels is None and has_direction(column)
    return set(levels) <= set(column.labels)
