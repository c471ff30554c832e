"""What a release holds, and what its manifest says."""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.operations.drift import REFERENCE
from pipeline.operations.findings import FINDINGS, NETWORK
from pipeline.operations.releases.shown import REPORTS, SUMMARY
from pipeline.provenance import hash_tree

MODEL = ("model.json", "phenotypes_model.json", "refits.json", "predictions.parquet")


def list_contents(clone: Path, cohort: str, *, images: bool) -> dict[str, Path]:
    """Every file of a release by its name there, from the folder where it was built.

    The model and what learnt it, unseen patients' risks, who taught it, the schema, settings and versions it was made
    with, a sample of patients to compare later ones with, and all that is published; with `images` also the networks
    that see them, and what was told of patients by networks that had not seen them.
    """
    found = {name: clone / "artifacts" / cohort / name for name in (*MODEL, REFERENCE)}
    found["split.parquet"] = clone / "data" / cohort / "split.parquet"
    if images:
        found[NETWORK] = clone / "artifacts" / cohort / NETWORK
        found[FINDINGS] = clone / "data" / cohort / FINDINGS
    found["schema.py"] = clone / "data_schemas" / f"{cohort}.py"
    found |= {name: clone / name for name in ("params.yaml", "requirements.lock")}
    published = clone / files.PUBLIC / cohort
    found |= {f"{REPORTS}/{path.relative_to(published)}": path for path in _list_files(published)}
    found[f"{REPORTS}/{SUMMARY}"] = clone / files.PUBLIC / "summaries" / f"{cohort}.json"
    return found


def describe_release(clone: Path, cohort: str, run: str, key: str, replaces: str | None) -> dict[str, Any]:
    """What the manifest says beside the files; `key` is the fingerprint of the key to the pseudonyms."""
    return {
        "cohort": cohort,
        "run": run,
        "replaces": replaces,
        "verdict": files.read_json(clone / files.PUBLIC / cohort / "verdict.json")["verdict"],
        "software": f"clinrisk {version('clinrisk')}",
        "code": hash_tree(clone / "pipeline").hex(),
        "pseudonym_key": key,
    }


def _list_files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())
