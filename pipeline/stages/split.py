"""Stage `split`: which patients teach and which test."""

from pipeline.records.splits import split_patients
from pipeline.stages.wiring import Stage, run


def main(stage: Stage) -> None:
    """Assign every patient to a part."""
    index_date, test_from = stage.cohort().index_date(), stage.cohort_settings().test_from
    stage.write(
        "split.parquet", split_patients(stage.read("valid.parquet"), index_date, test_from, stage.section("split"))
    )


if __name__ == "__main__":
    run("split", main)
