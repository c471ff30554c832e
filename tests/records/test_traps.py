from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from data_schemas.columns import (
    Binary,
    Classes,
    Coded,
    Cohort,
    Date,
    Decimal,
    FactorClass,
    Role,
    Study,
    Text,
    TimeToEvent,
    Whole,
    category,
    date,
    identifier,
    measurement,
)
from data_schemas.later import sounds_later
from pipeline.records.traps import find_traps

MARKER = FactorClass.MARKER
PERIOD = ("2000-01-01", "2029-12-31")
STUDY = {
    "title": "t", "population": "p", "intended_use": "u", "outcome": Binary("ill", "yes", "illness"), "source": "s",
    "licence": "l", "thresholds": (0.5,), "auroc_ceiling": 0.9, "auroc_ceiling_source": "made up",
}  # fmt: skip


def declare(study=(), **fields):
    whole = {
        "number": (Text, identifier("Number")),
        "x": (Decimal, measurement("X", plausible=(-9, 9), factor=MARKER, missing_allowed=True)),
        "ill": (Coded, category("Ill", {"0": "no", "1": "yes"}, role=Role.OUTCOME)),
    } | fields
    body = {name: field for name, (_, field) in whole.items()}
    body |= {"__annotations__": {name: kind for name, (kind, _) in whole.items()}, "__module__": __name__}
    body["Config"] = type("Config", (), {"metadata": {"study": Study(**(STUDY | dict(study)))}})
    return type("Made", (Cohort,), body)


def records(seed=0, n=1000, **columns):
    rng = np.random.default_rng(seed)
    ill = rng.random(n) < 0.3
    frame = pd.DataFrame({"pseudonym": [f"{i:05d}" for i in range(n)], "x": rng.normal(size=n)})
    for name, make in columns.items():
        frame[name] = make(rng, ill)
    frame["ill"] = pd.Categorical(np.where(ill, "yes", "no"), ["no", "yes"])
    return frame


def places(n, seed=1):
    """Identifiers in an order and with names that tell nothing."""
    rng = np.random.default_rng(seed)
    names = pd.array([f"P{i}" for i in rng.permutation(n)], dtype="string")
    return pd.Series(names, index=rng.permutation(n))


def found(frame, cohort, identifiers=None):
    traps = find_traps(frame, places(len(frame)) if identifiers is None else identifiers, cohort)
    return {(trap["trap"], trap["column"]): trap for trap in traps if trap["found"]}


@pytest.mark.parametrize("seed", range(10))
def test_noise_is_no_trap(seed):
    assert found(records(seed), declare(), places(1000, seed + 50)) == {}


@pytest.mark.parametrize("seed", range(5))
def test_a_predictor_that_nearly_decides_the_outcome_is_found(seed):
    leak = records(seed, y=lambda rng, ill: ill + rng.normal(scale=0.3, size=len(ill)))
    cohort = declare(y=(Decimal, measurement("Y", plausible=(-9, 9), factor=MARKER)))
    [key] = found(leak, cohort)
    assert key == ("single predictor", "y")
    assert "an AUROC of 0.9" in found(leak, cohort)[key]["says"]
    lenient = declare({"single_ceiling": 0.999}, y=(Decimal, measurement("Y", plausible=(-9, 9), factor=MARKER)))
    assert found(leak, lenient) == {}


def test_a_predictor_that_decides_by_a_middle_range_or_a_code_is_found_as_well():
    both = records(
        y=lambda rng, ill: np.where(ill, rng.uniform(-0.2, 0.2, len(ill)), rng.choice([-1, 1], len(ill)) * 2.0),
        c=lambda rng, ill: pd.Categorical(np.where(ill ^ (rng.random(len(ill)) < 0.02), "b", "a"), ["a", "b"]),
    )
    cohort = declare(
        y=(Decimal, measurement("Y", plausible=(-9, 9), factor=MARKER)),
        c=(Coded, category("C", {"1": "a", "2": "b"}, factor=MARKER)),
    )
    assert {("single predictor", "y"), ("single predictor", "c")} <= set(found(both, cohort))


