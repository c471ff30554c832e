"""What the index page and the model card say of one cohort."""

from collections.abc import Sequence
from typing import Any

from data_schemas.columns import Cohort
from pipeline.reporting import factors, images, page, supplied, tables, words
from pipeline.reporting.language import say
from pipeline.reporting.results import Plain, Results, read_records
from pipeline.reporting.words import numbers


def summarise(cohort: type[Cohort], name: str, results: Results) -> dict[str, Any]:
    """The card of a cohort for the index page, as plain values that JSON can hold; a release adds its name."""
    study, performance = cohort.study(), results.performance
    return {
        "name": name,
        "title": study.title,
        "outcome": study.outcome.says,
        "verdict": results.verdict["verdict"],
        "n": performance["n"],
        "events": performance["events"],
        "auroc": dict(performance["estimates"]["auroc"]),
        "calibration_slope": dict(performance["estimates"]["calibration_slope"]),
        "oe_ratio": dict(performance["estimates"]["oe_ratio"]),
    }


def build_index(summaries: list[dict[str, Any]]) -> dict[str, Any]:
    """Everything the template of the index page needs; cohorts by title."""
    ordered = sorted(summaries, key=lambda s: (s["title"], s["name"]))
    return {"cards": [_card(s) for s in ordered], "comparison": _compare(ordered)}


def _compare(summaries: Sequence[Plain]) -> tables.Table:
    rows = [
        (
            s["title"],
            f"{words.verdict.MARKS[s['verdict']]} {s['verdict']}",
            numbers.count(s["n"]),
            numbers.estimate(s["auroc"], numbers.decimals(3)),
            numbers.estimate(s["calibration_slope"]),
            numbers.estimate(s["oe_ratio"]),
        )
        for s in summaries
    ]
    head = (say("Cohort"), say("Verdict"), say("Patients"), say("AUROC"), say("Calibration slope"), say("O:E ratio"))
    return tables.make_table(
        "comparison", say(words.index.COMPARISON), head, rows, words.index.note_comparison(), sorts=True
    )


def _card(summary: Plain) -> dict[str, Any]:
    level = summary["verdict"]
    return {
        "name": summary["name"],
        "title": summary["title"],
        "outcome": summary["outcome"],
        "level": level,
        "mark": words.verdict.MARKS[level],
        "verdict": say(words.verdict.VERDICTS[level][0]),
        "says": say(words.verdict.VERDICTS[level][1]),
        "evaluated": words.index.say_evaluated(summary["n"], summary["events"]),
        "auroc": numbers.estimate(summary["auroc"], numbers.decimals(3)),
        "slope": numbers.estimate(summary["calibration_slope"]),
        "release": words.index.name_release(summary.get("release")),
    }


def build_model_card(cohort: type[Cohort], name: str, results: Results) -> dict[str, Any]:
    """Everything the template of a model card needs (after Mitchell et al. 2019, FAccT)."""
    study, performance = cohort.study(), results.performance
    model = results.model
    groups = factors.group_factors(read_records(results.risk_factors), model["constrained"])
    return {
        "name": name,
        "study": study,
        "outcome": study.outcome.says,
        "verdict": words.card.say_verdict(results.verdict["verdict"]),
        "checks": tables.checks(results.verdict).rows,
        "members": tables.members(model).rows,
        "development": model["development"],
        "predictors": numbers.join([cohort.described()[p].label for p in model["predictors"]]),
        "performance": performance,
        "key_figures": page.key_figures(performance, study.outcome.says),
        "measures": tables.measures(performance).rows,
        "images": images.say_images(performance),
        "utility": words.utility.say_utility(performance["net_benefit"]),
        "groups": {key: group.plain for key, group in groups.items() if group.plain},
        "supplied": supplied.tabulate_card(results.card).rows,
        "says_supplied": supplied.say_card(results.card),
        "smallest": results.smallest_group,
        "step": results.round_to,
        "provenance": results.provenance,
    }
