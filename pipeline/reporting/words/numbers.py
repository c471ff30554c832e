"""Numbers, estimates and counts as text, and the joints of sentences."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Any

from pipeline.phrases import phrase
from pipeline.reporting.language import say

Estimate = Mapping[str, Any]
Show = Callable[[float], str]

HIDDEN = phrase("hidden")
NOT_COMPUTED = phrase("not computed")
NO_REASON = phrase("no reason recorded")
NOTHING = "\u2013"
TO = phrase("\u00a0to\u00a0")
"""Between the ends of an interval, which is not broken over two lines."""
NOT_GIVEN = phrase("not given in the results")
JOINT = phrase("; ")
"""Between findings put side by side."""
ENDS = (".", "!", "?", "\u3002", "\uff01", "\uff1f")
"""What a sentence ends with."""


def decimal(value: float, digits: int = 2) -> str:
    """A number with `digits` decimals and a true minus sign, never a negative zero."""
    text = f"{value:,.{digits}f}"
    return text.lstrip("-") if float(text.replace(",", "")) == 0 else text.replace("-", "\u2212")


def decimals(digits: int) -> Show:
    """The formatter for `digits` decimals."""
    return lambda value: decimal(value, digits)


def significant(value: float, digits: int = 3) -> str:
    """A number with `digits` significant digits, without an exponent or needless zeros."""
    if value == 0 or abs(value) >= 10**digits:
        return decimal(value, 0)
    places = max(digits - 1 - math.floor(math.log10(abs(value))), 0)
    text = decimal(value, places)
    return text.rstrip("0").rstrip(".") if "." in text else text


def percent(value: float) -> str:
    """A share, 0 to 1, in whole percent; shares that round to none or all are said to be near it."""
    if 0 < value < 0.005:
        return "<1%"
    if 0.995 <= value < 1:
        return ">99%"
    return decimal(100 * value, 0) + "%"


def signed(digits: int) -> Show:
    """The formatter for differences with `digits` decimals: a plus or a minus, but for none."""

    def show(value: float) -> str:
        text = decimal(value, digits)
        return text if value < 0 or not float(text.replace(",", "")) else f"+{text}"

    return show


def p_value(p: float) -> str:
    """A P value with two significant digits, and limits where it is beyond them."""
    if p < 0.001:
        return "<0.001"
    return ">0.99" if p > 0.99 else significant(p, 2)


def points(value: float) -> str:
    """A signed difference between two shares, in percentage points."""
    return signed(1)(100 * value)


def percentage_points(value: float) -> str:
    """A distance between two shares, without a sign."""
    return say("{points} percentage points", points=decimal(100 * value, 1))


def count(value: int | None) -> str:
    """A number of patients or records; None was hidden for being small."""
    return say(HIDDEN) if value is None else f"{value:,}"


def text(value: object) -> str:
    """A value from a CSV file as text; what is not there becomes a dash."""
    if value is None or value == "":
        return NOTHING
    return significant(value) if isinstance(value, float) else str(value)


def told(found: Mapping[str, Any], name: str) -> str:
    """What a stage wrote under a name, in the language spoken."""
    return say(found[name])


def interval(estimate: Estimate, show: Show) -> str:
    """Only the 95% interval, or nothing."""
    if estimate.get("lo") is None or estimate.get("hi") is None:
        return ""
    return f"{show(estimate['lo'])}{say(TO)}{show(estimate['hi'])}"


def no_value(estimate: Estimate) -> str:
    """Why there is no value."""
    return say("not computed: {reason}", reason=say_reason(estimate))


def no_interval(estimate: Estimate) -> str:
    """Why there is no interval."""
    return say("no interval: {reason}", reason=say_reason(estimate))


def say_reason(found: Mapping[str, Any]) -> str:
    """Why something was not found, such as the value of an estimate, or that nobody wrote it down."""
    return say(found.get("reason") or NO_REASON)


def estimate(estimate: Estimate, show: Show = decimal) -> str:
    """Value and 95% interval, such as `0.69 (0.63 to 0.75)`; without a value, the reason why."""
    if estimate.get("value") is None:
        return no_value(estimate)
    return bracket(show(estimate["value"]), interval(estimate, show) or no_interval(estimate))


def bracket(shown: str, more: str) -> str:
    """Something shown, and more about it in brackets: `42 (12%)`."""
    return say("{shown} ({more})", shown=shown, more=more)


def from_columns(row: Mapping[str, Any], name: str) -> Estimate:
    """The estimate that a CSV file keeps in `name`, `name_lo` and `name_hi`."""
    parts = {"value": row.get(name), "lo": row.get(f"{name}_lo"), "hi": row.get(f"{name}_hi")}
    return {**parts, "reason": NOT_GIVEN if None in parts.values() else None}


def exponential(logarithm: Estimate) -> Estimate:
    """The estimate of a number from that of its logarithm."""
    limits = {key: None if logarithm[key] is None else math.exp(logarithm[key]) for key in ("value", "lo", "hi")}
    return {**limits, "reason": logarithm.get("reason")}


def join(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    *first, last = parts or [""]
    return say("{first} and {last}", first=say(", ").join(first), last=last) if first else last


def sentences(parts: Sequence[str]) -> str:
    """Sentences one after the other, with a space between them in languages that put one."""
    return reduce(lambda before, after: say("{before} {after}", before=before, after=after), parts)


def sentence(words: str) -> str:
    """Words with a capital at the start and a full stop at the end."""
    start = capital(words)
    return start if start.endswith(ENDS) else say("{sentence}.", sentence=start)


def capital(words: str) -> str:
    """Words with a capital at the start."""
    return words[:1].upper() + words[1:]


def position(estimate: Estimate, ideal: float = 1.0) -> str:
    """Where the whole interval lies: `below`, `around` or `above` the ideal, or `unknown`."""
    if estimate.get("value") is None or estimate.get("lo") is None or estimate.get("hi") is None:
        return "unknown"
    if estimate["hi"] < ideal:
        return "below"
    return "above" if estimate["lo"] > ideal else "around"
