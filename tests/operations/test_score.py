import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from pipeline.disclosure import round_count
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.models.calibration import fit_recalibration
from pipeline.models.candidates import Context, build_candidates
from pipeline.models.development import Plan, develop
from pipeline.models.ensemble import Portfolio
from pipeline.models.features import model_frame
from pipeline.models.inputs import describe_inputs
from pipeline.models.outcomes import make_examples
from pipeline.models.storage import deployed_from_dict, deployed_to_dict
from pipeline.operations import score
from pipeline.operations.score import Places, score_file
from pipeline.records.identity import pseudonymise
from pipeline.records.new_patients import check_new_patients
from pipeline.records.quarantine import validate_records
from pipeline.sections import Validate
from tests.conftest import change_params
from tests.operations.scoring import make_deployed, write_model
from tests.records.wide_clinic import NEEDED, Clinic, Followed, Sorted, make_text

SENTINEL = "7731"
COHORTS = {"clinic": Clinic, "followed": Followed, "sorted": Sorted}
OUT = Path("risks.csv")


@pytest.fixture(autouse=True)
def clinics(root, monkeypatch):
    """A repository root with three cohorts, each with a model."""
    monkeypatch.setattr(score, "load_cohort", COHORTS.get)
    source = {"source": {"format": "csv", "path": "old.csv"}}
    change_params(
        root, lambda p: p.update(cohorts=dict.fromkeys(COHORTS, source), evaluate={"resamples": 100, "seed": 1})
    )
    for name, cohort in COHORTS.items():
        write_model(make_deployed(cohort)[0], root / f"artifacts/{name}/model.json")
    return root


def scored(table: pd.DataFrame, cohort: str = "clinic", out: Path = OUT, **more) -> pd.DataFrame:
    """The risks of a table of text, read back."""
    table.to_csv("new.csv", index=False)
    out.unlink(missing_ok=True)
    score_file(cohort, "new.csv", Places(out, **more))
    return read(out)


def read(out: Path) -> pd.DataFrame:
    if out.suffix == ".parquet":
        return pd.read_parquet(out)
    texts = dict.fromkeys(("number", "because", "refused_because"), "string")
    return pd.read_csv(
        out,
        dtype=texts | {"outside_support": "boolean"},
        keep_default_na=False,
        na_values=[""],
    )


def bad(table: pd.DataFrame, **changes: str) -> pd.DataFrame:
    """The table with the third record altered."""
    made = table.copy()
    made.loc[2, list(changes)] = list(changes.values())
    return made


@pytest.mark.parametrize("name", COHORTS)
@pytest.mark.parametrize("out", [OUT, Path("risks.parquet")])
def test_risks_are_those_that_the_model_gives_the_same_records_in_training(name, out):
    cohort, table = COHORTS[name], make_text(9, 80)
    valid = validate_records(table, cohort, Validate(pseudonym_key="for tests", quarantine_at_most=0)).valid
    expected = make_deployed(cohort)[0].predict(make_examples(valid, cohort).X)
    hidden, places = pseudonymise(table, np.arange(80), "number", "for tests")
    assert hidden["pseudonym"].tolist() == valid["pseudonym"].tolist()
    got = scored(table, name, out).iloc[places]
    assert got["number"].tolist() == table["number"].iloc[places].tolist()
    for column in expected.select_dtypes(float).columns.drop("distance"):
        np.testing.assert_allclose(got[column].to_numpy(float), expected[column], rtol=0, atol=1e-12)
    assert got["outside_support"].astype(bool).tolist() == expected["outside"].tolist()
    assert got["because"].fillna("").tolist() == expected["because"].tolist()
    assert got["refused_because"].fillna("").eq("").all()


def test_columns_of_a_binary_outcome_and_of_several():
    first = ["number", "risk", "lower", "upper", "outside_support", "because"]
    table = make_text(1, 5)
    assert list(scored(table)) == [*first, "refused_because"]
    assert list(scored(table, "followed")) == [*first, "also_180 days", "refused_because"]
    assert list(scored(table, "sorted")) == [*first, "also_well", "also_dead", "refused_because"]


def test_risks_of_horizons_and_classes_agree_with_each_other():
    table = make_text(2, 200)
    followed, classes = scored(table, "followed"), scored(table, "sorted")
    assert (followed["also_180 days"] <= followed["risk"]).all()
    assert classes[["risk", "also_well", "also_dead"]].sum(axis=1).to_numpy() == pytest.approx(1)


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_columns_and_absent_outcomes_change_nothing_and_rows_keep_theirs(seed):
    table = make_text(seed, 50, visits=2)
    whole = scored(table)
    names = np.random.default_rng(seed).permutation(NEEDED)
    pd.testing.assert_frame_equal(scored(table[names]), whole)
    rows = np.random.default_rng(seed).permutation(50)
    mixed = scored(table.iloc[rows])
    pd.testing.assert_frame_equal(mixed, whole.iloc[rows].reset_index(drop=True), rtol=0, atol=1e-12)
    assert whole["number"].tolist() == table["number"].tolist()


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"region": "x"}, "column region, rule 'known code'"), ({"marker": "inf"}, "column marker, rule 'decimal number'"),
     ({"age": "200"}, "column age, rule 'high'"), ({"age": ""}, "column age, rule 'missing'")],
)  # fmt: skip
def test_a_record_that_breaks_a_rule_has_a_reason_and_no_risk_and_the_others_keep_theirs(changes, said):
    table = make_text(3, 8)
    whole, got = scored(table), scored(bad(table, **changes))
    pd.testing.assert_frame_equal(got.drop(index=2), whole.drop(index=2))
    assert got.loc[2, "number"] == table.loc[2, "number"]
    assert got.loc[2, ["risk", "lower", "upper", "outside_support", "because"]].isna().all()
    assert got.loc[2, "refused_because"].startswith(said)


