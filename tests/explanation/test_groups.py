from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from pipeline.explanation.groups import group_values
from tests.models.builders import coded, number

SHAPES = {
    "normal": lambda rng, n: rng.normal(100, 15, n),
    "skewed counts": lambda rng, n: rng.poisson(1.2, n).astype(float),
    "mostly zero": lambda rng, n: np.where(rng.random(n) < 0.8, 0.0, rng.exponential(5, n)),
    "constant": lambda rng, n: np.full(n, 3.0),
    "tiny": lambda rng, n: rng.normal(0, 1e-6, n),
    "years": lambda rng, n: rng.integers(1999, 2024, n).astype(float),
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("seed", range(6))
def test_ranges_hold_enough_patients_and_every_value_once(shape, seed):
    rng = np.random.default_rng(seed)
    n, smallest = int(rng.integers(30, 400)), int(rng.integers(5, 30))
    values = pd.Series(SHAPES[shape](rng, n)).mask(rng.random(n) < 0.15)
    groups = group_values(values, number(), smallest, 8)
    assert 1 <= len(groups) <= 8
    assert all(members.sum() >= smallest for _, members in groups)
    assert_array_equal(sum(members.astype(int) for _, members in groups), values.notna())
    ordered = [(values[members].min(), values[members].max()) for _, members in groups]
    assert all(one[1] < two[0] for one, two in pairwise(ordered))


def test_labels_say_what_they_hold():
    values = pd.Series(np.arange(400.0))
    groups = group_values(values, number(), 10, 4)
    assert [label for label, _ in groups] == ["under 99.8", "99.8 to under 200", "200 to under 299", "299 or more"]
    edges = [-np.inf, 99.8, 200, 299, np.inf]
    for (_, members), low, high in zip(groups, edges[:-1], edges[1:], strict=True):
        assert_array_equal(members, (values >= low) & (values < high))


def test_edges_have_three_digits_and_are_not_a_patients_value():
    values = pd.Series(np.random.default_rng(0).normal(1234.5678, 300, 500))
    labels = [label for label, _ in group_values(values, number(), 10, 8)]
    edges = {word for label in labels for word in label.split() if word[0].isdigit()}
    assert len(edges) == 7
    assert all(float(edge) == float(f"{float(edge):.3g}") for edge in edges)
    assert not {float(edge) for edge in edges} & set(values)


def test_a_range_with_too_few_joins_its_neighbour():
    values = pd.Series(np.arange(40.0))
    assert [int(m.sum()) for _, m in group_values(values, number(), 15, 8)] == [15, 25]
    assert [int(m.sum()) for _, m in group_values(values, number(), 5, 8)] == [5] * 8


def test_too_few_values_make_no_group_and_too_few_to_part_one():
    assert group_values(pd.Series([1.0] * 9 + [np.nan] * 20), number(), 10, 4) == []
    ((label, members),) = group_values(pd.Series(np.arange(15.0)), number(), 10, 4)
    assert (label, members.sum()) == ("all values", 15)


@pytest.mark.parametrize("ordered", [True, False])
def test_categories_have_a_group_per_label_in_declared_order(ordered):
    column = coded("low", "mid", "high", ordered=ordered)
    labels = np.array(["high"] * 12 + ["low"] * 30 + ["mid"] * 4 + [None] * 8, dtype=object)
    if ordered:
        values = pd.Series(labels).map({"low": 0.0, "mid": 1.0, "high": 2.0})
    else:
        values = pd.Series(pd.Categorical(labels, categories=["low", "mid", "high"]))
    groups = group_values(values, column, 10, 8)
    assert [label for label, _ in groups] == ["low", "high"]
    for label, members in groups:
        assert_array_equal(members, labels == label)
    assert [label for label, _ in group_values(values, column, 4, 2)] == ["low", "mid", "high"]


def test_ages_of_ninety_and_more_are_one_group_at_most():
    values = pd.Series(np.repeat(np.arange(60.0, 105.0), 20), name="age")
    column = replace(number(), label="Age", unit="years")
    labels = [label for label, _ in group_values(values, column, 10, 8)]
    assert labels[-1] == "90 or more"
    assert all(float(word) <= 90 for label in labels for word in label.split() if word[0].isdigit())
