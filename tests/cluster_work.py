"""Work for the workers of a cluster, and how to start a scheduler and workers as an operator does."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import DataRefusedError
from pipeline.sections import Engine

ROOT = Path(__file__).parents[1]
SENTINEL = "7731"
LOG = "worker.log"
HEARD = "a worker writes"
WAIT = 30  # seconds, at most


def local(workers: int = 2) -> Engine:
    return Engine(name="dask", workers=workers, rows=1000, memory_share=0.5)


def square(number: int) -> int:
    return number * number


def slow_square(number: int) -> int:
    time.sleep(0.05)
    return number * number


def tell_process(_: object) -> int:
    time.sleep(0.05)
    return os.getpid()


def refuse(number: int) -> int:
    raise DataRefusedError(f"part {number} is refused")


def shout_and_fail(number: int) -> int:
    print(HEARD, flush=True)
    return int(f"SENTINEL-{SENTINEL}-{number}")


def die_once(told: tuple[Path, int]) -> int:
    """The square, but the first worker that has part 5 is killed."""
    return end_once(told, signal.SIGKILL)


def stop_once(told: tuple[Path, int]) -> int:
    """The square, but the first worker that has part 5 is stopped, and never goes on."""
    return end_once(told, signal.SIGSTOP)


def end_once(told: tuple[Path, int], how: signal.Signals) -> int:
    marker, number = told
    if number == 5 and not marker.exists():
        marker.touch()
        os.kill(os.getpid(), how)
    return slow_square(number)


def die(number: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return number


@contextmanager
def run_scheduler(**environment: str) -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    """A scheduler of its own process on the loopback address, and its address."""
    command = [sys.executable, "-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0",
               "--dashboard-address", "127.0.0.1:0", "--no-dashboard", "--no-jupyter"]  # fmt: skip
    with ended(subprocess.Popen(command, env=os.environ | environment, stderr=subprocess.PIPE)) as process:
        yield read_address(process), process


@contextmanager
def run_worker(scheduler: str, folder: Path, *options: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    """A worker of one thread for the scheduler, started in the repository; it keeps nothing on disk unless told to."""
    off = {f"DASK_DISTRIBUTED__WORKER__MEMORY__{name}": "False" for name in ("TARGET", "SPILL")}
    command = [sys.executable, "-m", "distributed.cli.dask_worker", scheduler, "--nthreads", "1", "--no-dashboard",
               "--local-directory", str(folder), *options]  # fmt: skip
    variables = os.environ | off | {"PYTHONPATH": str(ROOT)} | environment
    with (
        (folder / LOG).open("wb") as log,
        ended(subprocess.Popen(command, cwd=folder, env=variables, stdout=log, stderr=log)) as process,
    ):
        yield process


def make_keys(folder: Path) -> dict[str, str]:
    """Keys of TLS for all, as the variables by which Dask finds them."""
    from distributed import Security

    made = Security.temporary()
    (folder / "ca.pem").write_text(made.tls_ca_file)
    (folder / "key.pem").write_text(made.tls_client_key)
    roles = {f"{role}__{kind}": name for role in ("CLIENT", "SCHEDULER", "WORKER")
             for kind, name in (("CERT", "ca.pem"), ("KEY", "key.pem"))}  # fmt: skip
    places = {f"TLS__{name}": str(folder / file) for name, file in (roles | {"CA_FILE": "ca.pem"}).items()}
    return {
        f"DASK_DISTRIBUTED__COMM__{name}": value for name, value in (places | {"REQUIRE_ENCRYPTION": "True"}).items()
    }


@contextmanager
def ended(process: subprocess.Popen[bytes]) -> Iterator[subprocess.Popen[bytes]]:
    with process:
        try:
            yield process
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def read_address(scheduler: subprocess.Popen[bytes]) -> str:
    assert scheduler.stderr is not None
    for line in scheduler.stderr:
        if b"Scheduler at:" in line:
            return line.split(b"Scheduler at:")[1].decode().strip()
    raise AssertionError("the scheduler tells its address")
