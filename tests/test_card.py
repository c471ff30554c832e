from pathlib import Path

import pytest
from pydantic import ValidationError

from pipeline.card import LONGEST, Card, read_cards
from pipeline.errors import ConfigurationError
from pipeline.settings import load_settings

FILE = Path("model_card.yaml")


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def test_the_released_cards_are_of_the_released_cohorts(root):
    cards = read_cards(FILE)
    assert set(cards) == set(load_settings().cohorts)
    assert all(0 < len(card.given()) < len(Card.model_fields) for card in cards.values())


@pytest.mark.parametrize(
    "text", ["", "# nothing\n", "{}", "stroke:", "stroke: {}", "stroke:\n  users:\n  funding: ' '\n"]
)
def test_blank_files_entries_and_fields_are_allowed(here, text):
    FILE.write_text(text)
    assert set(read_cards(FILE)) == ({"stroke"} if "stroke" in text else set())
    assert {card.given() for card in read_cards(FILE).values()} <= {frozenset()}


def test_a_missing_file_counts_as_blank(here):
    assert read_cards(FILE) == {}


def test_what_was_given_is_text_without_white_space_around(here):
    FILE.write_text("stroke:\n  users: >\n    Nurses: two lines,\n    one text.\n  funding: '0'\n")
    card = read_cards(FILE)["stroke"]
    assert (card.users, card.funding) == ("Nurses: two lines, one text.", "0")
    assert card.given() == {"users", "funding"}
    with pytest.raises(ValidationError, match="frozen"):
        card.users = "others"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("stroke: {usrs: a}", "model_card.yaml: unknown key 'stroke.usrs'; did you mean 'users'?"),
        ("stroke: {zzzz: a, users: 3}", "unknown key 'stroke.zzzz'; remove it"),
        ("stroke: {users: 3}", "stroke.users: expected text; put it in quotes"),
        ("stroke: {dates: 2024-01-01}", "stroke.dates: expected text; put it in quotes"),
        ("stroke: {users: [a, b]}", "stroke.users: expected text"),
        ("stroke: {users: no}", "stroke.users: expected text"),
        ("stroke: text", "stroke: expected fields, each with its text"),
        ("[a, b]", "the whole file: expected cohorts, each with its fields"),
        ("false", "the whole file: expected cohorts"),
        ("0", "the whole file: expected cohorts"),
        ("1: {}", "model_card.yaml: 1: expected text"),
        ("stroke: {dates: 2024-02-30}", "model_card.yaml is not valid YAML"),
        ('stroke: {users: "\\ud800"}', "stroke.users: expected text, and it holds half"),
        (f"stroke: {{users: {'a' * (LONGEST + 1)}}}", f"stroke.users: expected at most {LONGEST} characters"),
        ("stroke: {users: a: b}", "model_card.yaml line 1 is not valid YAML"),
        ("stroke: [", "model_card.yaml line 1 is not valid YAML"),
    ],
)
def test_each_fault_is_one_sentence_that_names_its_place(here, text, expected):
    FILE.write_text(text)
    with pytest.raises(ConfigurationError) as refused:
        read_cards(FILE)
    assert expected in str(refused.value)
    assert "\n" not in str(refused.value)
    assert refused.value.exit_code == 2
