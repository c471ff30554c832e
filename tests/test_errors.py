import errno
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from pipeline import errors, files
from pipeline.errors import ClinriskError, say_unforeseen
from tests.conftest import python

KINDS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, ClinriskError)]


def documented() -> set[int]:
    rows = [line.split()[0] for line in errors.__doc__.splitlines() if line[:1].isdigit()]
    return {int(row) for row in rows}


def test_each_kind_has_an_exit_code_of_its_own_as_documented():
    codes = [kind.exit_code for kind in KINDS]
    assert len(set(codes)) == len(codes) == 5
    assert {errors.EXIT_DONE, *codes} == documented() == {0, 2, 3, 4, 5, 75}


@pytest.mark.parametrize("kind", KINDS)
def test_one_clause_catches_every_foreseen_error_with_its_sentence(kind):
    with pytest.raises(ClinriskError, match=r"^Expected this, got that\.$"):
        raise kind("Expected this, got that.")


FULL = Path("/dev/full")
FRAME = pd.DataFrame({"x": np.arange(100_000)})
FILL: dict[str, Callable[[], object]] = {
    "python": lambda: FULL.write_text("x" * 100_000),
    "pandas, CSV": lambda: files.write_csv(FULL, FRAME),
    "pandas, Parquet": lambda: files.write_parquet(FULL, FRAME),
    "pyarrow, in parts": lambda: files.write_parquet_parts(FULL, [FRAME, FRAME]),
    "numpy": lambda: FRAME["x"].to_numpy().tofile(FULL),
}


def fail_in_turn(work: Callable[[], object]) -> Exception:
    """The error of `work`, found out by another error in the way of it."""
    try:
        try:
            work()
        except Exception as error:
            raise KeyError("SENTINEL-7731") from error
    except KeyError as error:
        return error
    raise AssertionError("it was to fail")


@pytest.mark.parametrize("how", FILL)
def test_a_full_disk_is_told_whoever_finds_it(how: str) -> None:
    with pytest.raises(OSError) as found:  # noqa: PT011 - which of its texts is no matter
        FILL[how]()
    assert say_unforeseen(found.value) == "the disk is full; free some space, then run it again"
    assert say_unforeseen(fail_in_turn(FILL[how])) == say_unforeseen(found.value)


def allocate_by_numpy() -> None:
    np.empty(2**58)


def allocate_by_pyarrow() -> None:
    import pyarrow as pa

    pa.allocate_buffer(2**60)


@pytest.mark.parametrize("how", [allocate_by_numpy, allocate_by_pyarrow])
def test_a_want_of_memory_is_told_whoever_finds_it(how: Callable[[], None]) -> None:
    with pytest.raises(MemoryError) as found:
        how()
    assert say_unforeseen(found.value).startswith("there is not enough memory; lower engine.rows")
    assert say_unforeseen(fail_in_turn(how)) == say_unforeseen(found.value)


XGBOOST = """
import resource
import numpy as np, xgboost
table = np.ones((5_000_000, 10), dtype=np.float32)
used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (used + 20_000_000, used + 20_000_000))
work = lambda: xgboost.DMatrix(table, nthread=1)
"""
WORKER = """
from joblib import Parallel, delayed
work = lambda: Parallel(n_jobs=2)(delayed(exec)("import os; os.kill(os.getpid(), 9)") for _ in range(2))
"""
TOLD = """
from pipeline.errors import say_unforeseen
try:
    work()
except Exception as error:
    print(type(error).__name__, say_unforeseen(error))
"""


@pytest.mark.parametrize(("program", "kind"), [(XGBOOST, "XGBoostError"), (WORKER, "TerminatedWorkerError")])
def test_a_want_of_memory_is_told_where_it_has_no_type_of_its_own(tmp_path: Path, program: str, kind: str) -> None:
    done = python(tmp_path, "-c", program + TOLD)
    assert done.stdout.startswith(f"{kind} there is not enough memory; lower engine.rows"), done.stderr


@pytest.mark.parametrize(
    ("number", "told"),
    [(errno.EDQUOT, "the disk is full"), (errno.ENOMEM, "not enough memory"), (errno.EIO, "internal")],
)
def test_what_the_system_says_is_told_by_its_number(number: int, told: str) -> None:
    def fail() -> None:
        raise OSError(number, os.strerror(number), "place")

    assert told in say_unforeseen(fail_in_turn(fail))


def test_what_is_neither_is_told_by_its_kind_and_place_alone() -> None:
    error = fail_in_turn(lambda: int("SENTINEL-7731"))
    assert say_unforeseen(error).startswith("internal error, KeyError in test_errors.py line ")
    assert "SENTINEL" not in say_unforeseen(error)
