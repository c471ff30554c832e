"""The pages for operators: every command is one that there is, and those that read or copy do what is said of them."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest
import yaml

from pipeline.operations.doctor import DEMO_KEY
from pipeline.operations.lock import hold
from pipeline.operations.releases.store import Store
from pipeline.sections import Validate
from tests.deploy.pages import FENCE, ROOT, find_faults, read_commands

OPERATIONS = (ROOT / "docs/operations.md").read_text()
COMMANDS = read_commands(OPERATIONS) + read_commands((ROOT / "deploy/README.md").read_text())


def shell(command: str, folder: Path, *, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Run a line of the page in `folder`, which stands for the project."""
    line = command.replace("/backup", str(folder.parent)).replace("COHORT", "ward")
    environment = {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"}
    return subprocess.run(["sh", "-c", line], cwd=folder, env=environment, capture_output=True, text=True, check=check)


def find(*parts: str) -> str:
    """The one command of the pages that holds all `parts`."""
    [found] = {command for command in COMMANDS if all(part in command for part in parts)}
    return found


@pytest.mark.parametrize("command", sorted(set(COMMANDS)))
def test_every_command_is_one_there_is(command):
    assert find_faults(command) == []


def test_the_pages_show_what_an_operator_needs():
    said = " ".join(COMMANDS)
    assert len(COMMANDS) > 30
    for needed in ("retrain COHORT --accept", "verify", "rollback", "pin 6", "unpin", "list", "show", "diff", "doctor"):
        assert f" {needed}" in said


@pytest.mark.parametrize(
    "line",
    [
        "clinrisk retrian",
        "sudo -u clinrisk .venv/bin/clinrisk retrain --force",
        "cd /srv && { said=$(clinrisk doctor --all 2>&1) || test $? -eq 75; }",
        "umask 077; PATH=/bin clinrisk patient",
        "flock runs/lock clinrisk nonsense",
        "make everything",
    ],
)
def test_a_command_that_there_is_not_is_seen(line):
    assert find_faults(line) != []


@pytest.mark.parametrize("line", ["clinrisk doctor", "clinrisk --debug doctor", "make -C /srv/x .venv/.ready", "ls x"])
def test_other_commands_are_let_be(line):
    assert find_faults(line) == []


def test_every_exit_code_has_its_cure():
    from pipeline import errors

    rows = dict(re.findall(r"^\| (\d+) \| [^|]+ \| ([^|]+) \|$", OPERATIONS, re.MULTILINE))
    raised = {c.exit_code for c in vars(errors).values() if isinstance(c, type) and issubclass(c, errors.ClinriskError)}
    assert {int(code) for code in rows} == raised | {errors.EXIT_DONE}
    assert all(rows.values())


def test_the_key_is_set_as_the_page_says():
    [block] = [content for kind, content in FENCE.findall(OPERATIONS) if kind == "yaml"]
    said = yaml.safe_load(block)["validate"]
    assert Validate(**said, quarantine_at_most=0.1).pseudonym_key_from == "file:/etc/clinrisk/pseudonym.key"
    assert DEMO_KEY not in OPERATIONS


def test_a_key_made_as_the_page_says_is_long_and_closed(tmp_path):
    command = find("token_urlsafe")
    inner = command.removeprefix("sudo sh -c ").strip("'").replace("/etc/clinrisk", str(tmp_path))
    shell(inner, tmp_path)
    made = tmp_path / "pseudonym.key"
    assert made.stat().st_mode & 0o777 == 0o600
    assert len(made.read_text().strip()) >= 40
    first = made.read_text()
    shell(inner, tmp_path)
    assert made.read_text() != first


def write_run(folder: Path, name: str, **content: object) -> None:
    """A record, as `retrain` leaves it."""
    (folder / "runs").mkdir(exist_ok=True)
    (folder / "runs" / f"{name}.json").write_text(json.dumps({"id": name} | content))


def test_records_are_read_by_the_lines_of_the_page(tmp_path):
    for day in range(10, 22):
        write_run(tmp_path, f"202611{day}T013000Z", exit_code=0, summary=f"day {day}", cohorts={})
    reasons = {"ward": {"outcome": "blocked", "reasons": ["the Brier score"]}, "icu": {"outcome": "kept"}}
    write_run(tmp_path, "20261122T013000Z", exit_code=None, summary=None, cohorts=reasons)
    listed = shell(find("['summary']"), tmp_path).stdout.splitlines()
    assert listed == [f"202611{day}T013000Z 0 day {day}" for day in range(13, 22)] + ["20261122T013000Z None None"]
    assert shell(find("'reasons'"), tmp_path).stdout == "ward blocked\n  the Brier score\nicu kept\n"


def test_whether_a_run_is_going_on_is_seen(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    line = find("no run is going on")
    with hold():
        assert shell(line, tmp_path, check=False).stdout == ""
    assert shell(line, tmp_path).stdout == "no run is going on\n"


def test_a_backup_restored_elsewhere_verifies_and_leaves_out_what_can_be_built_again(tmp_path, monkeypatch):
    old, new = tmp_path / "old", tmp_path / "new"
    for folder in (old, new):
        folder.mkdir()
    monkeypatch.chdir(old)
    for name in ("params.yaml", "model_card.yaml", "metrics.json"):
        Path(name).write_text("{}")
    for name in ("data_schemas", "runs", "runs/workspace"):
        Path(name).mkdir()
    Path("runs/workspace/big").write_bytes(b"x")
    write_run(old, "20261122T013000Z")
    store = Store.of("ward")
    store.use(store.add({"metrics.json": Path("metrics.json")}, {}))
    shell(find("tar --create"), old)
    shell(find("tar --extract"), new)
    monkeypatch.chdir(new)
    assert store.champion() is not None
    assert store.champion().stat().st_mode & 0o777 == 0o700
    kept = {path.name for path in new.iterdir()}
    assert kept == {"releases", "runs", "params.yaml", "model_card.yaml", "data_schemas"}
    assert not Path("runs/workspace").exists()
    assert Path("runs/20261122T013000Z.json").exists()


def test_the_room_is_made_that_the_page_speaks_of(tmp_path):
    (tmp_path / "runs/workspace/data").mkdir(parents=True)
    line = find("--nonblock", "rm -rf runs/workspace")
    shell(line, tmp_path)
    assert not (tmp_path / "runs/workspace").exists()
    assert (tmp_path / "runs").exists()
