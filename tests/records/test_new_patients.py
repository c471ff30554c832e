import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records.new_patients import check_new_patients, read_new_patients
from pipeline.records.quarantine import validate_records
from pipeline.records.sources.endings import source_like, source_of_file
from pipeline.sections import DatabaseSource, DelimitedSource, ParquetSource, Validate, WorkbookSource
from tests.records.wide_clinic import NEEDED, Clinic, make_text

SENTINEL = "7731"


def csv(path) -> DelimitedSource:
    return DelimitedSource(format="csv", path=str(path))


def read(folder, table: pd.DataFrame) -> pd.DataFrame:
    table.to_csv(folder / "new.csv", index=False)
    return read_new_patients(csv(folder / "new.csv"), Clinic)


@pytest.mark.parametrize("seed", range(5))
def test_sound_records_are_typed_exactly_as_those_of_training(seed):
    raw = make_text(seed, 60)
    valid = validate_records(raw, Clinic, Validate(pseudonym_key="for tests", quarantine_at_most=0)).valid
    new = check_new_patients(raw, Clinic)
    assert (new.refused == "").all()
    names = [name for name in valid if name != "pseudonym"]
    by_content = [frame[names].sort_values(names, ignore_index=True) for frame in (valid, new.sound)]
    assert_frame_equal(*by_content)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kept", [NEEDED, [*NEEDED, "ward"], [*NEEDED, "status"], [*NEEDED, "left", "days", "status"]])
def test_what_no_risk_needs_may_be_absent_or_empty_and_the_rest_stays_the_same(tmp_path, seed, kept):
    table = make_text(seed, 40)
    whole = check_new_patients(table, Clinic)
    some = check_new_patients(read(tmp_path, table[kept[::-1]]), Clinic)
    empty = check_new_patients(table.assign(**dict.fromkeys(set(table) - set(kept), "")).astype("string"), Clinic)
    assert (some.refused == "").all()
    assert (empty.refused == "").all()
    assert_frame_equal(some.frame[kept], whole.frame[kept], check_dtype=False)
    assert_frame_equal(some.frame, empty.frame, check_dtype=False)
    assert some.frame[[name for name in table if name not in kept]].isna().all(axis=None)


FAULTS = {
    "unseen code": ({"region": "x"}, "column region, rule 'known code' (Region is one of 3 declared codes)"),
    "no number": ({"age": "old"}, "column age, rule 'whole number' (Age is written with digits only)"),
    "too high": ({"age": "111"}, "column age, rule 'high' (Age is at most 110 years)"),
    "infinite": ({"marker": "inf"}, "column marker, rule 'decimal number' (Marker is written with digits"),
    "missing": ({"glucose": ""}, "column glucose, rule 'missing' (Glucose is given)"),
    "no unit": ({"glucose_unit": ""}, "column glucose, rule 'unit given' (The unit of Glucose is given)"),
    "high after conversion": ({"glucose": "1100", "glucose_unit": "mg/dL"}, "column glucose, rule 'high'"),
    "no identifier": ({"number": ""}, "column number, rule 'identifier given' (Every record has an identifier)"),
    "no index date": ({"seen": ""}, "column seen, rule 'missing'"),
    "no such day": ({"seen": "2020-02-30"}, "column seen, rule 'date format'"),
    "own rule": ({"stage": "3", "age": "19"}, "rule 'stage_fits' (Stage three is not found under 20)"),
    "rule on later columns": ({"left": "2016-01-01"}, "rule 'in_order' (Nobody leaves before being seen)"),
    "outcome of no code": ({"status": "9"}, "column status, rule 'known code'"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_bad_record_is_refused_with_its_rule_and_the_others_are_not(fault):
    changes, said = FAULTS[fault]
    table = make_text(1, 12)
    for name, value in changes.items():
        table.loc[4, name] = value
    new = check_new_patients(table, Clinic)
    assert new.refused[new.refused != ""].index.tolist() == [4]
    assert new.refused[4].startswith(said)
    assert SENTINEL not in new.refused[4]
    assert new.sound.index.tolist() == [i for i in range(12) if i != 4]


def test_every_broken_rule_is_told_once_in_the_order_of_the_columns():
    table = make_text(2, 5)
    table.loc[2, ["region", "age", "glucose"]] = ["x", "-1", "much"]
    refused = check_new_patients(table, Clinic).refused[2].split("; ")
    assert [sentence.split(" (")[0] for sentence in refused] == [
        "column age, rule 'low'",
        "column glucose, rule 'decimal number'",
        "column region, rule 'known code'",
    ]


def test_a_warning_withholds_no_risk_and_neither_does_a_second_record_of_a_patient():
    table = make_text(3, 6)
    table.loc[1, "marker"] = "8.5"
    twice = pd.concat([table, table.iloc[[0]]], ignore_index=True)
    assert (check_new_patients(twice, Clinic).refused == "").all()


@pytest.mark.parametrize("seed", range(3))
def test_parts_of_a_table_are_judged_as_the_whole_is(seed):
    table = make_text(seed, 30)
    table.loc[np.random.default_rng(seed).choice(30, 8, replace=False), "region"] = "x"
    whole = check_new_patients(table, Clinic)
    parts = [check_new_patients(table.iloc[start : start + 7], Clinic) for start in range(0, 30, 7)]
    assert_frame_equal(pd.concat([part.frame for part in parts]), whole.frame)
    assert pd.concat([part.refused for part in parts]).equals(whole.refused)


def test_infinity_in_a_column_of_numbers_is_refused_like_one_in_text(tmp_path):
    table = make_text(4, 8).assign(marker=[0.5, np.inf, np.nan, -np.inf, 1, 2, 3, 4])
    table.to_parquet(tmp_path / "new.parquet")
    raw = read_new_patients(ParquetSource(format="parquet", path=str(tmp_path / "new.parquet")), Clinic)
    assert (check_new_patients(raw, Clinic).refused != "").tolist() == [False, True, False, True, *[False] * 4]


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "tsv", "parquet", "xlsx"])
def test_every_kind_of_file_gives_the_same_records(tmp_path, ending):
    table = make_text(5, 15)[NEEDED]
    path = str(tmp_path / f"new.{ending}")
    if ending == "parquet":
        table.to_parquet(path)
    elif ending == "xlsx":
        table.to_excel(path, index=False)
    else:
        table.to_csv(path, index=False, sep="\t" if ending == "tsv" else ",")
    read_back = read_new_patients(source_like(csv("declared.csv"), path), Clinic)
    assert_frame_equal(check_new_patients(read_back, Clinic).frame, check_new_patients(table, Clinic).frame)


