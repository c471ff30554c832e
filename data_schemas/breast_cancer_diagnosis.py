"""Malignant or benign breast masses, from measurements of cell nuclei in fine needle aspirates (Wisconsin)."""

from typing import Any

from data_schemas.columns import (
    Binary,
    Coded,
    Cohort,
    Decimal,
    Direction,
    Expected,
    FactorClass,
    Role,
    Study,
    Text,
    category,
    identifier,
    measurement,
)

STREET = "Street, Wolberg and Mangasarian 1993, Proc SPIE 1905:861"
LARGER = Expected(Direction.INCREASES, f"{STREET}: features are defined so that malignant nuclei have larger values")


def nuclei(label: str, plausible: tuple[float, float], definition: str) -> Any:
    """A mean, or the mean of the three largest ("worst"), over the nuclei of one image."""
    return measurement(label, plausible=plausible, note=definition, factor=FactorClass.MARKER, expected=LARGER)


def standard_error(label: str, plausible: tuple[float, float], definition: str, **meaning: Any) -> Any:
    """The standard error of a mean over the nuclei of one image; no source gives it a direction."""
    return measurement(label, plausible=plausible, note=definition, factor=FactorClass.MARKER, **meaning)


class BreastCancerDiagnosis(Cohort):
    """One row per patient: one digitised image of a fine needle aspirate, and the diagnosis found later."""

    patient_id: Text = identifier("Patient number")
    mean_radius: Decimal = nuclei(
        "Mean nuclear radius",
        (1, 100),
        "mean distance from the centre to the outline, in the image's unit of length",
    )
    mean_texture: Decimal = nuclei("Mean nuclear texture", (0, 128), "standard deviation of the grey values")
    mean_perimeter: Decimal = nuclei("Mean nuclear perimeter", (6, 650), "in the image's unit of length")
    mean_area: Decimal = nuclei("Mean nuclear area", (3, 32000), "in the image's unit of length, squared")
    mean_smoothness: Decimal = nuclei("Mean nuclear smoothness", (0, 1), "local variation of the radius; a ratio")
    mean_compactness: Decimal = nuclei(
        "Mean nuclear compactness", (0, 5), "perimeter squared, divided by the area, less 1; a ratio"
    )
    mean_concavity: Decimal = nuclei(
        "Mean nuclear concavity", (0, 5), "depth of the concave parts of the outline; a ratio"
    )
    mean_concave_points: Decimal = nuclei(
        "Mean nuclear concave points", (0, 1), "share of the outline that is concave; a ratio"
    )
    mean_symmetry: Decimal = nuclei(
        "Mean nuclear asymmetry", (0, 2), "relative difference between lengths on the two sides; a ratio"
    )
    mean_fractal_dimension: Decimal = nuclei(
        "Mean nuclear fractal dimension", (0, 1), "roughness of the outline: coastline approximation, less 1"
    )
    radius_error: Decimal = standard_error(
        "SE of nuclear radius",
        (0, 50),
        "mean distance from the centre to the outline, in the image's unit of length",
    )
    texture_error: Decimal = standard_error("SE of nuclear texture", (0, 128), "standard deviation of the grey values")
    perimeter_error: Decimal = standard_error("SE of nuclear perimeter", (0, 300), "in the image's unit of length")
    area_error: Decimal = standard_error("SE of nuclear area", (0, 8000), "in the image's unit of length, squared")
    smoothness_error: Decimal = standard_error(
        "SE of nuclear smoothness", (0, 1), "local variation of the radius; a ratio"
    )
    compactness_error: Decimal = standard_error(
        "SE of nuclear compactness", (0, 2), "perimeter squared, divided by the area, less 1; a ratio"
    )
    concavity_error: Decimal = standard_error(
        "SE of nuclear concavity", (0, 2), "depth of the concave parts of the outline; a ratio"
    )
    concave_points_error: Decimal = standard_error(
        "SE of nuclear concave points",
        (0, 1),
        "share of the outline that is concave; a ratio",
        acknowledged={"suspected missing code": "0 where no nucleus of the image has a concave part"},
    )
    symmetry_error: Decimal = standard_error(
        "SE of nuclear asymmetry", (0, 1), "relative difference between lengths on the two sides; a ratio"
    )
    fractal_dimension_error: Decimal = standard_error(
        "SE of nuclear fractal dimension", (0, 1), "roughness of the outline: coastline approximation, less 1"
    )
    worst_radius: Decimal = nuclei(
        "Worst nuclear radius",
        (1, 100),
        "mean distance from the centre to the outline, in the image's unit of length",
    )
    worst_texture: Decimal = nuclei("Worst nuclear texture", (0, 128), "standard deviation of the grey values")
    worst_perimeter: Decimal = nuclei("Worst nuclear perimeter", (6, 650), "in the image's unit of length")
    worst_area: Decimal = nuclei("Worst nuclear area", (3, 32000), "in the image's unit of length, squared")
    worst_smoothness: Decimal = nuclei("Worst nuclear smoothness", (0, 1), "local variation of the radius; a ratio")
    worst_compactness: Decimal = nuclei(
        "Worst nuclear compactness", (0, 5), "perimeter squared, divided by the area, less 1; a ratio"
    )
    worst_concavity: Decimal = nuclei(
        "Worst nuclear concavity", (0, 5), "depth of the concave parts of the outline; a ratio"
    )
    worst_concave_points: Decimal = nuclei(
        "Worst nuclear concave points", (0, 1), "share of the outline that is concave; a ratio"
    )
    worst_symmetry: Decimal = nuclei(
        "Worst nuclear asymmetry", (0, 2), "relative difference between lengths on the two sides; a ratio"
    )
    worst_fractal_dimension: Decimal = nuclei(
        "Worst nuclear fractal dimension", (0, 1), "roughness of the outline: coastline approximation, less 1"
    )
    diagnosis: Coded = category("Diagnosis", {"benign": "benign", "malignant": "malignant"}, role=Role.OUTCOME)

    class Config:
        """The cohort as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="Malignancy of a breast mass from cytology",
                population="Patients with a palpable breast mass who had a fine needle aspiration at the University "
                "of Wisconsin",
                intended_use="To show a cytologist how the measured nuclei compare with those of earlier patients, as "
                "a second reading beside their own.",
                outcome=Binary(column="diagnosis", event="malignant", says="a malignant mass"),
                source=f"Wisconsin Diagnostic Breast Cancer data; {STREET}",
                licence="CC BY 4.0 (UCI Machine Learning Repository)",
                thresholds=(0.05, 0.10, 0.15, 0.20, 0.25, 0.30, 0.35, 0.40, 0.45, 0.50),
                single_ceiling=0.985,
                single_ceiling_source=f"{STREET}: three measurements together classify 97% of the masses correctly",
                published_auroc=0.99,
                published_auroc_source=f"usual for logistic regression on these measurements; {STREET}",
                auroc_ceiling=0.9995,
                auroc_ceiling_source=f"{STREET}: 97% of masses classified correctly; AUROC of about .99 is usual",
                limits=(
                    "Nuclei were outlined by hand on digitised images of one centre; another microscope or operator "
                    "changes the measurements.",
                    "More than a third of the masses were malignant: a referred population, not a screened one.",
                    "Age, history and imaging are not in the table.",
                ),
            )
        }
