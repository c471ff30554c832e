import json
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal

from data_schemas.columns import Cohort
from pipeline.models.development import Development
from pipeline.models.ensemble import ENSEMBLE
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.storage import (
    deployed_from_dict,
    deployed_to_dict,
    model_from_dict,
    model_to_dict,
    refits_from_dict,
    refits_to_dict,
)
from tests.models.builders import (
    CompetingVisits,
    FollowedVisits,
    KindVisits,
    develop_small,
    make_competing,
    make_kinds,
    make_records,
)

PLAIN = (dict, list, str, int, float, bool, type(None))
MEMBERS = ("logistic", "spline_logistic", "boosted_trees")


def developed(cohort: type[Cohort], records: pd.DataFrame) -> tuple[Development, Examples]:
    examples = make_examples(records, cohort)
    return develop_small(examples, cohort.predictors(), MEMBERS, outcome=cohort.study().outcome), examples


@pytest.fixture(scope="module")
def followed() -> tuple[Development, Examples]:
    return developed(FollowedVisits, make_records(0, 250))


def leaves(content: Any) -> list[Any]:
    if isinstance(content, dict):
        return [leaf for value in content.values() for leaf in leaves(value)] + list(content)
    return [leaf for value in content for leaf in leaves(value)] if isinstance(content, list | tuple) else [content]


def test_every_model_predicts_the_same_to_the_last_bit_after_json(followed):
    development, examples = followed
    new = make_examples(make_records(20, 400, missing=0.3), FollowedVisits).X
    assert new["site"].isna().any()
    assert len(new["site"].cat.categories) == 4
    for model in development.models.values():
        text = json.dumps(model_to_dict(model), allow_nan=False)
        again = model_from_dict(json.loads(text))
        assert_array_equal(again.log_odds(examples.X), model.log_odds(examples.X))
        assert_array_equal(again.log_odds(new), model.log_odds(new))
        assert json.dumps(model_to_dict(again), allow_nan=False) == text


@pytest.mark.parametrize(
    ("cohort", "records", "others"),
    [
        (KindVisits, make_kinds(0, 300)[0], ["none", "bleed"]),
        (CompetingVisits, make_competing(0, 400)[0], ["180 days"]),
        (FollowedVisits, make_records(1, 250), []),
    ],
)
def test_all_that_is_deployed_says_the_same_to_the_last_bit_after_json(cohort, records, others):
    development, _ = developed(cohort, records)
    deployed = development.deployed
    text = json.dumps(deployed_to_dict(deployed), allow_nan=False)
    again = deployed_from_dict(json.loads(text), cohort.study().outcome)
    assert list(again.others) == others
    new = make_examples(make_records(20, 200, missing=0.3).assign(**dict(_outcomes(records, 200))), cohort).X
    told = deployed.predict(new)
    assert told["outside"].any()
    assert [name for name in told if str(name).startswith("also_")] == [f"also_{name}" for name in others]
    pd.testing.assert_frame_equal(again.predict(new), told, check_exact=True)
    assert json.dumps(deployed_to_dict(again), allow_nan=False) == text


def _outcomes(records: pd.DataFrame, n: int):
    """Outcomes for other records, of which predictions take no notice."""
    return ((name, records[name].iloc[:n]) for name in ("kind", "ended") if name in records)


def test_content_is_plain_and_holds_every_part(followed):
    content = deployed_to_dict(followed[0].deployed)
    assert {type(leaf) for leaf in leaves(content)} <= set(PLAIN)
    assert list(content) == ["format", "target", "model", "others", "interval", "support"]
    assert content["target"] == "365 days"
    assert list(content["model"]) == ["members", "weights", "intercept", "slope"]
    kinds = [member["kind"] for member in content["model"]["members"].values()]
    assert kinds == ["linear", "linear", "trees"]
    assert len(content["model"]["members"]["boosted_trees"]["boosters"]) == 3


def test_every_stored_number_matters(followed):
    development, examples = followed
    model = development.models[ENSEMBLE]
    plain = model.log_odds(examples.X)
    for change in ({"intercept": 9.0}, {"slope": 0.1}, {"weights": dict.fromkeys(model.weights, 0.1)}):
        assert not np.allclose(model_from_dict(model_to_dict(model) | change).log_odds(examples.X), plain)


def test_another_format_is_not_read(followed):
    content = deployed_to_dict(followed[0].deployed)
    with pytest.raises(AssertionError, match="written by another version"):
        deployed_from_dict(content | {"format": content["format"] + 1}, FollowedVisits.study().outcome)


def test_what_is_not_explained_exactly_is_not_stored(followed):
    class Oracle:
        def log_odds(self, X: pd.DataFrame) -> np.ndarray:
            return np.zeros(len(X))

    model = followed[0].models["logistic"]
    with pytest.raises(AssertionError, match="only members that are explained exactly are deployed"):
        model_to_dict(type(model)({"oracle": Oracle()}, {"oracle": 1.0}, 0.0, 1.0))


def test_refits_read_back_and_only_beside_the_model_they_belong_to(followed):
    development, examples = followed
    refits = list(development.models.values())
    content = json.loads(json.dumps(refits_to_dict(refits, "the model")))
    for again, model in zip(refits_from_dict(content, "the model"), refits, strict=True):
        assert_array_equal(again.risk(examples.X), model.risk(examples.X))
    assert refits_from_dict(content, "another") == ()
    assert refits_from_dict(content | {"format": 1}, "the model") == ()
