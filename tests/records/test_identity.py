import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records.identity import hash_uniform, pseudonymise

NAMES = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=30)


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
