"""The licence of every installed package, and whether it may run with this software, which is under Apache-2.0."""

import csv
import dataclasses
import importlib.metadata
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution
from pathlib import Path

from license_expression import AND, OR, ExpressionError, LicenseExpression, get_spdx_licensing
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

OURS = "clinrisk"
ALLOWED, REFUSED, UNKNOWN, REVIEWED = "allowed", "refused", "unknown", "reviewed"
STRONG = re.compile(r"(?<!L)GPL|Affero|GNU General Public", re.IGNORECASE)
"""Copyleft that reaches what a package is combined with."""
FAMILIAR = re.compile(
    r"\b(MIT|0?BSD|Apache|ISC|PSFL?|Python Software Foundation|MPL|Mozilla|ZPL|Zope|LGPL|Lesser|EPL\w*|Eclipse|CC0|Zlib"
    r"|Unlicense|HPND|Public Domain)",
    re.IGNORECASE,
)
EXCEPTIONS = {"pygit2": "GPL-2.0, with permission to link it into other programs; DVC uses it unchanged"}
"""Packages a person has looked at, and why they may be used."""
TEXTS = {
    "GNU AFFERO GENERAL PUBLIC LICENSE": "AGPL",
    "GNU GENERAL PUBLIC LICENSE": "GPL",
    "Apache License": "Apache",
    "Redistribution and use in source and binary forms": "BSD",
    "Permission is hereby granted, free of charge": "MIT",
}
"""Words of a licence's text, and its name."""
LONGEST = 100


@dataclass(frozen=True)
class Licence:
    """What a package says of its licence, and the verdict on it; `runtime` if the pipeline needs it to run."""

    package: str
    version: str
    runtime: bool
    licence: str
    verdict: str


def read_licences() -> list[Licence]:
    """The licences of all installed packages but this one, by name."""
    runtime = set(list_runtime(OURS))
    found = {canonicalize_name(each.metadata["Name"]): each for each in importlib.metadata.distributions()}
    made = []
    for name, distribution in sorted(found.items()):
        text, verdict = judge_package(name, list(list_claims(distribution)))
        made.append(Licence(name, distribution.version, name in runtime, text, verdict))
    return [each for each in made if each.package != OURS]


def write_licences(licences: Sequence[Licence], target: Path) -> None:
    """Write a table of licences as CSV."""
    with target.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([field.name for field in dataclasses.fields(Licence)])
        writer.writerows(dataclasses.astuple(each) for each in licences)


def list_runtime(name: str) -> Iterator[str]:
    """The normalised names of what an installed package needs to run here, directly or not, and itself."""
    left, seen = [Requirement(name)], set()
    while left:
        wanted = left.pop()
        key = canonicalize_name(wanted.name), frozenset(wanted.extras)
        if key in seen:
            continue
        seen.add(key)
        try:
            declared = importlib.metadata.requires(wanted.name) or []
        except importlib.metadata.PackageNotFoundError:  # for another platform
            continue
        yield key[0]
        left += [each for text in declared if _applies(each := Requirement(text), wanted.extras)]


def _applies(requirement: Requirement, extras: set[str]) -> bool:
    return not requirement.marker or any(requirement.marker.evaluate({"extra": extra}) for extra in ["", *extras])


def list_claims(distribution: Distribution) -> Iterator[str]:
    """What a package says of its licence, the clearest first."""
    metadata = distribution.metadata
    short = [*(metadata.get_all("License-Expression") or []), *(metadata.get_all("License") or [])]
    yield from (text for text in short if len(text) <= LONGEST)
    classifiers = [each for each in metadata.get_all("Classifier") or [] if each.startswith("License ::")]
    names = [each.split(" :: ")[-1] for each in classifiers]
    yield " AND ".join(name for name in names if name != "OSI Approved")
    for path in distribution.files or []:
        if path.name.upper().startswith(("LICENSE", "LICENCE", "COPYING")) and ".dist-info" in str(path):
            text = " ".join(path.read_text(encoding="utf-8").split())
            yield next((name for phrase, name in TEXTS.items() if phrase in text), "")


def judge_package(name: str, claims: Sequence[str]) -> tuple[str, str]:
    """The first claim that names a licence that is known, and the verdict on it."""
    if name in EXCEPTIONS:
        return EXCEPTIONS[name], REVIEWED
    for claim in claims:
        if FAMILIAR.search(claim) or STRONG.search(claim):
            return claim, judge(claim)
    return next(filter(None, claims), ""), UNKNOWN


def judge(claim: str) -> str:
    """Whether a licence, or a term of several (SPDX), binds what a package is combined with; a choice is used."""
    try:
        parsed = _licensing().parse(claim.replace("|", " OR "))
    except ExpressionError:  # a name in words
        return REFUSED if STRONG.search(claim) else ALLOWED
    return REFUSED if _binds(parsed) else ALLOWED


_licensing = cache(get_spdx_licensing)  # it reads all of SPDX's list


def _binds(term: LicenseExpression) -> bool:
    if isinstance(term, OR):
        return all(map(_binds, term.args))
    if isinstance(term, AND):
        return any(map(_binds, term.args))
    return bool(STRONG.search(str(term)))
