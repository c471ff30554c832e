from dataclasses import replace

import pytest

from data_schemas.columns import Column, FactorClass, Kind, Role
from data_schemas.effect_faults import find_effect_faults
from data_schemas.effects import Effect
from tests.models.builders import coded, number

EFFECT = Effect("drug", ("yes",), ("no",), "observational", "ATE", {"age": "the older are treated less"})
COLUMNS = {
    "drug": coded("no", "yes", factor=FactorClass.TREATMENT),
    "age": number(),
    "later": number(known_later=True),
    "days_to_death": number(),
    "known_before": Column(
        "Time since diagnosis", Role.PREDICTOR, Kind.DECIMAL, factor=FactorClass.MARKER,
        acknowledged={"named as known later": "it is known at the start"},
    ),
    "lab20": Column("Count at 20 weeks", Role.EXCLUDED, Kind.DECIMAL, excluded_because="known only after the start"),
    "ended": Column("Ended", Role.OUTCOME, Kind.CATEGORY),
}  # fmt: skip


def adjusting(*names: str) -> Effect:
    return replace(EFFECT, adjust=dict.fromkeys(names, "a reason"))


def test_a_sound_declaration_has_no_fault():
    assert find_effect_faults(EFFECT, COLUMNS) == []
    assert find_effect_faults(adjusting("known_before"), COLUMNS) == []
    assert find_effect_faults(Effect("drug", ("yes",), ("no",), "randomised"), COLUMNS) == []


@pytest.mark.parametrize(
    ("effect", "says"),
    [
        (replace(EFFECT, treatment="pill"), "pill, which is no column"),
        (replace(EFFECT, treatment="later"), "later, which is no category of the factor class treatment"),
        (replace(EFFECT, treated=("often",)), "no label 'often'"),
        (replace(EFFECT, control=()), "an arm without labels, expected two arms"),
        (replace(EFFECT, control=("yes",)), "the label 'yes' in both arms"),
        (replace(EFFECT, design="guessed"), "the design 'guessed', expected one of randomised, observational"),
        (replace(EFFECT, estimand="ATO"), "the estimand 'ATO', expected one of ATE, ATT"),
        (replace(EFFECT, adjust={}), "adjusts for nothing"),
        (replace(EFFECT, adjust={"age": " "}), "age without a reason"),
        (adjusting("height"), "height, which is no column"),
        (adjusting("drug"), "the treatment itself"),
        (adjusting("later"), "later, which is known only after treatment"),
        (adjusting("days_to_death"), "days_to_death, which is known only after treatment"),
        (adjusting("lab20"), "lab20, which is excluded: known only after the start; expected a predictor"),
        (adjusting("ended"), "ended, which is the outcome"),
    ],
)
def test_each_fault_is_one_sentence(effect, says):
    found = find_effect_faults(effect, COLUMNS)
    assert len(found) == 1
    assert says in found[0]
