"""The index page, which leads to every report."""

from pipeline.reporting.words.numbers import plural
from pipeline.reporting.words.tables import INTERVALS

TITLE = "Clinical risk models: reports"
WHAT = "For each cohort: how well its model works, which risk factors it uses, and how sure anyone can be."
NO_REPORT, COMMAND = "There is no report yet. Describe a cohort and run", "dvc repro"
LINKS = (("report.html", "Report"), ("data_dictionary.html", "Data dictionary"), ("model_card.md", "Model card"))
"""The pages of a cohort and their names."""
SCALES = "Aggregates only. An AUROC of 0.5 is guessing and 1 perfect separation; a calibration slope of 1 is ideal."
COMPARISON = "Cohorts side by side, on the patients evaluated"


def note_comparison() -> str:
    """How to read the cohorts beside each other."""
    return (
        f"{INTERVALS} Observed to expected ratio (O:E): 1 is ideal. Outcomes and patients differ between cohorts, so "
        "these figures do not rank the models."
    )


def say_evaluated(n: int, events: int) -> str:
    """On how many patients a model was evaluated, and how many events they had."""
    return f"{plural(n, 'patient')}, {plural(events, 'event')}"
