"""Pseudonyms, and numbers that depend on nothing but the patient and a key."""

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from pipeline.arrays import IntArray

PSEUDONYM = "pseudonym"
BYTES = 12


def pseudonymise(frame: pd.DataFrame, rows: IntArray, identifier: str, key: str) -> tuple[pd.DataFrame, IntArray]:
    """The records at positions `rows`, the identifier replaced by a keyed hash in `pseudonym`, sorted by it.

    BLAKE2b keyed with `key` (RFC 7693), 24 hexadecimal digits; the same patient and key give the same pseudonym
    in every table. Several records of one patient are sorted by their content, so that the order of `frame` is
    forgotten. Returns the frame, and the positions in `frame` of its records, shape (n,).
    """
    digests = _digest(frame[identifier].iloc[rows], key)
    hidden = frame.drop(columns=identifier)
    order = _order(digests, hidden, rows)
    text = digests[order].tobytes().hex()
    names = [text[i : i + 2 * BYTES] for i in range(0, len(text), 2 * BYTES)]
    made = hidden.take(rows[order]).reset_index(drop=True)
    made.insert(0, PSEUDONYM, pd.Series(names, dtype="string"))
    return made, rows[order]


def hash_uniform(pseudonyms: pd.Series, purpose: str) -> npt.NDArray[np.float64]:
    """A number in [0, 1) per pseudonym, shape (n,): fixed by the patient and `purpose`, not by other patients."""
    digests = (hashlib.blake2b(f"{purpose}:{p}".encode(), digest_size=8).digest() for p in pseudonyms)
    return np.array([int.from_bytes(d, "big") >> 11 for d in digests], dtype=float) / 2**53


def _digest(identifiers: pd.Series, key: str) -> npt.NDArray[np.void]:
    keyed = hashlib.blake2b(key=hashlib.sha256(key.encode()).digest(), digest_size=BYTES)
    made = []
    for identifier in identifiers.tolist():
        each = keyed.copy()
        each.update(identifier.encode())
        made.append(each.digest())
    return np.frombuffer(b"".join(made), dtype=np.dtype(f"V{BYTES}"))


def _order(digests: npt.NDArray[np.void], hidden: pd.DataFrame, rows: IntArray) -> IntArray:
    """Positions sorted by digest, and by content within a patient."""
    high, low = _numbers(digests)
    content = np.zeros(len(digests), dtype=np.uint64)
    order = np.lexsort((low, high))
    same = (high[order][1:] == high[order][:-1]) & (low[order][1:] == low[order][:-1])
    if same.any():
        several = np.unique(np.concatenate([order[1:][same], order[:-1][same]]))
        content[several] = pd.util.hash_pandas_object(hidden.iloc[rows[several]], index=False).to_numpy()
        order = np.lexsort((content, low, high))
    return order


def _numbers(digests: npt.NDArray[np.void]) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint32]]:
    """Digests as two numbers that sort as their bytes do."""
    parts = digests.view(np.dtype([("high", ">u8"), ("low", ">u4")]))
    return parts["high"].astype(np.uint64), parts["low"].astype(np.uint32)
