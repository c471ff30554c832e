"""The page of one patient, and the list of such pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from data_schemas.columns import Column
from pipeline.phrases import phrase
from pipeline.reporting.language import say
from pipeline.reporting.words.names import say_name
from pipeline.reporting.words.numbers import JOINT, TO, capital, decimal, percent, points, sentences
from pipeline.reporting.words.report import JUDGEMENT

Plain = Mapping[str, Any]

REFUSED = {
    "not listed": phrase("the schema does not list it as modifiable"),
    "missing": phrase("its value is missing"),
    "no room": phrase("the value leaves no room for the declared change within its bounds"),
    "out of bounds": phrase("the changed value would lie outside the declared bounds or the plausible range"),
    "wrong way": phrase("the change would go against the declared direction"),
    "too far": phrase("the change would be larger than the largest plausible one"),
    "not whole": phrase("the factor takes whole numbers only"),
    "harmful": phrase("by its source, risk is expected to rise with such a change"),
    "beyond reference": phrase("the changed value would pass the reference range"),
    "computed": phrase("it is computed from other columns and cannot move by itself"),
    "moves others": phrase("columns computed from it would move factors that nothing is to move"),
    "breaks a rule": phrase("the changed record would break a rule of data quality"),
    "unlike": phrase("the changed record as a whole is unlike those of the patients who taught the model"),
    "unlike now": phrase("the record as it is, is unlike those of the patients who taught the model"),
    "not lower": phrase("the predicted risk with the changed value is not lower by 0.1 points or more"),
}
"""Why no what-if is shown, by the reasons that the explanation gives."""

SUPPORT = phrase(
    "Likeness is judged on all predictors together, before and after a change: by the distance of the whole "
    "combination, by the largest residual of a predictor given all others, and by each value alone. The limits are "
    "those that about 1% of patients like those who taught the model exceed."
)
COMPARES = phrase(
    "One factor at a time is set to another value, by at most the largest plausible change, and the model is asked "
    "again. This compares two predictions: patients with other values differ in other ways too. It is no estimate of "
    "what changing the factor does. The interval of the risk belongs to the changed prediction by itself, that of the "
    "difference tells how it varies between models learnt again from other draws of the patients."
)
TREATED = phrase(
    "Patients are treated because of how ill they are (confounding by indication). A treatment's part says who "
    "received it and how they fared, and nothing about what it does. No change of treatment is tried out."
)
INTERVAL = phrase(
    "The 95% interval is that of the risk among patients with such a score. It says nothing of what was not measured, "
    "of patients unlike those of development, or of times that change."
)


LIMITS = (
    phrase(
        "The model finds associations. Nothing on this page says what happens to the patient's risk when something is "
        "changed."
    ),
    JUDGEMENT,
    phrase("This page is no clearance for clinical use, which is for the clinic and its regulator to give."),
)
PATIENT = phrase("Patient")
"""Before the identifier."""
EXTRAPOLATED = phrase("Outside the model's experience.")
NO_PART = phrase("None moves this risk by 0.1 percentage points or more.")
ASKS_WHAT_IF = phrase("What if a modifiable factor stood elsewhere?")
GAPS = phrase(
    "Predicted risk if a missing value were known, one at a time: a number from the cohort's 10% to its 90% quantile, "
    "a category at each of its levels."
)
NO_GAPS = phrase("No input of the model is missing in this record.")
KEEP_ONE = phrase(
    "This page is about one patient. Keep it as the patient's record is kept. Of other patients it holds aggregates "
    "only."
)
KEEP_ALL = phrase("These pages are about single patients. Keep them as the patients' records are kept.")
PARTS = phrase(
    "Bars to the right, hatched, raise the predicted risk by so many percentage points; bars to the left lower it."
)
COMBINATION = phrase("an unusual combination")
"""What the model says, after the predictors with unusual values, where the combination is unusual."""


def title(study: str) -> str:
    """The title of the page of a patient, who is not named in it."""
    return say("{study}: patient page", study=study)


def title_list(study: str) -> str:
    """The title of the list."""
    return say("{study}: patient pages", study=study)


def say_list(outcome: str) -> str:
    """What the list holds of each patient."""
    return say("Predicted risk of {outcome}, in the order of the list.", outcome=outcome)


def name_risk(outcome: str) -> str:
    """The heading of the section on the risk."""
    return say("Predicted risk of {outcome}", outcome=outcome)


def value(column: Column, given: Any) -> str:
    """A predictor's value with its unit."""
    if given is None:
        return say("missing")
    if not column.numeric:
        return str(given)
    text = f"{float(given):,.6g}".replace("-", "\u2212")
    return f"{text} {column.unit}" if column.unit else text


