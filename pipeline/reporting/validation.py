"""What further developments told, as tables and sentences: optimism, fewer patients, sites left out."""

from collections.abc import Mapping
from typing import Any

from pipeline.reporting import wording
from pipeline.reporting.disclosure import hide_in_series
from pipeline.reporting.forests import Line
from pipeline.reporting.results import Results
from pipeline.reporting.tables import INTERVALS, MEASURES, SMALL, Rows, Table, make_table

LEARNT = {"auroc": "AUROC", "log_loss": "Log-loss", "calibration_slope": "Calibration slope"}
ANOTHER_SITE = "To expect in another site (prediction)"
DRAWN = 20
"""Of more sites than this, those with most patients are drawn; the table has them all."""


def tabulate_optimism(rows: Rows) -> Table | None:
    """How far the figures on the patients who taught the model flatter it."""
    cells = []
    for row in rows:
        label, digits, _ = MEASURES[row["figure"]]
        optimism = wording.estimate(row["optimism"], wording.signed(digits))
        cells.append((label, _number(row["apparent"], digits), optimism, _number(row["corrected"], digits)))
    head = ("Measure", "On those who taught it", "Optimism (95% interval)", "Corrected")
    return make_table("optimism", "Optimism by bootstrap", head, cells, _note(rows)) if rows else None


def _note(rows: Rows) -> str:
    times = wording.plural(min((row["resamples"] for row in rows), default=0), "bootstrap resample")
    return (
        f"The whole development was repeated on {times} of the patients who taught the model. Optimism is the figure "
        "of such a model on its own resample less that on all of these patients, on average, with an interval that "
        "narrows with more resamples. Corrected: less optimism (Harrell, Lee and Mark 1996, Stat Med 15:361)."
    )


def _number(value: float | None, digits: int) -> str:
    return "not computed" if value is None else wording.decimal(value, digits)


def say_suspicion(found: Mapping[str, wording.Estimate]) -> str:
    """How much better the model does on the patients who taught it than on unseen ones, and what gives them away."""
    gap = wording.estimate(found["train_to_test_gap"], wording.signed(3))
    members = wording.estimate(found["membership_inference"], wording.decimals(3))
    return (
        f"AUROC on the patients who taught the model less that on unseen ones: {gap}. AUROC with which a patient's "
        f"loss tells whether they taught it, where 0.5 tells nothing (Yeom et al. 2018, IEEE CSF 31:268): {members}."
    )


def trace(results: Results) -> list[dict[str, Any]]:
    """The learning curve, with the whole development last: as `learning_curve` has it, and `about`.

    In cross-validation each fold was taught by the patients of all other folds, so that `patients` is `about` right.
    """
    performance, patients = results.performance, results.model["development"]["patients"]
    curve = [{**row, "about": False} for row in performance["learning_curve"]]
    if not curve:
        return []
    folds = 0 if results.has_parts else results.split["fold_1"].nunique()
    taught = round(patients * (folds - 1) / folds) if folds else patients
    last = {key: performance["estimates"][key] for key in LEARNT}
    return [*curve, {"share": 1.0, "patients": taught, "about": bool(folds)} | last]


def tabulate_learning(rows: Rows) -> Table:
    """Figures by how many patients taught the model."""
    cells = [
        (
            f"{'about ' if row['about'] else ''}{row['patients']:,} ({wording.percent(row['share'])})",
            wording.estimate(row["auroc"], wording.decimals(3)),
            wording.estimate(row["log_loss"], wording.decimals(3)),
            wording.estimate(row["calibration_slope"]),
        )
        for row in rows
    ]
    head = ("Patients who taught the model", *LEARNT.values())
    return make_table(
        "learning-data", "Performance by the number of patients who taught the model", head, cells, INTERVALS
    )


def say_learning(rows: Rows) -> str:
    """Whether the AUROC of the whole development lies outside the interval of the largest share of it."""
    before, whole = rows[-2:]
    fewer, full = before["auroc"], whole["auroc"]
    taught = f"{'about ' if whole['about'] else ''}{whole['patients']:,} patients rather than {before['patients']:,}"
    if full["value"] is None or fewer["value"] is None or fewer["lo"] is None:
        return "Whether more patients would raise the AUROC cannot be said."
    values = f"{wording.decimal(full['value'], 3)} rather than {wording.decimal(fewer['value'], 3)}"
    said = f"With {taught}, the AUROC is {values}"
    if full["value"] > fewer["hi"]:
        return f"{said}, above the 95% interval with fewer: it still rises with the number of patients."
    if full["value"] < fewer["lo"]:
        return f"{said}, below the 95% interval with fewer: it does not rise with the number of patients."
    return f"{said}, within the 95% interval with fewer: these data do not show that it still rises."


def protect_sites(results: Results) -> list[dict[str, Any]]:
    """The sites with counts hidden that, beside the totals, would give away those of the sites left out."""
    found, smallest = results.performance["sites"], results.smallest_group
    left_out: list[int | None] = [None] * found["hidden"]
    events = results.performance["events"] + (results.model["development"]["events"] if results.has_parts else 0)
    totals = {"n": results.validation["valid"], "events": events}
    kept = {
        key: hide_in_series([*(site[key] for site in found["sites"]), *left_out], total, smallest)
        for key, total in totals.items()
    }
    return [{**site, "n": kept["n"][i], "events": kept["events"][i]} for i, site in enumerate(found["sites"])]


def tabulate_sites(sites: Rows) -> Table:
    """Figures in each site, of a model that the other sites taught."""
    cells = [
        (
            site["site"],
            wording.count(site["n"]),
            wording.count(site["events"]),
            wording.estimate(site["auroc"], wording.decimals(3)),
            wording.estimate(site["oe_ratio"]),
            wording.estimate(site["calibration_slope"]),
        )
        for site in sites
    ]
    head = ("Site left out", "Patients", "Events", "AUROC", "O:E ratio", "Calibration slope")
    return make_table("sites", "Each site, by a model that the other sites taught", head, cells, f"{INTERVALS} {SMALL}")


def site_lines(sites: Rows, name: str, pooled: Mapping[str, Any] | None = None) -> list[Line]:
    """The lines of a forest plot of estimate `name` by site, and of the prediction for another site if there is one."""
    drawn = sites if len(sites) <= DRAWN else sorted(sites, key=lambda site: -(site["n"] or 0))[:DRAWN]
    lines = [Line(site["site"], site[name]["value"], site[name]["lo"], site[name]["hi"]) for site in drawn]
    if pooled is None or pooled["value"] is None:
        return lines
    return [*lines, Line(ANOTHER_SITE, pooled["value"], pooled["lo"], pooled["hi"])]


def say_sites(found: Mapping[str, Any]) -> str:
    """How many sites there are, and what to expect in another."""
    hidden, pooled = found["hidden"], found["pooled"]
    said = ["Each site was left out in turn, and tested the model that all others taught."]
    if hidden:
        said.append(
            f"{wording.plural(hidden, 'site is', 'sites are')} not shown: too few patients, events or non-events."
        )
    if pooled["value"] is None:
        said.append(f"What to expect in another site was not computed: {pooled['reason']}.")
    else:
        limits = wording.interval(pooled, wording.decimals(3))
        expected = f"{wording.decimal(pooled['value'], 3)}, with a 95% prediction interval of {limits}"
        said.append(
            f"The AUROC to expect in another site is {expected} (Higgins, Thompson and Spiegelhalter 2009, J R Stat "
            "Soc A 172:137)."
        )
    return " ".join(said)
