"""The flow of records as a diagram: what remains in the trunk, what leaves beside it; it adds up to the last row."""

from dataclasses import dataclass

from pipeline.reporting import wording
from pipeline.reporting.results import Plain, Results


@dataclass(frozen=True)
class Leaving:
    """How many records left, and why."""

    count: str
    reason: str


@dataclass(frozen=True)
class Box:
    """One state of the trunk: a number of records or patients, and what leaves before the next state."""

    count: str
    label: str
    leaving: tuple[Leaving, ...] = ()


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
        Box(wording.count(first["records"]), first["step"].lower(), tuple(_leaving(step) for step in steps)),
        Box(wording.count(last["records"]), last["step"].lower()),
        Box(wording.count(validation["patients"]), "patients"),
    )
    return Flow(trunk, _parts(results))


def _leaving(step: Plain) -> Leaving:
    return Leaving(wording.count(step["removed"]), step["reason"].removeprefix("not: "))


def _parts(results: Results) -> tuple[Box, ...]:
    sizes = results.split["part"].value_counts()
    if "test" not in sizes:
        folds = results.split.filter(like="fold_")
        return (
            Box(wording.count(len(folds)), f"in {folds.iloc[:, 0].nunique()} folds, each taught and tested in turn"),
        )
    names = {"development": "taught the model", "test": "tested it"}
    return tuple(Box(wording.count(int(sizes[part])), said) for part, said in names.items())