def test_a_strong_predictor_is_told_and_may_be_acknowledged():
    strong = records(y=lambda rng, ill: ill + rng.normal(scale=0.7, size=len(ill)))
    fields = {"plausible": (-9, 9), "factor": MARKER}
    assert set(found(strong, declare(y=(Decimal, measurement("Y", **fields))))) == {("strong predictor", "y")}
    known = measurement("Y", **fields, acknowledged={"strong predictor": "it is the diagnosis made earlier"})
    assert found(strong, declare(y=(Decimal, known))) == {}


def test_missingness_that_decides_the_outcome_is_found():
    gaps = records()
    gaps.loc[(gaps["ill"] == "yes") & (np.arange(1000) % 10 < 8), "x"] = np.nan
    assert ("missingness", "x") in found(gaps, declare())


GAPPY = {"plausible": (-9, 9), "factor": MARKER, "missing_allowed": True}
GAPS = {name: (Decimal, measurement(name.upper(), **GAPPY)) for name in "uvw"}


def with_gaps(seed=0, n=2000, tells=0.0):
    """Three predictors, each missing in a share of the patients that is larger by `tells` among the ill."""
    frame = records(seed, n, **{name: lambda rng, ill: rng.normal(size=len(ill)) for name in GAPS})
    rng, ill = np.random.default_rng(seed + 99), (frame["ill"] == "yes").to_numpy()
    for name in GAPS:
        frame.loc[rng.random(n) < 0.3 + tells * ill, name] = np.nan
    return frame


@pytest.mark.parametrize("seed", range(5))
def test_gaps_that_decide_together_are_found_though_none_does_alone(seed):
    telling = found(with_gaps(seed, tells=0.22), declare(**GAPS), places(2000))
    assert set(telling) == {("missingness together", None)}
    assert telling["missingness together", None]["says"].startswith("which of 3 predictors are missing has an AUROC")
    assert found(with_gaps(seed), declare(**GAPS), places(2000)) == {}


def test_gaps_together_are_looked_at_only_where_two_predictors_have_some_that_nothing_explains():
    frame = with_gaps(tells=0.5)
    explained = measurement("U", **GAPPY, acknowledged={"missingness": "measured in the ill alone"})

    def tried(table, **fields):
        return [t["trap"] for t in find_traps(table, places(2000), declare(**fields))].count("missingness together")

    assert tried(frame, **GAPS) == 1
    assert tried(frame.assign(u=1.0, v=1.0), **GAPS) == 0
    assert tried(frame.assign(v=1.0), **(GAPS | {"u": (Decimal, explained)})) == 0
    assert tried(frame, **(GAPS | {"u": (Decimal, explained)})) == 1


def test_the_order_of_rows_and_the_identifier_are_looked_at():
    frame = records()
    order = np.argsort(np.argsort((frame["ill"] == "yes").to_numpy(), kind="stable"), kind="stable")
    sorted_by_outcome = pd.Series(places(1000).array, index=order)
    assert set(found(frame, declare(), sorted_by_outcome)) == {("row order", None)}
    telling = pd.Series(pd.array([f"P{i}" for i in order], dtype="string"), index=places(1000).index)
    assert set(found(frame, declare(), telling)) == {("identifier", None)}


def test_blocks_of_cases_and_controls_are_an_order():
    frame = records()
    ill = np.sort((frame["ill"] == "yes").to_numpy())
    order = np.argsort(np.argsort(~(frame["ill"] == "yes").to_numpy(), kind="stable"))
    halves = (order + 150) % 1000  # the cases stand in the middle
    assert ill.sum() > 200
    assert ("row order", None) in found(frame, declare(), pd.Series(places(1000).array, index=halves))


