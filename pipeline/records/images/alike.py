"""Images that stand twice: equal, or the same picture written anew."""

import math
from collections.abc import Callable, Iterator
from typing import TypeAlias

import numpy as np

from pipeline.arrays import BoolArray, FloatArray, IntArray
from pipeline.image_store import Pixels

LOW, THUMB = 5, 64  # frequencies across and down that are compared first; pixels a side that are correlated then
SAME = 0.999  # correlation, at least, of images that are one
FAR = float(np.sqrt(2 * (1 - SAME)))  # what lies between two such images, standardised to length 1, at most
BLOCK = 512
Read: TypeAlias = Callable[[IntArray | list[int]], Pixels]


def find_shared(read: Read, patients: IntArray) -> BoolArray:
    """Which of m images stand under another of the `patients` (m,) too, (m,).

    `read` gives those at some places, (k, side, side), since not all may fit into memory. Two images are the same
    where their thumbnails correlate by .999. Only those are compared that are near in a perceptual hash: the lowest
    cosine frequencies of the thumbnails (as in pHash, Zauner 2010, kept as numbers, since signs are chance where an
    image is smooth). As these are a projection, nothing that correlates so is missed, and not all pairs are compared.
    Images that are the same as a third are the same.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    if not len(patients):
        return np.zeros(0, dtype=bool)
    first, group = _group_equal(read, len(patients))
    pairs = np.array(list(_find_same(read, first)), dtype=np.intp).reshape(-1, 2)
    links = coo_array((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(first), len(first)))
    _, together = connected_components(links, directed=False)
    return _of_several(together[group], patients)


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


def _find_same(read: Read, images: IntArray) -> Iterator[tuple[int, int]]:
    """Pairs of numbers of those at the places `images`, (k,), that are the same."""
    from scipy.spatial import KDTree

    starts = range(0, len(images), BLOCK)
    hashes = np.concatenate([_hash(read(images[start : start + BLOCK])) for start in starts])
    tree = KDTree(hashes)
    for start in starts:
        for one, near in enumerate(tree.query_ball_point(hashes[start : start + BLOCK], FAR), start=start):
            others = [other for other in near if other > one]
            if others:
                thumbs = _standardise(read(images[[one, *others]]))
                yield from (
                    (one, other) for other, alike in zip(others, thumbs[1:] @ thumbs[0], strict=True) if alike >= SAME
                )


def _hash(images: Pixels) -> FloatArray:
    """The lowest frequencies of each of (m, side, side), (m, 25)."""
    from scipy.fft import dct

    thumbs = _standardise(images)
    waves = dct(np.eye(math.isqrt(thumbs.shape[1])), axis=0, norm="ortho")[:LOW]
    return thumbs @ np.kron(waves, waves).T


def _shrink(images: Pixels, side: int) -> FloatArray:
    """(m, s, s) summed over squares of whole pixels, to (m, k, k) with k from `side` to twice as much, or s."""
    step = max(1, images.shape[1] // side)
    edge = images.shape[1] // step * step
    made = np.zeros((len(images), edge // step, edge // step))
    for row in range(step):
        for column in range(step):
            made += images[:, row:edge:step, column:edge:step]
    return made


def _standardise(images: Pixels) -> FloatArray:
    """Thumbnails of (m, side, side) as rows of mean 0 and length 1, so that products are correlations."""
    rows = _shrink(images, THUMB).reshape(len(images), -1)
    rows = rows - rows.mean(axis=1, keepdims=True)
    made: FloatArray = rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    return made
