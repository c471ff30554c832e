"""Stage `explain`: exact attributions for patients, and the table of risk factors drawn from them."""

from typing import Any

import numpy as np
import pandas as pd

from pipeline.explanation.attributions import attribute
from pipeline.explanation.factors import Explained, tabulate_factors, trace_curves
from pipeline.explanation.membership import explain_membership
from pipeline.explanation.refits import refit
from pipeline.explanation.what_if import try_changes
from pipeline.models.candidates import Context, build_candidates
from pipeline.models.ensemble import RiskModel
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.storage import model_from_dict
from pipeline.models.trees import find_device
from pipeline.stages.wiring import Stage, align, find_first_records, run


def main(stage: Stage) -> None:
    """Explain the deployed model on all valid patients, or on as many as `params.yaml` allows."""
    cohort, smallest = stage.cohort(), stage.section("disclosure").smallest_group
    valid, content = stage.read("valid.parquet"), stage.read("model.json")
    examples, model = make_examples(valid, cohort), model_from_dict(content["model"])
    part = align(stage.read("split.parquet"), valid)["part"]
    refits = _refit(stage, examples.take((part == "development").to_numpy(bool)), model, content["settings"])
    shown = examples.take(np.arange(len(valid)) < stage.section("explain").patients)  # pseudonyms are in random order
    explained = Explained(
        shown.X, model.risk(shown.X), attribute(model, shown.X), [attribute(m, shown.X).contributions for m in refits]
    )
    factors = tabulate_factors(explained, cohort.predictors(), smallest)
    changes = try_changes(shown.X, model, refits, cohort.predictors(), smallest)
    stage.write("risk_factors.csv", factors.merge(changes, on="predictor", how="left"))
    stage.write("factor_curves.json", trace_curves(explained, cohort.predictors(), smallest))
    stage.write("phenotype_factors.json", _explain_phenotypes(stage, valid, examples, smallest))
    attributions = explained.attributions.contributions.assign(base=explained.attributions.base)
    attributions.insert(0, "pseudonym", shown.pseudonym)
    stage.write("attributions.parquet", attributions)


def _explain_phenotypes(stage: Stage, valid: pd.DataFrame, examples: Examples, smallest: int) -> dict[str, Any]:
    """What tells phenotypes apart; empty where there are none."""
    first = find_first_records(valid, stage.cohort().index_date())
    cluster = align(stage.read("clusters.parquet"), valid.iloc[first])["cluster"].to_numpy(int)
    numbers, places = np.unique(cluster, return_inverse=True)
    if not numbers.any():
        return {}
    used = {n: c for n, c in stage.cohort().predictors().items() if c.weight_in_phenotypes > 0}
    seed = stage.section("explain").seed
    found = explain_membership(examples.X.iloc[first], places + 1, used, len(numbers), smallest, seed)
    told = {str(numbers[int(place) - 1]): rows for place, rows in found.get("clusters", {}).items()}
    return found | {"clusters": told} if found else {}


def _refit(stage: Stage, development: Examples, model: RiskModel, settings: dict[str, Any]) -> list[RiskModel]:
    train, explain = stage.section("train"), stage.section("explain")
    context = Context(stage.cohort().predictors(), train.seed, find_device(train.device))
    candidates = build_candidates(tuple(model.members), context)
    return refit(model, development, candidates, settings, explain.refits, explain.seed)


if __name__ == "__main__":
    run("explain", main)
