"""The section on a treatment's effect shows what was computed, hides what is hidden, and fits a phone and paper."""

import functools
import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from markupsafe import Markup

from data_schemas.columns import Cohort
from pipeline.explanation.effects import nuisance
from pipeline.reporting import render
from pipeline.reporting.effects import COMPARED, build_effect
from pipeline.reporting.words import numbers as shows
from tests.explanation.effects import test_describe as described
from tests.models.builders import Unpenalised

from .effect_readers import build, numbers, shown, table_of
from .made_cohorts import COHORTS, HOSTILE
from .made_effects import BY_LOT, DESIGNS, OUTCOME, RECURRENCE, hide, make_effect, none
from .made_estimates import est
from .test_pages import Page, blank
from .test_tables import cells

PAGE = """{% extends "_base.html" %}{% from "_effect.html" import effect as draw %}{% block body %}<main id="main">
<h1>Report</h1>{{ draw(effect) }}</main>{% endblock %}"""


def render_section(effect: dict[str, Any], cohort: type[Cohort] = RECURRENCE) -> str:
    css = Markup((render.TEMPLATES / "style.css").read_text(encoding="utf-8"))  # noqa: S704 - our own file
    environment = render._environment(markdown=False)
    return environment.from_string(PAGE).render(css=css, policy="", script="", effect=build(effect, cohort))


@functools.cache
def read_made(design: str, estimand: str = "ATE") -> str:
    """The text on an effect that is only made up and not altered."""
    return read(make_effect(RECURRENCE, design=design, estimand=estimand))


def read(effect: dict[str, Any], cohort: type[Cohort] = RECURRENCE) -> str:
    """All the text of the section: sentences, tables, data of figures, and what stands in figures."""
    return Page(render_section(effect, cohort)).text.replace("\u00a0", " ")


def shape(value: Any) -> Any:
    """The keys of a JSON value; of a list, those of its first element."""
    if isinstance(value, dict) and "value" not in value:
        return {key: shape(part) for key, part in value.items() if key != "adjust"}
    return shape(value[0]) if isinstance(value, list) and value else type(value) if isinstance(value, list) else None