def test_a_file_of_the_declared_format_is_read_as_declared():
    german = DelimitedSource(format="csv", path="a.csv", delimiter=";", decimal=",", encoding="latin-1")
    assert source_like(german, "b.csv.gz") == german.model_copy(update={"path": "b.csv.gz"})
    assert source_like(german, "b.tsv") == german.model_copy(update={"path": "b.tsv", "delimiter": "\t"})
    assert source_like(csv("a.tsv"), "b.tsv") == csv("b.tsv")
    assert source_like(german, "b.parquet") == ParquetSource(format="parquet", path="b.parquet")
    sheet = WorkbookSource(format="xlsx", path="a.xlsx", sheet="May")
    assert source_like(sheet, "b.xlsx") == WorkbookSource(format="xlsx", path="b.xlsx", sheet="May")
    query = DatabaseSource(format="sql", path="a.sql", url_from="HERE")
    assert source_like(query, "b.sql") == DatabaseSource(format="sql", path="b.sql", url_from="HERE")
    assert source_like(query, "b.csv") == csv("b.csv") == source_of_file({"path": "b.csv"})
    for path in ("b.sas7bdat", "b", "b.sql"):
        with pytest.raises(ConfigurationError, match=r"expected a file that ends in \.csv"):
            source_like(german, path)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda t: t.rename(columns={"age": SENTINEL}), "missing age; not declared: column number 3 of 14"),
        (lambda t: t.rename(columns={"glucose": "Glucose"}), "not declared: column number 5 (like glucose) of 14"),
        (lambda t: t.assign(**{SENTINEL: "1"}), "not declared: column number 15 of 15"),
        (lambda t: t.drop(columns=["region", "seen"]), "missing seen, region"),
        (lambda t: t.drop(columns="number"), "missing number"),
        (lambda t: t.drop(columns="glucose_unit"), "missing glucose_unit"),
        (
            lambda t: t.drop(columns="status").rename(columns={"days": "dayss"}),
            "not declared: column number 13 (like days)",
        ),
        (lambda t: t.head(0), "rule 'no records'"),
    ],
)
def test_other_columns_are_refused_and_what_is_not_declared_is_never_shown(tmp_path, change, said):
    with pytest.raises(DataRefusedError) as refusal:
        read(tmp_path, change(make_text(6, 4)))
    assert said in str(refusal.value)
    assert SENTINEL not in str(refusal.value)


def test_a_file_that_is_empty_or_missing_is_refused(tmp_path):
    (tmp_path / "new.csv").write_text("")
    for name, said in (("new.csv", "is empty"), ("none.csv", "is missing")):
        with pytest.raises(DataRefusedError, match=said):
            read_new_patients(csv(tmp_path / name), Clinic)
