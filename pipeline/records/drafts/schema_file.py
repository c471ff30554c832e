"""The text of a schema file, from what a table seems to hold; formatted as the repository's own files are."""

import ast
import keyword
import re
import textwrap
from collections.abc import Mapping, Sequence

from data_schemas import columns
from data_schemas.columns import Cohort, Kind, Role
from pipeline.errors import ConfigurationError
from pipeline.records.drafts.contents import Guess

WIDTH = 120
LONGEST_NAME = 80
AMBIGUOUS = {"l", "I", "O"}
TAKEN = {*columns.__all__, *dir(Cohort), "Config"}  # a column of that name would hide it
UNCONFIRMED = ("title", "population", "intended use", "outcome", "thresholds", "AUROC ceiling", "licence")


def draft_file(name: str, guesses: Sequence[Guess]) -> str:
    """Python source of `data_schemas/<name>.py`, every guess marked by `guessed`.

    Raises ConfigurationError naming the columns whose names cannot stand in a schema file, with names that can.
    """
    _check_names(guesses)
    outcome = next(guess for guess in guesses if guess.role == Role.OUTCOME)
    repeated = any(guess.repeated for guess in guesses)
    lines = [line for guess in guesses for line in _declaration(guess)]
    source = "\n".join([*_class_header(name), *lines, "", *_config(name, outcome, repeated), ""])
    title = f'"""Draft of cohort {name}, made from a table; a person confirms each guess."""'
    return f"{title}\n\n{_imports(source)}\n\n{source}"


def _check_names(guesses: Sequence[Guess]) -> None:
    """Raise ConfigurationError unless every column's name can be an attribute of a cohort."""
    kept = {guess.name for guess in guesses if _usable(guess.name)}
    renamed: dict[str, str] = {}
    for guess in guesses:
        if guess.name in kept:
            continue
        free = guess.attribute[:LONGEST_NAME]
        free = free if _usable(free) else f"{free.lower()}_column"
        while free in kept or free in renamed.values():
            free += "_2"
        renamed[guess.name] = free
    if renamed:
        said = ", ".join(f"{old!r} to {new!r}" for old, new in renamed.items())
        raise ConfigurationError(
            "columns need names that Python can use and that no word of the schema has; "
            f"rename in the table's header: {said}"
        )


def _usable(name: str) -> bool:
    plain = re.fullmatch(rf"[A-Za-z]\w{{0,{LONGEST_NAME - 1}}}", name, re.ASCII)
    return bool(plain) and not keyword.iskeyword(name) and name not in TAKEN | AMBIGUOUS


def _imports(source: str) -> str:
    """The import lines for the words that `source` uses."""
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    words = "".join(f"    {word},\n" for word in sorted(used & set(columns.__all__)))
    return f"from data_schemas.columns import (\n{words})\n"


def _class_header(name: str) -> list[str]:
    title = "".join(part.capitalize() for part in name.split("_"))
    title = f"{title}Records" if title in TAKEN else title
    return [f"class {title}(Cohort):", '    """TO CONFIRM: what one row of the table is."""', ""]


def _declaration(guess: Guess) -> list[str]:
    """One column: what was seen as a comment, then the declaration."""
    annotation, constructor, arguments = _constructor(guess)
    mixed_case = guess.attribute[0].islower() and guess.attribute != guess.attribute.lower()
    open_line = f"{guess.attribute}: {annotation} = {constructor}({'  # noqa: N815' if mixed_case else ''}"
    comments = [f"# {line}" for note in guess.notes for line in textwrap.wrap(note, WIDTH - 10)]
    body = [_quoted(_label(guess.name)) + ",", *arguments, *_meaning(guess)]
    return _indented([*comments, open_line, *_indented(body), ")"])


