"""Stage `ingest`: the source as text, its header and shape checked, its order forgotten."""

from pipeline.records.readers import read_text_table
from pipeline.stages.wiring import Stage, run


def main(stage: Stage) -> None:
    """Read the cohort's source and keep its text."""
    cohort = stage.cohort()
    source = stage.cohort_settings().source
    stage.write("raw.parquet", read_text_table(source, list(cohort.columns()), cohort.identifier()))


if __name__ == "__main__":
    run("ingest", main)
