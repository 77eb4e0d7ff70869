"""Colours of the subject on its soft edge, free of the backdrop behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from cosmat_nb.matting.resample import (
    block_factor,
    block_mean,
    read_between,
    row_slabs,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Planes = NDArray[np.float32]

__all__ = ["estimate_foreground"]

_LIMIT = 512  # longer side at which F and B are blurred, px
_RADII = (45, 3)  # half widths of the two passes, px; the paper's at 1024 px, halved
_LEAST = 1e-5  # keeps a window without foreground, or without backdrop, finite


def estimate_foreground(
    picture: NDArray[np.uint8], alpha: NDArray[np.float32]
) -> NDArray[np.uint8]:
    """Estimate the foreground colour F of ``picture = alpha F + (1 - alpha) B``.

    Blur-fusion, two passes (M. Forte, "Approximate Fast Foreground Colour
    Estimation", ICIP 2021, equations 4 to 7). The blurred F and B are kept at 512 px
    or less on the longer side, with half of the paper's radii of 90 and 6 px; the last
    correction reads the picture's own pixels, and only where alpha is soft.

    Parameters
    ----------
    picture : (H, W, 3) uint8 array
        sRGB.
    alpha : (H, W) float32 array in [0, 1]
        Share of each pixel that is foreground.

    Returns
    -------
    (H, W, 3) uint8 array
        Equal to `picture` where alpha is 1 and where it is 0.

    Examples
    --------
    A red edge half over white turns red again, to rounding:

    >>> picture = np.full((1, 9, 3), 255, dtype=np.uint8)
    >>> picture[:, :4], picture[:, 4] = (200, 0, 0), (228, 128, 128)
    >>> alpha = np.array([[1, 1, 1, 1, 0.5, 0, 0, 0, 0]], dtype=np.float32)
    >>> estimate_foreground(picture, alpha)[0, 4].tolist()
    [200, 1, 1]
    """
    colours = picture.copy()
    slabs = list(row_slabs(picture.shape))
    if not any(_is_soft(alpha[slab]).any() for slab in slabs):
        return colours
    factor = block_factor(picture.shape, _LIMIT)
    layers = _blurred_layers(block_mean(picture, factor), block_mean(alpha, factor))
    covered = (layers.shape[0] * factor, layers.shape[1] * factor)
    for slab in slabs:
        share = alpha[slab]
        soft = np.flatnonzero(_is_soft(share))
        rows, cols = np.divmod(soft, picture.shape[1])
        read = read_between(layers, rows + slab.start, cols, covered)
        shown = colours[slab].reshape(-1, 3)
        here = np.ascontiguousarray(shown.take(soft, 0).T, dtype=np.float32)
        fused = _fuse(here, share.take(soft), np.ascontiguousarray(read.T))
        shown[soft] = np.rint(fused, out=fused).T
    return colours


def _is_soft(alpha: Planes) -> NDArray[np.bool_]:
    return (alpha > 0) & (alpha < 1)


def _blurred_layers(picture: Planes, alpha: Planes) -> Planes:
    """F and B, their channels last, each a mean over what is mostly its own."""
    shown = np.ascontiguousarray(np.moveaxis(picture, 2, 0))
    foreground = backdrop = shown
    for radius in _RADII:
        foreground = _blur(foreground, alpha, radius)
        backdrop = _blur(backdrop, 1 - alpha, radius)
        blurred = np.concatenate([foreground, backdrop])
        foreground = _fuse(shown, alpha, blurred)
    return np.ascontiguousarray(np.moveaxis(blurred, 0, 2))


def _blur(layer: Planes, weights: Planes, radius: int) -> Planes:
    planes = np.concatenate([layer * weights, weights[None]])
    size = (0, 2 * radius + 1, 2 * radius + 1)
    blurred = ndimage.uniform_filter(planes, size, mode="nearest")
    mean: Planes = blurred[:3] / (blurred[3] + np.float32(_LEAST))
    return mean


def _fuse(picture: Planes, alpha: Planes, layers: Planes) -> Planes:
    """Correct F by what both layers leave unexplained (equation 6), in its range."""
    foreground, backdrop = layers[:3], layers[3:]
    missing = picture - alpha * foreground - (1 - alpha) * backdrop
    fused: Planes = np.clip(foreground + alpha * missing, 0, 255)
    return fused
