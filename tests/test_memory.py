"""What may be planned for: never more than there is, whatever limits are set, and refused in one sentence."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import memory
from pipeline.errors import ConfigurationError
from pipeline.memory import (
    fits,
    measure_memory,
    plan_memory,
    require_disk,
    require_memory,
    require_vectors,
)
from pipeline.sections import Engine
from tests.conftest import ROOT

PHYSICAL = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
VERSIONS = {1: ("sys/fs/cgroup/memory", "memory.limit_in_bytes"), 2: ("sys/fs/cgroup", "memory.max")}
LIMITS = st.none() | st.just("max") | st.integers(2**20, 2**63).map(str)


def engine(share: float = 0.5) -> Engine:
    return Engine(name="local", rows=1000, memory_share=share)


def make_groups(root: Path, version: int, limits: list[str | None], *, visible: bool = True) -> None:
    """Control groups `/a`, `/a/a` and so on with `limits`, the first that of the root; the process is in the last."""
    mount, name = VERSIONS[version]
    group = root / mount
    for depth, limit in enumerate(limits):
        if depth and visible:
            group /= "a"
        group.mkdir(parents=True, exist_ok=True)
        if limit is not None:
            (group / name).write_text(f"{limit}\n")
    path = "/a" * (len(limits) - 1)
    (root / "proc/self").mkdir(parents=True, exist_ok=True)
    line = f"4:cpu,memory:{path}" if version == 1 else f"0::{path}"
    (root / "proc/self/cgroup").write_text(f"9:name=systemd:/elsewhere\n{line}\n")


@pytest.mark.parametrize("version", VERSIONS)
@given(limits=st.lists(LIMITS, min_size=1, max_size=4))
def test_the_least_limit_holds_and_never_more_than_is_built_in(
    tmp_path_factory: pytest.TempPathFactory, version: int, limits: list[str | None]
) -> None:
    root = tmp_path_factory.mktemp("root")
    make_groups(root, version, limits)
    numbers = [int(limit) for limit in limits if limit not in (None, "max")]
    assert measure_memory(root) == min([PHYSICAL, *numbers])


@pytest.mark.parametrize("version", VERSIONS)
def test_in_a_container_whose_group_has_the_name_it_has_outside(tmp_path: Path, version: int) -> None:
    make_groups(tmp_path, version, [str(2**28), None, None], visible=False)
    assert measure_memory(tmp_path) == 2**28


def test_without_control_groups_there_is_what_is_built_in(tmp_path: Path) -> None:
    assert measure_memory(tmp_path) == PHYSICAL
    assert measure_memory() <= PHYSICAL


def test_a_limit_on_the_address_space_holds() -> None:
    program = """
import resource
resource.setrlimit(resource.RLIMIT_AS, (2**30, 2**30))
from pipeline.memory import measure_memory
print(measure_memory())
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert int(done.stdout) == min(2**30, measure_memory())


def test_what_fits_is_let_through_and_what_does_not_is_refused_with_the_numbers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(memory, "measure_memory", lambda: 16_000_000_000)
    assert plan_memory(engine(0.25)) == 4_000_000_000
    assert fits(4_000_000_000, engine(0.25))
    require_memory(4_000_000_000, engine(0.25), "training")
    assert not fits(4_000_000_001, engine(0.25))
    with pytest.raises(ConfigurationError) as refused:
        require_memory(12_345_678_901, engine(0.25), "training in memory")
    assert str(refused.value) == (
        "training in memory needs 12.3 GB of memory, and 4 GB may be used, engine.memory_share 0.25 of 16 GB; raise "
        "engine.memory_share, lower engine.rows, declare fewer columns, or use a larger machine or a cluster"
    )


def test_vectors_of_too_many_records_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "measure_memory", lambda: 2_000_000_000)
    require_vectors(1_000_000, engine())
    with pytest.raises(ConfigurationError, match=r"^a table of 100,000,000 records, its columns kept on disk, needs "):
        require_vectors(100_000_000, engine())


def test_a_disk_that_is_too_small_is_told_before(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    require_disk(Path("not/made/yet"), 1, "a cache")
    with pytest.raises(
        ConfigurationError, match=r"^a cache needs 1,000,000,000 GB of disk, and .* GB are free where not/made"
    ):
        require_disk(Path("not/made/yet"), 1e18, "a cache")
    with pytest.raises(ConfigurationError, match="are free where"):
        require_disk(tmp_path, 1e18, "a cache")
