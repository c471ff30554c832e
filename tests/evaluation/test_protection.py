"""Counts that would tell of few beside others that are published are hidden before anything is written."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data_schemas.columns import Classes, TimeToEvent
from pipeline.disclosure import Kept
from pipeline.evaluation.internal import compare_sites
from pipeline.evaluation.protection import TELLS, protect_clusters, protect_subgroups, protect_targets
from pipeline.outcomes import Observed
from pipeline.sections import Evaluate

GRADES = Classes("grade", "severe", "grade")
HORIZONS = TimeToEvent("years", "ended", "ill", 3, "years", "illness", also_at=(1, 2))
Rows = list[dict[str, Any]]


def targets_of(events: list[int | None]) -> Rows:
    return [{"target": str(place), "events": count} for place, count in enumerate(events)]


def subgroups_of(sizes: list[int], events: list[int]) -> Rows:
    return [
        {"column": "Sex", "level": str(i), "n": n, "events": e}
        for i, (n, e) in enumerate(zip(sizes, events, strict=True))
    ]


@settings(deadline=None)
@given(st.lists(st.integers(0, 300), min_size=2, max_size=6))
def test_a_hidden_class_does_not_follow_from_the_others(counts: list[int]) -> None:
    """The first is known from elsewhere, so what is hidden is several classes that hold ten, or all but the first."""
    first, *others = (max(count, 10) if place == 0 else count for place, count in enumerate(counts))
    told = [count if count >= 10 else None for count in others]
    rows = protect_targets(targets_of([first, *told]), GRADES, first + sum(others), first, frozenset(), 10)
    kept = [row["events"] for row in rows]
    secret = [count for count, shown in zip(others, kept[1:], strict=True) if shown is None]
    assert kept[0] == first
    assert not secret or len(secret) == len(others) or (len(secret) > 1 and sum(secret) >= 10)


def test_a_class_that_table_one_hides_is_hidden_here() -> None:
    rows = protect_targets(targets_of([40, 50, 60]), GRADES, 150, 40, frozenset({"1"}), 10)
    assert [row["events"] for row in rows] == [40, None, None]


@settings(deadline=None)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=6))
def test_shown_horizons_differ_by_ten_or_more(counts: list[int]) -> None:
    rows = protect_targets(
        targets_of([count if count >= 10 else None for count in counts]), HORIZONS, 100, counts[0], frozenset(), 10
    )
    shown = sorted(row["events"] for row in rows if row["events"] is not None)
    assert all(np.diff(shown) >= 10)
    assert rows[0]["events"] == (counts[0] if counts[0] >= 10 else None)


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(20, 90), st.integers(0, 1)), min_size=2, max_size=5), st.data())
def test_counts_of_subgroups_cannot_be_had_from_the_totals(levels: list[tuple[int, int]], data: st.DataObject) -> None:
    """Whatever Table 1 hides, in all patients or of the events: what is hidden is several levels that hold ten."""
    sizes, events = [n for n, _ in levels], [n // 2 for n, _ in levels]
    names = [("Sex", str(i)) for i in range(len(levels))]
    kept = Kept(*(frozenset(data.draw(st.sets(st.sampled_from(names)))) for _ in range(2)))
    rows = protect_subgroups(subgroups_of(sizes, events), sum(sizes), sum(events), kept, 10)
    for key, counts, secret in (("n", sizes, kept.levels), ("events", events, kept.levels | kept.events)):
        hidden = [count for count, row in zip(counts, rows, strict=True) if row[key] is None]
        assert secret <= {name for name, row in zip(names, rows, strict=True) if row[key] is None}
        assert bool(hidden) == bool(secret)
        assert not hidden or len(hidden) == len(rows) or (len(hidden) > 1 and sum(hidden) >= 10)


@pytest.mark.parametrize(("evaluated", "shown"), [(150, True), (145, False), (141, False), (140, True)])
def test_the_few_of_a_cluster_who_were_not_evaluated_do_not_follow(evaluated: int, shown: bool) -> None:
    rate = {"value": 0.5, "lo": 0.4, "hi": 0.6, "reason": None}
    made = zip((1, 2, 3), (evaluated, 60, 40), strict=True)
    rows = [{"cluster": c, "n": n, "events": n // 2, "rate": rate, "incidence": [{"time": 1}]} for c, n in made]
    told = protect_clusters(rows, {1: 150, 2: 60, 3: 40}, evaluated + 100, evaluated // 2 + 50, 10)
    sizes = [row["n"] for row in told]
    assert (sizes[0] == evaluated) == shown
    assert sizes.count(None) != 1
    for row in told:
        assert (row["events"] is None) == (row["n"] is None)
        assert (row["rate"] == rate) == (row["n"] is not None) == bool(row["incidence"])
        assert row["n"] is not None or row["rate"]["reason"] == TELLS


@settings(deadline=None, max_examples=25)
@given(st.lists(st.integers(20, 90), min_size=1, max_size=4), st.lists(st.integers(1, 30), max_size=3))
def test_sites_left_out_do_not_follow_from_the_totals(sizes: list[int], left_out: list[int]) -> None:
    every = [*sizes, *left_out]
    names = np.repeat([str(place) for place in range(len(every))], every)
    event = np.concatenate([np.arange(n) % 2 for n in every]).astype(float)
    table = pd.DataFrame({"check": "site", "part": names, "record": np.arange(len(names)), "risk": 0.1 + 0.8 * event})
    found = compare_sites(table, Observed(event), np.arange(len(names)), Evaluate(resamples=100, seed=1), 10)
    for key, total in (("n", sum(every)), ("events", int(event.sum()))):
        shown = [site[key] for site in found["sites"] if site[key] is not None]
        hidden = len(every) - len(shown)
        assert not hidden or not shown or (hidden > 1 and total - sum(shown) >= 10)
