import numpy as np
import pytest

from pipeline.phenotypes import patients
from pipeline.phenotypes.patients import draw_development, spread


@pytest.mark.parametrize("n", [0, 1, 99, 100, 101, 1000])
def test_few_describe_all_and_many_are_evenly_spaced(n, monkeypatch):
    monkeypatch.setattr(patients, "SEEN", 100)
    places = spread(n)
    assert len(places) <= 100
    assert len(np.unique(np.diff(places))) <= 1
    assert n > 100 or places.tolist() == list(range(n))


def test_all_of_few_patients_teach_and_of_many_a_sample_that_the_seed_decides(monkeypatch):
    monkeypatch.setattr(patients, "LEARNT", 50)
    places = np.arange(0, 400, 2)
    np.testing.assert_array_equal(draw_development(places[:50], 1), places[:50])
    drawn = draw_development(places, 1)
    assert (len(drawn), set(drawn) <= set(places), bool((np.diff(drawn) > 0).all())) == (50, True, True)
    np.testing.assert_array_equal(drawn, draw_development(places, 1))
    assert drawn.tolist() != draw_development(places, 2).tolist()
