"""The reports of the releases in use, where people read them."""

import contextlib
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.operations.releases.store import Store
from pipeline.reporting import render_index, speaking
from pipeline.sections import Settings

REPORTS = "reports"
SUMMARY = "summary.json"
FOLDER = Path(files.PUBLIC)


def show_reports(settings: Settings) -> None:
    """Put the reports of all releases in use into `reports/`, each file in one step, and then the index anew.

    A cohort without a release keeps the report that `dvc repro` made of it; one whose release is not as it was sealed,
    which runs and `doctor` tell of, keeps the report that is there.
    """
    writes: dict[Path, Callable[[Path], None]] = {}
    for cohort in settings.cohorts:
        with contextlib.suppress(ConfigurationError):
            writes |= _list_writes(Store.of(cohort).champion(), cohort)
    if writes:
        files.write_whole(writes)
        summaries = [FOLDER / "summaries" / f"{cohort}.json" for cohort in settings.cohorts]
        with speaking(settings.report.language):
            index = render_index([files.read_json(path) for path in summaries if path.is_file()])
        files.write_whole({FOLDER / "index.html": partial(files.write_text, text=index)})


def _list_writes(release: Path | None, cohort: str) -> dict[Path, Callable[[Path], None]]:
    """What is to be written for a cohort, by place."""
    if release is None:
        return {}
    published = release / REPORTS
    copied = [path for path in published.rglob("*") if path.is_file() and path.name != SUMMARY]
    writes: dict[Path, Callable[[Path], None]] = {
        FOLDER / cohort / path.relative_to(published): partial(_copy, source=path) for path in copied
    }
    summary: dict[str, Any] = files.read_json(published / SUMMARY) | {"release": release.name}
    writes[FOLDER / "summaries" / f"{cohort}.json"] = partial(files.write_json, content=summary)
    return writes


def _copy(path: Path, source: Path) -> None:
    path.write_bytes(source.read_bytes())
