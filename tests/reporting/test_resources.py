"""What a report says of the time and memory that stages took: only what was watched, and nothing unless asked."""

from dataclasses import fields, replace
from pathlib import Path

import yaml

from pipeline.profiling import Taken
from pipeline.reporting import make_report, render_report, speaking
from pipeline.reporting.exports import flatten
from pipeline.reporting.resources import BYTES, SECONDS, STAGES, tabulate_resources

from .made_cohorts import COHORTS
from .made_resources import make_resources
from .made_results import make_results

ROOT = Path(__file__).parents[2]
NAME = "breast_cancer_recurrence"
SAME_BYTES = "give this report again, byte for byte."


def test_every_stage_before_the_report_has_its_place_and_every_figure_its_column() -> None:
    declared = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
    assert set(STAGES) == set(declared) - {"report", "index"}
    assert [field.name for field in fields(Taken)] == [*SECONDS, *BYTES]


def test_times_add_up_and_memory_is_the_most() -> None:
    head, rows = flatten(tabulate_resources(make_resources("train", "ingest")))
    assert len(head) == 5
    assert rows == [
        ["ingest", "20.5", "41", "2", "4"],
        ["train", "10.2", "20.5", "1", "2"],
        ["All of them", "30.8", "61.5", "2", "4"],
    ]


def test_the_note_names_each_machine_once() -> None:
    two = make_resources("ingest", "train", "explain")
    two["train"] |= {"cores": 64, "engine": "dask"}
    note = tabulate_resources(two).note
    assert note.startswith(
        "Measured on 2 processor cores and 16.0 GB of memory (engine: local) and 64 processor cores and 16.0 GB of "
        "memory (engine: dask). "
    )


def test_a_report_shows_them_under_provenance_and_claims_no_more_than_is_true() -> None:
    results = replace(make_results(NAME), resources=make_resources())
    report = make_report(COHORTS[NAME], NAME, results)
    shown = report.page[report.page.index('<section id="provenance"') :]
    assert '<table id="resources">' in shown
    assert SAME_BYTES not in report.page
    assert "31,337" not in report.page
    assert report.content["resources"] == {"table": "resources"}
    assert report.tables["resources.csv"].splitlines()[1] == "ingest,10.2,20.5,1,2"
    assert "report," not in report.tables["resources.csv"]


def test_without_them_a_report_is_as_ever() -> None:
    report = make_report(COHORTS[NAME], NAME, make_results(NAME))
    assert SAME_BYTES in report.page
    assert 'id="resources"' not in report.page
    assert "resources" not in report.content
    assert "resources.csv" not in report.tables


def test_in_another_language_all_is_said_but_the_names_of_stages() -> None:
    with speaking("zh"):
        page = render_report(COHORTS[NAME], NAME, replace(make_results(NAME), resources=make_resources()))
    for said in ("各阶段所用的时间和内存", '<th scope="row">ingest</th>', '<th scope="row">以上全部</th>'):
        assert said in page
