"""Nothing is published unseen: every integer is a count that is rounded, or a number that somebody has called one."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.disclosure import Rest, publish, publish_table, round_count
from pipeline.disclosure.publishing import COUNTS, NUMBERS


@pytest.mark.parametrize("content", [{"people": 7}, {"rows": [{"n": 1, "people": 7}]}, {"n": {"x": 3}}, {"a": [1]}])
def test_an_integer_that_nobody_knows_is_refused_by_name(content: dict[str, object]) -> None:
    with pytest.raises(AssertionError, match=r"integers under '(people|x|a)'"):
        publish(content, 5)


@given(st.sampled_from(sorted(COUNTS | NUMBERS)), st.integers(0, 900), st.integers(1, 20))
def test_counts_are_rounded_and_numbers_left(key: str, value: int, step: int) -> None:
    parent, _, name = key.rpartition(".")
    told = publish({parent or "x": [{name: value}]}, step)[parent or "x"][0][name]
    assert told == (round_count(value, step) if key in COUNTS else value)


def test_what_is_no_integer_stays() -> None:
    content = {"n": None, "events": 0, "found": True, "value": 0.123456789, "says": "12 of 13", "k": [3, None]}
    assert publish(content, 5) == content


def test_where_a_key_stands_may_tell_what_it_counts() -> None:
    content = {"map": {"hidden": 13, "bins": [{"n": 13}]}, "sites": {"hidden": 3}, "criteria": [{"n": 388}]}
    assert publish(content, 5) == {
        "map": {"hidden": 15, "bins": [{"n": 15}]},
        "sites": {"hidden": 3},
        "criteria": [{"n": 388}],
    }


def test_a_key_is_in_one_register() -> None:
    assert not COUNTS & NUMBERS
    with pytest.raises(AssertionError):
        publish({"people": Rest(7, 2)}, 5)


def test_columns_of_a_table_are_asked_about_too() -> None:
    table = pd.DataFrame({"eligible": [13, None], "rank": [1, 2], "label": ["a", "b"], "risk": [0.1, 0.2]})
    told = publish_table(table, 5)
    assert told["eligible"].tolist()[0] == 15
    assert told["eligible"].isna().tolist() == [False, True]
    pd.testing.assert_frame_equal(told.drop(columns="eligible"), table.drop(columns="eligible"))
    with pytest.raises(AssertionError, match="people"):
        publish_table(pd.DataFrame({"people": [1, 2]}), 5)
