import numpy as np
import pytest

from pipeline.disclosure import COMPLEMENT, TOO_FEW
from pipeline.evaluation.performance import measure
from pipeline.evaluation.subgroups import FEWER_THAN_TWO, by_subgroup, worst_gap
from pipeline.outcomes import Observed
from tests.evaluation.simulated import binary, censored

SMALLEST = 10


def rows_of(sizes, event=None, patient=None):
    """Rows by level for groups of these sizes; every second patient has the event unless told."""
    labels = np.repeat(np.array(list(sizes), dtype=object), list(sizes.values()))
    n = len(labels)
    y = np.arange(n) % 2.0 if event is None else event
    risk, who = np.random.default_rng(0).random(n), np.arange(n) if patient is None else patient
    rows = by_subgroup(risk, Observed(y), who, {"G": labels}, SMALLEST, 20, 0)
    return {row["level"]: row for row in rows}


@pytest.mark.parametrize("make", [binary, censored])
def test_a_level_is_measured_as_if_alone(make):
    risk, observed = make(0)
    labels = np.where(np.arange(300) % 3 == 0, "a", "b").astype(object)
    rows = by_subgroup(risk, observed, np.arange(300), {"Site": labels}, SMALLEST, 50, 4)
    assert [(row["column"], row["level"], row["n"]) for row in rows] == [("Site", "a", 100), ("Site", "b", 200)]
    for row in rows:
        members = labels == row["level"]
        alone = measure(risk[members], observed.take(members), np.arange(members.sum()), (), 50, 4)
        assert row["events"] == observed.take(members).by_horizon().sum()
        for name in ("auroc", "oe_ratio"):
            assert row[name] == vars(alone[name])
            assert row[name]["lo"] < row[name]["value"] < row[name]["hi"]
        assert row["suppressed"] is None


def test_a_small_level_and_the_next_smallest_show_nothing():
    rows = rows_of({"a": 60, "b": 8, "c": 40})
    assert [rows[level]["suppressed"] for level in "abc"] == [None, TOO_FEW, COMPLEMENT]
    for level in "bc":
        assert (rows[level]["n"], rows[level]["events"]) == (None, None)
        assert rows[level]["auroc"]["value"] is None
        assert rows[level]["auroc"]["reason"] == rows[level]["suppressed"]


def test_small_levels_that_are_small_together_hide_another():
    rows = rows_of({"a": 60, "b": 4, "c": 5, "d": 40})
    assert [rows[level]["suppressed"] for level in "abcd"] == [None, TOO_FEW, TOO_FEW, COMPLEMENT]


def test_small_levels_that_are_enough_together_hide_no_other():
    # 19 patients each: 9 or 10 events, so at least 18 of each together.
    rows = rows_of({"a": 60, "b": 19, "c": 19, "d": 40})
    assert [rows[level]["suppressed"] for level in "abcd"] == [None, TOO_FEW, TOO_FEW, None]


@pytest.mark.parametrize("seed", range(20))
def test_no_small_count_can_be_subtracted(seed):
    rng = np.random.default_rng(seed)
    sizes = dict(zip("abcde", rng.integers(3, 80, 5), strict=True))
    n = sum(sizes.values())
    y = (rng.random(n) < 0.35).astype(float)
    shown = [row for row in rows_of(sizes, y).values() if row["suppressed"] is None]
    left = np.array([n, y.sum(), n - y.sum()])
    for row in shown:
        counts = np.array([row["n"], row["events"], row["n"] - row["events"]])
        assert (counts >= SMALLEST).all()
        left = left - counts
    assert len(shown) == 5 or not shown or ((left >= SMALLEST).all() and len(shown) <= 3)


@pytest.mark.parametrize("common", [0.0, 1.0])
def test_few_events_or_few_others_hide_a_level_too(common):
    event = np.arange(120) % 2.0
    event[:40] = common
    event[:9] = 1 - common
    rows = rows_of({"a": 40, "b": 80}, event)
    assert rows["a"]["suppressed"] == TOO_FEW
    assert rows["b"]["suppressed"] == COMPLEMENT


def test_unknown_outcomes_are_not_taken_for_non_events():
    labels = np.repeat(np.array(["a", "b"], dtype=object), 60)
    event, time = np.arange(120) % 2.0, np.full(120, 9.0)
    time[event == 1] = 1.0
    time[(event == 0) & (np.arange(120) < 50)] = 2.0
    rows = by_subgroup(
        np.random.default_rng(0).random(120), Observed(event, time, 5.0), np.arange(120), {"G": labels}, 10, 20, 0
    )
    assert rows[0]["suppressed"] == TOO_FEW


def test_rows_of_the_same_patient_count_once():
    few = np.concatenate([np.arange(40) % 9, np.arange(9, 109)])
    rows = rows_of({"a": 40, "b": 100}, patient=few)
    assert rows["a"]["suppressed"] == TOO_FEW
    assert rows_of({"a": 40, "b": 100})["a"]["suppressed"] is None


def test_missing_labels_make_no_level():
    assert list(rows_of({"a": 60, "": 40, "b": 60})) == ["a", "b"]


