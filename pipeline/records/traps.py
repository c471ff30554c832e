"""What makes a model look better than it is: leaks and traps, looked for before any model is made.

A single predictor, its being missing, the order of the rows or the identifier may decide the outcome; a predictor may
have become known later; a patient's repeated records may disagree. Each is looked for by the AUROC of a simple rule,
fitted on four fifths of the records and tried on the last.
"""

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from data_schemas.columns import Binary, Cohort, Column
from pipeline.records.identity import PSEUDONYM
from pipeline.records.table_checks import event_codes
from pipeline.repeats import repeat_groups

AT_MOST = 100_000  # records looked at; the AUROC is then known to about .005
BINS, FOLDS = 20, 5
MISSINGNESS_CEILING = 0.75
ORDER_CEILING = 0.6
FEW_EVENTS = 20  # below, a high AUROC is chance as likely as not
RICH = 0.05  # predictors tell records apart if at most this share repeats
LATER = re.compile(
    r"(^|[^a-z])(time|d?time|follow[\W_]*up|days?[\W_]*to|died|dead|death|deceased|surviv\w*|surv\d*\w*|discharge\w*|"
    r"disposition|length[\W_]*of[\W_]*stay|los|slos|readmi\w*|outcome|recur\w*|relapse|costs?|charges?|totcst|totmcst|"
    r"dnr\w*|resuscit\w*|autopsy|post[\W_]?\w+|after|later|off[\W_]?t(rt|reatment)|prognos\w*|prg\d*\w*|censor\w*|r?dth)"
    r"([^a-z]|$)"
)
Bools = npt.NDArray[np.bool_]
Trap = dict[str, Any]


def find_traps(valid: pd.DataFrame, identifiers: pd.Series, cohort: type[Cohort]) -> list[Trap]:
    """Every trap that is looked for: `trap`, `column`, `label`, `found`, and `says`, what was found, where it was.

    `valid` has typed columns, sorted by pseudonym, which is random: so the records looked at and their folds do not
    depend on the source's order. `identifiers` has theirs, indexed by the place in the source.
    """
    sample = valid.head(AT_MOST)
    known, event = _outcome(sample, cohort)
    seen, y = sample[known], event[known]
    enough = min(y.sum(), (~y).sum()) >= FEW_EVENTS
    predictors = cohort.predictors()
    traps = [_known_later(name, column) for name, column in predictors.items()]
    traps += [_known_too_late(sample, name, column, cohort) for name, column in predictors.items() if column.known_on]
    if enough:
        traps += [_decides(seen[name], y, name, cohort.study().single_ceiling) for name in predictors]
        traps += [_missing_decides(seen[name], y, name) for name in predictors if seen[name].isna().any()]
        named = identifiers.head(AT_MOST)[known]
        traps += [_order_decides(named, y), _identifier_decides(named, y)]
    labels = {name: column.label for name, column in predictors.items()}
    return [trap | {"label": labels.get(trap["column"], "")} for trap in [*traps, _disagreeing(valid, cohort)]]


def cross_fitted_auroc(values: pd.Series, event: Bools) -> float:
    """The AUROC of the event's rate in each bin of `values`, a rate taken from the other folds; shapes (n,).

    Numbers fall into 20 bins of equal size, categories into their codes, missing values into a bin of their own. A
    record's fold is its place modulo 5, so the order must be random. About .5 where nothing is told; at least 0.
    """
    bins, folds = _bins(values), np.arange(len(event)) % FOLDS
    cells = int(bins.max(initial=0)) + 1
    places = folds * cells + bins
    events = np.bincount(places[event], minlength=FOLDS * cells).reshape(FOLDS, cells)
    others = np.bincount(places[~event], minlength=FOLDS * cells).reshape(FOLDS, cells)
    taught, untaught = events.sum(axis=0) - events, others.sum(axis=0) - others
    share = event.mean()
    rates = (taught + share) / (taught + untaught + 1)
    return _auroc_of_counts(rates.ravel(), events.ravel(), others.ravel())


def _bins(values: pd.Series) -> npt.NDArray[np.integer[Any]]:
    if isinstance(values.dtype, pd.CategoricalDtype):
        return values.cat.codes.to_numpy(np.intp) + 1
    numbers = values.astype("float64").to_numpy()
    present = ~np.isnan(numbers)
    edges = np.unique(np.quantile(numbers[present], np.arange(1, BINS) / BINS)) if present.any() else np.array([])
    return np.where(present, np.searchsorted(edges, numbers, side="right") + 1, 0)


