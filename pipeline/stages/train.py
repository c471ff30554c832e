"""Stage `train`: the deployed model, and risks for patients it has not seen."""

import os
from functools import partial

from pipeline.models.candidates import build_candidates
from pipeline.models.ensemble import ENSEMBLE, develop
from pipeline.models.held_out import develop_and_test
from pipeline.models.outcomes import make_examples
from pipeline.models.storage import model_to_dict
from pipeline.models.summary import summarise_model
from pipeline.stages.wiring import Stage, align, run


def main(stage: Stage) -> None:
    """Develop all candidates, keep the ensemble, and predict for held-out patients."""
    settings, cohort = stage.section("train"), stage.cohort()
    valid = stage.read("valid.parquet")
    split = align(stage.read("split.parquet"), valid)
    candidates = build_candidates(settings.candidates, cohort.predictors(), settings.seed)
    learn = partial(develop, candidates=candidates, ensemble=settings.ensemble, folds=settings.folds)
    examples = make_examples(valid, cohort)
    development, predictions = develop_and_test(examples, split, learn, jobs=os.cpu_count() or 1)
    model, chosen = development.models[ENSEMBLE], development.settings
    taught = examples.take((split["part"] == "development").to_numpy(bool))
    stage.write("model.json", model_to_dict(model) | {"settings": chosen})
    stage.write("model_summary.json", summarise_model(model, taught, candidates, chosen, cohort.predictors()))
    stage.write("predictions.parquet", predictions)


if __name__ == "__main__":
    run("train", main)
