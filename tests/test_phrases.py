"""Text that the stages write into results is known again when a page shows it, whatever its values are."""

import json
import re
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from data_schemas.columns import Cohort
from data_schemas.vocabulary import EventShare, NoRepeats, OneRow, RecordCount, Visits
from pipeline.evaluation.addition import say_addition
from pipeline.reporting.catalogue import Catalogue
from pipeline.settings import load_cohort
from tests.texts import ROOM, fields, read_asked

RESULTS = ("verdict", "performance", "phenotypes", "validation", "model_summary", "explanation", "treatment_effect")
REPORTS = sorted((ROOM.parent / "reports").glob("breast_cancer_*"))
HOLD = {"reason", "says", "sentence", "check", "step", "suppressed", "expects", "fit", "learner"}
"""The keys of results that hold sentences of the stages."""
LABELS = {"model_summary": ("members", "labels"), "phenotypes": ("label", "agreement"), "explanation": ("others",)}
"""Where results name models and clusterers."""
SAMPLES = {"n": ("3", "1,234", "12.5%", "+7%"), "label": ("Zinc: total; serum", "Is at least", "Age (years)")}
OTHER_SAMPLES = ("QED", "0.5", "\u22121.5%")
COUNTS = ((), (0,), (3,), (0, 3), (3, 4), (0, 3, 4))
"""Clusters that count with another; 0 are the patients of none."""


@cache
def asked() -> tuple[frozenset[str], frozenset[str]]:
    """Every text that the code asks for, and those of them that stages write."""
    found = {(text, file.startswith(("reporting", "phrases"))) for text, file in read_asked()}
    return frozenset(text for text, _ in found), frozenset(text for text, shown in found if not shown)


@cache
def numbered() -> Catalogue:
    """A language in which every text is its number and its values."""
    texts = enumerate(sorted(asked()[0]))
    return Catalogue("zh", {t: (f"<{place}{''.join(f'|{{{name}}}' for name in fields(t))}>",) for place, t in texts})


@cache
def wordless() -> Catalogue:
    """A language in which nothing is left of a text but its values."""
    return Catalogue("zh", {t: (" ".join(["", *(f"{{{name}}}" for name in fields(t)), ""]),) for t in asked()[0]})


def words_left(text: str, given: frozenset[str] = frozenset()) -> list[str]:
    """The words of a sentence that no template knows, without those that the schema gave."""
    left = wordless().find(text)
    for own in sorted(given, key=len, reverse=True):
        left = left.replace(own, " ")
    return re.findall(r"[A-Za-z]{2,}", left)


def given_words(value: Any) -> Iterator[str]:
    """All text in a declaration; a label may stand within a sentence, where it begins with a small letter."""
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list | tuple):
        for one in value:
            yield from given_words(one)
    elif isinstance(value, str) and value:
        yield from (value, value[0].lower() + value[1:])


def given_by(cohort: type[Cohort]) -> frozenset[str]:
    columns = [(column.label, column.unit) for column in cohort.columns().values()]
    rules = [str(check.description) for check in cohort.to_schema().checks]
    return frozenset(given_words([asdict(cohort.study()), columns, rules]))


def written(value: Any, key: str = "") -> Iterator[str]:
    """What stands under the keys that hold sentences."""
    if isinstance(value, dict):
        for name, one in value.items():
            yield from written(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from written(one, key)
    elif isinstance(value, str) and key in HOLD:
        yield value


def named(value: Any) -> Iterator[str]:
    """The labels in a part of the results: of itself, of entries, or of names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        yield from value.values()
    else:
        yield from (one["label"] for one in value)


@pytest.mark.parametrize("draw", range(12))
def test_every_phrase_of_the_stages_is_told_from_the_sentence_it_makes(draw: int) -> None:
    spoken, (_, stages) = numbered(), asked()
    assert len(stages) > 200
    for template in stages:
        drawn = {name: SAMPLES.get(name, OTHER_SAMPLES) for name in fields(template)}
        values = {name: samples[draw % len(samples)] for name, samples in drawn.items()}
        assert spoken.find(template.format(**values)) == spoken.texts[template][0].format(**values), template


@pytest.mark.parametrize("part", RESULTS)
@pytest.mark.parametrize("report", REPORTS, ids=lambda report: report.name)
def test_every_sentence_of_the_demonstration_is_told(report: Path, part: str) -> None:
    results = json.loads((report / f"{part}.json").read_text(encoding="utf-8"))
    given = given_by(load_cohort(report.name))
    texts = set(written(results)) | {name for key in LABELS.get(part, ()) for name in named(results[key])}
    assert texts or not results
    assert {text: left for text in texts if (left := words_left(text, given))} == {}


def test_the_rules_that_schemas_declare_are_told() -> None:
    rules = (OneRow(), Visits("a", "b"), RecordCount(0.1), EventShare(0.2, 0.35), NoRepeats(), NoRepeats(True))
    assert [words_left(rule.sentence) for rule in rules] == [[]] * len(rules)


@pytest.mark.parametrize(("small", "large"), [*product(COUNTS, (1,)), ((3,), 0)])
@pytest.mark.parametrize("p", [0.03, 0.5])
def test_what_is_said_of_an_addition_is_told(p: float, small: tuple[int, ...], large: int) -> None:
    limits = {"above": (0.1, 0.2), "below": (-0.2, -0.1), "around": (-0.1, 0.1), "unknown": (None, None)}
    for sides in product(limits, repeat=2):
        drawn = [(limits[side], threshold) for side, threshold in zip(sides, (0.05, 0.1), strict=True)]
        benefit = [{"threshold": t, "difference": {"lo": lo, "hi": hi}} for (lo, hi), t in drawn]
        assert words_left(say_addition(p, benefit, small, large)) == []


def test_sentences_side_by_side_are_told_one_by_one() -> None:
    said = "Suspected leak: a single predictor nearly decides the outcome: {}."
    found = "Zinc: alone it has an AUROC of 0.97; Age: alone it has an AUROC of 0.96; and 3 more"
    assert words_left(said.format(found), frozenset({"Zinc", "Age"})) == []
    assert words_left("'Zinc is given' does not hold: 3 records; 'nobody wrote this' does not hold: it is 12.5%.") == [
        "Zinc", "nobody", "wrote", "this",
    ]  # fmt: skip
    assert wordless().find("Nobody wrote this. Nor that; nor: this.") == "Nobody wrote this. Nor that; nor: this."
