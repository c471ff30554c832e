import json
from itertools import chain

import numpy as np
import pandas as pd
import pytest

from pipeline.disclosure import publish
from pipeline.evaluation.drift.describe import describe_drift
from pipeline.evaluation.drift.figures import BOUNDS, Figure, Place, Side, is_beyond, judge_figures
from pipeline.evaluation.drift.sentences import SAYS, say_figure
from tests.evaluation.drift.made_up import (
    COLUMNS,
    SETTINGS,
    SMALLEST,
    change_units,
    draw_patients,
    lose_column,
    mix_levels,
)

TAUGHT = 1500


def described(now: pd.DataFrame, before: pd.DataFrame | None = None) -> dict:
    reference = draw_patients(1, TAUGHT) if before is None else before
    return describe_drift(reference, now, COLUMNS, SETTINGS, SMALLEST)


def all_figures(found: dict) -> list[dict]:
    return [*found["figures"], *chain.from_iterable(period["figures"] for period in found["over_time"])]


def beyond(found: dict, **at) -> set[str]:
    return {f["kind"] for f in all_figures(found) if f["beyond"] and at.items() <= f.items()}


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("n", [100, 1000])
def test_nothing_is_told_of_more_patients_of_the_same_population(seed, n):
    censored = seed == 0
    found = described(draw_patients(100 + seed, n, censored=censored), draw_patients(seed, TAUGHT, censored=censored))
    assert not found["beyond"]
    assert found["sentences"][0].startswith("No figure of ")
    assert sum(figure["judged"] for figure in all_figures(found)) >= 30


@pytest.mark.parametrize(
    ("change", "column", "kind"),
    [(change_units, "Glucose", "unit_high"), (lose_column, "CRP", "missing"), (mix_levels, "Clinic", "psi")],
)
def test_what_has_changed_in_a_column_is_told_of_this_column_alone(change, column, kind):
    found = described(change(draw_patients(2, 600)))
    assert found["beyond"]
    assert kind in beyond(found, column=column)
    told = {f["column"] for f in all_figures(found) if f["beyond"]}
    assert told <= {column, None}
    assert any(f" of {column} " in sentence for sentence in found["sentences"])


@pytest.mark.parametrize(
    ("changed", "kind"),
    [({"shift": np.log(2.5)}, "intercept"), ({"shift": -np.log(3)}, "oe"), ({"blind": True}, "auroc")],
)
def test_outcomes_that_the_risks_do_not_foresee_are_told(changed, kind):
    found = described(draw_patients(3, 1500, **changed))
    assert kind in beyond(found, group=None)
    assert not beyond(found) & {"psi", "ks", "missing", "classifier", "score_psi", "score_ks"}


def test_what_has_changed_in_one_period_or_subgroup_is_told_of_it():
    now = draw_patients(4, 1200)
    smokes = now[":group Smoker"] == "yes"
    found = described(now.assign(**{":event": now[":event"].where(~smokes, 1 - now[":event"])}))
    assert {"intercept", "auroc"} <= beyond(found, group="Smoker", level="yes")
    assert not beyond(found, group="Smoker", level="no")
    late = now[":date"] >= "2024-07-01"
    found = described(now.assign(**{":risk": now[":risk"].where(~late, now[":risk"] ** 6)}))
    *_, last = found["over_time"]
    assert any(figure["beyond"] for figure in last["figures"])
    assert not any(figure["beyond"] for figure in found["over_time"][0]["figures"])
    assert any(says.startswith(f"In the period {last['period']}: ") for says in found["sentences"])


def test_the_content_is_plain_and_may_be_published():
    found = described(draw_patients(5, 400))
    json.dumps(found, allow_nan=False)
    told = publish(found, 5)
    assert told["patients"] == 400
    assert told["reference"] == {"patients": TAUGHT}
    assert all(period["patients"] % 5 == 0 for period in told["over_time"])
    for figure in all_figures(found):
        assert figure["judged"] or figure["reason"]
        assert figure["value"] is not None or figure["reason"]


def test_few_missing_values_are_judged_and_not_told():
    now = draw_patients(6, 400)
    now["glucose"] = now["glucose"].where(np.arange(400) > 4)
    (figure,) = [f for f in described(now)["figures"] if f["kind"] == "missing" and f["column"] == "Glucose"]
    assert figure["judged"]
    assert figure["value"] is figure["lo"] is figure["hi"] is None
    assert figure["reason"]


def test_few_patients_are_not_judged_and_very_few_not_counted():
    for n, told in ((99, 99), (9, None), (0, None)):
        found = described(draw_patients(7, 100).iloc[:n])
        assert (found["patients"], found["figures"], found["beyond"]) == (told, [], False)
        assert found["sentences"] == ["Drift is not judged with fewer than 100 patients on either side."]


def test_a_predictor_that_is_new_gone_or_of_another_kind_is_left_out():
    now = draw_patients(8, 200).drop(columns="crp").assign(stage=1.0)
    found = described(now, draw_patients(1, TAUGHT).drop(columns=["age", ":group Smoker"]))
    assert not found["beyond"]
    told = {figure["column"] for figure in found["figures"]}
    assert told == {None, "Glucose", "Nodes", "Change", "Clinic", "Smoker"}


@pytest.mark.parametrize(
    ("side", "limits", "expected"),
    [
        (Side.ABOVE, (0.26, 0.5), True), (Side.ABOVE, (0.24, 0.5), False), (Side.ABOVE, (-0.9, -0.5), False),
        (Side.EITHER, (-0.9, -0.26), True), (Side.EITHER, (-0.9, -0.24), False), (Side.EITHER, (0.3, None), True),
        (Side.ABOVE, (None, None), False), (Side.EITHER, (None, -0.3), True),
    ],
)  # fmt: skip
def test_a_figure_is_beyond_where_its_whole_interval_is(side, limits, expected):
    assert is_beyond(limits, 0.25, side) is expected


def test_a_factor_is_beyond_either_way():
    assert is_beyond((2.1, None), 2, Side.FACTOR)
    assert is_beyond((0.0, 0.4), 2, Side.FACTOR)
    assert not is_beyond((0.0, 0.6), 2, Side.FACTOR)
    assert not is_beyond((0.6, 1.9), 2, Side.FACTOR)


def test_the_level_is_shared_by_all_figures_that_have_an_interval():
    levels = []

    def interval(level):
        levels.append(level)
        return 0.0, 1.0

    figures = [Figure("psi", Place("A"), 0.5, interval)] * 4 + [Figure("ks", Place("A"), None, None, "none")]
    told = judge_figures(figures, SETTINGS)
    assert levels == [0.0125] * 4
    assert [figure["judged"] for figure in told] == [True] * 4 + [False]
    assert told[0]["bound"] == 0.25


def test_every_kind_has_a_bound_and_a_sentence():
    assert set(BOUNDS) == set(SAYS)
    place = {"column": "Age", "group": None, "level": None, "period": None}
    for kind in BOUNDS:
        figure = {"kind": kind, "value": 3.0, "lo": 2.5, "hi": None, "bound": 2.0} | place
        assert "3 (interval from 2.5)" in say_figure(figure)
        hidden = figure | {"value": None, "lo": None}
        assert "a figure that is not told" in say_figure(hidden)
