"""Hostile files: each is refused or quarantined by the rule that was written down for it before, or read exactly."""

from datetime import date, datetime
from pathlib import Path

import pandas as pd
import pytest
import yaml
from pydantic import TypeAdapter

from pipeline.errors import DataRefusedError
from pipeline.records.identity import pseudonymise
from pipeline.records.quarantine import validate_records
from pipeline.records.sources.read import read_source
from pipeline.sections import Source, Validate
from tests.corpus.ward import Ward

HERE = Path(__file__).parent
CASES = {case["file"]: case for case in yaml.safe_load((HERE / "expected.yaml").read_text(encoding="utf-8"))}
BASE = CASES["csv_base.csv"]["read"]
SETTINGS = Validate(pseudonym_key="a key for the corpus", quarantine_at_most=0.5)


def validated(case):
    source = TypeAdapter(Source).validate_python(case["source"] | {"path": str(HERE / "files" / case["file"])})
    raw = read_source(source, Ward.columns())
    return validate_records(raw, Ward, SETTINGS, decimal=case["source"].get("decimal", "."))


def test_the_corpus_is_whole():
    files = {path.name for path in (HERE / "files").iterdir()}
    assert files == set(CASES) - {"csv_not_there.csv"}
    assert len(CASES) >= 120
    for case in CASES.values():
        assert len({"refused", "quarantined", "read"} & set(case)) == 1


@pytest.mark.parametrize("file", [name for name, case in CASES.items() if "refused" in case])
def test_what_cannot_be_trusted_is_refused_by_its_rule(file):
    with pytest.raises(DataRefusedError) as refusal:
        validated(CASES[file])
    said = str(refusal.value)
    assert f"rule '{CASES[file]['refused']}'" in said
    assert "\n" not in said
    assert not shown(said.replace(file, ""))
    assert not any(odd in said for odd in ("<script", "=1+1", "12E3", "1e999", "Example", "\x1b"))


@pytest.mark.parametrize("file", [name for name, case in CASES.items() if "quarantined" in case])
def test_what_breaks_a_rule_is_set_aside_under_its_name(file):
    done = validated(CASES[file])
    counts = done.quarantine.drop_duplicates(["patient_id", "broken_rule"])["broken_rule"].value_counts().to_dict()
    assert counts == CASES[file]["quarantined"]
    assert done.summary["valid"] + done.summary["quarantined"] == done.summary["rows_in"]
    kept = [number for number in BASE if pseudonym(number) in set(done.valid["pseudonym"])]
    assert len(kept) >= len(done.valid) - 1  # an identifier may be the case's own
    for number in kept:
        assert found(done.valid, number) == cells_of(number)


@pytest.mark.parametrize("file", [name for name, case in CASES.items() if "read" in case])
def test_what_is_sound_is_read_exactly(file):
    done = validated(CASES[file])
    assert done.quarantine.empty
    rows = expected_rows(CASES[file]["read"], len(done.valid))
    assert len(done.valid) == len(rows)
    for number in rows:
        assert found(done.valid, number) == cells_of(number, rows)


def expected_rows(told, records):
    """The base's rows with the told cells; a new identifier stands for the base's row that has the same cells."""
    rows = {number: cells | told.get(number, {}) for number, cells in BASE.items()}
    for number in set(told) - set(BASE):
        cells = {name: cell for name, cell in told[number].items() if name != "patient_id"}
        alike = next(n for n, row in rows.items() if n in BASE and n not in told and cells.items() <= row.items())
        rows[number] = rows[alike] | cells
        if len(rows) > records:
            del rows[alike]
    return rows


def pseudonym(number):
    frame = pd.DataFrame({"patient_id": pd.array([number], dtype="string"), "x": [1]})
    return pseudonymise(frame, pd.RangeIndex(1).to_numpy(), "patient_id", SETTINGS.pseudonym_key)[0]["pseudonym"][0]


def found(valid, number):
    [row] = valid[valid["pseudonym"] == pseudonym(number)].to_dict("records")
    return {name: plain(row[name]) for name in BASE["00123"] if name != "patient_id"}


def cells_of(number, rows=BASE):
    return {name: cell for name, cell in rows[number].items() if name != "patient_id"}


def plain(value):
    if pd.isna(value):
        return None
    if isinstance(value, datetime | date):
        return f"{value:%Y-%m-%d}"
    return pytest.approx(value, rel=1e-9) if isinstance(value, float) else value


def shown(said):
    """Identifiers and dates of the ward's patients that a message shows."""
    days = (cells[name] for cells in BASE.values() for name in ("admitted", "discharged") if cells[name])
    written = (f"{day[8:]}/{day[5:7]}/{day[:4]}" for day in days)
    return [value for value in (*BASE, *written) if value in said]
