"""Risk factors in three tables that are never one ranking: modifiable, treatments, context."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting import words
from pipeline.reporting.language import say
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


def find_disagreements(rows: Sequence[Factor]) -> tuple[list[str], list[str]]:
    """Labels of the factors learnt against the expected direction, and of those kept to it only by being imposed.

    A factor that hardly moves the risk is against nothing.
    """
    expected = [row for row in rows if row.get("expected")]
    against = [row for row in expected if row["learnt"] not in (row["expected"], "flat")]
    freely = [
        row for row in expected
        if row not in against and row.get("learnt_free") and row["learnt_free"] not in (row["expected"], "flat")
        and row["factor"] != "treatment"
    ]  # fmt: skip
    return [row["label"] for row in against], [row["label"] for row in freely]


def tabulate_changes(rows: Sequence[Factor], labels: Mapping[str, str]) -> Table | None:
    """What the model would say if a modifiable factor stood elsewhere; None where nothing may be changed."""
    follows = {row["label"]: row["recomputed"].split("; ") for row in rows if row.get("recomputed")}
    said = {label: [labels[name] for name in names] for label, names in follows.items()}
    sources = words.factors.list_sources({row["label"]: row.get("change_source") or "" for row in rows})
    notes = [say(words.factors.CHANGES_NOTE), words.factors.say_recomputed(said), *([sources] if sources else [])]
    caption, head, note = say(words.factors.ASKS_CHANGE), tuple(map(say, CHANGED)), numbers.sentences(notes)
    cells = [(name(row), *_what_if(row)) for row in rows]
    return make_table("changes-table", caption, head, cells, note, sorts=True) if cells else None


def _importance(factor: Factor) -> str:
    return numbers.estimate(numbers.from_columns(factor, "importance"))


def _points(factor: Factor) -> str:
    return numbers.estimate(numbers.from_columns(factor, "points"), lambda share: numbers.decimal(100 * share, 1))


def _rank(factor: Factor) -> str:
    shown = [numbers.decimal(factor[k], 0) for k in ("rank", "rank_lo", "rank_hi") if factor.get(k) is not None]
    ranked, top = " ".join(shown), factor.get("top_share")
    if len(shown) == 3:
        ranked = say("{rank} ({low} to {high})", rank=shown[0], low=shown[1], high=shown[2])
    return ranked if top is None else say("{rank}; {share} among first five", rank=ranked, share=numbers.percent(top))


def _compared(factor: Factor) -> str:
    if factor.get("risk_low") is None or factor.get("risk_high") is None:
        return numbers.NOTHING
    return say(
        "{low}: {risk_low}; {high}: {risk_high}",
        low=words.names.say_values(numbers.text(factor["low"])),
        risk_low=numbers.percent(factor["risk_low"]),
        high=words.names.say_values(numbers.text(factor["high"])),
        risk_high=numbers.percent(factor["risk_high"]),
    )


COMMON = (
    phrase("Weight (log-odds)"),
    phrase("Weight (points of risk)"),
    phrase("Rank"),
    phrase("Average predicted risk"),
    phrase("Direction"),
)
CHANGED = (
    phrase("Factor"),
    phrase("Change"),
    phrase("Patients with room"),
    phrase("Unlike"),
    phrase("Not possible"),
    phrase("Difference in predicted risk"),
    phrase("Lower"),
)


def _head() -> tuple[str, ...]:
    return tuple(map(say, COMMON))


def _common(factor: Factor, constrained: Mapping[str, str]) -> tuple[str, ...]:
    return (
        name(factor),
        _importance(factor),
        _points(factor),
        _rank(factor),
        _compared(factor),
        words.factors.say_direction(factor, constrained),
    )


def _modifiable(rows: Sequence[Factor], constrained: Mapping[str, str]) -> Table:
    cells = [_common(row, constrained) for row in rows]
    caption, note = say("Factors that medicine can act on"), say(words.factors.NOTE)
    return make_table("modifiable-table", caption, (say("Factor"), *_head()), cells, note, sorts=True)


def _what_if(row: Factor) -> tuple[str, ...]:
    difference, unit, eligible = row.get("risk_difference"), row.get("unit") or "", row.get("eligible")
    if difference is None and eligible is None:
        return (numbers.NOTHING,) * 6
    shares = [row.get(key) for key in ("outside_support", "not_possible", "lowered")]
    outside, impossible, lowered = (say(numbers.HIDDEN) if s is None else numbers.percent(s) for s in shares)
    return (
        numbers.NOTHING if row.get("change") is None else f"{numbers.signed(1)(row['change'])} {unit}".strip(),
        numbers.count(None if eligible is None else round(eligible)),
        outside,
        impossible,
        numbers.NOTHING if difference is None else _difference(row),
        lowered,
    )


def _difference(row: Factor) -> str:
    """Median difference with its interval; where it is no fall, that too."""
    shown = numbers.estimate(numbers.from_columns(row, "risk_difference"), numbers.points)
    if row["risk_difference"] < 0:
        return shown
    return say("{difference}. {remark}", difference=shown, remark=say(words.factors.NOT_LOWER))


def _treatments(rows: Sequence[Factor], constrained: Mapping[str, str]) -> Table:
    cells = [_common(row, constrained) for row in rows]
    caption, note = say("Treatments in the model"), say(words.factors.NOTE)
    return make_table("treatments-table", caption, (say("Treatment"), *_head()), cells, note, sorts=True)


def _context(rows: Sequence[Factor], constrained: Mapping[str, str]) -> Table:
    classes = [words.factors.CLASSES[row["factor"]] for row in rows]
    cells = [(*_common(row, constrained), say(each)) for row, each in zip(rows, classes, strict=True)]
    caption, note = say("Markers and fixed characteristics in the model"), say(words.factors.NOTE)
    return make_table("context-table", caption, (say("Factor"), *_head(), say("Class")), cells, note, sorts=True)
