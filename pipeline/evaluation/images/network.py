"""How well a network tells what is on images of patients it has not learnt from."""

from collections.abc import Collection, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import expit

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.estimates import Estimate, nothing
from pipeline.evaluation.challenge import estimate_mean
from pipeline.evaluation.flexible import flexible_curve
from pipeline.evaluation.images.calls import EDGES, Calls, Sizes, cut_confidence, cut_sizes, tally_calls
from pipeline.evaluation.images.tally import Tally, estimate_part
from pipeline.evaluation.performance import calibration_curve, measure, risk_distribution
from pipeline.image_store import ImageStore
from pipeline.outcomes import Observed
from pipeline.phrases import phrase
from pipeline.sections import Evaluate

FIGURES = (
    "auroc",
    "brier",
    "scaled_brier",
    "log_loss",
    "calibration_slope",
    "calibration_intercept",
    "oe_ratio",
    "ici",
)
GROUPS, BINS = 10, 10
TEST, OUT_OF_FOLD = "test", "out-of-fold"
NO_CLASS = phrase("the class of no image evaluated is known")
ONE_TYPE = phrase("there is one type of finding")
NO_PLACE = phrase("where a finding is, is known of no image evaluated")
NO_MAP = phrase("no map was drawn")


def describe_network(
    predictions: pd.DataFrame,
    found: Sequence[str],
    sizes: FloatArray,
    beside: Collection[int],
    settings: Evaluate,
    smallest: int,
) -> dict[str, Any]:
    """How well the network tells images, m rows of `image_predictions.parquet`, each told by one that had not seen it.

    Judged are the images of the test part where there is one, else all. `found` are the classes that are a finding,
    and `sizes` (m,) the shares of the images that their findings cover, NaN where that is not known: see
    `size_findings`. `beside` are counts that the report tells of the same patients, from which no small group shall
    follow. A finding is called where the most probable class is one. Risks of a finding are judged as those of a model
    are; what cannot be computed has a `reason`.
    """
    judged, known = choose_judged(predictions)
    shown, size = predictions[judged & known], np.asarray(sizes, dtype=float)[judged & known]
    patient = pd.factorize(shown["pseudonym"])[0].astype(np.int64)
    names = [str(name).removeprefix("p_") for name in predictions if str(name).startswith("p_")]
    calls = Calls.read(shown, names, found, size, patient)
    unknown = int((judged & ~known).sum())
    return {
        "judged": TEST if predictions["fold"].isna().any() else OUT_OF_FOLD,
        "images": None if any(0 < abs(len(shown) - other) < smallest for other in beside) else len(shown),
        "unknown": None if 0 < unknown < smallest else unknown,
        "classes": names,
        "found": list(found),
        **_describe_risks(shown, calls, settings, smallest),
        **_describe_calls(calls, beside, smallest),
        "looked": _describe_maps(predictions[judged], smallest),
    }


def choose_judged(predictions: pd.DataFrame) -> tuple[BoolArray, BoolArray]:
    """Which images (m,) the network is judged by, and of which the class is known."""
    test = predictions["fold"].isna().to_numpy(bool)
    return test if test.any() else ~test, predictions["label"].notna().to_numpy(bool)


def size_findings(store: ImageStore) -> FloatArray:
    """The share of each of m images that its finding covers, (m,); NaN where it has none of known place."""
    placed = store.index["placed"].to_numpy(bool)
    if store.masks is None:
        return np.full(len(placed), np.nan)
    covered = np.array([float(np.mean(mask)) for mask in store.masks], dtype=np.float64)
    return np.where(placed & (covered > 0), covered, np.nan)


