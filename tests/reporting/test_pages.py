"""Pages hold what was computed, nothing that harms, and the same bytes every time."""

import base64
import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest

from data_schemas.columns import Cohort
from pipeline.card import Card
from pipeline.reporting import (
    Results,
    render_index,
    render_model_card,
    render_report,
    summarise,
    tripod,
    words,
)

from .conftest import render_all, report_of
from .made_cohorts import COHORTS, HOSTILE
from .made_validation import no_curve, no_sites

Build = Callable[..., Results]
POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
VOID = {"meta", "link", "img", "br", "input", "hr"}


class Page(HTMLParser):
    """The elements of a page, and its text outside of the style sheet and the script."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"{tag} closes another element"

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in {"style", "script"}:
            self.words.append(data)


def test_every_page_is_well_formed_with_unique_ids_and_working_links(html: dict[str, str]) -> None:
    for text in html.values():
        page = Page(text)
        assert page.open == []
        ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
        assert len(ids) == len(set(ids))
        for _, attrs in page.elements:
            for key in ("aria-labelledby", "aria-describedby"):
                assert set((attrs.get(key) or "").split()) <= set(ids)
            for key in ("href", "xlink:href"):
                target = attrs.get(key) or ""
                assert not target.startswith("#") or target[1:] in ids


def test_nothing_is_loaded_and_nothing_runs(html: dict[str, str]) -> None:
    for text in html.values():
        page = Page(text)
        tags = {tag for tag, _ in page.elements}
        assert not tags & {"img", "iframe", "object", "embed", "form", "base", "audio", "video"}
        scripts = re.findall(r"<script>(.*?)</script>", text, flags=re.DOTALL)
        assert text.count("<script") == len(scripts) == 1
        allowed = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
        content = POLICY.replace("; ", "; " + "".join(f"script-src 'sha256-{one}'; " for one in allowed), 1)
        assert ("meta", {"http-equiv": "Content-Security-Policy", "content": content}) in page.elements
        for tag, attrs in page.elements:
            assert not [key for key in attrs if key.startswith("on")]
            assert "src" not in attrs
            targets = [attrs[key] or "" for key in ("href", "xlink:href") if key in attrs]
            local = r"(#|\.\./|\./|[a-z_]+\.(html|md)).*" if tag != "link" else r"data:,"
            assert all(re.fullmatch(local, target) for target in targets), targets
        style = text[text.index("<style>") : text.index("</style>")]
        assert "@import" not in style
        assert "url(" not in style


def test_hostile_labels_are_text() -> None:
    rendered = dict(render_all("hostile"))
    card = rendered.pop("model_card")
    for html in rendered.values():
        assert "<script>a" not in html
        assert "<img" not in html
        assert HOSTILE.replace("  ", " ") in Page(html).text
    assert "<" not in card
    assert not re.search(r"(?<!\\)\](?=\()", card)


def test_same_bytes_twice(name: str, rendered: dict[str, str]) -> None:
    report_of.cache_clear()
    assert render_all.__wrapped__(name) == rendered


def test_row_order_of_the_records_does_not_matter(
    cohort: type[Cohort], name: str, results: Results, rendered: dict[str, str]
) -> None:
    shuffled = replace(results, valid=results.valid.sample(frac=1, random_state=1), split=results.split.iloc[::-1])
    assert render_report(cohort, name, shuffled) == rendered["report"]


def test_a_report_is_small(rendered: dict[str, str]) -> None:
    assert all(len(text.encode()) < 400_000 for text in rendered.values())
    assert len(Page(rendered["report"]).elements) < 15_000


def test_no_pseudonym_no_date_of_a_patient_and_no_nan(rendered: dict[str, str]) -> None:
    for kind, text in rendered.items():
        said = text if kind == "model_card" else Page(text).text
        assert not re.search(r"\bp0\d{4}\b", said)
        assert not re.search(r"\b19\d\d-\d\d-\d\d\b", said)
        assert not re.search(r"\b(nan|None|NaT)\b", said)


def blank(value: Any, reason: str) -> Any:
    """The same results with every estimate replaced by a reason."""
    if isinstance(value, dict) and set(value) == {"value", "lo", "hi", "reason"}:
        return {"value": None, "lo": None, "hi": None, "reason": reason}
    if isinstance(value, dict):
        return {k: blank(v, reason) for k, v in value.items()}
    return [blank(v, reason) for v in value] if isinstance(value, list) else value


def test_what_was_not_computed_says_why(cohort: type[Cohort], name: str, results: Results) -> None:
    performance, reason = blank(results.performance, "the sample held one outcome only"), "the sample held one outcome"
    emptied = replace(results, performance=performance, phenotypes=blank(results.phenotypes, "too few events"))
    text = Page(render_report(cohort, name, emptied)).text
    estimates = len(performance["estimates"]) + 1  # and the event rate
    further = 2 * len(performance["comparisons"]) + 5 * len(performance["targets"]) + len(performance["optimism"])
    assert text.count(reason) >= estimates + 2 * len(performance["net_benefit"]) + further
    assert reason in render_model_card(cohort, name, emptied)
    assert reason in render_index([summarise(cohort, name, emptied)])


def test_a_report_without_optional_parts(cohort: type[Cohort], name: str, results: Results) -> None:
    bare = replace(
        results,
        performance={**results.performance, "subgroups": [], "worst_gaps": [], "net_benefit": [], "decisions": [],
                     "calibration_curve": [], "risk_distribution": [], "smooth_curve": no_curve(), "targets": [],
                     "classes": {}, "comparisons": {}, "optimism": [], "learning_curve": [], "sites": no_sites()},
        phenotypes={"k": None, "reason": "No stable clusters", "notes": [], "tried": [], "clusters": []},
        risk_factors=results.risk_factors.iloc[:0], factor_curves={}, treatment_effect={},
        explanation=results.explanation | {"interactions": [], "correlated": [], "groups": {}, "others": []},
    )  # fmt: skip
    text = Page(render_report(cohort, name, bare)).text
    assert "No stable clusters." in text
    assert "schema declares no subgroups" in text
    assert "no decision threshold" in text
    assert "the predicted risks hardly differ" in text
    for heading in (
        "Optimism",
        "Sites",
        "by the number of patients",
        "Further horizons",
        "Each class",
        "against each other one",
    ):
        assert heading not in text


@pytest.mark.parametrize("level", ["PASS", "WARN", "FAIL"])
def test_the_verdict_is_said_in_words_and_first(level: str, build: Build) -> None:
    name = "breast_cancer_recurrence"
    results = replace(build(name), verdict={"verdict": level, "checks": []})
    text = Page(render_report(COHORTS[name], name, results)).text
    place = text.index(f"{words.verdict.VERDICTS[level][0]} {level}")
    assert place < text.index("AUROC") < text.index("Population")


def test_sections_stand_in_the_agreed_order(cohort: type[Cohort], rendered: dict[str, str]) -> None:
    html = rendered["report"]
    found = re.findall(r'<section id="([^"]+)"', html)
    effect = ["treatment-effect"] if cohort.study().effect else []
    assert found == ["verdict", "use", "data", "model", "performance", "utility", "subgroups-section", "changes",
                     "factors", *effect, "phenotypes", "provenance"]  # fmt: skip
    assert re.findall(r'<li><a href="#([^"]+)"', html) == found


def test_treatments_get_no_what_if_and_a_warning() -> None:
    html = render_all("hostile")["report"]
    treatments = html[html.index("<h3>Treatments</h3>") : html.index("<h3>Context")]
    assert "confounding by indication" in treatments
    assert "Patients with room" not in treatments
    modifiable = html[html.index("<h3>Factors that medicine can act on</h3>") : html.index("<h3>Treatments</h3>")]
    assert "Patients with room" in modifiable
    assert "\u22122.1 (\u22123.4\u00a0to\u00a0\u22121.0)" in modifiable


def test_tripod_items_all_have_a_status(cohort: type[Cohort], rendered: dict[str, str]) -> None:
    items = tripod.assess(cohort, Card().given(), has_parts=True, has_sites=False)
    assert len(items) == len({item.number for item in items}) == 52
    assert {item.status for item in items} == {"computed", "supplied", "missing"}
    assert all(item.where == "\u2013" for item in items if item.status == "missing")
    text = Page(rendered["report"]).text
    assert all(item.asks in text for item in items)
    with_sites = tripod.assess(cohort, Card().given(), has_parts=True, has_sites=True)
    changed = {now.number: now.status for now, before in zip(with_sites, items, strict=True) if now != before}
    assert changed == {"12d": "computed", "23b": "computed"}


def test_what_the_card_gives_is_supplied_and_each_item_leads_to_its_place(cohort: type[Cohort]) -> None:
    none, every = (
        {item.number: item for item in tripod.assess(cohort, given, has_parts=True, has_sites=True)}
        for given in (frozenset(), frozenset(Card.model_fields))
    )
    changed = {number for number in none if none[number] != every[number]}
    assert {(none[number].status, every[number].status) for number in changed} == {("missing", "supplied")}
    assert {every[number].needs for number in changed} < set(Card.model_fields)
    assert len(changed) == 21
    for row, item in zip(tripod.tabulate(list(every.values())).rows, every.values(), strict=True):
        assert [text for text, _ in row.links] == (item.where.split("; ") if item.places else [])
        assert bool(row.links) == (item.status != "missing")


def test_items_lead_to_where_they_are_answered(rendered: dict[str, str]) -> None:
    html = rendered["report"]
    table = html[html.index('id="tripod"') :]
    assert '<td><a href="#model">Model</a>; <a href="#performance">Performance</a></td>' in table
    assert '<a href="data_dictionary.html">Data dictionary</a>' in table
    assert 'href="#supplied"' not in table


def test_what_people_supplied_is_shown_as_text_and_blanks_are_counted(
    cohort: type[Cohort], name: str, results: Results
) -> None:
    given = replace(results, card=Card(users=HOSTILE, funding="A fund | of ours."))
    for text in (Page(render_report(cohort, name, given)).text, render_model_card(cohort, name, given)):
        assert f"Of {len(Card.model_fields)} items that no computation can tell, 2 are supplied" in text.replace(
            "\\", ""
        )
        assert text.count("Not supplied") == len(Card.model_fields) - 2
    assert "A fund \\| of ours." in render_model_card(cohort, name, given)
    html = render_report(cohort, name, given)
    assert "<img" not in html
    assert HOSTILE.replace("  ", " ") in Page(html).text
    assert 'href="#supplied"' in html[html.index('id="tripod"') :]


def test_every_field_of_a_card_has_one_label() -> None:
    labelled = [field for labels in words.supplied.GROUPS.values() for field in labels]
    assert sorted(labelled) == sorted(Card.model_fields)


def test_the_dictionary_says_everything_the_schema_does(cohort: type[Cohort], rendered: dict[str, str]) -> None:
    text = Page(rendered["data_dictionary"]).text
    for column_name, column in cohort.columns().items():
        said = [column_name, column.label, str(column.kind), column.excluded_because, column.note, column.unit]
        said += [*column.acknowledged.values(), column.unit_column, column.source_unit]
        said += [*column.codes.values(), column.expected and column.expected.source, column.factor]
        said += [column.reference and column.reference.source, column.change and column.change.source]
        assert all(" ".join(str(part).split()) in text for part in said if part)
    for check in cohort.to_schema().checks:
        assert check.name in text
        assert str(check.description) in text


def test_an_index_of_nothing_says_what_to_do() -> None:
    assert "dvc repro" in Page(render_index([])).text


def test_the_index_compares_cohorts_by_title(build: Build) -> None:
    made = [summarise(COHORTS[name], name, build(name)) for name in COHORTS]
    text = Page(render_index(made)).text
    rows = text[text.index("Cohorts side by side") :]
    places = [rows.index(card["title"]) for card in sorted(made, key=lambda card: card["title"])]
    assert places == sorted(places)
    assert "! WARN 400 0.692 (0.641 to 0.743) 0.93 (0.62 to 1.24) 1.06 (0.92 to 1.20)" in rows.replace("\u00a0", " ")


def test_the_index_leads_to_every_page(name: str, rendered: dict[str, str]) -> None:
    for file in ("report.html", "data_dictionary.html", "model_card.md"):
        assert f'href="./{name}/{file}"' in rendered["index"]
