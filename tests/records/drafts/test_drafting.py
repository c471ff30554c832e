import importlib
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import data_schemas
from data_schemas.columns import AnyRows, FactorClass, Kind, OneRow, Role
from pipeline.errors import ConfigurationError
from pipeline.records.drafts.roles import draft_columns
from pipeline.records.drafts.schema_file import draft_file
from pipeline.records.typing import type_records
from pipeline.settings import load_cohort

ROOT = Path(__file__).resolve().parents[3]
GROUP = 10
N = 200


def table(**columns):
    """A table of text with an identifier, a predictor and an outcome, and `columns`."""
    given = {
        "patient_id": [f"P{i:04d}" for i in range(N)],
        "marker": [str(20 + i % 60) for i in range(N)],
        "ill": ["0", "1"] * (N // 2),
    }
    return pd.DataFrame(given | columns, dtype="string")


def guess(name="x", *, values, outcome="ill", event="1"):
    text = table(**{name: list(np.resize(np.array(values, dtype=object), N))})
    return next(g for g in draft_columns(text, outcome, event, GROUP) if g.name == name)


def doubts(found):
    return "; ".join(found.doubts)


@pytest.fixture
def load(tmp_path, monkeypatch):
    """Writes a draft where schema files are looked for, and loads it."""

    def write_and_load(source, name="drafted"):
        (tmp_path / f"{name}.py").write_text(source, encoding="utf-8")
        monkeypatch.setattr(data_schemas, "__path__", [*data_schemas.__path__, str(tmp_path)])
        monkeypatch.delitem(sys.modules, f"data_schemas.{name}", raising=False)
        importlib.invalidate_caches()
        return load_cohort(name)

    return write_and_load


def ruff(*arguments, source):
    return subprocess.run(
        [sys.executable, "-m", "ruff", *arguments, "--stdin-filename", "data_schemas/drafted.py", "-"],
        input=source, capture_output=True, text=True, encoding="utf-8", cwd=ROOT, check=False,
    )  # fmt: skip


WHOLE = [str(n) for n in range(30, 90)]


@pytest.mark.parametrize(
    ("values", "kind", "role"),
    [
        (WHOLE, Kind.INTEGER, Role.PREDICTOR),
        (["1.5", "2", "30.25", ".5", "7.0", "8.1", "9.2", "4"], Kind.DECIMAL, Role.PREDICTOR),
        (["low", "high", "middle"], Kind.CATEGORY, Role.PREDICTOR),
        (["1", "2", "3"], Kind.CATEGORY, Role.PREDICTOR),
        ([f"{n:03d}" for n in range(60)], Kind.TEXT, Role.EXCLUDED),  # leading zeros: codes, and too many
        (["01", "02", "10"], Kind.CATEGORY, Role.PREDICTOR),
        ([f"{n}{'7' * 16}" for n in range(10, 90)], Kind.TEXT, Role.EXCLUDED),
        ([f"came on foot {n}" for n in range(70)], Kind.TEXT, Role.EXCLUDED),
        (["a", *["b"] * 49], Kind.TEXT, Role.EXCLUDED),  # 'a' is a rare code
        (["same"], Kind.TEXT, Role.EXCLUDED),
        ([""], Kind.TEXT, Role.EXCLUDED),
        ([f"{n},5" for n in range(20)], Kind.TEXT, Role.EXCLUDED),
        ([f"{n}e-3" for n in range(20)], Kind.TEXT, Role.EXCLUDED),
    ],
)
def test_kind_and_role_by_what_a_column_holds(values, kind, role):
    found = guess(values=values)
    assert (found.kind, found.role) == (kind, role)
    assert (found.excluded is not None) == (role == Role.EXCLUDED)
    assert "kind" in found.doubts


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("x", ["a", *["b"] * 49], "codes (too rare to be shown: 1, records: 4)"),
        ("x", [f"{n},5" for n in range(20)], "decimal comma"),
        ("x", [f"{n}e-3" for n in range(20)], "an exponent"),
        ("x", [*WHOLE[:49], "high"], "mostly numbers (records that are not: 4)"),
        ("x", ["1", "2", "3"], "whether these numbers are codes"),
        ("x", [str(n) for n in range(9)], "whether these numbers are codes"),
        ("x", WHOLE, "factor class"),
        ("x", WHOLE, "unit"),
        ("x", ["yes", "unknown"], "whether 'unknown' is a value"),
        ("x", ["03/04/2001", "05/06/2002"], "day and month cannot be told apart"),
        ("x", [*["40", "50", "61", "72", "83", "90", "55"] * 7, "-9"], "means missing (records: 4)"),
        ("x", [*WHOLE, *WHOLE, *WHOLE[:19], "5000"], "range (records outside: 1)"),
    ],
)
def test_doubts_say_what_to_confirm_as_counts(name, values, expected):
    assert expected in doubts(guess(name, values=values))


