"""The 52 items of TRIPOD+AI (Collins et al. 2024, BMJ 385:e078378), and who answers each.

Computed: the pipeline did. Supplied: the cohort's schema or `model_card.yaml` says it. Missing: the study team has to
add it.
"""

from collections import Counter
from collections.abc import Set
from dataclasses import dataclass

from data_schemas.columns import Cohort, FactorClass
from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.tables import Row, Table
from pipeline.reporting.words import numbers
from pipeline.reporting.words.tripod import ASKS, say_statuses

COMPUTED, SUPPLIED, MISSING = phrase("computed"), phrase("supplied"), phrase("missing")
PLACES = {
    "title": (phrase("Title"), "#title"),
    "verdict": (phrase("Verdict"), "#verdict"),
    "use": (phrase("Intended use"), "#use"),
    "supplied": (phrase("Supplied by people"), "#supplied"),
    "data": (phrase("Data"), "#data"),
    "table-1": (phrase("Table 1"), "#table-1"),
    "model": (phrase("Model"), "#model"),
    "performance": (phrase("Performance"), "#performance"),
    "utility": (phrase("Clinical utility"), "#utility"),
    "subgroups": (phrase("Subgroups"), "#subgroups-section"),
    "factors": (phrase("Risk factors"), "#factors"),
    "dictionary": (phrase("Data dictionary"), "data_dictionary.html"),
}
"""The name and the address of each place in a report."""


@dataclass(frozen=True)
class Item:
    """One item, and the `PLACES` where it is answered.

    `needs` names what the cohort must have, or the field of its card that must be given, for the status to hold;
    without it, the item is missing.
    """

    number: str
    status: str
    places: tuple[str, ...] = ()
    needs: str = ""

    @property
    def asks(self) -> str:
        """What the item asks for."""
        return say(ASKS[self.number])

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """The names of its places and their addresses."""
        return tuple((say(name), address) for name, address in (PLACES[place] for place in self.places))

    @property
    def where(self) -> str:
        """The names of its places."""
        return say(numbers.JOINT).join(name for name, _ in self.links) or numbers.NOTHING


ITEMS = (
    Item("1", SUPPLIED, ("title",)),
    Item("2", COMPUTED, ("verdict",)),
    Item("3a", SUPPLIED, ("supplied",), needs="context"),
    Item("3b", SUPPLIED, ("use",)),
    Item("3c", SUPPLIED, ("supplied",), needs="inequalities"),
    Item("4", COMPUTED, ("model", "performance")),
    Item("5a", SUPPLIED, ("use",)),
    Item("5b", SUPPLIED, ("supplied",), needs="dates"),
    Item("6a", SUPPLIED, ("supplied",), needs="setting"),
    Item("6b", SUPPLIED, ("use", "data")),
    Item("6c", SUPPLIED, ("factors",), needs="treatment"),
    Item("7", COMPUTED, ("data",)),
    Item("8a", SUPPLIED, ("use", "dictionary")),
    Item("8b", SUPPLIED, ("supplied",), needs="outcome_assessors"),
    Item("8c", SUPPLIED, ("supplied",), needs="outcome_blinding"),
    Item("9a", SUPPLIED, ("supplied",), needs="predictor_choice"),
    Item("9b", SUPPLIED, ("dictionary",)),
    Item("9c", SUPPLIED, ("supplied",), needs="predictor_assessors"),
    Item("10", SUPPLIED, ("supplied",), needs="sample_size"),
    Item("11", COMPUTED, ("data", "model")),
    Item("12a", COMPUTED, ("performance",)),
    Item("12b", COMPUTED, ("model",)),
    Item("12c", COMPUTED, ("model", "performance")),
    Item("12d", COMPUTED, ("performance",), needs="sites"),
    Item("12e", COMPUTED, ("model", "performance", "utility")),
    Item("12f", COMPUTED, ("model",)),
    Item("12g", COMPUTED, ("performance",)),
    Item("13", SUPPLIED, ("supplied",), needs="class_imbalance"),
    Item("14", COMPUTED, ("subgroups",), needs="subgroups"),
    Item("15", SUPPLIED, ("utility",)),
    Item("16", COMPUTED, ("data",), needs="parts"),
    Item("17", SUPPLIED, ("supplied",), needs="legal_basis"),
    Item("18a", SUPPLIED, ("supplied",), needs="funding"),
    Item("18b", SUPPLIED, ("supplied",), needs="conflicts"),
    Item("18c", SUPPLIED, ("supplied",), needs="protocol"),
    Item("18d", SUPPLIED, ("supplied",), needs="registration"),
    Item("18e", SUPPLIED, ("use",)),
    Item("18f", SUPPLIED, ("supplied",), needs="code"),
    Item("19", SUPPLIED, ("supplied",), needs="involvement"),
    Item("20a", COMPUTED, ("data", "performance")),
    Item("20b", COMPUTED, ("table-1",)),
    Item("20c", COMPUTED, ("table-1",), needs="parts"),
    Item("21", COMPUTED, ("model", "performance")),
    Item("22", SUPPLIED, ("supplied",), needs="full_model"),
    Item("23a", COMPUTED, ("performance", "subgroups")),
    Item("23b", COMPUTED, ("performance",), needs="sites"),
    Item("24", COMPUTED, ("model",)),
    Item("25", SUPPLIED, ("supplied",), needs="interpretation"),
    Item("26", SUPPLIED, ("use",), needs="limits"),
    Item("27a", COMPUTED, ("data", "performance")),
    Item("27b", SUPPLIED, ("supplied",), needs="instructions"),
    Item("27c", SUPPLIED, ("supplied",), needs="next_steps"),
)


def assess(cohort: type[Cohort], given: Set[str], *, has_parts: bool, has_sites: bool) -> list[Item]:
    """The items, each with the status it has for this cohort, whose card gives the fields `given`."""
    study, classes = cohort.study(), {column.factor for column in cohort.predictors().values()}
    present = {
        "": True,
        "treatment": FactorClass.TREATMENT in classes,
        "subgroups": bool(study.subgroups),
        "limits": bool(study.limits),
        "parts": has_parts,
        "sites": has_sites,
    }
    held = {need for need, there in present.items() if there} | given
    return [item if item.needs in held else Item(item.number, MISSING) for item in ITEMS]


def tabulate(items: list[Item]) -> Table:
    """The items as a table, with the number of each status in the note."""
    found = Counter(item.status for item in items)
    statuses = {status: found[status] for status in (COMPUTED, SUPPLIED, MISSING)}
    rows = tuple(Row(item.number, (item.asks, say(item.status), item.where), links=item.links) for item in items)
    head = (say("Item"), say("Asks for"), say("Status"), say("Where"))
    return Table("tripod", say("TRIPOD+AI reporting items"), head, rows, say_statuses(statuses), sorts=True)
