"""Numbers, estimates and counts as text, and the joints of sentences."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Estimate = Mapping[str, Any]
Show = Callable[[float], str]

HIDDEN = "hidden"
NOTHING = "\u2013"
TO = "\u00a0to\u00a0"
"""Between the ends of an interval, which is not broken over two lines."""


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
    return f"{decimal(100 * value, 1)} percentage points"


def count(value: int | None) -> str:
    """A number of patients or records; None was hidden for being small."""
    return HIDDEN if value is None else f"{value:,}"


def text(value: object) -> str:
    """A value from a CSV file as text; what is not there becomes a dash."""
    if value is None or value == "":
        return NOTHING
    return significant(value) if isinstance(value, float) else str(value)


def interval(estimate: Estimate, show: Show) -> str:
    """Only the 95% interval, or nothing."""
    if estimate.get("lo") is None or estimate.get("hi") is None:
        return ""
    return f"{show(estimate['lo'])}{TO}{show(estimate['hi'])}"


def estimate(estimate: Estimate, show: Show = decimal) -> str:
    """Value and 95% interval, such as `0.69 (0.63 to 0.75)`; without a value, the reason why."""
    reason = estimate.get("reason") or "no reason recorded"
    if estimate.get("value") is None:
        return f"not computed: {reason}"
    limits = interval(estimate, show)
    return f"{show(estimate['value'])} ({limits or f'no interval: {reason}'})"


def from_columns(row: Mapping[str, Any], name: str) -> Estimate:
    """The estimate that a CSV file keeps in `name`, `name_lo` and `name_hi`."""
    parts = {"value": row.get(name), "lo": row.get(f"{name}_lo"), "hi": row.get(f"{name}_hi")}
    return {**parts, "reason": "not given in the results" if None in parts.values() else None}


def exponential(logarithm: Estimate) -> Estimate:
    """The estimate of a number from that of its logarithm."""
    limits = {key: None if logarithm[key] is None else math.exp(logarithm[key]) for key in ("value", "lo", "hi")}
    return {**limits, "reason": logarithm.get("reason")}


def join(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)


def plural(number: int, one: str, many: str | None = None) -> str:
    """`1 patient`, `2 patients`."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def sentence(words: str) -> str:
    """Words with a capital at the start and a full stop at the end."""
    start = words[:1].upper() + words[1:]
    return start if start.endswith((".", "!", "?")) else start + "."


def position(estimate: Estimate, ideal: float = 1.0) -> str:
    """Where the whole interval lies: `below`, `around` or `above` the ideal, or `unknown`."""
    if estimate.get("value") is None or estimate.get("lo") is None or estimate.get("hi") is None:
        return "unknown"
    if estimate["hi"] < ideal:
        return "below"
    return "above" if estimate["lo"] > ideal else "around"
