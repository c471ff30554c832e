"""What axe-core finds on the pages: nothing that breaks WCAG 2.0, 2.1 or 2.2 at level A or AA."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe

from pipeline.reporting import speaking
from pipeline.reporting.patient import build_patient, build_patient_list
from pipeline.reporting.render import render_patient, render_patient_list

from .conftest import render_all
from .made_cohorts import COHORTS
from .made_patients import change, make_found

pytestmark = pytest.mark.browser

LEVELS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22a", "wcag22aa")
OPTIONS = {"runOnly": {"type": "tag", "values": LEVELS}, "resultTypes": ["violations"]}
PAGES = ("report", "data_dictionary", "index", "patient", "patient_list")


def read_page(kind: str, name: str, language: str = "en") -> str:
    """A page of a cohort; the patient is outside what the model knows, which adds a warning."""
    with speaking(language):
        if kind == "patient":
            return render_patient(build_patient(COHORTS[name], change(make_found(COHORTS[name]), outside=True)))
        if kind == "patient_list":
            return render_patient_list(build_patient_list(COHORTS[name], [("4711", "1.html", "25.0%")]))
    return render_all(name, language)[kind]


def find_violations(tab: Any) -> list[tuple[str, str, list[Any]]]:
    """Rule, what it asks, and the elements that break it."""
    found = Axe().run(tab, options=OPTIONS).response["violations"]
    return [(v["id"], v["help"], [node["target"] for node in v["nodes"]]) for v in found]


@pytest.fixture(params=["en-light-1280", "en-dark-320", "zh-dark-1280", "zh-light-320"])
def tab(request: pytest.FixtureRequest, browser: Any) -> Iterator[Any]:
    """A tab at a desk and a phone's, in light and dark, for pages in the `language` that it has."""
    language, scheme, width = request.param.split("-")
    opened = browser.new_page(color_scheme=scheme, viewport={"width": int(width), "height": 800})
    opened.language = language
    yield opened
    opened.close()


def show(tab: Any, kind: str, folder: Path) -> None:
    """Open a page with all that it folds away."""
    (folder / "page.html").write_text(read_page(kind, "breast_cancer_recurrence", tab.language), encoding="utf-8")
    tab.goto((folder / "page.html").as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")


@pytest.mark.parametrize("kind", PAGES)
def test_no_page_breaks_a_rule(kind: str, tab: Any, tmp_path: Path) -> None:
    show(tab, kind, tmp_path)
    assert find_violations(tab) == []


@pytest.mark.parametrize(
    ("rule", "breaks"),
    [
        ("html-has-lang", "document.documentElement.removeAttribute('lang')"),
        ("document-title", "document.title = ''"),
        ("link-name", "document.querySelector('.standfirst a').textContent = ''"),
        ("color-contrast", "document.querySelector('.standfirst').style = 'color: #808080; background: #fff'"),
    ],
)
@pytest.mark.parametrize("tab", ["en-light-1280"], indirect=True)
def test_a_broken_rule_is_found(rule: str, breaks: str, tab: Any, tmp_path: Path) -> None:
    show(tab, "data_dictionary", tmp_path)
    tab.evaluate(breaks)
    assert [found for found, _, _ in find_violations(tab)] == [rule]
