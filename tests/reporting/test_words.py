"""Sentences stand in `words` alone, claim no cause, and hold no adjective that no number picked."""

import re
from pathlib import Path

import pytest

from pipeline import reporting
from pipeline.reporting import words
from pipeline.reporting.words.adjectives import Scale, Sides

from .finders import (
    EFFECTS,
    VALUE,
    find_causes,
    find_judgements,
    is_prose,
    is_sentence,
    read_outside,
    read_template,
    read_texts,
)

ROOM = Path(reporting.__file__).parent
WORDS = sorted((ROOM / "words").glob("*.py"))
CODE = sorted(set(ROOM.rglob("*.py")) - set(WORDS))
TEMPLATES = sorted(path for path in (ROOM / "templates").iterdir() if path.suffix not in {".css", ".js"})


def name(path: Path) -> str:
    return path.name


def texts_of(path: Path) -> list[str]:
    source = path.read_text(encoding="utf-8")
    return read_texts(source) if path.suffix == ".py" else read_template(source, markdown=path.suffix == ".md")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It rises.", True),
        ("Does it rise?", True),
        (f"{VALUE}.", True),
        (f"Of {VALUE} patients (all).", True),
        ("It rises. Then", True),
        ("one two three four five six seven eight nine", True),
        ("one two three four five six seven eight", False),
        ("Performance by subgroup", False),
        ("Table 1. Patients", False),
        (f"{VALUE}. {VALUE}", False),
        (f"{VALUE} ({VALUE} to {VALUE})", False),
        ("report.html", False),
        (".", False),
        ('<g class="a" id="b c d e f g h i j k"></g>', False),
    ],
)
def test_what_a_sentence_is(text: str, expected: bool) -> None:
    assert is_sentence(text) == expected


def test_texts_are_found_in_code() -> None:
    source = '''
"""A docstring is no text."""
LABEL = ("one " "text")
"""Nor is what explains a constant."""
TABLE = Scale(((0.5, "good"),))
def say(n):
    assert n, "an impossible branch is not shown"
    if n < 0:
        raise ValueError(f"an error is not shown: {n}")
    return f"{n:.3g} of {'many' if n > 3 else 'few'}." + say("more")
'''
    assert read_texts(source) == ["one text", "good", f"{VALUE} of {VALUE}.", "many", "few", "more"]
    assert "good" not in read_texts(source, tables=False)


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>It rises.</p>", ["It rises."]),
        ("<p>Of {{ n }} patients</p>", [f"Of {VALUE} patients"]),
        ("<p>It {% if up %}rises{% else %}falls{% endif %}.</p>", ["It risesfalls."]),
        ("<p>Run <code>it</code>.</p>", ["Run it."]),
        ("<p>{{ n }} <b>patients</b></p>", [f"{VALUE} patients"]),
        ('<p>{{ x or "Nothing was found." }}</p>', ["Nothing was found."]),
        ('<div aria-label="Table: {{ name }}"></div>', [f"Table: {VALUE}"]),
        ("<h2>Contents</h2><p>{{ a }}. {{ b }}</p><a>Report</a>, <a>card</a>.{# Not shown. #}", []),
    ],
)
def test_prose_is_found_in_templates(source: str, found: list[str]) -> None:
    assert [text for text in read_template(source) if is_prose(text)] == found


def test_prose_is_found_in_markdown() -> None:
    source = "# Card\n**Verdict.** {{ level }}\n| One | Two of {{ n }} |\n- {{ a }}: {{ b }}\n- It rises.\n"
    assert [text for text in read_template(source, markdown=True) if is_prose(text)] == [
        f"Verdict. {VALUE}", f"Two of {VALUE}", "- It rises."
    ]  # fmt: skip


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_no_template_holds_a_sentence(path: Path) -> None:
    found = [text for text in texts_of(path) if is_prose(text)]
    assert found == [], f"{path.name} holds sentences; move them to pipeline/reporting/words"


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_name_words_that_exist(path: Path) -> None:
    for module, member in re.findall(r"\bwords\.(\w+)\.(\w+)", path.read_text(encoding="utf-8")):
        assert hasattr(getattr(words, module), member), f"{path.name} names words.{module}.{member}"


