import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from data_schemas.columns import Binary, Classes, TimeToEvent
from pipeline.models.coherence import make_coherent
from pipeline.outcomes import name_horizons

RISK = st.floats(0, 1)
HORIZONS = st.lists(st.integers(1, 99), min_size=1, max_size=5, unique=True)
CLASSES = ["b", "a", "d", "c"]  # "a" is of interest, wherever it stands


@st.composite
def by_horizon(draw):
    """An outcome at several horizons, and risks of four patients by each that need not agree."""
    horizon, *others = draw(HORIZONS)
    outcome = TimeToEvent("time", "status", "ill", horizon, "years", "illness", also_at=tuple(others))
    return outcome, {name: draw(arrays(float, 4, elements=RISK)) for name in name_horizons(outcome)}


@given(by_horizon())
def test_risks_rise_with_the_horizon_and_the_first_stays(made):
    outcome, risks = made
    found = make_coherent(risks, outcome)
    assert list(found) == list(risks)
    first = next(iter(risks))
    np.testing.assert_array_equal(found[first], risks[first])
    ascending = [found[name] for name, _ in sorted(name_horizons(outcome).items(), key=lambda pair: pair[1])]
    assert (np.diff(ascending, axis=0) >= 0).all()


@given(by_horizon())
def test_risks_that_agree_stay_and_what_is_made_to_agree_stays(made):
    outcome, risks = made
    found = make_coherent(risks, outcome)
    again = make_coherent(found, outcome)
    assert all(np.array_equal(found[name], again[name]) for name in found)


@given(by_horizon())
def test_every_risk_is_one_that_some_model_gave_that_patient(made):
    outcome, risks = made
    given_risks = np.array(list(risks.values()))
    for found in make_coherent(risks, outcome).values():
        assert (found == given_risks).any(axis=0).all()


def test_horizons_by_hand():
    outcome = TimeToEvent("time", "status", "ill", 3, "years", "illness", also_at=(1, 2, 5, 10))
    risks = {"3 years": 0.4, "1 years": 0.3, "2 years": 0.2, "5 years": 0.3, "10 years": 0.5}
    found = make_coherent({name: np.array([risk]) for name, risk in risks.items()}, outcome)
    assert {name: float(risk[0]) for name, risk in found.items()} == {
        "3 years": 0.4, "1 years": 0.2, "2 years": 0.2, "5 years": 0.4, "10 years": 0.5,
    }  # fmt: skip


@given(arrays(float, (4, 5), elements=RISK))
def test_classes_add_up_to_one_and_the_class_of_interest_stays(drawn):
    risks = dict(zip(CLASSES, drawn, strict=True))
    found = make_coherent(risks, Classes("kind", "a", "a"))
    assert list(found) == CLASSES
    np.testing.assert_array_equal(found["a"], risks["a"])
    np.testing.assert_allclose(sum(found.values()), 1, rtol=0, atol=1e-12)
    assert all(((risk >= 0) & (risk <= 1)).all() for risk in found.values())


@given(arrays(float, (4, 5), elements=st.floats(1e-6, 1)))
def test_the_other_classes_keep_their_proportions(drawn):
    assume((drawn[1] < 1).all())
    risks = dict(zip(CLASSES, drawn, strict=True))
    found = make_coherent(risks, Classes("kind", "a", "a"))
    for name in ("d", "c"):
        np.testing.assert_allclose(found[name] * risks["b"], found["b"] * risks[name], rtol=1e-9, atol=1e-15)


def test_the_other_classes_share_equally_where_all_are_nil():
    risks = dict.fromkeys(CLASSES, np.zeros(2)) | {"a": np.array([0.4, 1.0])}
    found = make_coherent(risks, Classes("kind", "a", "a"))
    for name in ("b", "c", "d"):
        np.testing.assert_allclose(found[name], [0.2, 0])


@pytest.mark.parametrize("shape", [(7,), (3, 7)])
def test_arrays_of_any_shape_are_made_anew(shape):
    risks = {name: np.random.default_rng(0).random(shape) for name in CLASSES}
    before = {name: risk.copy() for name, risk in risks.items()}
    found = make_coherent(risks, Classes("kind", "a", "a"))
    assert all(risk.shape == shape for risk in found.values())
    assert all(np.array_equal(risks[name], before[name]) for name in CLASSES)


def test_one_risk_contradicts_nothing():
    risks = {"a": np.array([0.2, 0.9])}
    assert make_coherent(risks, Binary("kind", "a", "a")) == risks
