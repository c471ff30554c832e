"""The language of the pages: English as the code has it, others from the catalogues in `languages/`.

A catalogue is a PO file of GNU gettext, whose message ids are the English templates. Code asks for texts by `say` and
`plural`; both take the template as a literal, so that `pybabel extract` finds it.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from gettext import c2py
from pathlib import Path

LANGUAGES = {"en": "en", "zh": "zh-Hans"}
"""What `report.language` may be, and how HTML calls it (BCP 47)."""
FOLDER = Path(__file__).with_name("languages")
JOINTS = re.compile(r"(; |(?<=[.!?]) )")
"""Where computed sentences were put side by side."""
TELLING = 8
"""Letters that a template must have of its own, for a finished sentence to be known by it."""


@dataclass(frozen=True, eq=False)
class Catalogue:
    """Texts by English template, one for each plural form, and which form a number takes."""

    language: str = "en"
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    form: Callable[[int], int] = lambda number: int(number != 1)

    @property
    def tag(self) -> str:
        """The language as HTML calls it."""
        return LANGUAGES[self.language]

    def find(self, text: str) -> str:
        """The text for a template, or for a finished sentence that some template makes; else `text` itself."""
        if text in self.texts:
            return self.texts[text][0]
        return _retell(self, text) if self.texts else text


ENGLISH = Catalogue()
SPOKEN: ContextVar[Catalogue] = ContextVar("SPOKEN", default=ENGLISH)


@contextmanager
def speaking(language: str) -> Iterator[None]:
    """Within this context, pages are in `language`, one of `LANGUAGES`."""
    token = SPOKEN.set(_read(language))
    try:
        yield
    finally:
        SPOKEN.reset(token)


def say(text: str, /, **values: object) -> str:
    """A template, or a finished sentence, in the language spoken, with `values` put in."""
    found = SPOKEN.get().find(text)
    return found.format(**values) if values else found


def plural(number: int, one: str, many: str, /, **values: object) -> str:
    """Whichever of two templates the number asks for; `{n}` is the number, with thousands set apart."""
    spoken = SPOKEN.get()
    forms = spoken.texts.get(one, (one, many))
    return forms[min(spoken.form(number), len(forms) - 1)].format(n=f"{number:,}", **values)


@cache
def _read(language: str) -> Catalogue:
    if language == "en":
        return ENGLISH
    from babel.messages.pofile import read_po

    with (FOLDER / f"{language}.po").open("rb") as file:
        found = read_po(file, locale=language, abort_invalid=True)
    texts = {}
    for message in found:
        if message.id and message.string:
            one = message.id if isinstance(message.id, str) else message.id[0]
            texts[one] = (message.string,) if isinstance(message.string, str) else tuple(message.string)
    return Catalogue(language, texts, c2py(found.plural_expr))


@cache
def _retell(spoken: Catalogue, text: str) -> str:
    for pattern, made in _patterns(spoken):
        if found := pattern.fullmatch(text):
            return made.format(**{name: spoken.find(value) for name, value in found.groupdict().items()})
    parts = JOINTS.split(text)
    if len(parts) == 1:
        return text
    return "".join(spoken.find(part) for part in parts)


@cache
def _patterns(spoken: Catalogue) -> list[tuple[re.Pattern[str], str]]:
    """What finished sentences look like, and the template to tell each by, those with most text of their own first."""
    found = {template: FIELD.sub("", template) for template in spoken.texts if FIELD.search(template)}
    telling = [template for template, own in found.items() if sum(map(str.isalpha, own)) >= TELLING]
    ordered = sorted(telling, key=lambda template: -len(found[template]))
    return [(_compile(template), spoken.texts[template][0]) for template in ordered]


FIELD = re.compile(r"\{(\w+)[^{}]*\}")


def _compile(template: str) -> re.Pattern[str]:
    """A pattern for what the template makes; a name that stands twice has one value."""
    pattern, end, seen = "", 0, set[str]()
    for one in FIELD.finditer(template):
        name = one[1]
        pattern += re.escape(template[end : one.start()]) + (f"(?P={name})" if name in seen else f"(?P<{name}>.+?)")
        seen.add(name)
        end = one.end()
    return re.compile(pattern + re.escape(template[end:]), re.DOTALL)
