"""COCO run lengths: how long a mask stays the same, down one column after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Counts = NDArray[np.int64]

__all__ = ["count_runs", "expand", "fill_runs", "pack_counts", "unpack_counts"]

_BITS = 5
_LOW = 0x1F
_SIGN = 0x10
_MORE = 0x20
_FIRST = 48  # the digits start at "0"
_DIGITS = 13  # of 5 bits, hold 64


def count_runs(mask: NDArray[np.bool_]) -> Counts:
    """Count pixels outside and inside by turns, from the top of the first column.

    Parameters
    ----------
    mask : (H, W) bool array
        The mask.

    Returns
    -------
    (N,) int64 array
        Pixels outside, inside, outside …, px; the first is 0 where the mask starts
        inside. Their sum is ``H * W``.

    Notes
    -----
    Uncompressed ``counts`` of the COCO API, ``common/maskApi.h``
    (https://github.com/cocodataset/cocoapi).

    Examples
    --------
    >>> count_runs(np.array([[False, True], [True, True]])).tolist()
    [1, 3]
    """
    # Half of what follows looks at bytes, and columns are read where they lie together.
    pixels = np.ascontiguousarray(mask.T).ravel()
    changes = np.flatnonzero(pixels[1:] != pixels[:-1]) + 1
    edges = np.concatenate([[0], changes, [pixels.size]])
    counts: Counts = np.diff(edges)
    return np.concatenate([[0], counts]) if pixels.size and pixels[0] else counts


def fill_runs(
    counts: Sequence[int] | Counts, height: int, width: int
) -> NDArray[np.bool_]:
    """Return the mask of uncompressed counts, (H, W) bool.

    Raises
    ------
    OptionsError
        When the counts are negative or do not sum up to ``height * width``.

    Examples
    --------
    >>> fill_runs([1, 3], 2, 2)
    array([[False,  True],
           [ True,  True]])
    """
    runs = np.asarray(counts, np.int64)
    if (runs < 0).any() or int(runs.sum()) != height * width:
        raise OptionsError(
            f"run lengths must be 0 or more and sum up to {height} x {width} = "
            f"{height * width} px; these sum up to {int(runs.sum())}"
        )
    inside = np.arange(runs.size) % 2 == 1
    return np.repeat(inside, runs).reshape(width, height).T


def pack_counts(counts: Sequence[int] | Counts) -> str:
    """Compress counts to the text that COCO files hold.

    From the fourth on each count is written as its difference to the last but one,
    in digits of 5 bits, lowest first, with one bit for "more follows"; the highest
    digit's top bit is the sign.

    Notes
    -----
    ``rleToString`` of the COCO API, ``common/maskApi.c``.

    Examples
    --------
    >>> pack_counts([6, 1, 40, 4, 5])
    '61X13mN'
    """
    values = np.array(counts, np.int64)
    values[3:] -= np.asarray(counts, np.int64)[1:-2]
    digits, kept = [], []
    left = np.ones(values.size, np.bool_)
    while left.any():
        digit = values & _LOW
        values >>= _BITS
        # Shifted right, what is negative ends at -1 and what is not at 0.
        more = values != np.where(digit & _SIGN, -1, 0)
        digits.append(np.where(more, digit | _MORE, digit) + _FIRST)
        kept.append(left)
        left = left & more
    if not digits:
        return ""
    table = np.stack(digits, axis=1)[np.stack(kept, axis=1)]
    return table.astype(np.uint8).tobytes().decode("ascii")


def unpack_counts(text: str) -> Counts:
    """Return the counts of a COCO file's compressed text.

    Raises
    ------
    OptionsError
        When it is not such a text.

    Notes
    -----
    ``rleFrString`` of the COCO API, ``common/maskApi.c``.

    Examples
    --------
    >>> unpack_counts("61X13mN").tolist()
    [6, 1, 40, 4, 5]
    """
    data = np.frombuffer(text.encode(), np.uint8).astype(np.int64) - _FIRST
    if ((data < 0) | (data > _LOW + _MORE)).any() or (data.size and data[-1] & _MORE):
        raise OptionsError(f"not compressed run lengths: {text[:40]!r}")
    last = np.flatnonzero((data & _MORE) == 0)
    first = np.concatenate([[0], last[:-1] + 1]) if last.size else last
    place = np.arange(data.size) - np.repeat(first, last - first + 1)
    if (place >= _DIGITS).any():
        raise OptionsError(f"run lengths beyond 64 bits: {text[:40]!r}")
    counts = np.zeros(last.size, np.int64)
    if last.size:
        counts = np.add.reduceat((data & _LOW) << (_BITS * place), first)
    negative = (data[last] & _SIGN) != 0
    counts -= negative.astype(np.int64) << (_BITS * (place[last] + 1))
    counts[1::2] = np.cumsum(counts[1::2])
    counts[2::2] = np.cumsum(counts[2::2])
    return counts


def expand(counts: Counts) -> tuple[Counts, Counts]:
    """Return each place as often as it counts, and how often it came before.

    Examples
    --------
    >>> [numbers.tolist() for numbers in expand(np.array([2, 0, 1]))]
    [[0, 0, 2], [0, 1, 0]]
    """
    places = np.repeat(np.arange(counts.size), counts)
    firsts = np.cumsum(counts) - counts
    return places, np.arange(places.size) - firsts[places]