def test_groupings_do_not_touch_each_other():
    risk, observed = binary(0)
    small = np.array(["x"] * 4 + ["y"] * 296, dtype=object)
    half = np.where(np.arange(300) < 150, "l", "r").astype(object)
    rows = by_subgroup(risk, observed, np.arange(300), {"S": small, "H": half}, SMALLEST, 20, 0)
    assert [row["suppressed"] for row in rows] == [TOO_FEW, COMPLEMENT, None, None]


def gaps_of(risk, observed, labels, patient=None, resamples=100, smallest=SMALLEST):
    who = np.arange(len(labels)) if patient is None else patient
    [row] = worst_gap(risk, observed, who, {"G": labels}, smallest, resamples, 0)
    return row


def thirds(n=300):
    return np.array(["a", "b", "c"], dtype=object)[np.arange(n) % 3]


@pytest.mark.parametrize("make", [binary, censored])
def test_the_gap_is_that_of_the_figures_shown(make):
    risk, observed = make(1, n=600)
    labels = thirds(600)
    risks = np.stack([np.where(labels == "b", 0.5 * risk, risk), risk])
    rows = {row["level"]: row for row in by_subgroup(risks, observed, np.arange(600), {"G": labels}, 10, 20, 0)}
    row = gaps_of(risks, observed, labels)
    assert (row["column"], row["compared"], row["suppressed"]) == ("G", 3, None)
    for key, figure in (("auroc", lambda r: r["auroc"]["value"]), ("log_oe", lambda r: np.log(r["oe_ratio"]["value"]))):
        high, low = max(rows, key=lambda k: figure(rows[k])), min(rows, key=lambda k: figure(rows[k]))
        assert row[f"{key}_levels"] == [high, low]
        assert row[key]["value"] == pytest.approx(figure(rows[high]) - figure(rows[low]))
        assert 0 <= row[key]["lo"] <= row[key]["value"] < row[key]["hi"]


def test_hidden_levels_take_no_part():
    # In c, too small to show, and in b, hidden with it, risks are upside down.
    risk, observed = binary(0, n=400)
    labels = np.repeat(np.array(["a", "d", "b", "c"], dtype=object), [200, 150, 42, 8])
    upset = np.where(np.isin(labels, ["b", "c"]), 1 - risk, risk)
    row = gaps_of(upset, observed, labels)
    assert row["compared"] == 2
    assert set(row["auroc_levels"]) == set(row["log_oe_levels"]) == {"a", "d"}
    kept = np.isin(labels, ["a", "d"])
    alone = gaps_of(risk[kept], observed.take(kept), labels[kept])
    assert row["auroc"] == alone["auroc"]


@pytest.mark.parametrize("sizes", [{"a": 60}, {"a": 60, "b": 5}, {"a": 5, "b": 4}])
def test_no_gap_where_fewer_than_two_levels_are_shown(sizes):
    labels = np.repeat(np.array(list(sizes), dtype=object), list(sizes.values()))
    row = gaps_of(np.random.default_rng(0).random(len(labels)), Observed(np.arange(len(labels)) % 2.0), labels)
    assert row["suppressed"] == row["auroc"]["reason"] == row["log_oe"]["reason"] == FEWER_THAN_TWO
    assert (row["auroc"]["value"], row["auroc_levels"], row["compared"] < 2) == (None, None, True)


def test_equal_levels_have_a_gap_of_0_in_the_interval_and_unequal_ones_do_not():
    held, found = np.zeros(2), np.zeros(2)
    for seed in range(40):
        risk, observed = binary(seed, n=600)
        same = gaps_of(risk, observed, thirds(600))
        held += [same["auroc"]["lo"] == 0, same["log_oe"]["lo"] == 0]
        wrong = np.where(thirds(600) == "c", np.random.default_rng(seed).random(600) * 0.3, risk)
        differ = gaps_of(wrong, observed, thirds(600))
        found += [differ["auroc"]["lo"] > 0, differ["log_oe"]["lo"] > 0]
        assert differ["auroc"]["hi"] <= 1
    assert (held >= 34).all(), held  # Binomial(40, .95) is with probability .997
    assert (found >= 36).all(), found


def test_levels_of_the_same_patients_are_compared_in_pairs():
    # Each patient has a row in both levels with the same outcome: what is common to both does not count.
    risk, observed = binary(0, n=200)
    both, labels = observed.take(np.tile(np.arange(200), 2)), np.repeat(np.array(["a", "b"], dtype=object), 200)
    risks = np.concatenate([risk, 0.8 * risk])
    paired = gaps_of(risks, both, labels, np.tile(np.arange(200), 2))
    apart = gaps_of(risks, both, labels)
    assert paired["auroc"] == {"value": 0, "lo": 0, "hi": 0, "reason": None}
    assert paired["log_oe"]["value"] == pytest.approx(-np.log(0.8))
    assert paired["log_oe"]["hi"] - paired["log_oe"]["lo"] < 1e-9 < apart["log_oe"]["hi"] - apart["log_oe"]["lo"]


def test_no_events_expected_is_a_reason():
    _, observed = binary(0)
    row = gaps_of(np.where(thirds() == "a", 0.0, 0.4), observed, thirds())
    assert (row["log_oe"]["value"], row["log_oe_levels"]) == (None, None)
    assert "not defined" in row["log_oe"]["reason"]
    assert row["auroc"]["value"] == 0
