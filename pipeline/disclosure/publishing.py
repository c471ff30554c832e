"""The gate through which everything public passes: it knows which integers are counts, and lets no other through."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from pipeline.disclosure.rounding import NumberOf, Rest, TextOf, round_count

if TYPE_CHECKING:
    import pandas as pd

COUNTS = frozenset({
    "n", "events", "unknown", "patients", "rows_in", "valid", "quarantined", "records", "removed",
    "repeats_across_parts", "outside", "event", "no_event", "explained", "points_of", "treated", "control",
    "in_neither_arm", "eligible", "refused", "without_outcome", "map.hidden", "images", "shown", "with_images",
    "without_images", "with_several", "unclaimed_files", "without_header", "with_finding", "failed", "sampled",
})  # fmt: skip
"""Keys under which integers count patients or records; `parent.key` goes before `key`."""
NUMBERS = frozenset({
    "k", "cluster", "rank", "compared", "degrees", "resamples", "refits", "orders", "draws", "smallest", "step",
    "parameters", "parameters_allowed", "needed", "needed_events", "criteria.n", "sites.hidden",
})  # fmt: skip
"""Keys under which integers count or number other things: clusters, resamples, settings, what a formula asks for."""


def publish(content: Any, step: int) -> Any:
    """`content`, as JSON can hold it, with every count in it rounded; what is hidden or 0 stays.

    Raises AssertionError on an integer under a key that is in no register, so that no count is published unseen.
    """
    return _publish(content, step, "", "")


def publish_table(frame: "pd.DataFrame", step: int) -> "pd.DataFrame":
    """`frame` with the columns of counts rounded; raises as `publish` on a column of other integers."""
    import pandas as pd

    made = frame.copy()
    for name in map(str, frame):
        if (name in COUNTS or pd.api.types.is_integer_dtype(frame[name])) and _is_count("", name):
            made[name] = frame[name].map(lambda count: round_count(int(count), step), na_action="ignore")
    return made


def _publish(value: Any, step: int, parent: str, key: str) -> Any:
    """What stands under `key` in the object under `parent`; a list is nothing of its own."""
    if isinstance(value, Mapping):
        return {str(name): _publish(each, step, key, str(name)) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_publish(each, step, parent, key) for each in value]
    if isinstance(value, NumberOf | TextOf):
        return value.rounded(step)
    if not isinstance(value, int) or isinstance(value, bool) or not _is_count(parent, key):
        return value
    return value.rounded(step) if isinstance(value, Rest) else round_count(value, step)


def _is_count(parent: str, key: str) -> bool:
    """Whether integers there are counts of patients or records; raises AssertionError where nobody has said so."""
    for name in (f"{parent}.{key}", key):
        if name in COUNTS or name in NUMBERS:
            return name in COUNTS
    raise AssertionError(f"whether integers under {key!r} count patients stands in no register")
