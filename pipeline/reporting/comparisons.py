"""The models that were compared, as tables: each one's figures, and what the deployed model has more or less."""

from collections.abc import Mapping
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting import words
from pipeline.reporting.language import say
from pipeline.reporting.tables import Row, Rows, Table, make_table
from pipeline.reporting.words import numbers

BASELINES = ("prevalence", "baseline", "logistic")
FIGURES = {"auroc": 3, "brier": 3, "log_loss": 3, "calibration_slope": 2, "oe_ratio": 2}
"""The figures of `models.csv` that a page shows, with their decimals."""
HEAD = (
    phrase("Model"),
    phrase("AUROC"),
    phrase("Brier score"),
    phrase("Log-loss"),
    phrase("Calibration slope"),
    phrase("O:E ratio"),
)


def name_model(row: Mapping[str, Any]) -> str:
    """The model's label, and whether it is the deployed one or a baseline."""
    written = str(row["label"])
    if row["deployed"]:
        return say("{model} (deployed)", model=say(written))
    if row["model"] in BASELINES and not written.startswith("Baseline"):
        return say("{model} (baseline)", model=say(written))
    return say(written)


def order_models(models: Rows) -> list[Mapping[str, Any]]:
    """The deployed model, then the other candidates, then the baselines."""
    return sorted(models, key=lambda row: (not row["deployed"], row["model"] in BASELINES))


def tabulate_models(models: Rows) -> Table:
    """Every model's figures, the deployed one's first."""
    rows = [(name_model(row), *[_figure(row, key) for key in FIGURES]) for row in order_models(models)]
    undefined = any(numbers.from_columns(row, key)["value"] is None for row in models for key in FIGURES)
    note = words.model.note_models(undefined=undefined)
    head = [say(name) for name in HEAD]
    return make_table("candidates", say(words.model.COMPARED), head, rows, note, sorts=True)


def _figure(row: Mapping[str, Any], name: str) -> str:
    estimate = numbers.from_columns(row, name)
    return (
        say(numbers.NOT_COMPUTED)
        if estimate["value"] is None
        else numbers.estimate(estimate, numbers.decimals(FIGURES[name]))
    )


def tabulate_differences(comparisons: Mapping[str, Mapping[str, Any]], models: Rows) -> Table | None:
    """The deployed model less each other one: in AUROC, by DeLong's test too where there is one, and in log-loss."""
    others = [row for row in order_models(models) if row["model"] in comparisons]
    found = [comparisons[row["model"]] for row in others]
    tested = any(one["delong"] for one in found)
    rows = [
        Row(
            name_model(row),
            (
                numbers.estimate(one["auroc"], numbers.signed(3)),
                *(_delong(one["delong"]) if tested else ()),
                numbers.estimate(one["log_loss"], numbers.signed(3)),
            ),
        )
        for row, one in zip(others, found, strict=True)
    ]
    delong = (say("By DeLong"), say("P")) if tested else ()
    head = (say("Model"), say("Difference in AUROC"), *delong, say("Difference in log-loss"))
    caption = say("The deployed model against each other one")
    note = words.model.note_differences(len(rows), tested=tested)
    return Table("differences", caption, head, tuple(rows), note, sorts=True) if rows else None


def _delong(test: Mapping[str, Any] | None) -> tuple[str, str]:
    """Difference with interval, and P."""
    if test is None:
        return numbers.NOTHING, numbers.NOTHING
    shown = numbers.estimate({**test, "value": test["difference"]}, numbers.signed(3))
    return shown, numbers.NOTHING if test["p"] is None else numbers.p_value(test["p"])
