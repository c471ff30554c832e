import numpy as np
import pandas as pd
import pytest

from pipeline.patients import count_patients, find_first_records, find_patients, number_patients, renumber_patients

SEEDS = pytest.mark.parametrize("seed", range(5))
ORDERED = pytest.mark.parametrize("ordered", [True, False])


def pseudonyms(seed, *, ordered, n=40):
    drawn = np.random.default_rng(seed).integers(0, 15, n)
    return pd.Series([f"p{k:02d}" for k in (np.sort(drawn) if ordered else drawn)], dtype="string", name="pseudonym")


@SEEDS
@ORDERED
def test_patients_are_numbered_as_they_come(seed, ordered):
    names = pseudonyms(seed, ordered=ordered)
    assert number_patients(names).tolist() == pd.factorize(names)[0].tolist()


@SEEDS
@ORDERED
def test_patients_are_found_where_they_stand_and_strangers_nowhere(seed, ordered):
    names, rng = pseudonyms(seed, ordered=ordered), np.random.default_rng(seed)
    everyone = names.drop_duplicates()
    for among in (everyone, everyone.iloc[rng.permutation(len(everyone))], everyone.iloc[::2]):
        known = among.tolist()
        assert find_patients(names, among).tolist() == [known.index(n) if n in known else -1 for n in names]


def test_a_patient_who_stands_twice_is_not_found():
    with pytest.raises(AssertionError, match="once"):
        find_patients(pd.Series(["a", "b"]), pd.Series(["b", "b"]))


@SEEDS
@ORDERED
@pytest.mark.parametrize("index_date", [None, "on"])
def test_first_records_are_those_of_a_stable_sort(seed, ordered, index_date):
    days = pd.to_datetime(np.random.default_rng(seed).integers(0, 4, 40), unit="D").to_series(index=range(40))
    records = pd.DataFrame({"pseudonym": pseudonyms(seed, ordered=ordered), "on": days.where(days.index % 7 > 0)})
    by = ["pseudonym", index_date] if index_date else ["pseudonym"]
    expected = records.sort_values(by, kind="stable").drop_duplicates("pseudonym").index
    assert find_first_records(records, index_date).tolist() == expected.tolist()


@SEEDS
def test_patients_are_counted_and_renumbered_as_by_sorting(seed):
    rng = np.random.default_rng(seed)
    patient, members = rng.integers(0, 30, 50), rng.random(50) < 0.3
    codes, place = np.unique(patient, return_inverse=True)
    assert count_patients(patient) == len(codes)
    assert count_patients(patient, members) == len(np.unique(patient[members]))
    patients, renumbered = renumber_patients(patient)
    assert patients == len(codes)
    np.testing.assert_array_equal(renumbered, place)
