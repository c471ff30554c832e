"""The index page, which leads to every report."""

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.words.numbers import sentences
from pipeline.reporting.words.tables import INTERVALS

TITLE = phrase("Clinical risk models: reports")
WHAT = phrase("For each cohort: how well its model works, which risk factors it uses, and how sure anyone can be.")
NO_REPORT, COMMAND = phrase("There is no report yet. Describe a cohort and run"), "dvc repro"
LINKS = (
    ("report.html", phrase("Report")),
    ("data_dictionary.html", phrase("Data dictionary")),
    ("model_card.md", phrase("Model card")),
)
"""The pages of a cohort and their names."""
SCALES = phrase(
    "Aggregates only. An AUROC of 0.5 is guessing and 1 perfect separation; a calibration slope of 1 is ideal."
)
COMPARISON = phrase("Cohorts side by side, on the patients evaluated")
COMPARES = phrase(
    "Observed to expected ratio (O:E): 1 is ideal. Outcomes and patients differ between cohorts, so these figures do "
    "not rank the models."
)


def note_comparison() -> str:
    """How to read the cohorts beside each other."""
    return sentences([say(INTERVALS), say(COMPARES)])


def say_evaluated(n: int, events: int) -> str:
    """On how many patients a model was evaluated, and how many events they had."""
    patients, happened = plural(n, "{n} patient", "{n} patients"), plural(events, "{n} event", "{n} events")
    return say("{patients}, {events}", patients=patients, events=happened)


def name_release(name: str | None) -> str:
    """The number of a release, and the start of its hash; or that the report is of a build not released."""
    if name is None:
        return say("not released")
    number, digest = name.split("-")
    return say("number {number}, {digest}", number=int(number), digest=digest)
