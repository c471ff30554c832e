from dataclasses import replace

import pandas as pd
import pytest
from click.testing import CliRunner

from pipeline.__main__ import cli
from pipeline.errors import ConfigurationError
from pipeline.image_store import read_images
from pipeline.operations import radiographs
from pipeline.operations.radiographs import Radiographs, write_radiographs
from pipeline.records.quarantine import validate_records
from pipeline.records.sources.read import read_source
from pipeline.sections import DelimitedSource, Validate
from pipeline.settings import load_cohort
from tests.extras import needs_imaging

ASKED = Radiographs(patients=60, seed=2, side=48)
SETTINGS = Validate(pseudonym_key="a key for tests", quarantine_at_most=0.2)


def contents(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@needs_imaging
@pytest.mark.parametrize("dicom", [False, True])
def test_validation_sets_aside_what_was_spoilt_and_nothing_else(tmp_path, dicom):
    out, scratch = tmp_path / "made", tmp_path / "scratch"
    scratch.mkdir()
    write_radiographs(out, replace(ASKED, dicom=dicom))
    cohort = load_cohort("synthetic_radiographs")
    raw = read_source(DelimitedSource(format="csv", path=str(out / "records.csv")), cohort.columns())
    validated = validate_records(raw, cohort, SETTINGS, images=out, scratch=scratch)
    broken = set(validated.quarantine["broken_rule"])
    expected = {"image decodable", "image not empty", "image found", "image of one patient"}
    assert broken == (expected | {"image of this patient"} if dicom else expected)
    truth = pd.read_parquet(out / "truth.parquet")
    assert set(truth["fault"]) == {"sound", "truncated", "empty", "absent", "copied"}
    assert validated.quarantine["patient_id"].nunique() == 5  # the fifth is the patient whose image was copied
    assert len(validated.valid) == len(truth) - 5
    validated.write_images(tmp_path / "store")
    store = read_images(tmp_path / "store")
    placed = set(store.index.loc[store.index["placed"], "record"])
    found = {place for place, kind in enumerate(validated.valid["finding"]) if pd.notna(kind) and kind != "none"}
    assert placed == found
    assert len(store) == validated.valid["radiograph"].notna().sum() == truth["pictured"].sum() - 5


@needs_imaging
def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name, asked in (("a", ASKED), ("b", ASKED), ("c", replace(ASKED, seed=3))):
        write_radiographs(tmp_path / name, asked)
    first, again, other = (contents(tmp_path / name) for name in "abc")
    assert first == again
    assert first != other
    assert len(first) > 50


@needs_imaging
def test_the_command_says_what_it_made_and_writes_over_nothing(tmp_path):
    asked = ["synth-radiographs", "--out", str(tmp_path / "made"), "--patients", "5"]
    done = CliRunner().invoke(cli, asked)
    assert done.exit_code == 0
    assert (
        f"Wrote 5 made-up records, their radiographs and the truth behind them to {tmp_path / 'made'}." in done.output
    )
    assert len(pd.read_csv(tmp_path / "made" / "records.csv")) == 5
    with pytest.raises(ConfigurationError, match="exists already; remove it or name another folder"):
        write_radiographs(tmp_path / "made", ASKED)


def test_without_the_extra_one_sentence_says_what_to_install(tmp_path, monkeypatch):
    def refuse():
        raise ConfigurationError("images need the extra")

    monkeypatch.setattr(radiographs, "require_imaging", refuse)
    with pytest.raises(ConfigurationError, match="images need the extra"):
        write_radiographs(tmp_path / "made", ASKED)
    assert list(tmp_path.iterdir()) == []
