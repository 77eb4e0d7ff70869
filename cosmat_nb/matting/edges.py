"""From a coarse matte to alpha at the picture's own size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.matting.alpha import fit_colors
from cosmat_nb.matting.resample import read_between, row_slabs, shrink, stretch

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["refine_alpha"]

_SURE = 0.05  # alpha nearer than this to 0 or 1 is taken for it


def refine_alpha(
    picture: NDArray[np.uint8], coarse: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Bring a coarse matte to the picture's size and onto the picture's edges.

    The matte is stretched; where it is in doubt, alpha is moved towards what the
    pixel's own colour says (`cosmat_nb.matting.alpha.fit_colors`). Last, the range
    from 0.05 to 0.95 is stretched to all of [0, 1], so that the faint veil a network
    leaves over backdrop and shadow goes and the subject is opaque.

    The model is fitted at the matte's size and read only where there is doubt, in
    slabs of a million pixels: beyond its result this needs less than 150 MB for a
    picture of any size.

    Parameters
    ----------
    picture : (H, W, 3) uint8 array
        sRGB, at least one pixel.
    coarse : (h, w) float32 array in [0, 1]
        The network's matte of the whole picture, stretched to any size and shape.

    Returns
    -------
    (H, W) float32 array in [0, 1]
        All zero for a matte that is nowhere over 0.05.

    Examples
    --------
    A disc of 40 px, and a matte that knows it to about 10 px:

    >>> y, x = np.mgrid[:200, :200] - 99.5
    >>> disc = np.hypot(x, y) < 40
    >>> picture = np.where(disc[..., None], 220, 40).astype(np.uint8).repeat(3, axis=2)
    >>> away = np.hypot(x, y)[2::5, 2::5].astype(np.float32)
    >>> alpha = refine_alpha(picture, np.clip((45 - away) / 10, 0, 1))
    >>> bool(np.abs(alpha - disc).mean() < 0.005)
    True
    """
    matte = np.clip(coarse, 0, 1).astype(np.float32, copy=False)
    alpha = np.zeros(picture.shape[:2], dtype=np.float32)
    if matte.max() <= np.float32(_SURE):
        return alpha
    fitted = _fit_small(picture, matte)
    for rows in row_slabs(picture.shape):
        slab = stretch(matte, picture.shape, rows)
        if fitted is not None:
            _follow_colors(slab, picture, fitted, rows)
        alpha[rows] = np.clip((slab - _SURE) / (1 - 2 * _SURE), 0, 1)
    return alpha


def _fit_small(
    picture: NDArray[np.uint8], matte: NDArray[np.float32]
) -> NDArray[np.float32] | None:
    """Fit at the matte's size, or the picture's where that is less; None: no doubt."""
    height, width = np.minimum(matte.shape, picture.shape[:2]).tolist()
    small = shrink(picture, (height, width))
    colors = small.astype(np.float32) / np.float32(255)
    fitted = fit_colors(colors, stretch(matte, (height, width)))
    return fitted if fitted[..., 4].any() else None


def _follow_colors(
    slab: NDArray[np.float32],
    picture: NDArray[np.uint8],
    fitted: NDArray[np.float32],
    within: slice,
) -> None:
    trust = stretch(np.ascontiguousarray(fitted[..., 4]), picture.shape, within)
    open_to = np.flatnonzero(trust > 0)
    rows, cols = np.divmod(open_to, picture.shape[1])
    read = read_between(fitted, rows + within.start, cols, picture.shape)
    colors = picture[within].reshape(-1, 3).take(open_to, 0) * np.float32(1 / 255)
    told = np.einsum("nc,nc->n", read[:, :3], colors) + read[:, 3]
    before = slab.take(open_to)
    before += read[:, 4] * (np.clip(told, 0, 1) - before)
    np.put(slab, open_to, before)
