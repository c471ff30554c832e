"""Whether images add: a planted gain is found, none is claimed where there is none, and harm is said."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.special import expit

from pipeline.evaluation.assemble import HeldOut
from pipeline.evaluation.images.fusion import describe_fusion, judge_difference, label_images
from pipeline.outcomes import Observed
from pipeline.sections import Evaluate

DRAWN = Evaluate(resamples=100, seed=1)


def fuse(weight: float, noise: float = 0.0, n: int = 600, seed: int = 0, imaged: float = 0.8) -> dict[str, Any]:
    """An outcome that a record and an image tell, the latter with `weight`; the fused model adds `noise`."""
    rng = np.random.default_rng(seed)
    record, image = rng.normal(size=(2, n))
    outcome = (rng.random(n) < expit(record + weight * image)).astype(float)
    risks = {"both": record + weight * image + noise * rng.normal(size=n), "record": record, "images": weight * image}
    rows = pd.DataFrame({"pseudonym": [f"p{i:04d}" for i in range(n)]})
    repeats = pd.concat([rows.assign(repeat=repeat) for repeat in (1, 2)], ignore_index=True)
    told = {name: np.tile(expit(score), 2) for name, score in risks.items()}
    predictions = repeats.assign(risk_ensemble=told["both"], lower=0.0, upper=1.0, outside=0.0)
    parts = repeats.assign(risk_record=told["record"], risk_images=told["images"])
    held_out = HeldOut.from_predictions(predictions, {"ill": Observed(outcome)})
    groups = label_images(rng.random(n) < imaged) | {"Sex": pd.Categorical(np.where(rng.random(n) < 0.5, "f", "m"))}
    return describe_fusion(held_out, "ensemble", parts, groups, (0.3,), DRAWN, 10)


def test_a_planted_gain_is_found() -> None:
    found = fuse(1.5)
    assert found["verdicts"] == {"record": "adds", "images": "adds"}
    own, record = (found["figures"][name]["auroc"]["value"] for name in ("both", "record"))
    assert found["differences"]["record"]["auroc"]["value"] == pytest.approx(own - record)
    assert found["differences"]["record"]["net_benefit"][0]["difference"]["value"] > 0


@pytest.mark.parametrize("seed", range(3))
def test_noise_instead_of_an_image_is_no_gain(seed: int) -> None:
    assert fuse(0.0, noise=0.1, seed=seed)["verdicts"]["record"] != "adds"


def test_harm_is_said() -> None:
    assert fuse(0.0, noise=3.0)["verdicts"]["record"] == "harms"


def test_groups_that_may_be_shown_are_compared_with_and_without_an_image_first() -> None:
    rows = fuse(1.5)["subgroups"]
    assert [(row["column"], row["level"]) for row in rows] == [
        ("Images", "with an image"), ("Images", "without an image"), ("Sex", "f"), ("Sex", "m"),
    ]  # fmt: skip
    assert fuse(1.5, imaged=1.0)["with_images"] == 600
    few = fuse(1.5, imaged=0.995)
    assert few["with_images"] is None
    assert [row["column"] for row in few["subgroups"]] == ["Sex", "Sex"]


def test_without_other_predictors_that_is_said() -> None:
    held_out = HeldOut(
        {"ensemble": np.full((1, 40), 0.5)}, {}, np.zeros((1, 40)), np.ones((1, 40)), np.zeros((1, 40), dtype=bool),
        {"ill": Observed(np.arange(40) % 2.0)}, np.arange(40),
    )  # fmt: skip
    parts = pd.DataFrame({"repeat": 1, "risk_record": np.nan, "risk_images": np.full(40, 0.5)})
    found = describe_fusion(held_out, "ensemble", parts, label_images(np.ones(40, dtype=bool)), (0.3,), DRAWN, 10)
    assert found["verdicts"] == {"record": "unknown", "images": "unproven"}
    assert found["differences"]["record"]["auroc"]["reason"] == "there is no other predictor"
    assert found["subgroups"] == []


@pytest.mark.parametrize(
    ("auroc", "brier", "verdict"),
    [((0.01, 0.1), (-0.1, 0.1), "adds"), ((-0.1, 0.1), (-0.2, -0.1), "unproven"), ((0.01, 0.1), (0.01, 0.1), "harms"),
     ((-0.2, -0.1), (-0.1, 0.1), "harms"), ((None, None), (-0.1, 0.1), "unknown")],
)  # fmt: skip
def test_what_is_said_follows_from_the_intervals_alone(auroc: Any, brier: Any, verdict: str) -> None:
    found = {"auroc": dict(zip(("lo", "hi"), auroc, strict=True)), "brier": dict(zip(("lo", "hi"), brier, strict=True))}
    assert judge_difference(found) == verdict
