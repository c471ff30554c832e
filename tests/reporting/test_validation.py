"""Optimism, learning curves, sites and single patients' intervals: what is said is what was computed."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.reporting import (
    figures,
    forests,
    performance,
    subgroups,
    tables,
    validation,
    words,
)

from .made_cohorts import COHORTS
from .made_estimates import est
from .made_results import make_results
from .made_validation import make_curve, make_gaps, make_optimism, make_sites, no_curve, no_sites
from .test_tables import axes


def row(patients: int, auroc: dict[str, Any], about: bool = False) -> dict[str, Any]:
    return {"share": 1.0, "patients": patients, "about": about, "auroc": auroc}


def test_optimism_adds_up() -> None:
    table = validation.tabulate_optimism(make_optimism())
    assert table is not None
    assert "20 bootstrap resamples" in table.note
    for shown in table.rows[:3]:
        apparent, optimism, corrected = (
            float(cell.split(" ")[0].replace("\u2212", "-").replace("+", "")) for cell in shown.cells
        )
        assert apparent - optimism == pytest.approx(corrected, abs=0.0011)
    assert table.rows[3].cells == ("not computed", "not computed: the fit did not converge", "not computed")
    assert validation.tabulate_optimism([]) is None


def test_suspicion_is_said_with_its_intervals() -> None:
    said = words.validation.say_suspicion(
        {"membership_inference": est(0.534, 0.03), "train_to_test_gap": est(0.049, 0.052)}
    )
    assert "unseen ones: +0.049 (\u22120.003\u00a0to\u00a0+0.101)" in said
    assert "0.534 (0.504\u00a0to\u00a00.564)" in said


def test_the_whole_development_ends_the_learning_curve() -> None:
    held, crossed = make_results("breast_cancer_recurrence"), make_results("breast_cancer_diagnosis")
    assert [r["patients"] for r in validation.trace(held)] == [70, 140, 280]
    assert [r["patients"] for r in validation.trace(crossed)] == [70, 140, 224]  # four of five folds
    assert validation.trace(held)[-1]["auroc"] == held.performance["estimates"]["auroc"]
    header = validation.tabulate_learning(validation.trace(crossed)).rows[-1].header
    assert header == "about 224 (100%)"
    assert validation.trace(make_results("hostile")) == []


@pytest.mark.parametrize(
    ("value", "says"),
    [(0.81, "still rises with"), (0.75, "do not show that it still rises"), (0.64, "does not rise")],
)
def test_the_learning_curve_rises_beyond_its_interval_or_not(value: float, says: str) -> None:
    said = words.validation.say_learning([row(100, est(0.7)), row(200, est(0.72, 0.07)), row(400, est(value))])
    assert says in said
    assert "400 patients rather than 200" in said
    assert words.numbers.decimal(value, 3) in said
    assert "0.720" in said


@pytest.mark.parametrize("auroc", [est(None, reason="nobody had the event"), est(0.7) | {"lo": None, "hi": None}])
def test_a_learning_curve_without_an_interval_says_nothing(auroc: dict[str, Any]) -> None:
    assert "cannot be said" in words.validation.say_learning([row(200, auroc), row(400, est(0.8))])


def test_learning_draws_its_table() -> None:
    rows, ax = validation.trace(make_results("breast_cancer_recurrence")), axes()
    figures.draw_learning(ax, rows)
    x, y = ax.lines[0].get_data()
    assert list(x) == [r["patients"] for r in rows]
    limits = [segment[:, 1] for segment in ax.collections[0].get_segments()]
    drawn = [f"{v:.3f} ({lo:.3f}{words.numbers.TO}{hi:.3f})" for v, (lo, hi) in zip(y, limits, strict=True)]
    assert drawn == [shown.cells[0] for shown in validation.tabulate_learning(rows).rows]


def test_sites_show_their_figures_and_what_to_expect_in_another() -> None:
    results = make_results("hostile")
    found = results.performance["sites"]
    sites = found["sites"]
    for site, shown in zip(found["sites"], validation.tabulate_sites(sites).rows, strict=True):
        assert shown.header == site["site"]
        assert shown.cells[2:] == (
            words.numbers.estimate(site["auroc"], words.numbers.decimals(3)),
            words.numbers.estimate(site["oe_ratio"]),
            words.numbers.estimate(site["calibration_slope"]),
        )
    said = words.validation.say_sites(found)
    assert "1 site is not shown" in said
    assert "0.697, with a 95% prediction interval of 0.607\u00a0to\u00a00.787" in said


def test_the_forest_of_sites_ends_with_the_prediction() -> None:
    found = make_sites()
    lines, ax = validation.site_lines(found["sites"], "auroc", found["pooled"]), axes()
    forests.draw_forest(ax, lines, "AUROC", 0.5)
    drawn = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "s"]
    assert drawn == [*[site["auroc"]["value"] for site in found["sites"]], found["pooled"]["value"]]
    assert lines[-1].label == validation.ANOTHER_SITE
    assert len(validation.site_lines(found["sites"], "auroc", no_sites()["pooled"])) == 3


def test_of_many_sites_the_largest_are_drawn() -> None:
    sites = [{"site": str(n), "n": n, "auroc": est(0.7)} for n in range(100, 140)]
    drawn = {line.label for line in validation.site_lines(sites, "auroc")}
    assert drawn == {str(n) for n in range(120, 140)}


def test_sites_that_are_all_hidden_are_counted() -> None:
    results = make_results("breast_cancer_diagnosis")
    hidden = replace(results, performance={**results.performance, "sites": no_sites() | {"hidden": 2}})
    built = performance.build_evaluation(COHORTS["breast_cancer_diagnosis"], hidden)["performance"]["sites"]
    assert "2 sites are not shown" in built["says"]
    assert "fewer than three sites have an interval" in built["says"]
    assert built["table"] is None


@pytest.mark.parametrize(
    ("outside", "share", "says"),
    [
        (None, None, "too few to publish how many"),
        (0, 0.0, "No patient evaluated"),
        (23, 0.058, "23 of the patients evaluated (6%)"),
    ],
)
def test_how_many_lie_outside(outside: int | None, share: float | None, says: str) -> None:
    assert says in words.performance.say_outside({"outside": outside, "outside_share": share})


@settings(deadline=None)
@given(st.floats(0, 1), st.floats(0, 1))
def test_widths_are_said_with_what_the_interval_is_of(median: float, high: float) -> None:
    said = words.performance.say_width({"median_width": median, "width_90": high})
    assert words.numbers.percentage_points(median) in said
    assert words.numbers.percentage_points(high) in said
    assert "a 95% interval of the risk among patients with such a score" in said


def test_the_smooth_curve_in_words() -> None:
    said = words.performance.say_smooth(make_curve(), est(0.034, 0.021))
    assert "3.4 percentage points away on average (ICI 0.034, 95% interval 0.013\u00a0to\u00a00.055)" in said
    assert "at most 7.3 percentage points (E90)" in said
    assert "restricted cubic spline" in said
    assert "hardly differ" in words.performance.say_smooth(no_curve(), est(0.034))
    assert "no reason" not in words.performance.say_smooth(make_curve(), est(None, reason="nobody had the event"))
    no_interval = words.performance.say_smooth(make_curve(), est(0.034) | {"lo": None, "hi": None, "reason": "too few"})
    assert "(ICI 0.034, no interval: too few)" in no_interval


def test_gaps_show_what_they_are_between() -> None:
    gaps = make_gaps(COHORTS["breast_cancer_recurrence"])
    shown = subgroups.tabulate_gaps(gaps).rows
    levels = gaps[0]["auroc_levels"]
    assert (
        shown[0].cells[1]
        == f"{words.numbers.estimate(gaps[0]['auroc'], words.numbers.decimals(3))}, {levels[0]} against {levels[1]}"
    )
    assert shown[0].cells[2].startswith("1.20 (1.00\u00a0to\u00a01.44)")  # the exponentials of .182, .002 and .362
    assert shown[1].cells[2] == "not computed: nobody had the event"
    assert shown[2].cells[1:] == ("not shown: fewer than two groups are shown",) * 2


def test_pooled_coefficients_become_odds_ratios() -> None:
    (table,) = tables.pooled(make_results("hostile").model)
    assert table.rows[0].cells == ("1.50 (1.00\u00a0to\u00a02.00)", "23%")
    assert tables.pooled(make_results("breast_cancer_diagnosis").model) == []
