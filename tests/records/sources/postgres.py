"""A throw-away PostgreSQL on this machine: made for one test session, reached by password, stopped by its own process.

PostgreSQL refuses to run as root; where the tests do, it runs as `postgres`, or as `nobody` where there is none.
"""

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

USER, PASSWORD = "owner", "kept-secret"  # of a server that lives as long as the tests
STARTS_WITHIN, STOPS_WITHIN = 30, 20  # seconds
FOLDERS = "/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin", "/opt/homebrew/opt/postgresql*/bin"


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The SQLAlchemy address of a PostgreSQL server that only this session uses."""
    programs = find_programs()
    if programs is None:
        reason = "initdb and postgres are neither on PATH nor in /usr/lib/postgresql; install the package postgresql"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    with running_server(*programs) as port:
        yield f"postgresql+psycopg://{USER}:{PASSWORD}@127.0.0.1:{port}/postgres"


def find_programs() -> tuple[str, str] | None:
    """`initdb` and `postgres` of one version: those on PATH, else the newest installed."""
    found = [initdb] if (initdb := shutil.which("initdb")) else []
    for folder in FOLDERS:
        found += [str(path) for path in sorted(Path("/").glob(f"{folder[1:]}/initdb"), key=_version, reverse=True)]
    for initdb in found:
        postgres = Path(initdb).resolve().with_name("postgres")
        if postgres.exists():
            return initdb, str(postgres)
    return None


def _version(path: Path) -> list[int]:
    return [int(digits) for digits in "".join(c if c.isdigit() else " " for c in str(path)).split()]


@contextmanager
def running_server(initdb: str, postgres: str) -> Iterator[int]:
    """A new cluster in a folder of its own, its server on a free port of 127.0.0.1; both are gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="clinrisk_postgres_"))
    try:
        _make_cluster(initdb, folder)
        process, port = _start(postgres, folder)
        try:
            yield port
        finally:
            _stop(process)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _unprivileged() -> dict[str, object]:
    """What `subprocess` needs to leave root; nothing where the tests are not root."""
    if os.geteuid() != 0:
        return {}
    names = {entry.pw_name for entry in pwd.getpwall()}
    entry = pwd.getpwnam("postgres" if "postgres" in names else "nobody")
    return {"user": entry.pw_uid, "group": entry.pw_gid, "extra_groups": []}


def _make_cluster(initdb: str, folder: Path) -> None:
    (folder / "password").write_text(PASSWORD)
    other = _unprivileged()
    if other:
        for path in (folder, folder / "password"):
            os.chown(path, other["user"], other["group"])
    options = ["--auth=scram-sha-256", "--encoding=UTF8", "--locale=C", "--no-sync", f"--username={USER}"]
    subprocess.run(
        [initdb, f"--pgdata={folder / 'data'}", f"--pwfile={folder / 'password'}", *options],
        check=True,
        cwd=folder,
        capture_output=True,
        **other,
    )


def _start(postgres: str, folder: Path) -> tuple[subprocess.Popen, int]:
    for _ in range(3):  # another process may take the port before the server does
        port = _free_port()
        command = [postgres, "-D", str(folder / "data"), "-h", "127.0.0.1", "-p", str(port), "-k", "", "-F"]
        with (folder / "log").open("ab") as log:
            process = subprocess.Popen(command, cwd=folder, stdout=log, stderr=log, **_unprivileged())
        if _answers(process, port):
            return process, port
        _stop(process)
    raise RuntimeError((folder / "log").read_text(errors="replace"))


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _answers(process: subprocess.Popen, port: int) -> bool:
    until = time.monotonic() + STARTS_WITHIN
    while process.poll() is None and time.monotonic() < until:
        try:
            psycopg.connect(host="127.0.0.1", port=port, user=USER, password=PASSWORD, dbname="postgres").close()
        except psycopg.OperationalError:
            time.sleep(0.05)
        else:
            return True
    return False


def _stop(process: subprocess.Popen) -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGINT)  # PostgreSQL's fast shutdown: open connections are closed
    try:
        process.wait(STOPS_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
