"""Risks for new patients by the stored model, one row per record; with outcomes, how well the risks hold.

Records are read, checked and scored in parts, each of which is kept beside the result once it is whole. When all are
there the result is put together and in place in one step. A run that was killed goes on where it ended.
"""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from data_schemas.columns import Cohort
from pipeline import files
from pipeline.disclosure import publish
from pipeline.engine import start_engine
from pipeline.errors import DataRefusedError
from pipeline.operations.external import choose_updates, say_findings, validate_externally
from pipeline.operations.findings import NETWORK
from pipeline.operations.model_file import find_model, read_model, recalibrate
from pipeline.operations.scoring.database_table import write_tables
from pipeline.operations.scoring.followed import follow
from pipeline.operations.scoring.places import Places, refuse_places
from pipeline.operations.scoring.scorer import Scored, Scorer
from pipeline.operations.scoring.staging import Staging, hash_part
from pipeline.operations.scoring.tables import count_missing, write_as
from pipeline.outcomes import outcome_columns
from pipeline.progress import log
from pipeline.provenance import HERE, hash_tree
from pipeline.records.new_patients import read_new_parts
from pipeline.records.sources.endings import source_like
from pipeline.sections import Settings, Source
from pipeline.settings import load_cohort, load_settings

FACTORS = 3
ROWS = 100_000  # records of a part
ROWS_WITH_IMAGES = 1000
SAID_EVERY = 10  # parts


@dataclass(frozen=True)
class _Order:
    """What is scored with what, and where to: all that is known before the first record is read."""

    source: Source
    scorer: Scorer
    model: Path
    places: Places
    staging: Staging
    settings: Settings


def score_file(
    cohort_name: str,
    path: str,
    places: Places,
    model: Path | None = None,
    *,
    url_from: str | None = None,
    factors: int = FACTORS,
) -> list[str]:
    """Write the risks of the patients in the file, or from the query, at `path`; what was done, in sentences.

    Images that records name lie in the folder of the file. `url_from` names the variable with the address of a query's
    database, where it is not the cohort's declared one.
    Without `model` it is that of the release in use, or before the first release that of `dvc repro`. Each risk comes
    with the predictors that say most about it, `factors` in number. Raises ConfigurationError on a place that must not
    be written, a missing or changed model, or one made for another schema, DataRefusedError where the source cannot be
    read, or outcomes are needed and missing, and LockedError where another run writes the same result. Nothing is
    written then.
    """
    staging = places.staging(cohort_name)
    refuse_places(places, staging.placing())
    settings, cohort = load_settings(), load_cohort(cohort_name)
    source = source_like(settings.find_cohort(cohort_name).records, path, url_from)
    found, release = find_model(cohort_name, model)
    stored = read_model(found, cohort)
    version = release or files.hash_file(found)[:16]
    evaluated = bool(places.evaluation or places.recalibrated)
    images = Path(path).parent
    scorer = Scorer(stored, images, cohort, version, getattr(source, "decimal", "."), factors, evaluated)
    scorer.columns()
    with staging.hold():
        return _carry_out(_Order(source, scorer, found, places, staging, settings))


def _carry_out(order: _Order) -> list[str]:
    _stage(order)
    found, mended = _evaluate(order) if order.scorer.evaluated else (None, None)
    risks, refused = order.staging.paths("risks"), order.staging.paths("refused")
    records, without = count_missing(risks, "risk")
    _place(order, risks, refused if without else [], found, mended)
    order.staging.discard()
    return _say(order.places, records - without, without, found)


@dataclass(frozen=True)
class _Part:
    """Records of the source, which part of it they are, and the hash of all that shapes what is told of them."""

    number: int
    key: str
    raw: pd.DataFrame


def _stage(order: _Order) -> None:
    """Score what is not scored yet."""
    with start_engine(order.settings.engine) as engine:
        for number, key, scored in engine.map(partial(_score, scorer=order.scorer), _list_unscored(order)):
            tables = {"risks": scored.risks, "refused": scored.refused, "followed": scored.followed}
            kept = {name: table for name, table in tables.items() if table is not None}
            order.staging.keep(number, key, kept)


def _score(part: _Part, scorer: Scorer) -> tuple[int, str, Scored]:
    return part.number, part.key, scorer.score(part.raw)


