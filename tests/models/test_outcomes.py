import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal

from data_schemas.columns import Coded, Role, TimeToEvent, category
from pipeline.models.outcomes import make_examples
from tests.models.builders import SITES, FollowedVisits, Visits, make_records, study


class ManyHorizons(FollowedVisits):
    """Three horizons, and a hospital that is no predictor."""

    site: Coded = category("Site", SITES, role=Role.SITE)

    class Config:
        metadata = {  # noqa: RUF012
            "study": study(TimeToEvent("days", "status", "ill", 365, "days", "illness", also_at=(730, 90)))
        }


def test_examples_number_patients_and_keep_rows_together():
    records = make_records(0, 6)
    twice = pd.concat([records, records.iloc[[1, 4]]]).sort_values("pseudonym", ignore_index=True)
    examples = make_examples(twice, Visits)
    assert_array_equal(examples.patient, [0, 1, 1, 2, 3, 4, 4, 5])
    assert list(examples.X) == list(Visits.predictors())
    taken = examples.take(np.array([False, True, True, False, False, False, False, True]))
    assert_array_equal(taken.patient, [1, 1, 5])
    assert list(taken.pseudonym) == ["p000001", "p000001", "p000005"]
    assert_array_equal(taken.observed.event, examples.observed.event[[1, 2, 7]])
    pd.testing.assert_frame_equal(taken.X, examples.X.iloc[[1, 2, 7]])


def test_positions_may_repeat():
    examples = make_examples(make_records(0, 6, missing=0), ManyHorizons)
    drawn = np.array([5, 1, 1])
    taken = examples.take(drawn)
    assert_array_equal(taken.patient, drawn)
    assert list(taken.pseudonym) == [f"p00000{i}" for i in drawn]
    assert list(taken.site) == [examples.site[i] for i in drawn]
    pd.testing.assert_frame_equal(taken.X, examples.X.iloc[drawn])


def test_no_outcome_or_identifier_reaches_the_predictors():
    examples = make_examples(make_records(0, 6), FollowedVisits)
    assert not {"days", "status", "patient_id", "pseudonym"} & set(examples.X)


def test_every_target_is_taken_and_the_first_is_that_of_the_headline_figures():
    examples = make_examples(make_records(0, 60), ManyHorizons)
    assert list(examples.targets) == ["365 days", "90 days", "730 days"]
    assert examples.observed is examples.targets["365 days"]
    mask = np.arange(60) % 3 == 0
    taken = examples.take(mask)
    for name, observed in examples.targets.items():
        assert_array_equal(taken.targets[name].by_horizon(), observed.by_horizon()[mask])
        assert taken.targets[name].horizon == observed.horizon


def test_one_target_alone_is_the_same_records_with_another_first():
    examples = make_examples(make_records(0, 60), ManyHorizons)
    later = examples.for_target("730 days")
    assert list(later.targets) == ["730 days"]
    assert later.observed is examples.targets["730 days"]
    assert later.X is examples.X
    assert list(examples.targets) == ["365 days", "90 days", "730 days"]


def test_sites_are_known_as_text_only_where_the_cohort_declares_them():
    records = make_records(0, 60, missing=0)
    examples = make_examples(records, ManyHorizons)
    assert list(examples.site) == list(records["site"].astype(str))
    assert examples.site.dtype == "string"
    assert "site" not in examples.X
    assert make_examples(records, Visits).site is None
    assert make_examples(records, Visits).take(np.ones(60, dtype=bool)).site is None
