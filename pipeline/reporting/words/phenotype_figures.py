"""Figures of phenotypes in words, and the notes of the tables that they are drawn from."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import plural, say
from pipeline.reporting.words.numbers import JOINT, join, percent, sentences

HEAT_MAP = phrase(
    "For each characteristic, each phenotype's difference from all other patients in standard deviations: orange "
    "with a plus above them, blue with a minus below, hatched where it is not shown."
)


def describe_incidence(shown: int, without: Sequence[str]) -> str:
    """The curves of `shown` phenotypes; `without`: the numbers of those that have none."""
    said = plural(
        shown,
        "The share of patients with the event over time, {n} phenotype, each a line with its number at the end and "
        "its pointwise 95% band.",
        "The share of patients with the event over time, {n} phenotypes, each a line with its number at the end and "
        "its pointwise 95% band.",
    )
    few = say("Too few patients for a curve: phenotype {phenotypes}.", phenotypes=join(without))
    return sentences([said, few]) if without else said


def describe_periods(phenotypes: int, periods: int, trend: str) -> str:
    """The shares of phenotypes over time, with what was tested of them."""
    said = plural(
        phenotypes,
        "The share of patients in each of {n} phenotype in {periods}, each a line with its number at the end and 95% "
        "intervals.",
        "The share of patients in each of {n} phenotypes in {periods}, each a line with its number at the end and 95% "
        "intervals.",
        periods=plural(periods, "{n} period", "{n} periods"),
    )
    return sentences([said, trend]) if trend else said


def describe_map(found: Mapping[str, Any], bins: int, smallest: int) -> str:
    """The axes of the map, its bins, and the patients who lie in none of them."""
    return sentences([_say_plane(found), _say_axes(found), _say_bins(bins, smallest), _say_rest(found.get("hidden"))])


def _say_plane(found: Mapping[str, Any]) -> str:
    shares = [percent(share) for share in found.get("explained") or ()]
    if not shares:
        return say("Patients in square bins on the first two principal components.")
    return say(
        "Patients in square bins on the first two principal components, which hold {shares} of the variance.",
        shares=join(shares),
    )


def _say_axes(found: Mapping[str, Any]) -> str:
    return say("To the right: {across}. Upward: {up}.", across=found["x"], up=found["y"])


def _say_bins(bins: int, smallest: int) -> str:
    return plural(
        bins,
        "{n} bin of at least {smallest} patients, each with the number of the phenotype that most of them have.",
        "{n} bins of at least {smallest} patients, each with the number of the phenotype that most of them have.",
        smallest=smallest,
    )


def _say_rest(hidden: int | None) -> str:
    if hidden == 0:
        return say("No patient lies elsewhere.")
    if hidden is None:
        return say("Some patients, too few to publish how many, lie in bins that are not shown.")
    return plural(
        hidden, "{n} patient lies in bins that are not shown.", "{n} patients lie in bins that are not shown."
    )


def note_map(names: Sequence[str]) -> str:
    """What stands in the cells of the map's table; `names` of the phenotypes."""
    return say(
        "Rows and columns are the centres of bins on both axes. In each bin: the phenotype that most of its patients "
        "have, and the share who have it of how many. A dash: no patients, or too few to show. "
        "Phenotypes: {phenotypes}.",
        phenotypes=say(JOINT).join(names),
    )
