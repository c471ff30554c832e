"""Reading and validating 1,000,000 x 41 records, a tenth of them bad, against pandas and one lazy pandera validation.

`python benchmarks/validation.py [records]` prints, for each way, wall and CPU time and peak memory of a process of its
own, start-up included, and the ratio to the baseline named first. The baseline does less: it neither names the rule
of each record nor parts the table, hides identifiers or looks for leaks.
"""

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pandera.pandas as pa

from data_schemas.columns import (
    Binary,
    Coded,
    Cohort,
    Decimal,
    FactorClass,
    Role,
    Study,
    Text,
    Whole,
    category,
    identifier,
    measurement,
)
from pipeline.sections import DelimitedSource, ParquetSource, Validate

DECIMALS, WHOLES, CODED = 30, 5, 4
CODES = {"1": "one", "2": "two", "3": "three"}


def _fields() -> dict[str, tuple[object, object]]:
    marker = FactorClass.MARKER
    fields: dict[str, tuple[object, object]] = {"patient_id": (Text, identifier("Number"))}
    for i in range(DECIMALS):
        fields[f"x{i}"] = (Decimal, measurement(f"X{i}", plausible=(0, 1000), factor=marker))
    for i in range(WHOLES):
        fields[f"k{i}"] = (Whole, measurement(f"K{i}", plausible=(0, 100), whole=True, factor=marker))
    for i in range(CODED):
        fields[f"c{i}"] = (Coded, category(f"C{i}", CODES, factor=marker))
    fields["ill"] = (Coded, category("Ill", {"0": "no", "1": "yes"}, role=Role.OUTCOME))
    return fields


def make_cohort() -> type[Cohort]:
    """41 columns: an identifier, 30 decimals, 5 whole numbers, 4 categories and the outcome."""
    study = Study(
        title="t", population="p", intended_use="u", outcome=Binary("ill", "yes", "illness"), source="s", licence="l",
        thresholds=(0.5,), auroc_ceiling=0.9, auroc_ceiling_source="made up",
    )  # fmt: skip
    fields = _fields()
    body = {name: field for name, (_, field) in fields.items()}
    body |= {"__annotations__": {name: kind for name, (kind, _) in fields.items()}, "__module__": __name__}
    body["Config"] = type("Config", (), {"metadata": {"study": study}})
    return type("Benchmark", (Cohort,), body)


def make_table(records: int) -> pd.DataFrame:
    """Random records, in a tenth of which one decimal is not plausible."""
    rng = np.random.default_rng(1)
    table: dict[str, object] = {"patient_id": [f"P{i:08d}" for i in rng.permutation(records)]}
    table |= {f"x{i}": np.round(rng.normal(100, 15, records), 2) for i in range(DECIMALS)}
    table |= {f"k{i}": rng.integers(0, 100, records) for i in range(WHOLES)}
    table |= {f"c{i}": rng.choice(list(CODES), records) for i in range(CODED)}
    frame = pd.DataFrame(table | {"ill": rng.choice(["0", "1"], records, p=[0.8, 0.2])})
    bad = rng.choice(records, records // 10, replace=False)
    for i in range(DECIMALS):
        frame.loc[bad[i::DECIMALS], f"x{i}"] = 1e6
    return frame


def baseline(path: str) -> int:
    """Read with pandas and validate once with pandera, lazily; the number of failures."""
    frame = pd.read_parquet(path)
    columns: dict[str, pa.Column] = {"patient_id": pa.Column(str, unique=True)}
    for name in frame.columns[1:]:
        limits = [pa.Check.ge(0), pa.Check.le(1000 if name[0] == "x" else 100)]
        coded = name[0] in "ci"
        columns[name] = pa.Column(None, pa.Check.isin(["0", *CODES]) if coded else limits)
    try:
        pa.DataFrameSchema(columns, strict=True).validate(frame, lazy=True)
    except pa.errors.SchemaErrors as error:
        return len(error.failure_cases)
    return 0


def ours(path: str) -> int:
    """Read and validate as stages `ingest` and `validate` do; the number of records set aside."""
    from pipeline.records.quarantine import validate_records
    from pipeline.records.sources.read import read_source

    cohort = make_cohort()
    csv = path.endswith(".csv")
    source = DelimitedSource(format="csv", path=path) if csv else ParquetSource(format="parquet", path=path)
    settings = Validate(pseudonym_key="a key for benchmarks", quarantine_at_most=0.2)
    return len(validate_records(read_source(source, cohort.columns()), cohort, settings).quarantine)


def measure(way: str, path: str) -> dict[str, float]:
    """Seconds and gigabytes of a process that does one of the ways."""
    code = (
        "import json,resource,sys; sys.path.insert(0,'.'); from benchmarks import validation as v;"
        f"found=v.{way}({path!r}); u=resource.getrusage(resource.RUSAGE_SELF);"
        "print(json.dumps([found,u.ru_utime+u.ru_stime,u.ru_maxrss/1e6]))"
    )
    start = time.perf_counter()
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    found, cpu, memory = json.loads(out)
    return {"found": found, "wall": time.perf_counter() - start, "cpu": cpu, "memory": memory}


def main(records: int) -> None:
    """Print one line per way."""
    with tempfile.TemporaryDirectory() as folder:
        table = make_table(records)
        parquet, csv = str(Path(folder) / "t.parquet"), str(Path(folder) / "t.csv")
        table.to_parquet(parquet, index=False)
        table.to_csv(csv, index=False)
        del table
        first = measure("baseline", parquet)
        for name, way, path in [("parquet", "ours", parquet), ("csv", "ours", csv), ("pandas", "baseline", parquet)]:
            done = measure(way, path) if way == "ours" else first
            print(
                f"{name:8} {done['wall']:6.1f} s {done['cpu']:6.1f} CPU s {done['memory']:5.2f} GB "
                f"{done['wall'] / first['wall']:5.2f} x baseline, {done['found']:.0f} found"
            )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000)
