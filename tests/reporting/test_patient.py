"""A patient's page: complete, honest about what is not known, and harmless wherever it is opened."""

import itertools
import re
from functools import cache
from typing import Any

import pytest

from data_schemas.columns import Cohort
from pipeline.explanation.changes import REFUSED as REASONS
from pipeline.models import support
from pipeline.reporting import patient, words
from pipeline.reporting.factors import KINDS
from pipeline.reporting.patient_figure import MOST, _bars
from pipeline.reporting.render import render_patient, render_patient_list

from .finders import find_causes
from .made_cohorts import COHORTS, HOSTILE
from .made_patients import change, make_found
from .test_browser import CONTRAST
from .test_pages import POLICY, Page

ENTRIES = [("4711", "1.html", "25.0%"), (HOSTILE, "2.html", "<0.1%")]


@cache
def render(name: str) -> str:
    return render_patient(patient.build_patient(COHORTS[name], make_found(COHORTS[name])))


@pytest.fixture(params=["patient", "list"])
def html(request: pytest.FixtureRequest, name: str, cohort: type[Cohort]) -> str:
    return (
        render(name) if request.param == "patient" else render_patient_list(patient.build_patient_list(cohort, ENTRIES))
    )


def test_a_page_is_well_formed_and_loads_and_runs_nothing(html: str) -> None:
    page = Page(html)
    assert page.open == []
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    assert not {tag for tag, _ in page.elements} & {"script", "img", "iframe", "object", "embed", "form", "base"}
    assert ("meta", {"http-equiv": "Content-Security-Policy", "content": POLICY}) in page.elements
    for tag, attrs in page.elements:
        assert not [key for key in attrs if key.startswith("on")]
        assert "src" not in attrs
        targets = [attrs[key] or "" for key in ("href", "xlink:href") if key in attrs]
        assert all(re.fullmatch(r"#.*|\./\d+\.html|data:,", t) for t in targets), (tag, targets)
    style = html[html.index("<style>") : html.index("</style>")]
    assert "prefers-color-scheme: dark" in style
    assert "&#" not in style
    assert "&gt;" not in style
    assert len(html.encode()) < 200_000


def test_no_word_claims_a_cause_and_nothing_is_nan(html: str) -> None:
    text = Page(html).text
    assert find_causes(text) == []
    assert not re.search(r"\b(nan|None|NaT)\b", text)


def test_every_sentence_of_a_reason_is_there_and_claims_no_cause() -> None:
    assert set(words.patient.REFUSED) == set(REASONS)
    said = " ".join([*words.patient.REFUSED.values(), words.patient.COMPARES, words.patient.TREATED]).lower()
    assert find_causes(said) == []


def test_hostile_labels_are_text() -> None:
    html = render("hostile")
    assert "<script" not in html
    assert "<img" not in html
    assert HOSTILE in Page(html).text


def test_the_browser_title_holds_no_identifier(name: str) -> None:
    html = render(name)
    assert "4711" not in html[html.index("<title>") : html.index("</title>")]
    assert "Patient 4711" in Page(html).text.replace(" .", "")


def test_same_bytes_twice(name: str, cohort: type[Cohort]) -> None:
    assert render_patient(patient.build_patient(cohort, make_found(cohort))) == render(name)


def numbers(cell: str) -> float:
    return float(cell.replace("\u2212", "-").replace("%", "").replace("+", ""))


def test_the_table_adds_up_and_is_never_one_ranking(name: str, cohort: type[Cohort]) -> None:
    table = patient.tabulate_parts(make_found(cohort), cohort.columns())
    base, *rows, total = table.rows
    parts = [row for row in rows if not row.group]
    assert len(parts) == len(cohort.predictors())
    for column, tolerance in ((1, 0.06), (2, 0.006)):
        added = numbers(base.cells[column]) + sum(numbers(row.cells[column]) for row in parts)
        assert added == pytest.approx(numbers(total.cells[column]), abs=tolerance * (len(parts) + 2))
    classes = {column.label: column.factor for column in cohort.predictors().values()}
    heading = ""
    for row in rows:
        heading = row.header if row.group else heading
        if not row.group:
            expected = next(key for key, kinds in KINDS.items() if classes[row.header] in kinds)
            assert heading == patient.GROUPS[expected]


@pytest.mark.parametrize("count", [1, MOST, MOST + 1, MOST + 2, 40])
def test_the_figure_shows_what_the_table_does_in_few_bars(count: int) -> None:
    columns = {f"a{i}": next(iter(COHORTS["hostile"].predictors().values())) for i in range(count)}
    parts = [{"predictor": f"a{i}", "risk": 0.01 * (-1) ** i * (count - i)} for i in range(count)]
    heading, *bars = _bars("group", parts, columns)
    assert heading.points is None
    assert len(bars) <= MOST + 1
    assert sum(bar.points for bar in bars) == pytest.approx(100 * sum(part["risk"] for part in parts))


