import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from pipeline.errors import ConfigurationError
from pipeline.provenance import hash_settings
from pipeline.records.identity import fingerprint_key, hash_uniform, pseudonymise, read_key
from pipeline.sections import Validate

NAMES = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=30)
KEY = "7731-secret-7731"


def hidden(names, key="first key"):
    frame = pd.DataFrame({"id": pd.array(names, dtype="string"), "x": range(len(names))})
    return pseudonymise(frame, np.arange(len(frame)), "id", key)[0]


def test_pseudonyms_follow_patient_and_key_alone():
    one, two = hidden(["1", "2", "1"]), hidden(["1", "2", "1"], "other key")
    assert one["pseudonym"].nunique() == 2
    assert not set(one["pseudonym"]) & set(two["pseudonym"])
    assert set(hidden(["1"])["pseudonym"]) < set(one["pseudonym"])
    assert list(one.columns) == ["pseudonym", "x"]


@given(NAMES)
def test_two_records_share_a_pseudonym_exactly_when_they_share_a_patient(names):
    pseudonyms = hidden(names).set_index("x")["pseudonym"].loc[range(len(names))].tolist()
    assert [p == q for p in pseudonyms for q in pseudonyms] == [n == m for n in names for m in names]
    assert all(len(p) == 24 and set(p) <= set("0123456789abcdef") for p in pseudonyms)


def test_identifiers_are_texts_not_numbers():
    assert hidden(["1", "01", "1.0", "1 "])["pseudonym"].nunique() == 4


@pytest.mark.parametrize("seed", range(5))
def test_rows_are_sorted_by_pseudonym_and_a_patients_own_by_their_content(seed):
    frame = pd.DataFrame({"id": pd.array(list("babab") * 3, dtype="string"), "x": range(15), "y": list("uvw") * 5})
    shuffled = frame.sample(frac=1, random_state=seed)
    one, rows = pseudonymise(frame, np.arange(15), "id", "key")
    other, places = pseudonymise(shuffled, np.arange(15), "id", "key")
    pd.testing.assert_frame_equal(one, other)
    assert one["pseudonym"].is_monotonic_increasing
    assert frame["x"].iloc[rows].tolist() == shuffled["x"].iloc[places].tolist() == one["x"].tolist()


def test_only_the_rows_asked_for_are_kept():
    frame = pd.DataFrame({"id": pd.array(list("abcd"), dtype="string"), "x": range(4)})
    found, rows = pseudonymise(frame, np.array([1, 3]), "id", "key")
    assert sorted(found["x"]) == sorted(rows) == [1, 3]


def test_pseudonyms_and_hashes_are_those_of_earlier_releases():
    """Another value here would move patients between training and test in every retraining."""
    assert hidden(["patient 1"])["pseudonym"].tolist() == ["f87b1bb5e7891e5a13c3fbc6"]
    assert hash_uniform(pd.Series(["a", "b"]), "hold-out").tolist() == [0.9016380151654553, 0.06627238333806551]


@given(st.lists(st.text(max_size=12), min_size=1), st.text(max_size=12))
def test_a_number_belongs_to_patient_and_purpose_whoever_else_is_there(names, purpose):
    together = hash_uniform(pd.Series(names, dtype="string"), purpose)
    alone = [hash_uniform(pd.Series([name], dtype="string"), purpose)[0] for name in names]
    assert together.tolist() == alone
    assert ((together >= 0) & (together < 1)).all()


def test_hashes_are_uniform_and_differ_by_purpose():
    names = pd.Series([f"{i}" for i in range(5000)])
    one, two = hash_uniform(names, "a"), hash_uniform(names, "b")
    assert one.mean() == pytest.approx(0.5, abs=0.02)
    assert one.std() == pytest.approx(12**-0.5, abs=0.01)
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.06


def settings(**given):
    return Validate(quarantine_at_most=0.1, **given)


