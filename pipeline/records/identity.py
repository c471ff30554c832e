"""Pseudonyms, and numbers that depend on nothing but the patient and a key."""

import hashlib
import os
import stat
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.arrays import IntArray
from pipeline.errors import ConfigurationError
from pipeline.sections import Validate

PSEUDONYM = "pseudonym"
BYTES = 12
NOBODY = bytes(BYTES)
DIGEST = np.dtype([("high", np.uint64), ("low", np.uint32)])
Digests = npt.NDArray[np.void]
SHORTEST_KEY = 16


def read_key(settings: Validate) -> str:
    """The key of pseudonyms, from where the settings say it is.

    Raises ConfigurationError where the variable is not set, the file is missing, open to others or no text, or the key
    is shorter than 16 characters; no message holds any of it.
    """
    if settings.pseudonym_key:
        return settings.pseudonym_key
    kind, _, place = settings.pseudonym_key_from.partition(":")
    key = os.environ.get(place, "") if kind == "env" else _read_key_file(Path(place))
    if not key:
        raise ConfigurationError(f"{place}, which holds the key of pseudonyms, is not set; set it where the stages run")
    if len(key) < SHORTEST_KEY:
        raise ConfigurationError(
            f"the key of pseudonyms in {place} has {len(key)} characters; expected {SHORTEST_KEY} or more, at random"
        )
    return key


def fingerprint_key(key: str) -> str:
    """16 hexadecimal digits that tell whether two keys are the same; they do not lead back to a key drawn at random."""
    return _keyed(key, 8, b"key of pseudonyms").hexdigest()


def pseudonymise(frame: pd.DataFrame, rows: IntArray, identifier: str, key: str) -> tuple[pd.DataFrame, IntArray]:
    """The records at positions `rows`, the identifier replaced by a keyed hash in `pseudonym`, sorted by it.

    Several records of one patient are sorted by their content, so that the order of `frame` is forgotten. Returns the
    frame, and the positions in `frame` of its records, shape (n,).
    """
    digests = digest_identifiers(frame[identifier].iloc[rows], key)
    hidden, order = hide_patients(frame.drop(columns=identifier).take(rows), digests)
    return hidden, rows[order]


def digest_identifiers(identifiers: pd.Series, key: str) -> Digests:
    """BLAKE2b keyed with `key` (RFC 7693) of each identifier, (n,), 0 where it is missing.

    The same patient and key give the same digest in every table.
    """
    assert key, "without a key, anyone could tell who a pseudonym is"
    keyed = _keyed(key, BYTES)
    made = []
    for identifier in identifiers.tolist():
        if identifier is pd.NA:
            made.append(NOBODY)
            continue
        each = keyed.copy()
        each.update(identifier.encode())
        made.append(each.digest())
    parts = np.frombuffer(b"".join(made), dtype=[("high", ">u8"), ("low", ">u4")])
    return parts.astype(DIGEST)


def hide_patients(records: pd.DataFrame, digests: Digests) -> tuple[pd.DataFrame, IntArray]:
    """`records` (n rows) without identifiers, sorted by their patients' `digests` (n,), which stand in `pseudonym`.

    A patient's own records are sorted by their content. A pseudonym has 24 hexadecimal digits, which sort as digests
    do. Returns the frame, and the positions in `records` of its rows, (n,).
    """
    order = _order(digests, records)
    made = records.take(order).reset_index(drop=True)
    made.insert(0, PSEUDONYM, _write(digests[order]))
    return made, order


def hash_uniform(pseudonyms: pd.Series, purpose: str) -> npt.NDArray[np.float64]:
    """A number in [0, 1) per pseudonym, shape (n,): fixed by the patient and `purpose`, not by other patients."""
    digests = (hashlib.blake2b(f"{purpose}:{p}".encode(), digest_size=8).digest() for p in pseudonyms)
    return np.array([int.from_bytes(d, "big") >> 11 for d in digests], dtype=float) / 2**53


def _keyed(key: str, size: int, content: bytes = b"") -> "hashlib.blake2b":
    """BLAKE2b as a message authentication code (RFC 7693, section 2.9) of `size` bytes."""
    return hashlib.blake2b(content, key=hashlib.sha256(key.encode()).digest(), digest_size=size)


def _read_key_file(path: Path) -> str:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        why = "is no text" if isinstance(error, ValueError) else f"cannot be read: {error.strerror}"
        raise ConfigurationError(f"{path}, which holds the key of pseudonyms, {why}") from None
    if mode & 0o077:
        raise ConfigurationError(f"{path} holds the key of pseudonyms and is open to others; `chmod 600 {path}`")
    return text


def _order(digests: Digests, records: pd.DataFrame) -> IntArray:
    """Positions sorted by digest, and by content within a patient."""
    content = np.zeros(len(digests), dtype=np.uint64)
    order = sort_digests(digests)
    same = digests[order][1:] == digests[order][:-1]
    if same.any():
        several = np.unique(np.concatenate([order[1:][same], order[:-1][same]]))
        content[several] = pd.util.hash_pandas_object(records.iloc[several], index=False).to_numpy()
        order = np.lexsort((content, digests["low"], digests["high"]))
    return order


def sort_digests(digests: Digests) -> IntArray:
    """Positions of `digests` (n,) in their order, (n,)."""
    high = np.ascontiguousarray(digests["high"])
    order = np.argsort(high)
    if (high[order][1:] != high[order][:-1]).all():
        return order
    return np.lexsort((digests["low"], high))


def _write(digests: Digests) -> pd.Series:
    text = digests.astype([("high", ">u8"), ("low", ">u4")]).tobytes().hex()
    return pd.Series([text[i : i + 2 * BYTES] for i in range(0, len(text), 2 * BYTES)], dtype="string")
