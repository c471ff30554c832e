"""Tables as plain text cells, built from the numbers that the figures draw as well."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pipeline.reporting import words
from pipeline.reporting.words import numbers

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """One row: its header and its cells. A `group` row has no cells and heads the `inner` rows below it.

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
        (numbers.sentence(c["check"]).rstrip("."), f"{words.verdict.MARKS[c['level']]} {c['level']}", c["sentence"])
        for c in found
    ]
    return make_table(
        "checks", "Checks behind the verdict", ("Check", "Result", "Finding"), rows, prose=True, sorts=True
    )


def attrition(validation: Mapping[str, Any]) -> Table:
    """Every step at which records left, with the reason."""
    rows = [
        (s["step"], numbers.count(s["records"]), numbers.count(s["removed"]), numbers.text(s["reason"]))
        for s in validation["attrition"]
    ]
    head = ("Step", "Records left", "Records removed", "Reason")
    return make_table("attrition", "Flow of records", head, rows)


def sample_size(sample: Mapping[str, Any]) -> Table:
    """Patients that each criterion asks for, and those there are."""
    rows = [(c["sentence"], numbers.count(c["n"])) for c in sample["criteria"]]
    rows.append(("Patients who taught the model", numbers.count(sample["patients"])))
    note = words.model.note_sample_size(sample)
    return make_table("sample-size", "Patients needed to develop the model", ("Criterion", "Patients"), rows, note)


def quarantine(validation: Mapping[str, Any]) -> Table:
    """Records by data-quality rule, the most frequent first."""
    rules = sorted(validation["rules"], key=lambda rule: (-rule["records"], rule["rule"], rule["column"] or ""))
    rows = [
        (r["sentence"], numbers.text(r["column"]), r["severity"], r["says"] or numbers.count(r["records"]))
        for r in rules
        if r["records"] or r["says"]
    ]
    head = ("Rule", "Column", "If broken", "Records")
    return make_table(
        "quarantine", "Records that broke a data-quality rule", head, rows, words.data.QUARANTINE, sorts=True
    )


def members(model: Mapping[str, Any]) -> Table:
    """What is averaged into the deployed model."""
    rows = [(m["label"], numbers.percent(m["weight"]), m["says"]) for m in model["members"]]
    return make_table("members", "Members of the deployed model", ("Member", "Weight", "What it is"), rows, prose=True)


def pooled(model: Mapping[str, Any]) -> list[Table]:
    """Odds ratios of the members whose coefficients were pooled over imputations, a table each."""
    head = ("Term", "Odds ratio (95% interval)", "Missing information")
    made = []
    for member in model["members"]:
        rows = [(row["term"], _odds_ratio(row), numbers.percent(row["fmi"])) for row in member.get("pooled") or ()]
        caption = f"{member['label']}: odds ratios by Rubin's rules"
        made += (
            [make_table(f"pooled-{member['name']}", caption, head, rows, words.model.POOLED, sorts=True)]
            if rows
            else []
        )
    return made


def _odds_ratio(row: Mapping[str, Any]) -> str:
    value, lo, hi = (row[key] for key in ("estimate", "lo", "hi"))
    return numbers.estimate(numbers.exponential({"value": value, "lo": lo, "hi": hi}))


MEASURES = {
    "auroc": ("AUROC (c-statistic)", 3),
    "calibration_slope": ("Calibration slope", 2),
    "calibration_intercept": ("Calibration intercept", 2),
    "oe_ratio": ("Observed to expected ratio (O:E)", 2),
    "ici": ("Integrated calibration index (ICI)", 3),
    "brier": ("Brier score", 3),
    "scaled_brier": ("Scaled Brier score", 3),
    "log_loss": ("Log-loss", 3),
}
"""The label of each overall measure, and its decimals."""


def measures(performance: Mapping[str, Any]) -> Table:
    """Every overall measure, with what its size means."""
    rows = [
        (
            label,
            numbers.estimate(performance["estimates"][name], numbers.decimals(digits)),
            words.performance.MEANINGS[name],
        )
        for name, (label, digits) in MEASURES.items()
        if name in performance["estimates"]
    ]
    head = ("Measure", "Estimate (95% interval)", "How to read it")
    return make_table("measures", "Performance of the deployed model", head, rows)


def calibration(rows: Rows) -> Table:
    """Predicted and observed risk in groups of patients."""
    cells = [
        (numbers.percent(r["predicted"]), numbers.percent(r["observed"]), numbers.count(r["n"]), _limits(r))
        for r in rows
    ]
    ordered = [(predicted, observed, limits, n) for predicted, observed, n, limits in cells]
    head = ("Predicted risk", "Observed risk", "95% interval", "Patients")
    return make_table("calibration-data", words.performance.CALIBRATION_TABLE, head, ordered)


def smooth_curve(points: Rows) -> Table:
    """The smooth calibration curve, point by point."""
    cells = [(_fine(r["predicted"]), _fine(r["observed"]), numbers.interval(r, _fine)) for r in points]
    head = ("Predicted risk", "Observed risk, smoothed", "95% band")
    return make_table("smooth-data", "The smooth calibration curve", head, cells)


def _fine(share: float) -> str:
    return f"{numbers.decimal(100 * share, 1)}%"


def _limits(row: Mapping[str, Any]) -> str:
    return numbers.interval(row, numbers.percent) or numbers.NOTHING


def risks(rows: Rows, event: str) -> Table:
    """Patients by predicted risk and outcome."""
    columns = [("event", f"With {event}"), ("no_event", "Without"), ("unknown", "Outcome unknown")]
    used = [(name, label) for name, label in columns if any(row.get(name) != 0 for row in rows)]
    cells = [
        (
            f"{numbers.percent(row['low'])} to {numbers.percent(row['high'])}",
            *[numbers.count(row.get(name)) for name, _ in used],
        )
        for row in rows
    ]
    head = ("Predicted risk", *[label for _, label in used])
    return make_table("risks-data", "Patients by predicted risk and what was observed", head, cells, words.tables.SMALL)


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
    head = ("Threshold", "Model", "Acting on everyone")
    return make_table("benefit-data", "Net benefit by threshold of predicted risk", head, cells, words.utility.NOTE)


def decisions(rows: Rows, benefits: Rows) -> Table:
    """What acting at each threshold comes to per 1,000 patients, with the net benefit there."""
    cells = [
        (
            numbers.percent(row["threshold"]),
            *[numbers.HIDDEN if row["suppressed"] else _per_thousand(row[name]) for name in words.utility.DECISIONS],
            _per_thousand(benefit["model"]),
        )
        for row, benefit in zip(rows, benefits, strict=True)
    ]
    head = ("Threshold", *words.utility.DECISIONS.values(), "Net benefit")
    made = make_table("decisions", words.utility.DECISIONS_TABLE, head, cells, words.utility.DECISIONS_NOTE)
    return replace(made, slider=words.utility.SLIDER)


def _per_thousand(share: Mapping[str, Any]) -> str:
    return numbers.estimate(share, lambda value: numbers.decimal(1000 * value, 0))


def curve(key: str, label: str, unit: str | None, rows: Rows) -> Table:
    """One predictor's contribution to the log-odds, by its value."""
    cells = [
        (
            row["group"],
            numbers.decimal(row["contribution"]),
            numbers.interval(row, numbers.decimal) or numbers.NOTHING,
            numbers.count(row["n"]),
        )
        for row in rows
    ]
    name = f"{label} ({unit})" if unit else label
    head = (name, "Contribution (log-odds)", "95% interval", "Patients")
    return make_table(f"{key}-data", f"{label}: contribution to the predicted risk", head, cells)
