import numpy as np
import pandas as pd
import pytest

from pipeline.explanation.attributions import Attributions
from pipeline.explanation.by_group import importance_by_group
from pipeline.explanation.explained import Explained

SMALLEST = 10


def explained(said: pd.DataFrame) -> Explained:
    refits = [Attributions(0.0, said * f) for f in np.linspace(0.5, 1.5, 41)]
    return Explained(said, np.full(len(said), 0.5), Attributions(0.0, said), refits)


def told(sizes: dict[str, int], seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    labels = pd.Series(np.repeat(list(sizes), list(sizes.values())), dtype="string")
    rng = np.random.default_rng(seed)
    said = pd.DataFrame(rng.normal(size=(len(labels), 3)), columns=["a", "b", "c"])
    said["a"] += 5 * (labels == "x").to_numpy(bool)
    said["b"] -= 7 * (labels == "y").to_numpy(bool)
    return said, labels


@pytest.mark.parametrize("seed", range(3))
def test_each_group_has_its_own_ranking(seed):
    said, labels = told({"x": 40, "y": 60}, seed)
    table = importance_by_group(explained(said), labels, SMALLEST)
    assert table.loc[table["rank"] == 1, ["group", "predictor", "n"]].values.tolist() == [
        ["x", "a", 40],
        ["y", "b", 60],
    ]
    row = table.set_index(["group", "predictor"]).loc[("y", "b")]
    assert row["importance"] == pytest.approx(said["b"][40:].abs().mean())
    assert row["importance_lo"] == pytest.approx(0.525 * row["importance"])
    assert row["importance_hi"] == pytest.approx(1.475 * row["importance"])
    assert row["contribution"] == pytest.approx(said["b"][40:].mean())
    assert table.groupby("group")["rank"].apply(list).tolist() == [[1, 2, 3], [1, 2, 3]]


def test_groups_add_up_to_all_patients():
    said, labels = told({"x": 30, "y": 50, "z": 20})
    table = importance_by_group(explained(said), labels, SMALLEST)
    whole = (table["importance"] * table["n"]).groupby(table["predictor"]).sum() / len(said)
    assert whole.tolist() == pytest.approx(said.abs().mean().tolist())


@pytest.mark.parametrize(
    ("sizes", "shown"),
    [
        ({"x": 30, "y": 50, "z": 10}, ["x", "y", "z"]),
        ({"x": 30, "y": 50, "z": 9}, ["y"]),
        ({"x": 30, "y": 50, "z": 9, "w": 9}, ["x", "y"]),
        ({"x": 30, "y": 50, "z": 4, "w": 4}, ["y"]),
        ({"x": 30, "z": 9}, []),
        ({"z": 9}, []),
    ],
)
def test_small_groups_are_hidden_and_cannot_be_told_by_subtraction(sizes, shown):
    said, labels = told(sizes)
    table = importance_by_group(explained(said), labels, SMALLEST)
    assert list(dict.fromkeys(table["group"])) == shown
    assert list(table) == [
        "group", "n", "predictor", "importance", "importance_lo", "importance_hi", "rank", "contribution",
    ]  # fmt: skip


def test_patients_of_no_group_and_the_order_of_categories():
    said, labels = told({"x": 30, "y": 50})
    ordered = pd.Series(pd.Categorical(labels, categories=["y", "never", "x"]), index=said.index[::-1])
    ordered.iloc[:10] = np.nan
    table = importance_by_group(explained(said), ordered, SMALLEST)
    assert table.drop_duplicates("group")[["group", "n"]].values.tolist() == [["y", 50], ["x", 20]]
    assert table.set_index(["group", "predictor"]).loc[("x", "c"), "contribution"] == pytest.approx(
        said["c"][10:30].mean()
    )


def test_few_patients_of_no_group_hide_the_smallest_group():
    said, labels = told({"x": 30, "y": 50})
    labels.iloc[:3] = pd.NA
    assert set(importance_by_group(explained(said), labels, SMALLEST)["group"]) == {"y"}
