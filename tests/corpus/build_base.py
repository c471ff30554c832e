"""The ward all files derive from, and the few calls that declare a case."""

import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import TypedDict, Unpack

import yaml

HERE = Path(__file__).parent
FILES = HERE / "files"

Value = str | int | float | None
Read = Mapping[str, Mapping[str, Value]]
Changes = Mapping[str, Mapping[str, str]]

BASE = """\
patient_id,admitted,discharged,age,systolic,diastolic,glucose,glucose_unit,weight,smoker,sex,ward,died
00123,03/02/2020,10/02/2020,64,138,82,7.4,mmol/L,81.5,1,M,01,0
00207,11/05/2019,,71,150,90,133,mg/dL,68,0,F,02,1
00315,28/02/2021,15/03/2021,45,122,78,5.6,mmol/L,73.2,false,F,03,0
00442,09/09/2018,12/09/2018,58,160,95,11.2,mmol/L,94.0,true,M,01,0
00508,17/12/2022,02/01/2023,83,145,70,,mmol/L,59.9,0,F,02,1
00611,01/07/2016,05/07/2016,37,118,74,4.9,mmol/L,,0,F,03,0
00734,23/10/2023,30/10/2023,69,171,99,9.8,mmol/L,102.3,,M,01,1
00850,06/06/2017,06/06/2017,29,110,65,90,mg/dL,61.4,0,F,02,0
00966,14/01/2024,22/01/2024,76,134,80,6.3,mmol/L,77.7,1,M,03,1
01078,30/11/2015,08/12/2015,52,128,84,5.1,mmol/L,88.8,false,M,01,0
01189,19/08/2020,25/08/2020,90,155,88,8.7,mmol/L,55.5,0,F,02,1
01290,05/03/2022,12/03/2022,61,140,86,7.0,mmol/L,79.1,true,M,03,0
"""
COLUMNS, *ROWS = [line.split(",") for line in BASE.splitlines()]
IDS = [row[0] for row in ROWS]
FIRST = "00123"  # where a case changes one cell only
STAYING = "00207"  # not discharged yet

LABELS: Mapping[str, Mapping[str, str]] = {
    "smoker": {"1": "yes", "true": "yes", "0": "no", "false": "no"},
    "sex": {"F": "female", "M": "male"},
    "ward": {"01": "north", "02": "south", "03": "west"},
    "died": {"0": "no", "1": "yes"},
}
CODED_MISSING = {"glucose": "-9", "weight": "0", "smoker": "?"}


class Outcome(TypedDict, total=False):
    """Exactly one of the three."""

    refused: str
    quarantined: Mapping[str, int]
    read: Read


class Case(TypedDict):
    file: str
    about: str
    source: Mapping[str, str]
    outcome: Outcome
    data: bytes | None


cases: list[Case] = []


def case(  # one call per case
    file: str,
    about: str,
    data: bytes | str | None,
    source: Mapping[str, str] | None = None,
    **outcome: Unpack[Outcome],
) -> None:
    """Declare a case; `data` None leaves the file out."""
    assert len(outcome) == 1, file
    ending = file.removesuffix(".gz").rsplit(".", 1)[1]
    kind = ending if ending in ("parquet", "xlsx") else "csv"
    blob = data.encode() if isinstance(data, str) else data
    cases.append(Case(file=file, about=about, source={"format": kind} | dict(source or {}), outcome=outcome, data=blob))


def lines(changes: Changes | None = None, order: Iterable[str] = COLUMNS) -> list[list[str]]:
    """The ward's header and records, with the named cells changed."""
    changes = changes or {}
    assert set(changes) <= set(IDS), changes
    records = [dict(zip(COLUMNS, row, strict=True)) | dict(changes.get(row[0], {})) for row in ROWS]
    order = list(order)
    return [order, *([record[column] for column in order] for record in records)]


def text(rows: Iterable[Iterable[str]], delimiter: str = ",", end: str = "\n") -> str:
    """Rows as delimited text, quoting nothing."""
    return "".join(delimiter.join(row) + end for row in rows)


