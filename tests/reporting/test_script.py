"""The one script: what it adds works by mouse and by keyboard, and without it nothing is missing."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.reporting import tables, words

from .conftest import render_all
from .finders import is_sentence
from .test_pages import Page

pytestmark = pytest.mark.browser

NAME = "breast_cancer_recurrence"
SCRIPT = Path(tables.__file__).parent / "templates" / "report.js"
COLUMN = """([id, place]) => [...document.getElementById(id).tBodies[0].rows].map((r) => r.cells[place].textContent)"""
MADE = """<!doctype html><title>x</title><div class="scroll"><table id="made" data-sorts><thead><tr><th>Name</th>
<th>Number</th></tr></thead><tbody>{}</tbody></table></div><script>{}</script>"""
NUMBERS = ["1,234", "\u22122.1 (\u22123.4 to \u22121.0)", "hidden", "<0.001", "0.69 (0.63 to 0.75)", "39%", "+0.5",
           "\u2013", "0.001", ">99%", "99%"]  # fmt: skip
ASCENDING = [NUMBERS[place] for place in (1, 3, 8, 6, 4, 5, 10, 9, 0)]
LAST = ["hidden", "\u2013"]
NAMES = ["grade 10", "Zebra", "grade 9", "apple", "\u00e4pfel", *"uvwxyz"]


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Open a page's text, with scripts or without; what it asks for and complains of is kept."""
    opened = []

    def opens(html: str, *, scripts: bool = True, width: int = 1280) -> Any:
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        context = browser.new_context(java_script_enabled=scripts, viewport={"width": width, "height": 800})
        opened.append(context)
        tab = context.new_page()
        tab.asked, tab.complaints = [], []
        tab.on("request", lambda r: tab.asked.append(r.url))
        tab.on("console", lambda m: tab.complaints.append(m.text))
        tab.on("pageerror", lambda e: tab.complaints.append(str(e)))
        tab.goto((tmp_path / "page.html").as_uri())
        return tab

    yield opens
    for context in opened:
        context.close()


def test_numbers_are_sorted_as_numbers_and_names_as_names(show: Callable[..., Any]) -> None:
    rows = "".join(
        f"<tr><th>{name}</th><td>{number.replace('<', '&lt;')}</td></tr>"
        for name, number in zip(NAMES, NUMBERS, strict=True)
    )
    tab = show(MADE.format(rows, SCRIPT.read_text(encoding="utf-8")))
    number, name = tab.locator("th button").nth(1), tab.locator("th button").nth(0)
    for expected, says in ((ASCENDING + LAST, "ascending"), (ASCENDING[::-1] + LAST, "descending"), (NUMBERS, None)):
        number.click()
        assert tab.evaluate(COLUMN, ["made", 1]) == expected
        assert tab.locator("thead th").nth(1).get_attribute("aria-sort") == says
    number.click()
    name.click()
    expected = ["\u00e4pfel", "apple", "grade 9", "grade 10", *"uvwxyz", "Zebra"]
    assert tab.evaluate(COLUMN, ["made", 0]) == expected
    assert tab.locator("[aria-sort]").count() == 1


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_sorts_a_table_of_the_report(key: str, show: Callable[..., Any]) -> None:
    tab = show(render_all(NAME)["report"])
    before = tab.evaluate(COLUMN, ["tripod", 2])
    tab.locator("#tripod thead button").nth(1).focus()
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.textContent") == "Status"
    tab.keyboard.press(key)
    assert tab.evaluate(COLUMN, ["tripod", 2]) == sorted(before) != before
    assert tab.evaluate("document.activeElement.closest('th').getAttribute('aria-sort')") == "ascending"
    assert tab.complaints == []


def test_only_tables_that_say_so_are_sorted(show: Callable[..., Any]) -> None:
    tab = show(render_all(NAME)["report"])
    sorted_by = tab.evaluate("[...document.querySelectorAll('table:has(th button)')].map((t) => t.id)")
    assert {"checks", "candidates", "context-table", "tripod"} <= set(sorted_by)
    assert not {"table-1", "attrition", "measures", "decisions", "calibration-data", "subgroups"} & set(sorted_by)
    with pytest.raises(AssertionError):
        tables.Table("a", "A", ("One",), (tables.Row("x", group=True),), sorts=True)


def shown(tab: Any) -> tuple[str, list[str]]:
    """What the slider says it chose, and the numbers beside it."""
    return tab.locator(".chooser b").text_content(), tab.locator(".chooser dd").all_text_contents()


def test_the_slider_shows_the_row_it_stands_on(show: Callable[..., Any]) -> None:
    tab = show(render_all(NAME)["report"])
    rows = tab.evaluate(
        "[...document.getElementById('decisions').tBodies[0].rows].map((r) => [...r.cells].map((c) => c.textContent))"
    )
    slider = tab.get_by_role("slider", name=words.utility.SLIDER)
    assert shown(tab) == (rows[len(rows) // 2][0], rows[len(rows) // 2][1:])
    slider.focus()
    for key, place in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", len(rows) - 1)):
        tab.keyboard.press(key)
        assert shown(tab) == (rows[place][0], rows[place][1:])
        assert slider.get_attribute("aria-valuetext") == rows[place][0]
        assert tab.locator("#decisions [aria-current]").all_text_contents() == ["".join(rows[place])]
    box = slider.bounding_box()
    tab.mouse.click(box["x"] + 2, box["y"] + box["height"] / 2)
    assert shown(tab) == (rows[0][0], rows[0][1:])
    assert words.numbers.HIDDEN in {cell for row in rows for cell in row}
    assert tab.complaints == []
    assert tab.asked == [tab.url]


@pytest.mark.parametrize("kind", ["report", "data_dictionary"])
def test_without_scripts_all_is_there_and_nothing_to_press(kind: str, show: Callable[..., Any]) -> None:
    html = render_all(NAME)[kind]
    tab = show(html, scripts=False)
    assert tab.locator("button, input, .chooser").count() == 0
    assert "&#8597;" not in html
    said = " ".join(tab.locator("body").text_content().split())
    with_scripts = show(html)
    with_scripts.evaluate("document.querySelectorAll('.chooser, script').forEach((e) => e.remove())")
    assert said.startswith(" ".join(with_scripts.locator("body").text_content().split()))
    assert "Per 1,000 patients" in said or kind != "report"


def test_what_the_script_adds_is_not_printed_and_fits_a_phone(show: Callable[..., Any]) -> None:
    tab = show(render_all(NAME)["report"], width=320)
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    assert tab.evaluate("document.querySelectorAll('*').length") < 15_000
    assert tab.locator(".chooser").is_visible()
    tab.emulate_media(media="print")
    assert not tab.locator(".chooser").is_visible()
    assert tab.evaluate("getComputedStyle(document.querySelector('th button'), '::after').display") == "none"
    assert tab.evaluate("getComputedStyle(document.querySelector('[aria-current] > *')).backgroundColor").endswith(
        ", 0)"
    )


def test_the_script_is_short_says_nothing_and_reaches_nothing() -> None:
    script = SCRIPT.read_text(encoding="utf-8")
    assert len(script) < 5_000
    assert not [text for text in re.findall(r'"([^"]*)"', script) if is_sentence(text)]
    for reach in ("innerHTML", "outerHTML", "insertAdjacent", "document.write", "eval", "Function(", "fetch", "XMLHttp",
                  "import", "location", "storage", "cookie", "</", "<!--"):  # fmt: skip
        assert reach not in script
    assert script not in Page(render_all(NAME)["report"]).text
