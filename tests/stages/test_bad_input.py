"""Bad input: one clear sentence, exit code 3, nothing lost, nothing half-written, no patient's value shown.

Every patient's number holds the sentinel, so whatever record a message showed, it would be seen.
"""

import random
from pathlib import Path

import pytest

from pipeline.stages import ingest, validate
from pipeline.stages.wiring import _attempt

COHORT = "breast_cancer_recurrence"
SOURCE = Path("data/demo/german_breast_cancer.csv")
SENTINEL = "7731"


@pytest.fixture
def source(root: Path) -> Path:
    """The repository root, the sentinel in every record of the source."""
    rows = lines()
    write([rows[0], *[f"{SENTINEL}-{line}" for line in rows[1:]]])
    return root


def leave_earlier_outputs(root: Path) -> None:
    for name in ("raw.parquet", "valid.parquet", "quarantine.parquet"):
        (root / "data" / COHORT).mkdir(exist_ok=True)
        (root / "data" / COHORT / name).write_bytes(f"earlier {name}".encode())
    (root / "data" / COHORT / "images").mkdir()
    for name in ("index.parquet", "pixels.npy"):
        (root / "data" / COHORT / "images" / name).write_bytes(f"earlier {name}".encode())
    (root / "reports" / COHORT).mkdir(parents=True)
    (root / "reports" / COHORT / "validation.json").write_text("{}")


def attempt_both() -> int:
    code = _attempt("ingest", COHORT, ingest.main, debug=False)
    return code or _attempt("validate", COHORT, validate.main, debug=False)


def generated(root: Path) -> dict[str, bytes]:
    folders = (root / "data" / COHORT, root / "reports")
    return {str(p.relative_to(root)): p.read_bytes() for f in folders for p in f.rglob("*") if p.is_file()}


def lines() -> list[str]:
    return SOURCE.read_text().splitlines()


def write(rows: list[str], **options) -> None:
    SOURCE.write_text("\n".join(rows) + "\n", **options)


def replace_field(row: int, column: str, value: str) -> None:
    rows = [line.split(",") for line in lines()]
    rows[row][rows[0].index(column)] = value
    write([",".join(fields) for fields in rows])


def map_column(column: str, value: str) -> None:
    rows = [line.split(",") for line in lines()]
    place = rows[0].index(column)
    write([",".join([*f[:place], value if i else column, *f[place + 1 :]]) for i, f in enumerate(rows)])


def drop_column(column: str) -> None:
    rows = [line.split(",") for line in lines()]
    place = rows[0].index(column)
    write([",".join(fields[:place] + fields[place + 1 :]) for fields in rows])


def recur_in_order(died: str) -> None:
    """Everybody has, or nobody has, the event some day; the dates still agree."""
    map_column("recurred", died)
    map_column("died", "0")


def keep_early_events() -> None:
    """Only those who had the event within two years stay."""
    head, *rest = lines()
    days, recurred = (head.split(",").index(name) for name in ("days_to_recurrence_or_censoring", "recurred"))
    write([head, *(r for r in rest if r.split(",")[recurred] == "1" and int(r.split(",")[days]) < 730)])


