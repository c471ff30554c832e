"""Pseudonyms, and numbers that depend on nothing but the patient and a key."""

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

PSEUDONYM = "pseudonym"


def pseudonymise(frame: pd.DataFrame, identifier: str, key: str) -> pd.DataFrame:
    """Replace the identifier by a keyed hash in column `pseudonym`, first, and sort by it.

    BLAKE2b keyed with `key` (RFC 7693), 16 hexadecimal digits of it per 64 bits; the same patient and key
    give the same pseudonym in every table.
    """
    digest = hashlib.sha256(key.encode()).digest()
    names = [hashlib.blake2b(str(v).encode(), key=digest, digest_size=12).hexdigest() for v in frame[identifier]]
    hidden = frame.drop(columns=identifier)
    hidden.insert(0, PSEUDONYM, pd.Series(names, index=hidden.index, dtype="string"))
    return hidden.sort_values(PSEUDONYM, kind="stable", ignore_index=True)


def hash_uniform(pseudonyms: pd.Series, purpose: str) -> npt.NDArray[np.float64]:
    """A number in [0, 1) per pseudonym, shape (n,): fixed by the patient and `purpose`, not by other patients."""
    digests = (hashlib.blake2b(f"{purpose}:{p}".encode(), digest_size=8).digest() for p in pseudonyms)
    return np.array([int.from_bytes(d, "big") >> 11 for d in digests], dtype=float) / 2**53
