"""Stage `report`: what people read about one cohort, from what the other stages computed."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline import files, provenance
from pipeline.card import Card, read_cards
from pipeline.disclosure import publish
from pipeline.profiling import read_profiles
from pipeline.progress import log
from pipeline.reporting import Results, make_report, render_dictionary, render_model_card, speaking, summarise
from pipeline.stages.wiring import Stage, run

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class _Valid:
    """The records and what images tell of each, of which a report reads one column at a time."""

    stage: Stage

    def __getitem__(self, name: str) -> "pd.Series[Any]":
        seen = name in self.stage.cohort().findings()
        table = self.stage.read("findings.parquet", [name]) if seen else self.stage.read("valid.parquet", [name])
        column: pd.Series[Any] = table[name]
        return column


def main(stage: Stage) -> None:
    """Make the report in its forms, model card, data dictionary and the summary for the index."""
    results = _results(stage)
    with speaking(stage.section("report").language):
        _write(stage, results)


def _write(stage: Stage, results: Results) -> None:
    cohort, name = stage.cohort(), stage.cohort_name
    report = make_report(cohort, name, results)
    stage.write("report.html", report.page)
    stage.write("report.json", report.content)
    stage.write("tables", report.tables)
    stage.write("model_card.md", render_model_card(cohort, name, results))
    stage.write("data_dictionary.html", render_dictionary(cohort, name))
    stage.write(f"{name}.json", summarise(cohort, name, results))


def _results(stage: Stage) -> Results:
    return Results(
        validation=stage.read("validation.json"),
        performance=stage.read("performance.json"),
        verdict=stage.read("verdict.json"),
        phenotypes=stage.read("phenotypes.json"),
        model=stage.read("model_summary.json"),
        models=stage.read("models.csv"),
        risk_factors=stage.read("risk_factors.csv"),
        factor_curves=stage.read("factor_curves.json"),
        valid=_Valid(stage),
        split=stage.read("split.parquet"),
        smallest_group=stage.section("disclosure").smallest_group,
        round_to=stage.section("disclosure").round_to,
        provenance=_provenance(stage),
        phenotype_factors=stage.read("phenotype_factors.json"),
        explanation=stage.read("explanation.json"),
        treatment_effect=stage.read("treatment_effect.json"),
        card=_card(stage),
        changes=_read_changes(stage),
        resources=read_profiles(stage.cohort_name) if stage.section("profile") else {},
    )


def _read_changes(stage: Stage) -> dict[str, Any]:
    """How this build compares with the last release, where a run of `retrain` wrote it; DVC need not know of it.

    The run has this stage build the report again once it has written the file.
    """
    path = Path("artifacts", stage.cohort_name, "changes.json")
    found = files.read_json(path) if path.is_file() else {}
    changes: dict[str, Any] = files.rounded(publish(found, stage.section("disclosure").round_to))
    return changes


def _card(stage: Stage) -> Card:
    path = stage.path("model_card.yaml")
    if not path.exists():
        log(f"{path} is missing; its fields are shown as not supplied")
    return read_cards(path).get(stage.cohort_name, Card())


def _provenance(stage: Stage) -> dict[str, str]:
    sections = {
        "cohort": stage.cohort_settings(),
        "validate": stage.section("validate"),
        "split": stage.section("split"),
        "imaging": stage.section("imaging"),
        "train": stage.section("train"),
        "cluster": stage.section("cluster"),
        "evaluate": stage.section("evaluate"),
        "explain": stage.section("explain"),
        "disclosure": stage.section("disclosure"),
        "report": stage.section("report"),
    }
    shaped = {name: section.model_dump(mode="json") for name, section in sections.items()}
    hashed = {
        provenance.RECORDS: stage.path("valid.parquet"),
        provenance.SCHEMA: stage.path(f"{stage.cohort_name}.py"),
        provenance.LOCK: stage.path("requirements.lock"),
    }
    return provenance.describe_provenance(stage.cohort_settings().records.path, hashed, shaped)


if __name__ == "__main__":
    run("report", main)
