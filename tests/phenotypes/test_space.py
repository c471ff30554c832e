import json

import numpy as np
import pandas as pd
import pytest

from pipeline.errors import ConfigurationError, DataRefusedError
from pipeline.phenotypes.space import CONSTANT, WEIGHTLESS, Space, fit_space


def mixed_frame(rows: int = 200, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.normal(60, 10, rows),
            "marker": np.exp(rng.normal(3, 1, rows)),
            "grade": pd.Categorical(rng.choice(["I", "II", "III"], rows), ["I", "II", "III"], ordered=True),
            "site": pd.Categorical(rng.choice(["a", "b", "c", "d"], rows, p=[0.5, 0.3, 0.1, 0.1])),
        }
    )
    frame.loc[frame.index[:20], ["age", "grade", "site"]] = None
    return frame


def test_every_predictor_weighs_one():
    frame = mixed_frame()
    space = fit_space(frame)
    X = space.transform(frame)
    assert X.shape == (200, 7)
    assert np.isfinite(X).all()
    totals = [X[:, b].var(axis=0).sum() for b in space.blocks]
    np.testing.assert_allclose(totals, 1.0, rtol=1e-9)


def test_missing_numbers_take_the_development_median_also_later():
    frame = pd.DataFrame({"x": [1.0, 2.0, 9.0, np.nan, 3.0, 3.5]})
    space = fit_space(frame)
    gap, median = space.transform(pd.DataFrame({"x": [np.nan, 3.0]}))
    assert gap == median


def test_missing_unordered_level_is_the_origin_and_missing_ordered_the_median_level():
    frame = mixed_frame()
    X = fit_space(frame).transform(frame)
    np.testing.assert_array_equal(X[:20, 3:], 0.0)
    assert len(np.unique(X[:20, 2])) == 1
    assert X[0, 2] == X[np.flatnonzero(frame["grade"] == "II")[0], 2]


def test_only_the_skewed_column_is_logged_and_its_unit_does_not_matter():
    frame = mixed_frame()
    space = fit_space(frame)
    assert [c.log_unit is not None for c in space.coordinates] == [False, True, False, False]
    scaled = frame.assign(marker=frame["marker"] * 1000)
    np.testing.assert_allclose(fit_space(scaled).transform(scaled), space.transform(frame), atol=1e-9)


def test_later_negative_values_of_a_logged_column_stay_finite():
    space = fit_space(mixed_frame())
    later = space.transform(mixed_frame(seed=1).assign(marker=-1.0))
    assert np.isfinite(later).all()


def test_constant_and_empty_columns_are_left_out():
    frame = pd.DataFrame({"x": [1.0, 2.0, 4.0], "same": [5.0] * 3, "none": [np.nan] * 3})
    space = fit_space(frame)
    assert space.left_out == {"same": CONSTANT, "none": CONSTANT}
    assert space.transform(frame.assign(same=[1.0, 2.0, 3.0])).shape == (3, 1)


@pytest.mark.parametrize("seed", range(3))
def test_a_weight_is_the_variance_a_predictor_has(seed):
    frame = mixed_frame(seed=seed)
    weights = {"age": 4.0, "site": 0.25, "grade": 0.0}
    space = fit_space(frame, weights)
    X = space.transform(frame)
    found = {c.predictor: X[:, b].var(axis=0).sum() for c, b in zip(space.coordinates, space.blocks, strict=True)}
    assert found == pytest.approx({name: weights.get(name, 1.0) for name in found})
    assert space.left_out == {"grade": WEIGHTLESS}


@pytest.mark.parametrize("seed", range(3))
def test_points_move_between_spaces_as_their_values_do(seed):
    """What has the same values in both has the same place; a predictor or level that only one knows is at 0."""
    frame, other = mixed_frame(seed=seed), mixed_frame(seed=seed + 10)
    here, there = fit_space(frame), fit_space(other, {"age": 3.0})
    complete = frame[frame.notna().all(axis=1)]
    moved = here.move(here.transform(complete), there)
    np.testing.assert_allclose(moved, there.transform(complete), atol=1e-9)
    lacking = fit_space(frame.drop(columns="age"))
    place = [c.predictor for c in there.coordinates].index("age")
    assert (lacking.move(lacking.transform(complete), there)[:, there.blocks[place]] == 0).all()


def test_space_survives_json():
    frame = mixed_frame()
    space = fit_space(frame)
    again = Space.from_dict(json.loads(json.dumps(space.to_dict(), allow_nan=False)))
    assert again == space
    np.testing.assert_array_equal(again.transform(frame), space.transform(frame))


def test_levels_in_another_order_mean_the_same():
    frame = mixed_frame()
    space = fit_space(frame)
    turned = frame.assign(site=frame["site"].cat.reorder_categories(["d", "c", "b", "a"]))
    np.testing.assert_array_equal(space.transform(turned), space.transform(frame))


def test_refusals_name_the_predictor_and_no_value():
    space = fit_space(mixed_frame())
    with pytest.raises(ConfigurationError, match=r"'age'.*no such column"):
        space.transform(mixed_frame().drop(columns="age"))
    with pytest.raises(ConfigurationError, match=r"'age'.*expected numeric"):
        space.transform(mixed_frame().assign(age=pd.Categorical(["x"] * 200)))
    with pytest.raises(DataRefusedError, match="'site'") as caught:
        space.transform(mixed_frame().assign(site=pd.Categorical(["elsewhere"] * 200)))
    assert "elsewhere" not in str(caught.value)
    with pytest.raises(DataRefusedError, match=r"'age'.*infinity"):
        fit_space(mixed_frame().assign(age=np.inf))
    with pytest.raises(ConfigurationError, match="'note'"):
        fit_space(pd.DataFrame({"note": ["a", "b"]}))
