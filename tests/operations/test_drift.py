import json
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from pipeline import files
from pipeline.__main__ import cli
from pipeline.errors import ConfigurationError, GateFailedError
from pipeline.operations import drift
from pipeline.operations.drift import find_drift, take_reference
from pipeline.operations.releases.store import Store
from pipeline.outcomes import observe
from pipeline.records.identity import fingerprint_key, read_key
from pipeline.records.quarantine import validate_records
from pipeline.sections import Validate
from pipeline.settings import load_settings
from tests.conftest import change_params
from tests.operations.scoring import make_deployed, write_model
from tests.records.wide_clinic import Clinic, Followed, make_text

COHORTS = {"clinic": Clinic, "followed": Followed}
KEY = "a key for these tests alone"
DEPLOYED = "made up"


def valid_records(cohort, seed: int, n: int, **more) -> pd.DataFrame:
    """Typed records under pseudonyms, of patients of their own by `first`."""
    text = make_text(seed, n, more.pop("visits", 1)).assign(**more).astype("string")
    text["number"] = f"{seed}-" + text["number"]
    return validate_records(text, cohort, Validate(pseudonym_key=KEY, quarantine_at_most=0)).valid


def publish_release(name: str, records: pd.DataFrame, cohort, risk: np.ndarray, **reference) -> Path:
    """A release of a model that `records` have taught, with the unseen `risk` of each."""
    made = Path("made", name)
    write_model(make_deployed(cohort)[0], made / "model.json")
    files.write_json(made / "model_summary.json", {"deployed": DEPLOYED})
    who = pd.DataFrame({"pseudonym": records["pseudonym"].drop_duplicates(), "part": "development"})
    files.write_parquet(made / "split.parquet", who)
    told = pd.DataFrame({"pseudonym": records["pseudonym"], "repeat": 1, f"risk_{DEPLOYED}": risk})
    files.write_parquet(made / "predictions.parquet", told)
    kept = take_reference(records, risk, cohort) if reference.get("keep", True) else None
    contents = {n: made / n for n in ("model.json", "split.parquet", "predictions.parquet")}
    if kept is not None:
        files.write_parquet(made / "reference.parquet", kept)
        contents["reference.parquet"] = made / "reference.parquet"
    contents["reports/model_summary.json"] = made / "model_summary.json"
    store = Store.of(name)
    key = fingerprint_key(read_key(load_settings().validate_))
    store.use(store.add(contents, {"cohort": name, "pseudonym_key": key}))
    return store.champion()


@pytest.fixture(autouse=True)
def clinics(root, monkeypatch):
    """A repository root with two cohorts, each with a release; its patients were drawn by seed 50."""
    monkeypatch.setattr(drift, "load_cohort", COHORTS.get)
    source = {"source": {"format": "csv", "path": "old.csv"}}
    change_params(root, lambda p: p.update(cohorts=dict.fromkeys(COHORTS, source)))
    change_params(root, lambda p: p["validate"].update(pseudonym_key=KEY))
    change_params(root, lambda p: p["drift"].update(resamples=100))
    for name, cohort in COHORTS.items():
        old = valid_records(cohort, 50, 600)
        # True risks would do; the model has not learnt from these patients, and so is unseen by them.
        publish_release(name, old, cohort, told(old, cohort))
    return root


def told(records: pd.DataFrame, cohort) -> np.ndarray:
    from pipeline.models.features import model_frame

    return make_deployed(cohort)[0].predict(model_frame(records, cohort.predictors()))["risk"].to_numpy(float)


def write_valid(name: str, *tables: pd.DataFrame) -> None:
    path = Path("data", name, "valid.parquet")
    path.parent.mkdir(parents=True, exist_ok=True)
    files.write_parquet(path, pd.concat(tables, ignore_index=True))


@pytest.mark.parametrize("name", COHORTS)
def test_other_patients_of_the_same_clinic_have_not_drifted(name):
    make_text(51, 500).to_csv("new.csv", index=False)
    found = find_drift(name, "new.csv", None, None)
    assert not found["beyond"]
    assert found["sentences"][0] == "These are the figures of new patients."
    assert found["sentences"][1].startswith("No figure of ")
    assert set(found) == {"new", "beyond", "sentences"}
    new = found["new"]
    assert (new["patients"], new["reference"]) == (500, {"patients": 600})
    assert {figure["kind"] for figure in new["figures"]} >= {"psi", "ks", "missing", "classifier", "oe", "auroc"}
    assert all(figure["judged"] for figure in new["figures"] if figure["kind"] == "oe" and figure["group"] is None)


