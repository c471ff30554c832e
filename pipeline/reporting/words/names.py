"""Names that the stages put together from labels of the schema: of clusters, axes, conditions and ranges of values.

Labels, categories and units stay as the schema has them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import say

Plain = Mapping[str, Any]
Levels = Mapping[str, Sequence[str]]
"""The levels of each predictor by its label; none of numbers."""

WAYS = (phrase("higher {label}"), phrase("lower {label}"), phrase("other {label}"))
OFTEN = (phrase("more often {label}: {level}"), phrase("less often {label}: {level}"))
JOINTS = {", ": phrase("{first}, {rest}"), " or ": phrase("{first} or {rest}"), " to ": phrase("{first} to {rest}")}
"""What stands between the parts of a name."""
LEVELS = {
    "is at least ": phrase("is at least {level}"),
    "is at most ": phrase("is at most {level}"),
    "is not ": phrase("is not {level}"),
    "is ": phrase("is {level}"),
}
"""How a condition on levels starts after the label, and all of it."""
OR_MISSING = " or not recorded"
VALUES = {
    "all values": phrase("all values"),
    "another value": phrase("another value"),
    "not recorded": phrase("not recorded"),
    "is recorded": phrase("is recorded"),
    "is not recorded": phrase("is not recorded"),
}
_NUMBER = r"-?[0-9.]+(?:e[+-]?[0-9]+)?"
_BOUND = rf"(?P<n>{_NUMBER}(?: .+)?)"
RANGES = {
    phrase("{low} to under {n}"): re.compile(rf"(?P<low>{_NUMBER}) to under {_BOUND}"),
    phrase("under {n}"): re.compile(f"under {_BOUND}"),
    phrase("above {n}"): re.compile(f"above {_BOUND}"),
    phrase("{n} or more"): re.compile(f"{_BOUND} or more"),
    phrase("at least {n}"): re.compile(f"at least {_BOUND}"),
}
"""Ranges of numbers; their unit, if any, follows the last."""
PHENOTYPE = phrase("Phenotype")
"""How the stages call groups that are clusters."""


def read_levels(clusters: Sequence[Plain]) -> Levels:
    """The levels of each predictor that the first of some clusters tells of."""
    return {p["label"]: [*(p.get("shares") or ())] for cluster in clusters[:1] for p in cluster["predictors"]}


def say_name(cluster: Plain) -> str:
    """What a cluster is called: by which predictors it differs, and in which way."""
    levels = read_levels([cluster])
    often = {(label, level) for label, found in levels.items() for level in found}
    often |= {(p["label"], p["level"]) for p in cluster["predictors"] if p.get("level")}
    told = [(one, {"label": label, "level": level}) for label, level in often for one in OFTEN]
    return _retell(cluster["name"], {**_tell_ways(levels), **_tell(told)})


def say_axis(name: str, levels: Levels) -> str:
    """The predictors that an axis of the map rises with."""
    return _retell(name, _tell_ways(levels))


def say_condition(text: str, levels: Levels) -> str:
    """What a rule asks of one predictor; of a predictor that is not known, as it is written."""
    label = max((one for one in levels if text.startswith(f"{one} ")), key=len, default="")
    asked = text.removeprefix(f"{label} ").removesuffix(OR_MISSING)
    if not label:
        return text
    said = _say_levels(asked, levels[label])
    if text.endswith(OR_MISSING):
        said = say("{values} or not recorded", values=said)
    return say("{label} {values}", label=label, values=said)


def say_values(text: str) -> str:
    """A range of values, or whether there is a value; a category is what it is."""
    if text in VALUES:
        return say(VALUES[text])
    for template, pattern in RANGES.items():
        if found := pattern.fullmatch(text):
            return say(template, **found.groupdict())
    return text


def say_kind(kind: str) -> str:
    """By what patients are grouped: a predictor's label, or phenotypes."""
    return say(kind) if kind == PHENOTYPE else kind


def say_group(kind: str, group: str) -> str:
    """One of the groups of a kind: a range of values, a category or a phenotype."""
    if kind != PHENOTYPE:
        return say_values(group)
    return say("phenotype {n}", n=group.removeprefix("phenotype "))


def _tell_ways(levels: Levels) -> dict[str, str]:
    return _tell((one, {"label": label}) for label in levels for one in WAYS)


def _tell(parts: Iterable[tuple[str, Mapping[str, str]]]) -> dict[str, str]:
    """Each part of a name as the stages write it, and as it is said."""
    return {template.format(**values): say(template, **values) for template, values in parts}


def _retell(name: str, told: Mapping[str, str]) -> str:
    """A name part by part, the longest first, since a label may begin like another; else as it is written."""
    for part in sorted(told, key=len, reverse=True):
        if name == part:
            return told[part]
        for joint, template in JOINTS.items():
            if name.startswith(part + joint):
                return say(template, first=told[part], rest=_retell(name.removeprefix(part + joint), told))
    return say(name)


def _say_levels(asked: str, levels: Sequence[str]) -> str:
    start = next((one for one in LEVELS if asked.startswith(one)), "")
    if not start or asked in VALUES:
        return say_values(asked)
    return say(LEVELS[start], level=_retell(asked.removeprefix(start), {level: level for level in levels}))
