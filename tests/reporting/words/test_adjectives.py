"""A number picks each adjective: on the page it changes where the number crosses a threshold, and nowhere else."""

import math
import re
from collections.abc import Callable
from dataclasses import astuple, replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reporting import page
from pipeline.reporting.render import TEMPLATES, _environment
from pipeline.reporting.words import adjectives
from pipeline.reporting.words.adjectives import Scale, Sides
from tests.reporting.made_cohorts import COHORTS
from tests.reporting.made_results import make_results

SCALES = {name: table for name, table in vars(adjectives).items() if isinstance(table, Scale)}
SIDES = {name: table for name, table in vars(adjectives).items() if isinstance(table, Sides)}
AROUND_1 = {"value": 1.0, "lo": 0.9, "hi": 1.1, "reason": None}
STEP = 1e-6

Estimates = dict[str, dict[str, Any]]


def est(lo: float, hi: float) -> dict[str, Any]:
    return {"value": (lo + hi) / 2, "lo": lo, "hi": hi, "reason": None}


SHOWN: dict[str, Callable[[float], Estimates]] = {
    "DISCRIMINATION": lambda auroc: {"auroc": est(auroc, auroc)},
    "PRECISION": lambda width: {"calibration_slope": est(1 - width / 2, 1 + width / 2)},
    "SPREAD": lambda slope: {"calibration_slope": est(slope - 0.05, slope + 0.05)},
    "LEVEL": lambda ratio: {"oe_ratio": est(ratio - 0.05, ratio + 0.05)},
}
"""Estimates with which the page shows the word that a table has for a number."""


@cache
def template() -> Any:
    """The section with the verdict, as far as the note that says the rules."""
    text = (TEMPLATES / "report.html").read_text(encoding="utf-8")
    start = text.index('<section id="verdict"')
    return _environment(markdown=False).from_string(text[start : text.index('<p class="note">', start)])


@cache
def results() -> Any:
    return make_results("breast_cancer_recurrence")


def read_page(table: str, number: float) -> set[str]:
    """The words of `table` on the page where its figure is `number`; a word within a longer one does not count."""
    found = {**results().performance["estimates"], "auroc": est(0.75, 0.76), "calibration_slope": AROUND_1,
             "oe_ratio": AROUND_1} | SHOWN[table](number)  # fmt: skip
    made = replace(results(), performance={**results().performance, "estimates": found})
    text = template().render(verdict=page._verdict(COHORTS["breast_cancer_recurrence"], made))
    longest_first = sorted(words_of(table), key=len, reverse=True)
    return set(re.findall("|".join(longest_first), text))


def words_of(table: str) -> list[str]:
    words = [word for _, word in SCALES[table].steps] if table in SCALES else list(astuple(SIDES[table]))
    return [word for word in words if word]


def expect(table: str, number: float) -> str:
    """The word by another way than the table's own."""
    if table in SIDES:
        (estimate,) = SHOWN[table](number).values()
        return astuple(SIDES[table])[1 - (estimate["hi"] < 1) + (estimate["lo"] > 1)]
    scale = SCALES[table]
    bounds = [bound for bound, _ in scale.steps]
    return scale.steps[int(np.searchsorted(bounds, number, "left" if scale.closed else "right"))][1]


def test_every_table_is_tried() -> None:
    assert set(SHOWN) == set(SCALES) | set(SIDES)


@pytest.mark.parametrize("name", SCALES)
def test_a_scale_has_one_word_for_every_number(name: str) -> None:
    bounds, words = zip(*SCALES[name].steps, strict=True)
    assert list(bounds) == sorted(set(bounds))
    assert bounds[-1] == math.inf
    assert len(set(words)) == len(words)


@pytest.mark.parametrize("name", SCALES)
@settings(deadline=None)
@given(number=st.floats(-2, 2))
def test_a_scale_changes_its_word_at_thresholds_alone(name: str, number: float) -> None:
    scale = SCALES[name]
    assert scale.word(number) == expect(name, number)
    for bound, _ in scale.steps[:-1]:
        below, above = math.nextafter(bound, -math.inf), math.nextafter(bound, math.inf)
        assert scale.word(below) != scale.word(above)
        assert scale.word(bound) == scale.word(below if scale.closed else above)


@pytest.mark.parametrize(
    ("name", "number", "word"),
    [
        ("DISCRIMINATION", 0.5, "weak"),
        ("DISCRIMINATION", 0.6, "modest"),
        ("DISCRIMINATION", 0.699, "modest"),
        ("DISCRIMINATION", 0.7, "moderate"),
        ("DISCRIMINATION", 0.8, "good"),
        ("DISCRIMINATION", 0.9, "very good"),
        ("DISCRIMINATION", 1.0, "very good"),
        ("PRECISION", 0.5, ""),
        ("PRECISION", 0.501, "imprecise"),
    ],
)
def test_where_the_thresholds_lie(name: str, number: float, word: str) -> None:
    assert SCALES[name].word(number) == word


@pytest.mark.parametrize("name", SIDES)
@settings(deadline=None)
@given(middle=st.floats(0, 2), half=st.floats(0, 0.5))
def test_sides_follow_the_whole_interval(name: str, middle: float, half: float) -> None:
    table = SIDES[name]
    word = table.word(est(middle - half, middle + half))
    assert (word == table.below) == (middle + half < 1)
    assert (word == table.above) == (middle - half > 1)
    assert table.word(est(middle - half, middle + half) | {"lo": None}) == "unknown"


def thresholds(name: str) -> list[float]:
    """Where the number crosses: for sides, where one end of its interval reaches 1."""
    return [bound for bound, _ in SCALES[name].steps[:-1]] if name in SCALES else [0.95, 1.05]


@pytest.mark.parametrize(("name", "bound"), [(name, bound) for name in SHOWN for bound in thresholds(name)])
def test_the_page_changes_its_word_at_each_threshold(name: str, bound: float) -> None:
    below, above = ({expect(name, number)} - {""} for number in (bound - STEP, bound + STEP))
    assert below != above
    assert read_page(name, bound - STEP) == below
    assert read_page(name, bound + STEP) == above


@pytest.mark.parametrize("name", SHOWN)
@settings(deadline=None)
@given(share=st.floats(0, 1))
def test_the_page_keeps_its_word_between_thresholds(name: str, share: float) -> None:
    number = 0.55 + 0.44 * share if name == "DISCRIMINATION" else 0.02 + 1.5 * share
    assert read_page(name, number) == {expect(name, number)} - {""}
