"""The summary in plain language on top of a report."""

from collections.abc import Sequence

from data_schemas.columns import Cohort
from pipeline.reporting import words
from pipeline.reporting.images import say_images
from pipeline.reporting.results import Plain, Results


def summarise_plainly(cohort: type[Cohort], results: Results) -> tuple[str, ...]:
    """What the model is for, on whom it was tested, how well it works, what is wrong with it and what it looks at."""
    performance, development = results.performance, results.model["development"]
    estimates, checks = performance["estimates"], results.verdict["checks"]
    said = (
        words.summary.say_purpose(cohort.study().outcome.says, len(results.model["predictors"])),
        words.summary.say_patients(development["patients"], performance["n"] if results.has_parts else None),
        words.verdict.say_discrimination(estimates["auroc"]),
        words.verdict.say_calibration(estimates["calibration_slope"], estimates["oe_ratio"]),
        words.utility.say_utility(performance["net_benefit"]),
        words.summary.say_checks(_at(checks, "FAIL"), _at(checks, "WARN"), len(checks)),
        *say_images(performance),
        words.summary.say_factors(_weighed(results, "marker", "immutable"), _weighed(results, "modifiable")),
    )
    return tuple(filter(None, said))


def _weighed(results: Results, *classes: str) -> list[str]:
    """The labels of the predictors of some classes, those with most weight first."""
    factors = results.risk_factors.sort_values("rank", kind="stable")
    return [str(label) for label in factors.loc[factors["factor"].isin(classes), "label"]]


def _at(checks: Sequence[Plain], level: str) -> list[str]:
    return [check["check"] for check in checks if check["level"] == level]