def ward(changes: Changes | None = None, delimiter: str = ",", end: str = "\n") -> str:
    """The ward as delimited text, with the named cells changed."""
    return text(lines(changes), delimiter, end)


def cell(file: str, about: str, column: str, raw: str, **outcome: Unpack[Outcome]) -> None:
    """Declare a CSV case that changes one cell of the first record to `raw`, written unquoted."""
    case(file, about, ward({FIRST: {column: raw}}), **outcome)


def value(file: str, about: str, column: str, raw: str, read: Value) -> None:
    """Declare a CSV case in which the changed cell of the first record reads as `read`."""
    cell(file, about, column, raw, read={FIRST: {column: read}})


def identifier(file: str, about: str, identity: str, raw: str | None = None) -> None:
    """Declare a CSV case in which the first record's identifier, written `raw`, reads as `identity`."""
    cell(file, about, "patient_id", identity if raw is None else raw, read=renamed(identity))


def renamed(identity: str) -> Read:
    """The first record, under another identifier: FIRST is no longer there."""
    return {identity: {"patient_id": identity, "admitted": "2020-02-03", "age": 64, "sex": "male"}}


def millimoles(milligrams: str) -> float:
    """A glucose in mg/dL, in mmol/L."""
    return float(Fraction(milligrams) / Fraction("18.0156"))


def typed(column: str, raw: str, unit: str = "mmol/L") -> Value:
    """A valid cell of the ward as its value; written for the base alone, where every text is plain."""
    if raw in ("", CODED_MISSING.get(column)):
        return None
    if column in ("admitted", "discharged"):
        return datetime.strptime(raw, "%d/%m/%Y").date().isoformat()
    if column in ("age", "systolic", "diastolic"):
        return int(raw)
    if column == "glucose" and unit == "mg/dL":
        return millimoles(raw)
    if column in ("glucose", "weight"):
        return float(raw)
    return LABELS[column][raw] if column in LABELS else raw


def everything() -> Read:
    """Every cell of the base except glucose_unit, for which no label is declared."""
    records = [dict(zip(COLUMNS, row, strict=True)) for row in ROWS]
    return {
        record["patient_id"]: {
            column: typed(column, record[column], record["glucose_unit"])
            for column in COLUMNS
            if column != "glucose_unit"
        }
        for record in records
    }


class Dumper(yaml.SafeDumper):
    """Quotes whatever some YAML could take for a number or a date, and escapes what an eye cannot see."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _scalar(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    plain = re.fullmatch(r"[A-Za-z][A-Za-z0-9 _./,;()'-]*", text) is not None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, None if plain else '"')


Dumper.add_representer(str, _scalar)

HEAD = """\
# Written by build.py: change the cases there. Each file with its source and exactly one outcome:
#   refused: the rule that refuses the table, which the message names as: rule '<rule>'
#   quarantined: how many records each rule quarantines; the others read as in csv_base.csv
#   read: the cells that differ from csv_base.csv, under the identifier as read; all else is as there
# Numbers agree to one part in a thousand million. OPEN in `about`: the rules leave the outcome open.
"""


def write() -> None:
    """Write every file and the expectations, and remove files that no case declares."""
    names = [one["file"] for one in cases]
    assert len(names) == len(set(names)), sorted(name for name in names if names.count(name) > 1)
    FILES.mkdir(exist_ok=True)
    for stray in FILES.iterdir():
        stray.unlink()
    for one in cases:
        if one["data"] is not None:
            assert len(one["data"]) < 50_000, one["file"]
            (FILES / one["file"]).write_bytes(one["data"])
    rows = [
        {"file": one["file"], "about": one["about"], "source": dict(one["source"]), **one["outcome"]} for one in cases
    ]
    body = yaml.dump(rows, Dumper=Dumper, sort_keys=False, width=110, allow_unicode=False)
    (HERE / "expected.yaml").write_text(HEAD + body, encoding="utf-8")
