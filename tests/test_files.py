import json
import math
import os
import stat
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from pipeline import files


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize(
    ("path", "folder", "file"), [("reports/a/x.json", 0o755, 0o644), ("artifacts/a/x.json", 0o700, 0o600)]
)
def test_what_may_be_published_is_open_and_the_rest_closed(here, path, folder, file):
    target = Path(path)
    files.write_text(files.staging(target), "x")
    assert not target.exists()
    files.commit(target)
    assert target.read_text() == "x"
    assert (mode(target.parent), mode(target)) == (folder, file)
    assert [p.name for p in target.parent.iterdir()] == ["x.json"]


def test_a_folder_replaces_the_one_before(here):
    target = Path("artifacts/model")
    for names in (("a", "b"), ("c",)):
        files.staging(target).mkdir(parents=True)
        for name in names:
            files.write_text(files.staging(target) / name, name)
        files.commit(target)
        assert sorted(p.name for p in target.iterdir()) == sorted(names)
    assert {mode(target), mode(target / "c")} == {0o700, 0o600}


def test_a_folder_of_texts_holds_these_and_no_more(here):
    target = Path("reports/tables")
    for texts in ({"a.csv": "x\r\n", "b.csv": ""}, {"c.csv": "é"}):
        files.write_folder(files.staging(target), {"left": "by a broken run"})
        files.write_folder(files.staging(target), texts)
        files.commit(target)
        assert {p.name: p.read_bytes().decode() for p in target.iterdir()} == texts
    assert {mode(target), mode(target / "c.csv")} == {0o755, 0o644}


def test_every_folder_above_a_published_file_is_open_whatever_the_umask(here):
    before = os.umask(0o077)
    try:
        for path in ("reports/a/x.json", "artifacts/a/x.json"):
            files.write_text(files.staging(Path(path)), "x")
            files.commit(Path(path))
    finally:
        os.umask(before)
    assert {mode(Path("reports")), mode(Path("reports/a"))} == {0o755}
    assert {mode(Path("artifacts")), mode(Path("artifacts/a"))} == {0o700}


def test_a_folder_that_is_there_keeps_its_mode(here):
    Path("data").mkdir(mode=0o750)
    Path("data").chmod(0o750)
    files.write_text(files.staging(Path("data/x.json")), "x")
    assert mode(Path("data")) == 0o750


def test_only_what_lies_under_reports_may_be_published():
    assert files.is_public(Path("reports/a.html"))
    for path in ("data/reports/a.html", "artifacts/a", "reports2/a", "../reports/a", "."):
        assert not files.is_public(Path(path))


def test_discarding_leaves_the_last_version(here):
    target = Path("reports/x.html")
    files.write_text(files.staging(target), "good")
    files.commit(target)
    files.write_text(files.staging(target), "half")
    files.discard(target)
    files.discard(target)
    assert [p.read_text() for p in target.parent.iterdir()] == ["good"]
    files.staging(target).mkdir()
    files.discard(target)
    assert len(list(target.parent.iterdir())) == 1


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_json_cannot_hold_is_refused(here, value):
    with pytest.raises(ValueError, match="not JSON compliant"):
        files.write_json(Path("x.json"), {"a": value})


def test_rounding_keeps_six_digits_of_floats_and_all_of_the_rest(here):
    content = {"a": [1 / 3, 123456789, True, None, "1.23456789"], 2: (2e-10 / 3,)}
    assert files.rounded(content) == {"a": [0.333333, 123456789, True, None, "1.23456789"], "2": [6.66667e-11]}
    files.write_json(Path("x.json"), content)
    assert json.loads(Path("x.json").read_text())["a"][0] == 1 / 3


@given(st.floats(allow_nan=False, allow_infinity=False, max_value=1e300, min_value=-1e300))
def test_rounding_is_within_half_a_sixth_digit_and_final(number):
    once = files.rounded(number)
    assert files.rounded(once) == once
    assert abs(once - number) <= 5.000001e-6 * abs(number) + 5e-324


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(), lambda x: st.lists(x) | st.dictionaries(st.text(), x)
    )
)
def test_json_without_floats_reads_back_exactly(tmp_path_factory, content):
    path = tmp_path_factory.mktemp("json") / "x.json"
    files.write_json(path, content)
    assert files.read_json(path) == content
    assert path.read_bytes().endswith(b"\n")


def test_frames_come_back_as_they_went(here):
    frame = pd.DataFrame({
        "text": pd.array(["NA", "", "None", None], dtype="string"),
        "whole": pd.array([2**53 + 1, None, 0, -1], dtype="Int64"),
        "decimal": [0.1, np.nan, 1e-300, -0.0],
        "code": pd.Categorical(["b", "a", None, "b"], ["b", "a", "c"], ordered=True),
        "day": pd.to_datetime(["2000-01-01", None, "1987-03-04", "2024-02-29"]).astype("datetime64[ns]"),
    })  # fmt: skip
    files.write_parquet(Path("x.parquet"), frame)
    assert_frame_equal(files.read_parquet(Path("x.parquet")), frame)
    first = Path("x.parquet").read_bytes()
    files.write_parquet(Path("x.parquet"), frame)
    assert Path("x.parquet").read_bytes() == first
    files.write_csv(Path("x.csv"), frame[["text", "decimal"]])
    assert files.read_csv(Path("x.csv"))["text"].fillna("").tolist() == ["NA", "", "None", ""]


def test_text_files_hold_exactly_these_bytes(here):
    files.write_text(Path("x"), "é\r\n\n")
    assert Path("x").read_bytes() == b"\xc3\xa9\r\n\n"
    files.write_json(Path("x"), {"é": [0.1, None]})
    assert Path("x").read_bytes() == b'{\n  "\xc3\xa9": [\n    0.1,\n    null\n  ]\n}\n'
    files.write_csv(Path("x"), pd.DataFrame({"a": [1 / 3, 2e-9 / 3, None], "é": ["x,y", "", None]}, index=[7, 8, 9]))
    assert Path("x").read_bytes() == b'a,\xc3\xa9\n0.333333,"x,y"\n6.66667e-10,\n,\n'


def test_hash_is_that_of_the_bytes(here):
    Path("x").write_bytes(b"abc")
    assert files.hash_file(Path("x")) == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