@pytest.fixture(scope="module")
def computed() -> Iterator[dict[str, dict[str, Any]]]:
    """What the explanation of effects computes, by lot and not."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nuisance, "LEARNER", Unpenalised())
        lot = replace(described.EFFECT, design="randomised")
        yield {
            "observational": described.describe(described.EFFECT, *described.draw(1)),
            "randomised": described.describe(lot, *described.draw(2, 700, steep=0.0, effect=-0.15)),
        }


def test_no_effect_declared_is_no_section() -> None:
    assert build_effect(RECURRENCE.columns(), OUTCOME, {}) is None


@pytest.mark.parametrize("design", ["observational", "randomised"])
def test_made_up_effects_have_the_shape_of_computed_ones(computed: dict[str, Any], design: str) -> None:
    made, real = make_effect(RECURRENCE, design=design), computed[design]
    made["by_risk"]["groups"][0]["patients"] = real["by_risk"]["groups"][0]["patients"]
    made["by_benefit"]["groups"][0]["patients"] = real["by_benefit"]["groups"][0]["patients"]
    if made["overlap"]:
        made["overlap"] |= {key: real["overlap"][key] for key in ("left", "stay")}
    assert shape(made) == shape(real)
    built = build_effect(described.COLUMNS, OUTCOME, real)
    assert built is not None
    shown(table_of(built, "effect-comparison").rows[2].cells[1], real["adjusted"]["difference"], 100, 1)
    json.dumps(made, allow_nan=False)


@pytest.mark.parametrize("seed", range(len(DESIGNS)))
def test_tables_show_the_numbers_of_the_json(seed: int) -> None:
    effect = make_effect(RECURRENCE, **DESIGNS[seed], seed=seed, groups=2 + seed % 3)
    built = build(effect)
    scales = {"difference": (100, 1), "ratio": (1, 2), "risk_treated": (100, 1), "risk_control": (100, 1)}
    rows = table_of(built, "effect-comparison").rows
    for key, row in zip(COMPARED, rows, strict=False):
        for name, cell in zip(("naive", "adjusted"), row.cells, strict=True):
            shown(cell, effect[name][key], *scales[key])
    for group, row in zip(effect["by_risk"]["groups"], table_of(built, "effect-by-risk").rows, strict=True):
        assert numbers(row.cells[0]) == [round(100 * group["mean"]["value"], 1)]
        assert numbers(row.cells[1]) == [*group["patients"].values()]
        for key, cell in zip(COMPARED, row.cells[2:], strict=True):
            shown(cell, group[key], *scales[key])
    for group, row in zip(effect["by_benefit"]["groups"], table_of(built, "effect-benefit-data").rows, strict=True):
        assert numbers(row.cells[0]) == [*group["patients"].values()]
        assert numbers(row.cells[1]) == [pytest.approx(100 * group["predicted"]["value"], abs=0.05001)]
        shown(row.cells[2], group["difference"], 100, 1)


def test_a_number_needed_is_given_only_where_the_comparison_may_be_read_as_an_effect() -> None:
    chosen, drawn = (
        table_of(build(make_effect(RECURRENCE, design=design)), "effect-comparison").rows[-1].cells
        for design in ("observational", "randomised")
    )
    assert chosen == ("not given: treatment was chosen", "10 for one fewer (7\u00a0to\u00a017)")
    assert drawn == ("not given: the interval of the difference holds 0", chosen[1])


def test_facts_and_reasons_as_declared() -> None:
    effect = make_effect(RECURRENCE)
    built, columns = build(effect), RECURRENCE.columns()
    facts = dict(built["facts"])
    assert facts["Treated arm"] == f"yes: {effect['patients']['treated']:,} patients"
    assert facts["Control arm"] == f"no: {effect['patients']['control']:,} patients"
    assert facts["Patients in neither arm"] == "41"
    table = table_of(built, "effect-adjustment")
    assert {row.header: row.cells[0] for row in table.rows} == {
        columns[name].label: why for name, why in effect["adjust"].items()
    }
    assert "the treated arm (Hormone therapy (tamoxifen): yes) rather than in the control arm (no)" in built["question"]


def test_without_adjustment_by_lot_the_naive_difference_answers() -> None:
    effect = make_effect(RECURRENCE, **BY_LOT)
    effect["naive"]["difference"] = est(-0.123, 0.045)
    built = build(effect)
    assert "12.3 percentage points lower" in built["result"]
    assert "no column is adjusted for" in " ".join(built["parts"]["adjustment"]["says"])
    assert list(built["parts"]) == ["assumptions", "adjustment", "comparison"]
    assert table_of(built, "effect-comparison").head == ("", "Without adjustment")


def test_designs_and_estimands_are_worded_apart() -> None:
    texts = {(k["design"], k["estimand"]): read_made(**k) for k in DESIGNS}
    for (design, estimand), text in texts.items():
        chosen = design == "observational"
        for said in ("No unmeasured confounding", "Overlap of the arms", "E-value", "Before weighting", "Crump"):
            assert (said in text) == chosen
        assert ("Treatment was drawn by lot" in text) == (not chosen)
        assert ("had all patients of the two arms" in text) == (estimand == "ATE")
        assert ("had the patients of the treated arm" in text) == (estimand == "ATT")
        assert ("who stay in the comparison" in text) == chosen
    assert "below 10% or above 90% leave" in texts["observational", "ATE"]
    assert "treatment above 90% leave" in texts["observational", "ATT"]
    assert "given for the mean effect in all patients alone" in texts["observational", "ATT"]
    assert "Censoring" not in texts["observational", "ATE"]
    assert "Censoring" in read(make_effect(RECURRENCE) | {"horizon": 1095.0})


def test_hidden_counts_stay_hidden() -> None:
    effect = make_effect(RECURRENCE)
    secret = [53, 37, 41, *effect["overlap"]["stay"].values()]
    secret += [n for key in ("by_risk", "by_benefit") for g in effect[key]["groups"] for n in g["patients"].values()]
    told = {bins[arm] for bins in effect["overlap"]["bins"] for arm in ("treated", "control")}
    open_, closed = (
        set(re.findall(r"(?<![\d.,%\u2212+])\d[\d,]*(?![\d.%]|,\d)", read(e))) for e in (effect, hide(effect))
    )
    for number in {f"{n:,}" for n in secret if n not in told}:
        assert number in open_
        assert number not in closed
    built = build(hide(effect))
    assert dict(built["facts"])["Patients in neither arm"].startswith("hidden")
    assert cells(table_of(built, "effect-by-risk"), 2) == cells(table_of(built, "effect-benefit-data"), 1)
    assert set(cells(table_of(built, "effect-by-risk"), 2)) == {shows.HIDDEN}
    assert "How many leave is hidden: fewer patients than may be shown" in read(hide(effect))
    assert "who stay in the comparison" in built["question"]
    assert cells(table_of(built, "effect-balance-data"), 1)[-1].startswith("not shown: fewer patients")


def test_patients_that_no_bin_holds_are_said() -> None:
    effect = make_effect(RECURRENCE)
    says = "Not drawn, since that would tell of too few: some patients of the treated arm."
    assert says not in build(effect)["parts"]["overlap"]["says"]
    effect["overlap"]["drawn"]["treated"] = False
    assert build(effect)["parts"]["overlap"]["says"][1:] == [says]


def test_what_was_not_computed_says_why() -> None:
    reason = "the arms were too small"
    effect = blank(make_effect(RECURRENCE), reason)
    estimates = 4 + 4 + 2 * len(effect["balance"]) + 4 * 5 + 4 * 2  # compared, balance, by risk, by benefit
    text = read(effect)
    assert text.count(reason) >= estimates + 4  # the result, the comparison, the E-value and the slope
    groups: dict[str, Any] = {"groups": [], "reason": "all are alike"}
    without = make_effect(RECURRENCE)
    without |= {"by_risk": groups, "by_benefit": groups | {"slope": none("no spread")}}
    assert read(without).count("not shown: all are alike") == 2
    assert "was not computed: no spread" in read(without)


@pytest.mark.parametrize("cohort", [RECURRENCE, COHORTS["hostile"]])
@pytest.mark.parametrize("kind", [*DESIGNS, BY_LOT])
def test_the_page_is_well_formed_and_escapes(cohort: type[Cohort], kind: dict[str, Any]) -> None:
    effect = make_effect(cohort, **kind)
    html = render_section(effect, cohort)
    page = Page(html)
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert page.open == []
    assert len(ids) == len(set(ids))
    assert not {"script", "img"} & {tag for tag, _ in page.elements}
    assert not re.search(r"\b(nan|None|inf)\b", page.text)
    for attrs in (attrs for _, attrs in page.elements if "aria-labelledby" in attrs):
        assert set((attrs["aria-labelledby"] or "").split()) <= set(ids)
    if cohort is COHORTS["hostile"]:
        assert " ".join(HOSTILE.split()) in page.text


@pytest.mark.browser
@pytest.mark.parametrize("name", ["breast_cancer_recurrence", "hostile"])
def test_a_phone_and_a_sheet_of_paper_hold_it(browser: Any, tmp_path: Path, name: str) -> None:
    path = tmp_path / "effect.html"
    path.write_text(render_section(make_effect(COHORTS[name]), COHORTS[name]), encoding="utf-8")
    tab = browser.new_page(viewport={"width": 320, "height": 700})
    tab.goto(path.as_uri())
    tab.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
    assert tab.evaluate("document.documentElement.scrollWidth") <= 320
    tab.set_viewport_size({"width": 680, "height": 1000})
    tab.emulate_media(media="print")
    wide = "[...document.querySelectorAll('table')].filter((t) => t.scrollWidth > t.parentElement.clientWidth + 1)"
    assert tab.evaluate(f"{wide}.map((t) => t.id)") == []
    tab.close()


def test_the_same_bytes_twice() -> None:
    effect = make_effect(RECURRENCE)
    assert render_section(effect) == render_section(json.loads(json.dumps(effect)))
