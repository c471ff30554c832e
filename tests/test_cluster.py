"""Work by Dask: what one process would give, whoever is killed, stopped, missing or other than expected."""

import logging
import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from pipeline import cluster
from pipeline.cluster import DaskEngine, WorkerLostError, connect
from pipeline.engine import Engine, LocalEngine, start_engine
from pipeline.errors import EXIT_INTERNAL, ClinriskError, ConfigurationError, DataRefusedError
from pipeline.workers import MUST_AGREE, Caller, find_fault, tell_versions
from tests import cluster_work as work
from tests.extras import needs_cluster

pytestmark = [
    needs_cluster,
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # of what was killed
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


@pytest.fixture(scope="module")
def shared() -> Iterator[Engine]:
    """Two workers, whom no test harms."""
    with start_engine(work.local()) as engine:
        yield engine


@pytest.fixture
def own() -> Iterator[Engine]:
    """Two workers that may be harmed."""
    with start_engine(work.local()) as engine:
        yield engine


def test_results_come_in_the_order_of_the_parts(shared: Engine) -> None:
    parts = range(40)
    assert list(shared.map(work.square, parts)) == list(LocalEngine().map(work.square, parts))


def test_several_workers_do_it(shared: Engine) -> None:
    assert len(set(shared.map(work.tell_process, range(12))) - {os.getpid()}) == 2


def test_few_parts_are_under_way_and_they_are_taken_as_results_are_asked_for(shared: Engine) -> None:
    taken: list[int] = []
    results = shared.map(work.square, (taken.append(part) or part for part in range(100)))
    assert taken == []
    for done in range(20):
        assert next(results) == done * done
        assert len(taken) <= done + 1 + 2 * cluster.IN_FLIGHT
    results.close()


def test_a_refusal_arrives_as_it_is(shared: Engine) -> None:
    with pytest.raises(DataRefusedError, match=r"^part 3 is refused$"):
        list(shared.map(work.refuse, [3]))
    assert list(shared.map(work.square, [3])) == [9], "the cluster goes on"


def test_what_nobody_foresaw_is_told_without_a_value_here_and_on_the_worker(capfd: pytest.CaptureFixture[str]) -> None:
    said = r"^internal error, ValueError in cluster_work\.py line \d+, on the worker "
    with start_engine(work.local(1)) as engine, pytest.raises(ClinriskError, match=said) as told:
        list(engine.map(work.shout_and_fail, [3]))
    assert told.value.exit_code == EXIT_INTERNAL
    assert told.value.__cause__ is None
    assert work.SENTINEL not in str(told.value)
    assert "".join(capfd.readouterr()) == work.HEARD + "\n", "what a worker writes is seen"


def test_what_cannot_be_sent_is_told_without_a_value(
    shared: Engine, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(ClinriskError, match=r"^internal error, \w+ in .* between here and"):
        list(shared.map(work.square, [threading.Lock()]))
    assert "".join(capfd.readouterr()) == ""
    assert [record.name for record in caplog.records if record.levelno >= logging.WARNING] == []


def test_a_cluster_of_its_own_is_closed_to_others_keeps_nothing_on_disk_and_ends(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with connect(work.local(1)) as engine:
        [(address, threads)] = engine.workers().items()
        assert address.startswith("tls://127.0.0.1:")
        assert threads == 1
        assert list(engine.client.run(find_fault, engine.caller).values()) == [""]
        [worker] = engine.map(work.tell_process, [0])
        assert {each.laddr.ip for process in list_processes() for each in listened(process)} == {"127.0.0.1"}
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(ProcessLookupError):
        os.kill(worker, 0)


def list_processes() -> list[psutil.Process]:
    return [psutil.Process(), *psutil.Process().children(recursive=True)]


def listened(process: psutil.Process) -> list[Any]:
    return [each for each in process.net_connections("inet") if each.status == psutil.CONN_LISTEN]


def test_the_parts_of_a_killed_worker_are_done_by_others(own: Engine, tmp_path: Path) -> None:
    parts = [(tmp_path / "killed", number) for number in range(20)]
    assert list(own.map(work.die_once, parts)) == [number * number for number in range(20)]
    assert (tmp_path / "killed").exists()


def test_a_part_that_kills_every_worker_ends_the_run_clearly(own: Engine) -> None:
    with pytest.raises(
        WorkerLostError, match=r"lost with the same part, mostly for want of memory; lower engine\.rows"
    ):
        list(own.map(work.die, [1]))


def test_the_parts_of_a_stuck_worker_are_done_by_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(cluster.QUIET, "distributed.scheduler.worker-ttl", "1s")
    parts = [(tmp_path / "stopped", number) for number in range(20)]
    with start_engine(work.local()) as engine:
        assert list(engine.map(work.stop_once, parts)) == [number * number for number in range(20)]


def test_no_scheduler_at_the_address_is_said_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 1)
    address = "tcp://127.0.0.1:9"
    began = time.monotonic()
    with pytest.raises(ConfigurationError, match=f"^engine.scheduler: no scheduler answers at {address} within 1 sec"):
        enter(address)
    assert time.monotonic() - began < 20


def enter(address: str) -> None:
    with start_engine(work.local().model_copy(update={"scheduler": address})):
        pass


def test_a_scheduler_without_workers_and_a_worker_that_could_spill_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cluster, "SECONDS", 2)
    with work.run_scheduler() as (address, _):
        with pytest.raises(ConfigurationError, match=f"^engine.scheduler: {address} has no workers; start some"):
            enter(address)
        monkeypatch.setattr(cluster, "SECONDS", work.WAIT)
        with (
            work.run_worker(address, tmp_path, DASK_DISTRIBUTED__WORKER__MEMORY__SPILL="0.7"),
            pytest.raises(ConfigurationError, match="may write records to its disk; turn off target and spill"),
        ):
            enter(address)


def test_a_scheduler_that_ends_is_said_and_leaves_nothing_waiting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cluster, "SECONDS", work.WAIT)
    with (
        work.run_scheduler() as (address, process),
        work.run_worker(address, tmp_path),
        connect(work.local().model_copy(update={"scheduler": address})) as engine,
    ):
        results = engine.map(work.slow_square, range(1000))
        assert [next(results) for _ in range(3)] == [0, 1, 4]
        process.send_signal(signal.SIGKILL)
        with pytest.raises(ClinriskError, match=f"^the scheduler of {address} was lost: .* start it anew"):
            list(results)
    assert "Traceback" not in "".join(capfd.readouterr())


