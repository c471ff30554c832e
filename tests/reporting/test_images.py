"""The section on images: what was computed, no picture of a patient, and nothing where there are no images."""

import base64
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from matplotlib.image import imread

from pipeline.reporting import Report, images, make_report, render_dictionary, render_model_card, words
from pipeline.reporting.patient import build_patient
from pipeline.reporting.patient_images import build_patient_images
from pipeline.reporting.render import render_patient

from .finders import find_causes
from .made_estimates import est
from .made_images import NAME, Pictured, make_fusion, make_image, make_network, make_pictured
from .made_patients import make_found
from .made_results import make_results
from .test_asked import LEVELS, assert_asked, bracketing
from .test_axe import find_violations
from .test_pages import Page


@pytest.fixture(scope="module")
def report() -> Report:
    return make_report(Pictured, NAME, make_pictured())


def test_the_section_is_well_formed_and_stands_after_the_subgroups(report: Report) -> None:
    page = Page(report.page)
    assert page.open == []
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    sections = [attrs["id"] for tag, attrs in page.elements if tag == "section"]
    assert sections[sections.index("images") - 1 :][:3] == ["subgroups-section", "images", "changes"]
    assert '<a href="#images">Images</a>' in report.page
    assert find_causes(page.text) == []


def test_nothing_that_is_published_holds_a_picture(report: Report) -> None:
    told = [report.page, json.dumps(report.content), *report.tables.values()]
    told += [render_model_card(Pictured, NAME, make_pictured()), render_dictionary(Pictured, NAME)]
    for text in told:
        assert "<img" not in text
        assert "base64" not in text
        assert "<image" not in text
    assert "image-confusion.csv" in report.tables


def test_figures_of_the_section_are_those_computed(report: Report) -> None:
    text = Page(report.page).text.replace("\u00a0", " ")
    assert "0.961 (0.946 to 0.976)" in text
    assert "Sensitivity 91% (88% to 94%)" in text
    assert "Specificity not computed: it is above 95%" in text
    assert "is highest on it in 93% (91% to 95%) of the images" in text
    assert "are so in 11% (7% to 15%). More often than by weights drawn at random" in text
    assert "mass 140 12 110 hidden" in text
    assert "Valid records without an image, for which what images tell is missing 20" in text
    assert "Records whose images broke a rule" in text
    assert "1.0% to under 3.1% 78 11 14%" in text


def test_what_images_add_is_summed_up_on_top(report: Report) -> None:
    text = Page(report.page).text.replace("\u00a0", " ")
    said = "Images add to the rest of the record: the difference in AUROC is +0.041 (95% interval +0.021 to +0.061)"
    assert text.index(said) < text.index("Checks behind the verdict")
    assert said in render_model_card(Pictured, NAME, make_pictured()).replace("\u00a0", " ")
    assert "see the section on images" in text


@pytest.mark.parametrize(
    ("verdict", "says"),
    [("adds", "Images add to"), ("unproven", "No gain from images"), ("harms", "Images make predictions")],
)
def test_each_verdict_is_said(verdict: str, says: str) -> None:
    assert words.images.say_added(make_fusion(verdict=verdict), "record").startswith(says)
    unknown = make_fusion(verdict="unknown")
    blank = {"auroc": est(None, reason="nobody had the event"), "brier": est(0.1)}
    said = words.images.say_added(unknown | {"differences": {"record": blank}}, "record")
    assert said == "Whether images add to the rest of the record is not known: nobody had the event."


def test_chance_among_several_groups_is_said() -> None:
    assert "Groups compared: 4." in words.images.say_multiplicity(4)
    assert "about 0.2 of them would leave out 0 by chance" in words.images.say_multiplicity(4)


def test_a_map_no_better_than_chance_is_no_success() -> None:
    looked = {"hit": est(0.2, 0.1), "hit_random": est(0.15, 0.1), "similarity": est(0.9, 0.01)}
    assert words.images.NOT_ABOVE in words.images.say_looked(looked)[0]
    unplaced = {"hit": est(None, reason="no place"), "hit_random": est(None), "similarity": est(None)}
    assert words.images.say_looked(unplaced) == [
        "Whether the maps point at findings is not told: not computed: no place."
    ]


def test_a_network_that_could_not_be_judged_has_a_section() -> None:
    results = make_pictured()
    blank = {name: est(None, reason="no class is known") for name in make_network()["estimates"]}
    network = make_network(
        estimates=blank, calibration_curve=[], smooth_curve=None, risk_distribution=[], confidence=[],
        median_confidence=None, images=0,
    )  # fmt: skip
    emptied = {"network": network, "fusion": make_fusion(groups=0)}
    built = images.build_images(Pictured, replace(results, performance={**results.performance, "images": emptied}))
    assert built is not None
    assert built["network"]["figures"] == []
    assert built["fusion"]["groups"] is None
    assert built["network"]["measures"].rows[0].cells[0] == "not computed: no class is known"


