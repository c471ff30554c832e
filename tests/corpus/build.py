"""Build the corpus of hostile input files: `python tests/corpus/build.py` writes files/ and expected.yaml anew.

Every case states its outcome here, by hand, from the rules of reading; nothing here calls a reader. An `about` that
says OPEN marks a case where the rules leave the outcome open and what protects patients was chosen.
"""

import build_csv
import build_dates
import build_encoding
import build_gzip
import build_identity
import build_numbers
import build_parquet
import build_parquet_types
import build_records
import build_xlsx
import build_xlsx_cells
from build_base import cases, write

FAMILIES = (
    build_csv,
    build_encoding,
    build_gzip,
    build_numbers,
    build_dates,
    build_identity,
    build_records,
    build_xlsx,
    build_xlsx_cells,
    build_parquet,
    build_parquet_types,
)


def main() -> None:
    for family in FAMILIES:
        before = len(cases)
        family.add()
        print(f"{family.__name__}: {len(cases) - before} cases")
    write()
    print(f"{len(cases)} cases in all")


if __name__ == "__main__":
    main()
