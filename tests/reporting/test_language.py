"""Pages in other languages: every text is in the catalogue, and nothing of a finished sentence is lost."""

import ast
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.pofile import read_po

from pipeline.reporting.catalogue import LANGUAGES, Catalogue
from pipeline.reporting.language import FOLDER, plural, say, speaking
from pipeline.sections import Report
from tests.texts import ROOM, fields, read_asked

CATALOGUES = sorted(FOLDER.glob("*.po"))


def asked() -> set[str]:
    """The texts that the code asks for, the first of each plural."""
    return {text for text, _ in read_asked()}


def held(path: Path) -> dict[str, tuple[str, ...]]:
    """The translations of a catalogue, by the text asked for."""
    with path.open("rb") as file:
        found = [message for message in read_po(file, abort_invalid=True) if message.id]
    return {
        (m.id if isinstance(m.id, str) else m.id[0]): (m.string,) if isinstance(m.string, str) else tuple(m.string)
        for m in found
    }


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_catalogue_has_every_text_and_no_other(path: Path) -> None:
    texts = held(path)
    assert sorted(asked() - texts.keys()) == []
    assert sorted(texts.keys() - asked()) == []


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_a_translation_is_there_and_holds_the_values_of_its_text(path: Path) -> None:
    for text, made in held(path).items():
        assert all(made), text
        assert {frozenset(fields(one)) for one in made} == {frozenset(fields(text))}, text


def test_no_text_asked_for_is_put_together_before() -> None:
    for path in sorted(ROOM.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="say" | "phrase"), args=[ast.JoinedStr() | ast.BinOp(), *_]):
                    pytest.fail(f"{path.name} line {node.lineno}")


def test_a_finished_sentence_is_told_by_its_template(monkeypatch: pytest.MonkeyPatch) -> None:
    texts = {
        "at least {n} patients with {column} were left out": "至少{n}名有{column}的患者被排除",
        "{n} records have {n} days: {why}": "{n}条记录有{n}天：{why}",
        "there are no patients": "没有患者",
        "; ": "；",
    }
    spoken = Catalogue("zh", {text: (made,) for text, made in texts.items()}, lambda number: 0)
    assert (
        spoken.find("at least 1,000 patients with age (years) were left out") == "至少1,000名有age (years)的患者被排除"
    )
    assert spoken.find("3 records have 3 days: there are no patients") == "3条记录有3天：没有患者"
    assert spoken.find("there are no patients; there are no patients") == "没有患者；没有患者"
    for unknown in ("3 records have 4 days: nobody wrote this", "nobody wrote this"):
        assert spoken.find(unknown) == unknown


def test_english_is_as_written() -> None:
    assert say("{n} of {all}", n=1, all=2) == "1 of 2"
    assert say("100% {of} it") == "100% {of} it"
    assert [plural(n, "{n} patient", "{n} patients") for n in (0, 1, 1000)] == [
        "0 patients",
        "1 patient",
        "1,000 patients",
    ]
    with speaking("en"):
        assert say("Verdict") == "Verdict"


def test_every_language_that_may_be_set_has_its_name_and_its_catalogue() -> None:
    allowed = Report.model_fields["language"].annotation
    assert set(get_args(allowed)) == set(LANGUAGES) == {"en", *(path.stem for path in CATALOGUES)}