@pytest.mark.parametrize(
    "date_format",
    ["%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y%m%d", "%d/%m/%y", "%d-%b-%Y"],
)
@pytest.mark.parametrize("mark", ["", "NA"])
def test_a_date_is_read_by_the_format_that_gives_back_every_text(date_format, mark):
    days = pd.date_range("2001-01-28", periods=70, freq="5D").strftime(date_format)
    found = guess(values=[*days, mark])
    assert (found.kind, found.date_format) == (Kind.DATE, date_format)
    assert found.excluded == "a date is no predictor"
    assert "told apart" not in doubts(found)


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        (["0", "1"], {"0": "no", "1": "yes"}),
        (["Yes", "No"], {"No": "no", "Yes": "yes"}),
        (["FALSE", "TRUE"], {"FALSE": "no", "TRUE": "yes"}),
        (["N", "Y"], {"N": "no", "Y": "yes"}),
        (["t", "f"], {"f": "no", "t": "yes"}),
        (["1.0", "0.0"], {"0.0": "no", "1.0": "yes"}),
        (["10", "9", "2"], {"2": "2", "9": "9", "10": "10"}),
    ],
)
def test_two_codes_for_yes_and_no_are_a_flag_and_numbers_are_in_order(values, codes):
    found = guess(values=values)
    assert list(found.codes.items()) == list(codes.items())


@pytest.mark.parametrize(
    ("values", "missing"),
    [
        (["?", *WHOLE], ("?",)),
        (["NA", "None", "unknown", ".", "-", "null", *WHOLE], ("-", ".", "NA", "None", "null", "unknown")),
        (["-9", *WHOLE[:9]], ("-9",)),
        (["999", *WHOLE[:9]], ("999",)),
        (["99", *WHOLE[:9], "85"], ()),  # 99 may be an age
        (["9", "1", "2", "3", "4"], ("9",)),
        (["0", "60", "65", "66", "70", "71", "72", "75", "80"], ("0",)),
        (["0.0", "0", "18.2", "18.5", "19.1", "20.0", "21.3", "22.4", "23.5"], ("0", "0.0")),
        ([str(n) for n in range(17)], ()),  # a count may be 0
        (["NA", "a", "b"], ("NA",)),
        (["None", "a", "b"], ()),  # among codes it may be a value
        (["-9", *["40", "50", "60", "71", "82", "93", "55"] * 7], ()),  # too few records to be shown
    ],
)
def test_suspected_missing_codes(values, missing):
    found = guess(values=values)
    assert found.missing_codes == missing
    assert ("missing codes (records:" in doubts(found)) == bool(missing)
    assert (found.missing_share > 0) == bool(missing)


def test_a_range_is_the_middle_widened_by_half_its_width_and_rounded_outward_to_one_digit():
    found = guess(values=[str(n) for n in range(100, 200)])  # percentiles 101 and 198, widened: 52.5 and 246.5
    assert found.plausible == (50, 300)
    assert guess(values=[str(n) for n in range(1, 100)]).plausible == (0, 200)  # not below 0
    assert guess(values=[f"-{n}" for n in range(1, 101)]).plausible == (-200, 50)
    assert guess(values=["0.31", "0.32", "0.33", "0.34", "0.35", "0.36", "0.37"]).plausible == (0.2, 0.4)


def test_an_end_that_happens_to_be_the_outermost_value_moves_one_digit_on():
    middle = [str(n) for n in range(40, 61)] * 9  # widened: 30 and 70
    assert guess(values=[*middle, *["50"] * 11]).plausible == (30, 70)
    assert guess(values=[*middle, *["50"] * 10, "70"]).plausible == (30, 80)
    assert guess(values=[*middle, *["50"] * 10, "30"]).plausible == (20, 70)


def test_rare_numbers_are_no_codes():
    found = guess(values=[*["1", "2", "3"] * 16, "4"])
    assert (found.kind, dict(found.codes)) == (Kind.INTEGER, {})


@pytest.mark.parametrize("seed", range(20))
def test_no_end_of_a_range_was_observed_but_zero(seed):
    generator = np.random.default_rng(seed)
    numbers = np.round(generator.normal(generator.normal(0, 50), generator.uniform(0.1, 50), N), seed % 3)
    low, high = guess(values=[np.format_float_positional(n, trim="-") for n in numbers]).plausible
    assert low < np.median(numbers) < high
    assert low == 0 or low != numbers.min()
    assert high != numbers.max()


@pytest.mark.parametrize(
    "name", ["surname", "Home.Address", "e_mail", "date_of_birth", "patient_name", "MobilePhone", "zip_code"]
)
def test_a_name_that_promises_personal_data_leaves_the_column_out_unseen(name):
    found = guess(name, values=WHOLE)
    assert (found.kind, found.excluded, found.plausible) == (Kind.TEXT, "suspected personal data", None)
    assert "whether it is personal data" in found.doubts


