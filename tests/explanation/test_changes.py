import numpy as np
import pytest
from numpy.testing import assert_array_equal

from data_schemas.columns import Change
from pipeline.explanation.changes import changed_values


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(("step", "low", "high"), [(-10, 120, 160), (15, 100, 150), (-500, 90, 130), (0.5, 139, 200)])
def test_values_keep_to_the_bounds_and_never_move_the_wrong_way(seed, step, low, high):
    values = np.random.default_rng(seed).normal(140, 25, 500)
    after = changed_values(values, Change(step, (low, high), "made up"))
    moved = after != values
    assert 0 < moved.sum() < 500
    assert ((after[moved] >= low) & (after[moved] <= high)).all()
    assert (np.sign(after - values)[moved] == np.sign(step)).all()
    assert (np.abs(after - values) <= abs(step) + 1e-9).all()
    room = (values > low) & (values + step <= high) if step < 0 else (values < high) & (values + step >= low)
    assert_array_equal(moved, room)


def test_a_step_is_taken_whole_where_there_is_room():
    change = Change(-10, (120, 200), "made up")
    assert_array_equal(changed_values(np.array([150.0, 125.0, 120.0, 100.0]), change), [140, 120, 120, 100])


def test_no_value_is_brought_into_the_bounds_by_more_than_the_step():
    """Weight that may fall by 2 within 18.5 to 30 does not fall from 45 to 30."""
    values = np.array([45.0, 31.0, 18.0])
    assert_array_equal(changed_values(values, Change(-2, (18.5, 30), "made up")), [45, 29, 18])
    assert_array_equal(changed_values(values, Change(2, (19, 32), "made up")), [45, 32, 20])


def test_a_missing_value_stays_missing():
    change = Change(-10, (120, 200), "made up")
    assert np.isnan(changed_values(np.array([np.nan]), change)[0])
