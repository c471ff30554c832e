"""The page of one patient, and the list of such pages."""

from collections.abc import Mapping, Sequence
from typing import Any

from data_schemas.columns import Column
from pipeline.reporting.words.numbers import TO, decimal, percent, points, sentence
from pipeline.reporting.words.report import JUDGEMENT

Plain = Mapping[str, Any]

REFUSED = {
    "not listed": "the schema does not list it as modifiable",
    "missing": "its value is missing",
    "no room": "the value leaves no room for the declared change within its bounds",
    "out of bounds": "the changed value would lie outside the declared bounds or the plausible range",
    "wrong way": "the change would go against the declared direction",
    "too far": "the change would be larger than the largest plausible one",
    "not whole": "the factor takes whole numbers only",
    "harmful": "by its source, risk is expected to rise with such a change",
    "beyond reference": "the changed value would pass the reference range",
    "computed": "it is computed from other columns and cannot move by itself",
    "moves others": "columns computed from it would move factors that nothing is to move",
    "breaks a rule": "the changed record would break a rule of data quality",
    "unlike": "the changed record as a whole is unlike those of the patients who taught the model",
    "unlike now": "the record as it is, is unlike those of the patients who taught the model",
    "not lower": "the predicted risk with the changed value is not lower by 0.1 points or more",
}
"""Why no what-if is shown, by the reasons that the explanation gives."""

SUPPORT = (
    "Likeness is judged on all predictors together, before and after a change: by the distance of the whole "
    "combination, by the largest residual of a predictor given all others, and by each value alone. The limits are "
    "those that about 1% of patients like those who taught the model exceed."
)
COMPARES = (
    "One factor at a time is set to another value, by at most the largest plausible change, and the model is asked "
    "again. This compares two predictions: patients with other values differ in other ways too. It is no estimate of "
    "what changing the factor does. The interval of the risk belongs to the changed prediction by itself, that of the "
    "difference tells how it varies between models learnt again from other draws of the patients."
)
TREATED = (
    "Patients are treated because of how ill they are (confounding by indication). A treatment's part says who "
    "received it and how they fared, and nothing about what it does. No change of treatment is tried out."
)
INTERVAL = (
    "The 95% interval is that of the risk among patients with such a score. It says nothing of what was not measured, "
    "of patients unlike those of development, or of times that change."
)


LIMITS = (
    "The model finds associations. Nothing on this page says what happens to the patient's risk when something is "
    "changed.",
    JUDGEMENT,
    "This page is no clearance for clinical use, which is for the clinic and its regulator to give.",
)
PATIENT = "Patient"
"""Before the identifier."""
EXTRAPOLATED = "Outside the model's experience."
NO_PART = "None moves this risk by 0.1 percentage points or more."
ASKS_WHAT_IF = "What if a modifiable factor stood elsewhere?"
GAPS = (
    "Predicted risk if a missing value were known, one at a time: a number from the cohort's 10% to its 90% quantile, "
    "a category at each of its levels."
)
NO_GAPS = "No input of the model is missing in this record."
KEEP_ONE = (
    "This page is about one patient. Keep it as the patient's record is kept. Of other patients it holds aggregates "
    "only."
)
KEEP_ALL = "These pages are about single patients. Keep them as the patients' records are kept."
PARTS = "Bars to the right, hatched, raise the predicted risk by so many percentage points; bars to the left lower it."


def title(study: str) -> str:
    """The title of the page of a patient, who is not named in it."""
    return f"{study}: patient page"


def title_list(study: str) -> str:
    """The title of the list."""
    return f"{study}: patient pages"


def say_list(outcome: str) -> str:
    """What the list holds of each patient."""
    return f"Predicted risk of {outcome}, in the order of the list."


def name_risk(outcome: str) -> str:
    """The heading of the section on the risk."""
    return f"Predicted risk of {outcome}"


def value(column: Column, given: Any) -> str:
    """A predictor's value with its unit."""
    if given is None:
        return "missing"
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
    return f"{risk(told['lower'])}{TO}{risk(told['upper'])}"


def say_interval(told: Plain) -> str:
    """The 95% interval of a risk, named as such."""
    return f"95% interval {limits(told)}"