@pytest.mark.parametrize(
    "name",
    [
        "d.time",
        "hospdead",
        "follow_up_days",
        "drugCosts",
        "slos",
        "timeInHospital",
        "died",
        "surv2m",
        "LOS",
        "Event",
        "censored",
    ],
)
def test_a_name_that_promises_a_later_moment_leaves_the_column_out_as_it_is(name):
    found = guess(name, values=WHOLE)
    assert found.excluded == "suspected to be known only after the moment of prediction"
    assert (found.kind, found.plausible is None) == (Kind.INTEGER, False)
    assert "when it is known" in found.doubts


@pytest.mark.parametrize("name", ["studied", "timely", "eventful", "closed", "username", "birthplaces", "renamed"])
def test_a_name_that_only_holds_such_a_word_by_chance_promises_nothing(name):
    assert guess(name, values=WHOLE).role == Role.PREDICTOR


def test_who_a_patient_is_cannot_be_changed():
    assert [guess(n, values=WHOLE).factor for n in ("age", "Sex", "ageing", "bmi")] == [
        FactorClass.IMMUTABLE, FactorClass.IMMUTABLE, FactorClass.MARKER, FactorClass.MARKER,
    ]  # fmt: skip


def roles(text, outcome="ill", event="1"):
    return {g.name: g for g in draft_columns(text, outcome, event, GROUP)}


