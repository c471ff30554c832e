"""Every kind of outcome is defined in the dictionary and counted in Table 1."""

from dataclasses import replace

import numpy as np
import pytest

from data_schemas.columns import (
    Binary,
    Classes,
    Coded,
    Cohort,
    Decimal,
    FactorClass,
    Outcome,
    Role,
    Text,
    TimeToEvent,
    category,
    identifier,
    measurement,
)
from pipeline.reporting import words
from pipeline.reporting.dictionary import study_facts
from pipeline.reporting.table_one import describe_patients

from .made_cohorts import COHORTS, make_records, make_split

LABELS = ["relapse", "lost", "death"]
RELAPSE = TimeToEvent("years", "status", "relapse", 3, "years", "relapse", censored=("lost",), competing=("death",))


def declare(outcome: Outcome) -> type[Cohort]:
    class Made(Cohort):
        number: Text = identifier("Number")
        age: Decimal = measurement("Age", plausible=(0, 99), factor=FactorClass.IMMUTABLE)
        years: Decimal = measurement("Years", plausible=(0, 9), role=Role.OUTCOME)
        status: Coded = category("Status", dict(zip("012", LABELS, strict=True)), role=Role.OUTCOME)

        class Config:
            metadata = {"study": replace(COHORTS["hostile"].study(), outcome=outcome, subgroups=())}  # noqa: RUF012

    assert Made.faults() == []
    return Made


@pytest.mark.parametrize(
    ("outcome", "defined"),
    [
        (Binary("status", "death", "death"), {"Defined by": "status is death"}),
        (
            Classes("status", "death", "death"),
            {"Defined by": "status is death", "Other classes": "relapse and lost"},
        ),
        (
            replace(RELAPSE, censored=("lost", "death"), competing=()),
            {"Defined by": "status is relapse at or before 3 years in years; followed for less without it: unknown"},
        ),
        (
            replace(RELAPSE, also_at=(10, 0.5)),
            {
                "Defined by": "status is relapse at or before 3 years in years; followed for less without it: unknown",
                "Competing events": "death",
                "Further horizons": "0.5 years and 10 years",
            },
        ),
    ],
)
def test_the_dictionary_defines_the_outcome_and_leaves_out_what_does_not_apply(
    outcome: Outcome, defined: dict[str, str]
) -> None:
    facts = study_facts(declare(outcome))
    names = [name for name, _ in facts]
    assert dict(facts[names.index("Outcome") + 1 : names.index("Source of the data")]) == defined


@pytest.mark.parametrize(
    ("outcome", "death"), [(RELAPSE, "death (competing event)"), (Classes("status", "death", "death"), "death")]
)
def test_table_one_counts_competing_events_and_classes(outcome: Outcome, death: str) -> None:
    cohort = declare(outcome)
    records = make_records(cohort, 400, np.random.default_rng(0))
    table = describe_patients(cohort, records, make_split(records, "test set"), 10)
    rows = {row.header: row.cells[0] for row in table.rows if row.inner}
    assert list(rows) == ["relapse", "lost", death]
    for header, label in zip(rows, LABELS, strict=True):
        n = int((records["status"] == label).sum())
        assert rows[header] == f"{n} ({words.numbers.percent(n / 400)})"
