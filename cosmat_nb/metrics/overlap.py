"""How far two mattes of one picture agree, and by which translation they meet."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import numpy.typing as npt

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.alignment import place_back
from cosmat_nb.metrics.checks import HARD, alpha_level, check_alpha, check_pair
from cosmat_nb.metrics.window import marked_window

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Overlap", "compare_mattes", "meet_mattes"]

_HARD = alpha_level(HARD, 255)
_COARSE = 2**16  # pixels that are correlated at once; larger mattes are halved first

Alpha = npt.NDArray[np.uint8]
Shift = tuple[int, int]


class Overlap(NamedTuple):
    """Direct agreement of two mattes.

    Attributes
    ----------
    iou : float
        Hard pixels (alpha >= 0.5) of both over those of either, 0 to 1; 1 when neither
        has any.
    mad : float
        Mean absolute difference of alpha over the smallest canvas that holds both,
        0 to 1.
    """

    iou: float
    mad: float


def compare_mattes(alpha: Alpha, other: Alpha, shift: Shift = (0, 0)) -> Overlap:
    """Lay one matte over another and count where they differ; beyond both is alpha 0.

    Parameters
    ----------
    alpha, other : ndarray of uint8, shape (H, W) and (h, w)
        0 to 255. Exchanging them, with the opposite `shift`, changes nothing.
    shift : tuple of int, default (0, 0)
        (row, col), px: ``other[r + row, c + col]`` lies on ``alpha[r, c]``.

    Returns
    -------
    Overlap
        Intersection over union: P. Jaccard 1912, New Phytologist 11.

    Raises
    ------
    OptionsError
        When a matte is not an array of that shape and dtype, or has no pixel, or
        `shift` is no pair of whole numbers.

    Examples
    --------
    >>> alpha = np.array([[0, 255, 255, 0]], np.uint8)
    >>> compare_mattes(alpha, np.array([[0, 0, 255, 255]], np.uint8))
    Overlap(iou=0.3333333333333333, mad=0.5)
    >>> compare_mattes(alpha, alpha[:, 1:], (0, -1))
    Overlap(iou=1.0, mad=0.0)
    """
    _check(alpha, "alpha")
    _check(other, "other")
    shift = check_pair(shift, "shift", advice="take it from meet_mattes")
    mine, theirs = _on_one_canvas(alpha, other, shift)
    both = int(np.count_nonzero((mine >= _HARD) & (theirs >= _HARD)))
    either = int(np.count_nonzero((mine >= _HARD) | (theirs >= _HARD)))
    apart = np.maximum(mine, theirs) - np.minimum(mine, theirs)
    return Overlap(
        iou=both / either if either else 1.0,
        mad=int(apart.sum(dtype=np.int64)) / (255 * apart.size),
    )


def meet_mattes(alpha: Alpha, other: Alpha) -> Shift:
    """Find the translation at which two mattes differ least, in the sum of squares.

    Exact when the mattes are the same but for a translation. Otherwise it is the best
    case for their agreement, and an assumption: what was cut differently may have moved
    otherwise.

    Parameters
    ----------
    alpha, other : ndarray of uint8, shape (H, W) and (h, w)
        0 to 255. Exchanging them gives the opposite translation.

    Returns
    -------
    tuple of int
        (row, col), px: ``other[r + row, c + col]`` lies on ``alpha[r, c]``. (0, 0)
        when one is empty.

    Raises
    ------
    OptionsError
        When a matte is not an array of that shape and dtype, or has no pixel.

    Notes
    -----
    Translations change no sum of squares, so the squares differ least where the sum of
    products is largest: cross-correlation by Fourier transform. Large mattes are halved
    until they are small, and from each size to the next the translation is doubled and
    climbs to the best of its neighbours. Equal sums: the nearest to laying the middles
    of the two boxes on each other.

    Examples
    --------
    >>> alpha = np.zeros((4, 6), np.uint8)
    >>> alpha[1:3, 1:4] = 255
    >>> meet_mattes(alpha, np.roll(alpha, (1, 2), (0, 1)))
    (1, 2)
    """
    _check(alpha, "alpha")
    _check(other, "other")
    window, target = marked_window(alpha), marked_window(other)
    mine, theirs = alpha[window], other[target]
    if not (mine.size and theirs.size):
        return 0, 0
    top, left = (theirs_at.start for theirs_at in target)
    top, left = top - window[0].start, left - window[1].start
    if np.array_equal(mine, theirs):
        return top, left
    # One order for either question, so that ties fall alike.
    if (theirs.shape, theirs.tobytes()) < (mine.shape, mine.tobytes()):
        row, col = _best_shift(theirs, mine)
        return top - row, left - col
    row, col = _best_shift(mine, theirs)
    return top + row, left + col


def _check(alpha: object, name: str) -> None:
    if check_alpha(alpha, name).dtype != np.uint8:
        raise OptionsError(
            f"{name} must be 8-bit, as a PNG holds it; got floats: pass "
            "np.rint(alpha * 255).astype(np.uint8)"
        )


def _best_shift(alpha: Alpha, other: Alpha) -> Shift:
    if max(alpha.size, other.size) <= _COARSE:
        return _correlate(alpha, other)
    row, col = _best_shift(_halve(alpha), _halve(other))
    return _climb(alpha, other, (2 * row, 2 * col))


def _halve(alpha: Alpha) -> Alpha:
    height, width = alpha.shape
    even = np.pad(alpha, ((0, height % 2), (0, width % 2)))
    rows = np.add(even[::2], even[1::2], dtype=np.uint16)
    return ((rows[:, ::2] + rows[:, 1::2] + 2) // 4).astype(np.uint8)


def _correlate(alpha: Alpha, other: Alpha) -> Shift:
    from scipy import fft  # noqa: PLC0415 - heavy

    sides = [a + b - 1 for a, b in zip(alpha.shape, other.shape, strict=True)]
    padded = [fft.next_fast_len(side, real=True) for side in sides]
    spectra = (fft.rfft2(each.astype(np.float64), padded) for each in (alpha, other))
    mine, theirs = spectra
    # Sums of products of whole numbers, so that rounding takes away all error.
    sums = np.rint(fft.irfft2(mine.conj() * theirs, padded))
    peaks = np.argwhere(sums == sums.max())
    shifts = [
        tuple(
            int(at) if at < size else int(at) - length
            for at, size, length in zip(peak, other.shape, padded, strict=True)
        )
        for peak in peaks
    ]
    middle = [(b - a) / 2 for a, b in zip(alpha.shape, other.shape, strict=True)]
    row, col = min(
        shifts,
        key=lambda shift: (
            sum((s - m) ** 2 for s, m in zip(shift, middle, strict=True)),
            shift,
        ),
    )
    return row, col


def _climb(alpha: Alpha, other: Alpha, start: Shift) -> Shift:
    best, most = start, _product(alpha, other, start)
    while True:
        reached = max((_product(alpha, other, n), n) for n in _neighbours(best))
        if reached[0] <= most:
            return best
        most, best = reached


def _neighbours(shift: Shift) -> Iterator[Shift]:
    for row in (-1, 0, 1):
        for col in (-1, 0, 1):
            if row or col:
                yield shift[0] + row, shift[1] + col


def _product(alpha: Alpha, other: Alpha, shift: Shift) -> int:
    moved = place_back(other, shift, alpha.shape)
    return int(np.multiply(alpha, moved, dtype=np.uint16).sum(dtype=np.int64))


def _on_one_canvas(alpha: Alpha, other: Alpha, shift: Shift) -> tuple[Alpha, Alpha]:
    """Return both on the smallest canvas that holds them, 0 where one has no pixel."""
    (top, bottom), (left, right) = (
        (min(0, -step), max(side, length - step))
        for side, length, step in zip(alpha.shape, other.shape, shift, strict=True)
    )
    size = bottom - top, right - left
    moved = top + shift[0], left + shift[1]
    return place_back(alpha, (top, left), size), place_back(other, moved, size)
