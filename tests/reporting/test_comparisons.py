"""Models side by side: what the tables say is what was computed."""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.reporting import Results, comparisons, words
from pipeline.reporting.results import read_records

from .made_results import make_results
from .made_validation import make_comparisons

Build = Callable[..., Results]


@pytest.fixture
def models() -> list[dict[str, Any]]:
    return read_records(make_results("hostile").models)


def test_the_deployed_model_comes_first_and_baselines_last(models: list[dict[str, Any]]) -> None:
    names = [comparisons.name_model(row) for row in comparisons.order_models(models)]
    assert names == [
        "Log-odds average, recalibrated (deployed)",
        "Boosted trees",
        "The event rate for everybody (baseline)",
        "Logistic regression (baseline)",
        "Baseline: Age alone",
    ]


def test_figures_of_models_are_those_of_the_file(models: list[dict[str, Any]]) -> None:
    table = comparisons.tabulate_models(models)
    by_header = {row.header: row.cells for row in table.rows}
    for model in models:
        for cell, (key, digits) in zip(
            by_header[comparisons.name_model(model)], comparisons.FIGURES.items(), strict=True
        ):
            value, low, high = (model[f"{key}{end}"] for end in ("", "_lo", "_hi"))
            shown = [words.numbers.decimal(number, digits) for number in (value, low, high) if number is not None]
            assert all(number in cell for number in shown)
            assert bool(shown) == (cell != "not computed")


def test_only_what_is_not_defined_is_explained(models: list[dict[str, Any]]) -> None:
    assert "not computed" in comparisons.tabulate_models(models).note
    defined = [model for model in models if model["model"] != "prevalence"]
    assert "not computed" not in comparisons.tabulate_models(defined).note


def test_differences_are_signed_and_p_is_said_once(models: list[dict[str, Any]]) -> None:
    table = comparisons.tabulate_differences(make_comparisons(binary=True), models)
    assert table is not None
    assert table.head == ("Model", "Difference in AUROC", "By DeLong", "P", "Difference in log-loss")
    cells = {row.header: [cell.replace("\u00a0", " ") for cell in row.cells] for row in table.rows}
    assert cells["Logistic regression (baseline)"] == [
        "+0.012 (\u22120.008 to +0.032)",
        "+0.011 (\u22120.009 to +0.031)",
        "0.29",
        "\u22120.013 (\u22120.030 to +0.004)",
    ]
    assert cells["The event rate for everybody (baseline)"][2] == "<0.001"
    assert cells["Boosted trees"][1:3] == ["+0.020 (no interval: one patient only)", words.numbers.NOTHING]
    assert "*" not in " ".join(cell for row in cells.values() for cell in row)


def test_without_delong_there_is_no_p(models: list[dict[str, Any]]) -> None:
    table = comparisons.tabulate_differences(make_comparisons(binary=False), models)
    assert table is not None
    assert table.head == ("Model", "Difference in AUROC", "Difference in log-loss")
    assert "DeLong" not in table.note


def test_one_model_alone_has_no_comparison(models: list[dict[str, Any]]) -> None:
    assert comparisons.tabulate_differences({}, models) is None
