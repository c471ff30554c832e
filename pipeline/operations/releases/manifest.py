"""What seals a release: the hash of each of its files, and of this list itself, checked before anything is read.

The name of a release's folder ends in the first 64 bits of the SHA-256 of its manifest, so that a change of any bit in
any file, the manifest's own included, is seen before a byte of it is parsed.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipeline import files
from pipeline.errors import ConfigurationError

MANIFEST = "MANIFEST.json"
SIGNATURE = f"{MANIFEST}.sig"
"""What an operator may put beside the manifest, by `ssh-keygen -Y sign`, to tell who released it."""
NAME = re.compile(r"(\d{5,})-([0-9a-f]{16})")


def seal(folder: Path, number: int, facts: Mapping[str, Any]) -> str:
    """Write the manifest of the files in `folder`, with `facts`; returns the name that the release must have."""
    listed = {name: {"sha256": files.hash_file(folder / name), "bytes": (folder / name).stat().st_size}
              for name in _list(folder)}  # fmt: skip
    content = json.dumps({**facts, "number": number, "files": listed}, indent=2, ensure_ascii=False, allow_nan=False)
    (folder / MANIFEST).write_text(content + "\n", encoding="utf-8")
    return f"{number:05d}-{_digest(folder / MANIFEST)}"


def verify(folder: Path) -> dict[str, Any]:
    """The manifest of the release in `folder`, every file of which is as it was when it was sealed.

    Raises ConfigurationError, which names the first file that is changed, missing, too many or no plain file.
    """
    found = NAME.fullmatch(folder.name)
    if found is None or not folder.is_dir() or folder.is_symlink():
        raise ConfigurationError(f"{folder} is no release; `releases list` shows those there are")
    if not (folder / MANIFEST).is_file() or _digest(folder / MANIFEST) != found[2]:
        raise _tampered(folder, MANIFEST, "is not the one it was sealed with")
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    listed, present = manifest["files"], _list(folder)
    for name in sorted(set(listed) ^ set(present)):
        raise _tampered(folder, name, "is missing" if name in listed else "does not belong to it")
    for name, expected in listed.items():
        path = folder / name
        if path.stat().st_size != expected["bytes"] or files.hash_file(path) != expected["sha256"]:
            raise _tampered(folder, name, "has been changed")
    return manifest


def _list(folder: Path) -> list[str]:
    """The files of a release but the manifest and its signature, in order.

    Raises ConfigurationError at a link or anything odd.
    """
    names = []
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise _tampered(folder, name, "is no plain file")
        if path.is_file() and name not in (MANIFEST, SIGNATURE):
            names.append(name)
    return names


def _digest(manifest: Path) -> str:
    return hashlib.sha256(manifest.read_bytes()).hexdigest()[:16]


def _tampered(folder: Path, name: str, what: str) -> ConfigurationError:
    return ConfigurationError(
        f"release {folder.name}: {name} {what}, so nothing of it was read; restore it from a backup or roll back"
    )
