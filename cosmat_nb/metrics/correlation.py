"""Every translation of a cutout over its source at once, by Fourier transform."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.floating]

__all__ = ["STARTS", "find_starts"]

_MOST = 1 << 19  # pixels of the reduced source; a small subject may need
_EVER = 1 << 22  # more of them, up to these
_BLOCKS = 64  # blocks that a reduced subject should have
STARTS = 512
_STRIP = 64  # rows of blocks added up at a time
_APART = 5  # two minima of the misfit are not closer than half of this, blocks


def find_starts(
    before: NDArray[np.uint8], subject: NDArray[np.uint8]
) -> tuple[list[tuple[int, int]], int]:
    """Find where in the source the subject's colours fit best, roughly.

    Parameters
    ----------
    before : ndarray of uint8, shape (H, W, 3)
        The source.
    subject : ndarray of uint8, shape (h, w, 4), h <= H and w <= W
        The visible part of a cutout.

    Returns
    -------
    starts : list of tuple of int
        At most 512 rows and columns of the source under the subject's pixel (0, 0),
        the best first; none when the subject is 1 px thin and the picture has more
        than 4 million pixels, because there is no reducing it.
    reach : int
        How far, px, the best translation near each may be from it.

    Notes
    -----
    Both are averaged over blocks of `reach` pixels. The misfit of a translation is
    ``sum(w |C - I|^2) = sum(w |C|^2) - 2 sum(w C.I) + sum(w |I|^2)`` with w the
    fourth power of alpha; the first sum is constant and the others are correlations.
    """
    factor = _factor(before.shape, subject.shape)
    if factor > min(subject.shape[:2]):
        return [], factor
    weight, colors = _weighted_blocks(subject, factor)
    picture = _blocks(before, factor)
    center = (weight[..., None] * colors).sum(axis=(0, 1)) / weight.sum()
    # Twice the digits where they are affordable: equals must stay equal.
    digits = np.float64 if picture.size <= 3 * _MOST else np.float32
    picture, colors = (
        part.astype(digits) for part in (picture - center, colors - center)
    )
    misfit = _misfit(picture, colors, weight.astype(digits))
    lowest = ndimage.minimum_filter(misfit, _APART, mode="nearest") == misfit
    rows, cols = np.nonzero(lowest)
    order = np.argsort(misfit[rows, cols], kind="stable")[:STARTS]
    last = np.subtract(before.shape[:2], subject.shape[:2])
    places = np.minimum(np.stack([rows[order], cols[order]], axis=1) * factor, last)
    return [(row, col) for row, col in places.tolist()], factor


def _factor(picture: tuple[int, ...], subject: tuple[int, ...]) -> int:
    """Choose the side of a block, px: small ones for small subjects, if affordable."""
    pixels, area = picture[0] * picture[1], subject[0] * subject[1]
    wanted = math.ceil(math.sqrt(pixels / _MOST))
    least = math.ceil(math.sqrt(pixels / _EVER))
    kept = int(min(math.sqrt(area / _BLOCKS), min(subject[:2]) / 2))
    return max(1, min(wanted, max(kept, least)))


def _misfit(picture: Floats, colors: Floats, weight: Floats) -> Floats:
    """Return the misfit, but for a constant, of every place inside the picture."""
    from scipy import fft  # noqa: PLC0415 - heavy, and rarely needed

    shape = [fft.next_fast_len(side, real=True) for side in picture.shape[:2]]
    squares = np.einsum("ijk,ijk->ij", picture, picture)
    squares -= squares.mean()
    spectrum = fft.rfft2(squares, shape) * fft.rfft2(weight, shape).conj()
    for channel in range(3):
        template = fft.rfft2(weight * colors[..., channel], shape).conj()
        spectrum -= 2 * template * fft.rfft2(picture[..., channel], shape)
    # Wrapping round harms no place where the whole subject is inside the picture.
    rows, cols = np.subtract(picture.shape[:2], weight.shape) + 1
    misfit: Floats = fft.irfft2(spectrum, shape)[:rows, :cols]
    return misfit


def _weighted_blocks(subject: NDArray[np.uint8], factor: int) -> tuple[Floats, Floats]:
    alpha = subject[..., 3:]
    cover = _blocks(alpha, factor)
    colors = _blocks(subject[..., :3], factor, alpha)
    colors /= np.maximum(cover, np.finfo(np.float32).tiny)
    weight: Floats = (cover[..., 0] / np.float32(255)) ** np.float32(4)
    return weight, colors


def _blocks(
    pixels: NDArray[np.uint8], factor: int, weight: NDArray[np.uint8] | None = None
) -> Floats:
    """Average blocks of pixels, times a weight if there is one."""
    height, width, channels = pixels.shape
    height, width = height // factor, width // factor
    means = np.empty((height, width, channels), np.float32)
    for start in range(0, height, _STRIP):
        rows = slice(start * factor, min(start + _STRIP, height) * factor)
        strip = pixels[rows, : width * factor]
        if weight is not None:
            strip = strip * weight[rows, : width * factor].astype(np.uint16)
        strip = strip.reshape(-1, factor, width * factor * channels)
        added = strip.sum(axis=1, dtype=np.uint32).reshape(-1, width, factor, channels)
        means[start : start + _STRIP] = added.sum(axis=2)
    means /= np.float32(factor**2)
    return means
