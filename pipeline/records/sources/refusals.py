"""What every source has in common when it refuses: the rule's name, and no patient's value."""

import difflib
import os
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipeline.errors import DataRefusedError

MOST_UNPACKED = 100  # times the packed size; a table of records packs 5 to 30 times
UNPACKED_UNSUSPECTED = 50_000_000  # bytes


def refused(path: str, rule: str, sentence: str) -> DataRefusedError:
    """The error that says which rule the source at `path` breaks."""
    return DataRefusedError(f"{path}, rule '{rule}': {sentence}")


@contextmanager
def file_faults(path: str) -> Iterator[None]:
    """Turn what the operating system says of a file into a refusal."""
    try:
        yield
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        raise DataRefusedError(f"{path} is missing, rule 'file': expected a file of records there") from None
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else "the disk or network failed"
        raise refused(path, "file", f"cannot be read: {reason}; mend the path, permission or disk") from None


def check_readable(path: str) -> None:
    """Raise DataRefusedError if the operating system does not let the file at `path` be read."""
    with file_faults(path):
        Path(path).open("rb").close()


def check_unpacked(path: str, packed: int, unpacked: int) -> None:
    """Raise DataRefusedError if `unpacked` bytes from `packed` ones are more than a table of records gives."""
    if unpacked > UNPACKED_UNSUSPECTED and unpacked > MOST_UNPACKED * packed:
        raise refused(
            path,
            "compression",
            f"unpacks to more than {MOST_UNPACKED} times its size, as no table does; export it anew",
        )


def check_header(
    path: str, header: Sequence[str], columns: Sequence[str], optional: Collection[str] = frozenset()
) -> list[str]:
    """Those of `columns` that `header` holds, in declared order; `optional` are those it may lack.

    Raises DataRefusedError unless `header` holds each of the others once, in any order, and nothing that is not in
    `columns`. A header may be a patient's record by mistake, so what is not declared is told by its place, never shown.
    """
    faults = []
    known = set(header) & set(columns)
    if missing := [c for c in columns if c not in known and c not in optional]:
        faults.append(f"missing {', '.join(missing)}")
    if strange := [i for i, c in enumerate(header, start=1) if c not in known]:
        near = [_nearest(header[i - 1], columns) for i in strange]
        places = [f"{i}{f' (like {name})' if name else ''}" for i, name in zip(strange, near, strict=True)]
        faults.append(f"not declared: column number {', '.join(places)} of {len(header)}")
    if repeated := [c for c in columns if list(header).count(c) > 1]:
        faults.append(f"repeated {', '.join(repeated)}")
    if faults:
        hint = "check header and delimiter; " if len(known) <= len(columns) // 2 else ""
        raise refused(
            path, "header", f"the columns are not the schema's: {'; '.join(faults)}; {hint}mend the file or the schema"
        )
    return [c for c in columns if c in known]


def check_distinct(path: str, header: Sequence[str]) -> None:
    """Raise DataRefusedError if a name stands twice in `header`, whatever the names are."""
    check_header(path, header, list(dict.fromkeys(header)))


def _nearest(name: str, columns: Sequence[str]) -> str | None:
    return next(iter(difflib.get_close_matches(name, columns, n=1, cutoff=0.8)), None)
