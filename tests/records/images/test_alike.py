import numpy as np
import pytest

from pipeline.records.images.alike import find_shared
from tests.records.images.ward import draw


def pictures(count, side=64, seed=0):
    return np.stack([draw(1000 * seed + number, (side, side), top=255).astype(np.uint8) for number in range(count)])


@pytest.mark.parametrize("side", [16, 32, 64])
def test_what_correlates_by_999_under_two_patients_is_found_and_nothing_else(side):
    rng = np.random.default_rng(side)
    seen = pictures(60, side)
    copies = seen[:10].astype(int) + rng.integers(-1, 2, (10, side, side))
    changed = seen[20:25].astype(int) + rng.normal(0, 60, (5, side, side))
    everything = np.concatenate([seen, np.clip(copies, 0, 255), np.clip(changed, 0, 255)]).astype(np.uint8)
    patients = np.arange(len(everything))
    patients[60:63] = patients[:3]  # the same patient twice
    found = find_shared(lambda rows: everything[rows], patients)
    rows = everything.reshape(len(everything), -1)
    near = np.argwhere(np.triu(np.corrcoef(rows) >= 0.999, 1))
    expected = {int(each) for pair in near for each in pair if patients[pair[0]] != patients[pair[1]]}
    assert set(np.flatnonzero(found)) == expected
    assert expected == {*range(3, 10), *range(63, 70)}


def test_it_depends_on_no_order():
    everything = np.concatenate([pictures(40), pictures(12)])
    patients = np.arange(52)
    order = np.random.default_rng(0).permutation(52)
    found = find_shared(lambda rows: everything[rows], patients)
    shuffled = find_shared(lambda rows: everything[order][rows], patients[order])
    np.testing.assert_array_equal(found[order], shuffled)
    assert found.sum() == 24


@pytest.mark.parametrize("count", [0, 1, 2])
def test_few_images_are_no_matter(count):
    everything = pictures(2)[:count]
    assert not find_shared(lambda rows: everything[rows], np.arange(count)).any()


def test_very_many_equal_images_take_no_square_of_their_number():
    everything = np.repeat(pictures(3), 3000, axis=0)
    asked = []

    def read(rows):
        asked.append(len(rows))
        return everything[rows]

    assert find_shared(read, np.arange(9000)).all()
    assert sum(asked) < 9100  # once each to see what is equal, then one of each


def test_large_images_are_compared_as_thumbnails():
    seen = pictures(6, 200)
    noise = np.random.default_rng(0).normal(0, 2, seen.shape)
    everything = np.concatenate([seen, np.clip(seen + noise, 0, 255).astype(np.uint8)])
    found = find_shared(lambda rows: everything[rows], np.arange(12) % 11)  # the last is the first patient's
    assert found.tolist() == [True] * 12
    found = find_shared(lambda rows: everything[rows], np.arange(12) % 6)
    assert not found.any()
