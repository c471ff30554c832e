"""On whom the model was judged, in one sentence that cannot disagree with the split."""

from datetime import date

import pandas as pd

from pipeline.disclosure import Rest, TextOf
from pipeline.phrases import phrase

MONTHS = (
    phrase("{n} January {year}"), phrase("{n} February {year}"), phrase("{n} March {year}"),
    phrase("{n} April {year}"), phrase("{n} May {year}"), phrase("{n} June {year}"), phrase("{n} July {year}"),
    phrase("{n} August {year}"), phrase("{n} September {year}"), phrase("{n} October {year}"),
    phrase("{n} November {year}"), phrase("{n} December {year}"),
)  # fmt: skip
LATER = phrase("Developed on {taught} patients and tested on the {tested} later ones, with {label} on or after {day}.")
CROSS_VALIDATED = phrase(
    "Cross-validated on {n} patients, {folds} folds repeated {times} times; tuning and recalibration were done anew "
    "inside each fold."
)
HELD_OUT = phrase(
    "Developed on {taught} patients and tested on {tested} others, drawn by a keyed hash of each patient."
)


def describe_design(split: pd.DataFrame, index_label: str | None, test_from: date | None) -> dict[str, str]:
    """`design` (`temporal`, `cross-validation` or `hold-out`) and `says`, a sentence, from `split.parquet`.

    `index_label` names the index date and `test_from` is the first day of the test period, both None if there is
    no index date.
    """
    folds, tested = split.filter(like="fold_"), int((split["part"] == "test").sum())
    parts = Rest(len(split), tested), tested
    if index_label is not None:
        assert test_from, "the split sees to it"
        told = {"label": index_label[0].lower() + index_label[1:], "day": _say_day(test_from)}
        later = TextOf(lambda taught, tested: LATER.format(taught=taught, tested=tested, **told), *parts)
        return {"design": "temporal", "says": later}
    if not folds.empty:
        repeats = {"folds": folds.iloc[:, 0].nunique(), "times": folds.shape[1]}
        says = TextOf(lambda n: CROSS_VALIDATED.format(n=n, **repeats), len(split))
        return {"design": "cross-validation", "says": says}
    drawn = TextOf(lambda taught, tested: HELD_OUT.format(taught=taught, tested=tested), *parts)
    return {"design": "hold-out", "says": drawn}


def _say_day(day: date) -> str:
    return MONTHS[day.month - 1].format(n=f"{day:%d}", year=day.year)