def test_a_missing_predictor_has_a_risk_where_it_may_be_missing():
    got = scored(bad(make_text(4, 6), marker="?", smoker=""))
    assert got["refused_because"].isna().all()
    assert got["risk"].between(0, 1).all()
    assert ((got["lower"] <= got["risk"]) & (got["risk"] <= got["upper"])).all()


def test_where_every_record_is_refused_all_are_told():
    got = scored(make_text(5, 4).assign(region="x"), "followed")
    assert got["refused_because"].notna().all()
    assert got["risk"].isna().all()


def test_who_is_unlike_those_of_development_is_told_why():
    got = scored(bad(make_text(6, 30), marker="8.9"))
    assert got.loc[2, "outside_support"]
    assert "Marker" in got.loc[2, "because"]


def test_what_was_done_is_said_and_holds_no_value():
    bad(make_text(7, 6), region=SENTINEL).to_csv("new.csv", index=False)
    said = score_file("clinic", "new.csv", Places(OUT))
    assert said == ["Wrote 5 risks to risks.csv.", "Records without a risk: 1; the column refused_because says why."]


def test_results_are_closed_to_others_and_nothing_else_is_left(clinics):
    before = {path.name for path in clinics.iterdir()}
    scored(make_text(8, 300), evaluation=Path("figures.json"), recalibrated=Path("deep/model.json"))
    made = {path.name for path in clinics.iterdir()} - before
    assert made == {"new.csv", "risks.csv", "figures.json", "deep"}
    for path in (OUT, Path("figures.json"), Path("deep/model.json")):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [path.name for path in Path("deep").iterdir()] == ["model.json"]


@pytest.mark.parametrize(
    ("places", "said"),
    [(Places(Path("mine.csv")), "mine.csv exists already"), (Places(OUT, Path("mine.csv")), "mine.csv exists already"),
     (Places(OUT, recalibrated=Path("mine.csv")), "mine.csv exists already"),
     (Places(Path("risks.txt")), "expected a name that ends in .csv or .parquet"),
     (Places(Path("reports/risks.csv")), "reports/ is published"),
     (Places(Path("artifacts/../reports/a/risks.csv")), "reports/ is published"),
     (Places(OUT, recalibrated=Path("reports/model.json")), "reports/ is published"),
     (Places(OUT, Path("a.json"), Path("./a.json")), "two results go to one file")],
)  # fmt: skip
def test_places_that_must_not_be_written_are_refused(clinics, places, said):
    Path("mine.csv").write_text("mine")
    make_text(0, 5).to_csv("new.csv", index=False)
    before = sorted(clinics.rglob("*"))
    with pytest.raises(ConfigurationError, match=said):
        score_file("clinic", "new.csv", places)
    assert sorted(clinics.rglob("*")) == before
    assert Path("mine.csv").read_text() == "mine"


@pytest.mark.parametrize(
    ("table", "said"),
    [(make_text(0, 5).rename(columns={"marker": SENTINEL}), "missing marker; not declared: column number 4"),
     (make_text(0, 5).drop(columns="smoker"), "missing smoker"), (make_text(0, 0), "rule 'no records'")],
)  # fmt: skip
def test_files_that_cannot_be_scored_are_refused_and_leave_nothing(table, said):
    with pytest.raises(DataRefusedError) as refusal:
        scored(table)
    assert said in str(refusal.value)
    assert SENTINEL not in str(refusal.value)
    assert not OUT.exists()


def test_a_cohort_or_model_that_is_not_there_says_what_to_do(clinics):
    make_text(0, 5).to_csv("new.csv", index=False)
    (clinics / "artifacts/clinic/model.json").unlink()
    with pytest.raises(
        ConfigurationError, match=r"artifacts/clinic/model.json is missing; `dvc repro` makes the model"
    ):
        score_file("clinic", "new.csv", Places(OUT))
    change_params(clinics, lambda p: p["cohorts"].pop("clinic"))
    with pytest.raises(ConfigurationError, match=r"cohort 'clinic' is not in params.yaml, which has followed, sorted"):
        score_file("clinic", "new.csv", Places(OUT))


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


def test_a_model_of_the_real_development_is_scored_with(clinics):
    examples = make_deployed(Clinic)[1]
    candidates = build_candidates(("spline_logistic", "boosted_trees"), Context(Clinic.predictors(), 1))
    plan = Plan(Portfolio(candidates, (), tuple(candidates)), 3, Clinic.study().outcome, Clinic.predictors())
    deployed = develop(examples, plan).deployed
    write_model(deployed, clinics / "artifacts/clinic/model.json")
    table = make_text(30, 60)
    expected = deployed.predict(model_frame(check_new_patients(table, Clinic).frame, Clinic.predictors()))
    got = scored(table)
    for column in ("risk", "lower", "upper"):
        np.testing.assert_allclose(got[column], expected[column], rtol=0, atol=1e-12)
