from dataclasses import replace
from datetime import date

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_array_equal
from sklearn.metrics import log_loss, roc_auc_score

from data_schemas.breast_cancer_diagnosis import BreastCancerDiagnosis
from data_schemas.breast_cancer_recurrence import BreastCancerRecurrence
from data_schemas.columns import Classes, Subgroup
from pipeline.disclosure import publish
from pipeline.evaluation.assemble import (
    HeldOut,
    compare_models,
    compare_with,
    describe_performance,
    flatten_metrics,
    resample_models,
    tabulate_models,
)
from pipeline.evaluation.comparison import delong
from pipeline.evaluation.design import describe_design
from pipeline.evaluation.subgroups import label_groups, rates_by_group
from pipeline.outcomes import Observed
from pipeline.sections import Evaluate

SETTINGS = Evaluate(resamples=100, seed=1)
BINARY = BreastCancerDiagnosis.study()
LABELS = {"noise": "Noise", "ensemble": "Average"}
GROUPS = {"Sex": pd.Categorical(np.where(np.arange(200) % 2, "women", "men"))}


def predictions(seed=0, n=200, repeats=2):
    generator = np.random.default_rng(seed)
    event = (generator.random(n) < 0.4).astype(float)
    names = [f"p{i:04d}" for i in range(n)]
    parts = []
    for repeat in range(1, repeats + 1):
        good = 1 / (1 + np.exp(-(event * 1.5 - 1 + generator.normal(0, 1, n))))
        parts.append(pd.DataFrame({
            "pseudonym": names, "repeat": repeat, "event": event, "time": np.nan,
            "lower": 0.9 * good, "upper": 0.9 * good + 0.1, "outside": np.arange(n) % 10 == repeat,
            "distance": 0.5, "because": "",
            "risk_noise": generator.random(n), "risk_ensemble": good,
        }))  # fmt: skip
    return pd.concat(parts, ignore_index=True)


def held_out_of(rows):
    return HeldOut.from_predictions(rows, {"ill": Observed(rows["event"].to_numpy()[: rows["pseudonym"].nunique()])})


def described(held_out, study=BINARY, smallest=10):
    figures = compare_models(resample_models(held_out, study, SETTINGS), held_out.observed)["ensemble"]
    return describe_performance(held_out, "ensemble", figures, GROUPS, study, SETTINGS, smallest)


def test_repeats_of_the_same_patients_are_read_side_by_side():
    rows = predictions().assign(also_sooner=0.1)
    held_out = held_out_of(rows)
    assert list(held_out.risks) == ["noise", "ensemble"]
    assert list(held_out.also) == ["sooner"]
    for name, found in (("risk_noise", held_out.risks["noise"]), ("lower", held_out.lower), ("upper", held_out.upper)):
        assert_array_equal(found, rows[name].to_numpy().reshape(2, 200))
    assert_array_equal(held_out.outside, rows["outside"].to_numpy().reshape(2, 200))
    assert held_out.outside.dtype == bool
    assert_array_equal(held_out.patient, np.arange(200))


def test_rows_of_a_patient_have_one_number():
    rows = predictions(n=6, repeats=1)
    rows["pseudonym"] = ["a", "a", "b", "c", "c", "c"]
    assert_array_equal(held_out_of(rows).patient, [0, 0, 1, 2, 2, 2])


def test_the_headline_figures_are_about_the_first_target():
    rows, later = predictions(repeats=1), Observed(np.ones(200), np.linspace(1, 9, 200), 5.0)
    held_out = HeldOut.from_predictions(rows, {"5 years": later, "1 years": later.at(1.0)})
    assert held_out.observed is later


def test_published_tables_say_what_was_measured():
    rows = predictions()
    held_out = held_out_of(rows)
    figures = compare_models(resample_models(held_out, BINARY, SETTINGS), held_out.observed)
    expected = np.mean([roc_auc_score(part["event"], part["risk_ensemble"]) for _, part in rows.groupby("repeat")])
    assert figures["ensemble"]["auroc"].value == pytest.approx(expected)

    flat = flatten_metrics(figures["ensemble"], held_out.observed)
    assert (flat["n"], flat["events"]) == (200, int(held_out.observed.event.sum()))
    assert flat["auroc"] == pytest.approx(expected)
    assert flat["auroc_lo"] < flat["auroc"] < flat["auroc_hi"]
    assert all(np.isfinite(number) for number in flat.values())
    assert {f"net_benefit_at_{t:.2f}" for t in BINARY.thresholds} <= set(flat)

    said = described(held_out)
    assert said["estimates"]["auroc"]["value"] == pytest.approx(expected)
    assert [point["threshold"] for point in said["net_benefit"]] == list(BINARY.thresholds)
    assert sum(row["n"] for row in said["calibration_curve"]) == 200
    assert [row["level"] for row in said["subgroups"]] == ["men", "women"]
    assert [row["column"] for row in said["worst_gaps"]] == ["Sex"]
    assert (said["targets"], said["classes"]) == ([], {})


