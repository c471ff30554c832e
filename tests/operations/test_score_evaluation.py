import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from pipeline.disclosure import round_count
from pipeline.errors import DataRefusedError
from pipeline.models.calibration import fit_recalibration
from pipeline.models.outcomes import make_examples
from pipeline.models.storage import deployed_from_dict, deployed_to_dict
from pipeline.operations.score import score_file
from pipeline.operations.scoring.places import Places
from pipeline.records.new_patients import check_new_patients
from tests.operations.scoring import COHORTS, make_clinics, make_deployed, read, scored
from tests.records.wide_clinic import NEEDED, Clinic, make_text

SENTINEL = "7731"


@pytest.fixture(autouse=True)
def clinics(root, monkeypatch):
    return make_clinics(root, monkeypatch)


def with_outcomes(seed: int, n: int, intercept: float, slope: float) -> pd.DataFrame:
    """Records whose true log-odds of illness are `intercept` plus `slope` times those the model gives."""
    table, rng = make_text(seed, n), np.random.default_rng(seed)
    frame = check_new_patients(table, Clinic).frame
    examples = make_examples(frame.rename(columns={"number": "pseudonym"}), Clinic)
    ill = rng.random(n) < expit(intercept + slope * make_deployed(Clinic)[0].model.log_odds(examples.X))
    return table.assign(status=np.where(ill, "1", "0")).astype("string")


def test_planted_miscalibration_is_found_and_the_recalibrated_model_holds_for_fresh_patients():
    table = with_outcomes(11, 3000, 0.5, 0.7)
    first = scored(table, evaluation=Path("figures.json"), recalibrated=Path("model.json"))
    found = json.loads(Path("figures.json").read_text())["recalibration"]
    assert found["supported"] == "intercept and slope"
    both = found["updates"][-1]
    assert (both["intercept"], both["slope"]) == (pytest.approx(0.5, abs=0.12), pytest.approx(0.7, abs=0.12))
    fresh = with_outcomes(12, 4000, 0.5, 0.7)
    fresh.to_csv("fresh.csv", index=False)
    said = score_file("clinic", "fresh.csv", Places(Path("again.csv"), Path("again.json")), Path("model.json"))
    again = json.loads(Path("again.json").read_text())
    assert again["estimates"]["calibration_slope"]["value"] == pytest.approx(1, abs=0.15)
    assert again["estimates"]["oe_ratio"]["value"] == pytest.approx(1, abs=0.08)
    assert any("calibration slope" in sentence for sentence in said)
    known = first["risk"].notna()
    intercept, slope = fit_recalibration(
        np.log(first["risk"] / (1 - first["risk"]))[known].to_numpy(), (table["status"] == "1").to_numpy(float)[known],
        np.ones(known.sum()),
    )  # fmt: skip
    assert (both["intercept"], both["slope"]) == (pytest.approx(intercept, abs=0.01), pytest.approx(slope, abs=0.01))


def test_the_recalibrated_file_is_a_model_with_the_update_composed_and_the_interval_learnt_anew():
    table = with_outcomes(13, 1500, 0.5, 0.7)
    before = scored(table, evaluation=Path("figures.json"), recalibrated=Path("model.json"))
    update = json.loads(Path("figures.json").read_text())["recalibration"]["updates"][-1]
    score_file("clinic", "new.csv", Places(Path("after.csv")), Path("model.json"))
    after = read(Path("after.csv"))
    odds = np.log(before["risk"] / (1 - before["risk"]))
    assert after["risk"].to_numpy() == pytest.approx(expit(update["intercept"] + update["slope"] * odds), abs=1e-5)
    outcome = Clinic.study().outcome
    old, new = (
        deployed_from_dict(json.loads(Path(path).read_text()), outcome)
        for path in ("artifacts/clinic/model.json", "model.json")
    )
    assert new.interval != old.interval
    assert deployed_to_dict(new)["support"] == deployed_to_dict(old)["support"]
    assert ((after["lower"] <= after["risk"]) & (after["risk"] <= after["upper"])).all()
    assert json.loads(Path("model.json").read_text())["recalibrated"]["updates"]["ill"]["supported"] == update["update"]


def test_where_no_update_is_supported_the_model_stays_as_it_is():
    scored(with_outcomes(15, 600, 0, 1), evaluation=Path("figures.json"), recalibrated=Path("model.json"))
    assert json.loads(Path("figures.json").read_text())["recalibration"]["supported"] == "none"
    old, new = (json.loads(Path(path).read_text()) for path in ("artifacts/clinic/model.json", "model.json"))
    assert {key: value for key, value in new.items() if key != "recalibrated"} == old


@pytest.mark.parametrize("name", ["followed", "sorted"])
def test_every_target_is_judged_and_may_be_recalibrated(name):
    scored(make_text(16, 900), name, evaluation=Path("figures.json"), recalibrated=Path("model.json"))
    figures, model = (json.loads(Path(path).read_text()) for path in ("figures.json", "model.json"))
    targets = list(make_deployed(COHORTS[name])[1].targets)
    assert [row["target"] for row in figures["recalibration"]["also"]] == targets[1:]
    assert list(model["recalibrated"]["updates"]) == targets
    score_file(name, "new.csv", Places(Path("again.csv")), Path("model.json"))


def test_without_outcomes_an_evaluation_is_refused_in_one_sentence(clinics):
    for places in ({"evaluation": Path("figures.json")}, {"recalibrated": Path("model.json")}):
        with pytest.raises(
            DataRefusedError, match=r"new.csv has no column status: .* add the outcome, or score without"
        ):
            scored(make_text(0, 20)[NEEDED], **places)
    assert not [path for path in os.listdir() if path in ("risks.csv", "figures.json", "model.json")]


def test_figures_hold_no_patient_and_count_who_is_left_out():
    table = with_outcomes(17, 400, 0.2, 1)
    table.loc[:29, "status"] = ""
    table.loc[30:44, "region"] = SENTINEL
    table.loc[45, "status"] = ""
    scored(table, evaluation=Path("figures.json"))
    text = Path("figures.json").read_text()
    figures = json.loads(text)
    assert SENTINEL not in text
    assert figures["n"] == 355  # 400 - 31 - 15, to the nearest multiple of five
    assert figures["left_out"] == {"refused": 15, "without_outcome": 30}
    assert figures["events"] == round_count(int((table["status"].iloc[46:] == "1").sum()), 5)
