import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.records.identity import hash_uniform, pseudonymise

NAMES = st.lists(st.text(min_size=1, max_size=12), min_size=1, max_size=30)


def hidden(names, key="first key"):
    frame = pd.DataFrame({"id": pd.array(names, dtype="string"), "x": range(len(names))})
    return pseudonymise(frame, "id", key)


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


def test_rows_are_sorted_by_pseudonym_and_a_patients_own_keep_their_order():
    found = hidden(["b", "a", "b", "a", "b"])
    assert found["pseudonym"].is_monotonic_increasing
    assert {tuple(rows) for _, rows in found.groupby("pseudonym")["x"]} == {(0, 2, 4), (1, 3)}


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