def say_risk(told: Plain, event: str) -> str:
    """The risk as a frequency among 100 patients."""
    many, low, high = (decimal(100 * told[key], 0) for key in ("risk", "lower", "upper"))
    return (
        f"Of 100 patients with such a score, about {many} are expected to have {event} (95% interval {low} to {high})."
    )


def say_place(place: int | None, patients: int, fewest: int) -> str:
    """Where the risk lies among those of the patients evaluated."""
    if place is None:
        return f"Where the risk lies in the cohort is not said: fewer than {fewest} patients were evaluated."
    share = {5: "at most about 5%", 95: "about 95% or more"}.get(place, f"about {place}%")
    return f"The risk is higher than that of {share} of the {patients:,} patients evaluated, to the nearest 5%."


def say_support(told: Plain) -> str:
    """Whether the record is like those that the model learnt from."""
    if not told["outside"]:
        share = percent(told["distance"])
        return f"The record is like those of the patients who taught the model ({share} of the way to the limit)."
    why = f": {told['because']}" if told["because"] else ""
    return (
        f"This record is unlike those of the patients who taught the model{why}. It lies "
        f"{decimal(told['distance'], 1)} times as far out as the limit, so that the risk is extrapolated, and "
        "no what-if is shown."
    )


def say_record(records: int, date: str | None, taught: bool | None) -> str:
    """Which record is shown, and whether the model has seen it."""
    said = f"The record of {date}" if date else "The patient's record"
    said += f", the latest of {records}, is shown." if records > 1 else " is shown."
    if taught:
        said += " The model was taught by this patient among others, so that it may fit this record more closely."
    if taught is False:
        said += " The model was not taught by this patient."
    return said


def say_phenotype(found: Plain | None, told: Plain) -> str:
    """Which group of similar patients is nearest."""
    if told.get("phenotype") is None:
        return "No phenotypes belong to this model."
    number = int(told["phenotype"])
    named = f", {found['name']}" if found and found.get("name") else ""
    count = found.get("n") if found else None
    size = f" ({count:,} patients of the cohort)" if count is not None else ""
    if told["unlike_phenotypes"]:
        return (
            f"The patient is unlike any phenotype: the nearest is phenotype {number}{named}{size}, and 99% of the "
            "patients of every phenotype lie closer to its centre."
        )
    return f"The patient belongs to phenotype {number}{named}{size}."


def say_parts(parts: Sequence[Plain], columns: Mapping[str, Column], values: Plain) -> list[tuple[str, str]]:
    """Up to three factors of a group that raise the risk and three that lower it, by 0.1 points or more."""
    up = sorted((p for p in parts if p["risk"] >= 0.0005), key=lambda p: -p["risk"])[:3]
    down = sorted((p for p in parts if p["risk"] <= -0.0005), key=lambda p: p["risk"])[:3]
    said = [("Up", up), ("Down", down)]
    return [(word, sentence(_list(found, columns, values))) for word, found in said if found]


def say_base(account: Plain) -> str:
    """From where the parts start and how they add up."""
    return (
        f"The parts start from a base of {risk(account['base_risk'])} (log-odds {decimal(account['base'])}), "
        f"the model's average in log-odds. In log-odds they add up exactly. A part in percentage points is the "
        f"average, over {account['orders']:,} orders in which the factors may be added to the base, of how far each "
        "moves the risk; these parts add up to the risk as well, but for rounding."
    )


def say_refusal(reason: str) -> str:
    """Why no what-if is shown."""
    return sentence(f"not shown: {REFUSED[reason]}")


def name_what_ifs(now: float) -> str:
    """The caption of the table of what-ifs."""
    return f"Predicted risk with one factor changed, instead of {risk(now)}"


def say_gap(gap: Plain, column: Column, now: float) -> str:
    """What a missing value might change."""
    if gap["low"] is None:
        return "nobody who taught the model had a value, so that nothing can be said"
    low = f"{risk(gap['low'])} ({value(column, gap['low_at'])})"
    high = f"{risk(gap['high'])} ({value(column, gap['high_at'])})"
    return f"from {low} to {high}, instead of {risk(now)}"


def _list(parts: Sequence[Plain], columns: Mapping[str, Column], values: Plain) -> str:
    shown = []
    for part in parts:
        column = columns[part["predictor"]]
        shown.append(f"{column.label}, {value(column, values[part['predictor']])}: {points(part['risk'])}")
    return "; ".join(shown) + " percentage points"
