"""Runs that fail or are killed: what they leave is closed to others, unknown to git, and holds no key."""

import os
import secrets
import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
import yaml

from tests.integration.canaries import IDS, SCHEMA, find_canaries, make_ward
from tests.integration.tiny import add_cohort, clone

pytestmark = pytest.mark.slow

KEY, OTHER_KEY = (secrets.token_urlsafe() for _ in range(2))  # in no file, this one included
SOURCE = "data/incoming/ward.csv"
RESTRICTED = ("data/ward", "artifacts", "releases", "runs")
COPIED = Path("runs/workspace")
"""Holds copies of the code too, each as open as the code is, in a folder that is closed."""

INTERRUPT = '''

_commit = commit


def commit(path: Path) -> None:
    """End with all outputs written and none in its place."""
    import signal

    if path.name == os.environ.get("KILLED_AT"):
        os.killpg(0, signal.SIGKILL)
    _commit(path)
'''


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A clone whose one cohort holds the canaries, its key in a variable, its stages made to be interrupted."""
    target = clone(tmp_path_factory.mktemp("privacy"))
    add_cohort(target, "ward", make_ward())
    (target / "data_schemas/ward.py").write_text(SCHEMA)
    (target / "data_schemas/tiny.py").unlink()
    params = yaml.safe_load((target / "params.yaml").read_text())
    del params["cohorts"]["tiny"]
    params["cohorts"]["ward"]["test_from"] = "2018-01-01"
    params["validate"] = {"pseudonym_key_from": "env:WARD_KEY", "quarantine_at_most": 0.2}
    (target / "params.yaml").write_text(yaml.safe_dump(params))
    with (target / "pipeline/files.py").open("a") as code:
        code.write(INTERRUPT)
    return target


@pytest.fixture
def staged(ward: Path) -> Iterator[set[str]]:
    """What `git add -A` takes before a run."""
    yield stage_all(ward) | {"dvc.lock"}  # which the first run makes
    make_ward().to_csv(ward / SOURCE, index=False)


def stage_all(target: Path) -> set[str]:
    subprocess.run(["git", "add", "-A"], cwd=target, check=True)
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=target, check=True, capture_output=True, text=True).stdout
    return set(filter(None, listed.split("\0")))


def run(target: Path, *arguments: str, **environment: str) -> tuple[int, str]:
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=target,
        env=os.environ | {"PATH": path, "WARD_KEY": KEY} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
        umask=0o022,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout


def list_left(target: Path) -> list[Path]:
    """All in the restricted folders, but for the copies of code."""
    found = [target / name for name in RESTRICTED if (target / name).exists()]
    found += [path for top in found for path in top.rglob("*")]
    code = target / COPIED
    kept = [code / name for name in ("data/ward", "artifacts")]
    return [p for p in found if code not in p.parents or any(k in (p, *p.parents) for k in kept)]


def check(target: Path, before: set[str], said: str) -> None:
    """Nothing more is staged than was before the run, nothing is open, and no key or canary is told."""
    assert stage_all(target) <= before
    lock = target / "dvc.lock"
    assert find_canaries(lock.read_text() if lock.exists() else "") == []
    left = list_left(target)
    modes = {p: stat.S_IMODE(p.stat().st_mode) for p in left if not p.is_symlink()}
    assert {p: oct(mode) for p, mode in modes.items() if mode != (0o700 if p.is_dir() else 0o600)} == {}
    assert any(path.suffix == ".parquet" for path in left)
    assert find_canaries(said) == []
    holders = [p for p in target.rglob("*") if p.is_file() and p.stat().st_size and KEY.encode() in p.read_bytes()]
    assert holders == []
    assert KEY not in said


def test_a_killed_stage_and_then_another_key(ward: Path, staged: set[str]) -> None:
    """The next run recovers; a new key applies as soon as the pseudonyms of the old are removed."""
    code, said = run(ward, "dvc", "repro", "validate@ward", KILLED_AT="valid.parquet")
    assert code == -signal.SIGKILL
    assert (ward / "data/ward/.valid.parquet.partial").exists()
    check(ward, staged, said)
    found = []
    for key in (KEY, OTHER_KEY):
        (ward / "data/ward/valid.parquet").unlink(missing_ok=True)
        code, said = run(ward, "dvc", "repro", "validate@ward", WARD_KEY=key)
        assert code == 0, said
        found.append(set(pd.read_parquet(ward / "data/ward/valid.parquet")["pseudonym"]))
    assert len(found[0]) == len(found[1]) > 300
    assert not found[0] & found[1]


def test_a_retraining_that_is_refused(ward: Path, staged: set[str]) -> None:
    make_ward().assign(patient_id=IDS[4]).to_csv(ward / SOURCE, index=False)
    code, said = run(ward, "pipeline", "retrain", "ward")
    assert code == 3, said
    [record] = (ward / "runs").glob("2*.json")
    assert find_canaries(record.read_text() + record.with_suffix(".log").read_text()) == []
    check(ward, staged, said)