def test_a_scheduler_and_workers_of_an_operator_work_encrypted_and_write_no_value_to_their_logs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import dask

    monkeypatch.setattr(cluster, "SECONDS", work.WAIT)
    keys = work.make_keys(tmp_path)
    settings = {name.removeprefix("DASK_").lower().replace("__", "."): value for name, value in keys.items()}
    with (
        work.run_scheduler(**keys) as (address, _),
        work.run_worker(address, tmp_path, **keys),
        dask.config.set(settings),
        connect(work.local().model_copy(update={"scheduler": address})) as engine,
    ):
        assert address.startswith("tls://")
        assert list(engine.map(work.square, range(5))) == [0, 1, 4, 9, 16]
        with pytest.raises(ClinriskError, match="internal error, ValueError"):
            list(engine.map(work.shout_and_fail, [3]))
    log = (tmp_path / work.LOG).read_text()
    assert work.HEARD in log
    assert work.SENTINEL not in log


@pytest.mark.parametrize("name", ["Python", "pipeline/", "data_schemas/", *MUST_AGREE])
def test_a_worker_that_runs_other_versions_is_refused_by_their_names(shared: DaskEngine, name: str) -> None:
    told = Caller(shared.caller.folder, shared.caller.sign, shared.caller.versions | {name: "9.9.9"})
    other = DaskEngine(shared.client, shared.address, told)
    with pytest.raises(ConfigurationError, match=f"{name} {tell_versions()[name]}, expected 9.9.9; give it the same"):
        cluster._refuse_unfit(other)
    with pytest.raises(ConfigurationError, match=f"{name} .*, expected 9.9.9"):
        list(other.map(work.square, [1]))


def test_a_worker_that_does_not_see_the_folder_or_has_a_copy_of_it_is_refused(
    shared: DaskEngine, root: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    here = Caller.of_here()
    assert here.sign is not None
    assert list(DaskEngine(shared.client, shared.address, here).map(work.square, [2])) == [4]
    absent = Caller(tmp_path_factory.mktemp("other"), here.sign, here.versions)
    copied = Caller(root, (here.sign[0] - 1, here.sign[1]), here.versions)
    for caller in (absent, copied):
        with pytest.raises(ConfigurationError, match=f"does not see the folder {caller.folder}; share it"):
            list(DaskEngine(shared.client, shared.address, caller).map(work.square, [2]))


def test_logs_of_dask_are_silent(shared: Engine) -> None:
    assert not logging.getLogger("distributed.worker").isEnabledFor(logging.ERROR)
