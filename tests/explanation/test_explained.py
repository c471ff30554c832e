import numpy as np
import pandas as pd
import pytest

from pipeline.explanation import explained as room
from pipeline.explanation.explained import explain, explain_enough, largest_gap
from pipeline.explanation.risk_points import share_risk
from pipeline.models.ensemble import RiskModel
from pipeline.models.linear import LogisticCandidate
from tests.models.builders import make_numbers


def models(
    n: int, coefficients: tuple[float, ...], drawn: int = 300
) -> tuple[pd.DataFrame, RiskModel, list[RiskModel]]:
    examples, _ = make_numbers(0, n, coefficients)

    def learn(rows: np.ndarray) -> RiskModel:
        X, y = examples.X.iloc[rows].reset_index(drop=True), examples.observed.event[rows]
        member = LogisticCandidate("", splines=False).fit(X, y, np.ones(len(X)), {"inverse_penalty": 10.0})
        return RiskModel({"it": member}, {"it": 1.0}, 0.0, 1.0)

    rng = np.random.default_rng(0)
    return examples.X, learn(np.arange(n)), [learn(rng.integers(0, n, drawn)) for _ in range(10)]


def test_no_more_patients_are_explained_than_the_ranking_needs(monkeypatch):
    X, model, refits = models(3000, (2.0, -0.5), 100)
    monkeypatch.setattr(room, "FIRST", 100)
    some, enough = explain_enough(X, model, refits, 3000)
    assert enough.patients <= len(some.X) < 3000
    pd.testing.assert_frame_equal(some.X, X.iloc[: len(some.X)])
    monkeypatch.setattr(room, "FIRST", 3000)
    whole, _ = explain_enough(X, model, refits, 3000)
    pd.testing.assert_frame_equal(some.attributions.contributions, whole.attributions.contributions.iloc[: len(some.X)])


@pytest.mark.parametrize(("at_most", "count"), [(150, 150), (10_000, 400)])
def test_never_more_than_allowed_or_there(monkeypatch, at_most, count):
    X, model, refits = models(400, (1.0, 0.99))
    monkeypatch.setattr(room, "FIRST", 60)
    some, enough = explain_enough(X, model, refits, at_most)
    assert len(some.X) == count
    assert enough.patients > count


def test_parts_add_up_and_a_gap_would_show():
    X, model, refits = models(300, (1.0, -1.0))
    found = explain(X, model, refits)
    assert largest_gap(found, model) < 1e-9
    off = room.Explained(found.X, found.risk, room.Attributions(0.25, found.attributions.contributions), [])
    assert largest_gap(off, model) == pytest.approx(abs(0.25 - found.attributions.base))


def test_mean_parts_of_the_risk_are_those_of_the_first_patients(monkeypatch):
    X, model, refits = models(300, (1.0, -1.0))
    monkeypatch.setattr(room, "POINTS_OF", 50)
    mean, again = explain(X, model, refits).in_points()
    attributions = explain(X, model, ()).attributions
    parts = share_risk(attributions.base, attributions.contributions.to_numpy()[:50])
    np.testing.assert_allclose(mean, np.abs(parts).mean(axis=0))
    assert again.shape == (10, 2)
