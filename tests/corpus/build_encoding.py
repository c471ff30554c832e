"""Encodings, byte order marks, NUL bytes and control characters."""

import codecs

from build_base import BASE, FIRST, case, cell, identifier, renamed, ward

BOM = codecs.BOM_UTF8
NAME = "\u00c40123"  # an identifier with an umlaut
UMLAUT = ward({FIRST: {"patient_id": NAME}})
EURO = ward({FIRST: {"patient_id": "\u20ac0123"}})
PLAIN = BASE.encode()


def _bytes(file: str, about: str, raw: bytes) -> None:
    """Declare a case whose first identifier is written as bytes that are no UTF-8."""
    case(file, about, PLAIN.replace(b"00123", raw, 1), refused="encoding")


def _declared() -> None:
    case("enc_utf8.csv", "An umlaut in UTF-8", UMLAUT, read=renamed(NAME))
    case(
        "enc_latin1.csv",
        "An umlaut in Latin-1, declared",
        UMLAUT.encode("latin-1"),
        {"encoding": "latin-1"},
        read=renamed(NAME),
    )
    case(
        "enc_latin1_undeclared.csv",
        "An umlaut in Latin-1, UTF-8 declared",
        UMLAUT.encode("latin-1"),
        refused="encoding",
    )
    case(
        "enc_utf8_as_latin1.csv",
        "UTF-8 declared Latin-1: every byte is a letter there, nothing can be noticed. OPEN: a warning would protect",
        UMLAUT,
        {"encoding": "latin-1"},
        read=renamed("\u00c3\u00840123"),
    )
    case(
        "enc_cp1252.csv",
        "A euro sign in Windows-1252, declared",
        EURO.encode("cp1252"),
        {"encoding": "cp1252"},
        read=renamed("\u20ac0123"),
    )
    case(
        "enc_cp1252_undeclared.csv",
        "A euro sign in Windows-1252, UTF-8 declared",
        EURO.encode("cp1252"),
        refused="encoding",
    )
    case(
        "enc_cp1252_unassigned.csv",
        "A byte that Windows-1252 does not assign, declared",
        PLAIN.replace(b"00123", b"\x8100123"),
        {"encoding": "cp1252"},
        refused="encoding",
    )
    case("enc_ascii.csv", "An umlaut where ASCII is declared", UMLAUT, {"encoding": "ascii"}, refused="encoding")
    case(
        "enc_utf16_bom.csv",
        "UTF-16 with byte order mark, declared: its zero bytes are no NUL characters",
        codecs.BOM_UTF16_LE + UMLAUT.encode("utf-16-le"),
        {"encoding": "utf-16"},
        read=renamed(NAME),
    )
    case(
        "enc_utf16_be_bom.csv",
        "Big-endian UTF-16 with byte order mark, declared",
        codecs.BOM_UTF16_BE + UMLAUT.encode("utf-16-be"),
        {"encoding": "utf-16"},
        read=renamed(NAME),
    )
    case(
        "enc_utf16_le.csv",
        "UTF-16 without byte order mark, its order declared",
        UMLAUT.encode("utf-16-le"),
        {"encoding": "utf-16-le"},
        read=renamed(NAME),
    )
    case(
        "enc_utf16_bom_undeclared.csv",
        "UTF-16 with byte order mark, UTF-8 declared. OPEN: 'NUL byte' if bytes are looked at before they are decoded",
        codecs.BOM_UTF16_LE + BASE.encode("utf-16-le"),
        refused="encoding",
    )
    case(
        "enc_utf16_undeclared.csv",
        "UTF-16 without byte order mark, UTF-8 declared: valid UTF-8 full of NULs",
        BASE.encode("utf-16-le"),
        refused="NUL byte",
    )
    case(
        "enc_utf16_odd.csv",
        "UTF-16 cut in the middle of a character",
        BASE.encode("utf-16-le")[:-1],
        {"encoding": "utf-16-le"},
        refused="encoding",
    )
    case(
        "enc_utf16_surrogate.csv",
        "UTF-16 with half a surrogate pair",
        BASE.encode("utf-16-le").replace("00123".encode("utf-16-le"), b"\x00\xd8" + "0123".encode("utf-16-le")),
        {"encoding": "utf-16-le"},
        refused="encoding",
    )


