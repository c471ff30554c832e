"""The bytes of a text file as checked UTF-8, in a stream: unpacked, decoded, free of NUL, quoted as in RFC 4180."""

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from pipeline.errors import ConfigurationError
from pipeline.records.sources.refusals import check_unpacked, file_faults, refused
from pipeline.sections import DelimitedSource

CHUNK = 1 << 22
LONGEST_FIELD = 1 << 24  # bytes; a quote that is never closed makes the rest of the file one field


def open_binary(source: DelimitedSource) -> BinaryIO:
    """The file, unpacked if its name ends in `.gz`."""
    with file_faults(source.path):
        if source.path.endswith(".gz"):
            return gzip.open(source.path)  # type: ignore[return-value]
        return Path(source.path).open("rb")


def checked_text(source: DelimitedSource) -> Iterator[bytes]:
    """The file's text in turn, without byte order mark; raises DataRefusedError at the first fault."""
    decoder, quotes = _decoder(source), QuoteCheck(source)
    transcodes = codecs.lookup(source.encoding).name != "utf-8"
    begun = False
    for raw, last in _unpacked(source):
        text = _decode(raw, decoder, source, last=last)
        checked = text.encode() if transcodes else raw
        if not begun:
            checked = checked.removeprefix(codecs.BOM_UTF8)
        if b"\0" in checked:
            raise refused(source.path, "NUL byte", "holds a NUL byte; it is damaged, or not text as declared")
        quotes.feed(checked, last=last)
        begun = begun or bool(checked)
        yield checked


class ByteStream(io.RawIOBase):
    """Bytes that come in turn, as a file that is read from beginning to end."""

    def __init__(self, parts: Iterator[bytes]) -> None:
        self._parts = parts
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """It is."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill `buffer` as far as the next bytes go; how many they were, 0 at the end."""
        while not self._rest:
            part = next(self._parts, None)
            if part is None:
                return 0
            self._rest = memoryview(part)
        size = min(len(buffer), len(self._rest))
        buffer[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _unpacked(source: DelimitedSource) -> Iterator[tuple[bytes, bool]]:
    """The file's bytes in turn, each with whether it is the last; the last is empty."""
    read = 0
    with file_faults(source.path), open_binary(source) as handle:
        size = Path(source.path).stat().st_size
        raw = b"begun"
        while raw:
            try:
                raw = handle.read(CHUNK)
            except (EOFError, gzip.BadGzipFile, zlib.error):
                raise refused(source.path, "compression", "is not a whole gzip file; copy or export it anew") from None
            read += len(raw)
            check_unpacked(source.path, size, read)
            yield raw, not raw


def _decode(raw: bytes, decoder: codecs.IncrementalDecoder, source: DelimitedSource, *, last: bool) -> str:
    try:
        return decoder.decode(raw, last)
    except UnicodeError:
        raise refused(
            source.path,
            "encoding",
            f"is not valid {source.encoding}; declare its encoding in params.yaml or export it anew",
        ) from None


def _decoder(source: DelimitedSource) -> codecs.IncrementalDecoder:
    try:
        "".encode(source.encoding)
        return codecs.getincrementaldecoder(source.encoding)("strict")
    except (LookupError, ValueError):
        raise ConfigurationError(f"encoding {source.encoding!r} of {source.path} is not known; use utf-8") from None


class QuoteCheck:
    """That quotes stand as RFC 4180 has them: around whole fields, doubled inside. Fed with a file's parts in turn."""

    def __init__(self, source: DelimitedSource) -> None:
        plain, ends = re.escape(source.delimiter).encode(), b"\\r\\n" + re.escape(source.delimiter).encode()
        self._path = source.path
        self._delimiter = source.delimiter.encode()
        bare, quoted = b'[^"' + ends + b"]*+", b'"(?>[^"]++|"")*+'
        self._fields = re.compile(b"(?>(?:" + quoted + b'"|' + bare + b")(?:" + plain + b"|\\r\\n?|\\n))*+")
        self._begun = re.compile(b"(?:" + quoted + b'"?+|' + bare + b")\\Z")
        self._whole = re.compile(b"(?:" + quoted + b'"|' + bare + b")\\Z")
        self._rest = b""

    def feed(self, part: bytes, *, last: bool) -> None:
        """Check the next `part`; raises DataRefusedError where a quote is broken."""
        text = self._rest + part
        if b'"' in text:
            done = self._fields.match(text)
            assert done is not None, "the pattern matches nothing as well"
            self._rest = text[done.end() :]
        else:
            ends = (text.rfind(mark) for mark in (self._delimiter, b"\r", b"\n"))
            self._rest = text[max(ends) + 1 :]
        shape = self._whole if last else self._begun
        if not shape.match(self._rest) or len(self._rest) > LONGEST_FIELD:
            raise refused(self._path, "quoting", "quotes are broken; expected fields quoted as in RFC 4180")
