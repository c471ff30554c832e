"""Who becomes a member of the average besides those who always are."""

import numpy as np
import pandas as pd
import pytest

from pipeline.models import ensemble
from pipeline.models.ensemble import ENSEMBLE, Learning, Portfolio, learn_outcome
from pipeline.outcomes import Observed
from tests.models.builders import Planted, make_numbers


def searched(
    order: tuple[str, ...], *, n: int = 2000, useful: slice = slice(None)
) -> tuple[Learning, dict[str, Planted]]:
    """Of three independent causes the average begins with `a`; `noise` is none. In rows beyond `useful` only `a` is."""
    examples, _ = make_numbers(0, n, (1.0, 1.0, 1.0, 0.0))
    X = examples.X.rename(columns={"d": "noise"})
    mixed = X.iloc[::-1].reset_index(drop=True)
    keep = pd.Series(np.isin(np.arange(n), np.arange(n)[useful]))
    X[["b", "c"]] = X[["b", "c"]].where(keep, mixed[["b", "c"]])
    candidates = {name: Planted(name) for name in X}
    return learn_outcome(
        X, examples.observed, examples.patient, Portfolio(candidates, (), ("a",), order), 3
    ), candidates


def members_of(learning: Learning) -> list[str]:
    return list(learning.models[ENSEMBLE].members)


@pytest.mark.parametrize(
    ("order", "members"),
    [
        ((), ["a"]),
        (("b",), ["a", "b"]),
        (("b", "c"), ["a", "b", "c"]),
        (("c", "b", "noise"), ["a", "c", "b"]),
        (("b", "noise", "c"), ["a", "b"]),
        (("noise", "b", "c"), ["a"]),
    ],
)
def test_a_member_that_pays_is_added_and_one_that_does_not_ends_the_search(order, members):
    found, candidates = searched(order)
    assert members_of(found) == members
    tried = [name for name, candidate in candidates.items() if candidate.taught]
    assert set(tried) == {"a", *order[: len(members)]}
    assert all(len(candidates[name].taught) == 1 for name in tried)


def test_a_searched_member_has_no_model_of_its_own():
    """Other patients might not have led to it, so that it would have risks in some folds alone."""
    found, _ = searched(("b", "noise"))
    assert list(found.models) == [ENSEMBLE, "a"]
    assert {"a", "b"} <= set(found.settings)


@pytest.mark.parametrize(("useful", "members"), [(slice(500), ["a", "b", "c"]), (slice(500, None), ["a"])])
def test_of_large_tables_the_first_rows_alone_decide(monkeypatch, useful, members):
    monkeypatch.setattr(ensemble, "SEARCH_ALL", 1999)
    monkeypatch.setattr(ensemble, "SEARCH_ROWS", 500)
    found, candidates = searched(("b", "c", "noise"), useful=useful)
    assert members_of(found) == members
    assert candidates["a"].taught == [500, 2000]
    assert candidates["noise"].taught == ([500] if "c" in members else [])
    assert list(found.models) == [ENSEMBLE, "a"]
    assert len(found.y) == 2000


def test_where_events_are_rare_more_rows_decide(monkeypatch):
    """The tenth patient with the event stands at row 910, and some have a second row."""
    monkeypatch.setattr(ensemble, "SEARCH_ALL", 1000)
    monkeypatch.setattr(ensemble, "SEARCH_ROWS", 100)
    y = np.zeros(2000)
    y[100:2000:90] = 1
    y[101:600:90] = 1
    patient = np.arange(2000)
    patient[101:600:90] = patient[100:600:90]
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(2000, 2)), columns=["a", "b"])
    candidates = {name: Planted(name) for name in X}
    learn_outcome(X, Observed(y), patient, Portfolio(candidates, (), ("a",), ("b",)), 3)
    assert candidates["a"].taught == [911, 2000]
    assert candidates["b"].taught == [911]
