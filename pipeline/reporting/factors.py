"""Risk factors in three tables that are never one ranking: modifiable, treatments, context."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.reporting import words
from pipeline.reporting.tables import Table, make_table
from pipeline.reporting.words import numbers

Factor = Mapping[str, Any]

KINDS = {"modifiable": ("modifiable",), "treatments": ("treatment",), "context": ("marker", "immutable")}


@dataclass(frozen=True)
class Group:
    """The factors of one table, the most important first, each with what the model learnt in plain words."""

    key: str
    rows: tuple[Factor, ...]
    table: Table
    plain: tuple[tuple[str, str], ...]


def group_factors(factors: Sequence[Factor], constrained: Mapping[str, str]) -> dict[str, Group]:
    """The three groups by key; a group may be empty. `constrained` maps predictors to an imposed direction."""
    makers = {"modifiable": _modifiable, "treatments": _treatments, "context": _context}
    groups = {}
    for key, classes in KINDS.items():
        rows = tuple(sorted((f for f in factors if f["factor"] in classes), key=lambda f: f["rank"]))
        plain = tuple((name(f), words.factors.explain_factor(f, constrained)) for f in rows)
        groups[key] = Group(key, rows, makers[key](rows, constrained), plain)
    return groups


def name(factor: Factor) -> str:
    """Label and unit."""
    return f"{factor['label']} ({factor['unit']})" if factor.get("unit") else str(factor["label"])


def _importance(factor: Factor) -> str:
    return numbers.estimate(numbers.from_columns(factor, "importance"))


def _rank(factor: Factor) -> str:
    shown = [numbers.decimal(factor[k], 0) for k in ("rank", "rank_lo", "rank_hi") if factor.get(k) is not None]
    return f"{shown[0]} ({shown[1]} to {shown[2]})" if len(shown) == 3 else " ".join(shown)


def _compared(factor: Factor) -> str:
    if factor.get("risk_low") is None or factor.get("risk_high") is None:
        return numbers.NOTHING
    low, high = numbers.percent(factor["risk_low"]), numbers.percent(factor["risk_high"])
    return f"{numbers.text(factor['low'])}: {low}; {numbers.text(factor['high'])}: {high}"


TITLE = "Markers and fixed characteristics in the model"
COMMON = ("Weight in the model", "Rank", "Average predicted risk", "Direction")


def _common(factor: Factor, constrained: Mapping[str, str]) -> tuple[str, ...]:
    return (
        name(factor),
        _importance(factor),
        _rank(factor),
        _compared(factor),
        words.factors.say_direction(factor, constrained),
    )


def _modifiable(rows: Sequence[Factor], constrained: Mapping[str, str]) -> Table:
    head = ("Factor", *COMMON, "Change tried", "Patients eligible", "Median difference in predicted risk", "Outside")
    cells = [(*_common(row, constrained), *_what_if(row)) for row in rows]
    return make_table(
        "modifiable-table", "Factors that medicine can act on", head, cells, words.factors.MODIFIABLE_NOTE
    )


def _what_if(row: Factor) -> tuple[str, ...]:
    difference = numbers.from_columns(row, "risk_difference")
    eligible = row.get("eligible")
    return (
        numbers.text(row.get("change")),
        numbers.NOTHING if eligible is None else numbers.count(round(eligible)),
        numbers.estimate(difference, numbers.points),
        numbers.NOTHING if row.get("outside_support") is None else numbers.percent(row["outside_support"]),
    )


def _treatments(rows: Sequence[Factor], constrained: Mapping[str, str]) -> Table:
    cells = [_common(row, constrained) for row in rows]
    return make_table("treatments-table", "Treatments in the model", ("Treatment", *COMMON), cells, words.factors.NOTE)


def _context(rows: Sequence[Factor], constrained: Mapping[str, str]) -> Table:
    cells = [(*_common(row, constrained), row["factor"]) for row in rows]
    return make_table("context-table", TITLE, ("Factor", *COMMON, "Class"), cells, words.factors.NOTE)
