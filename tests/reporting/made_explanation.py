"""A made-up explanation of a model as a whole."""

from itertools import pairwise
from typing import Any

from data_schemas.columns import Cohort


def make_explanation(cohort: type[Cohort]) -> dict[str, Any]:
    """All that `explanation.json` holds, about the predictors of the cohort."""
    names = list(cohort.predictors())
    sample = {
        "explained": 400, "patients": 400, "needed": 150, "needed_by": names[0], "refits": 30, "agreement": 0.87,
        "base": -0.42, "base_risk": 0.3965, "gap": 2.4e-7, "points_of": 400, "orders": 100,
    }  # fmt: skip
    spread = {"importance": 0.41, "importance_lo": 0.33, "importance_hi": 0.52}
    first = [
        {"group": group, "n": n, "predictor": name, "rank": rank, "contribution": 0.1, **spread}
        for group, n in (("under 50 years", 170), ("50 years or more", 230))
        for rank, name in enumerate(names, start=1)
    ]
    others = [{"predictor": name, "importance": 0.5 / rank, "error": 0.05} for rank, name in enumerate(names, start=1)]
    forest = {"model": "random_forest", "label": "Random forest", "patients": 100, "draws": 50, "agreement": 0.81}
    return {
        "sample": sample,
        "interactions": [
            {"first": one, "second": two, "strength": 0.012, "strength_lo": 0.004, "strength_hi": 0.03}
            for one, two in pairwise(names[:4])
        ],
        "correlated": [{"predictors": names[:2], **spread, "apart": 0.6}] if len(names) > 1 else [],
        "groups": {"Age": first},
        "others": [forest | {"factors": others}],
    }
