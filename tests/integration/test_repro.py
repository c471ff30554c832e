"""The whole pipeline as its users run it: real DVC, real files, a clone of its own."""

import json
import stat
from pathlib import Path

import pandas as pd
import pytest

from tests.integration.shared import build_once, build_tiny, copy_workspace
from tests.integration.tiny import add_cohort, make_table, output_hashes, repro

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_workspace(build_once(tmp_path_factory, "tiny", build_tiny), tmp_path_factory.mktemp("repro") / "clone")


def contents(target: Path) -> dict[str, bytes]:
    folders = ("reports", "artifacts", "data/tiny")
    return {str(p): p.read_bytes() for f in folders for p in sorted((target / f).rglob("*")) if p.is_file()}


def test_every_published_file_is_there_and_small(built):
    folder = built / "reports/tiny"
    names = {p.name for p in folder.iterdir()}
    assert {"report.html", "model_card.md", "data_dictionary.html", "metrics.json", "models.csv"} <= names
    assert {"report.json", "tables"} <= names
    assert (folder / "tables/measures.csv").exists()
    assert {"validation.json", "verdict.json", "phenotypes.json", "risk_factors.csv"} <= names
    assert (built / "reports/index.html").exists()
    assert (folder / "report.html").stat().st_size < 1_000_000
    metrics = json.loads((folder / "metrics.json").read_text())
    assert all(isinstance(value, int | float) for value in metrics.values())
    assert {"auroc", "auroc_lo", "auroc_hi", "brier", "calibration_slope", "oe_ratio", "n", "events"} <= set(metrics)


def test_planted_effect_is_found_and_records_add_up(built):
    metrics = json.loads((built / "reports/tiny/metrics.json").read_text())
    assert metrics["auroc_lo"] > 0.5
    validation = json.loads((built / "reports/tiny/validation.json").read_text())
    found = [validation[key] for key in ("rows_in", "valid", "quarantined")]
    assert found == [400, 390, 10]  # 400, 392 and 8, to the nearest multiples of five that add up
    factors = pd.read_csv(built / "reports/tiny/risk_factors.csv").set_index("predictor")
    assert set(factors.index[:2]) == {"age", "pressure"}
    assert factors.loc["pressure", "risk_difference"] < 0
    assert factors.drop(index="pressure")["eligible"].isna().all()


def test_patient_level_files_are_closed_and_unknown_to_git_and_cache(built):
    for folder in ("data/tiny", "artifacts/tiny"):
        assert stat.S_IMODE((built / folder).stat().st_mode) == 0o700
        modes = {(p.is_dir(), stat.S_IMODE(p.stat().st_mode)) for p in (built / folder).rglob("*")}
        assert modes <= {(False, 0o600), (True, 0o700)}
    assert stat.S_IMODE((built / "reports/tiny/report.html").stat().st_mode) == 0o644
    assert not (built / ".dvc/cache").exists()


def test_no_identifier_or_value_of_a_patient_is_published(built):
    table = make_table()
    for page in (built / "reports").rglob("*"):
        text = page.read_text() if page.is_file() else ""
        assert not [p for p in table["patient_id"] if p in text], page


def test_nothing_runs_when_nothing_changed(built):
    result = repro(built)
    assert "Running stage" not in result.stdout
    assert result.returncode == 0


def test_same_bytes_again_and_with_the_rows_shuffled(built):
    first = output_hashes(built)
    assert repro(built, "--force").returncode == 0
    assert output_hashes(built) == first
    source = built / "data/incoming/tiny.csv"
    table = pd.read_csv(source, dtype=str, keep_default_na=False)
    table.sample(frac=1, random_state=1).to_csv(source, index=False)
    result = repro(built)
    assert "Running stage 'ingest@tiny'" in result.stdout
    raw = {"data/tiny/raw.parquet"}  # keeps the source's order, which the search for traps looks at; nothing else does
    after = output_hashes(built)
    assert {path for path in after if after[path] != first[path]} == raw


def test_refused_input_leaves_everything_as_it_was(built):
    before, source = contents(built), built / "data/incoming/tiny.csv"
    good = source.read_text()
    source.write_text(good.replace("P00003,", "P00003,7731-SENTINEL"))
    result = repro(built)
    source.write_text(good)
    said = result.stdout + result.stderr
    assert result.returncode != 0
    assert "column age, rule 'whole number'" in said
    assert "exited with 3" in said
    assert "SENTINEL" not in said
    changed = {p for p, content in contents(built).items() if before.get(p) != content}
    assert changed == {str(built / "data/tiny/raw.parquet")}
    assert repro(built).returncode == 0
    assert contents(built) == before


def test_a_new_cohort_is_a_schema_file_and_an_entry(built):
    add_cohort(built, "second", make_table(seed=5))
    result = repro(built)
    assert result.returncode == 0, result.stderr
    assert "tiny" not in {line.split("@")[-1].rstrip("':") for line in result.stdout.splitlines() if "Running" in line}
    index = (built / "reports/index.html").read_text()
    assert "second/report.html" in index
    assert "tiny/report.html" in index
