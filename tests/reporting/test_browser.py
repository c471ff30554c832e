"""What a reader's browser does with the pages: nothing leaves, everything fits, text can be read."""

import itertools
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .conftest import render_all
from .made_cohorts import COHORTS

pytestmark = pytest.mark.browser

KINDS = ("report", "data_dictionary", "index")

CONTRAST = """
() => {
  const rgb = (text) => (text.match(/[0-9.]+/g) || []).map(Number);
  const light = (c) => {
    const [r, g, b] = c.map((v) => v / 255).map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (node) => {
    for (let n = node; n; n = n.parentElement) {
      const c = rgb(getComputedStyle(n).backgroundColor);
      if (c.length === 3 || c[3] === 1) return c.slice(0, 3);
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const parent = node.parentElement;
    if (!node.textContent.trim() || ['TITLE', 'DESC', 'STYLE', 'title', 'desc'].includes(parent.tagName)) continue;
    const style = getComputedStyle(parent);
    let under = behind(parent), ink = rgb(parent.closest('svg') ? style.fill : style.color).slice(0, 3);
    if (parent.closest('svg') && ink.every((v) => v === 255)) {
      const disc = [...parent.closest('svg').querySelectorAll('use')].map((u) => rgb(getComputedStyle(u).fill));
      under = disc.map((c) => c.slice(0, 3)).sort((a, b) => light(b) - light(a))[0] || [0, 0, 0];
    }
    const [a, b] = [light(ink), light(under)].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) poor.push(node.textContent.trim().slice(0, 40) + ' ' + ratio.toFixed(2));
  }
  return poor;
}
"""


@pytest.fixture(params=[*((name, "en") for name in COHORTS), ("breast_cancer_recurrence", "zh")], ids="-".join)
def folder(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """The pages of each cohort, and of one in the other language."""
    for kind, text in render_all(*request.param).items():
        (tmp_path / f"{kind}.html").write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture(params=KINDS)
def opened(request: pytest.FixtureRequest, browser: Any, folder: Path) -> Iterator[Any]:
    """Each page at a phone's width; what it asks for and complains of is kept."""
    tab = browser.new_page(viewport={"width": 320, "height": 700})
    tab.asked, tab.complaints = [], []
    tab.on("request", lambda r: tab.asked.append(r.url))
    tab.on("console", lambda m: tab.complaints.append(m.text))
    tab.on("pageerror", lambda e: tab.complaints.append(str(e)))
    tab.on("dialog", lambda d: (tab.complaints.append(d.message), d.dismiss()))
    tab.goto((folder / f"{request.param}.html").as_uri())
    yield tab
    tab.close()


def test_nothing_leaves_and_nothing_complains(opened: Any) -> None:
    assert [url for url in opened.asked if not url.startswith(("file:", "data:"))] == []
    assert len([url for url in opened.asked if url.startswith("file:")]) == 1
    assert opened.complaints == []


def test_a_phone_shows_it_without_scrolling_sideways(opened: Any) -> None:
    assert opened.evaluate("document.documentElement.scrollWidth") <= 320
    opened.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 320


def test_at_twice_the_size_nothing_is_cut_off(opened: Any) -> None:
    """A window of 1280 pixels at 200% is one of 640; and text may be twice its size by itself (WCAG 2.2, 1.4.4)."""
    opened.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    opened.set_viewport_size({"width": 640, "height": 450})
    assert opened.evaluate("document.documentElement.scrollWidth") <= 640
    opened.set_viewport_size({"width": 1280, "height": 900})
    opened.add_style_tag(content="html { font-size: 200%; }")
    assert opened.evaluate("document.documentElement.scrollWidth") <= 1280


def test_headings_descend_one_level_at_a_time(opened: Any) -> None:
    levels = opened.evaluate("[...document.querySelectorAll('h1,h2,h3,h4,h5,h6')].map((h) => +h.tagName[1])")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))


def test_landmarks_and_the_skip_link(opened: Any) -> None:
    assert opened.evaluate("document.documentElement.lang") in {"en", "zh-Hans"}
    for landmark in ("main", "header", "footer"):
        assert opened.evaluate(f"document.querySelectorAll('body > {landmark}, .layout > {landmark}').length") == 1
    opened.keyboard.press("Tab")
    assert opened.evaluate("document.activeElement.getAttribute('href')") == "#main"


def test_every_table_has_a_caption_and_headers_and_can_be_scrolled_by_keyboard(opened: Any) -> None:
    faults = """[...document.querySelectorAll('table')].filter((t) => !t.caption || !t.caption.textContent.trim()
      || [...t.querySelectorAll('th')].some((h) => !h.scope) || !t.querySelector('thead th')
      || t.parentElement.tabIndex !== 0 || t.parentElement.getAttribute('role') !== 'region'
      || !t.parentElement.getAttribute('aria-label')).length"""
    assert opened.evaluate(faults) == 0


def test_every_figure_has_a_name(opened: Any) -> None:
    named = """[...document.querySelectorAll('svg')].every((s) => s.getAttribute('role') === 'img'
      && s.getAttribute('aria-labelledby').split(' ').every((id) => document.getElementById(id).textContent))"""
    assert opened.evaluate(named)


def test_text_stands_out_from_what_is_behind_it(opened: Any) -> None:
    opened.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert opened.evaluate(CONTRAST) == []


def test_text_of_figures_is_readable_on_a_phone(opened: Any) -> None:
    sizes = opened.evaluate(
        """[...document.querySelectorAll('svg')].filter((s) => s.checkVisibility()).flatMap((s) =>
          [...s.querySelectorAll('text')].map((t) => parseFloat(getComputedStyle(t).fontSize) *
          s.getBoundingClientRect().width / s.viewBox.baseVal.width))"""
    )
    assert min(sizes, default=9) >= 7.5


def test_it_prints_on_a4_without_losing_a_column(opened: Any) -> None:
    opened.set_viewport_size({"width": 680, "height": 1000})  # A4 less its margins, at 96 pixels to the inch
    opened.emulate_media(media="print")
    wide = "[...document.querySelectorAll('table')].filter((t) => t.scrollWidth > t.parentElement.clientWidth + 1)"
    assert opened.evaluate(f"{wide}.map((t) => t.id)") == []
    pdf = opened.pdf(format="A4", prefer_css_page_size=True)
    assert pdf.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", pdf)) <= 16


def test_a_phone_keeps_the_cohort_beside_the_figures_compared(browser: Any, folder: Path) -> None:
    tab = browser.new_page(viewport={"width": 320, "height": 700})
    tab.goto((folder / "index.html").as_uri())
    tab.evaluate("document.querySelector('#comparison').parentElement.scrollLeft = 10000")
    left, width = tab.evaluate(
        "(() => { const r = document.querySelector('#comparison tbody th').getBoundingClientRect();"
        " return [r.left, r.width]; })()"
    )
    assert 0 <= left < 40
    assert width < 160
    tab.close()


def test_ci_machines_may_not_skip_these_tests() -> None:
    assert os.environ.get("CI") != "true" or Path("/usr/bin/chromium").exists()
