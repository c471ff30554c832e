"""Tables as plain text cells, built from the numbers that the figures draw as well."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.reporting import wording
from pipeline.reporting.disclosure import hide_in_series

Rows = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Row:
    """One row: its header and its cells. A `group` row has no cells and heads the `inner` rows below it."""

    header: str
    cells: tuple[str, ...] = ()
    group: bool = False
    inner: bool = False


@dataclass(frozen=True)
class Table:
    """What a page shows as a table; `key` is unique on the page. `prose` says that cells hold sentences."""

    key: str
    caption: str
    head: tuple[str, ...]
    rows: tuple[Row, ...]
    note: str = ""
    prose: bool = False

    def __post_init__(self) -> None:
        """Assert that every row fills the table."""
        assert all(row.group or len(row.cells) == len(self.head) - 1 for row in self.rows)


def make_table(
    key: str, caption: str, head: Sequence[str], rows: Iterable[Sequence[str]], note: str = "", prose: bool = False
) -> Table:
    """A table without group rows; the first text of each row is its header."""
    made = tuple(Row(first, tuple(rest)) for first, *rest in rows)
    return Table(key, caption, tuple(head), made, note, prose)


def checks(verdict: Mapping[str, Any]) -> Table:
    """Each check behind the verdict, failures first."""
    order = ["FAIL", "WARN", "PASS"]
    found = sorted(verdict["checks"], key=lambda check: order.index(check["level"]))
    rows = [
        (wording.sentence(c["check"]).rstrip("."), f"{wording.MARKS[c['level']]} {c['level']}", c["sentence"])
        for c in found
    ]
    return make_table("checks", "Checks behind the verdict", ("Check", "Result", "Finding"), rows, prose=True)


def attrition(validation: Mapping[str, Any]) -> Table:
    """Every step at which records left, with the reason."""
    rows = [
        (s["step"], wording.count(s["records"]), wording.count(s["removed"]), wording.text(s["reason"]))
        for s in validation["attrition"]
    ]
    head = ("Step", "Records left", "Records removed", "Reason")
    return make_table("attrition", "Flow of records", head, rows)


def sample_size(sample: Mapping[str, Any]) -> Table:
    """Patients that each criterion asks for, and those there are."""
    rows = [(c["sentence"], wording.count(c["n"])) for c in sample["criteria"]]
    rows.append(("Patients who taught the model", wording.count(sample["patients"])))
    needed = sample["needed_events_per_parameter"]
    note = (
        f"Criteria of Riley et al. (2019, 2020) for {sample['parameters']} parameters, where {sample['expects']}. "
        f"There are {sample['events_per_parameter']:.3g} events per parameter, and {needed:.3g} are needed. "
        f"The patients there are suffice for {sample['parameters_allowed']}. Penalties against over-fitting make up "
        "for some of a lack, not for all of it."
    )
    return make_table("sample-size", "Patients needed to develop the model", ("Criterion", "Patients"), rows, note)


def quarantine(validation: Mapping[str, Any]) -> Table:
    """Records by data-quality rule, the most frequent first."""
    rules = sorted(validation["rules"], key=lambda rule: (-rule["records"], rule["rule"], rule["column"] or ""))
    rows = [
        (r["sentence"], wording.text(r["column"]), r["severity"], r["says"] or wording.count(r["records"]))
        for r in rules
        if r["records"] or r["says"]
    ]
    head = ("Rule", "Column", "If broken", "Records")
    note = "A record that breaks several rules is counted under each. 'Quarantine' sets aside; 'warn' keeps the record."
    return make_table("quarantine", "Records that broke a data-quality rule", head, rows, note)


def members(model: Mapping[str, Any]) -> Table:
    """What is averaged into the deployed model."""
    rows = [(m["label"], wording.percent(m["weight"]), m["says"]) for m in model["members"]]
    return make_table("members", "Members of the deployed model", ("Member", "Weight", "What it is"), rows, prose=True)


def candidates(models: Rows) -> Table:
    """Every candidate's figures, the deployed model's first."""
    head = ("Model", "AUROC", "Brier score", "Calibration slope", "O:E ratio")
    ordered = sorted(models, key=lambda row: not row["deployed"])
    rows = [
        (
            f"{row['label']} (deployed)" if row["deployed"] else row["label"],
            wording.estimate(wording.from_columns(row, "auroc"), wording.decimals(3)),
            wording.estimate(wording.from_columns(row, "brier"), wording.decimals(3)),
            wording.estimate(wording.from_columns(row, "calibration_slope")),
            wording.estimate(wording.from_columns(row, "oe_ratio")),
        )
        for row in ordered
    ]
    return make_table("candidates", "The deployed model beside the other candidates", head, rows, INTERVALS)


INTERVALS = "Each estimate with its 95% interval."
MEASURES = {
    "auroc": ("AUROC (c-statistic)", 3, "0.5 is guessing, 1 is perfect separation"),
    "calibration_slope": ("Calibration slope", 2, "1 is ideal; below 1, predictions are too extreme"),
    "calibration_intercept": ("Calibration intercept", 2, "0 is ideal; below 0, risks are overstated"),
    "oe_ratio": ("Observed to expected ratio (O:E)", 2, "1 is ideal; below 1, risks are overstated"),
    "brier": ("Brier score", 3, "mean squared error of the risk; smaller is better"),
    "scaled_brier": ("Scaled Brier score", 3, "0 is giving everyone the average risk, 1 is perfect"),
}


def measures(performance: Mapping[str, Any]) -> Table:
    """Every overall measure, with what its size means."""
    rows = [
        (label, wording.estimate(performance["estimates"][name], wording.decimals(digits)), meaning)
        for name, (label, digits, meaning) in MEASURES.items()
        if name in performance["estimates"]
    ]
    head = ("Measure", "Estimate (95% interval)", "How to read it")
    return make_table("measures", "Performance of the deployed model", head, rows)


def calibration(rows: Rows) -> Table:
    """Predicted and observed risk in groups of patients."""
    cells = [
        (wording.percent(r["predicted"]), wording.percent(r["observed"]), wording.count(r["n"]), _limits(r))
        for r in rows
    ]
    ordered = [(predicted, observed, limits, n) for predicted, observed, n, limits in cells]
    head = ("Predicted risk", "Observed risk", "95% interval", "Patients")
    return make_table("calibration-data", "Predicted and observed risk, by group of predicted risk", head, ordered)


def _limits(row: Mapping[str, Any]) -> str:
    return wording.interval(row, wording.percent) or wording.NOTHING


def risks(rows: Rows, event: str) -> Table:
    """Patients by predicted risk and outcome."""
    columns = [("event", f"With {event}"), ("no_event", "Without"), ("unknown", "Outcome unknown")]
    used = [(name, label) for name, label in columns if any(row.get(name) != 0 for row in rows)]
    cells = [
        (
            f"{wording.percent(row['low'])} to {wording.percent(row['high'])}",
            *[wording.count(row.get(name)) for name, _ in used],
        )
        for row in rows
    ]
    head = ("Predicted risk", *[label for _, label in used])
    return make_table("risks-data", "Patients by predicted risk and what was observed", head, cells, SMALL)


SMALL = "'hidden': too few patients to show, or enough to compute a number that is too small."


def net_benefit(rows: Rows) -> Table:
    """Net benefit of the model and of acting on everyone; acting on nobody has 0."""
    cells = [
        (
            wording.percent(row["threshold"]),
            wording.estimate(row["model"], wording.decimals(3)),
            wording.estimate(row["treat_all"], wording.decimals(3)),
        )
        for row in rows
    ]
    head = ("Threshold", "Model", "Acting on everyone")
    note = f"Acting on nobody has a net benefit of 0. {INTERVALS}"
    return make_table("benefit-data", "Net benefit by threshold of predicted risk", head, cells, note)


def subgroups(rows: Rows, labels: Mapping[str, str]) -> Table:
    """Performance by level of each subgroup column."""
    made: list[Row] = []
    for i, row in enumerate(rows):
        if i == 0 or rows[i - 1]["column"] != row["column"]:
            made.append(Row(labels.get(row["column"], row["column"]), group=True))
        figures = [_in_group(row, "auroc", 3), _in_group(row, "oe_ratio", 2)]
        made.append(Row(row["level"], (wording.count(row["n"]), wording.count(row["events"]), *figures), inner=True))
    head = ("Subgroup", "Patients", "Events", "AUROC", "O:E ratio")
    return Table("subgroups", "Performance by subgroup", head, tuple(made), f"{INTERVALS} {SMALL}")


def _in_group(row: Mapping[str, Any], name: str, digits: int) -> str:
    if row.get("suppressed"):
        return f"not shown: {row['suppressed']}"
    return wording.estimate(row[name], wording.decimals(digits))


def protect_subgroups(
    performance: Mapping[str, Any], hidden_levels: set[tuple[str, str]], smallest: int
) -> list[dict[str, Any]]:
    """The subgroups with counts hidden that, beside Table 1 and the totals, would give small ones away.

    `hidden_levels` are (column, level) pairs that Table 1 hides among the same patients.
    """
    rows = [dict(row) for row in performance["subgroups"]]
    for column in dict.fromkeys(row["column"] for row in rows):
        group = [row for row in rows if row["column"] == column]
        sizes = [None if (column, row["level"]) in hidden_levels else row["n"] for row in group]
        events = [_events(row, smallest) for row in group]
        kept = hide_in_series(sizes, performance["n"], smallest)
        kept_events = hide_in_series(events, performance["events"], smallest)
        for row, n, happened in zip(group, kept, kept_events, strict=True):
            row.update(n=n, events=happened)
    return rows


def _events(row: Mapping[str, Any], smallest: int) -> int | None:
    """The number of events, unless it or the number of those without is small."""
    if row["n"] is None or row["events"] is None or row["n"] - row["events"] < smallest:
        return None
    return int(row["events"])


def curve(key: str, label: str, unit: str | None, rows: Rows) -> Table:
    """One predictor's contribution to the log-odds, by its value."""
    cells = [
        (
            row["group"],
            wording.decimal(row["contribution"]),
            wording.interval(row, wording.decimal) or wording.NOTHING,
            wording.count(row["n"]),
        )
        for row in rows
    ]
    name = f"{label} ({unit})" if unit else label
    head = (name, "Contribution (log-odds)", "95% interval", "Patients")
    return make_table(f"{key}-data", f"{label}: contribution to the predicted risk", head, cells)
