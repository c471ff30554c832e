"""Estimates made up for the reporting tests."""

from typing import Any


def est(value: float | None, half: float = 0.05, reason: str | None = None) -> dict[str, Any]:
    """An estimate with a symmetric interval; without a value, the reason."""
    if value is None:
        return {"value": None, "lo": None, "hi": None, "reason": reason}
    return {"value": value, "lo": value - half, "hi": value + half, "reason": None}