def _auroc_of_counts(scores: npt.NDArray[np.float64], events: npt.NDArray[Any], others: npt.NDArray[Any]) -> float:
    """The probability that an event's score is above another's, ties half, from counts per score."""
    by_score = np.argsort(scores, kind="stable")
    _, tie = np.unique(scores[by_score], return_inverse=True)
    e, o = np.bincount(tie, events[by_score]), np.bincount(tie, others[by_score])
    below = np.cumsum(o) - o
    return float((e * (below + o / 2)).sum() / (e.sum() * o.sum()))


def _outcome(frame: pd.DataFrame, cohort: type[Cohort]) -> tuple[Bools, Bools]:
    """Where the outcome at the horizon is known, and where it is the event."""
    outcome = cohort.study().outcome
    name, label = event_codes(cohort)
    event = (frame[name] == label).to_numpy(bool)
    if isinstance(outcome, Binary):
        return np.ones(len(frame), dtype=bool), event
    time = frame[outcome.time].astype("float64").to_numpy()
    by_horizon = event & (time <= outcome.horizon)
    return by_horizon | (time >= outcome.horizon), by_horizon


def _trap(trap: str, column: str | None, *, found: bool, says: str) -> Trap:
    return {"trap": trap, "column": column, "found": found, "says": says if found else ""}


def _decides(values: pd.Series, event: Bools, name: str, ceiling: float) -> Trap:
    auroc = cross_fitted_auroc(values, event)
    return _trap("single predictor", name, found=auroc > ceiling, says=f"alone it has an AUROC of {auroc:.2f}")


def _missing_decides(values: pd.Series, event: Bools, name: str) -> Trap:
    auroc = cross_fitted_auroc(values.isna().astype("float64"), event)
    says = f"whether it is missing has an AUROC of {auroc:.2f} alone"
    return _trap("missingness", name, found=auroc > MISSINGNESS_CEILING, says=says)


def _order_decides(identifiers: pd.Series, event: Bools) -> Trap:
    auroc = cross_fitted_auroc(pd.Series(identifiers.index), event)
    return _trap(
        "row order", None, found=_beyond_chance(auroc, event), says=f"a record's place has an AUROC of {auroc:.2f}"
    )


def _identifier_decides(identifiers: pd.Series, event: Bools) -> Trap:
    ranks = identifiers.rank(method="dense")
    digits = pd.to_numeric(identifiers.str.replace(r"[^0-9]", "", regex=True).str[-15:], errors="coerce")
    auroc = max(cross_fitted_auroc(ranks, event), cross_fitted_auroc(digits.astype("float64"), event))
    says = f"the identifier has an AUROC of {auroc:.2f}"
    return _trap("identifier", None, found=_beyond_chance(auroc, event), says=says)


def _beyond_chance(auroc: float, event: Bools) -> bool:
    """Whether the AUROC is worth a warning and four standard errors above chance (Hanley and McNeil 1982)."""
    events, others = event.sum(), (~event).sum()
    return bool(auroc > max(ORDER_CEILING, 0.5 + 4 * np.sqrt((events + others + 1) / (12 * events * others))))


def _known_later(name: str, column: Column) -> Trap:
    if column.known_later:
        return _trap("declared as known later", name, found=True, says="the schema says that it is known only later")
    words = [text.lower() for text in (name.replace("_", " ").replace(".", " "), column.label)]
    return _trap("named as known later", name, found=any(LATER.search(text) for text in words), says="its name says so")


def _known_too_late(frame: pd.DataFrame, name: str, column: Column, cohort: type[Cohort]) -> Trap:
    index_date = cohort.index_date()
    assert index_date, "the schema's check sees to it"
    late = int((frame[column.known_on] > frame[index_date]).sum())
    says = f"in {late / len(frame):.1%} of the records it became known after the moment of prediction"
    return _trap("known after the index date", name, found=late > 0, says=says)


def _disagreeing(valid: pd.DataFrame, cohort: type[Cohort]) -> Trap:
    """Records equal in every predictor that differ in the outcome, where equal records are not a matter of chance."""
    name, _ = event_codes(cohort)
    groups = repeat_groups(valid, list(cohort.predictors()))
    if len(groups) > RICH * len(valid):
        patients = valid[PSEUDONYM].loc[groups.index]
        groups = repeat_groups(pd.DataFrame({"group": groups, "who": patients}), ["group", "who"])
    outcomes = valid[name].astype("string").loc[groups.index].groupby(groups.to_numpy()).nunique()
    found = int((outcomes > 1).sum())
    return _trap("repeats that disagree", None, found=found > 0, says=f"{found} groups of equal records differ in it")
