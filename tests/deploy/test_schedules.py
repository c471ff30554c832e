"""The three ways to start a run every week, as far as a machine without them can tell."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.deploy.pages import ROOT, calls, find_faults

UNITS = sorted((ROOT / "deploy/systemd").iterdir())
CRONTAB = (ROOT / "deploy/cron/clinrisk").read_text()
WORKFLOW = yaml.safe_load((ROOT / "deploy/github-actions/retrain.yml").read_text())
FIELDS = {"minute": (0, 59), "hour": (0, 23), "day": (1, 31), "month": (1, 12), "weekday": (0, 7)}
ITEM = re.compile(r"(?:\*|(\d+)(?:-(\d+))?)(?:/([1-9]\d*))?")


def read_unit(name: str) -> dict[str, list[str]]:
    """The settings of a unit, whichever section they stand in; a name may stand several times."""
    found: dict[str, list[str]] = {}
    for line in (ROOT / "deploy/systemd" / name).read_text().splitlines():
        if "=" in line and not line.startswith("#"):
            key, value = line.split("=", 1)
            found.setdefault(key, []).append(value)
    return found


def find_schedule_faults(five: str) -> list[str]:
    """The fields of a cron schedule (crontab(5)) that are none, or beyond their bounds."""
    parts = five.split()
    if len(parts) != len(FIELDS):
        return [f"{len(parts)} fields"]
    return [
        name
        for (name, (low, high)), part in zip(FIELDS.items(), parts, strict=True)
        for item in part.split(",")
        if not (found := ITEM.fullmatch(item)) or not all(low <= int(n) <= high for n in found.groups()[:2] if n)
    ]


def list_entries() -> list[tuple[str, str]]:
    """Schedule and command of each entry of the crontab."""
    lines = [line for line in CRONTAB.splitlines() if line and not line.startswith("#")]
    entries = [line.split(maxsplit=5) for line in lines if not re.match(r"[A-Z]+=", line)]
    return [(" ".join(parts[:5]), parts[5]) for parts in entries]


@pytest.mark.parametrize("five", ["30 2 * * 0", "*/15 0-6 1,15 * 1-5", "0 0 1 1 7", "5-55/10 * * * *"])
def test_a_schedule_of_cron_is_read(five):
    assert find_schedule_faults(five) == []


@pytest.mark.parametrize("five", ["60 2 * * 0", "30 24 * * 0", "30 2 0 * 0", "30 2 * 13 0", "30 2 * * 8", "30 2 * *"])
def test_a_schedule_beyond_its_bounds_is_seen(five):
    assert find_schedule_faults(five) != []


@pytest.mark.parametrize(
    "five", ["x 2 * * 0", "*/0 2 * * 0", "30 2 * * 0 *", "1- 2 * * 0", "-1 2 * * 0", "1,, 2 * * 0"]
)
def test_what_is_no_schedule_is_seen(five):
    assert find_schedule_faults(five) != []


def test_systemd_takes_the_units(tmp_path):
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not installed: the units are not verified")
    for unit in UNITS:  # a command that is not there is a fault, and here the project is in another place
        text = unit.read_text().replace("/srv/clinrisk/.venv/bin/clinrisk", shutil.which("true"))
        (tmp_path / unit.name).write_text(text)
    done = subprocess.run(
        [analyse, "verify", *(tmp_path / unit.name for unit in UNITS)], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
    broken = (tmp_path / "clinrisk-retrain.service").read_text().replace("ProtectSystem=strict", "ProtectSystem=much")
    (tmp_path / "clinrisk-retrain.service").write_text(broken)
    again = subprocess.run(
        [analyse, "verify", tmp_path / "clinrisk-retrain.service"], capture_output=True, text=True, check=False
    )
    assert "protect system" in again.stderr


def test_the_service_is_closed_in_and_leaves_nothing_behind():
    service = read_unit("clinrisk-retrain.service")
    for key, value in {
        "Type": "oneshot", "KillMode": "control-group", "ProtectSystem": "strict", "PrivateTmp": "true",
        "UMask": "0077", "NoNewPrivileges": "true", "ReadWritePaths": "/srv/clinrisk", "SuccessExitStatus": "75",
        "User": "clinrisk", "OnFailure": "clinrisk-failed@%n.service",
        "ExecStart": "/srv/clinrisk/.venv/bin/clinrisk retrain",
    }.items():  # fmt: skip
        assert service[key] == [value]
    closed = {Path(path).name for line in service["ReadOnlyPaths"] for path in line.split()}
    assert {"pipeline", "data_schemas", "params.yaml", ".git", ".venv"} <= closed
    assert not {"runs", "releases", "reports", ".dvc"} & closed


def test_the_scheduler_waits_longer_than_a_run_may_take():
    hours = yaml.safe_load((ROOT / "params.yaml").read_text())["retrain"]["hours_at_most"]
    assert int(read_unit("clinrisk-retrain.service")["TimeoutStartSec"][0].removesuffix("h")) > hours
    assert WORKFLOW["jobs"]["retrain"]["timeout-minutes"] > 60 * hours


def test_the_timer_makes_up_for_a_missed_week():
    timer = read_unit("clinrisk-retrain.timer")
    assert timer["Persistent"] == ["true"]
    assert timer["OnCalendar"] == ["Sun *-*-* 02:30:00"]
    assert timer["WantedBy"] == ["timers.target"]
    assert "RandomizedDelaySec" in timer


def test_every_command_is_one_there_is():
    steps = [step["run"] for step in WORKFLOW["jobs"]["retrain"]["steps"]]
    units = [line for unit in UNITS for line in read_unit(unit.name).get("ExecStart", [])]
    lines = [command for _, command in list_entries()] + units + [line for run in steps for line in run.splitlines()]
    assert [fault for line in lines for fault in find_faults(line)] == []
    assert sum(calls(line, "clinrisk") for line in lines) == 4


def test_the_crontab_has_one_entry_every_week():
    [(schedule, command)] = list_entries()
    assert find_schedule_faults(schedule) == []
    assert schedule.endswith("* * 0")
    assert "%" not in command  # cron would end the command there


@pytest.mark.parametrize(
    ("code", "mailed"), [(0, ""), (75, ""), (4, "it ends\n"), (3, "it ends\n"), (5, "it ends\n"), (137, "it ends\n")]
)
@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_cron_has_something_to_mail_only_when_a_person_is_needed(tmp_path, shell, code, mailed):
    fake = tmp_path / "clinrisk"
    fake.write_text(f"#!/bin/sh\ntest \"$*\" = retrain || exit 99\necho 'it ends' >&2\nexit {code}\n")
    fake.chmod(0o700)
    [(_, command)] = list_entries()
    done = subprocess.run(
        [shell, "-c", command.replace("/srv/clinrisk", str(tmp_path))],
        env={"PATH": f"{tmp_path}{os.pathsep}{os.environ['PATH']}"}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.stdout, done.stderr) == (mailed, "")


def test_the_workflow_is_alone_on_an_own_machine_and_takes_nothing_out():
    assert WORKFLOW["permissions"] == {"contents": "read"}
    assert WORKFLOW["concurrency"] == {"group": "clinrisk-retrain", "cancel-in-progress": False}
    assert set(WORKFLOW[True]) == {"schedule", "workflow_dispatch"}  # YAML 1.1 reads the key `on` as true
    assert [find_schedule_faults(each["cron"]) for each in WORKFLOW[True]["schedule"]] == [[]]
    [job] = WORKFLOW["jobs"].values()
    assert job["runs-on"][0] == "self-hosted"
    assert [step.get("uses") for step in job["steps"]] == [None] * 3  # nothing uploads, and no checkout cleans


@pytest.mark.parametrize(("code", "ends"), [(0, 0), (75, 0), (4, 1), (137, 1)])
def test_the_workflow_is_red_only_when_a_person_is_needed(tmp_path, code, ends):
    (tmp_path / "clinrisk").write_text(f"#!/bin/sh\nexit {code}\n")
    (tmp_path / "clinrisk").chmod(0o700)
    [run] = [step["run"] for step in WORKFLOW["jobs"]["retrain"]["steps"] if "retrain" in step["run"]]
    path = f"{tmp_path}{os.pathsep}{os.environ['PATH']}"
    assert subprocess.run(["bash", "-e", "-c", run], env={"PATH": path}, check=False).returncode == ends
