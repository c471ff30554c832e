"""What is said of a network is what its predictions hold, and no small group follows from it."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import confusion_matrix, roc_auc_score

from pipeline.disclosure import publish
from pipeline.evaluation.images.calls import Calls, cut_confidence, cut_sizes, tally_calls
from pipeline.evaluation.images.network import describe_network, size_findings
from pipeline.image_store import ImageStore
from pipeline.sections import Evaluate

from .made import CLASSES, make_predictions

DRAWN = Evaluate(resamples=100, seed=1)


def describe(predictions: pd.DataFrame, sizes: Any = None, beside: tuple[int, ...] = (), smallest: int = 10) -> Any:
    sizes = np.full(len(predictions), np.nan) if sizes is None else sizes
    return describe_network(predictions, list(CLASSES[1:]), sizes, beside, DRAWN, smallest)


@pytest.fixture(scope="module")
def predictions() -> pd.DataFrame:
    return make_predictions(strength=1.2)


@pytest.fixture(scope="module")
def found(predictions: pd.DataFrame) -> Any:
    return describe(predictions)


def test_figures_are_those_of_an_independent_implementation(predictions: pd.DataFrame, found: Any) -> None:
    finding = predictions["label"] != "no"
    auroc = found["estimates"]["auroc"]
    assert auroc["value"] == pytest.approx(roc_auc_score(finding, predictions["log_odds"]))
    assert auroc["lo"] < auroc["value"] < auroc["hi"]
    table = confusion_matrix(predictions["label"], predictions["told"], labels=list(CLASSES))
    shown = [[told["n"] for told in row["told"]] for row in found["confusion"]]
    assert shown == table.tolist()
    called = table[1:, 1:]
    assert found["accuracy"]["type"]["value"] == pytest.approx(np.trace(called) / called.sum())
    assert found["accuracy"]["class"]["value"] == pytest.approx(np.trace(table) / table.sum())
    assert found["accuracy"]["sensitivity"]["value"] == pytest.approx(called.sum() / table[1:].sum())
    assert found["accuracy"]["specificity"]["value"] == pytest.approx(table[0, 0] / table[0].sum())
    assert found["looked"]["hit"]["value"] == pytest.approx(predictions["hit"].dropna().mean())
    assert found["with_finding"] == finding.sum()
    assert found["judged"] == "out-of-fold"


def test_a_network_that_guesses_is_not_told_to_see() -> None:
    auroc = describe(make_predictions(strength=0.0, seed=3))["estimates"]["auroc"]
    assert auroc["lo"] < 0.5 < auroc["hi"]


def test_where_there_is_a_test_part_it_alone_is_judged(predictions: pd.DataFrame) -> None:
    tested = predictions.assign(fold=predictions["fold"].where(predictions.index >= 300))
    told = describe(tested)
    assert (told["judged"], told["images"]) == ("test", 300)
    finding = predictions["label"][:300] != "no"
    assert told["estimates"]["auroc"]["value"] == pytest.approx(roc_auc_score(finding, predictions["log_odds"][:300]))


def test_images_of_unknown_class_take_no_part(predictions: pd.DataFrame) -> None:
    told = describe(predictions.assign(label=predictions["label"].where(predictions.index >= 50)))
    assert (told["images"], told["unknown"]) == (550, 50)
    few = describe(predictions.assign(label=predictions["label"].where(predictions.index >= 3)))
    assert few["unknown"] is None


def test_several_images_of_a_patient_widen_intervals() -> None:
    """Each patient's images are copies of one, so that they tell no more than one of each would."""
    once = make_predictions(images=200, strength=1.2)
    often = pd.concat([once] * 4, ignore_index=True)
    alone, several = (describe(each)["accuracy"]["sensitivity"] for each in (once, often))
    for end in ("value", "lo", "hi"):
        assert several[end] == pytest.approx(alone[end], abs=0.005)


