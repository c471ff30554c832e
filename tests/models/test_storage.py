import json
from typing import Any

import numpy as np
import pytest
from numpy.testing import assert_array_equal

from pipeline.models.ensemble import ENSEMBLE, RiskModel
from pipeline.models.outcomes import Examples, make_examples
from pipeline.models.storage import model_from_dict, model_to_dict
from tests.models.builders import FollowedVisits, Visits, develop_small, make_records

PLAIN = (dict, list, str, int, float, bool, type(None))


def developed(seed: int) -> tuple[dict[str, RiskModel], Examples]:
    examples = make_examples(make_records(seed, 250), FollowedVisits)
    return develop_small(
        examples, Visits.predictors(), ("logistic", "spline_logistic", "boosted_trees")
    ).models, examples


def leaves(content: Any) -> list[Any]:
    if isinstance(content, dict):
        return [leaf for value in content.values() for leaf in leaves(value)] + list(content)
    return [leaf for value in content for leaf in leaves(value)] if isinstance(content, list | tuple) else [content]


@pytest.mark.parametrize("seed", range(3))
def test_a_model_predicts_the_same_to_the_last_bit_after_json(seed):
    models, examples = developed(seed)
    new = make_examples(make_records(seed + 20, 400, missing=0.3), Visits).X
    assert new["site"].isna().any()
    assert len(new["site"].cat.categories) == 4
    for model in models.values():
        text = json.dumps(model_to_dict(model), allow_nan=False)
        again = model_from_dict(json.loads(text))
        assert_array_equal(again.log_odds(examples.X), model.log_odds(examples.X))
        assert_array_equal(again.log_odds(new), model.log_odds(new))
        assert json.dumps(model_to_dict(again), allow_nan=False) == text


def test_content_is_plain_and_holds_every_part():
    model = developed(0)[0][ENSEMBLE]
    content = model_to_dict(model)
    assert {type(leaf) for leaf in leaves(content)} <= set(PLAIN)
    assert list(content) == ["format", "members", "weights", "intercept", "slope"]
    assert {m["kind"] for m in content["members"].values()} == {"linear", "trees"}


def test_every_stored_number_matters():
    models, examples = developed(0)
    model = models[ENSEMBLE]
    plain = model.log_odds(examples.X)
    for change in ({"intercept": 9.0}, {"slope": 0.1}, {"weights": dict.fromkeys(model.weights, 0.1)}):
        assert not np.allclose(model_from_dict(model_to_dict(model) | change).log_odds(examples.X), plain)


def test_another_format_is_not_read():
    content = model_to_dict(developed(0)[0]["logistic"])
    with pytest.raises(AssertionError, match="written by another version"):
        model_from_dict(content | {"format": 2})