def _constructor(guess: Guess) -> tuple[str, str, list[str]]:
    """Annotation, constructor and the arguments that belong to the column's kind."""
    if guess.role == Role.IDENTIFIER:
        return "Text", "identifier", []
    if guess.kind == Kind.TEXT:
        return "Text", "text", []
    if guess.kind == Kind.CATEGORY:
        if list(guess.codes.values()) == ["no", "yes"]:
            no, yes = guess.codes
            return "Coded", "flag", [f"yes={_texts([yes])},", f"no={_texts([no])},"]
        return "Coded", "category", _mapping(guess.codes)
    assert guess.plausible is not None, "numbers and dates have a range"
    ends = ", ".join(_quoted(end) if isinstance(end, str) else _number(end) for end in guess.plausible)
    if guess.kind == Kind.DATE:
        return "Date", "date", [f"{_quoted(str(guess.date_format))},", f"plausible=({ends}),"]
    whole = guess.kind == Kind.INTEGER
    return "Whole" if whole else "Decimal", "measurement", [f"plausible=({ends}),", *["whole=True,"] * whole]


def _meaning(guess: Guess) -> list[str]:
    """The arguments that a column of any kind may have."""
    may_lack = guess.missing_share > 0 and guess.role not in (Role.IDENTIFIER, Role.OUTCOME)
    found = {
        "excluded": _quoted(guess.excluded) if guess.excluded else None,
        "role": "Role.OUTCOME" if guess.role == Role.OUTCOME else None,
        "factor": f"FactorClass.{guess.factor.name}" if guess.factor else None,
        "missing_allowed": "True" if may_lack else None,
        "missing_codes": _texts(guess.missing_codes) if guess.missing_codes else None,
        "guessed": _texts(guess.doubts),
    }
    return [line for key, value in found.items() if value for line in f"{key}={value},".split("\n")]


def _config(name: str, outcome: Guess, repeated: bool) -> list[str]:
    """The study: placeholders, to be written by a person."""
    says = f"TO CONFIRM: what it means that {outcome.name} is this code"
    binary = {"column": outcome.name, "event": str(outcome.event), "says": says}
    study = [
        *[f"{key}={_quoted(text)}," for key, text in _placeholders(name).items()],
        "outcome=Binary(",
        *_indented([f"{key}={_quoted(text)}," for key, text in binary.items()]),
        "),",
        "thresholds=(0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5),",
        "auroc_ceiling=0.95,",
        *["per_patient=AnyRows(),"] * repeated,
        *f"guessed={_texts((*UNCONFIRMED, *['records per patient'] * repeated))},".split("\n"),
    ]
    metadata = ["metadata = {  # noqa: RUF012 - pandera reads a plain dictionary", '    "study": Study(']
    config = [*metadata, *_indented(_indented(study)), "    )", "}"]
    return _indented(["class Config:", '    """The cohort as a whole."""', "", *_indented(config)])


def _placeholders(name: str) -> dict[str, str]:
    return {
        "title": f"TO CONFIRM: {_label(name)}",
        "population": "TO CONFIRM: which patients, where and when",
        "intended_use": "TO CONFIRM: who sees the risk, at which moment, to decide what",
        "source": "TO CONFIRM: where the records come from",
        "licence": "TO CONFIRM: under which terms the records may be used",
        "auroc_ceiling_source": "TO CONFIRM: the best that others have published",
    }


def _label(name: str) -> str:
    label = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])|_+", " ", name).strip()
    return label[:1].upper() + label[1:]


def _mapping(codes: Mapping[str, str]) -> list[str]:
    return ["{", *_indented([f"{_quoted(code)}: {_quoted(label)}," for code, label in codes.items()]), "},"]


def _texts(texts: Sequence[str]) -> str:
    """A tuple of texts, on one line where it fits."""
    quoted = [_quoted(text) for text in texts]
    line = f"({', '.join(quoted)}{',' * (len(quoted) == 1)})"
    if len(line) <= WIDTH - 40:
        return line
    return "\n".join(["(", *_indented([f"{text}," for text in quoted]), ")"])


def _number(number: float) -> str:
    return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)


def _quoted(text: str) -> str:
    """A Python text as the formatter writes it; characters that could be taken for others are spelt out."""
    quote = "'" if text.count('"') > text.count("'") else '"'
    return quote + "".join(_spelt(character, quote) for character in text) + quote


def _spelt(character: str, quote: str) -> str:
    if character in ("\\", quote):
        return f"\\{character}"
    plain = character.isascii() or ("À" <= character <= "ÿ" and character.isalpha())
    return character if plain and character.isprintable() else ascii(character)[1:-1]


def _indented(lines: Sequence[str]) -> list[str]:
    return [f"    {line}" if line else line for line in lines]