def test_the_patient_and_not_the_visit_is_the_identifier_and_may_have_several_records(load):
    text = table(patient_id=[str(i // 2) for i in range(N)], encounter_id=[str(i) for i in range(N)])
    found = roles(text)
    assert (found["patient_id"].role, found["patient_id"].repeated) == (Role.IDENTIFIER, True)
    assert found["encounter_id"].excluded == "suspected identifier"
    assert load(draft_file("drafted", list(found.values()))).study().per_patient == AnyRows()
    assert load(draft_file("drafted", list(roles(table()).values()))).study().per_patient == OneRow()


def test_a_whole_number_that_differs_in_every_record_may_identify_patients_and_is_left_out():
    assert guess("x", values=[str(n) for n in range(5000, 5000 + N)]).excluded == "suspected identifier"


def test_a_filled_column_that_differs_in_every_record_is_the_next_best_identifier():
    assert roles(table().rename(columns={"patient_id": "x"}))["x"].role == Role.IDENTIFIER
    with pytest.raises(ConfigurationError, match="no column tells patients apart"):
        roles(table().drop(columns="patient_id"))


def test_the_outcome_is_the_named_column_or_one_named_like_one_or_the_last_of_two_codes():
    text = table(died=["n", "y"] * 100, last=["a", "b"] * 100)
    assert roles(text, "last", "a")["last"].event == "a"
    assert roles(text)["died"].excluded
    guessed = roles(text, None, None)["died"]
    assert (guessed.role, guessed.event) == (Role.OUTCOME, "yes")
    assert {"event", "whether this is the outcome"} <= set(guessed.doubts)
    assert roles(text.drop(columns="died"), None, None)["last"].role == Role.OUTCOME


def test_an_event_that_the_caller_names_may_be_rare():
    rare = table(ill=["1"] * 4 + ["0"] * (N - 4))
    assert roles(rare)["ill"].codes == {"0": "no", "1": "yes"}
    with pytest.raises(ConfigurationError, match=r"1 codes that fewer than 10 records have each \(4 in all\)"):
        roles(rare, "ill", None)


@pytest.mark.parametrize(
    ("text", "outcome", "event", "expected"),
    [
        (table().head(0), None, None, "no records"),
        (table(), "absent", None, "no column 'absent'"),
        (table(), None, "1", "--event needs --outcome"),
        (table(), "ill", "2", "no code '2'"),
        (table(), "marker", None, "60 distinct texts"),
        (table().drop(columns="marker"), "ill", "1", "no column is left as a predictor"),
        (table().drop(columns="ill"), None, None, "no column has two codes"),
        (table().set_axis(["patient_id", "ill", "ill"], axis=1), "ill", None, "several columns of one name"),
    ],
)
def test_a_table_that_cannot_be_drafted_is_refused_with_what_is_needed(text, outcome, event, expected):
    with pytest.raises(ConfigurationError) as refused:
        draft_columns(text, outcome, event, GROUP)
    assert expected in str(refused.value)


@pytest.mark.parametrize(
    ("name", "suggested"),
    [
        ("d.time", "d_time"), ("class", "class_column"), ("Blood pressure (mmHg)", "blood_pressure_mm_hg"),
        ("", "column_"),
        ("2nd", "column_2nd"), ("date", "date_column"), ("study", "study_column"), ("l", "l_column"),
        ("empty", "empty_column"), ("_x", "x"),
        ("größe", "gr_e"), ("mar.ker", "mar_ker"), ("Marker!", "marker_2"), ("x" * 99, "x" * 80),
    ],
)  # fmt: skip
def test_names_that_python_cannot_use_are_told_with_one_that_it_can(name, suggested):
    guesses = draft_columns(table(**{name: WHOLE[:50] * 4}), "ill", "1", GROUP)
    with pytest.raises(ConfigurationError) as refused:
        draft_file("drafted", guesses)
    assert f"{name!r} to {suggested!r}" in str(refused.value)
    renamed = draft_columns(table(**{suggested: WHOLE[:50] * 4}), "ill", "1", GROUP)
    assert suggested in draft_file("drafted", renamed)


def random_table(seed):
    """Columns of every sort, with gaps, under names in several styles."""
    generator = np.random.default_rng(seed)
    n = int(generator.integers(60, 400))
    days = pd.Timestamp("1990-01-01") + pd.to_timedelta(generator.integers(0, 9000, n), unit="D")
    codes = ['say "hi"', "it's", "both ' and \"", "back\\slash", "Größe", "1\u20132", "a", "\tb", "<1", "None"]
    columns = {
        "id": generator.permutation(n).astype(str),
        "Age": generator.integers(18, 95, n).astype(str),
        "bodyWeight": generator.normal(70, 15, n).round(1).astype(str),
        "lab_value": (10.0 ** generator.uniform(-6, 6, n)).round(6).astype(str),
        "tiny": [np.format_float_positional(v) for v in generator.uniform(0, 1e-9, n)],
        "huge": generator.integers(10**17, 10**18 - 1, n).astype(str),
        "seen": days.strftime(str(generator.choice(["%Y-%m-%d", "%d/%m/%Y", "%m.%d.%Y", "%d-%m-%y"]))),
        "stage": generator.choice(generator.choice(codes, 4, replace=False), n),
        "rare_stage": generator.choice(codes, n, p=[0.55, *[0.05] * 9]),
        "grade": generator.integers(1, int(generator.integers(3, 12)), n).astype(str),
        "remark": [f"text {i} {generator.integers(0, 9)}" for i in range(n)],
        "blank": np.repeat("", n),
        "time_in_a_ward_with_a_very_long_name_as_some_exports_have_that_never_seem_to_end": generator.integers(0, 9, n),
        "event": np.resize(["0", "1"], n),
    }
    text = pd.DataFrame(columns).astype(str).astype("string")
    for name in text.columns.difference(["id", "event"]):
        mark = str(generator.choice(["", "?", "NA", "-9", "999", "0"]))
        text.loc[generator.random(n) < generator.choice([0, 0.02, 0.3]), name] = mark
    return text[list(generator.permutation(text.columns))]


@pytest.mark.parametrize("seed", range(12))
def test_a_draft_loads_types_its_own_table_and_is_formatted(seed, load):
    text = random_table(seed)
    source = draft_file("drafted", draft_columns(text, *[("event", "1"), (None, None)][seed % 2], GROUP))
    cohort = load(source)
    assert list(cohort.columns()) == list(text.columns)
    assert len(type_records(text, cohort.columns()).frame) == len(text)
    assert set(cohort.unconfirmed()) == {*text.columns, "study"}
    assert ruff("format", source=source).stdout == source
    checked = ruff("check", "--quiet", source=source)
    assert (checked.returncode, checked.stdout) == (0, "")


@pytest.mark.parametrize("seed", range(12))
def test_a_draft_shows_no_text_that_fewer_than_ten_records_have(seed):
    text = random_table(seed)
    planted = {
        "bodyWeight": "987654.3",
        "Age": "7654321",
        "rare_stage": "Fabry disease",
        "grade": "9731",
        "stage": "Zq",
    }
    for position, (name, value) in enumerate(planted.items()):
        text.loc[position, name] = value
    source = draft_file("drafted", draft_columns(text, "event", "1", GROUP))
    assert not [value for value in planted.values() if f'"{value}"' in source or f" {value}" in source]
    for name in text.columns.difference(["id", "event"]):
        counts = text[name].value_counts()
        rare = [v for v in counts[counts < GROUP].index if len(v) > 4]
        assert not [value for value in rare if value in source]


def test_magnitude_of_a_single_outlier_does_not_move_the_range():
    plain, outlying = WHOLE * 3, [*(WHOLE * 3)[:-1], "987654"]
    assert guess(values=plain).plausible == guess(values=outlying).plausible


def test_drafting_changes_nothing_it_was_given():
    text = random_table(3)
    before = text.copy()
    draft_columns(text, "event", "1", GROUP)
    pd.testing.assert_frame_equal(text, before)
