"""The page of one patient, or of each on a clinic list: found, explained, rendered, and written for nobody else."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from data_schemas.columns import Cohort, Role
from pipeline import files
from pipeline.errors import ConfigurationError
from pipeline.explanation.changes import Basis, refuse_value
from pipeline.explanation.patient import explain_patients, place_among
from pipeline.models.ensemble import ENSEMBLE
from pipeline.models.inputs import list_inputs
from pipeline.operations.findings import draw_maps
from pipeline.operations.model_file import Stored, find_model, read_model, read_refits
from pipeline.operations.patient_records import Known, find_known, find_new
from pipeline.phenotypes import predictor_values
from pipeline.records.checks import keeps_rules
from pipeline.records.identity import read_key
from pipeline.reporting import speaking, words
from pipeline.reporting.patient import build_patient, build_patient_list
from pipeline.reporting.render import render_patient, render_patient_list
from pipeline.sections import Settings
from pipeline.settings import load_cohort, load_settings

FEWEST = 20  # patients evaluated, for a place among them
LONGEST = 1000  # patients on a list: each page takes about a second


@dataclass(frozen=True)
class Query:
    """What is asked: for whom, from which file of records and which model, if not the cohort's own, and which changes.

    `asked` gives values to try for modifiable predictors, by name.
    """

    cohort: str
    identifiers: tuple[str, ...]
    path: str | None = None
    model: Path | None = None
    asked: tuple[tuple[str, float], ...] = ()


def ask_for_pages(
    cohort: str,
    one: tuple[str | None, Path | None],
    several: tuple[Path | None, Path | None],
    *,
    path: str | None = None,
    model: Path | None = None,
    asked: Sequence[tuple[str, float]] = (),
) -> list[str]:
    """Write the page of `one`, identifier and file, or of `several`, list and folder; returns what was done.

    Raises ConfigurationError unless one of the pairs is given whole and the other is not, and else as the functions
    below.
    """
    query = partial(Query, cohort, path=path, model=model, asked=tuple(asked))
    match one, several:
        case (str(identifier), Path() as out), (None, None):
            return write_patient(query((identifier,)), out)
        case (None, None), (Path() as listed, Path() as folder):
            return write_patients(query(read_list(listed)), folder)
    raise ConfigurationError("expected an identifier with --out, or --list with --out-folder, and not both")


def write_patient(query: Query, out: Path) -> list[str]:
    """Write the page of the one patient of `query` to the new file `out`, mode 0600; returns what was done.

    Raises ConfigurationError on a place that must not be written, a missing model, or a change that may not be asked,
    and DataRefusedError where the patient is not found or the record breaks a rule. Nothing is written then.
    """
    if out.suffix != ".html":
        raise ConfigurationError(f"{out.name}: expected a name that ends in .html")
    _refuse_place(out)
    [(page, _)] = _render_pages(query)
    files.write_whole({out: partial(files.write_text, text=page)})
    return [f"Wrote the page to {out}. It is about one patient: keep it as the record is kept."]


def write_patients(query: Query, folder: Path) -> list[str]:
    """Write a page for each patient of `query`, and `index.html` that leads to them, to the new `folder`, mode 0700.

    Pages are named by their place in the list. Raises as `write_patient`; one patient at fault, and nothing is written.
    """
    _refuse_place(folder)
    pages = _render_pages(query)
    width = len(str(len(pages)))
    names = [f"{number:0{width}d}.html" for number in range(1, len(pages) + 1)]
    entries = [(i, name, shown) for i, name, (_, shown) in zip(query.identifiers, names, pages, strict=True)]
    with speaking(load_settings().report.language):
        index = render_patient_list(build_patient_list(load_cohort(query.cohort), entries))
    texts = {"index.html": index} | {name: page for name, (page, _) in zip(names, pages, strict=True)}
    files.write_whole({folder: partial(files.write_folder, texts=texts)})
    return [f"Wrote {len(pages):,} pages to {folder}; begin with index.html. Keep them as the records are kept."]


def read_list(path: Path) -> tuple[str, ...]:
    """The identifiers in a text file, one a line; empty lines count for nothing.

    Raises ConfigurationError where there are none, one stands twice, or there are more than 1,000.
    """
    try:
        lines = [line.strip() for line in path.read_text(encoding="utf-8-sig").splitlines()]
    except (OSError, UnicodeDecodeError):
        raise ConfigurationError(f"{path} cannot be read as UTF-8 text; expected one identifier a line") from None
    found = [line for line in lines if line]
    if not 1 <= len(found) <= LONGEST:
        raise ConfigurationError(f"{path} lists {len(found):,} patients, expected 1 to {LONGEST:,}, one a line")
    if len(set(found)) < len(found):
        raise ConfigurationError(f"{path} lists a patient twice; remove one of the lines")
    return tuple(found)


def _refuse_place(place: Path) -> None:
    if place.exists() or place.is_symlink():
        raise ConfigurationError(f"{place} exists already; remove it or name another")
    public = Path(files.PUBLIC).resolve()
    if public in (place.resolve(), *place.resolve().parents):
        raise ConfigurationError(f"{place} is about single patients, and {files.PUBLIC}/ is published; write elsewhere")


def _render_pages(query: Query) -> list[tuple[str, str]]:
    """The page of each patient, and the risk that it shows."""
    settings, cohort = load_settings(), load_cohort(query.cohort)
    settings.find_cohort(query.cohort)
    path, _ = find_model(query.cohort, query.model)
    stored = read_model(path, cohort)
    known = _find(query, cohort, settings, path)
    basis = _make_basis(stored, cohort, path)
    _refuse_asked(query, known, basis)
    records = pd.concat([one.record for one in known], ignore_index=True)
    accounts = explain_patients(records, basis, dict(query.asked))
    evaluated = _read_evaluated(path.with_name("predictions.parquet"))
    fewest = max(FEWEST, settings.disclosure.smallest_group)
    judged, clusters = _judge_phenotypes(known, stored, cohort), _read_clusters(query)
    network = (_read_public(query, "performance.json").get("images") or {}).get("network")
    common = {"network": network, "patients": len(evaluated), "fewest": fewest, "model": files.hash_file(path)}
    pages = []
    for identifier, one, account, nearest in zip(query.identifiers, known, accounts, judged, strict=True):
        told = {name: _plain(value) for name, value in (account.told | nearest).items()}
        found = _describe(one, cohort, basis) | {"account": asdict(account) | {"told": told}} | common
        found |= {"identifier": identifier, "place": place_among(told["risk"], evaluated, fewest)}
        found |= {"phenotype": clusters.get(nearest.get("phenotype", 0)), "images": _draw(one, path)}
        with speaking(settings.report.language):
            pages.append((render_patient(build_patient(cohort, found)), words.patient.risk(told["risk"])))
    return pages


def _find(query: Query, cohort: type[Cohort], settings: Settings, model: Path) -> list[Known]:
    if query.path is None:
        return find_known(query.cohort, query.identifiers, cohort, read_key(settings.validate_), model)
    return find_new(settings.find_cohort(query.cohort).records, query.path, query.identifiers, cohort, model)


def _make_basis(stored: Stored, cohort: type[Cohort], path: Path) -> Basis:
    """Changes are judged by the cohort's own derived columns and rules."""
    predictors = cohort.predictors()
    inputs = {name: predictors[name] for name in list_inputs(stored.content)}
    return Basis(stored.deployed, inputs, cohort.derive, partial(keeps_rules, cohort=cohort), read_refits(path))


