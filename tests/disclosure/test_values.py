"""No statistic is one patient's value, and no age is above 90."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.disclosure import is_age, pool_ages, quantile_of_several


@pytest.mark.parametrize(
    ("name", "label", "unit", "expected"),
    [
        ("age", "Age at diagnosis", "years", True),
        ("patient_age", "At entry", "years", True),
        ("x1", "Maternal age", "year", True),
        ("age", "Bone age", "months", False),
        ("stage", "Stage", "years", False),
        ("smoking", "Pack-years", "years", False),
        ("age", "Age", None, False),
    ],
)
def test_an_age_is_in_years_and_called_one(name: str, label: str, unit: str | None, expected: bool) -> None:
    assert is_age(name, label, unit) == expected


def test_great_ages_are_one_and_other_columns_stay() -> None:
    values = np.array([40.0, 90, 97, np.nan])
    np.testing.assert_array_equal(pool_ages(values, "age", "Age", "years"), [40, 90, 90, np.nan])
    np.testing.assert_array_equal(pool_ages(values, "weight", "Weight", "kg"), values)


@settings(deadline=None)
@given(st.sets(st.integers(0, 10**6), min_size=1, max_size=150), st.sampled_from([0.25, 0.5, 0.75]))
def test_a_quantile_has_enough_on_both_sides_and_is_near_the_plain_one(found: set[int], share: float) -> None:
    values = np.array(sorted(found), dtype=float)
    told = quantile_of_several(values, share, 10)
    assert (told is None) == (min(share, 1 - share) * len(values) < 10)
    if told is not None:
        assert min((values <= told).sum(), (values >= told).sum()) >= 10
        plain = np.searchsorted(values, np.quantile(values, share))
        assert values[plain - 2] < told < values[plain + 2]


@pytest.mark.parametrize("seed", range(20))
def test_a_quantile_that_falls_on_one_patient_moves_with_others(seed: int) -> None:
    values = np.sort(np.random.default_rng(seed).normal(size=41))
    told = [quantile_of_several(values + 0.01 * (np.arange(41) == i), 0.5, 10) for i in (19, 20, 21)]
    assert all(value != quantile_of_several(values, 0.5, 10) for value in told)
    tied = np.where(np.abs(np.arange(41) - 20) <= 6, 5.0, np.arange(41) - 15.0)
    assert quantile_of_several(np.sort(tied), 0.5, 10) == 5