def _broken() -> None:
    _bytes("enc_invalid.csv", "A byte that never occurs in UTF-8", b"00\xff123")
    _bytes("enc_continuation.csv", "A continuation byte without its start", b"00\x80123")
    _bytes("enc_cut_inside.csv", "A character of three bytes that lacks its third", b"00\xe2\x82123")
    _bytes("enc_overlong.csv", "An overlong slash", b"00\xc0\xaf123")
    _bytes("enc_overlong_nul.csv", "An overlong NUL", b"00\xc0\x80123")
    _bytes("enc_surrogate.csv", "A surrogate written as UTF-8", b"00\xed\xa0\x80123")
    _bytes("enc_beyond_unicode.csv", "A code point beyond Unicode", b"00\xf4\x90\x80\x80123")
    case("enc_invalid_last.csv", "The last byte of the file is invalid", PLAIN + b"\xff", refused="encoding")
    case("enc_cut_end.csv", "The file ends within a character", PLAIN[:-1] + b"\xc3", refused="encoding")
    case(
        "enc_invalid_header.csv",
        "An invalid byte in the header",
        PLAIN.replace(b"age", b"\xe4ge", 1),
        refused="encoding",
    )
    case(
        "enc_mixed.csv",
        "One umlaut in UTF-8, one in Latin-1",
        PLAIN.replace(b"00123", NAME.encode()).replace(b"00442", b"\xc4442"),
        refused="encoding",
    )
    identifier("enc_replacement.csv", "The sign that an earlier program lost a character is a character", "00\ufffd123")
    identifier("enc_emoji.csv", "A character of four bytes", "\U0001f3e5123")


def _marks() -> None:
    case("bom.csv", "UTF-8 byte order mark", BOM + PLAIN, read={})
    case("bom_declared.csv", "UTF-8 byte order mark, declared", BOM + PLAIN, {"encoding": "utf-8-sig"}, read={})
    case(
        "bom_quoted.csv",
        "UTF-8 byte order mark before a quoted header",
        BOM + PLAIN.replace(b"patient_id", b'"patient_id"', 1),
        read={},
    )
    case(
        "bom_twice.csv",
        "Two byte order marks: the second belongs to the first column's name",
        BOM + BOM + PLAIN,
        refused="header",
    )
    case("bom_only.csv", "A byte order mark and nothing else", BOM, refused="empty file")
    case(
        "bom_latin1.csv",
        "A UTF-8 byte order mark where Latin-1 is declared is three letters of a name",
        BOM + PLAIN,
        {"encoding": "latin-1"},
        refused="header",
    )
    cell(
        "bom_inside_code.csv",
        "A byte order mark before a code, as concatenating leaves it",
        "sex",
        "\ufeffM",
        refused="known code",
    )


def _controls() -> None:
    case(
        "nul_identifier.csv",
        "A NUL byte in an identifier",
        ward({FIRST: {"patient_id": "00\x00123"}}),
        refused="NUL byte",
    )
    case(
        "nul_quoted.csv",
        "A NUL byte in a quoted field",
        ward({FIRST: {"patient_id": '"00\x00123"'}}),
        refused="NUL byte",
    )
    case("nul_number.csv", "A NUL byte after a number", ward({FIRST: {"age": "64\x00"}}), refused="NUL byte")
    case("nul_header.csv", "A NUL byte in the header", BASE.replace("age", "age\x00", 1), refused="NUL byte")
    case("nul_end.csv", "A block padded with NUL bytes", PLAIN + b"\x00" * 512, refused="NUL byte")
    case("nul_only.csv", "Nothing but NUL bytes, as a crash leaves a file", b"\x00" * 512, refused="NUL byte")
    case(
        "nul_utf16.csv",
        "A NUL character in declared UTF-16",
        BASE.replace("00123", "00\x00123").encode("utf-16-le"),
        {"encoding": "utf-16-le"},
        refused="NUL byte",
    )
    identifier(
        "control_bell.csv",
        "A control character in an identifier. OPEN: text like any other; it must not reach a terminal raw",
        "00\x07123",
    )
    identifier(
        "control_escape.csv",
        "A terminal's escape sequence in an identifier. OPEN: as in control_bell.csv",
        "\x1b[2J00123",
    )
    cell(
        "control_code.csv",
        "A control character in a code, not to be echoed raw",
        "sex",
        "M\x1b[31m",
        refused="known code",
    )
    cell(
        "control_number.csv",
        "A control character in a number, not to be echoed raw",
        "age",
        "64\x07",
        refused="whole number",
    )


def add() -> None:
    _declared()
    _broken()
    _marks()
    _controls()
