from datetime import date

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.metrics import roc_auc_score

from data_schemas.breast_cancer_diagnosis import BreastCancerDiagnosis
from data_schemas.breast_cancer_recurrence import BreastCancerRecurrence
from data_schemas.columns import Subgroup
from pipeline.evaluation.assemble import HeldOut, compare_models, describe_performance, flatten_metrics, tabulate_models
from pipeline.evaluation.design import describe_design
from pipeline.evaluation.subgroups import label_groups, rates_by_group
from pipeline.outcomes import Observed
from pipeline.settings import Evaluate

SETTINGS = Evaluate(resamples=100, seed=1)
BINARY, HORIZON = BreastCancerDiagnosis.study(), BreastCancerRecurrence.study()


def predictions(seed=0, n=200, repeats=2):
    generator = np.random.default_rng(seed)
    event = (generator.random(n) < 0.4).astype(float)
    names = [f"p{i:04d}" for i in range(n)]
    parts = []
    for repeat in range(1, repeats + 1):
        good = 1 / (1 + np.exp(-(event * 1.5 - 1 + generator.normal(0, 1, n))))
        parts.append(pd.DataFrame({"pseudonym": names, "repeat": repeat, "event": event, "time": np.nan,
                                   "ensemble": good, "noise": generator.random(n)}))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def test_repeats_of_the_same_patients_are_read_side_by_side():
    rows = predictions()
    held_out = HeldOut.from_predictions(rows, BINARY)
    assert set(held_out.risks) == {"ensemble", "noise"}
    assert_array_equal(held_out.risks["noise"], rows["noise"].to_numpy().reshape(2, 200))
    assert_array_equal(held_out.observed.event, rows["event"][:200])
    assert held_out.observed.time is None


def test_time_and_horizon_are_kept_where_the_study_has_them():
    rows = predictions(repeats=1).assign(time=np.linspace(1, 3000, 200))
    observed = HeldOut.from_predictions(rows, HORIZON).observed
    assert observed.horizon == HORIZON.outcome.horizon
    assert_array_equal(observed.time, rows["time"])


def test_published_tables_say_what_was_measured():
    rows = predictions()
    held_out = HeldOut.from_predictions(rows, BINARY)
    figures = compare_models(held_out, BINARY, SETTINGS)
    expected = np.mean([roc_auc_score(part["event"], part["ensemble"]) for _, part in rows.groupby("repeat")])
    assert figures["ensemble"]["auroc"].value == pytest.approx(expected)

    table = tabulate_models(figures, "ensemble", {"noise": "Noise", "ensemble": "Average"})
    assert list(table["label"]) == ["Average", "Noise"]
    assert list(table["deployed"]) == [True, False]
    assert table.loc[0, "auroc"] == pytest.approx(expected)

    flat = flatten_metrics(figures["ensemble"], held_out.observed)
    assert (flat["n"], flat["events"]) == (200, int(held_out.observed.event.sum()))
    assert all(np.isfinite(number) for number in flat.values())
    assert {f"net_benefit_at_{t:.2f}" for t in BINARY.thresholds} <= set(flat)

    groups = {"Sex": pd.Categorical(np.where(np.arange(200) % 2, "women", "men"))}
    said = describe_performance(held_out, "ensemble", figures["ensemble"], groups, BINARY, SETTINGS, 10)
    assert said["estimates"]["auroc"]["value"] == pytest.approx(expected)
    assert [point["threshold"] for point in said["net_benefit"]] == list(BINARY.thresholds)
    assert sum(row["n"] for row in said["calibration_curve"]) == 200
    assert [row["level"] for row in said["subgroups"]] == ["men", "women"]


def test_groups_are_cut_left_closed_and_ordered_as_declared():
    columns = BreastCancerRecurrence.predictors()
    records = pd.DataFrame({
        "age": pd.array([49, 50, 64, 65, 80, None], dtype="Int64"),
        "tumour_grade": pd.Categorical(["grade 3", "grade 1", None, "grade 2", "grade 1", "grade 1"]),
    })  # fmt: skip
    found = label_groups(records, (Subgroup("age", (50, 65)), Subgroup("tumour_grade")), columns)
    young, middle, old = "under 50 years", "50 to under 65 years", "65 years or more"
    assert list(found["Age at diagnosis"]) == [young, middle, middle, old, old, ""]
    assert list(found["Age at diagnosis"].categories) == [young, middle, old, ""]
    assert list(found["Tumour grade"]) == ["grade 3", "grade 1", "", "grade 2", "grade 1", "grade 1"]
    assert list(found["Tumour grade"].categories) == ["grade 1", "grade 2", "grade 3", ""]


def test_rates_of_groups_too_alike_are_hidden_with_one_more():
    labels = np.repeat([1, 2, 3], [100, 60, 50])
    event = np.concatenate([np.tile([0.0, 1.0], 50), np.ones(60), np.tile([0.0, 1.0], 25)])
    rates = rates_by_group(Observed(event), np.arange(210), labels, 10)
    assert rates[1].value == 0.5
    assert (rates[2].value, rates[3].value) == (None, None)
    assert "too few" in rates[2].reason
    assert "subtraction" in rates[3].reason


def test_the_design_is_said_as_the_split_has_it():
    split = pd.DataFrame({"part": ["development"] * 30 + ["test"] * 12})
    temporal = describe_design(split, "Date of surgery", date(2020, 2, 1))
    assert temporal["design"] == "temporal"
    assert (
        "on 30 patients and tested on the 12 later ones, with date of surgery on or after 01 February 2020"
        in temporal["says"]
    )
    assert describe_design(split, None, None)["design"] == "hold-out"
    folds = pd.DataFrame({"part": ["development"] * 9, "fold_1": [0, 1, 2] * 3, "fold_2": [2, 1, 0] * 3})
    crossed = describe_design(folds, None, None)
    assert crossed["design"] == "cross-validation"
    assert "9 patients, 3 folds repeated 2 times" in crossed["says"]
