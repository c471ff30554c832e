"""Work on parts by Dask, on one machine or many: the only module that imports it, and only where it is asked for.

A worker that is lost costs the parts it held, which are done again by others; one that is slow is waited for. Work,
parts and results are pickled on their way alone: workers that would spill them to a disk are refused. A cluster of this
machine's own listens on the loopback address, encrypted and to its own processes, and ends with its block.
"""

import logging
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Any, TypeVar

from pipeline.errors import ClinriskError, ConfigurationError, say_unforeseen
from pipeline.extras import require_cluster
from pipeline.sections import Engine as Settings
from pipeline.workers import Answer, Caller, answer, find_fault

T = TypeVar("T")
R = TypeVar("R")

SECONDS = 15  # within which a scheduler must answer, and have a worker
TRIES = 3  # of a part whose worker was lost
LOOK = 0.2  # seconds between two looks at work that many workers share
IN_FLIGHT = 2  # parts for each thread of a worker: one that is worked on, one that waits there
OWN = "this machine's own cluster"
QUIET = {
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.comm.timeouts.connect": f"{SECONDS}s",
    "distributed.scheduler.allowed-failures": TRIES,
    "distributed.scheduler.worker-ttl": "60s",  # a worker that says nothing for so long is lost
    "distributed.scheduler.http.routes": [],  # there is a web server anyway; it shows nothing
    "distributed.worker.http.routes": [],
    "distributed.admin.large-graph-warning-threshold": "1TB",
}


class WorkerLostError(ClinriskError):
    """A worker ended before its work did."""


@dataclass(frozen=True)
class DaskEngine:
    """The workers behind a client of Dask; `address` is that of the scheduler, or tells that it is this machine's."""

    client: Any
    address: str
    caller: Caller

    def map(self, work: Callable[[T], R], parts: Iterable[T]) -> Iterator[R]:
        """As `Engine.map`, with a few parts under way at a time.

        Raises the errors of `work` as they are where the software foresaw them, and ClinriskError for others and where
        workers or the scheduler are lost.
        """
        most, waiting = IN_FLIGHT * sum(self.workers().values()), deque[Any]()
        try:
            for part in parts:
                waiting.append(self._submit(work, part))
                if len(waiting) >= most:
                    yield self._open(waiting.popleft())
            while waiting:
                yield self._open(waiting.popleft())
        finally:
            self._forget(waiting)

    def workers(self) -> dict[str, int]:
        """How many threads each worker has, by its address, sorted. Raises ClinriskError where there is no worker."""
        with self._said():
            with suppress(TimeoutError):
                self.client.wait_for_workers(1, timeout=SECONDS)
            found = self.client.scheduler_info(n_workers=-1)["workers"]
        if not found:
            raise self._lost("it has no workers left")
        return {address: int(found[address]["nthreads"]) for address in sorted(found)}

    def host(self) -> str:
        """The address of this machine by which workers reach it."""
        from distributed.comm.addressing import get_address_host
        from distributed.utils import get_ip

        scheduler = get_address_host(self.client.scheduler.address)
        return str(scheduler if scheduler.startswith("127.") else get_ip(scheduler))

    def run_on_each(self, work: Callable[[T], R], parts: Mapping[str, T]) -> list[R]:
        """The result of `work` for each part, all at once, each on the worker that it is mapped from.

        Raises WorkerLostError where one of them is lost, since none can go on without the others; those start anew.
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
            self._forget(futures)

    def _refuse_lost(self, needed: Iterable[str]) -> None:
        asked = set(needed)
        left = asked & set(self.workers())
        if left < asked:
            with self._said(), suppress(TimeoutError):
                self.client.restart_workers(sorted(left), timeout=SECONDS, raise_for_error=False)
                self.client.wait_for_workers(len(asked), timeout=SECONDS)
            raise WorkerLostError(f"{len(asked - left)} of {len(asked)} workers of {self.address} were lost")

    def _submit(self, work: Callable[[T], Any], part: T, worker: str | None = None) -> Any:
        where = {"workers": [worker], "allow_other_workers": False} if worker else {}
        with self._said():
            return self.client.submit(answer, self.caller, work, part, pure=False, **where)

    def _open(self, future: Any) -> Any:
        """The result of a future, which is then forgotten."""
        with self._said():
            told: Answer = future.result()
        future.release()
        if told.error:
            raise told.error
        return told.result

    def _forget(self, futures: Iterable[Any]) -> None:
        """Cancel what nobody waits for any more; a scheduler that is gone has forgotten it."""
        if self.client.status == "running":
            self.client.cancel(list(futures), force=True)

    @contextmanager
    def _said(self) -> Iterator[None]:
        """Say in a sentence what Dask raises, whose texts may hold a patient's value."""
        from concurrent.futures import CancelledError

        from distributed import KilledWorker
        from distributed.comm.core import CommClosedError

        try:
            yield
        except KilledWorker:
            raise WorkerLostError(
                f"several workers of {self.address} were lost with the same part, mostly for want of memory; lower "
                "engine.rows in params.yaml, or give workers more"
            ) from None
        except (CancelledError, CommClosedError, TimeoutError):
            raise self._lost("it does not answer any more") from None
        except Exception as error:
            raise ClinriskError(f"{say_unforeseen(error)}, between here and {self.address}") from None
        if self.client.status != "running":
            raise self._lost("it does not answer any more")

    def _lost(self, why: str) -> ClinriskError:
        return ClinriskError(
            f"the scheduler of {self.address} was lost: {why}; the last outputs stand as they were, so start it anew, "
            "then run the stage again"
        )


@contextmanager
def connect(settings: Settings) -> Iterator[DaskEngine]:
    """The cluster that `settings` name, or one of this machine's own.

    Raises ConfigurationError where there is none, it has no workers, or these must not do the work.
    """
    require_cluster()
    import dask
    import distributed

    logging.getLogger(distributed.__name__).setLevel(logging.CRITICAL)  # which importing it has set
    with dask.config.set(QUIET):
        begin = _join(settings.scheduler) if settings.scheduler else _begin(settings.workers)
        with begin as engine:
            _refuse_unfit(engine)
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
        yield DaskEngine(client, address, Caller.of_here())


@contextmanager
def _begin(workers: int) -> Iterator[DaskEngine]:
    import dask
    from distributed import Client, LocalCluster, Security

    with (
        tempfile.TemporaryDirectory(prefix="clinrisk-") as scratch,
        dask.config.set({"temporary-directory": scratch}),
        LocalCluster(
            n_workers=workers,
            threads_per_worker=1,
            host="127.0.0.1",
            security=Security.temporary(),
            dashboard_address="127.0.0.1:0",
            worker_dashboard_address="127.0.0.1:0",
            scheduler_kwargs={"dashboard": False},
            memory_limit=0,
            silence_logs=logging.CRITICAL,
        ) as cluster,
        Client(cluster, set_as_default=False) as client,
    ):
        yield DaskEngine(client, OWN, Caller.of_here())


def _refuse_unfit(engine: DaskEngine) -> None:
    """Raise ConfigurationError where a worker must not do the work; those that come later tell it by their answer."""
    for worker, fault in engine.client.run(find_fault, engine.caller, on_error="return").items():
        if fault:
            told = fault if isinstance(fault, str) else "it has no such code; start it where clinrisk is installed"
            raise ConfigurationError(f"engine.scheduler: a worker at {worker} cannot be used: {told}")
