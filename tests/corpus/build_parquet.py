"""Parquet: columns of every type that fits, and files that are cut or no Parquet."""

import pyarrow as pa
from build_base import BASE, COLUMNS, FIRST, case, everything, renamed
from build_parquet_ward import DAYS, DECIMAL, FLAGS, NATIVE, RAW, WHOLE, column, first, packed, parquet


def _fitting() -> None:
    case("pq_ward.parquet", "The ward with typed columns", parquet(), read={})
    case(
        "pq_all_text.parquet",
        "Every column text",
        parquet(**{name: pa.array(raw, pa.string()) for name, raw in RAW.items()}),
        read={},
    )
    case(
        "pq_shuffled.parquet",
        "The columns in reverse order",
        packed(pa.table({name: NATIVE[name] for name in reversed(COLUMNS)})),
        read={},
    )
    case("pq_row_groups.parquet", "Three row groups", packed(pa.table(dict(NATIVE)), row_group_size=5), read={})
    case(
        "pq_chunks_empty.parquet",
        "An empty row group before the records",
        packed(pa.concat_tables([pa.table(dict(NATIVE)).slice(0, 0), pa.table(dict(NATIVE))])),
        read={},
    )
    for unit in ("s", "ms", "us", "ns"):
        column(
            f"timestamp_{unit}",
            "Timestamps at midnight without time zone",
            "admitted",
            pa.array(DAYS["admitted"]).cast(pa.timestamp(unit)),
            read={},
        )
    exact = pa.array(DECIMAL["weight"]).cast(pa.decimal128(6, 2))
    column("decimal_128", "Exact decimals", "weight", exact, read={})
    numbers = {str(int(raw or "")): cells for raw, cells in everything().items()}
    column(
        "identifier_int",
        "Identifiers as integers, as their text: leading zeros are not in the file",
        "patient_id",
        pa.array([int(number) for number in numbers]),
        read=numbers,
    )
    column("date_text", "Dates as text in the declared format", "admitted", pa.array(RAW["admitted"]), read={})
    column(
        "large_text", "Text of the large type", "patient_id", pa.array(RAW["patient_id"], pa.large_string()), read={}
    )
    column(
        "dictionary_identifier",
        "Identifiers in a dictionary",
        "patient_id",
        pa.array(RAW["patient_id"]).dictionary_encode(),
        read={},
    )
    extra = pa.DictionaryArray.from_arrays([0 if raw == "F" else 1 for raw in RAW["sex"]], ["F", "M", "X"])
    column("dictionary_unused", "A dictionary with an unknown code that no record uses", "sex", extra, read={})
    column("code_int", "The outcome's codes as 64-bit integers", "died", pa.array(WHOLE["died"], pa.int64()), read={})
    column("code_text", "The outcome's codes as text", "died", pa.array(RAW["died"]), read={})
    column(
        "flag_int",
        "The flag as integers",
        "smoker",
        pa.array([None if flag is None else int(flag) for flag in FLAGS], pa.int64()),
        read={},
    )
    column("flag_text", "The flag as text in both its ways", "smoker", pa.array(RAW["smoker"]), read={})
    column("whole_text", "Whole numbers as text", "age", pa.array(RAW["age"]), read={})
    column("decimal_text", "Decimals as text", "weight", pa.array(RAW["weight"]), read={})
    weights = [round(value) if value else None for value in DECIMAL["weight"]]
    column(
        "decimal_int",
        "Integers where decimals are declared",
        "weight",
        pa.array(weights, pa.int64()),
        read={name: {"weight": value} for name, value in zip(RAW["patient_id"], weights, strict=True)},
    )
    halves = [round(value * 2) / 2 if value else None for value in DECIMAL["weight"]]
    column(
        "decimal_float32",
        "Floats of single precision, which hold these values exactly",
        "weight",
        pa.array(halves, pa.float32()),
        read={name: {"weight": value} for name, value in zip(RAW["patient_id"], halves, strict=True)},
    )
    column(
        "nan",
        "Not a number counts as missing",
        "weight",
        pa.array(first("weight", float("nan"))),
        read={FIRST: {"weight": None}},
    )
    column("null", "Null is missing", "weight", pa.array(first("weight", None)), read={FIRST: {"weight": None}})
    column(
        "nulls",
        "A column of floats, all of them null",
        "weight",
        pa.nulls(12, pa.float64()),
        read={name: {"weight": None} for name in RAW["patient_id"]},
    )
    column(
        "null_type",
        "A column without type, all of it null. OPEN: 'column type' could be meant",
        "weight",
        pa.nulls(12),
        read={name: {"weight": None} for name in RAW["patient_id"]},
    )
    column(
        "missing_code_int",
        "The missing code among integers",
        "weight",
        pa.array(first("weight", 0, weights), pa.int64()),
        read={FIRST: {"weight": None}}
        | {name: {"weight": value} for name, value in list(zip(RAW["patient_id"], weights, strict=True))[1:]},
    )
    column(
        "missing_code_text",
        "The missing code among texts",
        "weight",
        pa.array(first("weight", "0", RAW["weight"])),
        read={FIRST: {"weight": None}},
    )
    column(
        "missing_code_float",
        "The missing code among floats: 0.0 is 0 there. OPEN: 'low' could be meant",
        "weight",
        pa.array(first("weight", 0.0)),
        read={FIRST: {"weight": None}},
    )
    column(
        "text_empty",
        "An empty text is missing",
        "weight",
        pa.array(first("weight", "", RAW["weight"])),
        read={FIRST: {"weight": None}},
    )
    for name, identity in {"none": "None", "blank": "00123 ", "formula": "=1+1", "break": "00\n123"}.items():
        column(
            f"identifier_{name}",
            "An identifier is text as it is",
            "patient_id",
            pa.array(first("patient_id", identity)),
            read=renamed(identity),
        )


