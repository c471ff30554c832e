"""Phenotypes of new patients, where the model has some beside it."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.operations.score import Places, score_file
from pipeline.phenotypes import PhenotypeModel, predictor_values
from pipeline.phenotypes.assignment import learn_shapes
from pipeline.phenotypes.space import fit_space
from pipeline.records.new_patients import check_new_patients
from tests.operations.scoring import make_clinics
from tests.records.wide_clinic import Clinic, make_text

COLUMNS = ["phenotype", "phenotype_distance", "unlike_phenotypes"]


def learnt() -> PhenotypeModel:
    """Two clusters, of those above and below the first coordinate's middle; called 4 and 2."""
    frame = predictor_values(check_new_patients(make_text(0, 400), Clinic).sound, Clinic.predictors())
    space = fit_space(frame)
    X = space.transform(frame)
    shapes = learn_shapes(X, np.where(X[:, 0] > 0, 1, 2), round_clusters=True)
    return PhenotypeModel(space, type(shapes)(np.array([4, 2]), shapes.centres, None, shapes.offsets, shapes.limits))


@pytest.fixture(autouse=True)
def clinic(root, monkeypatch):
    """A repository root with one cohort, its model and its phenotypes."""
    make_clinics(root, monkeypatch, ["clinic"])
    (root / "artifacts/clinic/phenotypes_model.json").write_text(json.dumps(learnt().to_dict()))
    return root


def scored(table: pd.DataFrame) -> pd.DataFrame:
    table.to_csv("new.csv", index=False)
    score_file("clinic", "new.csv", Places(Path("risks.parquet")))
    return pd.read_parquet("risks.parquet")


def test_each_patient_has_the_phenotype_that_the_model_says():
    table = make_text(7, 60)
    told = scored(table)
    records = check_new_patients(table, Clinic).sound
    expected = learnt().judge(predictor_values(records, Clinic.predictors()))
    assert set(told["phenotype"]) == {2, 4}
    for name in COLUMNS:
        np.testing.assert_array_equal(told[name].to_numpy(float), expected[name].to_numpy(float))


def test_a_refused_record_has_no_phenotype_and_the_others_keep_theirs():
    table = make_text(8, 20)
    before = scored(table)
    Path("risks.parquet").unlink()
    table.loc[3, "marker"] = "what"
    after = scored(table)
    assert after.loc[3, COLUMNS].isna().all()
    pd.testing.assert_frame_equal(after.drop(3)[COLUMNS], before.drop(3)[COLUMNS])


@pytest.mark.parametrize("content", [None, {}])
def test_without_phenotypes_there_are_no_such_columns(clinic, content):
    path = clinic / "artifacts/clinic/phenotypes_model.json"
    path.unlink()
    if content is not None:
        path.write_text(json.dumps(content))
    assert not set(COLUMNS) & set(scored(make_text(9, 5)))