def test_modifiable_factors_get_what_ifs_and_treatments_a_warning() -> None:
    text = Page(render("hostile")).text
    assert "confounding by indication" in text
    what_if = text[text.index("What if a modifiable") : text.index("Missing inputs")]
    assert "Guideline" in what_if
    assert "It is no estimate of what changing the factor does" in what_if
    assert "Not shown: the changed record as a whole is unlike" in what_if
    assert "Rare & odd computed anew with Pressure" in what_if
    assert "Statin" not in what_if
    risk = make_found(COHORTS["hostile"])["account"]["told"]["risk"]
    shown = [f"{100 * share * risk:.1f}".replace("-", "\u2212") for share in (-0.2, -0.3, -0.1)]
    assert f"{shown[0]} ({shown[1]} to {shown[2]})" in what_if.replace("\u00a0", " ")


def test_without_modifiable_factors_that_is_said() -> None:
    assert "declares no predictor of this model as modifiable" in Page(render("breast_cancer_diagnosis")).text


def test_a_patient_outside_the_support_is_warned_of_first(cohort: type[Cohort]) -> None:
    found = change(make_found(cohort), outside=True, distance=1.42, because="Age, an unusual combination")
    text = Page(render_patient(patient.build_patient(cohort, found))).text
    assert "taught the model: Age, an unusual combination. It lies 1.4 times as far out" in text
    assert text.index("Outside the model's experience.") < text.index("Of 100 patients with such a score")


@pytest.mark.parametrize(
    ("because", "said"),
    [("Age, Sex", "Age, Sex"), (f"Age, {support.COMBINATION}", "Age, an unusual combination"),
     (support.COMBINATION, "an unusual combination"), ("", "taught the model.")],
)  # fmt: skip
def test_what_is_unusual_is_said(because: str, said: str) -> None:
    assert words.patient.COMBINATION == support.COMBINATION
    text = words.patient.say_support({"outside": True, "distance": 2.0, "because": because})
    assert (f"taught the model: {said}. It lies 2.0 times" in text) == bool(because)
    assert said in text


@pytest.mark.parametrize(
    ("place", "said"),
    [(None, "fewer than 20 patients"), (5, "at most about 5%"), (70, "about 70%"), (95, "95% or more")],
)
def test_the_place_in_the_cohort_is_said(place: int | None, said: str) -> None:
    assert said in words.patient.say_place(place, 290, 20)


@pytest.mark.parametrize(
    ("share", "said"), [(0.0, "<0.1%"), (0.0004, "<0.1%"), (0.25, "25.0%"), (0.9996, ">99.9%"), (1.0, ">99.9%")]
)
def test_no_risk_is_said_to_be_none_or_all(share: float, said: str) -> None:
    assert words.patient.risk(share) == said


def test_the_phenotype_is_said_and_its_small_size_is_not() -> None:
    told = {"phenotype": 2, "unlike_phenotypes": False}
    assert words.patient.say_phenotype({"name": "old", "n": None}, told) == "The patient belongs to phenotype 2, old."
    assert "(31 patients of the cohort)" in words.patient.say_phenotype({"name": "old", "n": 31}, told)
    assert "unlike any phenotype: the nearest is phenotype 2" in words.patient.say_phenotype(
        None, told | {"unlike_phenotypes": True}
    )
    assert words.patient.say_phenotype(None, {}) == "No phenotypes belong to this model."


@pytest.fixture(params=["light", "dark"])
def opened(request: pytest.FixtureRequest, browser: Any, name: str, tmp_path: Any) -> Any:
    """The page at a phone's width in either colour scheme; what it asks for and complains of is kept."""
    place = tmp_path / "patient.html"
    place.write_text(render(name), encoding="utf-8")
    tab = browser.new_page(viewport={"width": 320, "height": 700}, color_scheme=request.param)
    tab.asked, tab.complaints = [], []
    tab.on("request", lambda r: tab.asked.append(r.url))
    tab.on("console", lambda m: tab.complaints.append(m.text))
    tab.on("dialog", lambda d: (tab.complaints.append(d.message), d.dismiss()))
    tab.goto(place.as_uri())
    yield tab
    tab.close()


@pytest.mark.browser
def test_a_reader_on_a_phone_or_on_paper_sees_all_of_it_and_nothing_leaves(opened: Any) -> None:
    assert [url for url in opened.asked if not url.startswith(("file:", "data:"))] == []
    assert opened.complaints == []
    assert opened.evaluate("document.documentElement.scrollWidth") <= 320
    assert opened.evaluate(CONTRAST) == []
    levels = opened.evaluate("[...document.querySelectorAll('h1,h2,h3,h4')].map((h) => +h.tagName[1])")
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    sizes = opened.evaluate(
        """[...document.querySelectorAll('svg text')].map((t) => parseFloat(getComputedStyle(t).fontSize) *
          t.closest('svg').getBoundingClientRect().width / t.closest('svg').viewBox.baseVal.width)"""
    )
    assert min(sizes) >= 7.5
    opened.set_viewport_size({"width": 680, "height": 1000})
    opened.emulate_media(media="print")
    wide = "[...document.querySelectorAll('table')].filter((t) => t.scrollWidth > t.parentElement.clientWidth + 1)"
    assert opened.evaluate(f"{wide}.map((t) => t.id)") == []
    assert opened.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert len(re.findall(rb"/Type\s*/Page\b", opened.pdf(format="A4", prefer_css_page_size=True))) <= 6
