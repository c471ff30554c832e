"""Work on parts by Dask, on one machine or many: the only module that imports it, and only where it is asked for.

A worker that is lost costs the parts it held, which are done again by others; one that is slow is waited for. Nothing
that fails on a worker is raised there, since Dask would log it with a patient's values: it comes back as a sentence. A
cluster of this machine's own listens on the loopback address alone, spills nothing to disk, and ends with its block.
"""

import importlib.metadata
import logging
import platform
import socket
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pipeline.errors import ClinriskError, ConfigurationError, say_unforeseen
from pipeline.extras import require_cluster
from pipeline.provenance import HERE, hash_tree
from pipeline.sections import Engine as Settings

T = TypeVar("T")
R = TypeVar("R")

SECONDS = 15  # within which a scheduler must answer, and have a worker
TRIES = 3  # of a part whose worker was lost
LOOK = 0.2  # seconds between two looks at work that many workers share
IN_FLIGHT = 2  # parts for each worker: one that is worked on, one that waits there
MUST_AGREE = ("xgboost", "pandas", "numpy", "pyarrow", "distributed")
QUIET = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.comm.timeouts.connect": f"{SECONDS}s",
    "distributed.scheduler.allowed-failures": TRIES,
    "distributed.scheduler.worker-ttl": "60s",
    "distributed.admin.large-graph-warning-threshold": "1TB",
}


@dataclass(frozen=True)
class Answer:
    """What a worker made of a part, or why it could not."""

    result: Any
    error: ClinriskError | None = None