def _files() -> None:
    table, whole = pa.table(dict(NATIVE)), parquet()
    case("pq_no_records.parquet", "Columns without records", packed(table.slice(0, 0)), refused="no records")
    case("pq_no_columns.parquet", "No column", packed(pa.table({})), refused="header")
    case(
        "pq_column_extra.parquet",
        "A column too many",
        packed(table.append_column("surname", pa.array(["Example"] * 12))),
        refused="header",
    )
    case(
        "pq_column_index.parquet",
        "The index of a data frame as a column",
        packed(table.append_column("__index_level_0__", pa.array(range(12)))),
        refused="header",
    )
    case("pq_column_missing.parquet", "A column left out", packed(table.drop_columns(["weight"])), refused="header")
    case(
        "pq_column_case.parquet",
        "A column name in capitals",
        packed(table.rename_columns([name.replace("age", "AGE") for name in COLUMNS])),
        refused="header",
    )
    case(
        "pq_column_repeated.parquet",
        "A column named twice",
        packed(table.append_column("age", table["age"])),
        refused="header",
    )
    case(
        "pq_column_unnamed.parquet",
        "A column without name",
        packed(table.append_column("", table["age"])),
        refused="header",
    )
    case("pq_no_bytes.parquet", "No byte at all", b"", refused="parquet file")
    case("pq_renamed_csv.parquet", "A CSV that was renamed", BASE, refused="parquet file")
    case("pq_truncated.parquet", "Cut in the middle", whole[: len(whole) // 2], refused="parquet file")
    case("pq_truncated_end.parquet", "The last byte cut off", whole[:-1], refused="parquet file")
    case(
        "pq_start_cut.parquet",
        "The first half cut off, the footer whole",
        b"PAR1" + whole[len(whole) // 2 :],
        refused="parquet file",
    )
    case("pq_magic_only.parquet", "The marks at both ends and nothing between", b"PAR1PAR1", refused="parquet file")
    case("pq_encrypted.parquet", "An encrypted footer", whole[:-4] + b"PARE", refused="parquet file")
    case(
        "pq_footer_length.parquet",
        "A footer longer than the file",
        whole[:-8] + b"\xff\xff\xff\x7fPAR1",
        refused="parquet file",
    )
    case("pq_garbage_end.parquet", "Garbage after the end", whole + b"garbage", refused="parquet file")


def add() -> None:
    _fitting()
    _files()
