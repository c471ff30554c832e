"""Stage `evaluate`: how well the risks for unseen patients hold, with intervals, and the verdict."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pandas as pd

from data_schemas.columns import Cohort, Kind, Role, TimeToEvent
from data_schemas.findings import name_log_odds
from pipeline.arrays import FloatArray
from pipeline.disclosure import keep_secret, publish
from pipeline.evaluation.assemble import (
    HeldOut,
    compare_models,
    compare_pair,
    compare_with,
    describe_performance,
    flatten_metrics,
    resample_models,
    tabulate_models,
)
from pipeline.evaluation.data_checks import count_repeats_across_parts
from pipeline.evaluation.design import describe_design
from pipeline.evaluation.development import describe_sample_size
from pipeline.evaluation.images.fusion import describe_fusion, label_images
from pipeline.evaluation.images.network import describe_network, size_findings
from pipeline.evaluation.internal import compare_sites, correct_optimism, trace_learning
from pipeline.evaluation.phenotypes import describe_phenotypes
from pipeline.evaluation.protection import protect_clusters, protect_subgroups, protect_targets
from pipeline.evaluation.subgroups import label_groups
from pipeline.evaluation.suspicion import describe_suspicion
from pipeline.evaluation.verdict import judge
from pipeline.image_store import read_images
from pipeline.outcomes import observe
from pipeline.patients import find_first_records, find_patients, number_patients
from pipeline.records.identity import PSEUDONYM
from pipeline.stages.wiring import Stage, align, join_findings, run


def main(stage: Stage) -> None:
    """Measure every model on the same patients, describe the deployed one, and judge it."""
    cohort, settings = stage.cohort(), stage.section("evaluate")
    study, smallest = cohort.study(), stage.section("disclosure").smallest_group
    valid = join_findings(stage.read("valid.parquet", _needed(cohort)), stage.read("findings.parquet"))
    predictions = stage.read("predictions.parquet")
    model = stage.read("model_summary.json")
    told = predictions["pseudonym"].drop_duplicates()
    unseen = valid[find_patients(valid["pseudonym"], told) >= 0]
    held_out, deployed = HeldOut.from_predictions(predictions, observe(unseen, study)), model["deployed"]
    drawn = resample_models(held_out, study, settings)
    figures, differences = compare_models(drawn, held_out.observed), compare_with(held_out, drawn, deployed)
    groups = label_groups(unseen, study.subgroups, cohort.predictors())
    described = describe_performance(held_out, deployed, figures[deployed], groups, study, settings, smallest)
    performance = _design(stage) | described | {"comparisons": differences}
    performance |= _internal(stage, valid, unseen, held_out) | _data(stage, valid, model)
    directions = model["directions"]
    performance["directions"] = directions and compare_pair(
        drawn, directions["imposed"], directions["free"], held_out.observed
    )
    clusters = stage.read("clusters.parquet")
    performance["phenotypes"] = _phenotypes(stage, clusters, predictions, held_out, held_out.risks[deployed])
    if cohort.findings():
        performance["images"] = _images(stage, held_out, deployed, unseen, groups)
    published = publish(_protect(stage, performance, valid, clusters), stage.section("disclosure").round_to)
    stage.write("metrics.json", flatten_metrics(figures[deployed], held_out.observed))
    stage.write("models.csv", tabulate_models(figures, differences, deployed, model["labels"]))
    stage.write("performance.json", published)
    stage.write("verdict.json", judge(published, stage.read("validation.json"), study))


def _needed(cohort: type[Cohort]) -> list[str]:
    """The columns of records that figures are told by: whose, when, what came of it, and categories."""
    roles = (Role.INDEX_DATE, Role.OUTCOME)
    subgroups = {subgroup.column for subgroup in cohort.study().subgroups}
    told = [n for n, c in cohort.columns().items() if c.role in roles or c.kind == Kind.CATEGORY or n in subgroups]
    return [PSEUDONYM, *told]


def _internal(stage: Stage, valid: pd.DataFrame, unseen: pd.DataFrame, held_out: HeldOut) -> dict[str, Any]:
    settings, internal = stage.section("evaluate"), stage.read("internal.parquet")
    observed = next(iter(observe(valid, stage.cohort().study()).values()))
    patient = number_patients(valid["pseudonym"])
    smallest = stage.section("disclosure").smallest_group
    apparent = internal[internal["check"] == "apparent"]
    record = apparent["record"].to_numpy(int)
    return {
        "optimism": correct_optimism(internal, observed),
        "learning_curve": trace_learning(internal, observed, patient, settings),
        "sites": compare_sites(internal, observed, patient, settings, smallest),
        "suspicion": describe_suspicion(
            apparent["risk"].to_numpy(float),
            observed.take(record),
            patient[record],
            held_out.risks[stage.read("model_summary.json")["deployed"]],
            held_out.observed,
            patient[unseen.index],
            settings,
        ),
    }


def _images(
    stage: Stage, held_out: HeldOut, deployed: str, unseen: pd.DataFrame, groups: dict[str, pd.Categorical]
) -> dict[str, Any]:
    """How well the network tells what is on images, and what images add to the records of unseen patients."""
    cohort, settings = stage.cohort(), stage.section("evaluate")
    smallest, predictions = stage.section("disclosure").smallest_group, stage.read("image_predictions.parquet")
    [(name, column)] = cohort.with_role(Role.IMAGE).items()
    classes = [str(each).removeprefix("p_") for each in predictions if str(each).startswith("p_")]
    found = classes[1:] if column.image and column.image.finding else classes[-1:]
    imaged = unseen[name_log_odds(name)].notna().to_numpy(bool)
    sizes, events = size_findings(read_images(stage.path("images"))), int(held_out.observed.by_horizon().sum())
    beside = {len(unseen), int(imaged.sum()), events}
    thresholds, labelled = cohort.study().thresholds, groups | label_images(imaged)
    return {
        "network": describe_network(predictions, found, sizes, beside, settings, smallest),
        "fusion": describe_fusion(
            held_out, deployed, stage.read("parts.parquet"), labelled, thresholds, settings, smallest
        ),
    }


def _protect(stage: Stage, performance: dict[str, Any], valid: pd.DataFrame, clusters: pd.DataFrame) -> dict[str, Any]:
    """`performance` without counts that, beside Table 1 and the phenotypes, would tell of few."""
    cohort, smallest = stage.cohort(), stage.section("disclosure").smallest_group
    first = valid.iloc[find_first_records(valid, cohort.index_date())].reset_index(drop=True)
    kept = keep_secret(cohort, first.assign(part=align(stage.read("split.parquet"), first)["part"]), smallest)
    n, events, outcome = performance["n"], performance["events"], cohort.study().outcome
    protected = performance | {
        "subgroups": protect_subgroups(performance["subgroups"], n, events, kept, smallest),
        "targets": protect_targets(performance["targets"], outcome, n, events, kept.of(_label(cohort)), smallest),
    }
    if performance["phenotypes"] is not None:
        everyone, rows = Counter(clusters["cluster"].tolist()), performance["phenotypes"]["clusters"]
        told = {"clusters": protect_clusters(rows, everyone, n, events, smallest)}
        protected["phenotypes"] = performance["phenotypes"] | told
    return protected


def _label(cohort: type[Cohort]) -> str:
    """What the column of the outcome is called."""
    outcome = cohort.study().outcome
    column = outcome.event_column if isinstance(outcome, TimeToEvent) else outcome.column
    return cohort.columns()[column].label


def _phenotypes(
    stage: Stage, clusters: pd.DataFrame, predictions: pd.DataFrame, held_out: HeldOut, risk: FloatArray
) -> dict[str, Any] | None:
    """How unseen patients of each phenotype fared; None where there are no phenotypes."""
    first = predictions[predictions["repeat"] == predictions["repeat"].min()]
    cluster = align(clusters, first)["cluster"].to_numpy(int)
    if not cluster.any():
        return None
    return describe_phenotypes(
        risk,
        held_out.observed,
        held_out.patient,
        cluster,
        stage.cohort().study().thresholds,
        stage.section("disclosure").smallest_group,
        stage.section("evaluate"),
    )


def _data(stage: Stage, valid: pd.DataFrame, model: dict[str, Any]) -> dict[str, Any]:
    split = stage.read("split.parquet")
    side = align(split, valid)["fold_1" if "fold_1" in split else "part"].to_numpy()
    return {
        "sample_size": describe_sample_size(stage.cohort().study(), model),
        "repeats_across_parts": count_repeats_across_parts(_columns(stage), side),
    }


def _columns(stage: Stage) -> Iterator["pd.Series[Any]"]:
    """All columns of the records but the pseudonym, each read when asked for: numbers, which tell most, first."""
    cohort = stage.cohort()
    described = {name: column for name, column in cohort.described().items() if name != cohort.identifier()}
    for name in sorted(described, key=lambda name: not described[name].numeric):
        yield stage.read("findings.parquet" if name in cohort.findings() else "valid.parquet", [name])[name]


def _design(stage: Stage) -> dict[str, str]:
    cohort = stage.cohort()
    index_date = cohort.index_date()
    label = cohort.columns()[index_date].label if index_date else None
    return describe_design(stage.read("split.parquet"), label, stage.cohort_settings().test_from)


if __name__ == "__main__":
    run("evaluate", main)
