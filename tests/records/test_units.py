import pandas as pd
import pytest

from data_schemas.columns import Column, Kind, Role
from pipeline.errors import ConfigurationError
from pipeline.records.units import convert_units

LABELS = {"1": "mmol/L", "2": "mg/dL", "3": "g/L"}


def column(**meaning):
    return Column("X", Role.PREDICTOR, Kind.DECIMAL, **meaning)


def by_record(values, units, **meaning):
    frame = pd.DataFrame({"x": values, "u": pd.Categorical(units, list(LABELS.values()))})
    return convert_units(frame, {"x": column(unit_column="u", **meaning)})


@pytest.mark.parametrize(
    ("source", "unit", "molar_mass", "written", "kept"),
    [
        ("mg/dL", "mmol/L", 180.156, 90.0, 4.9957),  # glucose: 18.0156 mg/dL to the mmol/L
        ("mg/dL", "umol/L", 113.12, 1.0, 88.40),  # creatinine: 88.4
        ("mg/dL", "mmol/L", 386.65, 200.0, 5.1726),  # cholesterol: 38.67 mg/dL to the mmol/L
        ("mmol/L", "mg/dL", 180.156, 5.0, 90.078),
        ("degF", "degC", None, 98.6, 37.0),
        ("lb", "kg", None, 150.0, 68.0389),
        ("inch", "cm", None, 70.0, 177.8),
        ("kPa", "mmHg", None, 16.0, 120.01),
        ("month", "year", None, 18.0, 1.5),
    ],
)
def test_known_conversions(source, unit, molar_mass, written, kept):
    frame = pd.DataFrame({"x": [written, None]})
    made, lacking = convert_units(frame, {"x": column(unit=unit, source_unit=source, molar_mass=molar_mass)})
    assert made["x"][0] == pytest.approx(kept, rel=1e-4)
    assert pd.isna(made["x"][1])
    assert lacking.empty
    assert frame["x"][0] == written


def test_each_record_is_converted_from_its_own_unit():
    units = [*LABELS.values(), None]
    made, lacking = by_record([5.0, 90.078, 0.90078, None], units, unit="mmol/L", molar_mass=180.156)
    assert made["x"][:3].tolist() == pytest.approx([5.0, 5.0, 5.0])
    assert lacking.empty


def test_a_value_without_its_unit_is_listed_and_not_guessed():
    made, lacking = by_record([5.0, 90.0], ["mmol/L", None], unit="mmol/L", molar_mass=180.156)
    assert made["x"].isna().tolist() == [False, True]
    assert lacking.to_dict("records") == [{"record": 1, "rule": "unit given", "column": "x"}]


@pytest.mark.parametrize(
    ("unit", "source", "molar_mass"), [("mmol/L", "mg/dL", None), ("kg", "cm", None), ("kg", "stones of old", None)]
)
def test_units_that_do_not_lead_to_each_other_are_the_schemas_fault(unit, source, molar_mass):
    with pytest.raises(ConfigurationError, match=f"column x: no way leads from '{source}' to '{unit}'"):
        convert_units(pd.DataFrame({"x": [1.0]}), {"x": column(unit=unit, source_unit=source, molar_mass=molar_mass)})
