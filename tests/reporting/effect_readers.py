"""What reads the section made of a treatment's effect."""

import re
from typing import Any

import pytest

from data_schemas.columns import Cohort
from pipeline.reporting.effects import build_effect
from pipeline.reporting.tables import Table

from .made_effects import OUTCOME, RECURRENCE
from .test_tables import find_tables


def build(effect: dict[str, Any], cohort: type[Cohort] = RECURRENCE) -> dict[str, Any]:
    built = build_effect(cohort.columns(), OUTCOME, effect)
    assert built is not None
    return built


def table_of(built: dict[str, Any], key: str) -> Table:
    return next(table for table in find_tables(built) if table.key == key)


def numbers(cell: str) -> list[float]:
    """The numbers of a cell, in the order in which they stand."""
    found = re.findall(r"[+\u2212]?\d[\d,]*(?:\.\d+)?", cell)
    return [float(one.replace("\u2212", "-").replace(",", "")) for one in found]


def shown(cell: str, estimate: dict[str, Any], scale: float, digits: int) -> None:
    """Assert that a cell holds value and limits of an estimate, rounded."""
    expected = [scale * estimate[key] for key in ("value", "lo", "hi")]
    assert numbers(cell.replace("%", "")) == pytest.approx(expected, abs=0.5001 * 10**-digits)