def test_failures_are_told_by_size_of_the_finding(predictions: pd.DataFrame) -> None:
    finding = (predictions["label"] != "no").to_numpy()
    missed = finding & (predictions["told"] == "no").to_numpy()
    sizes = np.where(finding, np.random.default_rng(0).uniform(0.02, 0.05, len(finding)) - 0.001 * missed, np.nan)
    rows = [row for row in describe(predictions, sizes)["failures"] if row["by"] == "size"]
    assert sum(row["failed"] for row in rows) == missed.sum()
    assert rows[0]["share"]["value"] == pytest.approx(missed[sizes < rows[0]["high"]].mean())
    assert rows[0]["share"]["value"] > rows[2]["share"]["value"]
    assert rows[0]["high"] == rows[1]["low"]
    assert not [row for row in describe(predictions)["failures"] if row["by"] == "size"]


def test_a_nearly_perfect_network_is_told_by_bounds() -> None:
    told = describe(make_predictions(strength=4.0))
    wrong = told["accuracy"]["sensitivity"]
    assert wrong["value"] is None
    assert wrong["reason"].startswith("it is above 9")
    assert told["with_finding"] is not None
    assert all(cell["n"] is None or cell["n"] >= 10 for row in told["confusion"] for cell in row["told"])


def test_counts_that_nearly_agree_with_others_are_hidden(predictions: pd.DataFrame, found: Any) -> None:
    near = describe(predictions, beside=(603, found["with_finding"] + 4))
    assert near["images"] is None
    assert near["with_finding"] is None
    assert describe(predictions, beside=(600,))["images"] == 600


def test_nothing_judged_says_why() -> None:
    empty = make_predictions(images=20).assign(label=pd.array([pd.NA] * 20, dtype="string"))
    told = describe(empty)
    assert told["estimates"]["auroc"]["reason"] == "the class of no image evaluated is known"
    assert told["accuracy"]["sensitivity"]["value"] is None
    assert told["confidence"] == []
    unplaced = describe(make_predictions(images=60).assign(hit=pd.NA, similarity=np.nan))["looked"]
    assert unplaced["hit"]["reason"] == "where a finding is, is known of no image evaluated"
    assert unplaced["similarity"]["reason"] == "no map was drawn"


def test_what_is_told_may_be_published(found: Any) -> None:
    told = publish(found, 5)
    assert all(cell["n"] is None or cell["n"] % 5 == 0 for row in told["confusion"] for cell in row["told"])
    counts = [row["n"] for row in told["confidence"] if row["n"]]
    assert counts
    assert all(count % 5 == 0 for count in counts)


@settings(deadline=None, max_examples=6)
@given(st.integers(60, 300), st.floats(0.5, 4), st.integers(0, 1000))
def test_no_cell_that_is_shown_tells_of_few(images: int, strength: float, seed: int) -> None:
    """Every shown cell has ten patients, and a hidden one is never the rest of a sum of shown ones."""
    predictions = make_predictions(images=images, strength=strength, patients=images // 2, seed=seed)
    patient = pd.factorize(predictions["pseudonym"])[0].astype(np.int64)
    size = np.where(predictions["label"] == "no", np.nan, np.linspace(0.01, 0.1, images))
    calls = Calls.read(predictions, CLASSES, CLASSES[1:], size, patient)
    sizes, bins = cut_sizes(calls, 10), cut_confidence(calls, 10)
    tally = tally_calls(calls, sizes, bins, (), 10)
    shown = {cell: members for cell, members in tally.cells.items() if cell not in tally.hidden}
    assert all(len(np.unique(patient[members])) >= 10 for members in shown.values())
    for whole, kinds in ((("found", "all"), ("found", "absent")), (("absent", "all"), ("found", "absent"))):
        hidden = [kind for kind in kinds if (whole[0], kind) in tally.hidden]
        assert len(hidden) != 1 or whole in tally.hidden
    for place in range(3):
        row = [cell for cell in ((place, 0), (place, 1), (place, 2)) if cell in tally.hidden]
        assert len(row) != 1 or (place, "all") in tally.hidden


def test_the_size_of_findings_is_their_share_of_the_image() -> None:
    masks = np.zeros((3, 10, 10), dtype=np.uint8)
    masks[0, :2, :5] = masks[1, :, :] = 1
    index = pd.DataFrame({"record": [0, 1, 2], "placed": [True, False, True]})
    sizes = size_findings(ImageStore(masks, masks, index))
    assert sizes[0] == pytest.approx(0.1)
    assert np.isnan(sizes[1:]).all()
    assert np.isnan(size_findings(ImageStore(masks, None, index))).all()
