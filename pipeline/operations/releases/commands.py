"""What an operator asks of releases: which there are, what is in one, how two differ, and which is in use."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pipeline.errors import ConfigurationError
from pipeline.files import read_json
from pipeline.operations import lock
from pipeline.operations.releases.manifest import verify
from pipeline.operations.releases.shown import show_reports
from pipeline.operations.releases.store import Store
from pipeline.settings import load_settings

FIGURES = ("auroc", "calibration_slope", "oe_ratio", "brier", "n", "events")
METRICS = "reports/metrics.json"


def ask(cohort: str, action: str, names: Sequence[str]) -> list[str]:
    """What `releases COHORT ACTION NAMES` answers, a line each; `ACTIONS` are those there are.

    Those that change what is in use hold the lock and put its report where people read it. Raises ConfigurationError
    where the number of names is wrong, a release is not there or not as it was sealed, and LockedError during a run.
    """
    settings = load_settings()
    settings.find_cohort(cohort)
    command, fewest, most = ACTIONS[action]
    if not fewest <= len(names) <= most:
        expected = str(fewest) if fewest == most else f"{fewest} to {most}"
        raise ConfigurationError(f"releases {action} takes {expected} names of releases; got {len(names)}")
    store, padded = Store.of(cohort), [*names, *[None] * (most - len(names))]
    if action not in CHANGING:
        return command(store, *padded)
    with lock.hold():
        said = command(store, *padded)
        show_reports(settings)
    return said


def list_releases(store: Store) -> list[str]:
    """A line for each release, oldest first, and which is in use or pinned; none of them is verified."""
    current, pinned = store.current(), store.pinned()
    lines = []
    for name in store.names():
        marks = [mark for mark, which in (("in use", current), ("pinned", pinned)) if which == name]
        lines.append(f"{name}{'  ' + ', '.join(marks) if marks else ''}")
    return lines or [f"{store.folder.name} has no release yet; `retrain` makes the first"]


def show_release(store: Store, name: str | None) -> list[str]:
    """What a release holds, once it is verified; the one in use if none is named."""
    path = store.path(_named(store, name))
    manifest = verify(path)
    figures = read_json(path / METRICS)
    said = [f"{path.name}, verified"]
    said += [f"{key}: {value}" for key, value in manifest.items() if not isinstance(value, dict)]
    said += [f"{key}: {_with_interval(figures, key)}" for key in FIGURES if key in figures]
    return said + [f"{file}  {facts['sha256']}" for file, facts in manifest["files"].items()]


def diff_releases(store: Store, one: str, other: str) -> list[str]:
    """Which files of two verified releases differ, and their figures side by side."""
    paths = [store.path(name) for name in (one, other)]
    (before, after) = (verify(path)["files"] for path in paths)
    hashes = [{name: facts["sha256"] for name, facts in listed.items()} for listed in (before, after)]
    changed = sorted(name for name in {*before, *after} if hashes[0].get(name) != hashes[1].get(name))
    said = [f"{name}: {_compare(name, before, after)}" for name in changed] or ["the same files"]
    figures = [read_json(path / METRICS) for path in paths]
    return said + [
        f"{key}: {_with_interval(figures[0], key)}; then {_with_interval(figures[1], key)}"
        for key in FIGURES
        if key in figures[0] and key in figures[1]
    ]


def verify_releases(store: Store, name: str | None) -> list[str]:
    """Verify one release, or each. Raises ConfigurationError at the first that is not as it was sealed."""
    names = [_named(store, name)] if name else store.names()
    for each in names:
        verify(store.path(each))
    return [f"{store.path(each).name} is as it was sealed" for each in names] or list_releases(store)


def roll_back(store: Store, name: str | None) -> list[str]:
    """Put an earlier release in use: the one named, or else the one before the one in use."""
    current, names = store.current(), store.names()
    if name is None:
        if current is None or current not in names or names.index(current) == 0:
            raise ConfigurationError(f"{store.folder.name} has no release before the one in use; name one")
        name = names[names.index(current) - 1]
    target = store.path(name).name
    store.use(target)
    return [f"{target} is in use now, and {current} no more"]


def pin(store: Store, name: str | None) -> list[str]:
    """Put a release in use, that of now if none is named, and let none take its place until `unpin`."""
    target = store.path(_named(store, name)).name
    store.use(target)
    store.pin(target)
    return [f"{target} is in use and stays so until `releases {store.folder.name} unpin`"]


def unpin(store: Store) -> list[str]:
    """Let new releases take the place of the one in use again."""
    store.unpin()
    return [f"a new release of {store.folder.name} takes the place of the one in use again"]


ACTIONS: dict[str, tuple[Callable[..., list[str]], int, int]] = {
    "list": (list_releases, 0, 0),
    "show": (show_release, 0, 1),
    "diff": (diff_releases, 2, 2),
    "verify": (verify_releases, 0, 1),
    "rollback": (roll_back, 0, 1),
    "pin": (pin, 0, 1),
    "unpin": (unpin, 0, 0),
}
"""What may be asked, by name, with how few and how many releases are named."""
CHANGING = frozenset({"rollback", "pin", "unpin"})


def _named(store: Store, name: str | None) -> str:
    found = name or store.current()
    if found is None:
        raise ConfigurationError(f"{store.folder.name} has no release in use; name one")
    return found


def _compare(name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> str:
    return "only before" if name not in after else "only after" if name not in before else "changed"


def _with_interval(figures: Mapping[str, Any], key: str) -> str:
    limits = [figures.get(f"{key}_{end}") for end in ("lo", "hi")]
    return f"{figures[key]}" + (f" ({limits[0]} to {limits[1]})" if None not in limits else "")