@pytest.mark.parametrize(
    ("name", "later"),
    [
        ("length_of_stay", True), ("slos", True), ("death", True), ("d.time", True), ("follow_up_days", True),
        ("totcst", True), ("dnr", True), ("discharge_disposition_id", True), ("surv2m", True), ("hospdead", True),
        ("TIME", True), ("vital_status", True), ("offtrt", True), ("days_to_death", True), ("readmitted", True),
        ("timeInHospital", True), ("drugCosts", True),
        ("age", False), ("prothrombin_time", False), ("family_history_of_death", False), ("timetable", False),
        ("prior_readmissions", False), ("postmenopausal", False), ("post_code", False), ("glucose", False),
        ("time_since_diagnosis", False), ("closure", False), ("tumour_size", False),
    ],
)  # fmt: skip
def test_names_that_say_known_later(name, later):
    assert sounds_later(name) is later


def test_a_name_that_sounds_later_is_told_unless_acknowledged():
    frame = records().rename(columns={"x": "length_of_stay"})
    fields = {"plausible": (-9, 9), "factor": MARKER, "missing_allowed": True}
    told = declare(x=(Decimal, measurement("X", **fields)), length_of_stay=(Decimal, measurement("Stay", **fields)))
    frame["x"] = 0.5 * frame["length_of_stay"]
    assert ("named as known later", "length_of_stay") in found(frame, told)
    reason = {"named as known later": "of an earlier stay"}
    known = measurement("Stay", **fields, acknowledged=reason)
    assert found(frame, declare(x=(Decimal, measurement("X", **fields)), length_of_stay=(Decimal, known))) == {}


def test_what_is_declared_or_dated_as_known_later_is_found():
    frame = records(
        y=lambda rng, ill: rng.normal(size=len(ill)),
        seen=lambda rng, ill: pd.Timestamp("2020-01-10"),
        taken=lambda rng, ill: pd.Timestamp("2020-01-10") + pd.to_timedelta(rng.binomial(1, 0.01, len(ill)), unit="D"),
    )
    dates = {
        "seen": (Date, date("Seen", "%Y-%m-%d", plausible=PERIOD, role=Role.INDEX_DATE)),
        "taken": (Date, date("Taken", "%Y-%m-%d", plausible=PERIOD, excluded="administrative")),
    }
    fields = {"plausible": (-9, 9), "factor": MARKER}
    declared = declare(**dates, y=(Decimal, measurement("Y", **fields, known_later=True)))
    assert set(found(frame, declared)) == {("declared as known later", "y")}
    dated = found(frame, declare(**dates, y=(Decimal, measurement("Y", **fields, known_on="taken"))))
    assert set(dated) == {("known after the index date", "y")}
    assert "% of the records it became known after" in dated["known after the index date", "y"]["says"]
    frame["taken"] = frame["seen"]
    assert found(frame, declare(**dates, y=(Decimal, measurement("Y", **fields, known_on="taken")))) == {}


def test_repeated_records_that_disagree_on_the_outcome_are_found():
    frame = records()
    frame.loc[[3, 5], "x"] = frame.loc[[10, 20], "x"].to_numpy()
    frame.loc[[3, 5], "ill"], frame.loc[[10, 20], "ill"] = "no", ["yes", "no"]
    disagreeing = found(frame, declare())
    assert disagreeing["repeats that disagree", None]["says"] == "1 groups of equal records differ in it"


def test_coarse_predictors_repeat_by_chance_and_only_one_patients_own_records_count():
    frame = records(x=lambda rng, ill: rng.integers(0, 5, len(ill)).astype(float))
    assert found(frame, declare()) == {}
    frame.loc[[3, 4], "pseudonym"], frame.loc[[3, 4], "x"] = "00003", 1.0
    frame.loc[3, "ill"], frame.loc[4, "ill"] = "no", "yes"
    assert set(found(frame, declare())) == {("repeats that disagree", None)}


def test_a_group_in_which_nobody_can_have_the_event_is_found():
    def code(rng, ill):
        return pd.Categorical(np.where(~ill & (rng.random(len(ill)) < 0.4), "dead before", "alive"))

    frame = records(c=code)
    cohort = declare(c=(Coded, category("C", {"1": "alive", "2": "dead before"}, factor=MARKER)))
    assert ("deciding group", "c") in found(frame, cohort)


