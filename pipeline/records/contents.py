"""What a record holds as two numbers: records that differ have different ones but for a chance of 2^-128 a pair.

Equal records are so found in a table that is never held at once. The numbers are sums of the columns' mixed values
times odd numbers drawn at random (multilinear hashing, Lemire and Kaser 2014), the same in every process.
"""

import hashlib

import numpy as np
import numpy.typing as npt
import pandas as pd

Words = npt.NDArray[np.uint64]
Contents = npt.NDArray[np.void]
CONTENTS = np.dtype([("one", np.uint64), ("other", np.uint64)])
MISSING = np.uint64(0x9E3779B97F4A7C15)
MIX = np.uint64(0xBF58476D1CE4E5B9)
HALF = np.uint64(32)


def hash_contents(frame: pd.DataFrame) -> Contents:
    """The numbers of each typed record in `frame` (n rows), (n,); missing values are equal to each other."""
    odd = np.random.default_rng(0).integers(0, 2**64, (len(frame.columns), 3), dtype=np.uint64) | np.uint64(1)
    found = np.zeros(len(frame), dtype=CONTENTS)
    for name, (salt, *factors) in zip(frame.columns, odd, strict=True):
        for field, words, factor in zip(("one", "other"), _words(frame[name]), factors, strict=True):
            found[field] += _mix(words, salt) * factor
    return found


def _mix(words: Words, salt: np.uint64) -> Words:
    """Every number another one, whose low bits depend on the high ones too."""
    mixed = (words ^ salt) * MIX
    mixed ^= mixed >> HALF
    return mixed


def _words(values: pd.Series) -> tuple[Words, Words]:
    """Two numbers of each value, equal where the value is a number itself."""
    if isinstance(values.dtype, pd.StringDtype):
        return _text_words(values)
    if isinstance(values.dtype, pd.CategoricalDtype):
        words = values.cat.codes.to_numpy().astype(np.int64).view(np.uint64)
    elif values.dtype.kind == "M":
        words = values.to_numpy("datetime64[ns]").view(np.uint64)
    elif isinstance(values.dtype, pd.Int64Dtype):
        words = values.to_numpy(np.int64, na_value=0).view(np.uint64)
        words = np.where(values.isna().to_numpy(), MISSING, words)
    else:
        numbers = values.to_numpy(np.float64) + 0.0  # which makes -0.0 the 0.0 that it equals
        numbers[np.isnan(numbers)] = np.nan
        words = numbers.view(np.uint64)
    return words, words


def _text_words(values: pd.Series) -> tuple[Words, Words]:
    codes, texts = pd.factorize(values, use_na_sentinel=True)
    digests = b"".join(hashlib.blake2b(text.encode(), digest_size=16).digest() for text in texts.tolist())
    words = np.append(np.frombuffer(digests, dtype=CONTENTS), np.array([(MISSING, MISSING)], dtype=CONTENTS))[codes]
    return np.ascontiguousarray(words["one"]), np.ascontiguousarray(words["other"])