@pytest.mark.parametrize("path", CODE, ids=name)
def test_no_other_module_holds_a_sentence(path: Path) -> None:
    found = [text for text in texts_of(path) if is_sentence(text)]
    assert found == [], f"{path.name} holds sentences; move them to pipeline/reporting/words"


def test_words_is_where_the_sentences_are() -> None:
    assert sum(is_sentence(text) for path in WORDS for text in texts_of(path)) > 100
    assert set(words.__all__) == {path.stem for path in WORDS} - {"__init__"}


CLAIMS = (
    "Statins reduce the risk", "this would lower risks", "It lowers the risk of death", "prevents relapse",
    "due to smoking", "Smoking causes cancer", "deaths caused by it", "leads to relapse", "which results in harm",
    "the effect of treatment", "an effect on survival", "the benefit of treatment", "it is protective",
    "because of smoking the risk", "improves survival", "helps to prevent it", "drives risk",
    "makes death less likely", "raises their risk", "as a result of it", "a causal factor",
)  # fmt: skip
DENIALS = (
    words.card.NO_CAUSE, words.card.NO_EFFECTS, words.card.OUT_OF_SCOPE, words.factors.TREATED,
    words.factors.NO_RANKING, words.factors.CHANGES, words.factors.CHANGES_NOTE, words.patient.COMPARES,
    words.patient.TREATED, words.patient.PARTS, words.phenotypes.TREATED, words.model.POOLED,
    *words.report.list_limits(declares_effect=True), *words.patient.LIMITS,
    "The higher the value, the higher the predicted risk", "Net benefit of the model", "the lower risk",
)  # fmt: skip


@pytest.mark.parametrize("claim", CLAIMS)
def test_claims_of_a_cause_are_found(claim: str) -> None:
    assert find_causes(claim)
    assert find_causes(claim.upper())


@pytest.mark.parametrize("denial", DENIALS)
def test_what_denies_a_cause_may_be_said(denial: str) -> None:
    assert find_causes(denial) == []


def test_one_section_is_cut_out_and_no_more() -> None:
    page = (
        '<style>p { causes: 1 }</style><p>before</p><section id="other"><p>one</p></section>'
        f'<section class="a" id="{EFFECTS}"><p>it causes</p><section><p>it prevents</p></section>'
        "<p>due to</p></section>"
        f'<section id="{EFFECTS}-2"><p>two</p></section><p>after</p>'
    )
    assert read_outside(page) == "before one two after"
    assert find_causes(read_outside(page)) == []
    assert find_causes(read_outside(page.replace("two", "it leads to it"))) == ["leads to"]
    assert len(find_causes(read_outside(page, "another"))) == 3


def test_no_word_claims_a_cause(rendered: dict[str, str]) -> None:
    for kind, text in rendered.items():
        assert find_causes(text if kind == "model_card" else read_outside(text)) == []


@pytest.mark.parametrize("path", [path for path in WORDS if path.name != "effects.py"], ids=name)
def test_no_sentence_that_may_be_said_claims_a_cause(path: Path) -> None:
    assert [text for text in texts_of(path) if find_causes(text)] == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Discrimination is very good", ["very", "good"]),
        ("a significant and markedly better result", ["significant", "markedly"]),
        ("Poor, or Excellent?", ["Poor", "Excellent"]),
        ("robustly", ["robustly"]),
        ("0.72 rather than 0.70, as well as higher; of smaller weight; the goodness-of-fit; importance", []),
    ],
)
def test_words_that_judge_are_found(text: str, found: list[str]) -> None:
    assert find_judgements(text) == found


@pytest.mark.parametrize("path", [*CODE, *WORDS, *TEMPLATES], ids=name)
def test_no_word_judges_outside_the_tables_of_adjectives(path: Path) -> None:
    tables = path != ROOM / "words" / "adjectives.py"
    texts = read_texts(path.read_text(encoding="utf-8"), tables=tables) if path.suffix == ".py" else texts_of(path)
    assert [text for text in texts if find_judgements(text)] == [], f"{path.name}: let a number pick the word"


def test_tables_of_adjectives_stand_in_one_module() -> None:
    holders = {path.name for path in [*CODE, *WORDS] if re.search(r"\b(?:Scale|Sides)\(\(?", path.read_text())}
    assert holders == {"adjectives.py"}
    tables = [table for table in vars(words.adjectives).values() if isinstance(table, Scale | Sides)]
    assert all(find_judgements(str(table)) for table in tables)