def _refuse_asked(query: Query, known: Sequence[Known], basis: Basis) -> None:
    """Raise ConfigurationError for a change that the schema does not allow a patient."""
    for name, after in query.asked:
        if name not in basis.inputs:
            raise ConfigurationError(f"--what-if {name}: no predictor of this model has this name")
        for one in known:
            value = one.record[name].iloc[0]
            number = float(value) if basis.inputs[name].numeric and not pd.isna(value) else None
            if reason := refuse_value(basis.inputs[name], number, after):
                raise ConfigurationError(
                    f"--what-if {name}: {words.patient.REFUSED[reason]}; {_say_allowed(basis, name)}"
                )


def _say_allowed(basis: Basis, name: str) -> str:
    change, unit = basis.inputs[name].change, basis.inputs[name].unit or "units"
    if change is None:
        modifiable = [n for n, column in basis.inputs.items() if column.change]
        return f"these are: {', '.join(modifiable)}" if modifiable else "no factor of this cohort is"
    low, high = change.bounds
    way = "down" if change.step < 0 else "up"
    return f"it may go {way} by at most {abs(change.step):g} {unit}, from {low:g} to {high:g}"


def _describe(one: Known, cohort: type[Cohort], basis: Basis) -> dict[str, Any]:
    """What the page says of the record, in plain values."""
    date = cohort.index_date()
    day = one.record[date].iloc[0] if date else None
    return {
        "date": None if day is None or pd.isna(day) else f"{day:%Y-%m-%d}",
        "records": one.records,
        "taught": one.taught,
        "values": {name: _plain(one.record[name].iloc[0]) for name in basis.inputs},
    }


def _plain(value: Any) -> Any:
    """A value without its library's type; None where it is missing."""
    if pd.isna(value):
        return None
    return value.item() if isinstance(value, np.generic) else value


def _draw(one: Known, model: Path) -> list[dict[str, Any]] | None:
    """The record's images with what the network sees on them; None where the cohort has none."""
    if one.images is None:
        return None
    shown = draw_maps(model, one.images) if len(one.images) else []
    return [each | {"out_of_fold": None if one.taught is None else not one.taught} for each in shown]


def _judge_phenotypes(known: Sequence[Known], stored: Stored, cohort: type[Cohort]) -> list[dict[str, Any]]:
    """Of each patient `phenotype` and `unlike_phenotypes`; nothing where the model has no phenotypes beside it."""
    if stored.phenotypes is None:
        return [{} for _ in known]
    records = pd.concat([one.record for one in known], ignore_index=True)
    judged = stored.phenotypes.judge(predictor_values(records, cohort.with_role(Role.PREDICTOR)))
    return [{str(name): _plain(value) for name, value in row.items()} for row in judged.to_dict("records")]


def _read_clusters(query: Query) -> dict[int, dict[str, Any]]:
    """The published description of each phenotype by number."""
    found = _read_public(query, "phenotypes.json").get("clusters", [])
    return {cluster["cluster"]: cluster for cluster in found}


def _read_public(query: Query, name: str) -> dict[str, Any]:
    """What is published of the cohort's model; nothing where it is not there, or another model is asked."""
    path = Path(files.PUBLIC, query.cohort, name)
    if query.model is not None or not path.is_file():
        return {}
    found: dict[str, Any] = files.read_json(path)
    return found


def _read_evaluated(path: Path) -> Any:
    """Out-of-fold risks, one a patient; none where the model has no predictions beside it."""
    if not path.is_file():
        return np.array([])
    told = files.read_parquet(path)
    return told.groupby("pseudonym", observed=True)[f"risk_{ENSEMBLE}"].mean().dropna().to_numpy(float)
