import numpy as np
import pytest

from pipeline.evaluation.drift.distributions import Limits
from pipeline.evaluation.drift.figures import Figure, Place
from pipeline.evaluation.drift.outcomes import compare_outcomes, draw_figures, followed, is_enough
from pipeline.evaluation.drift.reference import Group, restore
from tests.evaluation.drift.made_up import SETTINGS, SMALLEST, draw_patients


def drawn(seed: int, n: int, **more) -> Group:
    return followed(restore(draw_patients(seed, n, **more)))


def compared(before: Group, after: Group) -> dict[str, Figure]:
    figures = compare_outcomes(draw_figures(before, SETTINGS), after, Place(), SETTINGS, SMALLEST)
    return {figure.kind: figure for figure in figures}


def limits(figure: Figure) -> Limits:
    return figure.interval(0.01)


@pytest.mark.parametrize("censored", [False, True])
def test_the_odds_planted_are_found_again(censored):
    found = compared(drawn(1, 3000), drawn(2, 3000, shift=np.log(2), censored=censored))
    assert limits(found["intercept"])[0] < 2 < limits(found["intercept"])[1]
    assert limits(found["intercept"])[0] > 1.5
    assert limits(found["oe"])[0] > 1.2
    assert limits(found["auroc"])[0] < 0 < limits(found["auroc"])[1]


def test_the_ratio_is_observed_over_expected_and_the_drop_that_of_both_areas():
    before, after = drawn(3, 400), drawn(4, 500, blind=True)
    found = compared(before, after)
    assert found["oe"].value == pytest.approx(after.observed.event.sum() / after.risk.sum())
    areas = [draw_figures(group, SETTINGS).points["auroc"] for group in (before, after)]
    assert found["auroc"].value == pytest.approx(areas[0] - areas[1])
    assert limits(found["auroc"])[0] > 0.05


def test_only_records_with_risk_and_outcome_are_followed():
    frame = draw_patients(5, 100)
    frame.loc[:9, ":risk"] = np.nan
    frame.loc[5:19, ":given"] = False
    assert len(followed(restore(frame))) == 80


def test_without_or_with_few_outcomes_there_is_a_reason_and_no_figure():
    few = drawn(6, 100)
    few = few.take(few.observed.event == 0)
    assert not is_enough(few, SMALLEST)
    none = restore(draw_patients(7, 100).drop(columns=":event"))
    for after, reason in ((few, "too few patients with the event"), (none, "no outcomes are given")):
        figures = compare_outcomes(None, after, Place(), SETTINGS, SMALLEST)
        assert [figure.kind for figure in figures] == ["oe", "intercept", "auroc"]
        assert all(figure.reason.startswith(reason) and figure.interval is None for figure in figures)
    ratio, odds, drop = compare_outcomes(None, drawn(8, 300), Place(), SETTINGS, SMALLEST)
    assert ratio.value is not None
    assert odds.value is not None
    assert drop.reason is not None
