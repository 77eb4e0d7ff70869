"""Which of many hashes lie near each other, without holding each against each."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Bits: TypeAlias = NDArray[np.bool_]
    Rows: TypeAlias = NDArray[np.intp]
    Words: TypeAlias = NDArray[np.uint64]

__all__ = [
    "add_bits",
    "count_bits",
    "count_unlike",
    "find_clusters",
    "join_rows",
    "number_rows",
    "write_words",
]

_CELLS = 1 << 18  # distances worked out at once
_LEAST = 64  # rows that are compared at once, however many others there are


def write_words(bits: Bits) -> Words:
    """Pack hashes, (N, B) bool, for `count_unlike`: (N, ceil(B / 64)) uint64."""
    packed = np.packbits(bits, axis=1)
    return np.pad(packed, ((0, 0), (0, -packed.shape[1] % 8))).view(np.uint64)


def count_unlike(a: Words, b: Words) -> NDArray[np.uint16]:
    """Count the bits in which hashes differ.

    Parameters
    ----------
    a, b : ndarray, (N, W) and (M, W) uint64
        Made by `write_words`.

    Returns
    -------
    ndarray, (N, M) uint16

    Examples
    --------
    >>> words = write_words(np.array([[True, True], [True, False]]))
    >>> count_unlike(words, words).tolist()
    [[0, 1], [1, 0]]
    """
    unlike = np.zeros((len(a), len(b)), np.uint16)
    for mine, theirs in zip(a.T, b.T, strict=True):
        unlike += count_bits(mine[:, None] ^ theirs)
    return unlike


def count_bits(words: Words) -> NDArray[np.uint8]:
    """Count the set bits of each word, as numpy 2 does in ``bitwise_count``.

    Examples
    --------
    >>> count_bits(np.array([7, 2**64 - 1], np.uint64)).tolist()
    [3, 64]
    """
    if hasattr(np, "bitwise_count"):
        return np.bitwise_count(words)
    return add_bits(words)


def add_bits(words: Words) -> NDArray[np.uint8]:
    """Count the set bits of each word with sums of ever longer fields.

    H. S. Warren, "Hacker's Delight", 2nd edition, section 5-1.

    Examples
    --------
    >>> add_bits(np.array([7, 2**64 - 1], np.uint64)).tolist()
    [3, 64]
    """
    one, two, four, last = (np.uint64(shift) for shift in (1, 2, 4, 56))
    pairs, nibbles, octets, ones = (
        np.uint64(0x0101010101010101 * field) for field in (0x55, 0x33, 0x0F, 1)
    )
    words = words - ((words >> one) & pairs)
    words = (words & nibbles) + ((words >> two) & nibbles)
    words = (words + (words >> four)) & octets
    return ((words * ones) >> last).astype(np.uint8)


def number_rows(table: Bits) -> tuple[Rows, Rows]:
    """Count the different rows of a table off.

    Parameters
    ----------
    table : ndarray, (N, B) bool
        What is compared.

    Returns
    -------
    first : ndarray, (M,) intp
        Where each different row stands first.
    number : ndarray, (N,) intp
        Which of them each row is.

    Examples
    --------
    >>> first, number = number_rows(np.array([[True], [False], [True]]))
    >>> first.tolist(), number.tolist()
    ([1, 0], [1, 0, 1])
    """
    packed = np.packbits(table, axis=1)
    whole = np.ascontiguousarray(packed).view(f"V{packed.shape[1]}")[:, 0]
    _, first, number = np.unique(whole, return_index=True, return_inverse=True)
    return first.astype(np.intp), number.reshape(-1).astype(np.intp)


def join_rows(count: int, a: Rows, b: Rows) -> Rows:
    """Count the clusters off into which links join rows.

    Parameters
    ----------
    count : int
        Rows.
    a, b : ndarray, (L,) intp
        Each link's two rows.

    Returns
    -------
    ndarray, (count,) intp
        Equal for rows that a chain of links joins; from 0 without a gap.

    Examples
    --------
    >>> join_rows(4, np.array([0, 3]), np.array([2, 0])).tolist()
    [0, 1, 0, 0]
    """
    from scipy.sparse import coo_array  # noqa: PLC0415 - heavy
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415 - heavy

    links = coo_array((np.ones(len(a), np.int8), (a, b)), shape=(count, count))
    return connected_components(links.tocsr(), directed=False)[1].astype(np.intp)


def find_clusters(bits: Bits, distance: int) -> Rows:
    """Count the clusters of near hashes off; a chain of near ones is one cluster.

    Hashes that differ in at most `distance` bits are alike throughout one of
    ``distance + 1`` bands of bits, so only those with an equal band are compared, and
    none is missed. Joined ones are not compared again: time grows with the number of
    hashes also where most are near each other.

    Parameters
    ----------
    bits : ndarray, (N, B) bool
        Hashes.
    distance : int
        Bits in which near ones differ at most, below B.

    Returns
    -------
    ndarray, (N,) intp
        Equal for hashes of one cluster.

    Examples
    --------
    >>> bits = np.array([[0, 0, 0], [1, 1, 1], [0, 0, 1]], bool)
    >>> find_clusters(bits, 1).tolist()
    [0, 1, 0]
    """
    if not len(bits):
        return np.zeros(0, np.intp)
    first, number = number_rows(bits)
    different = bits[first]
    words = write_words(different)
    labels = np.arange(len(first))
    bands = range(distance + 1 if distance else 0)
    for band in bands:
        # Every band takes bits from low to high frequencies: neighbours go together.
        buckets = _share_buckets(different[:, band :: distance + 1])
        links = [
            link for rows in buckets for link in _link(words, rows, labels, distance)
        ]
        if links:
            a, b = labels[np.concatenate(links, axis=1)]
            labels = join_rows(int(labels.max()) + 1, a, b)[labels]
    return labels[number]


def _share_buckets(band: Bits) -> Iterator[Rows]:
    _, number = number_rows(band)
    order = np.argsort(number, kind="stable")
    ends = np.flatnonzero(np.diff(number[order])) + 1
    yield from (rows for rows in np.split(order, ends) if len(rows) > 1)


def _link(
    words: Words, rows: Rows, labels: Rows, distance: int
) -> Iterator[NDArray[np.intp]]:
    clusters = np.unique(labels[rows], return_inverse=True)[1].reshape(-1)
    mine, changed = words[rows], True
    while len(rows):
        if changed:
            order = np.argsort(clusters, kind="stable")
            rows, clusters, mine = rows[order], clusters[order], mine[order]
        run = int(np.searchsorted(clusters, clusters[0], side="right"))
        if run == len(rows):
            return
        # One large cluster is held against all others, and not against itself.
        start = run if run >= _LEAST else 0
        step = min(max(_LEAST, _CELLS // (len(rows) - start)), start or len(rows))
        near = np.flatnonzero(count_unlike(mine[:step], mine[start:]) <= distance)
        a, b = np.divmod(near, len(rows) - start)
        b += start
        apart = clusters[a] != clusters[b]
        a, b = a[apart], b[apart]
        if changed := bool(len(a)):
            yield np.stack((rows[a], rows[b]))
            count = int(clusters.max()) + 1
            clusters = join_rows(count, clusters[a], clusters[b])[clusters]
        rows, clusters, mine = rows[step:], clusters[step:], mine[step:]
