"""What a stage is said to take, against what the kernel says of it and against work of a known size."""

import errno
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pipeline import files, profiling
from pipeline.profiling import profiling as profile
from pipeline.profiling import read_profiles
from tests.conftest import ROOT

MEGABYTE = 1_000_000
PROGRAM = """
import subprocess, sys, time
from pipeline.profiling import profiling
def burn(seconds):
    while time.process_time() < seconds: pass
with profiling("train", "tiny", "local", lambda: 7, wanted=True):
{work}
"""
WAITED = """
import os, subprocess, sys
_, status, usage = os.wait4(subprocess.Popen(sys.argv[1:]).pid, 0)
print(usage.ru_utime + usage.ru_stime, 1024 * usage.ru_maxrss)
sys.exit(status)
"""
"""What the kernel tells of a command, by a small process: it counts the memory of whichever process starts another."""
HEAVY = "import time; held = b'x' * 200_000_000\nwhile time.process_time() < 0.5: pass\n{then}"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def start(work: str) -> list[str]:
    return [sys.executable, "-c", PROGRAM.format(work=work)]


def watched(work: str, *before: str) -> dict:
    subprocess.run([*before, *start(work)], env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True)
    return read_profiles("tiny")["train"]


def test_time_and_memory_are_those_that_the_kernel_tells() -> None:
    command = [sys.executable, "-c", WAITED, *start("    burn(1.0); held = b'x' * 300_000_000; del held")]
    told = subprocess.run(
        command, env=os.environ | {"PYTHONPATH": str(ROOT)}, check=True, stdout=subprocess.PIPE
    ).stdout
    cpu, largest = map(float, told.split())
    found = read_profiles("tiny")["train"]
    assert found["cpu_seconds"] == pytest.approx(cpu, rel=0.1)
    assert found["cpu_seconds"] >= 1.0
    assert found["largest_bytes"] == pytest.approx(largest, rel=0.02)
    assert found["largest_bytes"] >= 300 * MEGABYTE
    assert found["together_bytes"] >= found["largest_bytes"]
    assert (found["stage"], found["cohort"], found["records"], found["engine"]) == ("train", "tiny", 7, "local")


@pytest.mark.parametrize("then", ["", "time.sleep(60)"], ids=["ended", "living"])
def test_what_other_processes_take_counts(then: str) -> None:
    heavy = HEAVY.format(then=then)
    work = f"""
    both = [subprocess.Popen([sys.executable, "-c", {heavy!r}]) for _ in range(2)]
    time.sleep(3)
"""
    if then:
        work += "import os\nfor each in both: each.kill()\nfor each in both: each.wait()\n"
    else:
        work += "    for each in both: each.wait()\n"
    found = watched(work)
    assert found["cpu_seconds"] >= 2 * 0.5
    assert 200 * MEGABYTE <= found["largest_bytes"] <= 300 * MEGABYTE
    assert 2 * 200 * MEGABYTE <= found["together_bytes"] <= 600 * MEGABYTE


def test_memory_of_who_started_the_stage_does_not_count() -> None:
    bloated = "import subprocess, sys; held = b'x' * 500_000_000; sys.exit(subprocess.call(sys.argv[1:]))"
    assert watched("    pass", sys.executable, "-c", bloated)["largest_bytes"] <= 200 * MEGABYTE


def test_a_profile_is_private_and_counts_from_the_start_of_the_process() -> None:
    with profile("index", "", "dask", lambda: None, wanted=True):
        pass
    path = Path("runs/profile/index.json")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {stat.S_IMODE(folder.stat().st_mode) for folder in path.parents[:2]} == {0o700}
    found = files.read_json(path)
    assert (found["cohort"], found["records"], found["engine"]) == ("", None, "dask")
    assert found["cores"] == os.cpu_count()
    assert found["versions"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert found["wall_seconds"] > 0
    assert json.dumps(found, allow_nan=False)


@pytest.mark.parametrize("wanted", [True, False])
def test_what_an_earlier_run_took_is_forgotten(wanted: bool) -> None:
    with profile("train", "tiny", "local", lambda: 7, wanted=True):
        pass
    assert read_profiles("tiny").keys() == {"train"}

    def fail() -> None:
        with profile("train", "tiny", "local", lambda: 8, wanted=wanted):
            assert read_profiles("tiny") == {}
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert read_profiles("tiny") == {}
    assert not [thread for thread in threading.enumerate() if isinstance(thread, profiling.Watch)]


def test_unasked_nothing_is_written() -> None:
    with profile("train", "tiny", "local", lambda: 7, wanted=False):
        pass
    assert not Path("runs").exists()
    assert read_profiles("tiny") == {}


def test_a_profile_that_cannot_be_written_is_said_and_harms_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail(path: Path, content: object) -> None:
        path.write_text("half")
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(files, "write_json", fail)
    with profile("train", "tiny", "local", lambda: 7, wanted=True):
        pass
    assert "runs/profile/tiny/train.json could not be written: the disk is full" in capsys.readouterr().err
    assert not [path for path in Path("runs").rglob("*") if path.is_file()]
