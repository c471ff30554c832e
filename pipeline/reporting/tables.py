"""Tables as plain text cells, built from the numbers that the figures draw as well."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.reporting import wording

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


def pooled(model: Mapping[str, Any]) -> list[Table]:
    """Odds ratios of the members whose coefficients were pooled over imputations, a table each."""
    head = ("Term", "Odds ratio (95% interval)", "Missing information")
    note = (
        "Pooled over imputed tables by Rubin's rules (1987, Multiple Imputation for Nonresponse in Surveys). Missing "
        "information: the share of the variance that imputation adds. Associations in the model, not effects."
    )
    made = []
    for member in model["members"]:
        rows = [(row["term"], _odds_ratio(row), wording.percent(row["fmi"])) for row in member.get("pooled") or ()]
        caption = f"{member['label']}: odds ratios by Rubin's rules"
        made += [make_table(f"pooled-{member['name']}", caption, head, rows, note)] if rows else []
    return made


def _odds_ratio(row: Mapping[str, Any]) -> str:
    value, lo, hi = (row[key] for key in ("estimate", "lo", "hi"))
    return wording.estimate(wording.exponential({"value": value, "lo": lo, "hi": hi}))


INTERVALS = "Each estimate with its 95% interval."
MEASURES = {
    "auroc": ("AUROC (c-statistic)", 3, "0.5 is guessing, 1 is perfect separation"),
    "calibration_slope": ("Calibration slope", 2, "1 is ideal; below 1, predictions are too extreme"),
    "calibration_intercept": ("Calibration intercept", 2, "0 is ideal; below 0, risks are overstated"),
    "oe_ratio": ("Observed to expected ratio (O:E)", 2, "1 is ideal; below 1, risks are overstated"),
    "ici": ("Integrated calibration index (ICI)", 3, "mean distance of observed from predicted risk; 0 is ideal"),
    "brier": ("Brier score", 3, "mean squared error of the risk; smaller is better"),
    "scaled_brier": ("Scaled Brier score", 3, "0 is giving everyone the average risk, 1 is perfect"),
    "log_loss": ("Log-loss", 3, "mean surprise at what happened, in nats; smaller is better, and 0 is perfect"),
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


def smooth_curve(points: Rows) -> Table:
    """The smooth calibration curve, point by point."""
    cells = [(_fine(r["predicted"]), _fine(r["observed"]), wording.interval(r, _fine)) for r in points]
    head = ("Predicted risk", "Observed risk, smoothed", "95% band")
    return make_table("smooth-data", "The smooth calibration curve", head, cells)


def _fine(share: float) -> str:
    return f"{wording.decimal(100 * share, 1)}%"


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
