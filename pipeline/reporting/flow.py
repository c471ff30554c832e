"""The flow of records as a diagram: what remains in the trunk, what leaves beside it; it adds up to the last row."""

from dataclasses import dataclass

from pipeline.disclosure import Rest, round_count
from pipeline.reporting import words
from pipeline.reporting.language import say
from pipeline.reporting.results import Plain, Results
from pipeline.reporting.words import numbers


@dataclass(frozen=True)
class Box:
    """A number of records or patients, what they are, and for a state of the trunk who leaves before the next."""

    count: str
    label: str
    leaving: tuple["Box", ...] = ()


@dataclass(frozen=True)
class Flow:
    """The trunk from top to bottom, and the parts into which its last box is divided."""

    trunk: tuple[Box, ...]
    parts: tuple[Box, ...]


def draw_flow(results: Results) -> Flow:
    """From the records read to the patients who taught and those who tested."""
    validation = results.validation
    first, *steps, last = validation["attrition"]
    trunk = (
        Box(
            numbers.count(first["records"]),
            numbers.told(first, "step").lower(),
            tuple(_leaving(step) for step in steps),
        ),
        Box(numbers.count(last["records"]), numbers.told(last, "step").lower()),
        Box(numbers.count(validation["patients"]), say("patients")),
    )
    return Flow(trunk, _parts(results))


def _leaving(step: Plain) -> Box:
    return Box(numbers.count(step["removed"]), words.data.say_leaving(step))


def _parts(results: Results) -> tuple[Box, ...]:
    """Who tested is counted, who taught is the rest of all: the parts add up."""
    patients, tested = len(results.split), int((results.split["part"] == "test").sum())
    if not tested:
        folds = results.split.filter(like="fold_")
        everyone = round_count(patients, results.round_to)
        return (Box(numbers.count(everyone), words.data.say_folds(folds.iloc[:, 0].nunique())),)
    taught, told = Rest(patients, tested).rounded(results.round_to), round_count(tested, results.round_to)
    return Box(numbers.count(taught), say("taught the model")), Box(numbers.count(told), say("tested it"))
