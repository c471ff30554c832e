"""Stage `split`: which patients teach and which test."""

from functools import partial

import pandas as pd

from pipeline.engine import start_engine
from pipeline.files import write_parquet_parts
from pipeline.records.identity import PSEUDONYM
from pipeline.records.splits import Splitting, choose_splitting, refuse_empty_part
from pipeline.row_groups import RowGroup, list_row_groups
from pipeline.stages.wiring import Stage, run


def main(stage: Stage) -> None:
    """Assign every patient to a part; all records of a patient are in one row group."""
    index_date, test_from = stage.cohort().index_date(), stage.cohort_settings().test_from
    groups = list_row_groups(stage.path("valid.parquet"))
    with start_engine(stage.section("engine")) as engine:
        patients = sum(engine.map(count_patients, groups))
        splitting = choose_splitting(index_date, test_from, stage.section("split"), patients)
        assigned = refuse_empty_part(engine.map(partial(assign_patients, splitting), groups), splitting)
        stage.write("split.parquet", partial(write_parquet_parts, parts=assigned))


def count_patients(group: RowGroup) -> int:
    """How many patients the records of a row group are of."""
    return int(group.read([PSEUDONYM])[PSEUDONYM].nunique())


def assign_patients(splitting: Splitting, group: RowGroup) -> pd.DataFrame:
    """The assignment of the patients of a row group."""
    return splitting.assign(group.read(splitting.columns))


if __name__ == "__main__":
    run("split", main)