def risk(share: float) -> str:
    """A risk in percent with one decimal; risks that round to none or all are said to be near it."""
    if share < 0.001:
        return "<0.1%"
    return ">99.9%" if share > 0.999 else f"{decimal(100 * share, 1)}%"


def limits(told: Plain) -> str:
    """The ends of the 95% interval of a risk."""
    return f"{risk(told['lower'])}{say(TO)}{risk(told['upper'])}"


def say_interval(told: Plain) -> str:
    """The 95% interval of a risk, named as such."""
    return say("95% interval {limits}", limits=limits(told))


def say_risk(told: Plain, event: str) -> str:
    """The risk as a frequency among 100 patients."""
    many, low, high = (decimal(100 * told[key], 0) for key in ("risk", "lower", "upper"))
    return say(
        "Of 100 patients with such a score, about {many} are expected to have {event} (95% interval {low} to {high}).",
        many=many,
        event=event,
        low=low,
        high=high,
    )


def say_place(place: int | None, patients: int, fewest: int) -> str:
    """Where the risk lies among those of the patients evaluated."""
    if place is None:
        return say(
            "Where the risk lies in the cohort is not said: fewer than {fewest} patients were evaluated.", fewest=fewest
        )
    return say(PLACES.get(place, PLACE), place=place, patients=f"{patients:,}")


PLACE = phrase(
    "The risk is higher than that of about {place}% of the {patients} patients evaluated, to the nearest 5%."
)
PLACES = {
    5: phrase(
        "The risk is higher than that of at most about {place}% of the {patients} patients evaluated, to the nearest "
        "5%."
    ),
    95: phrase(
        "The risk is higher than that of about {place}% or more of the {patients} patients evaluated, to the nearest "
        "5%."
    ),
}
"""The lowest and the highest place, which are open to one side."""


def say_support(told: Plain) -> str:
    """Whether the record is like those that the model learnt from."""
    if not told["outside"]:
        return say(
            "The record is like those of the patients who taught the model ({share} of the way to the limit).",
            share=percent(told["distance"]),
        )
    distance = decimal(told["distance"], 1)
    if not told["because"]:
        return say(
            "This record is unlike those of the patients who taught the model. It lies {distance} times as far out as "
            "the limit, so that the risk is extrapolated, and no what-if is shown.",
            distance=distance,
        )
    return say(
        "This record is unlike those of the patients who taught the model: {why}. It lies {distance} times as far out "
        "as the limit, so that the risk is extrapolated, and no what-if is shown.",
        why=_say_unusual(told["because"]),
        distance=distance,
    )


def _say_unusual(because: str) -> str:
    """Labels of predictors, and after them, or alone, that the combination is unusual."""
    if because == COMBINATION:
        return say(COMBINATION)
    labels = because.removesuffix(f", {COMBINATION}")
    return labels if labels == because else say("{labels}, an unusual combination", labels=labels)


def say_record(records: int, date: str | None, taught: bool | None) -> str:
    """Which record is shown, and whether the model has seen it."""
    said = [say(SHOWN[date is not None, records > 1], date=date, records=records)]
    return sentences([*said, *([] if taught is None else [say(TAUGHT[taught])])])


