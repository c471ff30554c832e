"""A cohort with images, and made-up results of its network and of what images add."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np

from data_schemas.breast_cancer_diagnosis import BreastCancerDiagnosis
from data_schemas.columns import Text, image
from pipeline.reporting import Results
from tests.reporting.made_estimates import est
from tests.reporting.made_results import make_results
from tests.reporting.made_validation import make_curve

NAME = "breast_cancer_diagnosis"
CLASSES = ("no", "mass", "calcification")


class Pictured(BreastCancerDiagnosis):
    """The same patients with a radiograph each, of which the network learns the outcome."""

    radiograph: Text = image(
        "Radiograph", modality="MG", body_part="BREAST", window=(-5, 400), size=(512, 512), spacing=(0.1, 0.2),
        pattern="{}.dcm", note="One view.",
    )  # fmt: skip


def make_network(**changed: Any) -> dict[str, Any]:
    """What is said of a network of three classes; what is hidden has no count."""
    confused = ((None, None, 14), (12, 110, None), (None, None, 80))
    labels = list(zip(CLASSES, (200, 140, 95), confused, strict=True))
    shares = {"sensitivity": est(0.91, 0.03), "specificity": est(None, reason="it is above 95%"),
              "type": est(0.88, 0.04), "class": est(0.9, 0.03)}  # fmt: skip
    failures = [
        {"kind": "missed" if i else "false alarm", "by": "class", "label": name, "n": n, "failed": None if i else 14,
         "share": est(None, reason="it is below 7%") if i else est(0.07, 0.03)}
        for i, (name, n, _) in enumerate(labels)
    ]  # fmt: skip
    failures += [
        {"kind": "missed", "by": "size", "low": low, "high": high, "n": 78, "failed": 11, "share": est(0.14, 0.05)}
        for low, high in ((None, 0.0102), (0.0102, 0.031), (0.031, None))
    ]
    return {
        "judged": "out-of-fold", "images": 435, "unknown": 0, "classes": list(CLASSES), "found": list(CLASSES[1:]),
        "estimates": {"auroc": est(0.961, 0.015), "brier": est(0.08, 0.01), "calibration_slope": est(0.97, 0.1),
                      "oe_ratio": est(1.02, 0.08), "ici": est(0.02, 0.01)},
        "calibration_curve": [{"predicted": p, "observed": p, "lo": p - 0.05, "hi": p + 0.05, "n": 90}
                              for p in (0.1, 0.5, 0.9)],
        "smooth_curve": make_curve(),
        "risk_distribution": [{"low": i / 2, "high": (i + 1) / 2, "event": 100, "no_event": None, "unknown": 0}
                              for i in range(2)],
        "with_finding": 235, "accuracy": shares,
        "confusion": [{"label": name, "n": n, "told": [{"told": t, "n": c} for t, c in zip(CLASSES, row, strict=True)]}
                      for name, n, row in labels],
        "failures": failures,
        "confidence": [{"low": 0.0, "high": 0.7, "n": 60, "right": est(0.6, 0.1)},
                       {"low": 0.7, "high": 0.9, "n": 120, "right": est(0.8, 0.1)},
                       {"low": 0.9, "high": 1.0, "n": 255, "right": est(None, reason="it is above 96%")}],
        "unsure": est(0.09, 0.02), "median_confidence": 0.93,
        "looked": {"hit": est(0.93, 0.02), "hit_random": est(0.11, 0.04), "similarity": est(0.08, 0.03)},
    } | changed  # fmt: skip


def make_fusion(gain: float = 0.041, half: float = 0.02, verdict: str = "adds", groups: int = 4) -> dict[str, Any]:
    """What images add; differences are all of one size."""
    differences = {
        "auroc": est(gain, half), "brier": est(-gain, half), "log_loss": est(-gain, half),
        "net_benefit": [{"threshold": t, "difference": est(gain, half)} for t in (0.1, 0.3)],
    }  # fmt: skip
    figures = {"auroc": est(0.8), "brier": est(0.15), "log_loss": est(0.5), "calibration_slope": est(1.0, 0.2),
               "oe_ratio": est(1.0, 0.1)}  # fmt: skip
    return {
        "with_images": 380,
        "figures": dict.fromkeys(("both", "record", "images"), figures),
        "differences": dict.fromkeys(("record", "images"), differences),
        "verdicts": dict.fromkeys(("record", "images"), verdict),
        "subgroups": [
            {"column": "Images" if place < 2 else "Age", "level": level, "auroc": est(gain, half)}
            for place, level in enumerate(("with an image", "without an image", "under 50", "50 or more")[:groups])
        ],
    }  # fmt: skip


@cache
def make_pictured(seed: int = 0) -> Results:
    """Results of the cohort with images."""
    results = make_results(NAME, cohort=Pictured)
    rng = np.random.default_rng(seed)
    tells = {name: rng.normal(size=len(results.valid)) for name in Pictured.findings()}
    rule = {"rule": "image decodable", "column": "radiograph", "sentence": "The image of Radiograph can be decoded",
            "severity": "quarantine", "records": 15, "says": ""}  # fmt: skip
    read = {"shown": 435, "with_images": 380, "without_images": 20, "with_several": 55, "unclaimed_files": 5,
            "without_header": 0}  # fmt: skip
    validation = {**results.validation, "rules": [*results.validation["rules"], rule], "images": read}
    images = {"network": make_network(), "fusion": make_fusion()}
    return replace(results, valid=results.valid.assign(**tells), validation=validation,
                   performance={**results.performance, "images": images})  # fmt: skip


def make_image(side: int = 32, out_of_fold: bool | None = True) -> dict[str, Any]:
    """A bright spot in the upper right of a grey image, and a map that is highest there."""
    at = np.hypot(*(np.indices((side, side)) - np.reshape((side // 5, 4 * side // 5), (2, 1, 1))))
    spot = np.exp(-((at / (side / 8)) ** 2))
    pixels = (60 + 180 * spot).astype(np.uint8)
    return {"pixels": pixels, "map": spot, "told": "mass", "confidence": 0.81, "log_odds": 2.0,
            "out_of_fold": out_of_fold}  # fmt: skip