FAULTS = {
    "missing file": (SOURCE.unlink, ["is missing", "german_breast_cancer.csv"]),
    "empty file": (lambda: SOURCE.write_text(""), ["is empty"]),
    "header only": (lambda: write(lines()[:1]), ["no records"]),
    "missing column": (lambda: drop_column("age"), ["missing age"]),
    "extra column": (
        lambda: write([f"{line},{'x' if i else 'extra'}" for i, line in enumerate(lines())]),
        ["column number 17 of 17"],
    ),
    "renamed column": (
        lambda: write([lines()[0].replace("age", "years", 1), *lines()[1:]]),
        ["missing age", "not declared: column number 5 of 16"],
    ),
    "column named twice": (
        lambda: write([f"{line},{line.split(',')[-1]}" for line in lines()]), ["repeated died"],
    ),
    "repeated column": (
        lambda: write([lines()[0].replace("died", "age"), *lines()[1:]]), ["missing died", "repeated age"],
    ),
    "no header": (
        lambda: write([lines()[1].replace("38", SENTINEL), *lines()[1:]]), ["missing patient_id", "check header"],
    ),
    "wrong delimiter": (lambda: write([line.replace(",", ";") for line in lines()]), ["'header'", "and delimiter"]),
    "ragged row": (lambda: write([*lines(), f"900,{SENTINEL}"]), ["record 687 has 2 fields, expected 16"]),
    "trailing delimiter": (lambda: write([lines()[0], *[f"{x}," for x in lines()[1:]]]), ["has 17 fields"]),
    "broken quotes": (lambda: write([*lines(), f'"{SENTINEL}']), ["quotes are broken"]),
    "NUL byte": (lambda: write([*lines(), f"\0{SENTINEL}"]), ["NUL byte"]),
    "wrong encoding": (lambda: write([*lines(), "Ä" * 3], encoding="latin-1"), ["not valid utf-8"]),
    "number in words": (
        lambda: replace_field(3, "age", f"x{SENTINEL}"), ["column age", "rule 'whole number'", ": 1;"],
    ),
    "decimal in a whole number": (lambda: replace_field(3, "age", f"{SENTINEL}.5"), ["column age", "whole number"]),
    "number with an exponent": (lambda: replace_field(3, "age", f"{SENTINEL}E0"), ["column age", "whole number"]),
    "unknown code": (
        lambda: replace_field(3, "tumour_grade", SENTINEL), ["column tumour_grade", "rule 'known code'", ": 1;"],
    ),
    "date in another format": (
        lambda: replace_field(3, "diagnosis_date", "1986-07-31"), ["column diagnosis_date", "as %d-%m-%Y", ": 1;"],
    ),
    "date without leading zeros": (lambda: replace_field(3, "diagnosis_date", "1-7-1986"), ["rule 'date format'"]),
    "date for ever": (lambda: replace_field(3, "death_date", "31-12-9999"), ["column death_date", "to 2261): 1;"]),
    "whole column in words": (lambda: map_column("age", f"x{SENTINEL}"), ["column age", "'whole number'", ": 686;"]),
    "two columns at fault": (
        lambda: (replace_field(3, "age", "old"), replace_field(4, "died", SENTINEL)),
        ["column age, rule 'whole number'", "column died, rule 'known code'"],
    ),
    "impossible date": (lambda: replace_field(3, "diagnosis_date", "31-02-1986"), ["rule 'date format'"]),
    "duplicate patient": (
        lambda: replace_field(3, "patient_id", lines()[1].split(",")[0]),
        ["of 686 records", "rule 'one row per patient' (No two records are of one patient): 2;"],
    ),
    "patient without identifier": (
        lambda: replace_field(3, "patient_id", ""), ["rule 'identifier given' (Every record has"],
    ),
    "all quarantined": (lambda: map_column("age", SENTINEL), ["686 of 686 records break a rule", "at most 105 years"]),
    "too many quarantined": (
        lambda: [replace_field(row, "age", SENTINEL) for row in range(1, 139)],
        ["138 of 686 records break a rule, expected at most 20%", "(Age at diagnosis is at most 105 years): 138"],
    ),
    "no event": (lambda: recur_in_order("0"), ["column recurred", "0 of 686 valid records have the event"]),
    "only events": (keep_early_events, ["column recurred", "and 0 are known not to"]),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_is_refused_in_one_sentence_and_changes_nothing(fault, source, capfd):
    break_it, expected = FAULTS[fault]
    leave_earlier_outputs(source)
    before = generated(source)
    break_it()
    assert attempt_both() == 3
    output = "".join(capfd.readouterr())
    [sentence] = [line for line in output.splitlines() if " error: " in line]
    assert [part for part in expected if part not in sentence] == []
    assert SENTINEL not in output
    assert "Traceback" not in output
    after = generated(source)
    assert set(after) == set(before)
    read = set() if f"ingest {COHORT}: " in sentence else {f"data/{COHORT}/raw.parquet"}
    assert {name for name in after if after[name] != before[name]} == read


def test_a_table_damaged_between_stages_is_refused_and_changes_nothing(source, capfd):
    leave_earlier_outputs(source)
    assert _attempt("ingest", COHORT, ingest.main, debug=False) == 0
    raw = Path(f"data/{COHORT}/raw.parquet")
    content = bytearray(raw.read_bytes())
    content[len(content) // 2] ^= 255
    raw.write_bytes(content)
    before = generated(source)
    assert _attempt("validate", COHORT, validate.main, debug=False) == 3
    [sentence] = [line for line in "".join(capfd.readouterr()).splitlines() if " error: " in line]
    assert "raw.parquet, rule 'parquet file': records 1 to 686 cannot be read" in sentence
    assert SENTINEL not in sentence
    assert generated(source) == before


def test_what_a_killed_run_left_is_gone_and_changes_nothing(source):
    assert attempt_both() == 0
    before = generated(source)
    left = source / "data" / COHORT / ".validate.partial"
    (left / "checked").mkdir(parents=True)
    (left / "checked" / "7.arrow").write_bytes(b"half")
    assert attempt_both() == 0
    assert generated(source) == before
    assert not left.exists()


def test_the_source_as_it_is_passes_without_a_value_in_the_log(source, capfd):
    leave_earlier_outputs(source)
    before = generated(source)
    assert attempt_both() == 0
    after = generated(source)
    assert set(after) == set(before)
    assert [name for name in after if after[name] == before[name]] == []
    assert SENTINEL not in "".join(capfd.readouterr())


def test_any_order_of_rows_and_columns_makes_the_same_bytes(source):
    replace_field(3, "age", "17")
    assert attempt_both() == 0
    first = generated(source)
    table = [line.split(",") for line in lines()]
    columns = random.Random(1).sample(range(len(table[0])), len(table[0]))
    rows = [table[0], *random.Random(2).sample(table[1:], len(table) - 1)]
    write([",".join(row[c] for c in columns) for row in rows])
    assert attempt_both() == 0
    raw = str(Path("data") / COHORT / "raw.parquet")  # it keeps the source's order, which the traps look at
    assert {k: v for k, v in generated(source).items() if k != raw} == {k: v for k, v in first.items() if k != raw}


def test_records_out_of_range_go_to_quarantine_with_rule_and_column(source):
    import pandas as pd

    replace_field(3, "age", "17")
    replace_field(4, "age", SENTINEL)
    replace_field(5, "tumour_size_mm", "")
    replace_field(6, "recurrence_date", "01-01-1984")
    assert attempt_both() == 0
    quarantine = pd.read_parquet(f"data/{COHORT}/quarantine.parquet")
    broken = set(
        zip(quarantine["patient_id"], quarantine["broken_rule"], quarantine["rule_column"].fillna(""), strict=True)
    )
    ids = [line.split(",")[0] for line in lines()]
    assert broken == {
        (ids[3], "low", "age"),
        (ids[4], "high", "age"),
        (ids[5], "missing", "tumour_size_mm"),
        (ids[6], "dates_in_order", ""),
        (ids[6], "follow_up_agrees", ""),
    }
    valid = pd.read_parquet(f"data/{COHORT}/valid.parquet")
    assert len(valid) == 682
    assert "patient_id" not in valid
