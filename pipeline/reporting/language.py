"""The language of the pages: English as the code has it, others from the catalogues in `languages/`.

A catalogue is a PO file of GNU gettext, whose message ids are the English templates. Code asks for texts by `say` and
`plural`; both take the template as a literal, so that `make messages` finds it.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import c2py
from pathlib import Path

from pipeline.reporting.catalogue import Catalogue

FOLDER = Path(__file__).with_name("languages")
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
