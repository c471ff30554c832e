"""No text of a page is fixed in one language: each is asked for, or the schema or its user wrote it.

Pages are made in a language in which whatever is asked for stands in brackets; nothing else may be left outside.
"""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any

import pytest

from data_schemas.columns import Cohort
from pipeline.reporting import patient, render
from pipeline.reporting.catalogue import Catalogue
from pipeline.reporting.language import SPOKEN
from pipeline.reporting.summaries import summarise

from .made_cohorts import COHORTS
from .made_effects import BY_LOT, DESIGNS, RECURRENCE, hide, make_effect
from .made_patients import change, make_found
from .made_resources import make_resources
from .made_results import make_results
from .test_effects import render_section

OPEN, CLOSE = "\u27e6", "\u27e7"
ASKED = re.compile(f"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}")
NAME = "breast_cancer_recurrence"
LEVELS = ("! WARN", "\u2713 PASS", "\u2715 FAIL")
"""Levels of a verdict are the same in all languages, as in files for machines."""
CUT = "\u2026"
"""Ends a label that is too long for its figure; the table beside it has it all."""


class Brackets(dict[str, tuple[str, ...]]):
    """A catalogue's texts, of which it has every one."""

    def __contains__(self, text: object) -> bool:
        return True

    def __getitem__(self, text: str) -> tuple[str, ...]:
        return self.get(text, (text,))

    def get(self, text: str, forms: Any = None) -> Any:
        return tuple(f"{OPEN}{form}{CLOSE}" for form in forms or (text,))


@contextmanager
def bracketing() -> Iterator[None]:
    """Within this context, pages are in the language of brackets."""
    token = SPOKEN.set(Catalogue("zh", Brackets({"": ()}), lambda number: int(number != 1)))
    try:
        yield
    finally:
        SPOKEN.reset(token)


def find_unasked(page: str) -> list[str]:
    """The texts of a page outside brackets that have letters."""
    body = re.sub(r"<(style|script)\b.*?</\1>|<!--.*?-->", "", page, flags=re.S)
    read_out = re.findall(r"(?:aria-label|title|alt)=\"([^\"]*)\"", body)
    text = html.unescape("\n".join([re.sub(r"<[^>]*>", "\n", body), *read_out]))
    while text != (text := ASKED.sub("\n", text)):
        pass
    return [one.strip() for one in text.split("\n") if re.search("[A-Za-z]", one)]


def list_written(value: Any) -> Iterator[str]:
    """Every text in a value of the schema or of results."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from list_written(getattr(value, field.name))
    elif isinstance(value, dict):
        for key, each in value.items():
            yield from list_written(key)
            yield from list_written(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from list_written(each)


def assert_asked(page: str, *written: Any, cohort: type[Cohort] = RECURRENCE) -> None:
    rules = [(str(check.name), check.description) for check in cohort.to_schema().checks]
    known = "\n".join(list_written([cohort.study(), cohort.columns(), rules, *written]))
    pieces = (one.strip(" )") for text in find_unasked(page) for one in re.split(r"[=\d.(]+", text) if CUT not in text)
    assert [one for one in pieces if re.search("[A-Za-z]", one) and one not in known] == []


def test_what_is_not_asked_for_is_found() -> None:
    page = f'<style>p</style><p>{OPEN}a {OPEN}b{CLOSE}{CLOSE} 1</p><p aria-label="c">{OPEN}d{CLOSE} e</p>'
    assert find_unasked(page) == ["e", "c"]
    with pytest.raises(AssertionError, match="unheard"):
        assert_asked("<p>Age at diagnosis</p><p>unheard</p>")


@pytest.mark.parametrize("name", [name for name in COHORTS if name != "hostile"])
@pytest.mark.parametrize("told", [{}, {"outside": True, "distance": 1.42, "because": "Age, an unusual combination"}])
def test_a_patients_page_asks_for_its_texts(name: str, told: dict[str, Any]) -> None:
    found = change(make_found(COHORTS[name]), **told)
    with bracketing():
        page = render.render_patient(patient.build_patient(COHORTS[name], found))
        listed = render.render_patient_list(patient.build_patient_list(COHORTS[name], [("4711", "1.html", "25.0%")]))
    assert_asked(page, found["model"], "other", cohort=COHORTS[name])
    assert_asked(listed, cohort=COHORTS[name])


def test_a_dictionary_asks_for_its_texts() -> None:
    for name, cohort in COHORTS.items():
        with bracketing():
            page = render.render_dictionary(cohort, name)
        assert_asked(page, name, cohort=cohort)


@pytest.mark.parametrize("kind", [*DESIGNS, BY_LOT])
def test_an_effect_asks_for_its_texts(kind: dict[str, Any]) -> None:
    effect = make_effect(RECURRENCE, **kind)
    for one in [effect, hide(effect)] if effect["overlap"] else [effect]:
        with bracketing():
            page = render_section(one)
        assert_asked(page, effect["adjust"], "recurrence within 3 years", "Report")


def test_a_model_card_asks_for_its_texts() -> None:
    results = make_results(NAME)
    with bracketing():
        card = render.render_model_card(RECURRENCE, NAME, results)
    lines = [line.removeprefix("- ") for line in card.replace("\\", "").split("\n")]
    assert_asked("\n".join(lines), NAME)


def test_a_report_asks_for_its_texts() -> None:
    results = replace(make_results(NAME), resources=make_resources())
    with bracketing():
        page = render.render_report(RECURRENCE, NAME, results)
        index = render.render_index([summarise(RECURRENCE, NAME, results)])
    written = dict(results.provenance), results.resources, results.treatment_effect
    assert_asked(page, NAME, *written, LEVELS)
    assert_asked(index, NAME, LEVELS)
