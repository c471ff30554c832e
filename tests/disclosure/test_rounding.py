"""Rounded counts add up, stay near the exact ones, and mostly do not tell that one patient more or less is there."""

import copy
from dataclasses import asdict

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.disclosure import (
    NumberOf,
    Rest,
    TextOf,
    estimate_share,
    hide_in_table,
    publish,
    round_count,
    round_share,
    round_table,
    share,
)
from pipeline.estimates import wilson

steps = st.integers(1, 12)
counts_of = st.integers(0, 400)
PARTITIONS = [(0, 2, 1), (0, 3, 4)]


@given(counts_of, steps)
def test_a_count_is_the_nearest_multiple_and_nobody_alone_is_0(count: int, step: int) -> None:
    told = round_count(count, step)
    assert told % step == 0
    assert (told == 0) == (count == 0)
    assert told == step if 0 < 2 * count < step else 2 * abs(told - count) <= step
    assert round_count(told, step) == told
    assert round_count(count, 1) == count


@pytest.mark.parametrize(
    ("count", "step", "told"), [(7, 5, 5), (8, 5, 10), (2, 5, 5), (5, 10, 10), (15, 10, 20), (14, 10, 10), (3, 6, 6)]
)
def test_halves_go_up_and_a_few_are_one_step(count: int, step: int, told: int) -> None:
    assert round_count(count, step) == told


@given(steps, st.integers(50, 400))
def test_one_patient_less_is_mostly_published_alike(step: int, count: int) -> None:
    """Of as many neighbouring counts as the step has, one pair alone is told apart."""
    window = range(count, count + step)
    assert sum(round_count(n, step) != round_count(n + 1, step) for n in window) == 1


@given(counts_of, counts_of, steps)
def test_shares_follow_from_rounded_counts_and_never_exceed_1(one: int, more: int, step: int) -> None:
    told = round_share(one, one + more, step)
    assert 0 <= told <= 1
    near = [n for n in range(max(one - step, 0), one + step + 1) if n % step == 0]
    totals = [n for n in range(max(one + more - step, 0), one + more + step + 1) if n % step == 0]
    assert any(told == share(n, total) for n in near for total in totals)
    assert round_share(one, one + more, 1) == share(one, one + more)


def with_wholes(quarters: list[list[int]]) -> npt.NDArray[np.int64]:
    """All, development, test, with and without the event, from their four crossings."""
    q = np.array(quarters, dtype=np.int64)
    return np.column_stack([q.sum(1), q[:, 0] + q[:, 1], q[:, 2] + q[:, 3], q[:, 0] + q[:, 2], q[:, 1] + q[:, 3]])


@settings(deadline=None)
@given(st.lists(st.lists(st.integers(0, 120), min_size=4, max_size=4), min_size=2, max_size=4), st.integers(1, 10))
def test_rounded_tables_add_up_and_stay_near(quarters: list[list[int]], step: int) -> None:
    counts = with_wholes(quarters)
    hidden = hide_in_table(counts, 10, PARTITIONS)
    told = round_table(counts, hidden, PARTITIONS, step)
    assert not told[hidden].any()
    assert (told[~hidden] >= step).all()
    for whole, *parts in PARTITIONS:
        rows = ~hidden[:, [whole, *parts]].any(axis=1)
        np.testing.assert_array_equal(told[rows, whole], told[rows][:, parts].sum(axis=1))
        assert (2 * abs(told - counts)[rows, parts[-1]] <= len(parts) * step).all()
        for column in (whole, *parts[:-1]):
            np.testing.assert_array_equal(told[~hidden[:, column], column], [
                round_count(int(n), step) for n in counts[~hidden[:, column], column]
            ])  # fmt: skip
    np.testing.assert_array_equal(round_table(counts, hidden, PARTITIONS, 1), np.where(hidden, 0, counts))


@given(counts_of, counts_of, steps)
@example(3, 1, 3)
def test_a_rest_is_what_the_published_parts_leave(taught: int, tested: int, step: int) -> None:
    rest = Rest(taught + tested, tested)
    assert rest == taught
    told = publish({"patients": rest, "n": tested, "records": taught + tested}, step)
    few = tested and 2 * tested < step  # are one step, so up to a step too many; else it is half a step at most
    if told["patients"] is not None:
        assert told["patients"] + told["n"] == told["records"]
        assert abs(told["patients"] - taught) <= (2 if few else 1) * step
    else:
        assert taught > 0
        assert 2 * taught < (3 if few else 2) * step  # a whole is rounded down by less than half a step
    assert (told["patients"] == 0) <= (taught == 0)


@given(counts_of, st.integers(1, 400), steps)
def test_what_follows_from_counts_is_published_from_rounded_ones(count: int, more: int, step: int) -> None:
    total = count + more
    part = NumberOf(share, count, total)
    says = TextOf(lambda n, percent: f"{n} patients, {percent:.1%}", total, part)
    assert part == count / total
    assert says == f"{total} patients, {count / total:.1%}"
    told = publish({"n": total, "share": part, "says": says}, step)
    assert type(told["share"]) is float
    assert type(told["says"]) is str
    assert told["says"] == f"{told['n']} patients, {told['share']:.1%}"
    assert round(told["share"] * max(told["n"], 1)) % step == 0
    assert publish({"share": part, "says": says}, 1) == {"share": part, "says": says}


@given(counts_of, st.integers(1, 400))
def test_an_estimated_share_is_wilsons(count: int, more: int) -> None:
    found = estimate_share(count, count + more)
    assert asdict(found) == asdict(wilson(count, count + more))
    near = publish(asdict(found), 5)
    assert near["lo"] <= near["value"] <= near["hi"]
    assert near == publish(asdict(estimate_share(count, count + more)), 5)


def test_what_is_made_of_counts_goes_with_its_copies() -> None:
    kept = copy.deepcopy({"a": Rest(30, 12), "b": NumberOf(share, 3, 4), "c": TextOf("{}".format, 7)})
    assert (kept["a"].parts, kept["b"].counts, kept["c"].values) == ((12,), (3, 4), (7,))


@pytest.mark.parametrize("step", [2, 5, 10])
def test_a_cohort_less_one_patient_is_mostly_published_alike(step: int) -> None:
    """Every patient leaves once: all that stands of them and of their share changes for few."""

    def told(patients: npt.NDArray[np.int64]) -> object:
        n, events = len(patients), int(patients.sum())
        content = {"n": n, "events": events, "rate": asdict(estimate_share(events, n))}
        return publish(content | {"says": TextOf("Of {} patients, {} had the event.".format, n, events)}, step)

    rng = np.random.default_rng(step)
    alike = []
    for _ in range(300):
        patients = (rng.random(int(rng.integers(60, 400))) < 0.4).astype(np.int64)
        alike.append(told(patients) == told(np.delete(patients, rng.integers(len(patients)))))
    assert np.mean(alike) > 1 - 2 / step - 0.1
    assert not np.all(alike)
