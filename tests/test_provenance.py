"""Where a report comes from: hashes that others can compute again, and no secret in them."""

import subprocess
from pathlib import Path

from pipeline.provenance import SEEDS, SETTINGS, describe_provenance, hash_settings, hash_tree


def test_the_code_has_the_hash_that_git_gives_it(tmp_path: Path) -> None:
    files = {"code/b.py": "x = 1\n", "code/b/c.py": "", "code/b-d/e.html": "<p>\u00e9</p>\n", "code/a.js": "1"}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    found = hash_tree(tmp_path / "code").hex()
    (tmp_path / "code/__pycache__").mkdir()
    (tmp_path / "code/__pycache__/b.cpython-311.pyc").write_bytes(b"compiled")
    assert hash_tree(tmp_path / "code").hex() == found
    for command in (["init", "-q"], ["add", *files]):
        subprocess.run(["git", *command], cwd=tmp_path, check=True)
    tree = subprocess.run(
        ["git", "write-tree"], cwd=tmp_path, check=True, capture_output=True, text=True
    ).stdout.strip()
    told = subprocess.run(
        ["git", "rev-parse", f"{tree}:code"], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    assert told.stdout.strip() == found


def test_the_hash_of_settings_tells_changes_but_not_the_key() -> None:
    settings = {"validate": {"pseudonym_key": "one", "quarantine_at_most": 0.2}, "train": {"seed": 1, "folds": 5}}
    found = hash_settings(settings)
    assert hash_settings({"train": {"folds": 5, "seed": 1}, "validate": settings["validate"]}) == found
    assert hash_settings(settings | {"validate": {"pseudonym_key": "two", "quarantine_at_most": 0.2}}) == found
    assert hash_settings(settings | {"train": {"seed": 2, "folds": 5}}) != found


def test_every_file_named_is_hashed_and_every_seed_told(tmp_path: Path) -> None:
    (tmp_path / "code").mkdir()
    (tmp_path / "data").write_text("abc")
    settings = {"train": {"seed": 1}, "split": {"folds": 5}, "explain": {"seed": 2}}
    told = describe_provenance("a.csv", {"Data": tmp_path / "data"}, settings, tmp_path / "code")
    assert told["Data"] == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert told[SEEDS] == "train 1, explain 2"
    assert told[SETTINGS] == hash_settings(settings)
