from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline.models.outcomes import make_examples
from pipeline.operations.score import score_file
from pipeline.operations.scoring.places import Places
from pipeline.records.identity import pseudonymise
from pipeline.records.quarantine import validate_records
from pipeline.sections import Validate
from tests.operations.scoring import COHORTS, OUT, bad, make_clinics, make_deployed, read, scored
from tests.records.wide_clinic import NEEDED, Clinic, make_text

SENTINEL = "7731"


@pytest.fixture(autouse=True)
def clinics(root, monkeypatch):
    return make_clinics(root, monkeypatch)


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
    last = [f"factor_{place}{end}" for place in (1, 2, 3) for end in ("", "_effect")] + ["model", "refused_because"]
    table = make_text(1, 5)
    assert list(scored(table)) == [*first, *last]
    assert list(scored(table, "followed")) == [*first, "also_180 days", *last]
    assert list(scored(table, "sorted")) == [*first, "also_well", "also_dead", *last]


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
    why = "the column refused_because says why, and risks.refused.csv"
    assert said == ["Wrote 5 risks to risks.csv.", f"Records without a risk: 1; {why}."]


def test_the_rules_behind_every_refused_record_are_listed_by_its_place_and_no_value_is():
    table = make_text(8, 9)
    table.loc[6, ["age", "region"]] = [SENTINEL, SENTINEL]
    got = scored(bad(table, stage="3", age="19", number=""))
    listed = pd.read_csv("risks.refused.csv", dtype="string")
    assert listed.fillna("").to_numpy().tolist() == [
        ["3", "", "number", "identifier given"],
        ["3", "", "", "stage_fits"],
        ["7", table["number"][6], "age", "high"],
        ["7", table["number"][6], "region", "known code"],
    ]
    assert list(listed) == ["record", "identifier", "column", "rule"]
    assert got.index[got["risk"].isna()].tolist() == [2, 6]


def test_the_factors_are_the_largest_parts_of_the_log_odds_and_more_of_them_add_up_to_it():
    table = make_text(9, 700)
    table.to_csv("new.csv", index=False)
    score_file("clinic", "new.csv", Places(Path("six.parquet")), factors=20)
    every, three = pd.read_parquet("six.parquet"), scored(table)
    names, effects = (every[[f"factor_{k}{end}" for k in range(1, 7)]] for end in ("", "_effect"))
    assert set(names.iloc[0]) == set(Clinic.predictors())
    assert "factor_7" not in every
    assert (effects.abs().diff(axis=1).iloc[:, 1:] <= 0).all(axis=None)
    odds = np.log(every["risk"] / (1 - every["risk"]))
    base = odds - effects.sum(axis=1)
    assert base.to_numpy() == pytest.approx(base.mean(), abs=6 * 0.5e-4 + 2e-5)
    pd.testing.assert_frame_equal(three.filter(like="factor"), every.filter(regex="factor_[123]"), check_dtype=False)


def test_without_factors_the_rest_is_the_same():
    table = make_text(10, 30)
    whole = scored(table)
    score_file("clinic", "new.csv", Places(Path("none.csv")), factors=0)
    pd.testing.assert_frame_equal(read(Path("none.csv")), whole.drop(columns=whole.filter(like="factor").columns))
