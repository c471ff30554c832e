"""Normal, suspect or pathological state of the fetus, from cardiotocograms (Ayres-de-Campos et al. 2000)."""

import pandas as pd

from data_schemas.columns import (
    Classes,
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

SISPORTO = "Ayres-de-Campos et al. 2000, J Matern Fetal Med 9:311"
FIGO = "Ayres-de-Campos et al. 2015, Int J Gynaecol Obstet 131:13"
UP, DOWN = Direction.INCREASES, Direction.DECREASES


def prepare(raw: pd.DataFrame) -> pd.DataFrame:
    """Without the records that repeat another, so that none is on both sides of a split; a number per record."""
    kept = raw.drop_duplicates(ignore_index=True).rename(columns={"baseline value": "baseline_value"})
    return kept.assign(record=range(1, len(kept) + 1))


def per_second(label: str, **meaning: object) -> object:
    """Events per second of the recording."""
    return measurement(label, unit="1/s", plausible=(0, 1), factor=FactorClass.MARKER, **meaning)


def histogram(label: str, plausible: tuple[float, float] = (0, 300)) -> object:
    """A figure of the histogram of the fetal heart rate."""
    return measurement(label, plausible=plausible, factor=FactorClass.MARKER)


class Cardiotocography(Cohort):
    """One row per recording; which recordings are of one woman is not given."""

    record: Text = identifier("Row number")
    baseline_value: Decimal = measurement(
        "Baseline heart rate", unit="1/min", plausible=(50, 250), factor=FactorClass.MARKER
    )
    accelerations: Decimal = per_second("Accelerations", expected=Expected(DOWN, FIGO))
    fetal_movement: Decimal = per_second("Fetal movements")
    uterine_contractions: Decimal = per_second("Uterine contractions")
    light_decelerations: Decimal = per_second("Light decelerations")
    severe_decelerations: Decimal = per_second("Severe decelerations", expected=Expected(UP, FIGO))
    prolongued_decelerations: Decimal = per_second("Prolonged decelerations", expected=Expected(UP, FIGO))
    abnormal_short_term_variability: Decimal = measurement(
        "Time with abnormal short-term variability", unit="%", plausible=(0, 100), factor=FactorClass.MARKER,
        expected=Expected(UP, SISPORTO),
    )  # fmt: skip
    mean_value_of_short_term_variability: Decimal = measurement(
        "Mean short-term variability", plausible=(0, 50), factor=FactorClass.MARKER
    )
    percentage_of_time_with_abnormal_long_term_variability: Decimal = measurement(
        "Time with abnormal long-term variability", unit="%", plausible=(0, 100), factor=FactorClass.MARKER,
        expected=Expected(UP, SISPORTO),
    )  # fmt: skip
    mean_value_of_long_term_variability: Decimal = measurement(
        "Mean long-term variability", plausible=(0, 100), factor=FactorClass.MARKER
    )
    histogram_width: Decimal = histogram("Width")
    histogram_min: Decimal = histogram("Lowest")
    histogram_max: Decimal = histogram("Highest")
    histogram_number_of_peaks: Decimal = histogram("Peaks")
    histogram_number_of_zeroes: Decimal = histogram("Zeroes")
    histogram_mode: Decimal = histogram("Mode")
    histogram_mean: Decimal = histogram("Mean")
    histogram_median: Decimal = histogram("Median")
    histogram_variance: Decimal = histogram("Variance", (0, 1000))
    histogram_tendency: Coded = category(
        "Skewness", {"-1.0": "to the left", "0.0": "symmetric", "1.0": "to the right"}, ordered=True,
        factor=FactorClass.MARKER,
    )  # fmt: skip
    fetal_health: Coded = category(
        "State", {"1.0": "normal", "2.0": "suspect", "3.0": "pathological"}, ordered=True, role=Role.OUTCOME
    )

    class Config:
        """The cohort as a whole."""

        metadata = {  # noqa: RUF012 - pandera reads a plain dictionary
            "study": Study(
                title="State of the fetus",
                population="Recordings before and during birth, Porto",
                intended_use="Comparison of models only.",
                outcome=Classes(column="fetal_health", event="pathological", says="a pathological recording"),
                source=f"UCI Machine Learning Repository 193; {SISPORTO}",
                licence="CC BY 4.0",
                thresholds=(0.05, 0.1, 0.2, 0.3, 0.5),
                auroc_ceiling=0.9995,
                auroc_ceiling_source="macro AUROC about .99 is usual on these recordings",
            )
        }
