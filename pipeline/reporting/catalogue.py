"""A language's texts, found by their English templates or by finished sentences that a template made."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache

from pipeline.phrases import BETWEEN, GIVEN, NUMBER, STOPPED

LANGUAGES = {"en": "en", "zh": "zh-Hans"}
"""What `report.language` may be, and how HTML calls it (BCP 47)."""
SENTENCES, PARTS = re.compile(r"(?<=[.!?])( )"), (re.compile("(; )"), re.compile("(: )"))
"""Where computed sentences were put side by side, and then their parts."""
FIELD = re.compile(r"\{(\w+)[^{}]*\}")
NUMERAL = r"[-+\u2212]?[0-9][0-9.,]*%?"
TELLING, FIGURES = 7, 4
"""Letters that a template must have of its own, for a finished sentence to be known by it; a number is worth four."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Texts by English template, one for each plural form, and which form a number takes; English has no texts."""

    language: str = "en"
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    form: Callable[[int], int] = lambda number: int(number != 1)

    @property
    def tag(self) -> str:
        """The language as HTML calls it."""
        return LANGUAGES[self.language]

    def find(self, text: str) -> str:
        """The text for a template, or for a finished sentence that some template makes; else `text` itself.

        A sentence is sought as a whole, then sentence by sentence, without its full stop, and part by part.
        """
        if text in self.texts:
            return self.texts[text][0]
        return _retell(self, text) if self.texts else text


@cache
def _retell(spoken: Catalogue, text: str) -> str:
    for pattern, made in _patterns(spoken):
        if found := pattern.fullmatch(text):
            values = found.groupdict().items()
            return made.format(**{name: value if name in GIVEN else spoken.find(value) for name, value in values})
    if len(parts := SENTENCES.split(text)) > 1:
        return _join(spoken, parts)
    if text.endswith("."):
        told = spoken.find(text[:-1])
        return text if told == text[:-1] else spoken.find(STOPPED).format(sentence=told)
    for joints in PARTS:
        if len(parts := joints.split(text)) > 1:
            return _join(spoken, parts)
    return text


def _join(spoken: Catalogue, parts: list[str]) -> str:
    """Every second of `parts` is what stands between the others; as they are, if no part is known."""
    told = [spoken.find(part) for part in parts[::2]]
    if told == parts[::2]:
        return "".join(parts)
    between = [spoken.texts.get(BETWEEN[joint], (joint,))[0].format(before="", after="") for joint in parts[1::2]]
    return "".join(one + joint for one, joint in zip(told, [*between, ""], strict=True))


@cache
def _patterns(spoken: Catalogue) -> list[tuple[re.Pattern[str], str]]:
    """What finished sentences look like, and the template to tell each by, those with most text of their own first."""
    found = {template: FIELD.sub("", template) for template in spoken.texts if FIELD.search(template)}
    telling = [template for template in found if _worth(template) >= TELLING]
    ordered = sorted(telling, key=lambda template: -len(found[template]))
    return [(_compile(template), spoken.texts[template][0]) for template in ordered]


def _worth(template: str) -> int:
    """How well a template tells a sentence: its own letters and its numbers."""
    letters = [letter for letter in FIELD.sub("", template) if letter.isalpha()]
    numbers = [one for one in FIELD.finditer(template) if one[1] == NUMBER]
    return len(letters) + FIGURES * len(numbers)


def _compile(template: str) -> re.Pattern[str]:
    """A pattern for what the template makes; a name that stands twice has one value."""
    pattern, end, seen = "", 0, set[str]()
    for one in FIELD.finditer(template):
        name = one[1]
        value = f"(?P={name})" if name in seen else f"(?P<{name}>{NUMERAL if name == NUMBER else '.+?'})"
        pattern += re.escape(template[end : one.start()]) + value
        seen.add(name)
        end = one.end()
    return re.compile(pattern + re.escape(template[end:]), re.DOTALL)
