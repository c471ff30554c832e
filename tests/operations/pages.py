"""A made-up clinic with a modifiable factor, and what its patients are explained with."""

from dataclasses import replace

import pandas as pd

from data_schemas.columns import Change, Decimal, Direction, Expected, FactorClass, measurement
from pipeline.explanation.changes import Basis
from pipeline.records.new_patients import check_new_patients
from tests.explanation.planted import everything_goes
from tests.operations.scoring import make_deployed
from tests.records.wide_clinic import Clinic, make_text


class Ward(Clinic):
    """The clinic in which the marker may fall by 0.5, to no less than -1."""

    marker: Decimal = measurement(
        "Marker", plausible=(-9, 9), missing_allowed=True, missing_codes=("?",), factor=FactorClass.MODIFIABLE,
        expected=Expected(Direction.INCREASES, "made up"), change=Change(-0.5, (-1, 9), "made up"),
    )  # fmt: skip


def make_basis(**changes) -> Basis:
    """The made-up model of `Ward`; its marker may be declared otherwise."""
    inputs = Ward.predictors()
    inputs["marker"] = replace(inputs["marker"], **changes)
    return Basis(make_deployed(Ward)[0], inputs, Ward.derive, everything_goes)


def make_wards(seed: int, n: int) -> pd.DataFrame:
    """Typed records of new patients."""
    return check_new_patients(make_text(seed, n), Ward).sound.reset_index(drop=True)
