import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import DataRefusedError
from pipeline.evaluation.calibration import oe_ratio
from pipeline.evaluation.discrimination import auroc
from pipeline.models.storage import deployed_from_dict, deployed_to_dict
from pipeline.operations.external import choose_updates, say_findings, validate_externally
from pipeline.operations.model_file import Stored, recalibrate
from pipeline.operations.scoring.followed import follow, keep_followed
from pipeline.outcomes import outcome_columns
from pipeline.records.new_patients import check_new_patients
from pipeline.settings import load_settings
from tests.conftest import ROOT
from tests.operations.scoring import make_deployed
from tests.records.wide_clinic import Clinic, Followed, Sorted, make_text

SMALLEST = 10
settings = load_settings(ROOT / "params.yaml")
SETTINGS = settings.model_copy(update={"evaluate": settings.evaluate.model_copy(update={"resamples": 100})})


def followed_by(table: pd.DataFrame, cohort, smallest: int = SMALLEST):
    """The records of `table`, and all of them that have an outcome, as the stored model sees them."""
    new = check_new_patients(table, cohort)
    stored = Stored(Path("model.json"), deployed_to_dict(make_deployed(cohort)[0]), make_deployed(cohort)[0])
    told, X = stored.predict(new.sound, cohort), stored.see(new.sound, cohort)
    return stored, follow([keep_followed(new.sound, told, X, stored.deployed, cohort)], cohort, smallest)


def validated(table: pd.DataFrame, cohort) -> dict:
    _, followed = followed_by(table, cohort)
    return validate_externally(followed, choose_updates(followed, SMALLEST), 3, cohort, SETTINGS)


def walk(content):
    """Every value in nested dictionaries and lists."""
    if isinstance(content, dict | list):
        for each in content.values() if isinstance(content, dict) else content:
            yield from walk(each)
    else:
        yield content


@pytest.mark.parametrize("cohort", [Clinic, Followed, Sorted])
def test_figures_are_those_of_the_risks_told_with_intervals_and_never_nan(cohort):
    table = make_text(20, 500)
    _, followed = followed_by(table, cohort)
    found = validated(table, cohort)
    observed, risk = followed.observed, followed.told["risk"].to_numpy(float)
    weight, counts = observed.weights()[None], np.ones((1, 500))
    assert found["n"] == 500
    assert found["events"] == observed.by_horizon().sum()
    assert found["estimates"]["auroc"]["value"] == pytest.approx(auroc(risk, observed.by_horizon(), weight)[0])
    assert found["estimates"]["oe_ratio"]["value"] == pytest.approx(
        oe_ratio(risk, observed.by_horizon(), weight, counts)[0]
    )
    wanted = {"brier", "scaled_brier", "log_loss", "calibration_slope", "calibration_intercept", "ici"}
    assert wanted <= set(found["estimates"])
    assert [point["threshold"] for point in found["net_benefit"]] == [0.2, 0.4]
    assert found["uncertainty"]["outside_share"] is None or 0 <= found["uncertainty"]["outside_share"] <= 1
    json.dumps(found, allow_nan=False)


def test_levels_with_few_patients_and_counts_of_few_records_are_hidden():
    table = make_text(21, 300)
    table["region"] = np.where(np.arange(300) < 8, "w", np.where(np.arange(300) < 160, "n", "s"))
    found = validated(table.astype("string"), Clinic)
    assert found["left_out"] == {"refused": None, "without_outcome": 0}
    hidden = [row for row in found["subgroups"] if row["suppressed"]]
    assert {"west"} < {row["level"] for row in hidden}
    assert all(row["n"] is None and row["auroc"]["value"] is None for row in hidden)


@pytest.mark.parametrize("cohort", [Clinic, Followed])
def test_records_without_outcome_are_left_out_and_counted(cohort):
    table = make_text(22, 200)
    table.loc[:19, outcome_columns(cohort.study().outcome)[-1]] = ""
    _, followed = followed_by(table, cohort)
    assert followed.without_outcome == 20
    assert len(followed.records) == len(followed.told) == len(followed.patient) == 180
    pd.testing.assert_frame_equal(followed_by(table.iloc[20:], cohort)[1].told, followed.told)


def test_of_a_follow_up_both_time_and_ending_are_needed():
    assert outcome_columns(Followed.study().outcome) == ["days", "status"]
    assert outcome_columns(Clinic.study().outcome) == outcome_columns(Sorted.study().outcome) == ["status"]
    table = make_text(23, 200)
    table.loc[:4, "days"] = ""
    table.loc[5:9, "status"] = ""
    assert followed_by(table, Followed)[1].without_outcome == 10


@pytest.mark.parametrize("rarer", ["0", "1"])
def test_too_few_of_either_outcome_are_refused_and_a_patient_counts_once(rarer):
    other = {"0": "1", "1": "0"}[rarer]
    table = make_text(24, 200, visits=2).assign(status=other)
    table.loc[:17, "status"] = rarer
    with pytest.raises(DataRefusedError, match="are of fewer than 10 patients; gather more"):
        followed_by(table.astype("string"), Clinic)
    table.loc[:19, "status"] = rarer
    followed_by(table.astype("string"), Clinic)


def test_visits_of_one_patient_are_drawn_together():
    """Every record twice, by the same patient: the same figures, with the same intervals."""
    once = make_text(25, 300)
    twice = pd.concat([once, once], ignore_index=True)
    one, other = validated(once, Clinic), validated(twice, Clinic)
    assert other["n"] == 600
    for name in ("auroc", "brier", "oe_ratio"):
        assert list(other["estimates"][name].values())[:3] == pytest.approx(
            list(one["estimates"][name].values())[:3], abs=1e-9
        )


def test_every_target_has_an_update_of_its_own_and_the_rare_ones_none():
    _, followed = followed_by(make_text(26, 800), Sorted)
    assert list(choose_updates(followed, SMALLEST)) == ["ill", "well", "dead"]
    rare = int((followed.records["status"] == "dead").sum()) + 1
    assert list(choose_updates(followed, rare)) == ["ill", "well"]


def test_an_update_enters_slope_and_intercept_of_its_own_target_alone():
    stored, followed = followed_by(make_text(27, 800), Followed)
    choices = choose_updates(followed, SMALLEST)
    given = {name: replace(choice, supported="intercept and slope") for name, choice in choices.items()}
    new = deployed_from_dict(recalibrate(stored, given, followed), Followed.study().outcome)
    old = stored.deployed
    X = stored.see(check_new_patients(make_text(27, 800), Followed).sound, Followed)
    for name, before, after in (
        ("365 days", old.model, new.model), ("180 days", old.others["180 days"], new.others["180 days"]),
    ):  # fmt: skip
        update = given[name].update
        assert after.log_odds(X) == pytest.approx(update.intercept + update.slope * before.log_odds(X))
    untouched = deployed_from_dict(
        recalibrate(stored, {"365 days": given["365 days"]}, followed), Followed.study().outcome
    )
    assert untouched.others["180 days"].risk(X).tolist() == old.others["180 days"].risk(X).tolist()


def test_what_is_said_on_the_console_are_the_figures_found():
    found = validated(make_text(28, 400), Clinic)
    first, second = say_findings(found)
    assert first.startswith(
        f"For 400 records, {found['events']} with the event: AUROC {found['estimates']['auroc']['value']:.3g}"
    )
    assert first.count("95% interval") == 3
    assert second == found["recalibration"]["says"]


def test_no_text_of_a_patient_is_in_the_figures():
    found = validated(make_text(29, 300), Clinic)
    assert not [value for value in walk(found) if isinstance(value, str) and "7731" in value]
