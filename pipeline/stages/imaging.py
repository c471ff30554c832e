"""Stage `imaging`: what networks tell of the images beside the records, none of it learnt from the patient told of."""

import os
from pathlib import Path

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Role
from pipeline.arrays import IntArray
from pipeline.extras import require_imaging
from pipeline.image_store import read_images
from pipeline.imaging.examples import LEFT_OUT, label_records, make_examples
from pipeline.imaging.findings import NO_MODEL, average_by_record, no_findings, no_predictions, order_predictions
from pipeline.records.identity import hash_uniform
from pipeline.records.splits import TEST
from pipeline.stages.wiring import Stage, align, run

SCRATCH = Path("runs/imaging")


def main(stage: Stage) -> None:
    """Train networks within the folds of the split, and deploy one; empty outputs where the cohort has no images."""
    cohort = stage.cohort()
    if cohort.with_role(Role.IMAGE):
        _learn(stage, cohort, stage.read("valid.parquet"))
        return
    stage.write("findings.parquet", no_findings())
    stage.write("image_predictions.parquet", no_predictions())
    stage.write("image_model.safetensors", NO_MODEL)


def _learn(stage: Stage, cohort: type[Cohort], valid: pd.DataFrame) -> None:
    require_imaging()
    from pipeline.imaging.out_of_fold import clear_scratch, learn_images
    from pipeline.imaging.storage import image_model_to_bytes

    settings, store = stage.section("imaging"), read_images(stage.path("images"))
    name, column = next(iter(cohort.with_role(Role.IMAGE).items()))
    assert column.image is not None, "a column of this role describes its images"
    fold = choose_folds(align(stage.read("split.parquet"), valid), settings.folds)
    labels, mirrored = label_records(valid, cohort, column.image), column.image.mirrored
    examples = make_examples(store, labels, valid["pseudonym"], fold, mirrored=mirrored)
    scratch = SCRATCH / stage.cohort_name
    learnt = learn_images(examples, settings, column.image.components, scratch, os.cpu_count() or 1)
    record = store.index["record"].to_numpy(np.int64)
    stage.write("findings.parquet", average_by_record(learnt.told, record, valid["pseudonym"], name))
    stage.write("image_predictions.parquet", order_predictions(learnt.told, record, valid["pseudonym"]))
    stage.write("image_model.safetensors", image_model_to_bytes(learnt.model))
    clear_scratch(scratch)


def choose_folds(split: pd.DataFrame, folds: int) -> IntArray:
    """The fold (n,) of each record: that of the first repeat; where there is a test part, one of `folds` by a hash.

    The hash is of the patient, so that nobody changes folds as others arrive. -1 are those of the test part.
    """
    test = (split["part"] == TEST).to_numpy(bool)
    if not test.any():
        return split["fold_1"].to_numpy(np.int64)
    hashed = (hash_uniform(split["pseudonym"], "fold of images") * folds).astype(np.int64)
    return np.where(test, LEFT_OUT, hashed)


if __name__ == "__main__":
    run("imaging", main)
