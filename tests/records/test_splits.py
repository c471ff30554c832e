from datetime import date
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from pipeline import files
from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.records import splits
from pipeline.records.identity import pseudonymise
from pipeline.records.splits import choose_splitting, count_patients, refuse_empty_part, split_patients
from pipeline.row_groups import list_row_groups
from pipeline.sections import Split

FEW = Split(cross_validate_below=10_000, test_share=0.3, folds=5, repeats=2)
MANY = Split(cross_validate_below=0, test_share=0.3, folds=5, repeats=2)
FROM = date(2021, 1, 1)


def visits(seed: int, patients: int = 200, rows: int = 300) -> pd.DataFrame:
    """Several rows of some patients, each with a day, under pseudonyms."""
    generator = np.random.default_rng(seed)
    names = generator.integers(0, patients, rows).astype(str)
    days = pd.Timestamp("2020-01-01") + pd.to_timedelta(generator.integers(0, 730, rows), unit="D")
    frame = pd.DataFrame({"id": pd.array(names, dtype="string"), "seen": days.as_unit("ns")})
    return pseudonymise(frame, np.arange(len(frame)), "id", "key of tests")[0]


def split(frame, kind):
    if kind == "temporal":
        return split_patients(frame, "seen", FROM, MANY)
    return split_patients(frame, None, None, MANY if kind == "hold-out" else FEW)


KINDS = pytest.mark.parametrize("kind", ["temporal", "hold-out", "folds"])


@KINDS
@pytest.mark.parametrize("seed", range(5))
def test_each_patient_is_in_one_place(kind, seed):
    frame = visits(seed)
    found = split(frame, kind)
    assert found["pseudonym"].is_unique
    assert set(found["pseudonym"]) == set(frame["pseudonym"])
    assert set(found["part"]) == ({"development"} if kind == "folds" else {"development", "test"})
    assert frame["pseudonym"].duplicated().any()
    folds = found.filter(like="fold_")
    assert list(folds) == (["fold_1", "fold_2"] if kind == "folds" else [])
    assert folds.isin(range(5)).all(axis=None)


@KINDS
@pytest.mark.parametrize("seed", range(5))
def test_more_patients_never_move_another(kind, seed):
    frame = visits(seed)
    more = pd.concat([frame, visits(seed + 100, patients=50, rows=40).assign(pseudonym=lambda f: "f" + f["pseudonym"])])
    before, after = (split(f, kind).set_index("pseudonym") for f in (frame, more))
    pd.testing.assert_frame_equal(after.loc[before.index], before)


@KINDS
def test_the_order_of_rows_changes_nothing(kind):
    frame = visits(1)
    pd.testing.assert_frame_equal(split(frame, kind), split(frame.sample(frac=1, random_state=3), kind))


@pytest.mark.parametrize("seed", range(5))
def test_a_row_more_of_one_patient_moves_no_other(seed):
    frame = visits(seed)
    newcomer = frame.iloc[[seed]].assign(seen=pd.Timestamp("2020-01-01"))
    before, after = (split(f, "temporal").set_index("pseudonym") for f in (frame, pd.concat([frame, newcomer])))
    others = before.index != newcomer["pseudonym"].iloc[0]
    pd.testing.assert_frame_equal(after[others], before[others])


def test_the_first_index_date_decides():
    frame = visits(2)
    found = split(frame, "temporal").set_index("pseudonym")["part"]
    first = frame.groupby("pseudonym")["seen"].min()
    assert ((found == "test") == (first >= pd.Timestamp(FROM)).loc[found.index]).all()


def test_shares_and_folds_are_about_those_asked_for():
    frame = pd.DataFrame({"pseudonym": [f"{i:06d}" for i in range(20_000)]})
    assert (split(frame, "hold-out")["part"] == "test").mean() == pytest.approx(0.3, abs=0.015)
    found = split_patients(frame, None, None, Split(cross_validate_below=10**6, test_share=0.3, folds=5, repeats=2))
    for repeat in ("fold_1", "fold_2"):
        assert found[repeat].value_counts(normalize=True).to_numpy() == pytest.approx(0.2, abs=0.015)
    assert (found["fold_1"] == found["fold_2"]).mean() == pytest.approx(0.2, abs=0.015)


@pytest.mark.parametrize("folds", range(2, 21))
def test_folds_are_in_range_at_the_edges_of_the_hash(monkeypatch, folds):
    monkeypatch.setattr(splits, "hash_uniform", lambda names, purpose: np.array([0, 1 - 2**-53]))
    settings = Split(cross_validate_below=9, test_share=0.3, folds=folds, repeats=1)
    found = split_patients(pd.DataFrame({"pseudonym": ["a", "b"]}), None, None, settings)
    assert found["fold_1"].tolist() == [0, folds - 1]


@pytest.mark.parametrize(("patients", "columns"), [(99, 4), (100, 2)])
def test_small_tables_are_cross_validated_by_their_patients_not_their_rows(patients, columns):
    frame = pd.DataFrame({"pseudonym": [f"{i:03d}" for i in range(patients)] * 3})
    settings = Split(cross_validate_below=100, test_share=0.3, folds=5, repeats=2)
    assert split_patients(frame, None, None, settings).shape == (patients, columns)


@pytest.mark.parametrize(("day", "part"), [("2020-12-31", "development"), ("2021-01-01", "test")])
def test_the_first_day_of_the_test_period_belongs_to_it(day, part):
    days = pd.to_datetime(["2020-01-01", "2022-01-01", day]).as_unit("ns")
    found = split(pd.DataFrame({"pseudonym": list("abc"), "seen": days}), "temporal")
    assert found.set_index("pseudonym")["part"].to_dict() == {"a": "development", "b": "test", "c": part}


def test_an_empty_part_is_refused():
    for day in (date(1990, 1, 1), date(2090, 1, 1)):
        with pytest.raises(DataRefusedError, match="no patient is in the"):
            split_patients(visits(0), "seen", day, FEW)


def test_index_date_and_test_from_go_together():
    with pytest.raises(ConfigurationError, match="give the cohort test_from"):
        split_patients(visits(0), "seen", None, FEW)
    with pytest.raises(ConfigurationError, match="declares no index date"):
        split_patients(visits(0), None, FROM, FEW)


@pytest.mark.parametrize("cut", [1, 17, 400])
@pytest.mark.parametrize(
    "settings", [("seen", FROM, MANY), (None, None, MANY), (None, None, FEW)], ids=["date", "hold-out", "folds"]
)
def test_patients_in_row_groups_are_assigned_as_in_one_table(tmp_path, settings, cut):
    frame = visits(0)
    starts = frame.drop_duplicates("pseudonym").index[::cut]
    cuts = pairwise([*starts, len(frame)])
    files.write_parquet_parts(tmp_path / "valid.parquet", [frame.iloc[first:last] for first, last in cuts])
    groups = list_row_groups(tmp_path / "valid.parquet")
    splitting = choose_splitting(*settings, sum(map(count_patients, groups)))
    found = pd.concat(refuse_empty_part(map(splitting.assign_group, groups), splitting), ignore_index=True)
    pd.testing.assert_frame_equal(found, split_patients(frame, *settings))
