"""Synthetic results in the shape of the stages' files, for both demo cohorts and for one with hostile labels."""

import functools
import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from data_schemas.columns import (
    Cohort,
)
from pipeline.reporting import (
    Report,
    Results,
    make_report,
    render_dictionary,
    render_index,
    render_model_card,
    speaking,
    summarise,
)
from tests.reporting.made_cohorts import COHORTS
from tests.reporting.made_results import make_results


@pytest.fixture(params=list(COHORTS))
def name(request: pytest.FixtureRequest) -> str:
    """The name of each cohort in turn."""
    return str(request.param)


@pytest.fixture
def cohort(name: str) -> type[Cohort]:
    return COHORTS[name]


@pytest.fixture
def results(name: str) -> Results:
    return make_results(name)


@functools.cache
def report_of(name: str, language: str = "en") -> Report:
    """The report of a cohort in all its forms."""
    with speaking(language):
        return make_report(COHORTS[name], name, make_results(name))


@functools.cache
def render_all(name: str, language: str = "en") -> dict[str, str]:
    """Every page of a cohort, by kind: drawing takes a second, and many tests read the same pages."""
    cohort, results = COHORTS[name], make_results(name)
    with speaking(language):
        return {
            "report": report_of(name, language).page,
            "data_dictionary": render_dictionary(cohort, name),
            "index": render_index([summarise(cohort, name, results)]),
            "model_card": render_model_card(cohort, name, results),
        }


@pytest.fixture
def rendered(name: str) -> dict[str, str]:
    """Every page of a cohort, by kind."""
    return render_all(name)


@pytest.fixture
def html(rendered: dict[str, str]) -> dict[str, str]:
    """The pages that are HTML."""
    return {kind: text for kind, text in rendered.items() if kind != "model_card"}


@pytest.fixture
def build() -> Callable[..., Results]:
    """Build other results: `build(name, seed=..., patients=...)`."""
    return make_results


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Debian's Chromium. Without it these tests are skipped, but on a CI machine they fail."""
    path = shutil.which("chromium")
    if path is None:
        message = "no chromium on this machine: apt-get install chromium"
        if os.environ.get("CI") == "true":
            pytest.fail(message)
        pytest.skip(message)
    from playwright.sync_api import sync_playwright

    options = ("no-sandbox", "disable-gpu", "disable-quic", "no-first-run", "disable-background-networking",
               "disable-component-update", "disable-sync")  # fmt: skip
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=path, args=[f"--{option}" for option in options])
        yield started
        started.close()