def _describe_risks(shown: pd.DataFrame, calls: Calls, settings: Evaluate, smallest: int) -> dict[str, Any]:
    """Discrimination and calibration of the probability of a finding, as a model's are described."""
    risk, observed = expit(shown["log_odds"].to_numpy(float)), Observed(calls.finding.astype(float))
    if not len(shown):
        empty = {name: asdict(nothing(NO_CLASS)) for name in FIGURES}
        return {"estimates": empty, "calibration_curve": [], "smooth_curve": None, "risk_distribution": []}
    figures = measure(risk, observed, calls.patient, (), settings.resamples, settings.seed)
    most = smallest * int(np.bincount(calls.patient).max())  # so many images are of `smallest` patients or more
    drawn = settings.resamples, settings.seed, smallest
    return {
        "estimates": {name: asdict(figures[name]) for name in FIGURES},
        "calibration_curve": calibration_curve(risk, observed, GROUPS, max(most, len(shown) // 20)),
        "smooth_curve": flexible_curve(risk, observed, calls.patient, *drawn),
        "risk_distribution": risk_distribution(risk, observed, BINS, most),
    }


def _describe_calls(calls: Calls, beside: Collection[int], smallest: int) -> dict[str, Any]:
    """What was called, against what is there: shares, the confusion table, kinds of failure, and confidence."""
    sizes, bins = cut_sizes(calls, smallest), cut_confidence(calls, smallest)
    tally = tally_calls(calls, sizes, bins, beside, smallest)
    one = nothing(ONE_TYPE) if len(calls.found) < 2 else tally.share(("found", "right"), ("found", "found"))
    accuracy: dict[str, Estimate] = {
        "sensitivity": tally.share(("found", "found"), ("found", "all")),
        "specificity": tally.share(("absent", "absent"), ("absent", "all")),
        "type": one,
        "class": tally.share(("all", "right"), ("all", "all")),
    }
    return {
        "with_finding": tally.count(("found", "all")),
        "accuracy": {name: asdict(each) for name, each in accuracy.items()},
        "confusion": [_confuse(calls, tally, place) for place in range(len(calls.names))],
        "failures": _list_failures(calls, sizes, tally),
        "confidence": [_describe_bin(tally, place, *ends) for place, ends in enumerate(bins)],
        "unsure": asdict(estimate_part(calls.among(*EDGES[:2]), calls.patient, smallest)),
        "median_confidence": float(np.median(calls.confidence)) if len(calls.confidence) else None,
    }


def _confuse(calls: Calls, tally: Tally, place: int) -> dict[str, Any]:
    told = [{"told": name, "n": tally.count((place, other))} for other, name in enumerate(calls.names)]
    return {"label": calls.names[place], "n": tally.count((place, "all")), "told": told}


def _list_failures(calls: Calls, sizes: Sizes, tally: Tally) -> list[dict[str, Any]]:
    """Misses of each type and size of finding, and false alarms of each class without one: `n`, `failed`, `share`."""
    rows = []
    for place, name in enumerate(calls.names):
        kind, wrong = ("missed", "absent") if place in calls.found else ("false alarm", "found")
        rows.append({"kind": kind, "by": "class", "label": name} | _fail(tally, (place, wrong), (place, "all")))
    for place, (low, high) in enumerate(sizes):
        size: dict[str, Any] = {"kind": "missed", "by": "size", "low": low, "high": high}
        rows.append(size | _fail(tally, ("size", place, "absent"), ("size", place, "all")))
    return rows


def _fail(tally: Tally, part: tuple[Any, ...], whole: tuple[Any, ...]) -> dict[str, Any]:
    return {"n": tally.count(whole), "failed": tally.count(part), "share": asdict(tally.share(part, whole))}


def _describe_bin(tally: Tally, place: int, low: float, high: float) -> dict[str, Any]:
    right, whole = ("confidence", place, "right"), ("confidence", place, "all")
    return {"low": low, "high": high, "n": tally.count(whole), "right": asdict(tally.share(right, whole))}


def _describe_maps(predictions: pd.DataFrame, smallest: int) -> dict[str, Any]:
    """How often the map points at the finding, the same by randomised weights, and how alike the two maps are."""
    patient = pd.factorize(predictions["pseudonym"])[0].astype(np.int64)
    shares = {name: _estimate_hits(predictions[name], patient, smallest) for name in ("hit", "hit_random")}
    similarity = predictions["similarity"].to_numpy(float)
    drawn = np.isfinite(similarity)
    by_patient = pd.Series(similarity[drawn]).groupby(patient[drawn]).mean().to_numpy(float)
    alike = estimate_mean(by_patient) if drawn.any() else nothing(NO_MAP)
    return {name: asdict(each) for name, each in (shares | {"similarity": alike}).items()}


def _estimate_hits(hits: "pd.Series[Any]", patient: IntArray, smallest: int) -> Estimate:
    placed = hits.notna().to_numpy(bool)
    if not placed.any():
        return nothing(NO_PLACE)
    return estimate_part(hits[placed].to_numpy(bool), patient[placed], smallest)
