import pytest

from data_schemas.columns import (
    Binary,
    Classes,
    Coded,
    Cohort,
    FactorClass,
    Role,
    Study,
    Text,
    TimeToEvent,
    Whole,
    category,
    identifier,
    measurement,
)

TWO = {"0": "well", "1": "ill"}
FOUR = {"0": "lost", "1": "relapse", "2": "death", "9": "end of study"}


def declare(outcome, codes):
    """A cohort whose column `status` has these codes."""

    class Made(Cohort):
        number: Text = identifier("Number")
        age: Whole = measurement("Age", plausible=(0, 120), whole=True, factor=FactorClass.IMMUTABLE)
        days: Whole = measurement("Days", unit="days", plausible=(0, 4000), whole=True, role=Role.OUTCOME)
        status: Coded = category("Status", codes, role=Role.OUTCOME)

        class Config:
            metadata = {  # noqa: RUF012
                "study": Study(
                    title="t", population="p", intended_use="u", outcome=outcome, source="s", licence="l",
                    thresholds=(0.5,), auroc_ceiling=0.9, auroc_ceiling_source="made up",
                )
            }  # fmt: skip

    return Made


def timed(event="relapse", **more):
    facts = {"time": "days", "event_column": "status", "event": event, "horizon": 365, "unit": "days", "says": "s"}
    return TimeToEvent(**(facts | more))


WHOLE = {"competing": ("death",), "censored": ("lost", "end of study")}


@pytest.mark.parametrize(
    ("outcome", "codes"),
    [
        (Binary("status", "ill", "illness"), TWO),
        (Binary("status", "death", "death"), FOUR),
        (Classes("status", "death", "death"), FOUR),
        (timed("ill"), TWO),
        (timed("ill", censored=("well",)), TWO),
        (timed("ill", competing=("well",)), TWO),
        (timed(**WHOLE), FOUR),
        (timed(**WHOLE, also_at=(1825, 730.5)), FOUR),
        (timed(censored=("lost", "end of study", "death")), FOUR),
    ],
)
def test_a_sound_outcome_has_no_fault(outcome, codes):
    assert declare(outcome, codes).faults() == []


def undeclared(label):
    return f"status has the label '{label}', which is neither the event nor declared as competing or censored"


@pytest.mark.parametrize(
    ("outcome", "codes", "faults"),
    [
        (timed(), FOUR, [undeclared("lost"), undeclared("death"), undeclared("end of study")]),
        (timed(censored=("lost", "end of study")), FOUR, [undeclared("death")]),
        (timed(competing=("death",)), FOUR, [undeclared("lost"), undeclared("end of study")]),
        (timed("cure", **WHOLE), FOUR, ["status has no label 'cure', which the outcome calls the event",
                                        undeclared("relapse")]),
        (timed("ill", competing=("dead",)), TWO,
         ["status has no label 'dead', which the outcome calls a competing event"]),
        (timed("ill", censored=("gone",)), TWO, ["status has no label 'gone', which the outcome calls censored"]),
        (timed(**(WHOLE | {"competing": ("death", "lost")})), FOUR,
         ["status has the label 'lost', which the outcome names twice"]),
        (timed(**(WHOLE | {"competing": ("death", "relapse")})), FOUR,
         ["status has the label 'relapse', which the outcome names twice"]),
        (timed("ill", horizon=0), TWO, ["the horizon 0 is not above 0"]),
        (timed("ill", horizon=float("nan")), TWO, ["the horizon nan is not above 0"]),
        (timed("ill", also_at=(-1, 730)), TWO, ["the horizon -1 is not above 0"]),
        (timed("ill", also_at=(730, 365.0)), TWO, ["the horizon 365 days is declared twice"]),
        (timed("ill", also_at=(730, 730)), TWO, ["the horizon 730 days is declared twice"]),
        (timed("ill", time="status"), TWO, ["status is no number, so that it cannot be the follow-up time"]),
        (timed("ill", time="age"), TWO, ["age belongs to the outcome and is not declared with that role"]),
        (timed("ill", event_column="state"), TWO, ["state belongs to the outcome and is not declared with that role"]),
        (Classes("status", "ill", "illness"), TWO,
         ["status has 2 labels, expected three or more classes; with two, use Binary"]),
        (Classes("status", "cure", "cure"), FOUR, ["status has no label 'cure', which the outcome calls the event"]),
        (Binary("status", "cure", "cure"), TWO, ["status has no label 'cure', which the outcome calls the event"]),
        (Classes("state", "ill", "ill"), TWO, ["state belongs to the outcome and is not declared with that role"]),
    ],
)  # fmt: skip
def test_each_contradiction_of_an_outcome_is_named_and_nothing_else(outcome, codes, faults):
    assert declare(outcome, codes).faults() == faults


def test_codes_that_share_a_label_are_one_label():
    codes = {"0": "well", "8": "well", "1": "ill", "2": "ill"}
    assert declare(timed("ill"), codes).faults() == []
    assert declare(Classes("status", "ill", "illness"), codes).faults()
