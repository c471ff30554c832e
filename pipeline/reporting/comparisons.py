"""The models that were compared, as tables: each one's figures, and what the deployed model has more or less."""

from collections.abc import Mapping
from typing import Any

from pipeline.reporting import wording
from pipeline.reporting.tables import INTERVALS, Row, Rows, Table, make_table

BASELINES = ("prevalence", "baseline", "logistic")
FIGURES = {"auroc": 3, "brier": 3, "log_loss": 3, "calibration_slope": 2, "oe_ratio": 2}
"""The figures of `models.csv` that a page shows, with their decimals."""
HEAD = ("Model", "AUROC", "Brier score", "Log-loss", "Calibration slope", "O:E ratio")
NOT_COMPUTED = "not computed"


def name_model(row: Mapping[str, Any]) -> str:
    """The model's label, and whether it is the deployed one or a baseline."""
    label = str(row["label"])
    if row["deployed"]:
        return f"{label} (deployed)"
    return f"{label} (baseline)" if row["model"] in BASELINES and not label.startswith("Baseline") else label


def order_models(models: Rows) -> list[Mapping[str, Any]]:
    """The deployed model, then the other candidates, then the baselines."""
    return sorted(models, key=lambda row: (not row["deployed"], row["model"] in BASELINES))


def tabulate_models(models: Rows) -> Table:
    """Every model's figures, the deployed one's first."""
    rows = [(name_model(row), *[_figure(row, key) for key in FIGURES]) for row in order_models(models)]
    undefined = any(NOT_COMPUTED in cell for row in rows for cell in row)
    note = (
        f"{INTERVALS} '{NOT_COMPUTED}': not defined for these risks, as where all are alike."
        if undefined
        else INTERVALS
    )
    return make_table(
        "candidates", "The deployed model beside the other candidates and the baselines", HEAD, rows, note
    )


def _figure(row: Mapping[str, Any], name: str) -> str:
    estimate = wording.from_columns(row, name)
    return NOT_COMPUTED if estimate["value"] is None else wording.estimate(estimate, wording.decimals(FIGURES[name]))


def tabulate_differences(comparisons: Mapping[str, Mapping[str, Any]], models: Rows) -> Table | None:
    """The deployed model less each other one: in AUROC, by DeLong's test too where there is one, and in log-loss."""
    others = [row for row in order_models(models) if row["model"] in comparisons]
    found = [comparisons[row["model"]] for row in others]
    tested = any(one["delong"] for one in found)
    rows = [
        Row(
            name_model(row),
            (
                wording.estimate(one["auroc"], wording.signed(3)),
                *(_delong(one["delong"]) if tested else ()),
                wording.estimate(one["log_loss"], wording.signed(3)),
            ),
        )
        for row, one in zip(others, found, strict=True)
    ]
    head = ("Model", "Difference in AUROC", *(("By DeLong", "P") if tested else ()), "Difference in log-loss")
    caption = "The deployed model against each other one"
    return Table("differences", caption, head, tuple(rows), _note(len(rows), tested)) if rows else None


def _delong(test: Mapping[str, Any] | None) -> tuple[str, str]:
    """Difference with interval, and P."""
    if test is None:
        return wording.NOTHING, wording.NOTHING
    shown = wording.estimate({**test, "value": test["difference"]}, wording.signed(3))
    return shown, wording.NOTHING if test["p"] is None else wording.p_value(test["p"])


def _note(models: int, tested: bool) -> str:
    said = [
        "Figures of the deployed model less those of the other on the same patients: it does better where AUROC is "
        "above 0, and where log-loss is below. 95% intervals are from resamples of patients, the same for both models."
    ]
    if tested:
        said.append(
            "By DeLong: the difference and interval of DeLong et al. (1988, Biometrics 44:837), after averaging risks "
            "over repeats, and P of its test that there is none."
        )
    if models > 1:
        said.append("With several comparisons, some intervals leave out 0 by chance alone.")
    return " ".join(said)
