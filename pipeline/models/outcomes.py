"""From records to what training needs: predictors, observed outcomes, and who is who."""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import pandas as pd

from data_schemas.columns import Cohort, Role
from pipeline.arrays import BoolArray, IntArray
from pipeline.models.features import model_frame
from pipeline.models.shelf import Shelf
from pipeline.outcomes import Observed, observe, outcome_columns
from pipeline.patients import number_patients


@dataclass(frozen=True)
class Examples:
    """n records: predictors X (n, p), outcomes, a number per patient (n,), and the pseudonym of each (n,).

    `targets` are the outcomes as `observe` names them, the one of the headline figures first. `site` (n,) is where
    each record comes from, as text, if the cohort declares it. `shelf` is where the predictors are kept.
    """

    X: pd.DataFrame
    targets: dict[str, Observed]
    patient: IntArray
    pseudonym: pd.Series
    site: pd.Series | None = None
    shelf: Shelf = field(default_factory=Shelf)

    @property
    def observed(self) -> Observed:
        """The outcome of the headline figures."""
        return next(iter(self.targets.values()))

    def take(self, index: BoolArray | IntArray) -> "Examples":
        """The records at `index`: a mask (n,), or positions, of which some may come several times."""
        targets = {name: observed.take(index) for name, observed in self.targets.items()}
        site = None if self.site is None else self.site.iloc[index]
        X = self.shelf.take(self.X, index)
        return Examples(X, targets, self.patient[index], self.pseudonym.iloc[index], site, self.shelf)

    def for_target(self, name: str) -> "Examples":
        """The same records with the outcome `name` alone."""
        return replace(self, targets={name: self.targets[name]})


def make_examples(records: pd.DataFrame, cohort: type[Cohort]) -> Examples:
    """Examples from typed records with a column `pseudonym`, in their order."""
    return gather_examples([records], len(records), cohort, Shelf())


def columns_of_examples(cohort: type[Cohort]) -> list[str]:
    """What `gather_examples` needs of the records, but for what images tell."""
    known = [*cohort.with_role(Role.PREDICTOR), *cohort.with_role(Role.SITE)]
    return ["pseudonym", *known, *outcome_columns(cohort.study().outcome)]


def gather_examples(parts: Iterable[pd.DataFrame], rows: int, cohort: type[Cohort], shelf: Shelf) -> Examples:
    """Examples from typed records that come in parts, `rows` in all, in their order; predictors go to `shelf`."""
    rest: list[pd.DataFrame] = []
    predictors = cohort.predictors()

    def see(part: pd.DataFrame) -> pd.DataFrame:
        rest.append(part.drop(columns=[name for name in predictors if name in part]))
        return model_frame(part, predictors, "float32")

    X = shelf.gather(map(see, parts), rows)
    told = pd.concat(rest)
    site = next(iter(cohort.with_role(Role.SITE)), None)
    return Examples(
        X=X.set_axis(told.index),
        targets=observe(told, cohort.study()),
        patient=number_patients(told["pseudonym"]),
        pseudonym=told["pseudonym"],
        site=None if site is None else told[site].astype("string"),
        shelf=shelf,
    )