@dataclass(frozen=True)
class DaskEngine:
    """The workers behind a client of Dask; `address` is that of the scheduler, or tells that it is this machine's."""

    client: Any
    address: str

    def map(self, work: Callable[[T], R], parts: Iterable[T]) -> Iterator[R]:
        """As `Engine.map`, with a few parts under way at a time.

        Raises the errors of `work` as they are where the software foresaw them, and ClinriskError for others and where
        workers or the scheduler are lost.
        """
        most, waiting = IN_FLIGHT * len(self.workers()), deque[Any]()
        for part in parts:
            waiting.append(self._submit(work, part))
            if len(waiting) >= most:
                yield self._open(waiting.popleft())
        while waiting:
            yield self._open(waiting.popleft())

    def workers(self) -> list[str]:
        """The addresses of the workers there are, sorted. Raises ClinriskError where there is none."""
        with self._lost_told():
            found = sorted(self.client.scheduler_info(n_workers=-1)["workers"])
        if not found:
            raise self._lost("it has no workers left")
        return found

    def host(self) -> str:
        """The address of this machine by which workers reach it."""
        from distributed.comm.addressing import get_address_host
        from distributed.utils import get_ip

        scheduler = get_address_host(self.client.scheduler.address)
        return str(scheduler if scheduler.startswith("127.") else get_ip(scheduler))

    def run_on_each(self, work: Callable[[T], R], parts: Mapping[str, T]) -> list[R]:
        """The result of `work` for each part, all at once, each on the worker that it is mapped from.

        Raises WorkerLostError where one of them is lost, since none can go on without the others.
        """
        futures = [self._submit(work, part, worker) for worker, part in parts.items()]
        try:
            while not all(future.done() for future in futures):
                time.sleep(LOOK)
                self._refuse_lost(parts)
            return [self._open(future) for future in futures]
        except ClinriskError:
            self._refuse_lost(parts)
            raise
        finally:
            self.client.cancel(futures, force=True)

    def _refuse_lost(self, needed: Iterable[str]) -> None:
        if lost := set(needed) - set(self.workers()):
            raise WorkerLostError(f"{len(lost)} workers of {self.address} were lost")

    def _submit(self, work: Callable[[T], Any], part: T, worker: str | None = None) -> Any:
        where = {"workers": [worker], "allow_other_workers": False} if worker else {}
        return self.client.submit(_answer, work, part, pure=False, **where)

    def _open(self, future: Any) -> Any:
        """The result of a future, which is then forgotten."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker

        try:
            with self._lost_told():
                answer: Answer = future.result()
        except KilledWorker:
            raise WorkerLostError(
                f"{TRIES} workers of {self.address} were lost with the same part; mostly for want of memory: lower "
                "engine.rows, or give workers more"
            ) from None
        except CancelledError:
            raise self._lost("it does not answer any more") from None
        future.release()
        if answer.error:
            raise answer.error
        return answer.result

    @contextmanager
    def _lost_told(self) -> Iterator[None]:
        """Say in a sentence what Dask raises where its scheduler is gone."""
        from distributed.comm.core import CommClosedError

        try:
            yield
        except (CommClosedError, TimeoutError):
            raise self._lost("it does not answer any more") from None
        if self.client.status != "running":
            raise self._lost("it does not answer any more")

    def _lost(self, why: str) -> ClinriskError:
        return ClinriskError(f"the scheduler at {self.address} was lost: {why}; nothing was changed, start it anew")


class WorkerLostError(ClinriskError):
    """A worker ended before its work did."""


@contextmanager
def connect(settings: Settings) -> Iterator[DaskEngine]:
    """The cluster that `settings` name, or one of this machine's own.

    Raises ConfigurationError where there is none, it has no workers, or these run other versions or other code.
    """
    require_cluster()
    import dask

    logging.getLogger("distributed").setLevel(logging.CRITICAL)
    with dask.config.set(QUIET):
        begin = _join(settings.scheduler) if settings.scheduler else _begin(settings.workers)
        with begin as engine:
            _refuse_others(engine)
            yield engine


@contextmanager
def _join(address: str) -> Iterator[DaskEngine]:
    from distributed import Client

    try:
        client = Client(address, timeout=SECONDS, set_as_default=False)
    except (OSError, TimeoutError, ValueError):
        raise ConfigurationError(
            f"engine.scheduler: no scheduler answers at {address} within {SECONDS} seconds; start one there, or give "
            "another address in params.yaml"
        ) from None
    with client:
        try:
            client.wait_for_workers(1, timeout=SECONDS)
        except TimeoutError:
            raise ConfigurationError(f"engine.scheduler: {address} has no workers; start some") from None
        yield DaskEngine(client, address)


@contextmanager
def _begin(workers: int) -> Iterator[DaskEngine]:
    from distributed import Client, LocalCluster

    with (
        tempfile.TemporaryDirectory(prefix="clinrisk-") as scratch,
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            dashboard_address=None,
            worker_dashboard_address=None,
            memory_limit=0,
            local_directory=scratch,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield DaskEngine(client, "this machine")


def describe_self(_: Any = None) -> dict[str, str]:
    """What must be the same on client and workers: Python, libraries, code, and the folder of the work."""
    versions = {name: importlib.metadata.version(name) for name in MUST_AGREE}
    here = {"params.yaml": "there" if Path("params.yaml").is_file() else "missing"}
    return {"Python": platform.python_version(), **versions, "clinrisk's code": hash_tree(HERE).hex()[:12], **here}


def _refuse_others(engine: DaskEngine) -> None:
    own = describe_self()
    for worker, theirs in engine.client.run(describe_self).items():
        differ = [name for name, here in own.items() if theirs.get(name) != here]
        if differ:
            told = ", ".join(f"{name} {theirs.get(name, 'missing')} for {own[name]}" for name in differ)
            raise ConfigurationError(
                f"the worker {worker} of {engine.address} differs from this process: {told}; start it "
                "from the same folder, with the same environment"
            )


def _answer(work: Callable[[T], R], part: T) -> Answer:
    """On a worker: the result, or what went wrong, which is not raised there, as Dask would log it."""
    try:
        return Answer(work(part))
    except ClinriskError as error:
        return Answer(None, error)
    except Exception as error:
        return Answer(None, ClinriskError(f"{say_unforeseen(error)}, on the worker {socket.gethostname()}"))
