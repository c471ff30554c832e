"""What the stages computed, as one value that every page is made from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from pipeline.card import Card
from pipeline.disclosure import Records

Plain = Mapping[str, Any]
"""An object read from JSON; the keys of each are in the docstring of `Results`."""


@dataclass(frozen=True, eq=False)
class Results:
    """Everything a report says, except what the schema says.

    `validation`, `performance`, `verdict`, `phenotypes` and `model` are the JSON files of those names, `models`
    and `risk_factors` the CSV files, `factor_curves` predictor -> bins of at least `smallest_group` patients.
    An estimate is `{"value", "lo", "hi", "reason"}`: a number with its 95% interval, or None and why.
    `valid` and `split` hold restricted records, joined by `pseudonym`: only Table 1 and the flow count them, through
    `disclosure`, in multiples of `round_to`, and of `valid` a column may be read when it is asked for. `provenance`
    maps what (for people) to which (version, SHA-256).
    `phenotype_factors`, `explanation` and `treatment_effect` are the JSON files of those names; the first is empty
    where there are no phenotypes, the last where the schema declares no effect. `card` is what people supplied,
    and `changes` what a run found that compared this model with the last release. `resources` is what each stage took
    that `profiling` watched, by its name.
    """

    validation: Plain
    performance: Plain
    verdict: Plain
    phenotypes: Plain
    model: Plain
    models: pd.DataFrame
    risk_factors: pd.DataFrame
    factor_curves: Mapping[str, list[dict[str, Any]]]
    valid: Records
    split: pd.DataFrame
    smallest_group: int
    provenance: Mapping[str, str]
    phenotype_factors: Plain = field(default_factory=dict)
    explanation: Plain = field(default_factory=dict)
    treatment_effect: Plain = field(default_factory=dict)
    card: Card = field(default_factory=Card)
    changes: Plain = field(default_factory=dict)
    round_to: int = 1
    resources: Plain = field(default_factory=dict)

    @property
    def has_parts(self) -> bool:
        """Whether other patients than those who taught the model tested it; else it was cross-validated."""
        return bool(self.performance["design"] != "cross-validation")


def read_records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a CSV file as plain values, empty cells as None."""
    rows = frame.astype(object).where(frame.notna(), None).to_dict("records")
    return [{str(k): (v.item() if hasattr(v, "item") else v) for k, v in row.items()} for row in rows]
