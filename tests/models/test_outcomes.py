import numpy as np
import pandas as pd
from numpy.testing import assert_array_equal

from pipeline.models.outcomes import make_examples, observe
from tests.models.builders import FollowedVisits, Visits, make_records


def test_a_binary_outcome_is_the_declared_code():
    records = make_records(0, 40)
    observed = observe(records, Visits.study())
    assert_array_equal(observed.event == 1, records["status"] == "ill")
    assert 0 < observed.event.sum() < 40
    assert observed.time is None


def test_time_and_horizon_come_from_the_declaration():
    records = make_records(0, 40)
    observed = observe(records, FollowedVisits.study())
    assert_array_equal(observed.event == 1, records["status"] == "ill")
    assert_array_equal(observed.time, records["days"].astype(int))
    assert observed.horizon == 365.0
    assert observed.time.dtype == observed.event.dtype == np.float64


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


def test_no_outcome_or_identifier_reaches_the_predictors():
    examples = make_examples(make_records(0, 6), FollowedVisits)
    assert not {"days", "status", "patient_id", "pseudonym"} & set(examples.X)
