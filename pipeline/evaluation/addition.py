"""What is said of whether membership of a cluster adds to the risk model."""

from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.evaluation.likelihood_ratio import SIGNIFICANT, say_p
from pipeline.phrases import phrase

NO_CLUSTER = 0
TOO_FEW_CLUSTERS = phrase("fewer than two clusters have {n} patients with the event and {n} known to be without it")
UNTESTED = phrase("Whether cluster membership adds to the risk model was not tested: {reason}.")
MERGED_ONE = phrase("{said}; cluster {n} counted with {large}, having too few patients with or without the event")
MERGED_SEVERAL = phrase(
    "{said}; clusters {several} counted with {large}, having too few patients with or without the event"
)
MERGED_NONE = phrase(
    "{said}; patients of no cluster counted with {large}, having too few patients with or without the event"
)
MERGED_NONE_AND_ONE = phrase(
    "{said}; patients of no cluster and cluster {n} counted with {large}, having too few patients with or without the "
    "event"
)
MERGED_NONE_AND_SEVERAL = phrase(
    "{said}; patients of no cluster and clusters {several} counted with {large}, having too few patients with or "
    "without the event"
)
"""What is said, and which clusters count with which."""
OF_ONE = {
    (): phrase("{tested}; the 95% interval of the net benefit it adds leaves out 0 at none of 1 threshold"),
    ("above",): phrase(
        "{tested}; the 95% interval of the net benefit it adds leaves out 0 at 1 of 1 threshold (above 0 at {above})"
    ),
    ("below",): phrase(
        "{tested}; the 95% interval of the net benefit it adds leaves out 0 at 1 of 1 threshold (below 0 at {below})"
    ),
}
OF_SEVERAL = {
    (): phrase("{tested}; the 95% interval of the net benefit it adds leaves out 0 at none of {known} thresholds"),
    ("above",): phrase(
        "{tested}; the 95% interval of the net benefit it adds leaves out 0 at {n} of {known} thresholds (above 0 at "
        "{above})"
    ),
    ("below",): phrase(
        "{tested}; the 95% interval of the net benefit it adds leaves out 0 at {n} of {known} thresholds (below 0 at "
        "{below})"
    ),
    ("above", "below"): phrase(
        "{tested}; the 95% interval of the net benefit it adds leaves out 0 at {n} of {known} thresholds (above 0 at "
        "{above}; below 0 at {below})"
    ),
}
"""What is said of the test, and at how many thresholds on which side of 0 the intervals lie."""


def say_addition(p: float, benefit: Sequence[Mapping[str, Any]], small: Sequence[int], large: int) -> str:
    """The test's result, at which thresholds net benefit is added, and which clusters count with which.

    `benefit` has `threshold` and `difference`, an estimate; the clusters `small`, if any, count with `large`.
    """
    said = _say_benefit(_say_test(p), benefit)
    return f"{_say_merged(said, small, large) if small else said}."


def _say_test(p: float) -> str:
    adds = phrase("Cluster membership adds to the risk model on held-out patients ({p})")
    unproven = phrase("Cluster membership was not shown to add to the risk model on held-out patients ({p})")
    return (adds if p < SIGNIFICANT else unproven).format(p=say_p(p))


def _say_benefit(tested: str, benefit: Sequence[Mapping[str, Any]]) -> str:
    """What is said of the test, and at which thresholds the interval of the difference in net benefit leaves out 0."""
    known = [
        (f"{100 * row['threshold']:g}%", row["difference"]) for row in benefit if row["difference"]["lo"] is not None
    ]
    if not known:
        return tested
    above = [at for at, difference in known if difference["lo"] > 0]
    below = [at for at, difference in known if difference["hi"] < 0]
    sides = {side: ", ".join(at) for side, at in (("above", above), ("below", below)) if at}
    template = (OF_SEVERAL if len(known) > 1 else OF_ONE)[tuple(sides)]
    return template.format(tested=tested, n=len(above + below), known=len(known), **sides)


def _say_merged(said: str, small: Sequence[int], large: int) -> str:
    clusters = [str(label) for label in small if label != NO_CLUSTER]
    templates = (
        (MERGED_NONE, MERGED_NONE_AND_ONE, MERGED_NONE_AND_SEVERAL)
        if NO_CLUSTER in small
        else ("", MERGED_ONE, MERGED_SEVERAL)
    )
    listed, beside = ", ".join(clusters), phrase("patients of no cluster")
    if large != NO_CLUSTER:
        beside = phrase("cluster {n}").format(n=large)
    return templates[min(len(clusters), 2)].format(said=said, n=listed, several=listed, large=beside)
