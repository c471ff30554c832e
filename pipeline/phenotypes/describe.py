"""What may be published of phenotypes: who is in each cluster, and where clusters lie."""

from dataclasses import asdict
from typing import Any

import pandas as pd

from pipeline.phenotypes.chart import chart_patients
from pipeline.phenotypes.find import Phenotypes
from pipeline.phenotypes.meaning import Meaning
from pipeline.phenotypes.periods import shares_over_time
from pipeline.phenotypes.rules import find_rules
from pipeline.phenotypes.treatments import treatment_mix


def describe_phenotypes(
    found: Phenotypes,
    seen: pd.DataFrame,
    dates: "pd.Series[Any] | None",
    meaning: Meaning,
    smallest: int,
    seed: int,
) -> dict[str, Any]:
    """`Phenotypes.to_dict` with predictors left out and, where there are clusters, rules, treatments, map and periods.

    `seen` has the rows of `Patients.seen`, which all but periods are of; `dates` are the index dates of everyone.
    """
    left_out = [{"label": meaning.labels[name], "reason": why} for name, why in found.space.left_out.items()]
    published = found.to_dict() | {"left_out": left_out, "map": None, "periods": [], "trend": None}
    if found.k is None:
        return published
    used = [c.predictor for c in found.space.coordinates]
    rules = find_rules(seen[used], found.assignment[found.places], meaning.labels, meaning.units, smallest, seed)
    mix = treatment_mix(seen, found.assignment[found.places], meaning.treatments, smallest)
    for cluster in published["clusters"]:
        number = cluster["cluster"]
        cluster |= {"rule": asdict(rules[number]), "treatments": mix[number]}
    return published | _place(found, dates, meaning, smallest)


def _place(found: Phenotypes, dates: "pd.Series[Any] | None", meaning: Meaning, smallest: int) -> dict[str, Any]:
    """The map, and the shares over time."""
    names = [
        meaning.labels[c.predictor] for c, b in zip(found.space.coordinates, found.space.blocks, strict=True)
        for _ in range(b.start, b.stop)
    ]  # fmt: skip
    last = int(found.assignment.max())
    chart = chart_patients(found.matrix, names, found.assignment[found.places], last, smallest)
    periods, trend = ([], None) if dates is None else shares_over_time(dates, found.assignment, last, smallest)
    return {"map": chart, "periods": periods, "trend": trend}
