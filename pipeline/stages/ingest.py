"""Stage `ingest`: the source as it is, its columns those of the schema."""

from functools import partial

from pipeline.files import write_parquet_parts
from pipeline.records.sources.read import read_parts
from pipeline.stages.wiring import Stage, run


def main(stage: Stage) -> None:
    """Read the cohort's source and keep what it holds, a row group for each part."""
    source, columns = stage.cohort_settings().records, stage.cohort().columns()
    parts = read_parts(source, columns, (), stage.section("engine").rows)
    stage.write("raw.parquet", partial(write_parquet_parts, parts=parts))


if __name__ == "__main__":
    run("ingest", main)
