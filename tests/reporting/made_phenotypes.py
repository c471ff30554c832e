"""What the stages say of phenotypes, made up: any number of clusters, none, and cells that may not be shown."""

from typing import Any

import numpy as np

from data_schemas.columns import Cohort, FactorClass, TimeToEvent
from tests.reporting.made_estimates import est

TOO_FEW = "fewer than 10 patients"
SIZES = (150, 90, 60, 45, 35, 20)


def hidden() -> dict[str, Any]:
    return est(None, reason=TOO_FEW)


def make_predictors(cohort: type[Cohort], cluster: int, k: int) -> list[dict[str, Any]]:
    """One profile each; the last cluster's third difference is hidden, and unordered categories name a level."""
    made = []
    for i, (name, column) in enumerate(cohort.predictors().items()):
        levels = list(column.codes.values())
        shares = dict(zip(levels, [0.7, None] if len(levels) == 2 else [0.5, 0.3, None], strict=False))
        nominal = bool(levels) and not column.ordered
        difference = 1.6 * float(np.cos(1.1 * cluster + 0.7 * i)) / (1 + 0.1 * i)
        made.append({
            "predictor": name, "label": column.label,
            "kind": "numeric" if column.numeric else "nominal" if nominal else "ordered",
            "mean": 31.4 + i if column.numeric else None, "median": 30.0 + i if column.numeric else None,
            "shares": shares, "missing_share": None,
            "difference": None if cluster == k and i == 2 else difference, "level": levels[-1] if nominal else None,
        })  # fmt: skip
    return made


def make_rule(label: str, cluster: int, k: int) -> dict[str, Any]:
    if cluster == k:
        return {"conditions": [], "sensitivity": hidden(), "precision": hidden(),
                "reason": "no short rule finds half of its patients"}  # fmt: skip
    paths = [[f"{label} at least 52", f"{label} under 70"], [f"{label} under 30"]]
    return {"conditions": paths[:cluster], "sensitivity": est(0.81), "precision": est(0.74), "reason": None}


def make_treatments(cohort: type[Cohort], cluster: int) -> list[dict[str, Any]]:
    treatments = [c for c in cohort.columns().values() if c.factor == FactorClass.TREATMENT]
    return [
        {"label": c.label, "level": level, "share": None if cluster == 2 else 0.3 + 0.1 * cluster, "others": 0.4}
        for c in treatments
        for level in c.codes.values()
    ]


def make_clusters(cohort: type[Cohort], k: int) -> list[dict[str, Any]]:
    total, clusters = sum(SIZES[:k]), []
    for number in range(1, k + 1):
        predictors = make_predictors(cohort, number, k)
        way = "higher" if (predictors[0]["difference"] or 0) > 0 else "lower"
        names = ", ".join(f"{way} {p['label']}" for p in predictors[:3])
        clusters.append({
            "cluster": number, "name": names, "status": "new" if number == 2 else "kept", "n": SIZES[number - 1],
            "share": SIZES[number - 1] / total, "jaccard": 0.95 - 0.03 * number, "dissolved": 0.0,
            "predictors": predictors, "rule": make_rule(predictors[0]["label"], number, k),
            "treatments": make_treatments(cohort, number),
        })  # fmt: skip
    return clusters


def make_tried(k: int | None) -> list[dict[str, Any]]:
    rows = []
    for number in range(2, 7):
        stable, separated = number <= (k or 3), number == k
        faults = [] if stable else ["a cluster is unstable (mean Jaccard 0.61, needs 0.75)"]
        faults += [] if separated else ["separates no better than data without clusters"]
        rows.append({
            "k": number, "smallest_jaccard": 0.86 if stable else 0.61, "mean_jaccard": 0.9, "rand": 0.84,
            "silhouette": 0.41 if separated else 0.29, "reference_quantile": 0.3, "excess": 0.11, "gap": 0.52,
            "gap_error": 0.013, "smallest_size": None if number == 6 else 20, "accepted": not faults,
            "reason": "; ".join(faults) or "stable, large enough and better separated than chance",
        })  # fmt: skip
    return rows


