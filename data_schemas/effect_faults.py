"""What in the declaration of a treatment's effect contradicts the cohort's columns."""

from collections.abc import Mapping
from typing import get_args

from data_schemas.effects import Design, Effect, Estimand
from data_schemas.later import sounds_later
from data_schemas.vocabulary import Column, FactorClass, Kind, Role


def find_effect_faults(effect: Effect, columns: Mapping[str, Column]) -> list[str]:
    """Each contradiction between the declaration and the cohort's columns as a sentence; empty if there is none."""
    found = [
        f"the effect has the {name} {value!r}, expected one of {', '.join(get_args(allowed))}"
        for name, value, allowed in (("design", effect.design, Design), ("estimand", effect.estimand, Estimand))
        if value not in get_args(allowed)
    ]
    found += _arm_faults(effect, columns)
    if effect.design == "observational" and not effect.adjust:
        found.append("the effect is observational and adjusts for nothing; name what bears on treatment and outcome")
    return found + [f for name, why in effect.adjust.items() for f in _adjustment_faults(name, why, effect, columns)]


def _arm_faults(effect: Effect, columns: Mapping[str, Column]) -> list[str]:
    column = columns.get(effect.treatment)
    if column is None:
        return [f"the effect is that of {effect.treatment}, which is no column of this cohort"]
    if column.kind != Kind.CATEGORY or column.factor != FactorClass.TREATMENT:
        return [f"the effect is that of {effect.treatment}, which is no category of the factor class treatment"]
    found = [
        f"{effect.treatment} has no label {label!r}, which the effect names"
        for label in (*effect.treated, *effect.control)
        if label not in column.labels
    ]
    if not effect.treated or not effect.control:
        found.append(f"the effect of {effect.treatment} has an arm without labels, expected two arms")
    if twice := sorted(set(effect.treated) & set(effect.control)):
        found.append(f"the effect of {effect.treatment} has the label {twice[0]!r} in both arms")
    return found


def _adjustment_faults(name: str, why: str, effect: Effect, columns: Mapping[str, Column]) -> list[str]:
    column = columns.get(name)
    if column is None:
        return [f"the effect adjusts for {name}, which is no column of this cohort"]
    if name == effect.treatment:
        return [f"the effect adjusts for {name}, which is the treatment itself"]
    if column.role != Role.PREDICTOR:
        because = f"excluded: {column.excluded_because}" if column.role == Role.EXCLUDED else f"the {column.role}"
        return [f"the effect adjusts for {name}, which is {because}; expected a predictor known before treatment"]
    found = [] if why.strip() else [f"the effect adjusts for {name} without a reason"]
    named_later = sounds_later(name, column.label) and "named as known later" not in column.acknowledged
    if column.known_later or named_later:
        found.append(f"the effect adjusts for {name}, which is known only after treatment, by declaration or by name")
    return found
