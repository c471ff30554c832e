"""Where parts of a result wait until all of them are there, so that a run that was killed goes on where it ended.

A part is known by a hash of what it was made from: the records themselves, model, schema, code and settings. The next
run reads the source from its beginning and keeps the parts whose hash is the same; others are made anew. So parts of
another source or model are never taken for those of this one, whatever a file's name and time say.
"""

import hashlib
import io
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline import files
from pipeline.errors import ClinriskError
from pipeline.operations.lock import hold

KEY, PLACING, LOCK = "key", "placing.json", "lock"


class _Digest(io.RawIOBase):
    """A file that keeps nothing but the hash of what is written to it."""

    def __init__(self, begun: str) -> None:
        self.sha256 = hashlib.sha256(begun.encode())

    def writable(self) -> bool:
        return True

    def write(self, content: Any) -> int:
        self.sha256.update(content)
        return len(content)


@dataclass(frozen=True)
class Staging:
    """Parts of one result, each a folder of tables by name, in the private `folder`."""

    folder: Path

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep other runs away. What is staged is removed where this one is refused, and kept where it is killed.

        Raises LockedError where another run has it.
        """
        with hold(self.folder / LOCK):
            try:
                yield
            except ClinriskError:
                self.discard()
                raise

    def has(self, number: int, key: str) -> bool:
        """Whether the part `number` is whole and was made from what `key` stands for."""
        path = self._part(number) / KEY
        return path.is_file() and path.read_text(encoding="utf-8") == key

    def keep(self, number: int, key: str, tables: Mapping[str, pd.DataFrame]) -> None:
        """Keep the `tables` of a part, whole or not at all."""
        files.write_whole({self._part(number): partial(_write_part, key=key, tables=tables)})

    def end(self, count: int) -> None:
        """Forget the parts after the first `count`, which a longer source left behind."""
        for path in self.folder.iterdir():
            if path.is_dir() and not (path.name.isdigit() and int(path.name) < count):
                shutil.rmtree(path)

    def paths(self, name: str) -> list[Path]:
        """The file of the table `name` in each part that has it, in order."""
        return sorted(self.folder.glob(f"[0-9]*/{name}.parquet"))

    def placing(self) -> set[str]:
        """What a run that was killed may have put in its place already, though not all of it."""
        path = self.folder / PLACING
        return set(files.read_json(path)) if path.is_file() else set()

    def place(self, writes: Mapping[Path, Callable[[Path], None]]) -> None:
        """Write files beside their places, then put all in place, in this order."""
        names = [str(path) for path in writes]
        files.write_whole({self.folder / PLACING: partial(files.write_json, content=names)})
        files.write_whole(writes)

    def discard(self) -> None:
        """Remove all that is staged."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def _part(self, number: int) -> Path:
        return self.folder / f"{number:06d}"


def hash_part(raw: pd.DataFrame, settings: Mapping[str, Any]) -> str:
    """SHA-256, in hexadecimal, of the records in `raw` and of all `settings` that shape a part, in JSON's types."""
    import pyarrow as pa

    digest = _Digest(json.dumps(settings, sort_keys=True))
    table = pa.Table.from_pandas(raw, preserve_index=False)
    table = table.take(pa.array(range(len(table))))  # a slice would bring some of its neighbours' bytes along
    with pa.ipc.new_stream(pa.PythonFile(digest, mode="w"), table.schema) as stream:
        stream.write_table(table)
    return digest.sha256.hexdigest()


def _write_part(path: Path, key: str, tables: Mapping[str, pd.DataFrame]) -> None:
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(mode=0o700)
    for name, table in tables.items():
        files.write_parquet(path / f"{name}.parquet", table)
    files.write_text(path / KEY, key)
