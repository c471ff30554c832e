"""One part of the records: checked, given risks, and laid out as the tables that are written."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from data_schemas.columns import Cohort
from pipeline.errors import ConfigurationError
from pipeline.operations.findings import see_images
from pipeline.operations.model_file import Stored
from pipeline.operations.scoring.factors import find_factors, name_factors
from pipeline.operations.scoring.followed import keep_followed
from pipeline.records.new_patients import NewPatients, check_new_patients

TOLD = {
    "risk": "float64",
    "lower": "float64",
    "upper": "float64",
    "outside_support": "boolean",
    "because": "string",
}
PHENOTYPE = {"phenotype": "Int64", "phenotype_distance": "float64", "unlike_phenotypes": "boolean"}


@dataclass(frozen=True)
class Scored:
    """What is told of n records, in their order: their risks, which rules set some aside, and what is evaluated.

    `risks` (n) has the columns of `Scorer.columns`. `refused` has a row for each rule that sets a record aside: the
    record's number in the source from 1, its identifier, and the rule's name and column. `followed` is what
    `keep_followed` keeps, where an evaluation was asked for.
    """

    risks: pd.DataFrame
    refused: pd.DataFrame
    followed: pd.DataFrame | None


@dataclass(frozen=True)
class Scorer:
    """What gives records their risks by the model `stored`, which is called `version`, with so many `factors` each.

    `images` is the folder of the images that records name.
    """

    stored: Stored
    images: Path
    cohort: type[Cohort]
    version: str
    decimal: str
    factors: int
    evaluated: bool

    def columns(self) -> dict[str, str]:
        """The columns of the result and their types. Raises ConfigurationError if the identifier is called like one."""
        identifier = self.cohort.identifier()
        others = {f"also_{name}": "float64" for name in self.stored.deployed.others}
        phenotype = PHENOTYPE if self.stored.phenotypes else {}
        factors = name_factors(min(self.factors, len(self.cohort.predictors())))
        made = TOLD | others | phenotype | factors | {"model": "string", "refused_because": "string"}
        if identifier in made:
            raise ConfigurationError(
                f"the identifier's column {identifier} is called like one of the result; rename it in source and schema"
            )
        return {identifier: "string"} | made

    def score(self, raw: pd.DataFrame) -> Scored:
        """The part `raw` of the records, as `read_new_parts` gives it. Raises as `check_new_patients`."""
        patients = check_new_patients(raw, self.cohort, self.decimal, self.images)
        sound = see_images(self.stored.path, patients.sound, patients.images, self.cohort)
        told = self.stored.predict(sound, self.cohort)
        X = self.stored.see(sound, self.cohort)
        risks = self._tabulate(raw, told, X, patients)
        followed = keep_followed(sound, told, X, self.stored.deployed, self.cohort) if self.evaluated else None
        return Scored(risks, self._list_refused(raw, patients), followed)

    def _tabulate(self, raw: pd.DataFrame, told: pd.DataFrame, X: pd.DataFrame, patients: NewPatients) -> pd.DataFrame:
        made = told.rename(columns={"outside": "outside_support"})
        if self.factors and len(X):
            made = made.join(find_factors(self.stored.deployed.model, X, self.factors))
        columns = self.columns()
        typed = made.reindex(index=raw.index, columns=list(columns)).assign(
            **{self.cohort.identifier(): raw[self.cohort.identifier()]},
            model=self.version,
            refused_because=patients.refused.mask(patients.refused == ""),
        )
        return typed.astype(columns)

    def _list_refused(self, raw: pd.DataFrame, patients: NewPatients) -> pd.DataFrame:
        broken = patients.broken
        record = broken["record"].astype("int64")
        identifier = raw[self.cohort.identifier()].loc[record].astype("string").set_axis(broken.index)
        listed = pd.DataFrame({"record": record + 1, "identifier": identifier})
        return listed.assign(**{name: broken[name].astype("string") for name in ("column", "rule")})
