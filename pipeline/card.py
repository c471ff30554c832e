"""`model_card.yaml`: what people supply about a model and no computation can tell, checked before it is shown."""

from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, StringConstraints, TypeAdapter, ValidationError

from pipeline.errors import ConfigurationError
from pipeline.sections import Section
from pipeline.settings import read_yaml, say_unknown

LONGEST = 3000
FAULTS = {
    "string_unicode": "expected text, and it holds half of a character",
    "string_type": "expected text; put it in quotes if it looks like a number or a day",
    "string_too_long": f"expected at most {LONGEST} characters; put the rest into a document and name it here",
    "model_type": "expected fields, each with its text",
    "dict_type": "expected cohorts, each with its fields",
}
"""What to do about a value of the wrong type, by pydantic's name of the fault."""


def _blank(value: object) -> object:
    return "" if value is None else value


LIMITS = StringConstraints(strict=True, strip_whitespace=True, max_length=LONGEST)
Text = Annotated[str, LIMITS, BeforeValidator(_blank)]


class Card(Section):
    """What was supplied about one cohort's model; a blank text was not.

    After the model cards of Mitchell et al. 2019, FAccT, and the items of TRIPOD+AI (Collins et al. 2024, BMJ
    385:e078378) that neither a schema nor a computation answers.
    """

    users: Text = ""
    decision: Text = ""
    out_of_scope: Text = ""
    context: Text = ""
    inequalities: Text = ""
    instructions: Text = ""
    developed_by: Text = ""
    responsible: Text = ""
    contact: Text = ""
    maintenance: Text = ""
    setting: Text = ""
    dates: Text = ""
    outcome_assessors: Text = ""
    outcome_blinding: Text = ""
    predictor_choice: Text = ""
    predictor_assessors: Text = ""
    sample_size: Text = ""
    class_imbalance: Text = ""
    ethics: Text = ""
    legal_basis: Text = ""
    funding: Text = ""
    conflicts: Text = ""
    protocol: Text = ""
    registration: Text = ""
    code: Text = ""
    full_model: Text = ""
    involvement: Text = ""
    known_failures: Text = ""
    caveats: Text = ""
    interpretation: Text = ""
    next_steps: Text = ""

    def given(self) -> frozenset[str]:
        """The names of the fields that were supplied."""
        return frozenset(name for name, text in self if text)


def _bare(value: object) -> object:
    return {} if value is None else value


CARDS = TypeAdapter(dict[str, Annotated[Card, BeforeValidator(_bare)]])


def read_cards(path: Path) -> dict[str, Card]:
    """The card of each cohort that has an entry; none where the file is missing.

    Raises ConfigurationError naming the first fault: broken YAML, an unknown key (with the nearest known one) or a
    value that is no text.
    """
    if not path.exists():
        return {}
    try:
        return CARDS.validate_python(_bare(read_yaml(path)))
    except ValidationError as error:
        raise ConfigurationError(f"{path}: {_first_fault(error)}") from None


def _first_fault(error: ValidationError) -> str:
    faults: list[Any] = error.errors(include_url=False, include_input=False)
    fault = next((f for f in faults if f["type"] == "extra_forbidden"), faults[0])
    where = ".".join(str(part) for part in fault["loc"] if part != "[key]") or "the whole file"
    if fault["type"] == "extra_forbidden":
        return say_unknown(where, str(fault["loc"][-1]), Card.model_fields)
    return f"{where}: {FAULTS.get(fault['type'], fault['msg'])}"
