"""The ward as Parquet, and the call that replaces one column."""

import io
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from build_base import COLUMNS, ROWS, Outcome, case

RAW: Mapping[str, list[str | None]] = {name: [row[at] or None for row in ROWS] for at, name in enumerate(COLUMNS)}
DAYS = {
    name: [None if raw is None else datetime.strptime(raw, "%d/%m/%Y").date() for raw in RAW[name]]
    for name in ("admitted", "discharged")
}
WHOLE = {name: [int(raw or "") for raw in RAW[name]] for name in ("age", "systolic", "diastolic", "died")}
DECIMAL = {name: [None if raw is None else float(raw) for raw in RAW[name]] for name in ("glucose", "weight")}
FLAGS = [None if raw is None else raw in ("1", "true") for raw in RAW["smoker"]]

NATIVE: Mapping[str, Any] = {
    "patient_id": pa.array(RAW["patient_id"]),
    "admitted": pa.array(DAYS["admitted"]),
    "discharged": pa.array(DAYS["discharged"]),
    "age": pa.array(WHOLE["age"], pa.int64()),
    "systolic": pa.array(WHOLE["systolic"], pa.int32()),
    "diastolic": pa.array(WHOLE["diastolic"], pa.uint8()),
    "glucose": pa.array(DECIMAL["glucose"]),
    "glucose_unit": pa.array(RAW["glucose_unit"]).dictionary_encode(),
    "weight": pa.array(DECIMAL["weight"]),
    "smoker": pa.array(FLAGS),
    "sex": pa.array(RAW["sex"]).dictionary_encode(),
    "ward": pa.array(RAW["ward"]),
    "died": pa.array(WHOLE["died"], pa.int8()),
}


def packed(table: Any, **options: Any) -> bytes:
    """A table as Parquet, uncompressed."""
    raw = io.BytesIO()
    pq.write_table(table, raw, **({"compression": "none"} | options))
    return raw.getvalue()


def parquet(**columns: Any) -> bytes:
    """The ward with the named columns in place of its own."""
    return packed(pa.table({name: columns.get(name, own) for name, own in NATIVE.items()}))


def column(file: str, about: str, name: str, array: Any, **outcome: Any) -> None:
    """Declare a case that replaces one column."""
    wanted: Outcome = outcome  # type: ignore[assignment]
    case(f"pq_{file}.parquet", about, parquet(**{name: array}), **wanted)


def first(name: str, value: object, others: Iterable[object] | None = None) -> list[object]:
    """A column's own values, the first one changed."""
    return [value, *list(others if others is not None else NATIVE[name].to_pylist())[1:]]
