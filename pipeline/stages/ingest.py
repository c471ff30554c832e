"""Stage `ingest`: the source as it is, its columns those of the schema."""

from pipeline.records.sources.read import read_source
from pipeline.stages.wiring import Stage, run


def main(stage: Stage) -> None:
    """Read the cohort's source and keep what it holds."""
    stage.write("raw.parquet", read_source(stage.cohort_settings().records, stage.cohort().columns()))


if __name__ == "__main__":
    run("ingest", main)