def _list_unscored(order: _Order) -> Iterator[_Part]:
    """The parts of the source that are not staged yet; at its end the number of parts is known."""
    settings, cohort, number = _list_settings(order), order.scorer.cohort, -1
    for number, raw in enumerate(read_new_parts(order.source, cohort, _rows(cohort))):
        if order.scorer.evaluated:
            _refuse_without_outcome(raw, order.source.path, cohort)
        key = hash_part(raw, settings)
        if not order.staging.has(number, key):
            yield _Part(number, key, raw)
        if (number + 1) % SAID_EVERY == 0:
            log(f"Read {(number + 1) * _rows(cohort):,} records")
    order.staging.end(number + 1)


def _rows(cohort: type[Cohort]) -> int:
    return ROWS_WITH_IMAGES if cohort.findings() else ROWS


def _list_settings(order: _Order) -> dict[str, Any]:
    """All that shapes a part beside its records."""
    scorer, beside = order.scorer, [order.model.with_name(name) for name in ("phenotypes_model.json", NETWORK)]
    return {
        "model": [scorer.version, files.hash_file(order.model)],
        "images": _list_images(scorer.images) if scorer.cohort.findings() else None,
        "beside": [files.hash_file(path) if path.is_file() else None for path in beside],
        "schema": files.hash_file(Path(inspect.getfile(scorer.cohort))),
        "code": hash_tree(HERE).hex(),
        "asked": [scorer.decimal, scorer.factors, scorer.evaluated],
    }


def _list_images(folder: Path) -> list[tuple[str, int, int]]:
    """Name, size and time of each file there: enough to see that an image is another than before."""
    found = sorted(path for path in folder.rglob("*") if path.is_file())
    return [(str(path.relative_to(folder)), (told := path.stat()).st_size, told.st_mtime_ns) for path in found]


def _evaluate(order: _Order) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """The figures, and the content of the recalibrated model's file if it is asked for."""
    cohort, disclosure = order.scorer.cohort, order.settings.disclosure
    kept = map(files.read_parquet, order.staging.paths("followed"))
    followed = follow(kept, cohort, disclosure.smallest_group)
    choices = choose_updates(followed, disclosure.smallest_group)
    _, without = count_missing(order.staging.paths("risks"), "risk")
    found = publish(validate_externally(followed, choices, without, cohort, order.settings), disclosure.round_to)
    return found, recalibrate(order.scorer.stored, choices, followed) if order.places.recalibrated else None


def _refuse_without_outcome(raw: pd.DataFrame, path: str, cohort: type[Cohort]) -> None:
    if lacking := [name for name in outcome_columns(cohort.study().outcome) if name not in raw]:
        raise DataRefusedError(
            f"{path} has no column {', '.join(lacking)}: an evaluation compares risks with what became of the "
            "patients; add the outcome, or score without an evaluation"
        )


def _place(
    order: _Order, risks: list[Path], refused: list[Path], found: dict[str, Any] | None, mended: dict[str, Any] | None
) -> None:
    """Put all in place, or nothing; the risks last, since where they are all is whole."""
    places = order.places
    writes: dict[Path, Callable[[Path], None]] = {}
    if places.evaluation:
        writes[places.evaluation] = partial(files.write_json, content=files.rounded(found))
    if places.recalibrated:
        writes[places.recalibrated] = partial(files.write_json, content=mended)
    if places.out is None:
        order.staging.place(writes)
        tables = {str(places.table): risks, str(places.refused): refused}
        write_tables(places.target(), {name: staged for name, staged in tables.items() if staged})
        return
    if refused:
        aside = Path(places.refused)
        writes[aside] = write_as(aside, refused)
    order.staging.place(writes | {places.out: write_as(places.out, risks)})


def _say(places: Places, told: int, without: int, found: dict[str, Any] | None) -> list[str]:
    said = [f"Wrote {told:,} risks to {places.out or places.table}."]
    if without:
        said.append(f"Records without a risk: {without:,}; the column refused_because says why, and {places.refused}.")
    said += say_findings(found) if found else []
    if places.evaluation:
        said.append(f"Wrote the figures to {places.evaluation}.")
    if places.recalibrated:
        said.append(f"Wrote the model, with the recalibration that is supported, to {places.recalibrated}.")
    return said
