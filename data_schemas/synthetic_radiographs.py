"""Made-up patients with made-up chest radiographs: what `clinrisk synth-radiographs` writes. Nobody is in it."""

from typing import Any

from data_schemas.columns import (
    Binary,
    Box,
    Coded,
    Cohort,
    Decimal,
    Direction,
    Expected,
    FactorClass,
    Role,
    Study,
    Subgroup,
    Text,
    Whole,
    category,
    identifier,
    image,
    measurement,
)

MADE_UP = "made up: so the generator draws the outcome"
MORE = Expected(Direction.INCREASES, MADE_UP)
LABEL = "what a reader saw on the radiograph: the network learns it, and a new patient has none"


def place(label: str) -> Any:
    """A side of the lesion's box, in pixels of the radiograph."""
    return measurement(
        label, unit="pixels", plausible=(0, 65535), whole=True, missing_allowed=True, excluded=LABEL,
    )  # fmt: skip


class SyntheticRadiographs(Cohort):
    """One row per made-up patient, with at most one radiograph."""

    patient_id: Text = identifier("Patient number")
    age: Whole = measurement(
        "Age", unit="years", plausible=(18, 110), whole=True, factor=FactorClass.IMMUTABLE, expected=MORE,
    )  # fmt: skip
    sex: Coded = category("Sex", {"f": "female", "m": "male"}, factor=FactorClass.IMMUTABLE)
    pack_years: Decimal = measurement(
        "Smoking history", unit="pack-years", plausible=(0, 200), factor=FactorClass.IMMUTABLE, expected=MORE,
        acknowledged={"suspected missing code": "0 for those who never smoked"},
    )  # fmt: skip
    family_history: Coded = category(
        "Lung cancer in the family", {"0": "no", "1": "yes"}, factor=FactorClass.IMMUTABLE, expected=MORE,
    )  # fmt: skip
    crp_mg_l: Decimal = measurement(
        "C-reactive protein", unit="mg/L", plausible=(0.1, 500), factor=FactorClass.MARKER,
    )  # fmt: skip
    cea_ug_l: Decimal = measurement(
        "Carcinoembryonic antigen", unit="µg/L", plausible=(0.1, 500), factor=FactorClass.MARKER, expected=MORE,
        missing_allowed=True, missing_at_most=0.3,
    )  # fmt: skip
    radiograph: Text = image(
        "Chest radiograph", modality="DX", body_part="CHEST", pattern="images/{}", bits=None, pixels=64,
        finding="finding", absent="none", box=Box("box_left", "box_top", "box_width", "box_height"),
        note="drawn by a generator: a chest in rough outline, with or without a lesion",
    )  # fmt: skip
    finding: Coded = category(
        "Lesion on the radiograph",
        {"none": "none", "nodule": "nodule", "mass": "mass", "infiltrate": "infiltrate"},
        missing_allowed=True,
        excluded=LABEL,
    )
    box_left: Whole = place("Left edge of the lesion")
    box_top: Whole = place("Upper edge of the lesion")
    box_width: Whole = place("Width of the lesion")
    box_height: Whole = place("Height of the lesion")
    cancer: Coded = category("Lung cancer within two years", {"0": "no", "1": "yes"}, role=Role.OUTCOME)

    class Config:
        """The cohort as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Lung cancer from a made-up radiograph and record",
                population="Made-up patients, drawn by a generator; no real person is among them",
                intended_use="To show how images stand beside records. Never for a patient: nothing in it was learnt "
                "from one.",
                outcome=Binary("cancer", "yes", "lung cancer within two years (made up)"),
                source="clinrisk synth-radiographs",
                licence="none needed: made up",
                thresholds=(0.1, 0.2, 0.3, 0.4),
                single_ceiling=0.95,
                single_ceiling_source=MADE_UP,
                auroc_ceiling=0.97,
                auroc_ceiling_source=MADE_UP,
                subgroups=(Subgroup("age", (60, 70)), Subgroup("sex")),
                baseline=("age", "sex"),
                limits=(
                    "Patients, radiographs and outcomes are made up; no figure here says anything about medicine.",
                    "The chest is a rough outline, and lesions are far plainer than real ones.",
                ),
            )
        }
