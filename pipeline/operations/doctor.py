"""Whether the machine and the configuration are fit; each fault with its cure."""

import importlib.metadata
import os
import re
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from data_schemas.columns import Cohort, Role
from pipeline import extras
from pipeline.card import read_cards
from pipeline.errors import ClinriskError
from pipeline.operations.pseudonyms import are_by
from pipeline.operations.releases.store import Store
from pipeline.sections import CohortSettings, DatabaseSource, Settings
from pipeline.settings import load_cohort, load_settings

LOCK = Path("requirements.lock")
CARD = Path("model_card.yaml")
DEMO_DATA = Path("data/demo")
DEMO_KEY = "demo key, not secret"
RESTRICTED = ("artifacts", "releases", "runs")
DISK_NEEDED = 2 * 2**30
PINNED = re.compile(r"^([A-Za-z0-9_.-]+)==([^ ;\\]+)", re.MULTILINE)
NEEDED = ("dvc", "matplotlib", "numpy", "pandas", "pandera", "pyarrow", "scikit-learn", "scipy", "shap", "xgboost")


@dataclass(frozen=True)
class Finding:
    """One thing looked at, in a sentence; a fault has a cure."""

    fit: bool
    sentence: str
    cure: str = ""


def examine() -> list[Finding]:
    """Look at everything a run needs, from the root of the repository."""
    looks: list[Callable[[], Iterator[Finding]]] = [
        _python,
        _packages,
        _tools,
        _disk,
        _environment,
        _permissions,
        _configuration,
    ]
    return [finding for look in looks for finding in look()]


def _python() -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    fit = sys.version_info >= (3, 11)
    yield Finding(fit, f"Python {version}", "" if fit else "install Python 3.11 or newer, then run `make clean repro`")


def _packages() -> Iterator[Finding]:
    if not LOCK.exists():
        yield Finding(False, f"{LOCK} is missing", "run from the root of the repository, or restore the file")
        return
    locked: dict[str, set[str]] = {}
    for name, version in PINNED.findall(LOCK.read_text(encoding="utf-8")):
        locked.setdefault(name, set()).add(version)
    wrong = [fault for name in NEEDED if (fault := _package_fault(name, locked.get(name, set())))]
    yield from (Finding(False, fault, "run `make clean repro` to install requirements.lock") for fault in wrong)
    if not wrong:
        yield Finding(True, f"{len(NEEDED)} libraries are those of {LOCK}")


def _package_fault(name: str, versions: set[str]) -> str:
    try:
        installed = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return f"{name} is not installed"
    return "" if installed in versions else f"{name} {installed} is installed, {LOCK} has {', '.join(sorted(versions))}"


def _tools() -> Iterator[Finding]:
    for tool, cure in (("dvc", "use `make repro`, or put .venv/bin on the PATH"), ("git", "install git")):
        found = shutil.which(tool)
        yield Finding(bool(found), f"{tool} is {'on' if found else 'not on'} the PATH", "" if found else cure)


def _disk() -> Iterator[Finding]:
    free = shutil.disk_usage(".").free
    fit = free >= DISK_NEEDED
    cure = "" if fit else f"free at least {DISK_NEEDED / 2**30:.0f} GiB"
    yield Finding(fit, f"{free / 2**30:.1f} GiB of disk are free", cure)


def _environment() -> Iterator[Finding]:
    off = os.environ.get("PANDERA_VALIDATION_ENABLED", "").lower() in ("false", "0")
    if off:
        yield Finding(False, "PANDERA_VALIDATION_ENABLED turns validation off for other tools", "unset it")


def _permissions() -> Iterator[Finding]:
    folders = [Path(name) for name in RESTRICTED] + [p for p in Path("data").glob("*") if p.name != "demo"]
    open_to_others = [p for p in folders if p.is_dir() and stat.S_IMODE(p.stat().st_mode) & 0o077]
    for path in open_to_others:
        yield Finding(False, f"{path} holds patient-level data and is open to others", f"chmod -R go= {path}")
    if not open_to_others:
        yield Finding(True, "patient-level folders are closed to others")


def _configuration() -> Iterator[Finding]:
    try:
        settings = load_settings()
    except ClinriskError as error:
        yield Finding(False, str(error), "mend params.yaml as the sentence says")
        return
    yield Finding(True, "params.yaml is complete, and every key is known")
    yield from _names(settings)
    yield from _cards(settings)
    yield from _key(settings)
    yield from _engine(settings)
    for name in settings.cohorts:
        yield from _cohort(name, settings)
        yield from _release(name)


def _names(settings: Settings) -> Iterator[Finding]:
    from pipeline.models.planning import check_names
    from pipeline.phenotypes.clusterers import check_names as check_clusterers

    checks: dict[str, Callable[[], None]] = {
        "train": lambda: check_names(settings.train),
        "cluster": lambda: check_clusterers(settings.cluster.clusterers),
    }
    for section, check in checks.items():
        try:
            check()
        except ClinriskError as error:
            yield Finding(False, str(error), f"mend `{section}` in params.yaml")


