import numpy as np
import pandas as pd
import pytest

from pipeline.evaluation.drift.classifier import describe_attributions, tell_apart
from pipeline.evaluation.drift.reference import Group, restore
from tests.evaluation.drift.made_up import COLUMNS, draw_patients, lose_column


def sides(seed: int, n: int) -> tuple[Group, Group]:
    return restore(draw_patients(seed, 800)), restore(draw_patients(1000 + seed, n))


@pytest.mark.parametrize("seed", range(3))
def test_samples_of_one_population_are_not_told_apart_and_nothing_is_attributed(seed):
    told = tell_apart(*sides(seed, 300), seed=1)
    lo, hi = told.interval(0.05)
    assert lo < 0.5 < hi
    assert told.attributions == {}


def test_the_column_that_changed_has_the_most_weight():
    before, after = sides(1, 300)
    after = restore(lose_column(draw_patients(1001, 300)))
    told = tell_apart(before, after, seed=1)
    assert told.interval(1e-3)[0] > 0.65
    described = describe_attributions(told, {name: column.label for name, column in COLUMNS.items()})
    assert described["auroc"] == told.value
    first, second, *_ = described["attributions"]
    assert first["column"] == "CRP"
    assert first["lost"] > 0.3
    assert second["lost"] < 0.1


def test_the_same_seed_tells_the_same():
    assert tell_apart(*sides(2, 150), seed=3).value == tell_apart(*sides(2, 150), seed=3).value


def test_a_category_of_very_many_levels_is_no_hindrance():
    before, after = sides(3, 300)
    names = pd.Series([f"level {k}" for k in np.random.default_rng(1).integers(0, 500, 1100)])
    for group, part in ((before, names[:800]), (after, names[800:])):
        group.predictors.insert(0, "ward", pd.Categorical(part))
    assert tell_apart(before, after, seed=1).interval(0.05)[0] < 0.5
