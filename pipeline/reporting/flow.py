"""The flow of records as a diagram: what remains in the trunk, what leaves beside it; it adds up to the last row."""

from dataclasses import dataclass

from pipeline.reporting import words
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
        Box(numbers.count(first["records"]), first["step"].lower(), tuple(_leaving(step) for step in steps)),
        Box(numbers.count(last["records"]), last["step"].lower()),
        Box(numbers.count(validation["patients"]), "patients"),
    )
    return Flow(trunk, _parts(results))


def _leaving(step: Plain) -> Box:
    return Box(numbers.count(step["removed"]), words.data.say_leaving(step["reason"].removeprefix("not: ")))


def _parts(results: Results) -> tuple[Box, ...]:
    sizes = results.split["part"].value_counts()
    if "test" not in sizes:
        folds = results.split.filter(like="fold_")
        return (Box(numbers.count(len(folds)), words.data.say_folds(folds.iloc[:, 0].nunique())),)
    names = {"development": "taught the model", "test": "tested it"}
    return tuple(Box(numbers.count(int(sizes[part])), said) for part, said in names.items())
