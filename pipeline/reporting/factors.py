"""Risk factors in three tables that are never one ranking: modifiable, treatments, context."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.reporting import wording
from pipeline.reporting.tables import Table, make_table

Factor = Mapping[str, Any]

KINDS = {"modifiable": ("modifiable",), "treatments": ("treatment",), "context": ("marker", "immutable")}
LEARNT = {
    "increases": "The higher the value, the higher the predicted risk",
    "decreases": "The higher the value, the lower the predicted risk",
    "flat": "The factor itself hardly moves the predicted risk",
    "not monotone": "Predicted risk neither rises nor falls throughout as the value rises",
    "unordered": "Predicted risk differs between categories that have no order",
}


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
        plain = tuple((name(f), _explain(f, constrained)) for f in rows)
        groups[key] = Group(key, rows, makers[key](rows, constrained), plain)
    return groups


def name(factor: Factor) -> str:
    """Label and unit."""
    return f"{factor['label']} ({factor['unit']})" if factor.get("unit") else str(factor["label"])


def direction(factor: Factor, constrained: Mapping[str, str]) -> str:
    """Expected against learnt direction, and whether the model was free to learn another."""
    expected, learnt = factor.get("expected"), factor["learnt"]
    if not expected:
        return f"learnt: {learnt}; none expected"
    if expected == learnt:
        by = " (imposed on the trees)" if factor["predictor"] in constrained else ""
        return f"{learnt}, as expected{by}"
    return f"learnt: {learnt}; expected: {expected}"


def _explain(factor: Factor, constrained: Mapping[str, str]) -> str:
    said = LEARNT[factor["learnt"]]
    if factor.get("risk_low") is not None and factor.get("risk_high") is not None:
        low = f"{wording.percent(factor['risk_low'])} where it is low ({wording.text(factor['low'])})"
        high = f"{wording.percent(factor['risk_high'])} where it is high ({wording.text(factor['high'])})"
        said += f": on average {low} and {high}"
    return f"{said}. {_compare(factor, constrained)}"


def _compare(factor: Factor, constrained: Mapping[str, str]) -> str:
    expected, learnt = factor.get("expected"), factor["learnt"]
    if not expected:
        return "No source gives a direction to expect."
    source = f" ({factor['expected_source']})" if factor.get("expected_source") else ""
    if expected == learnt and factor["predictor"] in constrained:
        return f"This is the direction expected{source}, and the tree members were not allowed to learn another."
    if expected == learnt:
        return f"This is the direction expected{source}, and the model was free to learn another."
    return f"This is not the direction expected{source}, under which risk {expected}: read it with suspicion."


def _importance(factor: Factor) -> str:
    return wording.estimate(wording.from_columns(factor, "importance"))


def _rank(factor: Factor) -> str:
    shown = [wording.decimal(factor[k], 0) for k in ("rank", "rank_lo", "rank_hi") if factor.get(k) is not None]
    return f"{shown[0]} ({shown[1]} to {shown[2]})" if len(shown) == 3 else " ".join(shown)


def _compared(factor: Factor) -> str:
    if factor.get("risk_low") is None or factor.get("risk_high") is None:
        return wording.NOTHING
    low, high = wording.percent(factor["risk_low"]), wording.percent(factor["risk_high"])
    return f"{wording.text(factor['low'])}: {low}; {wording.text(factor['high'])}: {high}"


TITLE = "Markers and fixed characteristics in the model"
COMMON = ("Weight in the model", "Rank", "Average predicted risk", "Direction")
NOTE = (
    "Weight: mean absolute contribution to the log-odds, with 95% interval. Rank: among all predictors, with its "
    "95% range across refits. Direction: of predicted risk as the factor rises."
)


def _common(factor: Factor, constrained: Mapping[str, str]) -> tuple[str, ...]:
    return (name(factor), _importance(factor), _rank(factor), _compared(factor), direction(factor, constrained))


def _modifiable(rows: Sequence[Factor], constrained: Mapping[str, str]) -> Table:
    head = ("Factor", *COMMON, "Change tried", "Patients eligible", "Median difference in predicted risk", "Outside")
    cells = [(*_common(row, constrained), *_what_if(row)) for row in rows]
    note = (
        f"{NOTE} Difference: predicted risk with the changed value minus predicted risk, in percentage points. "
        "Outside: share of patients for whom the change leaves the range of the data. It compares predictions for "
        "different values; it is no estimate of what changing the factor does."
    )
    return make_table("modifiable-table", "Factors that medicine can act on", head, cells, note)


def _what_if(row: Factor) -> tuple[str, ...]:
    difference = wording.from_columns(row, "risk_difference")
    eligible = row.get("eligible")
    return (
        wording.text(row.get("change")),
        wording.NOTHING if eligible is None else wording.count(round(eligible)),
        wording.estimate(difference, wording.points),
        wording.NOTHING if row.get("outside_support") is None else wording.percent(row["outside_support"]),
    )


def _treatments(rows: Sequence[Factor], constrained: Mapping[str, str]) -> Table:
    cells = [_common(row, constrained) for row in rows]
    return make_table("treatments-table", "Treatments in the model", ("Treatment", *COMMON), cells, NOTE)


def _context(rows: Sequence[Factor], constrained: Mapping[str, str]) -> Table:
    cells = [(*_common(row, constrained), row["factor"]) for row in rows]
    return make_table("context-table", TITLE, ("Factor", *COMMON, "Class"), cells, NOTE)