SHOWN = {
    (True, True): phrase("The record of {date}, the latest of {records}, is shown."),
    (True, False): phrase("The record of {date} is shown."),
    (False, True): phrase("The patient's record, the latest of {records}, is shown."),
    (False, False): phrase("The patient's record is shown."),
}
"""By whether it has a date, and whether there are others."""
TAUGHT = {
    True: phrase("The model was taught by this patient among others, so that it may fit this record more closely."),
    False: phrase("The model was not taught by this patient."),
}


def say_phenotype(found: Plain | None, told: Plain) -> str:
    """Which group of similar patients is nearest; `found` is it as `phenotypes.json` has it."""
    if told.get("phenotype") is None:
        return say("No phenotypes belong to this model.")
    named = _name_phenotype(found or {}, f"{int(told['phenotype'])}")
    if told["unlike_phenotypes"]:
        return say(
            "The patient is unlike any phenotype: the nearest is {phenotype}, and 99% of the patients of every "
            "phenotype lie closer to its centre.",
            phenotype=named,
        )
    return say("The patient belongs to {phenotype}.", phenotype=named)


def _name_phenotype(found: Plain, number: str) -> str:
    name = say_name({"predictors": (), **found}) if found.get("name") else ""
    if found.get("n") is None:
        return say("phenotype {n}, {name}", n=number, name=name) if name else say("phenotype {n}", n=number)
    size = f"{found['n']:,}"
    if name:
        return say("phenotype {n}, {name} ({size} patients of the cohort)", n=number, name=name, size=size)
    return say("phenotype {n} ({size} patients of the cohort)", n=number, size=size)


def say_parts(parts: Sequence[Plain], columns: Mapping[str, Column], values: Plain) -> list[tuple[str, str]]:
    """Up to three factors of a group that raise the risk and three that lower it, by 0.1 points or more."""
    up = sorted((p for p in parts if p["risk"] >= 0.0005), key=lambda p: -p["risk"])[:3]
    down = sorted((p for p in parts if p["risk"] <= -0.0005), key=lambda p: p["risk"])[:3]
    said = [(say("Up."), up), (say("Down."), down)]
    return [(word, _list(found, columns, values)) for word, found in said if found]


def say_base(account: Plain) -> str:
    """From where the parts start and how they add up."""
    return say(
        "The parts start from a base of {base} (log-odds {log_odds}), the model's average in log-odds. In log-odds "
        "they add up exactly. A part in percentage points is the average, over {orders} orders in which the factors "
        "may be added to the base, of how far each moves the risk; these parts add up to the risk as well, but for "
        "rounding.",
        base=risk(account["base_risk"]),
        log_odds=decimal(account["base"]),
        orders=f"{account['orders']:,}",
    )


def say_refusal(reason: str) -> str:
    """Why no what-if is shown."""
    return say("Not shown: {reason}.", reason=say(REFUSED[reason]))


def name_what_ifs(now: float) -> str:
    """The caption of the table of what-ifs."""
    return say("Predicted risk with one factor changed, instead of {risk}", risk=risk(now))


def say_gap(gap: Plain, column: Column, now: float) -> str:
    """What a missing value might change."""
    if gap["low"] is None:
        return say("nobody who taught the model had a value, so that nothing can be said")
    return say(
        "from {low} ({low_at}) to {high} ({high_at}), instead of {risk}",
        low=risk(gap["low"]),
        low_at=value(column, gap["low_at"]),
        high=risk(gap["high"]),
        high_at=value(column, gap["high_at"]),
        risk=risk(now),
    )


def _list(parts: Sequence[Plain], columns: Mapping[str, Column], values: Plain) -> str:
    shown = [
        say(
            "{label}, {value}: {points}",
            label=columns[part["predictor"]].label,
            value=value(columns[part["predictor"]], values[part["predictor"]]),
            points=points(part["risk"]),
        )
        for part in parts
    ]
    return say("{parts} percentage points.", parts=capital(say(JOINT).join(shown)))
