"""Figures of phenotypes in words, and the notes of the tables that they are drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.reporting.words.numbers import join, percent, plural

HEAT_MAP = (
    "For each characteristic, each phenotype's difference from all other patients in standard deviations: orange "
    "with a plus above them, blue with a minus below, hatched where it is not shown."
)


def describe_incidence(shown: int, without: Sequence[str]) -> str:
    """The curves of `shown` phenotypes; `without`: the numbers of those that have none."""
    said = (
        f"The share of patients with the event over time, {plural(shown, 'phenotype')}, each a line "
        "with its number at the end and its pointwise 95% band."
    )
    return f"{said} Too few patients for a curve: phenotype {join(without)}." if without else said


def describe_periods(phenotypes: int, periods: int, trend: str) -> str:
    """The shares of phenotypes over time, with what was tested of them."""
    return (
        f"The share of patients in each of {plural(phenotypes, 'phenotype')} in {plural(periods, 'period')}, each a "
        f"line with its number at the end and 95% intervals. {trend}"
    ).strip()


def describe_map(found: Mapping[str, Any], bins: int, smallest: int) -> str:
    """The axes of the map, its bins, and the patients who lie in none of them."""
    return f"{_say_axes(found)} {_say_bins(bins, found.get('hidden'), smallest)}"


def _say_axes(found: Mapping[str, Any]) -> str:
    shares = found.get("explained") or ()
    hold = f", which hold {join([percent(s) for s in shares])} of the variance" if shares else ""
    return (
        f"Patients in square bins on the first two principal components{hold}. "
        f"To the right: {found['x']}. Upward: {found['y']}."
    )


def _say_bins(bins: int, hidden: int | None, smallest: int) -> str:
    said = (
        f"{plural(bins, 'bin')} of at least {smallest} patients, each with the number of the "
        "phenotype that most of them have."
    )
    if hidden == 0:
        return f"{said} No patient lies elsewhere."
    who = "Some patients, too few to publish how many," if hidden is None else plural(hidden, "patient")
    return f"{said} {who} {'lies' if hidden == 1 else 'lie'} in bins that are not shown."


def note_map(names: Sequence[str]) -> str:
    """What stands in the cells of the map's table; `names` of the phenotypes."""
    return (
        "Rows and columns are the centres of bins on both axes. In each bin: the phenotype that most of its patients "
        "have, and the share who have it of how many. A dash: no patients, or too few to show. "
        f"Phenotypes: {'; '.join(names)}."
    )
