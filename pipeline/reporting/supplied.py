"""What people supply about a model, blanks included, as a table."""

from pipeline.card import Card
from pipeline.reporting.tables import Row, Table
from pipeline.reporting.words import supplied

HEAD = ("Item", "As supplied")


def tabulate_card(card: Card) -> Table:
    """Every field by group; a blank one says that it is."""
    rows = []
    for group, labels in supplied.GROUPS.items():
        rows.append(Row(group, group=True))
        rows += [
            Row(label, (getattr(card, field) or supplied.NOT_SUPPLIED,), inner=True) for field, label in labels.items()
        ]
    return Table("supplied", supplied.CAPTION, HEAD, tuple(rows), prose=True)


def say_card(card: Card) -> str:
    """How many of the fields were supplied."""
    return supplied.say_supplied(len(card.given()), len(Card.model_fields))
