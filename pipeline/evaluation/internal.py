"""What further developments tell: optimism, how sites differ, and whether more patients would help.

All take the rows of `internal.parquet`: `check`, `part`, `record`, `times`, `patients`, `risk`, where `record` is the
place of the patient's record in `observed` and `patient`.
"""

from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import t

from pipeline.arrays import FloatArray, IntArray
from pipeline.disclosure import hide_in_series
from pipeline.estimates import Estimate, Z, nothing
from pipeline.evaluation.calibration import brier, calibration_slope, log_loss
from pipeline.evaluation.discrimination import auroc
from pipeline.evaluation.performance import measure
from pipeline.evaluation.subgroups import hide_levels
from pipeline.outcomes import Observed
from pipeline.phrases import phrase
from pipeline.sections import Evaluate

CORRECTED = ("auroc", "brier", "log_loss", "calibration_slope")
TRACED = ("auroc", "log_loss", "calibration_slope")
BY_SITE = ("auroc", "oe_ratio", "calibration_slope")


def correct_optimism(internal: pd.DataFrame, observed: Observed) -> list[dict[str, Any]]:
    """Figures of the deployed model on the patients that taught it, less what the bootstrap says they flatter.

    One row per figure: `figure`, `apparent`, `optimism` with its interval over the `resamples`, and `corrected`. The
    optimism is the mean over bootstrap developments of the figure on their own patients less that on all patients
    (Harrell, Lee and Mark 1996, Stat Med 15:361). A figure that is not defined has no row; there is none where no
    resample was developed.
    """
    rows, resamples = internal[internal["check"] == "apparent"], internal[internal["check"] == "optimism"]
    if resamples.empty:
        return []
    apparent = _figures_of(rows, observed, np.ones(len(rows)))
    gaps = []
    for _, one in resamples.groupby("part", sort=False):
        own, everyone = (
            _figures_of(one, observed, counts) for counts in (one["times"].to_numpy(float), np.ones(len(one)))
        )
        gaps.append({name: own[name] - everyone[name] for name in CORRECTED})
    found = pd.DataFrame(gaps)
    rows_of = ((name, apparent[name], found[name].dropna()) for name in CORRECTED)
    return [_corrected(name, value, gap) for name, value, gap in rows_of if np.isfinite(value) and len(gap) > 1]


def trace_learning(
    internal: pd.DataFrame, observed: Observed, patient: IntArray, settings: Evaluate
) -> list[dict[str, Any]]:
    """Figures of models taught by a share of the patients, on the patients that test: one row per share."""
    curve = internal[internal["check"] == "learning curve"]
    rows = []
    for part, one in curve.groupby("part", sort=False):
        record = one["record"].to_numpy(int)
        found = _measure(one["risk"].to_numpy(float), observed, patient, record, settings)
        shown = {name: asdict(found[name]) for name in TRACED}
        rows.append({"share": float(str(part)), "patients": round(float(one["patients"].mean()))} | shown)
    return sorted(rows, key=lambda row: row["patients"])


def compare_sites(
    internal: pd.DataFrame, observed: Observed, patient: IntArray, settings: Evaluate, smallest: int
) -> dict[str, Any]:
    """`sites`: figures in each site of a model that the other sites taught; `pooled`: its AUROC over sites.

    Sites are hidden as levels are in `by_subgroup`; `hidden` counts them. So are counts of others that, less than all
    records, would tell those of the hidden.
    """
    table = internal[internal["check"] == "site"]
    record, names = table["record"].to_numpy(int), table["part"].to_numpy(str)
    levels = {str(name): names == name for name in np.unique(names)}
    hidden = hide_levels(levels, observed.take(record), patient[record], smallest)
    sites: list[dict[str, Any]] = []
    for name, members in levels.items():
        if name in hidden:
            continue
        there = record[members]
        found = _measure(table["risk"].to_numpy(float)[members], observed, patient, there, settings)
        events = int(observed.take(there).by_horizon().sum())
        row: dict[str, Any] = {"site": name, "n": len(there), "events": events}
        sites.append(row | {figure: asdict(found[figure]) for figure in BY_SITE})
    totals = {"n": len(observed), "events": int(observed.by_horizon().sum())}
    shown = {
        key: hide_in_series([*(site[key] for site in sites), *[None] * len(hidden)], total, smallest)
        for key, total in totals.items()
    }
    told = [site | {key: shown[key][place] for key in totals} for place, site in enumerate(sites)]
    return {"sites": told, "hidden": len(hidden), "pooled": asdict(pool_aurocs([site["auroc"] for site in sites]))}


def pool_aurocs(found: list[dict[str, Any]]) -> Estimate:
    """AUROC to expect in another site: the mean over sites with its prediction interval.

    Random effects on the log-odds scale (DerSimonian and Laird 1986, Control Clin Trials 7:177), prediction interval
    by Student's t with as many degrees of freedom as sites less 2 (Higgins, Thompson and Spiegelhalter 2009, J R
    Stat Soc A 172:137). At least three sites with an interval are needed.
    """
    usable = [one for one in found if one["lo"] is not None and one["lo"] > 0 and one["hi"] < 1]
    if len(usable) < 3:
        return nothing(phrase("fewer than three sites have an interval"))
    value, low, high = (np.array([_logit(one[key]) for one in usable]) for key in ("value", "lo", "hi"))
    variance = ((high - low) / (2 * Z)) ** 2
    fixed = 1 / variance
    q = float(fixed @ (value - np.average(value, weights=fixed)) ** 2)
    excess = q - (len(value) - 1)
    between = max(0.0, excess / float(fixed.sum() - (fixed**2).sum() / fixed.sum()))
    weight = 1 / (variance + between)
    mean = float(np.average(value, weights=weight))
    half = float(t.ppf(0.975, len(value) - 2) * np.sqrt(between + 1 / weight.sum()))
    return Estimate(_expit(mean), _expit(mean - half), _expit(mean + half))


def _logit(p: float) -> float:
    return float(np.log(p / (1 - p)))


def _expit(x: float) -> float:
    return float(1 / (1 + np.exp(-x)))


def _measure(
    risk: FloatArray, observed: Observed, patient: IntArray, record: IntArray, settings: Evaluate
) -> dict[str, Estimate]:
    return measure(risk, observed.take(record), patient[record], (), settings.resamples, settings.seed)


def _figures_of(rows: pd.DataFrame, observed: Observed, counts: FloatArray) -> dict[str, float]:
    """The figures of rows of which each counts as often as `counts` (n,) says."""
    seen, drawn, risk = observed.take(rows["record"].to_numpy(int)), counts[None, :], rows["risk"].to_numpy(float)
    y, weight = seen.by_horizon(), drawn * seen.weights_for(drawn)
    found = {
        "auroc": auroc(risk, y, weight),
        "brier": brier(risk, y, weight, drawn),
        "log_loss": log_loss(risk, y, weight, drawn),
        "calibration_slope": calibration_slope(risk, y, weight),
    }
    return {name: float(value[0]) for name, value in found.items()}


def _corrected(name: str, apparent: float, gaps: "pd.Series[float]") -> dict[str, Any]:
    half = Z * float(gaps.std(ddof=1)) / np.sqrt(len(gaps))
    mean = float(gaps.mean())
    optimism = asdict(Estimate(mean, mean - half, mean + half))
    return {
        "figure": name,
        "apparent": apparent,
        "optimism": optimism,
        "corrected": apparent - mean,
        "resamples": len(gaps),
    }
