from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from data_schemas.breast_cancer_diagnosis import BreastCancerDiagnosis
from data_schemas.breast_cancer_recurrence import BreastCancerRecurrence
from data_schemas.columns import (
    Coded,
    Cohort,
    Date,
    Decimal,
    Direction,
    Expected,
    FactorClass,
    Role,
    Text,
    TimeToEvent,
    Visits,
    Whole,
    category,
    date,
    flag,
    identifier,
    measurement,
    rule,
    units,
)  # fmt: skip
from pipeline.errors import ConfigurationError
from pipeline.files import read_json, write_json
from pipeline.outcomes import observe
from pipeline.records.quarantine import validate_records
from pipeline.records.synthetic.risk_function import true_risk
from pipeline.records.synthetic.synthesis import make_risk_function, synthesise
from tests.records.cohorts import SETTINGS, Clinic

YEARS = ("1990-01-01", "2019-12-31")
RISES, FALLS = Expected(Direction.INCREASES, "made up"), Expected(Direction.DECREASES, "made up")
MARKER = FactorClass.MARKER


class Laboratory(Cohort):
    """Visits, numbers in many units and sizes, ordered and shared codes, a follow-up in years."""

    patient: Text = identifier("Patient")
    born: Date = date("Born", "%Y-%m-%d", plausible=("1900-01-01", "1989-12-31"), excluded="age says it")
    admitted: Date = date("Admitted", "%d.%m.%Y", plausible=YEARS, role=Role.INDEX_DATE)
    discharged: Date = date("Discharged", "%Y%m%d", plausible=YEARS, excluded="later")
    sampled: Date = date("Sampled", "%Y-%m-%d", plausible=YEARS, excluded="a date", missing_allowed=True)
    glucose: Decimal = measurement(
        "Glucose", unit="mmol/L", unit_column="glucose_unit", molar_mass=180.156, plausible=(0.5, 80), factor=MARKER,
        expected=RISES, missing_allowed=True, missing_at_most=0.04, known_on="sampled",
    )  # fmt: skip
    glucose_unit: Coded = units("Unit", {"mM": "mmol/L", "mg/dl": "mg/dL", "MGDL": "mg/dL", "g/l": "g/L"})
    temperature: Decimal = measurement(
        "Temperature", unit="degC", source_unit="degF", plausible=(25, 45), factor=MARKER
    )
    base_excess: Decimal = measurement("Base excess", plausible=(-30, 30), factor=MARKER, missing_allowed=True)
    troponin: Decimal = measurement("Troponin", plausible=(1e-9, 3e-6), factor=MARKER)
    platelets: Decimal = measurement("Platelets", plausible=(1e3, 2e7), factor=MARKER, expected=FALLS)
    saturation: Decimal = measurement("Saturation", plausible=(0.99985, 1), factor=MARKER)
    falls: Whole = measurement("Falls", plausible=(-1.5, 3.5), whole=True, factor=MARKER, missing_allowed=True)
    pain: Coded = category("Pain", {"3": "none", "2": "some", "1": "much"}, ordered=True, factor=MARKER)
    frail: Coded = flag("Frail", factor=MARKER, expected=RISES, missing_allowed=True)
    years: Decimal = measurement("Follow-up", unit="years", plausible=(0.01, 9), role=Role.OUTCOME)
    ended: Coded = category("Ended", {"D": "died", "L": "lost", "E": "study ended"}, role=Role.OUTCOME)

    @rule("Nobody is discharged before being admitted", uses=("admitted", "discharged"))
    def in_order(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return frame.admitted <= frame.discharged

    @rule("The frail feel pain", uses=("frail", "pain"))
    def frailty_hurts(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return (frame.frail == "no") | (frame.pain != "none")

    class Config:
        metadata = {  # noqa: RUF012
            "study": replace(
                Clinic.study(),
                outcome=TimeToEvent(
                    "years", "ended", "died", horizon=2, unit="years", says="death within 2 years",
                    censored=("lost", "study ended"),
                ),
                per_patient=Visits("admitted", "discharged"),
            )
        }  # fmt: skip


COHORTS = (Clinic, BreastCancerDiagnosis, BreastCancerRecurrence, Laboratory)


@pytest.fixture
def small_blocks(monkeypatch):
    """Blocks so small that a short table has several."""
    monkeypatch.setattr("pipeline.records.synthetic.synthesis.BLOCK", 2_000)


def synthetic(cohort, rows, seed, share=0.3, **more):
    truth = make_risk_function(cohort, seed, share)
    return pd.concat(synthesise(cohort, rows, seed, truth, **more), ignore_index=True), truth


@cache
def laboratory():
    """One table of the laboratory, for the tests that only look at it."""
    return synthetic(Laboratory, 20_000, 2)[0]


def validated(text, cohort):
    """What validation makes of `text`; its only call here."""
    return validate_records(text, cohort, SETTINGS)


def test_the_cohorts_of_these_tests_contradict_nothing():
    assert [cohort.faults() for cohort in COHORTS] == [[]] * len(COHORTS)


@pytest.mark.parametrize(
    ("cohort", "seed"), [*((cohort, seed) for cohort in COHORTS[:3] for seed in range(3)), (Laboratory, 0)]
)
def test_every_record_obeys_the_schema(cohort, seed, request):
    rows = 21_000  # so many that equal records of the clinic's few columns are mere chance
    if cohort is not Clinic:
        request.getfixturevalue("small_blocks")
        rows = 2_100
    text, _ = synthetic(cohort, rows, seed)
    assert list(text.columns) == list(cohort.columns())
    assert set(text.dtypes) == {pd.StringDtype()}
    assert text.notna().all(axis=None)
    result = validated(text, cohort)
    assert len(result.valid) == rows
    assert {rule["rule"]: rule["records"] for rule in result.summary["rules"] if rule["records"]} == {}
    assert [trap for trap in result.summary["traps"] if trap["found"] and "named" not in trap["trap"]] == []


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("cohort", COHORTS)
def test_the_same_seed_gives_the_same_bytes_in_whatever_pieces(cohort):
    whole, truth = synthetic(cohort, 2_100, 5, chunk=2_100)
    pieces = list(synthesise(cohort, 2_100, 5, truth, chunk=900))
    assert [len(piece) for piece in pieces] == [900, 900, 300]
    assert pd.concat(pieces).to_csv(index=False) == whole.to_csv(index=False)
    fewer, same = synthetic(cohort, 950, 5)
    assert same == truth
    assert fewer.to_csv() == whole[:950].to_csv()
    assert not next(synthesise(cohort, 100, 6, truth)).equals(whole[:100])


def test_one_row_and_none():
    truth = make_risk_function(Clinic, 0, 0.3)
    [one] = synthesise(Clinic, 1, 0, truth)
    [none] = synthesise(Clinic, 0, 0, truth)
    assert (one.shape, none.shape) == ((1, 7), (0, 7))
    assert list(one.dtypes) == list(none.dtypes)


@pytest.mark.parametrize(("share", "seed"), [(0.03, 0), (0.3, 1), (0.6, 2)])
@pytest.mark.parametrize("cohort", [Clinic, BreastCancerDiagnosis])
def test_the_outcome_is_drawn_from_the_true_risk(cohort, seed, share):
    text, truth = synthetic(cohort, 40_000, seed, share)
    valid = validated(text, cohort).valid
    outcome = cohort.study().outcome
    risk, event = true_risk(valid, truth), (valid[outcome.column] == outcome.event).to_numpy()
    assert abs(event.mean() - share) < 0.01
    calibrated(risk, event, np.ones(len(event)))


@pytest.mark.parametrize(("cohort", "seed"), [*((BreastCancerRecurrence, seed) for seed in range(2)), (Laboratory, 0)])
def test_events_by_the_horizon_come_with_the_true_risk_and_a_third_is_censored_before(cohort, seed):
    text, truth = synthetic(cohort, 40_000, seed)
    valid = validated(text, cohort).valid
    [observed] = observe(valid, cohort.study()).values()
    weights = observed.weights()
    assert abs(np.average(observed.by_horizon(), weights=weights) - 0.3) < 0.01
    assert 0.25 < 1 - observed.known().mean() < 0.35
    calibrated(true_risk(valid, truth), observed.by_horizon(), weights)


def calibrated(risk, event, weights):
    """In tenths of the risk, as many events as told, within 4.5 standard errors."""
    for tenth in np.array_split(np.argsort(risk), 10):
        w = weights[tenth]
        error = np.sqrt((w**2 * risk[tenth] * (1 - risk[tenth])).sum()) / w.sum()
        assert abs(np.average(event[tenth] - risk[tenth], weights=w)) < 4.5 * error


@pytest.mark.parametrize("seed", range(2))
@pytest.mark.parametrize("cohort", [Clinic, BreastCancerDiagnosis])
def test_a_plain_logistic_regression_recovers_the_coefficients(cohort, seed):
    text, truth = synthetic(cohort, 40_000, seed)
    valid = validated(text, cohort).valid
    outcome = cohort.study().outcome
    X = pd.DataFrame({n: ((valid[n] - s.centre) / s.scale).fillna(0) for n, s in truth.numbers.items()}, dtype=float)
    expected = [slope.coefficient for slope in truth.numbers.values()]
    for name, effects in truth.categories.items():
        for label in list(effects)[1:]:
            X[f"{name} {label}"] = (valid[name] == label).astype(float)
            expected.append(effects[label])
    fitted = LogisticRegression(C=np.inf, tol=1e-8).fit(X, valid[outcome.column] == outcome.event)
    risk = fitted.predict_proba(X)[:, 1]
    design = np.column_stack([np.ones(len(X)), X])
    errors = np.sqrt(np.diag(np.linalg.inv(design.T @ (design * (risk * (1 - risk))[:, None]))))
    found = np.concatenate([fitted.intercept_, fitted.coef_[0]])
    assert (np.abs(found - [truth.intercept, *expected]) < 4.5 * errors).all()
    assert np.corrcoef(logit(risk), logit(true_risk(valid, truth)))[0, 1] > 0.99


@pytest.mark.usefixtures("small_blocks")
@pytest.mark.parametrize("seed", range(5))
def test_effects_go_where_the_schema_expects_and_a_third_has_none(seed):
    truth = make_risk_function(Laboratory, seed, 0.2)
    assert truth.numbers["glucose"].coefficient >= 0
    assert truth.numbers["platelets"].coefficient <= 0
    assert list(truth.categories["frail"]) == ["no", "yes"]
    assert truth.categories["frail"]["yes"] >= 0
    none, some, much = truth.categories["pain"].values()
    assert none == 0
    assert much == pytest.approx(2 * some)
    effects = [slope.coefficient for slope in truth.numbers.values()] + [max(map(abs, e.values())) for e in
               truth.categories.values()]  # fmt: skip
    assert sum(effect == 0 for effect in effects) == 3


def test_a_missing_value_adds_nothing_to_the_risk():
    truth = make_risk_function(Clinic, 1, 0.2)
    frame = pd.DataFrame(
        {
            "weight": [np.nan, truth.numbers["weight"].centre],
            "children": pd.array([1, 1], dtype="Int64"),
            "stage": pd.Categorical([None, "one"], ["one", "two", "not staged"]),
        }
    )
    missing, usual = true_risk(frame, truth)
    assert missing == usual


@pytest.mark.usefixtures("small_blocks")
def test_the_truth_can_be_kept_as_json(tmp_path):
    truth = make_risk_function(Laboratory, 1, 0.2)
    write_json(tmp_path / "truth.json", truth.to_dict())
    assert read_json(tmp_path / "truth.json") == truth.to_dict()
    assert set(truth.to_dict()) == {"intercept", "numbers", "categories"}


def test_what_may_be_missing_is_missing_now_and_then_and_nothing_else():
    text = laboratory()
    shares = (text == "").mean()
    assert set(shares[shares > 0].index) == {"sampled", "glucose", "base_excess", "falls", "frail"}
    assert shares["glucose"] == pytest.approx(0.02, abs=0.005)
    assert shares[["sampled", "base_excess", "falls", "frail"]].to_numpy() == pytest.approx(0.05, abs=0.01)


def test_numbers_are_written_in_the_units_that_the_record_names_with_few_digits():
    text = laboratory()
    given = text[text["glucose"] != ""]
    medians = given["glucose"].astype(float).groupby(given["glucose_unit"]).median()
    assert set(medians.index) == {"mM", "mg/dl", "g/l"}
    assert medians["mg/dl"] / medians["mM"] == pytest.approx(18.0156, rel=0.02)
    assert medians["g/l"] / medians["mM"] == pytest.approx(0.180156, rel=0.02)
    assert text["temperature"].astype(float).between(77, 113).all()
    for name in ("glucose", "temperature", "base_excess", "troponin", "platelets"):
        assert text[name].str.fullmatch(r"-?[0-9]*(\.[0-9]*)?").all()
        assert text[name].str.replace(r"^[-0.]*|\.|0*$", "", regex=True).str.len().max() <= 6
    assert text["base_excess"].str.startswith("-").mean() > 0.5
    assert text["saturation"].astype(float).nunique() > 10


def test_patients_have_a_few_visits_that_follow_each_other():
    text = laboratory()
    sizes = text["patient"].value_counts()
    assert set(sizes) == {1, 2, 3}
    clinic, _ = synthetic(Clinic, 20_000, 4)
    assert clinic["number"].is_unique


def test_sick_people_are_sick_in_several_ways():
    text, _ = synthetic(BreastCancerDiagnosis, 20_000, 1)
    numbers = text[list(BreastCancerDiagnosis.predictors())].astype(float).corr().to_numpy()
    assert numbers[np.triu_indices(len(numbers), 1)].mean() == pytest.approx(0.25, abs=0.03)


class Contradiction(Clinic):
    """No child is ever allowed, and one is always wanted."""

    @rule("Nobody has a negative number of children", uses=("children",))
    def never_met(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return frame.children < 0


class Meddling(Clinic):
    """Derives the outcome."""

    @classmethod
    def derive(cls, frame: pd.DataFrame) -> pd.DataFrame:
        return frame.assign(ill=frame.ill.where(frame.children > 4, "no"))


def test_a_rule_that_no_record_meets_is_named(monkeypatch):
    monkeypatch.setattr("pipeline.records.synthetic.synthesis.BLOCK", 200)
    with pytest.raises(
        ConfigurationError, match=r"rule 'never_met' is still broken .* override `derive` in Contradict"
    ):
        make_risk_function(Contradiction, 0, 0.3)


def test_an_outcome_that_is_derived_is_refused():
    with pytest.raises(ConfigurationError, match=r"Meddling.*`derive` changes the outcome column ill"):
        make_risk_function(Meddling, 0, 0.3)


@pytest.mark.parametrize("share", [0, 1, -0.1, np.nan])
def test_an_event_share_must_be_a_share(share):
    with pytest.raises(ConfigurationError, match="above 0 and below 1"):
        make_risk_function(Clinic, 0, share)


class Smokers(Clinic):
    """A rule between the outcome and a column that is neither predictor nor outcome must not move the risk."""

    treated: Coded = flag("Treated", excluded="later")

    @rule("Only the ill are treated", uses=("ill", "treated"))
    def only_the_ill(cls, frame: pd.DataFrame) -> "pd.Series[bool]":
        return (frame.treated == "no") | (frame.ill == "yes")


def test_redrawing_leaves_the_outcome_as_it_was_drawn():
    text, _ = synthetic(Smokers, 40_000, 1, 0.2)
    assert (text["treated"] == "1").any()
    assert abs((text["ill"] == "1").mean() - 0.2) < 0.01
