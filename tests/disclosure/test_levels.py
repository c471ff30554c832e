"""Levels whose patients, or those of some kind among them, are few."""

import numpy as np
import pytest

from pipeline.disclosure import COMPLEMENT, TOO_FEW, hide_among, may_tell


def hide(sizes: dict[str, int], nowhere: int = 0) -> dict[str, str]:
    labels = np.repeat([*sizes, ""], [*sizes.values(), nowhere])
    members = {level: labels == level for level in sizes}
    return hide_among(members, [np.ones(len(labels), dtype=bool)], np.arange(len(labels)), 10)


def test_few_patients_of_no_level_hide_one_that_subtraction_would_need() -> None:
    assert hide({"a": 40, "b": 30}) == {}
    assert hide({"a": 40, "b": 30}, nowhere=3) == {"b": COMPLEMENT}
    assert hide({"a": 40, "b": 30}, nowhere=12) == {}
    assert hide({"a": 40, "b": 3}, nowhere=8) == {"b": TOO_FEW}


def test_records_of_one_patient_are_one_patient() -> None:
    labels = np.repeat(["a", "b"], 20)
    members = {level: labels == level for level in "ab"}
    patient = np.where(labels == "a", np.arange(40) // 4, np.arange(40))
    assert hide_among(members, [np.ones(40, dtype=bool)], patient, 10) == {"a": TOO_FEW, "b": COMPLEMENT}


@pytest.mark.parametrize(
    ("counted", "tells"), [(0, True), (1, False), (9, False), (10, True), (95, False), (100, True)]
)
def test_a_share_needs_enough_on_both_sides(counted: int, tells: bool) -> None:
    assert may_tell(counted, 100, 10) == tells
