"""The 52 items of TRIPOD+AI (Collins et al. 2024, BMJ 385:e078378) in our own short words, and who answers each.

Computed: the pipeline did. Supplied: the cohort's schema says it. Missing: the study team has to add it.
"""

from collections import Counter
from dataclasses import dataclass

from data_schemas.columns import Cohort, FactorClass
from pipeline.reporting.tables import Table, make_table

COMPUTED, SUPPLIED, MISSING = "computed", "supplied", "missing"


@dataclass(frozen=True)
class Item:
    """One item. `needs` names what the cohort must have for the status to hold; without it, it is missing."""

    number: str
    asks: str
    status: str
    where: str = "\u2013"
    needs: str = ""


ITEMS = (
    Item("1", "Title names prediction model, population and outcome", SUPPLIED, "Title"),
    Item("2", "Structured abstract", COMPUTED, "Verdict"),
    Item("3a", "Clinical context and reasons for the model, earlier models", MISSING),
    Item("3b", "Target population, intended purpose and users", SUPPLIED, "Intended use"),
    Item("3c", "Known health inequalities", MISSING),
    Item("4", "Objectives: development, evaluation or both", COMPUTED, "Model; Performance"),
    Item("5a", "Sources of data and how representative they are", SUPPLIED, "Intended use"),
    Item("5b", "Dates of recruitment and end of follow-up", MISSING),
    Item("6a", "Setting, number and place of centres", MISSING),
    Item("6b", "Eligibility", SUPPLIED, "Intended use; Data"),
    Item("6c", "Treatments received and how they were handled", SUPPLIED, "Risk factors", needs="treatment"),
    Item("7", "Preparation and quality checks of the data", COMPUTED, "Data"),
    Item("8a", "Outcome, its horizon and how it was assessed", SUPPLIED, "Intended use; data dictionary"),
    Item("8b", "Who assessed an outcome that needs judgement", MISSING),
    Item("8c", "Blinding of the assessment of the outcome", MISSING),
    Item("9a", "Choice of the initial predictors", MISSING),
    Item("9b", "Definition of every predictor, how and when measured", SUPPLIED, "Data dictionary"),
    Item("9c", "Who assessed predictors that need judgement", MISSING),
    Item("10", "How the size of the study was arrived at", MISSING),
    Item("11", "How missing data were handled", COMPUTED, "Data; Model"),
    Item("12a", "How the data were used and partitioned", COMPUTED, "Performance"),
    Item("12b", "How predictors entered the model", COMPUTED, "Model"),
    Item("12c", "Type of model, building steps, internal validation", COMPUTED, "Model; Performance"),
    Item("12d", "Heterogeneity between sites", COMPUTED, "Performance", needs="sites"),
    Item("12e", "Measures and plots of performance, models compared", COMPUTED, "Model; Performance; Clinical utility"),
    Item("12f", "Updating of the model, such as recalibration", COMPUTED, "Model"),
    Item("12g", "How predictions were calculated for evaluation", COMPUTED, "Performance"),
    Item("13", "Class imbalance", MISSING),
    Item("14", "Fairness: what was done and why", COMPUTED, "Subgroups", needs="subgroups"),
    Item("15", "Output of the model, thresholds and their reasons", SUPPLIED, "Clinical utility"),
    Item("16", "Differences between development and evaluation data", COMPUTED, "Data", needs="parts"),
    Item("17", "Ethical approval and consent", MISSING),
    Item("18a", "Funding", MISSING),
    Item("18b", "Conflicts of interest", MISSING),
    Item("18c", "Protocol", MISSING),
    Item("18d", "Registration", MISSING),
    Item("18e", "Availability of the data", SUPPLIED, "Intended use"),
    Item("18f", "Availability of the code", MISSING),
    Item("19", "Involvement of patients and the public", MISSING),
    Item("20a", "Flow of participants, with and without the outcome", COMPUTED, "Data; Performance"),
    Item("20b", "Characteristics, missing data", COMPUTED, "Data, Table 1"),
    Item("20c", "Predictors compared between development and evaluation", COMPUTED, "Data, Table 1", needs="parts"),
    Item("21", "Participants and events in each analysis", COMPUTED, "Model; Performance"),
    Item("22", "The full model, so that others can use it", MISSING),
    Item("23a", "Performance with intervals, also in subgroups", COMPUTED, "Performance; Subgroups"),
    Item("23b", "Heterogeneity of performance between sites", COMPUTED, "Performance", needs="sites"),
    Item("24", "Results of updating", COMPUTED, "Model"),
    Item("25", "Interpretation, with fairness and earlier studies", MISSING),
    Item("26", "Limitations", SUPPLIED, "Intended use", needs="limits"),
    Item("27a", "Handling of poor or missing input when in use", COMPUTED, "Data; Performance"),
    Item("27b", "What users have to do and to know", MISSING),
    Item("27c", "Next steps for research", MISSING),
)


def assess(cohort: type[Cohort], *, has_parts: bool, has_sites: bool) -> list[Item]:
    """The items, each with the status it has for this cohort."""
    study, classes = cohort.study(), {column.factor for column in cohort.predictors().values()}
    present = {
        "": True,
        "treatment": FactorClass.TREATMENT in classes,
        "subgroups": bool(study.subgroups),
        "limits": bool(study.limits),
        "parts": has_parts,
        "sites": has_sites,
    }
    return [item if present[item.needs] else Item(item.number, item.asks, MISSING) for item in ITEMS]


def tabulate(items: list[Item]) -> Table:
    """The items as a table, with the number of each status in the note."""
    statuses = Counter(item.status for item in items)
    rows = [(item.number, item.asks, item.status, item.where) for item in items]
    note = ", ".join(f"{statuses[status]} {status}" for status in (COMPUTED, SUPPLIED, MISSING))
    head = ("Item", "Asks for", "Status", "Where")
    return make_table("tripod", "TRIPOD+AI reporting items", head, rows, f"Of {len(items)} items: {note}.")