def test_a_unit_that_has_changed_is_told_by_the_command_which_fails():
    table = make_text(52, 400)
    table["glucose"] = (table["glucose"].astype(float) / np.where(table["glucose_unit"] == "mg/dL", 18.0156, 1)) * 4
    table.astype("string").assign(glucose_unit="mmol/L").to_csv("new.csv", index=False)
    result = CliRunner().invoke(cli, ["drift", "clinic", "--from", "new.csv", "--out", "drift.json"])
    assert isinstance(result.exception, GateFailedError)
    assert result.exception.exit_code == 4
    assert "\nDrift: " in result.stdout
    assert "The median of Glucose has changed by the factor " in result.stdout
    assert "7731" not in result.stdout
    written = json.loads(Path("drift.json").read_text())
    assert written["beyond"]
    assert written["new"]["classifier"]["attributions"][0]["column"] == "Glucose"
    assert stat.S_IMODE(Path("drift.json").stat().st_mode) == 0o600


def test_of_valid_records_those_new_to_the_release_are_compared_and_all():
    old, new = valid_records(Clinic, 50, 600), valid_records(Clinic, 53, 300)
    write_valid("clinic", old, new.assign(marker=np.nan))
    found = find_drift("clinic", None, None, None)
    assert (found["new"]["patients"], found["everybody"]["patients"]) == (300, 900)
    says = "The share of Marker that is missing has changed by 0.9"
    assert any(sentence.startswith(says) for sentence in found["sentences"])


def test_what_has_changed_of_known_patients_is_told_and_their_risks_are_the_unseen_ones():
    old, few = valid_records(Clinic, 50, 600), valid_records(Clinic, 54, 60)
    write_valid("clinic", old, few)
    found = find_drift("clinic", None, None, None)
    assert not found["beyond"]
    assert found["new"]["figures"] == []
    assert found["everybody"]["patients"] == 660
    publish_release("clinic", old, Clinic, told(old, Clinic) ** 4)
    assert "score_ks" not in beyond(find_drift("clinic", None, None, None))
    write_valid("clinic", old.assign(age=old["age"] // 3 + 18))
    found = find_drift("clinic", None, "1", None)
    assert found["beyond"]
    assert "psi" in beyond(found)


def beyond(found: dict) -> set[str]:
    return {figure["kind"] for figure in found["everybody"]["figures"] if figure["beyond"]}


def test_without_outcomes_there_is_no_figure_of_them():
    table = make_text(55, 300).drop(columns=["status", "days"])
    table.to_csv("new.csv", index=False)
    found = find_drift("followed", "new.csv", None, None)
    assert not found["beyond"]
    judged = {figure["kind"]: figure["reason"] for figure in found["new"]["figures"] if figure["column"] is None}
    assert judged["oe"] == judged["auroc"] == "no outcomes are given"
    assert judged["score_ks"] is None


def test_a_reference_has_one_record_of_each_patient_and_no_name():
    records = valid_records(Followed, 56, 200, visits=2)
    risk = np.linspace(0.01, 0.99, len(records))
    kept = take_reference(records, risk, Followed)
    assert len(kept) == 100
    who = records.set_index(risk)["pseudonym"].loc[kept[":risk"]]
    assert who.is_unique
    texts = kept.astype("string").to_numpy().ravel()
    assert not [text for text in texts if isinstance(text, str) and ("7731" in text or text in set(who))]
    outcome = observe(records, Followed.study())["365 days"]
    place = [int(np.flatnonzero(risk == r)[0]) for r in kept[":risk"]]
    assert kept[":event"].tolist() == outcome.event[place].tolist()
    assert kept[":time"].tolist() == outcome.time[place].tolist()


def test_what_cannot_be_compared_says_what_to_do(clinics):
    make_text(57, 120).to_csv("new.csv", index=False)
    with pytest.raises(ConfigurationError, match="has no release '7'"):
        find_drift("clinic", "new.csv", "7", None)
    with pytest.raises(ConfigurationError, match=r"valid.parquet is missing; `dvc repro` makes it"):
        find_drift("clinic", None, None, None)
    Path("mine.json").write_text("mine")
    with pytest.raises(ConfigurationError, match=r"mine.json exists already"):
        find_drift("clinic", "new.csv", None, Path("mine.json"))
    publish_release("clinic", valid_records(Clinic, 50, 200), Clinic, np.full(200, 0.2), keep=False)
    with pytest.raises(ConfigurationError, match=r"keeps no patients to compare with, reference.parquet"):
        find_drift("clinic", "new.csv", None, None)
    assert find_drift("clinic", "new.csv", "1", None)["new"]["patients"] == 120
    (clinics / "releases/followed/current").unlink()
    with pytest.raises(ConfigurationError, match="followed has no release yet; `retrain` makes the first"):
        find_drift("followed", "new.csv", None, None)


def test_a_release_that_was_changed_is_not_read():
    make_text(58, 120).to_csv("new.csv", index=False)
    path = Store.of("clinic").champion() / "reference.parquet"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)
    for name in (None, "1"):
        with pytest.raises(ConfigurationError, match=r"reference.parquet has been changed, so nothing of it was read"):
            find_drift("clinic", "new.csv", name, None)
