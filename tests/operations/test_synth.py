import json

import pandas as pd
import pytest

from pipeline.errors import ConfigurationError
from pipeline.operations.synth import write_synthetic
from pipeline.records.quarantine import validate_records
from pipeline.records.sources.read import read_source
from pipeline.sections import DelimitedSource, ParquetSource, Validate
from pipeline.settings import load_cohort
from tests.conftest import python

SETTINGS = Validate(pseudonym_key="a key for tests", quarantine_at_most=0.0)
COHORT = "breast_cancer_recurrence"


def validated(source):
    cohort = load_cohort(COHORT)
    return validate_records(read_source(source, cohort.columns()), cohort, SETTINGS).valid


def test_csv_and_parquet_hold_the_same_valid_records_and_the_truth_is_beside_them(tmp_path):
    tables = []
    for name, kind in (("a.csv", DelimitedSource), ("b.parquet", ParquetSource)):
        truth = write_synthetic(COHORT, 300, tmp_path / name, 3, 0.3)
        assert truth == (tmp_path / name).with_suffix(".truth.json")
        tables.append(
            validated(kind(format=kind.model_fields["format"].annotation.__args__[0], path=str(tmp_path / name)))
        )
    pd.testing.assert_frame_equal(*tables)
    assert len(tables[0]) == 300
    first, other = (json.loads((tmp_path / f"{name}.truth.json").read_text()) for name in "ab")
    assert first == other


def test_nothing_is_written_over_and_other_endings_are_refused(tmp_path):
    (tmp_path / "a.csv").write_text("mine")
    for name, said in (("a.csv", "exists already"), ("a.xlsx", "expected a name that ends in .csv or .parquet")):
        with pytest.raises(ConfigurationError, match=said):
            write_synthetic(COHORT, 10, tmp_path / name, 1, 0.2)
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert (tmp_path / "a.csv").read_text() == "mine"


def test_the_command_says_what_it_made(tiny_root):
    arguments = ("-m", "pipeline", "synth", "tiny", "--rows", "50", "--out", "made.csv")
    done = python(tiny_root, *arguments)
    assert done.returncode == 0, done.stderr
    assert "Wrote 50 made-up records to made.csv and their risk function to made.truth.json." in done.stdout
    assert len(pd.read_csv(tiny_root / "made.csv")) == 50
    assert python(tiny_root, *arguments).returncode == 2
