"""Trees grown batch by batch, in memory and on disk."""

import numpy as np
import pandas as pd
import pytest
import xgboost

from pipeline.models import growing
from pipeline.models.growing import MATRIX, LocalGrower, Rows, train_until

PARAMETERS = {
    "objective": "binary:logistic", "tree_method": "hist", "max_bin": growing.BINS, "max_depth": 3, "eta": 0.3,
    "subsample": 0.8, "colsample_bytree": 0.6, "seed": 1, "nthread": 1,
}  # fmt: skip


def make_examples(seed=0, rows=3000):
    rng = np.random.default_rng(seed)
    X = pd.DataFrame({f"x{i}": rng.normal(size=rows).astype(np.float32) for i in range(4)})
    X["code"] = pd.Categorical.from_codes(rng.integers(-1, 3, rows), list("abc"))
    X.loc[::11, "x2"] = np.nan
    score = X["x0"] - X["x1"] ** 2 + (X["code"] == "a")
    return X, (rng.random(rows) < 1 / (1 + np.exp(-score))).to_numpy(float), rng.uniform(0.5, 2, rows)


def part(X, y, weight, seed=0):
    held_out = np.random.default_rng(seed).random(len(X)) < 0.2
    return [Rows.of(X, y, weight, np.flatnonzero(mask)) for mask in (~held_out, held_out)]


def train_whole(X, y, weight, seen, unseen, rounds=60, patience=5):
    """Without batches, by xgboost alone."""
    matrices = []
    for rows in (seen.place, unseen.place):
        ref = matrices[0] if matrices else None
        told = {"label": y[rows], "weight": weight[rows], "ref": ref}
        matrices.append(xgboost.QuantileDMatrix(X.iloc[rows], **told, **MATRIX))
    return train_until(PARAMETERS, *matrices, rounds, patience)


def dump(booster):
    return bytes(booster.save_raw(raw_format="ubj"))


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("on_disk", [False, True])
def test_one_batch_grows_the_trees_of_the_whole_table(seed, on_disk, tmp_path):
    given = make_examples(seed)
    seen, unseen = part(*given, seed)
    booster, losses = LocalGrower(tmp_path if on_disk else None).grow(PARAMETERS, seen, unseen, 60, 5)
    expected, curve = train_whole(*given, seen, unseen)
    np.testing.assert_array_equal(losses, curve)
    assert dump(booster) == dump(expected)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("seed", range(3))
def test_memory_and_disk_grow_the_same_trees_from_many_batches(seed, tmp_path, monkeypatch):
    monkeypatch.setattr(growing.Rows.batches, "__defaults__", (400,))
    given = make_examples(seed)
    seen, unseen = part(*given, seed)
    (one, losses), (other, curve) = (
        LocalGrower(folder).grow(PARAMETERS, seen, unseen, 60, 5) for folder in (None, tmp_path)
    )
    np.testing.assert_array_equal(losses, curve)
    assert dump(one) == dump(other)


@pytest.mark.parametrize("seed", range(3))
def test_batches_move_bins_and_hardly_risks(seed, monkeypatch):
    given = make_examples(seed, 20_000)
    seen, _ = part(*given, seed)
    whole, _ = LocalGrower().grow(PARAMETERS, seen, None, 30)
    monkeypatch.setattr(growing.Rows.batches, "__defaults__", (1500,))
    batched, _ = LocalGrower().grow(PARAMETERS, seen, None, 30)
    risks = [booster.inplace_predict(given[0]) for booster in (whole, batched)]
    assert np.abs(risks[0] - risks[1]).mean() < 0.01


def test_without_unseen_rows_there_are_no_losses():
    seen, _ = part(*make_examples())
    booster, losses = LocalGrower().grow(PARAMETERS, seen, None, 7)
    assert booster.num_boosted_rounds() == 7
    assert losses.shape == (0,)


def test_batches_are_the_rows_in_their_order():
    X, y, weight = make_examples()
    rows = Rows.of(X, y, weight, np.array([0, 1, 2, 5, 9, 10, 2999]))
    batches = list(rows.batches(3))
    assert [len(batch["data"]) for batch in batches] == [3, 3, 1]
    pd.testing.assert_frame_equal(pd.concat([batch["data"] for batch in batches]), X.iloc[rows.place])
    np.testing.assert_array_equal(np.concatenate([batch["label"] for batch in batches]), y[rows.place])
    np.testing.assert_array_equal(np.concatenate([batch["weight"] for batch in batches]), weight[rows.place])
    assert np.shares_memory(batches[0]["data"]["x0"].to_numpy(), X["x0"].to_numpy())
