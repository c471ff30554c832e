"""What people supply about a model, blanks included, as a table."""

from pipeline.card import Card
from pipeline.reporting.language import say
from pipeline.reporting.tables import Row, Table
from pipeline.reporting.words import supplied


def tabulate_card(card: Card) -> Table:
    """Every field by group; a blank one says that it is."""
    rows = []
    for group, labels in supplied.GROUPS.items():
        rows.append(Row(say(group), group=True))
        rows += [
            Row(say(label), (getattr(card, field) or say(supplied.NOT_SUPPLIED),), inner=True)
            for field, label in labels.items()
        ]
    head = (say("Item"), say("As supplied"))
    return Table("supplied", say(supplied.CAPTION), head, tuple(rows), prose=True)


def say_card(card: Card) -> str:
    """How many of the fields were supplied."""
    return supplied.say_supplied(len(card.given()), len(Card.model_fields))