@pytest.mark.parametrize("code", [0.0, 999.0])
def test_a_pile_far_from_all_other_values_looks_like_a_missing_code(code):
    frame = records(y=lambda rng, ill: np.round(rng.normal(120, 12, len(ill)), 0))
    cohort = declare(y=(Decimal, measurement("Y", plausible=(0, 999), factor=MARKER)))
    assert found(frame, cohort) == {}
    frame.loc[[5, 50, 150, 250, 350], "y"] = code
    piled = found(frame, cohort)
    assert set(piled) == {("suspected missing code", "y")}
    assert str(code) not in piled["suspected missing code", "y"]["says"]


def test_codes_that_mean_missing_columns_without_values_and_constants_are_found():
    frame = records(
        c=lambda rng, ill: pd.Categorical(rng.choice(["a", "b"], len(ill)), ["a", "b"]),
        same=lambda rng, ill: pd.array([1] * len(ill), dtype="Int64"),
        rare=lambda rng, ill: np.where(rng.random(len(ill)) < 0.6, np.nan, rng.normal(size=len(ill))),
    )
    cohort = declare(
        c=(Coded, category("C", {"?": "a", "1": "b"}, factor=MARKER)),
        same=(Whole, measurement("Same", plausible=(0, 9), whole=True, factor=MARKER)),
        rare=(Decimal, measurement("Rare", plausible=(-9, 9), factor=MARKER, missing_allowed=True)),
    )
    assert set(found(frame, cohort)) == {
        ("suspected missing code", "c"), ("constant", "same"), ("mostly missing", "rare"),
    }  # fmt: skip


def test_patients_whose_outcome_is_not_known_at_the_horizon_are_left_out():
    def time(rng, ill):
        return pd.array(rng.integers(1, 100, len(ill)), dtype="Int64")

    frame = records(days=time)
    frame["x"] = ((frame["days"] < 50) & (frame["ill"] == "no")).astype(float)  # the censored alone
    outcome = {"outcome": TimeToEvent("days", "ill", "yes", 50, "days", "illness")}
    days = (Whole, measurement("Days", plausible=(0, 999), whole=True, role=Role.OUTCOME))
    assert ("constant", "x") not in found(frame, declare(outcome, days=days))
    assert not {kind for kind, _ in found(frame, declare(outcome, days=days))} & {"single predictor", "deciding group"}


def test_patients_with_a_competing_event_are_without_the_event_and_not_left_out():
    def days(rng, ill):
        return pd.array(np.full(len(ill), 10), dtype="Int64")

    frame = records(days=days)
    frame["x"] = (frame["ill"] == "yes") + np.random.default_rng(0).normal(0, 0.1, len(frame))
    competing = TimeToEvent("days", "ill", "yes", 50, "days", "illness", competing=("no",))
    columns = {"days": (Whole, measurement("Days", plausible=(0, 999), whole=True, role=Role.OUTCOME))}
    assert ("single predictor", "x") in found(frame, declare({"outcome": competing}, **columns))
    assert ("single predictor", "x") not in found(
        frame, declare({"outcome": replace(competing, competing=())}, **columns)
    )


def test_the_class_of_interest_is_the_event():
    def kind(rng, ill):
        return pd.Categorical(np.where(ill, "a", rng.choice(["b", "c"], len(ill))), ["b", "a", "c"])

    frame = records(kind=kind)
    frame["x"] = (frame["ill"] == "yes") + np.random.default_rng(0).normal(0, 0.1, len(frame))
    columns = {"kind": (Coded, category("Kind", {"1": "b", "2": "a", "3": "c"}, role=Role.OUTCOME))}
    for event in ("a", "b"):
        traps = found(frame, declare({"outcome": Classes("kind", event, "k")}, **columns))
        assert (("single predictor", "x") in traps) == (event == "a")
