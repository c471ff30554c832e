"""What a reader sees in either colour scheme and on paper, and where the keyboard leads."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from .test_axe import PAGES, read_page
from .test_browser import CONTRAST

pytestmark = pytest.mark.browser

Show = Callable[..., Any]
GROUND = "getComputedStyle(document.body).backgroundColor"
WHITE = "rgb(255, 255, 255)"
FOCUSED = "(() => { const f = document.activeElement; return f.getAttribute('href') || f.id || f.className; })()"
OUTLINE = (
    "getComputedStyle(document.activeElement).outlineStyle + getComputedStyle(document.activeElement).outlineWidth"
)
MARKS = """() => {
  const ask = (value) => {
    const probe = document.body.appendChild(document.createElement('i'));
    probe.style.color = value;
    const found = getComputedStyle(probe).color.match(/[0-9.]+/g).map(Number);
    probe.remove();
    return found;
  };
  const names = ['ink', 'soft', 'accent', 'pass', 'warn', 'fail', 'paper', 'tint'];
  return Object.fromEntries(names.map((name) => [name, ask(`var(--${name})`)]));
}"""


def measure_contrast(one: list[float], other: list[float]) -> float:
    """The ratio of WCAG 2.2 between two colours, each (red, green, blue) to 255."""

    def light(colour: list[float]) -> float:
        parts = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in (c / 255 for c in colour)]
        return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]

    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.fixture
def show(browser: Any, tmp_path: Path) -> Iterator[Show]:
    """Open a page: `show("report", width=320, scheme="dark")`."""
    tabs = []

    def opens(kind: str, width: int = 1280, scheme: str = "light") -> Any:
        (tmp_path / "page.html").write_text(read_page(kind, "breast_cancer_recurrence"), encoding="utf-8")
        tabs.append(browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 700}))
        tabs[-1].goto((tmp_path / "page.html").as_uri())
        return tabs[-1]

    yield opens
    for tab in tabs:
        tab.close()


@pytest.mark.parametrize("kind", PAGES)
def test_the_dark_page_is_dark_and_readable_and_prints_light(kind: str, show: Show) -> None:
    tab = show(kind, width=320, scheme="dark")
    tab.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert max(int(part) for part in tab.evaluate(GROUND)[4:-1].split(",")) < 48
    assert tab.evaluate(CONTRAST) == []
    sizes = tab.evaluate(
        """[...document.querySelectorAll('figure svg')].flatMap((s) => [...s.querySelectorAll('text')].map(
          (t) => parseFloat(getComputedStyle(t).fontSize) * t.getScreenCTM().a || 99))"""
    )
    assert min(sizes, default=9) >= 7.5
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.emulate_media(media="print")
    assert tab.evaluate(GROUND) == WHITE
    assert tab.evaluate(CONTRAST) == []


def test_figures_keep_their_light_ground(show: Show) -> None:
    grounds = "[...document.querySelectorAll('figure svg')].map((s) => getComputedStyle(s).backgroundColor)"
    dark = show("report", scheme="dark").evaluate(grounds)
    assert len(dark) > 10
    assert set(dark) == {WHITE}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_of_marks_stand_out(scheme: str, show: Show) -> None:
    colours = show("index", scheme=scheme).evaluate(MARKS)
    for ground in ("paper", "tint"):
        for name in ("ink", "soft", "accent", "pass", "warn", "fail"):
            assert measure_contrast(colours[name], colours[ground]) >= 4.5, (scheme, name, ground)
    assert measure_contrast([0, 0, 0], [255, 255, 255]) == pytest.approx(21)


def test_contents_stay_in_sight(show: Show) -> None:
    tab = show("report")
    tab.evaluate("document.getElementById('provenance').scrollIntoView()")
    assert tab.evaluate("document.querySelector('.contents').getBoundingClientRect().top") == 0


def test_the_keyboard_reaches_the_contents(show: Show) -> None:
    tab = show("report")  # not scrolled yet, since the tabulator key goes on from where a reader has scrolled to
    reached = []
    for _ in range(8):
        tab.keyboard.press("Tab")
        reached.append(tab.evaluate(FOCUSED))
        assert tab.evaluate(OUTLINE) == "solid3px"
    assert reached[0] == "#main"
    assert reached[-4:-1] == ["#verdict", "#use", "#data"]
    tab.keyboard.press("Enter")
    assert tab.evaluate("location.hash") == f"{reached[-1]}"


def test_the_skip_link_leads_past_the_contents(show: Show) -> None:
    tab = show("report")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.activeElement.getBoundingClientRect().left") >= 0
    tab.keyboard.press("Enter")
    tab.keyboard.press("Tab")
    assert tab.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert tab.evaluate(OUTLINE) == "solid3px"