def make_map(cohort: type[Cohort], k: int, side: int = 9, hole: int | None = 14) -> dict[str, Any]:
    """Bins in a disc, each of the cluster whose angle it lies at."""
    label, bins = next(iter(cohort.predictors().values())).label, []
    for i in range(side):
        for j in range(side):
            x, y = (2 * place / (side - 1) - 1 for place in (i, j))
            if np.hypot(x, y) <= 1.02:
                cluster = 1 + int((np.arctan2(y, x) + np.pi) / (2 * np.pi + 1e-9) * k)
                bins.append({"x": 3 * x, "y": 3 * y, "width": 6 / (side - 1), "height": 6 / (side - 1), "n": 12 + i,
                             "cluster": cluster, "share": None if i == j else 0.87})  # fmt: skip
    return {"x": f"higher {label}", "y": f"lower {label}, higher {label}", "explained": [0.31, 0.17], "bins": bins,
            "hidden": hole}  # fmt: skip


def make_periods(k: int, years: int = 6) -> list[dict[str, Any]]:
    """Shares that rise or fall by a point a year; the last two clusters are hidden in the first year."""
    rows = []
    for i in range(years):
        shares = {str(c): est((0.6 + 0.3 * c) / k + 0.01 * (i - 2) * (-1) ** c, 0.04) for c in range(1, k + 1)}
        if i == 0:
            shares |= {str(c): hidden() for c in (k - 1, k)}
        rows.append({"period": str(1984 + i), "n": 60 + i if i else None, "shares": shares})
    return rows


def make_phenotypes(cohort: type[Cohort], k: int | None = 3) -> dict[str, Any]:
    """`phenotypes.json`; without `k`, nothing was found."""
    tried = make_tried(k)
    refused = "No stable clusters: " + " ".join(f"k = {t['k']}: {t['reason']}." for t in tried)
    others = [
        {"clusterer": "mixture", "label": "Gaussian mixture", "k": k, "rand": 0.72, "smallest_jaccard": 0.7,
         "reason": None},
        {"clusterer": "hdbscan", "label": "HDBSCAN", "k": None, "rand": None, "smallest_jaccard": None,
         "reason": "every patient was called noise"},
    ]  # fmt: skip
    return {
        "clusterer": "kmeans", "label": "k-means", "k": k, "notes": ["one predictor was left out"],
        "reason": f"{k} clusters: the least stable has a mean Jaccard similarity of 0.86" if k else refused,
        "tried": tried, "agreement": others if k else [],
        "left_out": [{"label": next(iter(cohort.columns().values())).label, "reason": "it has one value"}],
        "clusters": make_clusters(cohort, k) if k else [], "map": make_map(cohort, k) if k else None,
        "periods": make_periods(k) if k else [],
        "trend": {"p": 0.03, "says": "The share of phenotype 1 fell by 10.0 percentage points, P 0.03"} if k else None,
    }  # fmt: skip


def make_incidence(number: int, points: int) -> list[dict[str, Any]]:
    times = np.linspace(5, 60, 12)[:points]
    values = [(0.1 + 0.09 * number) * (1 - np.exp(-t / 25)) for t in times]
    return [
        {"time": float(t), "value": v, "lo": max(v - 0.04, 0.0), "hi": v + 0.05}
        for t, v in zip(times, values, strict=True)
    ]


def make_risks(cohort: type[Cohort], k: int) -> dict[str, Any]:
    """`phenotypes` of `performance.json`: the first is overstated, the last of three or more too small."""
    followed, rows = isinstance(cohort.study().outcome, TimeToEvent), []
    for number in range(1, k + 1):
        small = number == k > 2
        rows.append({
            "cluster": number, "n": None if small else 40 + 10 * number, "events": None if small else 12 + 4 * number,
            "rate": hidden() if small else est(0.2 + 0.1 * number, 0.08),
            "oe_ratio": hidden() if small else est(0.7 + 0.25 * (number - 1), 0.2),
            "auroc": hidden() if small else est(0.68, 0.07),
            "incidence": make_incidence(number, 12 - 2 * number) if followed and not small else [],
        })  # fmt: skip
    benefit = [{"threshold": t, "difference": est(0.002, 0.006)} for t in cohort.study().thresholds]
    adds = {"statistic": 3.1, "degrees": k - 1, "p": 0.21, "net_benefit": benefit, "log_loss": est(-0.002, 0.004),
            "says": "No gain was found from membership, P 0.21", "reason": None}  # fmt: skip
    return {"clusters": rows, "adds": adds}


def make_membership(cohort: type[Cohort], k: int) -> dict[str, Any]:
    """`phenotype_factors.json`."""
    ways = ("higher", "lower", "mixed", None)
    weights = [
        {"predictor": name, "label": column.label, "weight": 1.2 / (1 + i), "direction": ways[i % 4]}
        for i, (name, column) in enumerate(cohort.predictors().items())
    ]
    return {"agreement": 0.94, "clusters": {str(number): weights for number in range(1, k + 1)}}
