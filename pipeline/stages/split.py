"""Stage `split`: which patients teach and which test."""

from functools import partial

from pipeline.engine import start_engine
from pipeline.files import write_parquet_parts
from pipeline.records.splits import choose_splitting, count_patients, refuse_empty_part
from pipeline.row_groups import list_row_groups
from pipeline.stages.wiring import Stage, run


def main(stage: Stage) -> None:
    """Assign every patient to a part; all records of a patient are in one row group."""
    index_date, test_from = stage.cohort().index_date(), stage.cohort_settings().test_from
    groups = list_row_groups(stage.path("valid.parquet"))
    with start_engine(stage.section("engine")) as engine:
        patients = sum(engine.map(count_patients, groups))
        splitting = choose_splitting(index_date, test_from, stage.section("split"), patients)
        assigned = refuse_empty_part(engine.map(splitting.assign_group, groups), splitting)
        stage.write("split.parquet", partial(write_parquet_parts, parts=assigned))


if __name__ == "__main__":
    run("split", main)