def _cards(settings: Settings) -> Iterator[Finding]:
    if not CARD.exists():
        cure = "restore the file; one that is empty will do"
        yield Finding(False, f"{CARD} is missing: its fields count as not supplied, and `dvc repro` stops", cure)
        return
    try:
        cards = read_cards(CARD)
    except ClinriskError as error:
        yield Finding(False, str(error), f"mend {CARD} as the sentence says")
        return
    strange = [name for name in cards if name not in settings.cohorts]
    for name in strange:
        cure = f"mend the name, or take the entry out; cohorts are {', '.join(settings.cohorts)}"
        yield Finding(False, f"{CARD} has an entry {name!r}, which is no cohort of params.yaml", cure)
    if not strange:
        yield Finding(True, f"{CARD} can be read, with entries for {len(cards)} of {len(settings.cohorts)} cohorts")


def _key(settings: Settings) -> Iterator[Finding]:
    from pipeline.records.identity import read_key

    try:
        key = read_key(settings.validate_)
    except ClinriskError as error:
        yield Finding(False, str(error), "see `Key of pseudonyms` in docs/operations.md")
        return
    own = [name for name, entry in settings.cohorts.items() if not _is_demo(entry.source.path)]
    if key == DEMO_KEY and own:
        cure = "set a key of your own before the first `dvc repro`, as docs/operations.md tells"
        yield Finding(False, f"cohort {own[0]} would get pseudonyms by the demo key, which all the world has", cure)
        return
    which = "is the demo key, which will do for the demo" if key == DEMO_KEY else "is one of your own"
    yield Finding(
        True, f"the key of pseudonyms, from {settings.validate_.pseudonym_key_from or 'params.yaml'}, {which}"
    )
    yield from (_key_of_records(name, key) for name in settings.cohorts if Path("data", name, "valid.parquet").exists())


def _engine(settings: Settings) -> Iterator[Finding]:
    """Whether the cluster is there and fit, by beginning to use it; a process of its own needs nothing."""
    from pipeline.cluster import connect

    if settings.engine.name == "local":
        return
    try:
        with connect(settings.engine) as engine:
            count = len(engine.workers())
    except ClinriskError as error:
        yield Finding(False, str(error), "mend `engine` in params.yaml, or the cluster, as docs/scale.md tells")
        return
    yield Finding(True, f"engine dask: {count} workers of {engine.address} run this code in this folder")


def _is_demo(path: str) -> bool:
    return Path(os.path.normpath(path)).is_relative_to(DEMO_DATA)


def _key_of_records(name: str, key: str) -> Finding:
    folder = Path("data", name)
    try:
        same = are_by(key, folder, load_cohort(name))
    except (ClinriskError, OSError, ValueError):  # of the schema another finding speaks
        return Finding(False, f"the records in {folder} cannot be read by the schema of now", "run `dvc repro`")
    if same:
        return Finding(True, f"the pseudonyms in {folder} are by the key of now")
    cure = "see `Rotating the key` in docs/operations.md"
    return Finding(False, f"no pseudonym in {folder} is by the key of now", cure)


def _release(name: str) -> Iterator[Finding]:
    store = Store.of(name)
    try:
        used = store.champion()
    except ClinriskError as error:
        cure = f"restore releases/{name} from a backup, or run `clinrisk releases {name} rollback`"
        yield Finding(False, str(error), cure)
        return
    if used:
        yield Finding(True, f"release {used.name} of {name}, which is in use, is as it was sealed")


def _cohort(name: str, settings: Settings) -> Iterator[Finding]:
    entry = settings.cohorts[name]
    try:
        cohort = load_cohort(name)
    except ClinriskError as error:
        yield Finding(False, str(error), f"mend data_schemas/{name}.py, or take {name} out of params.yaml")
        return
    if not Path(entry.records.path).is_file():
        yield Finding(False, f"{entry.records.path} is missing", f"put the file there, or mend the source of {name}")
        return
    if (cohort.index_date() is None) != (entry.test_from is None):
        has = "an index date" if cohort.index_date() else "no index date"
        cure = "give test_from in params.yaml exactly where the schema declares an index date"
        yield Finding(False, f"cohort {name} has {has} and test_from is {entry.test_from or 'absent'}", cure)
        return
    if isinstance(entry.source, DatabaseSource) and not os.environ.get(entry.source.url_from):
        cure = f"set {entry.source.url_from} to the database's address where `dvc repro` runs"
        yield Finding(False, f"{entry.source.url_from}, the address of the database of {name}, is not set", cure)
        return
    if guessed := sum(map(len, cohort.unconfirmed().values())):
        cure = f"check each `guessed` in data_schemas/{name}.py, then delete it; nothing is trained before"
        yield Finding(False, f"cohort {name} is a draft with {guessed} unconfirmed guesses", cure)
        return
    if fault := _find_image_fault(name, cohort, entry):
        yield fault
        return
    yield Finding(True, f"cohort {name}: schema with {len(cohort.columns())} columns, source found")


def _find_image_fault(name: str, cohort: type[Cohort], entry: CohortSettings) -> Finding | None:
    """What is missing where the cohort has images."""
    if not cohort.with_role(Role.IMAGE):
        return None
    if entry.images is None:
        cure = "let source.path name the folder that holds table and images, and `table` the file of records in it"
        return Finding(False, f"cohort {name} has images and its source is no folder", cure)
    if missing := extras.find_missing(extras.IMAGING):
        return Finding(False, f"cohort {name} has images and {', '.join(missing)} not installed", extras.CURE)
    return None