def test_a_cohort_without_images_has_no_section() -> None:
    results = make_results(NAME)
    assert images.build_images(Pictured.__base__, results) is None
    assert images.say_images(results.performance) == []
    assert "images" not in make_report(Pictured.__base__, NAME, results).content


def test_the_dictionary_says_what_is_declared_of_images() -> None:
    text = Page(render_dictionary(Pictured, NAME)).text
    for said in (
        "MG of BREAST",
        "the path {}.dcm below",
        "512 by 512 pixels",
        "0.1 to 0.2 mm",
        "\u22125 to 400",
        "One view.",
    ):
        assert said.replace("\u2212", "-") in text


def test_every_text_is_asked_for() -> None:
    results = make_pictured()
    found = make_found(Pictured, images=[make_image(), make_image()], network=make_network())
    with bracketing():
        page = make_report(Pictured, NAME, results).page
        patient = render_patient(build_patient(Pictured, found))
        dictionary = render_dictionary(Pictured, NAME)
    told = NAME, dict(results.provenance), results.performance, LEVELS, Pictured.findings(), tuple(results.resources)
    assert_asked(page, *told, cohort=Pictured)
    assert_asked(patient, "ab" * 32, "other", *told, cohort=Pictured)
    assert_asked(dictionary, *told, cohort=Pictured)


@pytest.fixture(params=["320-dark", "1280-light"])
def opened(request: pytest.FixtureRequest, browser: Any, report: Report, tmp_path: Path) -> Any:
    """A tab of some width and scheme, with a folder for pages."""
    width, scheme = request.param.split("-")
    tab = browser.new_page(viewport={"width": int(width), "height": 800}, color_scheme=scheme)
    found = make_found(Pictured, images=[make_image(), make_image(out_of_fold=False)], network=make_network())
    tab.pages = {"report": report.page, "patient": render_patient(build_patient(Pictured, found))}
    for name, text in tab.pages.items():
        (tmp_path / f"{name}.html").write_text(text, encoding="utf-8")
    yield tab, tmp_path, int(width)
    tab.close()


@pytest.mark.browser
def test_pages_with_images_suit_every_reader(opened: Any) -> None:
    tab, folder, width = opened
    for name in tab.pages:
        tab.goto((folder / f"{name}.html").as_uri())
        tab.evaluate("document.querySelectorAll('details').forEach((d) => (d.open = true))")
        assert tab.evaluate("document.documentElement.scrollWidth") <= width
        assert find_violations(tab) == []
    assert tab.evaluate("[...document.images].every((i) => i.complete && i.naturalWidth > 0)")
    tab.set_viewport_size({"width": 680, "height": 1000})
    tab.emulate_media(media="print")
    boxes = tab.evaluate("[...document.images].map((i) => i.getBoundingClientRect()).map((b) => [b.top, b.width])")
    assert boxes[0][0] == boxes[1][0]
    assert all(100 < wide < 400 for _, wide in boxes)


def test_a_patients_pictures_are_the_image_and_the_map_with_words() -> None:
    found = make_found(Pictured, images=[make_image()], network=make_network())
    html = render_patient(build_patient(Pictured, found))
    text = Page(html).text.replace("\u00a0", " ")
    assert html.count('<img src="data:image/png;base64,') == 2
    assert "a cross marks its highest point, in the upper right of the image" in html
    assert "gives a finding a probability of 88.1%. The most probable class is mass, with a confidence of 81%" in text
    assert "A map shows where the network looked, not whether it is right." in text
    assert "has not learnt from this patient" in text
    assert "93% (91% to 95%)" in text
    assert html == render_patient(build_patient(Pictured, found))


def test_pictures_show_the_image_and_the_highest_point() -> None:
    given = make_image(side=64)
    panel = build_patient_images({"images": [given]})
    assert panel is not None
    seen, looked = (
        imread(io.BytesIO(base64.b64decode(picture.source.split(",")[1])))[..., :3]
        for picture in panel["shown"][0]["pictures"]
    )
    assert (seen * 255).round() == pytest.approx(given["pixels"][..., None].repeat(3, axis=2), abs=1)
    row, column = divmod(int(given["map"].argmax()), 64)
    assert looked[row, column].tolist() == [1, 1, 1]
    assert looked[60, 5] == pytest.approx(seen[60, 5], abs=0.01)


@pytest.mark.parametrize(
    ("learnt", "said"),
    [(True, "has not learnt from this patient"), (False, "may be surer here"), (None, "is not known")],
)
def test_which_network_tells_is_said(learnt: bool | None, said: str) -> None:
    panel = build_patient_images({"images": [make_image(out_of_fold=learnt)]})
    assert panel is not None
    assert said in panel["shown"][0]["network"]


def test_a_record_without_an_image_is_told_so_and_others_nothing() -> None:
    assert (
        "This record has no image"
        in Page(render_patient(build_patient(Pictured, make_found(Pictured, images=[])))).text
    )
    assert build_patient_images(make_found(Pictured)) is None
    even = build_patient_images({"images": [make_image() | {"map": make_image()["map"] * 0}]})
    assert even is not None
    assert "even map" in even["shown"][0]["pictures"][1].alt
