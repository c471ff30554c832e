import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score

from pipeline.errors import ConfigurationError
from pipeline.phenotypes.assignment import learn_shapes
from pipeline.phenotypes.matching import keep_numbers
from pipeline.phenotypes.model import PhenotypeModel
from pipeline.phenotypes.space import fit_space

CENTRES = np.array([[0.0, 0, 0], [9, 0, 0], [0, 9, 0], [0, 0, 9]])


def model(seed: int, order: list[int], shift: float = 0.0) -> tuple[PhenotypeModel, pd.DataFrame, np.ndarray]:
    """Clusters of CENTRES, called 1, 2... in the given order; `shift` moves every patient."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(order, 400)
    frame = pd.DataFrame(CENTRES[truth] + rng.normal(size=(400, 3)) + shift, columns=list("abc"))
    labels = np.array([1 + order.index(t) for t in truth])
    space = fit_space(frame)
    return PhenotypeModel(space, learn_shapes(space.transform(frame), labels, round_clusters=True)), frame, truth


@pytest.mark.parametrize("seed", range(3))
def test_clusters_keep_their_numbers_whatever_their_order_now(seed):
    earlier, frame, truth = model(seed, [0, 1, 2])
    later, other, _ = model(seed + 10, [2, 0, 1], shift=0.2)
    renumbered, status = keep_numbers(later, earlier)
    assert status == {1: "kept", 2: "kept", 3: "kept"}
    np.testing.assert_array_equal(renumbered.assign(frame), earlier.assign(frame))
    assert adjusted_rand_score(later.assign(other), renumbered.assign(other)) == 1
    np.testing.assert_array_equal(earlier.assign(frame), truth + 1)


def test_a_cluster_that_nobody_had_before_is_new_and_its_number_too():
    earlier, _, _ = model(0, [0, 1, 2])
    later, frame, truth = model(1, [3, 2, 1])
    renumbered, status = keep_numbers(later, earlier)
    assert status == {4: "new", 3: "kept", 2: "kept"}
    np.testing.assert_array_equal(renumbered.assign(frame), truth + 1)


def test_a_model_matched_with_itself_is_unchanged():
    one, frame, _ = model(0, [0, 1, 2, 3])
    again, status = keep_numbers(one, one)
    assert set(status.values()) == {"kept"}
    np.testing.assert_array_equal(again.assign(frame), one.assign(frame))


def test_models_of_other_predictors_share_no_cluster():
    one, frame, _ = model(0, [0, 1, 2])
    space = fit_space(frame.rename(columns=str.upper))
    other = PhenotypeModel(space, one.shapes)
    assert keep_numbers(one, other) == (one, {})


def test_an_earlier_format_is_refused_in_one_sentence():
    with pytest.raises(ConfigurationError, match=r"stored as this version does not read them; run `dvc repro`"):
        PhenotypeModel.from_dict({"space": {"coordinates": [], "constant": []}, "centres": [[1.0]]})
