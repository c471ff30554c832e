"""Numbers as text: no false precision, no minus before nothing, and a reason where there is no number."""

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reporting.catalogue import Catalogue
from pipeline.reporting.language import SPOKEN
from pipeline.reporting.words import numbers

ELSEWHERE = {
    "{sentence}.": "{sentence}。",
    "{before} {after}": "{before}{after}",
    "{first} and {last}": "{first}和{last}",
    ", ": "、",
    "hidden": "隐藏",
    numbers.TO: "至",
    "{shown} ({more})": "{shown}[{more}]",
    "not computed: {reason}": "未计算={reason}",
    "no interval: {reason}": "无区间={reason}",
    "too few events": "事件过少",
}
"""Texts of this room in a language with marks of its own."""


@pytest.fixture
def elsewhere() -> Iterator[None]:
    token = SPOKEN.set(Catalogue("zh", {text: (said,) for text, said in ELSEWHERE.items()}, lambda _: 0))
    yield
    SPOKEN.reset(token)


def est(value: float | None, lo: float | None, hi: float | None, reason: str | None = None) -> dict[str, Any]:
    return {"value": value, "lo": lo, "hi": hi, "reason": reason}


@pytest.mark.parametrize(
    ("estimate", "shown"),
    [
        (est(0.692, 0.641, 0.743), "0.69 (0.64 to 0.74)"),
        (est(-0.12, -0.2, -0.04), "\u22120.12 (\u22120.20 to \u22120.04)"),
        (est(None, None, None, "too few events"), "not computed: too few events"),
        (est(0.7, None, None, "one resample failed"), "0.70 (no interval: one resample failed)"),
        (est(None, None, None), "not computed: no reason recorded"),
    ],
)
def test_estimate(estimate: dict[str, Any], shown: str) -> None:
    assert numbers.estimate(estimate).replace("\u00a0", " ") == shown


@pytest.mark.parametrize(
    ("share", "shown"), [(0, "0%"), (0.001, "<1%"), (0.0051, "1%"), (0.42, "42%"), (0.996, ">99%"), (1, "100%")]
)
def test_percent(share: float, shown: str) -> None:
    assert numbers.percent(share) == shown


@pytest.mark.parametrize(
    ("value", "shown"), [(0.0034567, "0.00346"), (32.5, "32.5"), (1084.2, "1,084"), (-2.0, "\u22122")]
)
def test_significant(value: float, shown: str) -> None:
    assert numbers.significant(value) == shown


@settings(deadline=None)
@given(st.floats(-1e6, 1e6))
def test_no_negative_zero(value: float) -> None:
    shown = numbers.decimal(value)
    assert float(shown.replace(",", "").replace("\u2212", "-")) == pytest.approx(value, abs=0.0051)
    assert "-" not in shown
    assert shown != "\u22120.00"


@pytest.mark.parametrize(
    ("words", "sentence"),
    [("it rises", "It rises."), ("It rises.", "It rises."), ("Does it?", "Does it?"), ("升高。", "升高。")],
)
def test_a_sentence_ends_once(words: str, sentence: str) -> None:
    assert numbers.sentence(words) == sentence
    assert numbers.sentence(sentence) == sentence


@pytest.mark.parametrize(
    ("parts", "joined"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_join(parts: list[str], joined: str) -> None:
    assert numbers.join(parts) == joined


def test_sentences_stand_side_by_side() -> None:
    assert numbers.sentences(["It rises."]) == "It rises."
    assert numbers.sentences(["It rises.", "It falls.", "It stays."]) == "It rises. It falls. It stays."


@pytest.mark.usefixtures("elsewhere")
def test_another_language_has_its_own_marks() -> None:
    assert numbers.sentence("升高") == numbers.sentence("升高。") == "升高。"
    assert numbers.sentences(["甲。", "乙。"]) == "甲。乙。"
    assert numbers.join(["a", "b", "c"]) == "a、b和c"
    assert numbers.estimate(est(0.692, 0.641, 0.743)) == "0.69[0.64至0.74]"
    assert numbers.estimate(est(0.7, None, None, "too few events")) == "0.70[无区间=事件过少]"
    assert numbers.estimate(est(None, None, None, "too few events")) == "未计算=事件过少"
    assert (numbers.count(None), numbers.count(1200)) == ("隐藏", "1,200")
