"""Compressed files, whole and broken. Stored, not deflated, so that every zlib writes the same bytes."""

import bz2
import gzip

from build_base import BASE, case, ward

PLAIN = BASE.encode()


def pack(data: bytes) -> bytes:
    """One gzip member, the same bytes on every day."""
    return gzip.compress(data, compresslevel=0, mtime=0)


def add() -> None:
    whole = pack(PLAIN)
    half = len(PLAIN) // 2
    case("gz_plain.csv.gz", "A compressed file", whole, read={})
    case(
        "gz_tab.tsv.gz", "A compressed file of tabs", pack(ward(delimiter="\t").encode()), {"delimiter": "\t"}, read={}
    )
    case("gz_text.txt.gz", "The ending .txt.gz", whole, read={})
    case(
        "gz_members.csv.gz",
        "Two members, cut within a record: by the format one text",
        pack(PLAIN[:half]) + pack(PLAIN[half:]),
        read={},
    )
    case("gz_utf16.csv.gz", "Compressed UTF-16, declared", pack(BASE.encode("utf-16")), {"encoding": "utf-16"}, read={})
    case(
        "gz_header_only.csv.gz",
        "A compressed header without records",
        pack(PLAIN.split(b"\n")[0] + b"\n"),
        refused="no records",
    )
    case("gz_of_nothing.csv.gz", "A compressed empty file", pack(b""), refused="empty file")
    case(
        "gz_no_bytes.csv.gz",
        "No byte at all",
        b"",
        refused="empty file",
    )
    case("gz_truncated.csv.gz", "Cut in the middle", whole[:half], refused="compression")
    case(
        "gz_truncated_at_line.csv.gz",
        "Cut exactly after a record: what remains would be a shorter valid table",
        whole[: whole.index(b"\n00966") + 1],
        refused="compression",
    )
    case("gz_no_trailer.csv.gz", "All records there, the checksum cut off", whole[:-8], refused="compression")
    case("gz_length_cut.csv.gz", "The last byte cut off", whole[:-1], refused="compression")
    case("gz_header_cut.csv.gz", "Cut within gzip's own header", whole[:6], refused="compression")
    case(
        "gz_checksum.csv.gz",
        "A digit changed after compression: the checksum disagrees",
        whole.replace(b",64,138", b",46,138"),
        refused="compression",
    )
    case(
        "gz_length.csv.gz",
        "The length in the trailer is wrong",
        whole[:-4] + b"\x01\x00\x00\x00",
        refused="compression",
    )
    case("gz_garbage.csv.gz", "Garbage after the last member", whole + b"garbage", refused="compression")
    case(
        "gz_second_cut.csv.gz", "A whole member, then one cut short", whole + pack(PLAIN)[:half], refused="compression"
    )
    case("gz_not.csv.gz", "Plain text that is named .gz", PLAIN, refused="compression")
    case("gz_bz2.csv.gz", "bzip2 that is named .gz", bz2.compress(PLAIN), refused="compression")
    case("gz_zip.csv.gz", "The first bytes of a zip, named .gz", b"PK\x03\x04" + PLAIN, refused="compression")
    case(
        "gz_unnamed.csv",
        "gzip that is not named .gz. OPEN: 'NUL byte' if bytes are looked at before they are decoded",
        whole,
        refused="encoding",
    )
    case(
        "gz_twice.csv.gz", "Compressed twice: gzip inside. OPEN: as in gz_unnamed.csv", pack(whole), refused="encoding"
    )
    case(
        "gz_invalid_utf8.csv.gz",
        "An invalid byte inside a sound gzip",
        pack(PLAIN.replace(b"00123", b"\xff0123")),
        refused="encoding",
    )
