"""Everything that is compared between the patients who taught a model and new ones, judged together."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Column
from pipeline.arrays import BoolArray
from pipeline.disclosure import hide_among
from pipeline.evaluation.drift.classifier import describe_attributions, tell_apart
from pipeline.evaluation.drift.columns import compare_columns, compare_scores
from pipeline.evaluation.drift.figures import Figure, Place, judge_figures
from pipeline.evaluation.drift.outcomes import compare_outcomes, draw_figures, followed, is_enough
from pipeline.evaluation.drift.periods import part_by_time
from pipeline.evaluation.drift.reference import Group, restore
from pipeline.evaluation.drift.sentences import say_all
from pipeline.evaluation.resampling import Resampled
from pipeline.sections import Drift


def describe_drift(
    reference: pd.DataFrame, now: pd.DataFrame, columns: Mapping[str, Column], settings: Drift, smallest: int
) -> dict[str, Any]:
    """What has drifted from `reference` to `now`, both made by `make_reference`: figures, judgements and sentences.

    Of the predictors, `columns`, those are compared that both have, of the same kind. Content for JSON, aggregates
    only: `patients`, `reference.patients`, `figures` of all patients and of subgroups, `over_time` those of periods,
    `classifier`, `beyond`, whether any figure is, and `sentences`. Of groups and counts of fewer than `smallest`
    nothing is told. The intervals of all figures hold together with 95% confidence, so that at most 5% of comparisons
    go beyond where nothing has drifted. With fewer than `settings.patients_at_least` on either side there are none.
    """
    before, after = restore(reference), restore(now)
    counts = {"patients": _tell(len(after), smallest), "reference": {"patients": _tell(len(before), smallest)}}
    if min(len(before), len(after)) < settings.patients_at_least:
        empty: dict[str, Any] = {"figures": [], "over_time": [], "classifier": None, "beyond": False}
        return counts | empty | {"sentences": say_all([], settings)}
    shared = _list_shared(before.predictors, after.predictors, columns)
    sides = [replace(group, predictors=group.predictors[list(shared)]) for group in (before, after)]
    return counts | _compare_all(sides[0], sides[1], shared, settings, smallest)


def _tell(count: int, smallest: int) -> int | None:
    return count if count >= smallest else None


def _compare_all(
    before: Group, after: Group, columns: Mapping[str, Column], settings: Drift, smallest: int
) -> dict[str, Any]:
    told = tell_apart(before, after, settings.seed)
    periods = {} if after.dates is None else part_by_time(after.dates, settings.patients_at_least)
    figures = [
        *compare_columns(before, after, columns, smallest),
        Figure("classifier", Place(), told.value, told.interval),
        *_compare_risks(before, after, periods, settings, smallest),
    ]
    judged = judge_figures(figures, settings)
    over_time = [
        {"period": name, "patients": int(members.sum()), "figures": [f for f in judged if f["period"] == name]}
        for name, members in periods.items()
    ]
    return {
        "figures": [figure for figure in judged if figure["period"] is None],
        "over_time": over_time,
        "classifier": describe_attributions(told, {name: column.label for name, column in columns.items()}),
        "beyond": any(figure["beyond"] for figure in judged),
        "sentences": say_all(judged, settings),
    }


def _list_shared(before: pd.DataFrame, after: pd.DataFrame, columns: Mapping[str, Column]) -> dict[str, Column]:
    """The predictors there were then as there are now: a schema may have changed."""

    def numeric(frame: pd.DataFrame, name: str) -> bool:
        return pd.api.types.is_numeric_dtype(frame[name])

    both = {name: column for name, column in columns.items() if name in before and name in after}
    return {name: column for name, column in both.items() if numeric(before, name) == numeric(after, name)}


def _compare_risks(
    before: Group, after: Group, periods: Mapping[str, BoolArray], settings: Drift, smallest: int
) -> Iterator[Figure]:
    """Figures of risks and outcomes: of everybody, of each period, and of the levels of each grouping."""
    drawn = _draw(before, settings, smallest)
    yield from _compare(before, after, drawn, Place(), settings, smallest)
    for name, members in periods.items():
        yield from _compare(before, after.take(members), drawn, Place(period=name), settings, smallest)
    for name, labels in after.groups.items():
        if name not in before.groups:
            continue
        for level, members in _shown_levels(labels, settings.patients_at_least).items():
            same = before.take(np.asarray(before.groups[name] == level))
            place = Place(group=name, level=level)
            yield from _compare(same, after.take(members), _draw(same, settings, smallest), place, settings, smallest)


def _compare(
    before: Group, after: Group, drawn: Resampled | None, place: Place, settings: Drift, smallest: int
) -> list[Figure]:
    scores = compare_scores(before, after, place, smallest)
    return [*scores, *compare_outcomes(drawn, followed(after), place, settings, smallest)]


def _draw(group: Group, settings: Drift, smallest: int) -> Resampled | None:
    known = followed(group)
    return draw_figures(known, settings) if is_enough(known, smallest) else None


def _shown_levels(labels: pd.Categorical, least: int) -> dict[str, BoolArray]:
    """The levels with at least `least` patients, but for those that would tell of a smaller one."""
    levels = {level: np.asarray(labels == level) for level in labels.categories if level}
    everybody = np.ones(len(labels), dtype=bool)
    hidden = hide_among(levels, [everybody], np.arange(len(labels)), least)
    return {level: members for level, members in levels.items() if level not in hidden}
