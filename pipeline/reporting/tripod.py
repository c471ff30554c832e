"""The 52 items of TRIPOD+AI (Collins et al. 2024, BMJ 385:e078378), and who answers each.

Computed: the pipeline did. Supplied: the cohort's schema says it. Missing: the study team has to add it.
"""

from collections import Counter
from dataclasses import dataclass

from data_schemas.columns import Cohort, FactorClass
from pipeline.reporting.tables import Table, make_table
from pipeline.reporting.words.tripod import ASKS, say_statuses

COMPUTED, SUPPLIED, MISSING = "computed", "supplied", "missing"


@dataclass(frozen=True)
class Item:
    """One item. `needs` names what the cohort must have for the status to hold; without it, it is missing."""

    number: str
    status: str
    where: str = "\u2013"
    needs: str = ""

    @property
    def asks(self) -> str:
        """What the item asks for."""
        return ASKS[self.number]


ITEMS = (
    Item("1", SUPPLIED, "Title"),
    Item("2", COMPUTED, "Verdict"),
    Item("3a", MISSING),
    Item("3b", SUPPLIED, "Intended use"),
    Item("3c", MISSING),
    Item("4", COMPUTED, "Model; Performance"),
    Item("5a", SUPPLIED, "Intended use"),
    Item("5b", MISSING),
    Item("6a", MISSING),
    Item("6b", SUPPLIED, "Intended use; Data"),
    Item("6c", SUPPLIED, "Risk factors", needs="treatment"),
    Item("7", COMPUTED, "Data"),
    Item("8a", SUPPLIED, "Intended use; data dictionary"),
    Item("8b", MISSING),
    Item("8c", MISSING),
    Item("9a", MISSING),
    Item("9b", SUPPLIED, "Data dictionary"),
    Item("9c", MISSING),
    Item("10", MISSING),
    Item("11", COMPUTED, "Data; Model"),
    Item("12a", COMPUTED, "Performance"),
    Item("12b", COMPUTED, "Model"),
    Item("12c", COMPUTED, "Model; Performance"),
    Item("12d", COMPUTED, "Performance", needs="sites"),
    Item("12e", COMPUTED, "Model; Performance; Clinical utility"),
    Item("12f", COMPUTED, "Model"),
    Item("12g", COMPUTED, "Performance"),
    Item("13", MISSING),
    Item("14", COMPUTED, "Subgroups", needs="subgroups"),
    Item("15", SUPPLIED, "Clinical utility"),
    Item("16", COMPUTED, "Data", needs="parts"),
    Item("17", MISSING),
    Item("18a", MISSING),
    Item("18b", MISSING),
    Item("18c", MISSING),
    Item("18d", MISSING),
    Item("18e", SUPPLIED, "Intended use"),
    Item("18f", MISSING),
    Item("19", MISSING),
    Item("20a", COMPUTED, "Data; Performance"),
    Item("20b", COMPUTED, "Data, Table 1"),
    Item("20c", COMPUTED, "Data, Table 1", needs="parts"),
    Item("21", COMPUTED, "Model; Performance"),
    Item("22", MISSING),
    Item("23a", COMPUTED, "Performance; Subgroups"),
    Item("23b", COMPUTED, "Performance", needs="sites"),
    Item("24", COMPUTED, "Model"),
    Item("25", MISSING),
    Item("26", SUPPLIED, "Intended use", needs="limits"),
    Item("27a", COMPUTED, "Data; Performance"),
    Item("27b", MISSING),
    Item("27c", MISSING),
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
    return [item if present[item.needs] else Item(item.number, MISSING) for item in ITEMS]


def tabulate(items: list[Item]) -> Table:
    """The items as a table, with the number of each status in the note."""
    found = Counter(item.status for item in items)
    statuses = {status: found[status] for status in (COMPUTED, SUPPLIED, MISSING)}
    rows = [(item.number, item.asks, item.status, item.where) for item in items]
    head = ("Item", "Asks for", "Status", "Where")
    return make_table("tripod", "TRIPOD+AI reporting items", head, rows, say_statuses(statuses), sorts=True)