def test_the_deployed_model_is_compared_with_every_other_on_the_same_patients():
    rows = predictions()
    held_out = held_out_of(rows)
    drawn = resample_models(held_out, BINARY, SETTINGS)
    figures, found = compare_models(drawn, held_out.observed), compare_with(held_out, drawn, "ensemble")
    assert list(found) == ["noise"]
    for name in ("auroc", "brier", "log_loss"):
        less = figures["ensemble"][name].value - figures["noise"][name].value
        assert found["noise"][name]["value"] == pytest.approx(less)
        assert found["noise"][name]["lo"] < less < found["noise"][name]["hi"]
    assert found["noise"]["auroc"]["lo"] > 0
    pair = held_out.risks["ensemble"], held_out.risks["noise"]
    test = delong(*pair, held_out.observed.event, held_out.patient)
    assert found["noise"]["delong"]["p"] == test.p < 0.001
    table = tabulate_models(figures, found, "ensemble", LABELS)
    assert list(table["label"]) == ["Average", "Noise"]
    assert list(table["deployed"]) == [True, False]
    assert table.loc[0, "auroc"] == figures["ensemble"]["auroc"].value
    assert table.loc[1, "auroc_less"] == found["noise"]["auroc"]["value"]
    assert table.loc[1, "log_loss_less_hi"] == found["noise"]["log_loss"]["hi"] < 0
    assert table.filter(like="_less").loc[0].isna().all()


def test_after_censoring_models_are_compared_without_delongs_test():
    rows = predictions(repeats=1)
    time = np.random.default_rng(5).uniform(1, 3000, 200)
    observed = Observed(rows["event"].to_numpy(), time, BreastCancerRecurrence.study().outcome.horizon)
    held_out = HeldOut.from_predictions(rows, {"3 years": observed})
    found = compare_with(held_out, resample_models(held_out, BINARY, SETTINGS), "ensemble")["noise"]
    assert found["delong"] is None
    assert found["auroc"]["value"] > 0.1
    said = describe_performance(
        held_out,
        "ensemble",
        compare_models(resample_models(held_out, BINARY, SETTINGS), held_out.observed)["ensemble"],
        GROUPS,
        BINARY,
        SETTINGS,
        10,
    )
    assert said["unknown"] == (~observed.known()).sum() > 0


def test_uncertainty_is_that_of_the_mean_over_repeats():
    said = described(held_out_of(predictions()))["uncertainty"]
    assert said["median_width"] == pytest.approx(0.1)
    assert said["width_90"] == pytest.approx(0.1)
    assert (said["outside"], said["outside_share"]) == (40, 0.2)  # 20 in each of two repeats, others each time
    few = described(held_out_of(predictions()), smallest=41)["uncertainty"]
    assert (few["outside"], few["outside_share"]) == (None, None)
    none = described(held_out_of(predictions().assign(outside=False)), smallest=41)["uncertainty"]
    assert (none["outside"], none["outside_share"]) == (0, 0.0)


def test_several_classes_have_rows_of_their_own_and_figures_over_all():
    rows, rng = predictions(), np.random.default_rng(5)
    share = rng.uniform(0.2, 0.8, len(rows))
    rows = rows.assign(
        also_b=share * (1 - rows["risk_ensemble"]), also_c=(1 - share) * (1 - rows["risk_ensemble"])
    )  # fmt: skip
    event = rows["event"].to_numpy()[:200]
    other = rng.random(200) < 0.5
    came = np.where(event == 1, 0, np.where(other, 1, 2))
    targets = {name: Observed((came == k).astype(float)) for k, name in enumerate("abc")}
    study = replace(BINARY, outcome=Classes("kind", "a", "an a"))
    said = described(HeldOut.from_predictions(rows, targets), study)
    assert [row["target"] for row in said["targets"]] == ["a", "b", "c"]
    assert [row["events"] for row in said["targets"]] == [int((came == k).sum()) for k in range(3)]
    assert said["targets"][0]["auroc"] == said["estimates"]["auroc"]
    columns = ["risk_ensemble", "also_b", "also_c"]
    matrices = [part[columns].to_numpy() for _, part in rows.groupby("repeat")]
    assert said["classes"]["log_loss"]["value"] == pytest.approx(np.mean([log_loss(came, m) for m in matrices]))
    areas = [roc_auc_score(came, m, multi_class="ovr") for m in matrices]
    assert said["classes"]["macro_auroc"]["value"] == pytest.approx(np.mean(areas))


def test_several_horizons_have_rows_and_no_figures_over_all():
    rows, rng = predictions(repeats=1), np.random.default_rng(5)
    rows = rows.assign(also_sooner=0.6 * rows["risk_ensemble"])
    later = Observed(rows["event"].to_numpy(), rng.uniform(0.1, 9, 200), 5.0)
    targets = {"5 years": later, "sooner": later.at(2.0)}
    said = described(HeldOut.from_predictions(rows, targets))
    assert [row["target"] for row in said["targets"]] == ["5 years", "sooner"]
    assert said["targets"][0]["events"] == said["events"] > said["targets"][1]["events"]
    assert said["classes"] == {}


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
    assert "Developed on 30 patients and tested on the 10 later ones" in publish(temporal, 5)["says"]  # 40 of 42
    assert describe_design(split, None, None)["design"] == "hold-out"
    folds = pd.DataFrame({"part": ["development"] * 9, "fold_1": [0, 1, 2] * 3, "fold_2": [2, 1, 0] * 3})
    crossed = describe_design(folds, None, None)
    assert crossed["design"] == "cross-validation"
    assert "9 patients, 3 folds repeated 2 times" in crossed["says"]