def test_a_key_is_found_in_the_settings_a_variable_or_a_closed_file(tmp_path, monkeypatch):
    file = tmp_path / "pseudonym.key"
    file.write_text(f"{KEY}\n")
    file.chmod(0o600)
    monkeypatch.setenv("CLINIC_KEY", KEY)
    given = [{"pseudonym_key": KEY}, {"pseudonym_key_from": "env:CLINIC_KEY"}, {"pseudonym_key_from": f"file:{file}"}]
    assert [read_key(settings(**each)) for each in given] == [KEY] * 3


@pytest.mark.parametrize("given", [{}, {"pseudonym_key": KEY, "pseudonym_key_from": "env:CLINIC_KEY"}])
def test_a_key_is_given_in_one_way(given):
    with pytest.raises(ValidationError, match="either pseudonym_key or pseudonym_key_from"):
        settings(**given)


def test_neither_a_key_nor_its_place_is_shown_or_hashed_with_the_settings():
    before = settings(pseudonym_key=KEY)
    assert "secret" not in f"{before}{before!r}"
    place = settings(pseudonym_key_from="env:CLINIC_KEY").model_dump()
    assert hash_settings({"validate": place}) == hash_settings({"validate": before.model_dump()})


@pytest.mark.parametrize("place", ["CLINIC_KEY", "env:lower", "env:", "file:", "file:relative/path", "https://x/key"])
def test_a_place_that_is_none_is_refused(place):
    with pytest.raises(ValidationError, match="pseudonym_key_from"):
        settings(pseudonym_key_from=place)


@pytest.mark.parametrize(
    ("content", "mode", "said"),
    [
        (KEY.encode(), 0o640, "is open to others; `chmod 600 "),
        (KEY.encode(), 0o604, "is open to others; `chmod 600 "),
        (b"7731-secret", 0o600, "has 11 characters; expected 16 or more"),
        (b"7731-secret".ljust(40), 0o600, "has 11 characters; expected 16 or more"),
        (b"\n", 0o600, "is not set"),
        (b"\xff7731-secret-7731-secret", 0o600, "is no text"),
        (None, 0o600, "cannot be read: No such file"),
    ],
)
def test_a_key_file_that_will_not_do_is_named_and_not_shown(tmp_path, content, mode, said):
    file = tmp_path / "pseudonym.key"
    if content is not None:
        file.write_bytes(content)
        file.chmod(mode)
    with pytest.raises(ConfigurationError) as error:
        read_key(settings(pseudonym_key_from=f"file:{file}"))
    assert said in str(error.value)
    assert str(file) in str(error.value)
    assert "secret" not in str(error.value)
    assert (
        error.value.__suppress_context__ or error.value.__context__ is None
    )  # a traceback would show what could not be decoded


@pytest.mark.parametrize("value", [None, "", "7731-secret"])
def test_a_variable_that_will_not_do_is_named_and_not_shown(monkeypatch, value):
    monkeypatch.delenv("CLINIC_KEY", raising=False)
    if value is not None:
        monkeypatch.setenv("CLINIC_KEY", value)
    with pytest.raises(ConfigurationError, match="CLINIC_KEY") as error:
        read_key(settings(pseudonym_key_from="env:CLINIC_KEY"))
    assert "secret" not in str(error.value)


@given(st.text(min_size=1), st.text(min_size=1))
def test_fingerprints_are_the_same_exactly_for_the_same_key(one, two):
    assert (fingerprint_key(one) == fingerprint_key(two)) == (one == two)
    assert len(fingerprint_key(one)) == 16


def test_a_fingerprint_is_no_pseudonym_and_stays_that_of_earlier_releases():
    known = pd.DataFrame({"id": pd.array(["key of pseudonyms"], dtype="string")})
    found = fingerprint_key("first key")
    assert not pseudonymise(known, np.arange(1), "id", "first key")[0]["pseudonym"][0].startswith(found)
    assert found == "b47c4213b65dc6ee"


def test_no_pseudonym_is_made_without_a_key():
    with pytest.raises(AssertionError, match="without a key"):
        hidden(["1"], "")
