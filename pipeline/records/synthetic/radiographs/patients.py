"""Synthetic patients: a record each, what their radiograph shows, and the true risk that both lead to.

Lesions depend on age and smoking. The outcome depends on the lesion and on what no radiograph shows, such as a blood
marker, so that a model of both foresees more than one of either.
"""

import numpy as np
import pandas as pd
from scipy.special import expit
from scipy.stats import rankdata

from pipeline.arrays import FloatArray
from pipeline.records.synthetic.radiographs.lesions import INFILTRATE, MASS, NODULE, NONE, TYPES

RECORDS = 0  # what a seed is spent on; pictures take 1
TYPE_SHARES = (0.4, 0.35, 0.25)
SAYS = {NONE: 0.0, NODULE: 1.6, MASS: 2.8, INFILTRATE: 0.8}  # log-odds of the outcome
BASE = -2.1
FAINTEST, STRONGEST = 0.05, 0.6  # contrast, of the picture's range of brightness
WITHOUT_IMAGE, WITHOUT_MARKER = 0.04, 0.12  # shares of the records


def draw_patients(patients: int, seed: int, lesions: float, contrast: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Records with columns as a schema wants them, and the truth of each: a row per patient, in the same order.

    `lesions` is the share of patients with one, `contrast` what the contrast of every lesion is multiplied by. The
    truth has `patient_id`, `pictured`, `finding`, `contrast` (0 without a lesion), and the true log-odds of the outcome
    `by_record`, `by_image` and `log_odds`, their sum. The first records depend on how many there are.
    """
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(RECORDS,)))
    age = rng.normal(63, 10, patients).clip(35, 92).round().astype(int)
    smoked = rng.random(patients) < 0.6
    pack_years = np.where(smoked, rng.gamma(2.0, 12.0, patients), 0.0).clip(0, 150).round(1)
    finding = _draw_findings(age, pack_years, lesions, rng)
    marker = np.exp(1.0 + 0.8 * rng.standard_normal(patients)).clip(0.2, 200).round(1)
    family = rng.random(patients) < 0.2
    by_record = 0.05 * (age - 63) + 0.02 * (pack_years - 15) + 1.1 * (np.log(marker) - 1.0) + 0.9 * (family - 0.2)
    by_image = np.array([SAYS[kind] for kind in finding])
    log_odds = BASE + by_record + by_image
    records = pd.DataFrame(
        {
            "patient_id": [f"S{number:06d}" for number in range(1, patients + 1)],
            "age": age,
            "sex": np.where(rng.random(patients) < 0.45, "f", "m"),
            "pack_years": pack_years,
            "family_history": np.where(family, "1", "0"),
            "crp_mg_l": _draw_inflammation(finding, rng),
            "cea_ug_l": np.where(rng.random(patients) < WITHOUT_MARKER, np.nan, marker),
            "cancer": np.where(rng.random(patients) < expit(log_odds), "1", "0"),
        }
    )
    truth = pd.DataFrame(
        {
            "patient_id": records["patient_id"],
            "pictured": rng.random(patients) >= WITHOUT_IMAGE,
            "finding": finding,
            "contrast": np.where(finding == NONE, 0.0, contrast * _draw_contrasts(patients, rng)),
            "by_record": by_record,
            "by_image": by_image,
            "log_odds": log_odds,
        }
    )
    return records, truth


def _draw_findings(
    age: "np.typing.NDArray[np.int_]", pack_years: FloatArray, lesions: float, rng: np.random.Generator
) -> "np.typing.NDArray[np.object_]":
    """A type of lesion or none, more often in old patients and in those who smoked."""
    lean = 0.03 * (age - 63) + 0.015 * (pack_years - 15) + rng.logistic(size=len(age))
    has = rankdata(lean) > (1 - lesions) * len(age)
    kinds = rng.choice(np.array(TYPES, dtype=object), len(age), p=TYPE_SHARES)
    return np.where(has, kinds, NONE)


def _draw_contrasts(patients: int, rng: np.random.Generator) -> FloatArray:
    """Most lesions are plain, some so faint that they are missed."""
    drawn: FloatArray = FAINTEST + (STRONGEST - FAINTEST) * rng.beta(2.2, 1.0, patients)
    return drawn


def _draw_inflammation(finding: "np.typing.NDArray[np.object_]", rng: np.random.Generator) -> FloatArray:
    """C-reactive protein, raised where there is an infiltrate: a part of what the picture shows, in the record."""
    drawn: FloatArray = np.exp(1.1 + 1.1 * (finding == INFILTRATE) + 0.8 * rng.standard_normal(len(finding)))
    return drawn.clip(0.2, 400).round(1)
