"""Names that try to run scripts are text, in a browser in which the page's own script may run."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from pipeline.reporting import render_dictionary, render_index, render_report, summarise
from pipeline.reporting.patient import build_patient, build_patient_list
from pipeline.reporting.render import render_patient, render_patient_list

from .made_cohorts import make_hostile
from .made_patients import make_found
from .made_results import make_results

pytestmark = pytest.mark.browser

RUN = "window.ran=1;console.log('ran');alert('ran')"
PAYLOADS = (
    f"<script>{RUN}</script>",
    f"</script><script>{RUN}</script>",
    f"</style></title><script>{RUN}</script>",
    f"--><script>{RUN}</script><!--",
    f"]]></svg><script>{RUN}</script>",
    f"<img src=x onerror={RUN}>",
    f"<svg onload={RUN}><g onload={RUN}></g></svg>",
    f"<iframe srcdoc='&lt;script&gt;parent.{RUN}&lt;/script&gt;'></iframe>",
    f"<details open ontoggle={RUN}><summary>x</summary></details>",
    f"\"><input autofocus onfocus={RUN} x=\"",
    f"'><b onmouseover={RUN} style='position:fixed;inset:0'>x</b>",
    f"\" autofocus tabindex=0 onfocus=\"{RUN}\" x=\"",
    f"\" data-sorts data-slider=\"<img src=x onerror={RUN}>\" x=\"",
    f"&lt;img src=x onerror={RUN}&gt;&#60;script&#62;{RUN}&#60;/script&#62;",
    f"<a href=\"javascript:{RUN}\">x</a>javascript:{RUN}",
    f"<meta http-equiv=refresh content=\"0;url=javascript:{RUN}\"><base href=\"//example.invalid/\">",
    f"<object data=\"data:text/html,<script>{RUN}</script>\"></object><embed src=\"data:text/html,x\">",
    f"<form action=\"javascript:{RUN}\"><button>x</button></form><template><script>{RUN}</script></template>",
    f"{{{{ cycler.__init__.__globals__ }}}}{{% raw %}}${{{RUN}}}<%= {RUN} %>",
    f"\\u003cscript\\u003e{RUN}\u2028\u202e\x7f';{RUN}//`;{RUN}//\\",
)  # fmt: skip
ALL = (" ".join(PAYLOADS), " ".join(reversed(PAYLOADS)))
FOREIGN = """() => [...document.querySelectorAll('*')].filter((e) =>
  ['IMG', 'IFRAME', 'OBJECT', 'EMBED', 'FORM', 'BASE', 'TEMPLATE'].includes(e.tagName)
  || [...e.attributes].some((a) => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value))
  || (e.tagName === 'INPUT' && !e.closest('.chooser')) || (e.tagName === 'BUTTON' && !e.closest('thead th'))
).map((e) => e.outerHTML.slice(0, 80))"""
TOUCH_ALL = """() => {
  document.querySelectorAll('details').forEach((d) => (d.open = true));
  document.querySelectorAll('a, b, button, th, td').forEach((e) => e.dispatchEvent(new MouseEvent('mouseover')));
  document.querySelectorAll('[tabindex], input').forEach((e) => e.focus());
  document.querySelectorAll('button').forEach((b) => b.click());
  document.querySelectorAll('input').forEach((i) => {
    for (i.value = 0; +i.value < +i.max; i.stepUp()) i.dispatchEvent(new Event('input'));
  });
}"""


def show_small(text: str) -> dict[str, str]:
    """The pages without figures of a cohort that is named, titled and labelled by `text`."""
    cohort = make_hostile(text)
    return {
        "dictionary": render_dictionary(cohort, text),
        "index": render_index([summarise(cohort, text, make_results("hostile", cohort=cohort))]),
        "list": render_patient_list(build_patient_list(cohort, [(text, "1.html", text)])),
    }


def show_large(text: str) -> dict[str, str]:
    """A patient's page and the report of such a cohort, whose file and a column of it are named so as well."""
    cohort = make_hostile(text)
    results = make_results("hostile", cohort=cohort)
    rules = [rule | {"column": text} for rule in results.validation["rules"]]
    results = replace(
        results,
        validation=results.validation | {"rules": rules},
        provenance=results.provenance | {"Source": f"data/{text}.csv", text: "1.0"},
    )
    return {
        "patient": render_patient(build_patient(cohort, make_found(cohort, identifier=text))),
        "report": render_report(cohort, text, results),
    }


@pytest.fixture
def look(browser: Any, tmp_path: Path) -> Iterator[Callable[[str], tuple[list[str], Any]]]:
    """What running something, or leaving the page, would be noticed by; and the tab."""
    opened = []

    def looks(html: str) -> tuple[list[str], Any]:
        (tmp_path / "page.html").write_text(html, encoding="utf-8")
        tab, noticed = browser.new_page(), list[str]()
        opened.append(tab)
        tab.on("console", lambda m: noticed.append(m.text))
        tab.on("pageerror", lambda e: noticed.append(str(e)))
        tab.on("dialog", lambda d: (noticed.append(d.message), d.dismiss()))
        tab.on("request", lambda r: noticed.append(r.url))
        tab.goto((tmp_path / "page.html").as_uri())
        tab.evaluate(TOUCH_ALL)
        tab.wait_for_timeout(50)
        noticed.remove((tmp_path / "page.html").as_uri())
        return [*noticed, *tab.evaluate(FOREIGN), *(["ran"] if tab.evaluate("'ran' in window") else [])], tab

    yield looks
    for tab in opened:
        tab.close()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_no_payload_runs_on_a_small_page(payload: str, look: Callable[[str], tuple[list[str], Any]]) -> None:
    for kind, html in show_small(payload).items():
        noticed, tab = look(html)
        assert noticed == [], kind
        assert " ".join(payload.split()) in " ".join(tab.locator("body").text_content().split()), kind


@pytest.mark.parametrize("text", ALL, ids=["forward", "backward"])
def test_no_payload_runs_on_a_large_page(text: str, look: Callable[[str], tuple[list[str], Any]]) -> None:
    for kind, html in show_large(text).items():
        noticed, tab = look(html)
        assert noticed == [], kind
        assert tab.locator(".chooser").count() == (kind == "report")
        said = " ".join(tab.locator("body").text_content().split())
        assert all(" ".join(payload.split()) in said for payload in PAYLOADS), kind


def test_what_runs_is_noticed(look: Callable[[str], tuple[list[str], Any]]) -> None:
    for payload in (PAYLOADS[0], PAYLOADS[5], PAYLOADS[8]):
        assert "ran" in look(f"<!doctype html><title>x</title>{payload}")[0]


def test_the_policy_stops_what_slips_through(look: Callable[[str], tuple[list[str], Any]]) -> None:
    """A page into which every payload was put unescaped: its policy still lets nothing run."""
    report = render_dictionary(make_hostile("x"), "x")
    noticed, tab = look(report.replace("<main", f"{PAYLOADS[0]}{PAYLOADS[5]}{PAYLOADS[6]}<main", 1))
    assert "ran" not in noticed
    assert not tab.evaluate("'ran' in window")
    assert any("Content Security Policy" in text for text in noticed)
