"""Tables as plain text cells, built from the numbers that the figures draw as well."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting import words
from pipeline.reporting.language import say
from pipeline.reporting.words import numbers

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """One row: its header and its cells. A `group` row heads the `inner` rows below it, and has the last cells or none.

    `links`, text and target, are what a page shows instead of the last cell.
    """

    header: str
    cells: tuple[str, ...] = ()
    group: bool = False
    inner: bool = False
    links: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True)
class Table:
    """What a page shows as a table; `key` is unique on the page. `prose` says that cells hold sentences.

    Readers may sort the rows where `sorts`: they are of a kind, and their order tells nothing else. `slider` is the
    label of a slider that picks one row; "" for none.
    """

    key: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    prose: bool = False
    sorts: bool = False
    slider: str = ""

    def __post_init__(self) -> None:
        """Assert that every row fills the table, and that rows which may be sorted are in no groups."""
        assert all(row.group or len(row.cells) == len(self.head) - 1 for row in self.rows)
        assert not (self.sorts and any(row.group or row.inner for row in self.rows))


def make_table(
    key: str,
    caption: str,
    head: Sequence[str],
    rows: Iterable[Sequence[str]],
    note: str = "",
    *,
    prose: bool = False,
    sorts: bool = False,
) -> Table:
    """A table without group rows; the first text of each row is its header."""
    made = tuple(Row(first, tuple(rest)) for first, *rest in rows)
    return Table(key, caption, tuple(head), made, note, prose, sorts)


def checks(verdict: Mapping[str, Any]) -> Table:
    """Each check behind the verdict, failures first."""
    order = ["FAIL", "WARN", "PASS"]
    found = sorted(verdict["checks"], key=lambda check: order.index(check["level"]))
    rows = [
        (
            numbers.capital(numbers.told(c, "check")).rstrip("."),
            f"{words.verdict.MARKS[c['level']]} {c['level']}",
            numbers.told(c, "sentence"),
        )
        for c in found
    ]
    head = (say("Check"), say("Result"), say("Finding"))
    return make_table("checks", say("Checks behind the verdict"), head, rows, prose=True, sorts=True)


def attrition(validation: Mapping[str, Any]) -> Table:
    """Every step at which records left, with the reason."""
    rows = [
        (numbers.told(s, "step"), *[numbers.count(s[key]) for key in ("records", "removed")], words.data.say_reason(s))
        for s in validation["attrition"]
    ]
    head = (say("Step"), say("Records left"), say("Records removed"), say("Reason"))
    return make_table("attrition", say("Flow of records"), head, rows)


def sample_size(sample: Mapping[str, Any]) -> Table:
    """Patients that each criterion asks for, and those there are."""
    rows = [(numbers.told(c, "sentence"), numbers.count(c["n"])) for c in sample["criteria"]]
    rows.append((say("Patients who taught the model"), numbers.count(sample["patients"])))
    caption, head = say("Patients needed to develop the model"), (say("Criterion"), say("Patients"))
    return make_table("sample-size", caption, head, rows, words.model.note_sample_size(sample))


def quarantine(validation: Mapping[str, Any]) -> Table:
    """Records by data-quality rule, the most frequent first."""
    rules = sorted(validation["rules"], key=lambda rule: (-rule["records"], rule["rule"], rule["column"] or ""))
    rows = [
        (
            numbers.told(r, "sentence"),
            numbers.text(r["column"]),
            words.data.say_severity(r),
            numbers.told(r, "says") or numbers.count(r["records"]),
        )
        for r in rules
        if r["records"] or r["says"]
    ]
    caption = say("Records that broke a data-quality rule")
    head = (say("Rule"), say("Column"), say("If broken"), say("Records"))
    return make_table("quarantine", caption, head, rows, say(words.data.QUARANTINE), sorts=True)


def members(model: Mapping[str, Any]) -> Table:
    """What is averaged into the deployed model."""
    rows = [(numbers.told(m, "label"), numbers.percent(m["weight"]), numbers.told(m, "says")) for m in model["members"]]
    head = (say("Member"), say("Weight"), say("What it is"))
    return make_table("members", say("Members of the deployed model"), head, rows, prose=True)


def pooled(model: Mapping[str, Any]) -> list[Table]:
    """Odds ratios of the members whose coefficients were pooled over imputations, a table each."""
    head, note = (say("Term"), say("Odds ratio (95% interval)"), say("Missing information")), say(words.model.POOLED)
    made = []
    for member in model["members"]:
        rows = [(row["term"], _odds_ratio(row), numbers.percent(row["fmi"])) for row in member.get("pooled") or ()]
        caption = say("{model}: odds ratios by Rubin's rules", model=numbers.told(member, "label"))
        made += [make_table(f"pooled-{member['name']}", caption, head, rows, note, sorts=True)] if rows else []
    return made


def _odds_ratio(row: Mapping[str, Any]) -> str:
    value, lo, hi = (row[key] for key in ("estimate", "lo", "hi"))
    return numbers.estimate(numbers.exponential({"value": value, "lo": lo, "hi": hi}))


MEASURES = {
    "auroc": (phrase("AUROC (c-statistic)"), 3),
    "calibration_slope": (phrase("Calibration slope"), 2),
    "calibration_intercept": (phrase("Calibration intercept"), 2),
    "oe_ratio": (phrase("Observed to expected ratio (O:E)"), 2),
    "ici": (phrase("Integrated calibration index (ICI)"), 3),
    "brier": (phrase("Brier score"), 3),
    "scaled_brier": (phrase("Scaled Brier score"), 3),
    "log_loss": (phrase("Log-loss"), 3),
}
"""The label of each overall measure, and its decimals."""


def measures(performance: Mapping[str, Any]) -> Table:
    """Every overall measure, with what its size means."""
    rows = [
        (
            say(label),
            numbers.estimate(performance["estimates"][name], numbers.decimals(digits)),
            words.performance.explain_measure(name),
        )
        for name, (label, digits) in MEASURES.items()
        if name in performance["estimates"]
    ]
    head = (say("Measure"), say("Estimate (95% interval)"), say("How to read it"))
    return make_table("measures", say("Performance of the deployed model"), head, rows)


def calibration(rows: Rows) -> Table:
    """Predicted and observed risk in groups of patients."""
    cells = [
        (numbers.percent(r["predicted"]), numbers.percent(r["observed"]), numbers.count(r["n"]), _limits(r))
        for r in rows
    ]
    ordered = [(predicted, observed, limits, n) for predicted, observed, n, limits in cells]
    head = (say("Predicted risk"), say("Observed risk"), say("95% interval"), say("Patients"))
    return make_table("calibration-data", say(words.performance.CALIBRATION_TABLE), head, ordered)


def smooth_curve(points: Rows) -> Table:
    """The smooth calibration curve, point by point."""
    cells = [(_fine(r["predicted"]), _fine(r["observed"]), numbers.interval(r, _fine)) for r in points]
    head = (say("Predicted risk"), say("Observed risk, smoothed"), say("95% band"))
    return make_table("smooth-data", say("The smooth calibration curve"), head, cells)


def _fine(share: float) -> str:
    return f"{numbers.decimal(100 * share, 1)}%"


def _limits(row: Mapping[str, Any]) -> str:
    return numbers.interval(row, numbers.percent) or numbers.NOTHING


def risks(rows: Rows, event: str) -> Table:
    """Patients by predicted risk and outcome."""
    columns = [
        ("event", say("With {event}", event=event)),
        ("no_event", say("Without")),
        ("unknown", say("Outcome unknown")),
    ]
    used = [(name, label) for name, label in columns if any(row.get(name) != 0 for row in rows)]
    cells = [
        (
            say("{low} to {high}", low=numbers.percent(row["low"]), high=numbers.percent(row["high"])),
            *[numbers.count(row.get(name)) for name, _ in used],
        )
        for row in rows
    ]
    head = (say("Predicted risk"), *[label for _, label in used])
    caption = say("Patients by predicted risk and what was observed")
    return make_table("risks-data", caption, head, cells, say(words.tables.SMALL))


def net_benefit(rows: Rows) -> Table:
    """Net benefit of the model and of acting on everyone; acting on nobody has 0."""
    cells = [
        (
            numbers.percent(row["threshold"]),
            numbers.estimate(row["model"], numbers.decimals(3)),
            numbers.estimate(row["treat_all"], numbers.decimals(3)),
        )
        for row in rows
    ]
    head = (say("Threshold"), say("Model"), say("Acting on everyone"))
    note = numbers.sentences([say(words.utility.NOTE), say(words.tables.INTERVALS)])
    return make_table("benefit-data", say("Net benefit by threshold of predicted risk"), head, cells, note)


def decisions(rows: Rows, benefits: Rows) -> Table:
    """What acting at each threshold comes to per 1,000 patients, with the net benefit there."""
    cells = [
        (
            numbers.percent(row["threshold"]),
            *[
                say(numbers.HIDDEN) if row["suppressed"] else _per_thousand(row[name])
                for name in words.utility.DECISIONS
            ],
            _per_thousand(benefit["model"]),
        )
        for row, benefit in zip(rows, benefits, strict=True)
    ]
    head = (say("Threshold"), *[say(name) for name in words.utility.DECISIONS.values()], say("Net benefit"))
    caption, note = say(words.utility.DECISIONS_TABLE), say(words.utility.DECISIONS_NOTE)
    return replace(make_table("decisions", caption, head, cells, note), slider=say(words.utility.SLIDER))


def _per_thousand(share: Mapping[str, Any]) -> str:
    return numbers.estimate(share, lambda value: numbers.decimal(1000 * value, 0))


def curve(key: str, label: str, unit: str | None, rows: Rows) -> Table:
    """One predictor's contribution to the log-odds, by its value."""
    cells = [
        (
            words.names.say_values(row["group"]),
            numbers.decimal(row["contribution"]),
            numbers.interval(row, numbers.decimal) or numbers.NOTHING,
            numbers.count(row["n"]),
        )
        for row in rows
    ]
    name = numbers.bracket(label, unit) if unit else label
    head = (name, say("Contribution (log-odds)"), say("95% interval"), say("Patients"))
    return make_table(f"{key}-data", say("{label}: contribution to the predicted risk", label=label), head, cells)
