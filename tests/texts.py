"""Every text that pages ask for, read from the code as catalogues are."""

from collections.abc import Iterator
from pathlib import Path

from babel.messages.extract import extract_from_dir

from pipeline import phrases
from pipeline.reporting.catalogue import FIELD

ROOM = Path(phrases.__file__).parent
KEYWORDS = {"say": None, "phrase": None, "plural": (2, 3)}
MAPPING = [("reporting/templates/**.*", "jinja2"), ("**.py", "python")]


def read_asked() -> Iterator[tuple[str, str]]:
    """Each text asked for, the first of a plural, and the file that asks, relative to the package."""
    for file, _, text, _, _ in extract_from_dir(ROOM, MAPPING, keywords=KEYWORDS):
        yield (text if isinstance(text, str) else text[0]), file


def fields(template: str) -> list[str]:
    """The names of the values that a template takes, in order."""
    return list(dict.fromkeys(found[1] for found in FIELD.finditer(template)))
