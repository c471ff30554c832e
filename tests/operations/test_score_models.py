import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.models.candidates import Context, build_candidates
from pipeline.models.development import Plan, develop
from pipeline.models.ensemble import Portfolio
from pipeline.models.features import model_frame
from pipeline.models.inputs import describe_inputs
from pipeline.operations import score
from pipeline.operations.releases.store import Store
from pipeline.operations.score import score_file
from pipeline.operations.scoring.places import Places
from pipeline.records.new_patients import check_new_patients
from tests.operations.scoring import OUT, make_clinics, make_deployed, read, scored, write_model
from tests.records.wide_clinic import Clinic, make_text


@pytest.fixture(autouse=True)
def clinics(root, monkeypatch):
    return make_clinics(root, monkeypatch)


@pytest.mark.parametrize("content", ["{", "[]", '{"format": 1}', ""])
def test_what_is_no_model_file_is_refused(clinics, content):
    make_text(0, 5).to_csv("new.csv", index=False)
    Path("model.json").write_text(content)
    with pytest.raises(ConfigurationError, match=r"model.json is no model file"):
        score_file("clinic", "new.csv", Places(OUT), Path("model.json"))


def declare(**changes) -> type[Clinic]:
    """The clinic with other meanings of some predictors; None makes one an excluded column."""

    class Changed(Clinic):
        @classmethod
        def predictors(cls):
            return {
                name: replace(column, **changes.get(name, {}))
                for name, column in super().predictors().items()
                if changes.get(name, {}) is not None
            }

    return Changed


@pytest.mark.parametrize(
    ("changes", "stored", "said"),
    [
        ({"smoker": None}, True, "smoker is no longer a predictor"),
        ({"region": {"codes": {"n": "north", "s": "south", "e": "east"}}}, False, "region has another kind, unit"),
        ({"region": {"ordered": True}}, False, "region has another kind, unit or labels"),
        ({"marker": {"unit": "g/L"}}, True, "marker has another kind, unit or labels"),
        ({"smoker": {"codes": {"1": "yes", "0": "no"}}}, True, "smoker has another kind, unit or labels"),
        ({"stage": {"codes": {"3": "three", "2": "two", "1": "one"}}}, True, "stage has another kind, unit or labels"),
    ],
)
def test_a_model_of_another_schema_is_refused(monkeypatch, changes, stored, said):
    inputs = {"inputs": describe_inputs(Clinic.predictors())} if stored else {}
    write_model(make_deployed(Clinic)[0], Path("artifacts/clinic/model.json"), **inputs)
    assert len(scored(make_text(0, 5))) == 5
    monkeypatch.setattr(score, "load_cohort", lambda _: declare(**changes))
    with pytest.raises(ConfigurationError, match=f"was made for another schema .*{said}"):
        scored(make_text(0, 5))


def test_a_new_predictor_and_another_outcome_are_refused():
    write_model(make_deployed(Clinic)[0], Path("artifacts/sorted/model.json"))
    with pytest.raises(ConfigurationError, match="the outcome has other horizons or classes"):
        scored(make_text(0, 5), "sorted")
    stored = json.loads(Path("artifacts/clinic/model.json").read_text())
    del stored["support"]["design"]["blocks"]["age"]
    Path("artifacts/clinic/model.json").write_text(json.dumps(stored))
    with pytest.raises(ConfigurationError, match="age is a new predictor"):
        scored(make_text(0, 5))


def test_a_model_of_the_real_development_is_scored_with(clinics):
    examples = make_deployed(Clinic)[1]
    candidates = build_candidates(("spline_logistic", "boosted_trees"), Context(Clinic.predictors(), 1))
    plan = Plan(Portfolio(candidates, (), tuple(candidates)), 3, Clinic.study().outcome, Clinic.predictors())
    deployed = develop(examples, plan).deployed
    write_model(deployed, clinics / "artifacts/clinic/model.json")
    table = make_text(30, 60)
    frame = check_new_patients(table, Clinic).frame
    expected = deployed.predict(model_frame(frame, Clinic.predictors(), "float32"))
    got = scored(table)
    for column in ("risk", "lower", "upper"):
        np.testing.assert_allclose(got[column], expected[column], rtol=0, atol=1e-12)


def release(**changes) -> Store:
    """The model of the clinic, released and in use, and then another in its place."""
    content = json.loads(Path("artifacts/clinic/model.json").read_text())
    content["model"] |= changes
    Path("released").mkdir(exist_ok=True)
    Path("released/model.json").write_text(json.dumps(content))
    store = Store.of("clinic")
    store.use(store.add({"model.json": Path("released/model.json")}, {}))
    return store


def test_the_model_is_that_of_the_release_in_use_and_it_is_named():
    table = make_text(31, 20)
    before = scored(table)
    assert before["model"].unique().tolist() == [files.hash_file(Path("artifacts/clinic/model.json"))[:16]]
    store = release(intercept=3.0)
    after = scored(table)
    assert (after["risk"] > before["risk"]).all()
    assert after["model"].unique().tolist() == [store.current()]
    old = store.path(str(store.current())) / "model.json"
    release(intercept=-3.0)
    assert (scored(table)["risk"] < before["risk"]).all()
    score_file("clinic", "new.csv", Places(Path("again.csv")), old)
    pd.testing.assert_frame_equal(read(Path("again.csv")), after)


@pytest.mark.parametrize("named", [False, True])
def test_a_release_that_was_changed_is_not_scored_with(named):
    store = release()
    path = store.path(str(store.current())) / "model.json"
    path.chmod(0o600)
    path.write_text(path.read_text().replace('"slope": 1', '"slope": 2', 1))
    make_text(32, 5).to_csv("new.csv", index=False)
    with pytest.raises(ConfigurationError, match=r"model\.json has been changed"):
        score_file("clinic", "new.csv", Places(OUT), path if named else None)
