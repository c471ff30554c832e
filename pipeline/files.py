"""Every read and write of generated files: complete or not at all, the same bytes for the same content.

Patient-level folders get mode 0700 and their files 0600; what may be published is readable by all.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

PUBLIC = "reports"
SIGNIFICANT_DIGITS = 6


def staging(path: Path) -> Path:
    """The place beside `path` where its next version is written, its folder made."""
    make_folder(path.parent)
    return path.with_name(f".{path.name}.partial")


def make_folder(folder: Path) -> None:
    """Make a folder and those above it that are missing; unless it is public, for the owner alone."""
    made = [each for each in (folder, *folder.parents) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    for each in made:
        each.chmod(0o755 if is_public(folder) else 0o700)


def commit(path: Path) -> None:
    """Put what stands in `staging(path)` in the place of `path`."""
    new = staging(path)
    secure(new, public=is_public(path))
    if new.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    os.replace(new, path)


def discard(path: Path) -> None:
    """Remove what a broken run left in `staging(path)`."""
    left = path.with_name(f".{path.name}.partial")
    if left.is_dir():
        shutil.rmtree(left)
    else:
        left.unlink(missing_ok=True)


@contextmanager
def scratch_folder(place: Path) -> Iterator[Path]:
    """A private folder beside `place` for files that nobody needs later; what a killed run left there goes first."""
    folder = staging(place)
    discard(place)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def write_whole(writes: Mapping[Path, Callable[[Path], None]]) -> None:
    """Write each file or folder beside its place, by the function it is mapped to; then put all in place, or none."""
    try:
        for path, write in writes.items():
            write(staging(path))
        for path in writes:
            commit(path)
    finally:
        for path in writes:
            discard(path)


def is_public(path: Path) -> bool:
    """Whether a file at `path` (relative to the repository) may be published."""
    return bool(path.parts) and path.parts[0] == PUBLIC


def write_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 with newlines as they are."""
    path.write_text(text, encoding="utf-8", newline="")


def write_bytes(path: Path, content: bytes) -> None:
    """Write `content` as it is."""
    path.write_bytes(content)


def write_folder(path: Path, texts: Mapping[str, str]) -> None:
    """Write a folder of text files, by name, in place of whatever a broken run left there."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir()
    for name, text in texts.items():
        write_text(path / name, text)


def write_json(path: Path, content: Any) -> None:
    """Write `content` as JSON. Raises ValueError on NaN or infinity."""
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")


def read_json(path: Path) -> Any:
    """Read a JSON file."""
    return json.loads(path.read_text(encoding="utf-8"))


def read_yaml(path: Path) -> Any:
    """Read a YAML file by libyaml, ten times as fast as without. Raises yaml.YAMLError."""
    import yaml

    return yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)


def rounded(content: Any) -> Any:
    """`content` with every float rounded to six significant digits."""
    if isinstance(content, float):
        return float(f"{content:.{SIGNIFICANT_DIGITS}g}")
    if isinstance(content, dict):
        return {str(key): rounded(value) for key, value in content.items()}
    if isinstance(content, list | tuple):
        return [rounded(value) for value in content]
    return content


def write_parquet(path: Path, frame: "pd.DataFrame") -> None:
    """Write a frame without its index."""
    frame.to_parquet(path, engine="pyarrow", index=False)


def write_parquet_parts(path: Path, parts: "Iterable[pd.DataFrame | pa.Table]") -> None:
    """Write frames or tables of the same columns one after the other, in as little memory as the largest needs.

    Each is a row group, whose pages have checksums, by which `row_groups` knows that they are as they were written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    writer = None
    for part in parts:
        schema = writer and writer.schema
        table = part if isinstance(part, pa.Table) else pa.Table.from_pandas(part, schema, preserve_index=False)
        writer = writer or pq.ParquetWriter(path, table.schema, write_page_checksum=True)
        writer.write_table(table, row_group_size=max(len(table), 1))
    assert writer is not None, "there is at least one part"
    writer.close()


def write_csv_parts(path: Path, parts: "Iterable[pd.DataFrame]") -> None:
    """Write frames of the same columns, as text, one after the other as UTF-8 CSV with one header."""
    with path.open("w", encoding="utf-8", newline="") as handle:
        for number, part in enumerate(parts):
            part.to_csv(handle, index=False, header=number == 0, lineterminator="\n")


def read_parquet(path: Path, columns: Sequence[str] | None = None) -> "pd.DataFrame":
    """Read a frame, or its `columns` alone, in their order."""
    import pandas as pd

    return pd.read_parquet(path, engine="pyarrow", columns=None if columns is None else list(columns))


def count_rows(path: Path) -> int:
    """The rows of a Parquet file, by its footer."""
    import pyarrow.parquet as pq

    return int(pq.read_metadata(path).num_rows)


def read_csv(path: Path) -> "pd.DataFrame":
    """Read a frame that `write_csv` wrote; only an empty field is missing."""
    import pandas as pd

    return pd.read_csv(path, keep_default_na=False, na_values=[""])


def write_csv(path: Path, frame: "pd.DataFrame") -> None:
    """Write a frame as UTF-8 CSV without its index, floats to six significant digits."""
    frame.to_csv(path, index=False, float_format=f"%.{SIGNIFICANT_DIGITS}g", lineterminator="\n")


def hash_file(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def secure(path: Path, *, public: bool) -> None:
    """Give a file, or a folder and all in it, the mode it must have; files outlive a loss of power then."""
    folder, file = (0o755, 0o644) if public else (0o700, 0o600)
    for each in [path, *path.rglob("*")] if path.is_dir() else [path]:
        each.chmod(folder if each.is_dir() else file)
        if each.is_file():
            with each.open("rb") as handle:
                os.fsync(handle.fileno())
