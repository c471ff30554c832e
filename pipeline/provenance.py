"""Where a report comes from: code, data, settings and seeds, by what anybody can compute again.

The code is named by the hash that git gives its folder, so that `git rev-parse COMMIT:pipeline` finds the commits that
hold it, and a report is the same bytes before and after the commit that records it.
"""

import hashlib
import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pipeline.files import hash_file
from pipeline.phrases import phrase

LIBRARIES = ("pandas", "pandera", "scikit-learn", "xgboost", "shap")
HERE = Path(__file__).parent
LEFT_OUT = ("__pycache__", ".pyc")
SECRET = {"pseudonym_key"}
"""Settings that a hash would let others guess."""

SOURCE = phrase("Source")
SOFTWARE = phrase("Software")
LIBRARY = phrase("Libraries")
CODE = phrase("Code, git tree of pipeline/")
SCHEMA = phrase("Schema of the cohort, SHA-256")
RECORDS = phrase("Valid records, SHA-256")
SETTINGS = phrase("Settings, SHA-256")
LOCK = phrase("requirements.lock, SHA-256")
SEEDS = phrase("Seeds")


def describe_provenance(
    source: str, files: dict[str, Path], settings: dict[str, Any], code: Path = HERE
) -> dict[str, str]:
    """What a report shows of where it comes from, by label.

    `files` maps labels to the files that are hashed, `settings` the sections of `params.yaml` that shape the report to
    their plain content; `code` is the folder of the code.
    """
    seeds = {name: section["seed"] for name, section in settings.items() if "seed" in section}
    return {
        SOURCE: source,
        SOFTWARE: f"clinrisk {version('clinrisk')}",
        LIBRARY: ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        CODE: hash_tree(code).hex(),
        **{label: hash_file(path) for label, path in files.items()},
        SETTINGS: hash_settings(settings),
        SEEDS: ", ".join(f"{name} {seed}" for name, seed in seeds.items()),
    }


def hash_settings(settings: dict[str, Any]) -> str:
    """SHA-256 of the settings as canonical JSON, but for `SECRET` ones, in hexadecimal."""
    told = {name: {k: v for k, v in section.items() if k not in SECRET} for name, section in settings.items()}
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def hash_tree(folder: Path) -> bytes:
    """The SHA-1 hash of a folder as git names it (Git, `gitformat-tree`), of plain files, without compiled code."""
    entries = []
    for path in folder.iterdir():
        if path.name.endswith(LEFT_OUT):
            continue
        kind, made = ("40000", hash_tree(path)) if path.is_dir() else ("100644", _hash("blob", path.read_bytes()))
        entries.append((path.name + "/" * path.is_dir(), f"{kind} {path.name}".encode() + b"\0" + made))
    return _hash("tree", b"".join(entry for _, entry in sorted(entries)))


def _hash(kind: str, content: bytes) -> bytes:
    return hashlib.sha1(f"{kind} {len(content)}".encode() + b"\0" + content, usedforsecurity=False).digest()
