"""Images that stand twice: equal, or the same picture written anew."""

from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.image_store import Pixels

LOW, THUMB = 8, 64  # frequencies of a hash; pixels a side that are correlated
DIFFERENT = 4  # bits of a hash at most, of images that may be one
SAME = 0.999  # correlation, at least, of images that are one
BLOCK = 512
Read: TypeAlias = Callable[[IntArray | list[int]], Pixels]


def find_shared(read: Read, patients: IntArray) -> BoolArray:
    """Which of m images stand under another of the `patients` (m,) too, (m,).

    `read` gives those at some places, (k, side, side), since not all may fit into memory.

    Candidates have perceptual hashes of 63 bits that differ in four at most (Zauner 2010, the signs of the lowest
    cosine frequencies about their median), found by what the hashes share, so that not all pairs are compared; the
    same are those whose thumbnails correlate by .999. Images that are the same as a third are the same.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(patients):
        return np.zeros(0, dtype=bool)
    first, group = _group_equal(read, len(patients))
    pairs = np.array(list(_confirmed(read, first)), dtype=np.intp).reshape(-1, 2)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(first), len(first)))
    _, together = connected_components(links, directed=False)
    belongs = together[group]
    return _of_several(belongs, patients)


def _of_several(groups: IntArray, patients: IntArray) -> BoolArray:
    """Whether the group of each image has images of several patients."""
    distinct = np.unique(np.stack([groups, patients]), axis=1)[0]
    return np.bincount(distinct, minlength=int(groups.max()) + 1)[groups] > 1


def _group_equal(read: Read, images: int) -> tuple[IntArray, IntArray]:
    """The place of the first of each group of equal images, and the group of each image."""
    import hashlib

    each = (read([place])[0].tobytes() for place in range(images))
    digests = np.array([hashlib.blake2b(image, digest_size=16).digest() for image in each], dtype="V16")
    _, first, group = np.unique(digests, return_index=True, return_inverse=True)
    return first, group


def _confirmed(read: Read, images: IntArray) -> Iterator[tuple[int, int]]:
    """Pairs of numbers of those at the places `images`, (k,), that are the same."""
    hashes = np.concatenate([_hash(read(images[i : i + BLOCK])) for i in range(0, len(images), BLOCK)])
    for one, others in _near(hashes):
        thumbs = _standardise(_shrink(read(images[[one, *others]]), THUMB))
        for other, alike in zip(others, thumbs[1:] @ thumbs[0] >= SAME, strict=True):
            if alike:
                yield one, int(other)


def _hash(images: Pixels) -> IntArray:
    """The perceptual hash of each of (m, side, side), 63 bits."""
    from scipy.fft import dct

    side = images.shape[1]
    waves = dct(np.eye(side), axis=0, norm="ortho")[:LOW]
    spectrum = (waves @ images.astype(np.float64) @ waves.T).reshape(len(images), -1)[:, 1:]
    bits = spectrum > np.median(spectrum, axis=1, keepdims=True)
    return bits @ (1 << np.arange(LOW * LOW - 1, dtype=np.int64))


def _near(hashes: IntArray) -> Iterator[tuple[int, IntArray]]:
    """Each place with the later ones whose hashes differ in few bits.

    Cut in one part more than bits may differ, two such hashes have one of the parts in common.
    """
    parts = np.array_split(np.arange(LOW * LOW - 1), DIFFERENT + 1)
    for number, part in enumerate(parts):
        values = hashes & sum(1 << int(bit) for bit in part)
        order = np.argsort(values, kind="stable")
        starts = np.flatnonzero(np.diff(values[order], prepend=-1))
        sizes = np.diff(starts, append=len(order))
        for start, size in zip(starts[sizes > 1], sizes[sizes > 1], strict=True):
            members = order[start : start + size]
            yield from _near_within(hashes, members, [sum(1 << int(b) for b in each) for each in parts[:number]])


def _near_within(hashes: IntArray, members: IntArray, before: list[int]) -> Iterator[tuple[int, IntArray]]:
    """As `_near`, among `members`, which are sorted; pairs that have one of the parts `before` in common came then."""
    for start in range(0, len(members), BLOCK):
        block = members[start : start + BLOCK]
        differ = hashes[block][:, None] ^ hashes[members][None, :]
        near = (np.bitwise_count(differ) <= DIFFERENT) & (members[None, :] > block[:, None])
        for part in before:
            near &= (differ & part) != 0
        for row in np.flatnonzero(near.any(axis=1)):
            yield int(block[row]), members[near[row]]


def _shrink(images: Pixels, side: int) -> FloatArray:
    """(m, s, s) averaged to at most (m, side, side)."""
    size = images.shape[1]
    if size <= side:
        return images.astype(np.float64)
    edges = np.linspace(0, size, side + 1)
    covered = np.minimum(edges[1:, None], np.arange(size) + 1) - np.maximum(edges[:-1, None], np.arange(size))
    weights = np.clip(covered, 0, None) * side / size
    shrunk: FloatArray = weights @ images.astype(np.float64) @ weights.T
    return shrunk


def _standardise(images: FloatArray) -> FloatArray:
    """(m, side, side) as rows of mean 0 and length 1, so that products are correlations."""
    rows = images.reshape(len(images), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
