"""The columns that a network makes of a record's images: predictors that no source has."""

from collections.abc import Mapping

from data_schemas.vocabulary import Column, FactorClass, Kind, Role

FARTHEST = 30.0  # log-odds; a component is in standard deviations, and stays below that too


def derive_findings(images: Mapping[str, Column]) -> dict[str, Column]:
    """What the network tells of each of the columns `images`: log-odds of the finding, then the components.

    They are markers, may be missing, and count for nothing where patients are compared to find phenotypes: those are
    sought in the record alone.
    """
    found = {}
    for name, column in images.items():
        assert column.image is not None, "a column of this role describes its images"
        found[name_log_odds(name)] = _finding(f"{column.label}: finding of the network", "log-odds")
        for number in range(1, column.image.components + 1):
            label = f"{column.label}: component {number} of the network"
            found[name_component(name, number)] = _finding(label, "standard deviations")
    return found


def name_log_odds(image: str) -> str:
    """The column with the log-odds of a finding on the images that the column `image` names."""
    return f"{image}_log_odds"


def name_component(image: str, number: int) -> str:
    """The column with component `number`, from 1, of what else the network sees on the images of the column `image`."""
    return f"{image}_component_{number}"


def _finding(label: str, unit: str) -> Column:
    return Column(
        label, Role.PREDICTOR, Kind.DECIMAL, unit=unit, plausible=(-FARTHEST, FARTHEST), factor=FactorClass.MARKER,
        missing_allowed=True, phenotype_weight=0.0,
    )  # fmt: skip
