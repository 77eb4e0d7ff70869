"""Where two mattes are compared: the unknown band of a trimap, given or drawn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.checks import check_alpha

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["RADIUS", "check_trimap", "unknown_band"]

RADIUS = 12
"""Default width, px, that the soft pixels of a reference are widened by on each side.

The disc is so 25 px across. GFM (Li et al. 2022, International Journal of Computer
Vision 130, 246-266) makes trimaps from alpha with elliptic kernels of 25 to 35 px, on
pictures of 1080 px and up on their short side; the smallest of them keeps the band to
what is in doubt.
"""

_FARTHEST = 1_000_000  # px, beyond any picture: its square fits a float exactly
_STRIP = 64  # rows of distances held at a time: they stay in the processor's cache


def unknown_band(reference: NDArray[Any], radius: float = RADIUS) -> NDArray[np.bool_]:
    """Draw the band in which a reference leaves doubt, as a trimap's unknown region.

    Seeds are the soft pixels, 0 < alpha < 1, and the two sides of the 0.5-edge: hard
    pixels (alpha >= 0.5) with a 4-neighbour that is not hard, and those neighbours.
    The band is every pixel whose centre lies within `radius` of a seed's centre.

    Parameters
    ----------
    reference : ndarray, shape (H, W), uint8 or any float
        The true matte: 0 to 255 or 0 to 1.
    radius : float, default 12
        Euclidean distance, px, 0 and up. 0 gives the seeds alone.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True in the band. All False for a reference that is 0 or 1 everywhere.

    Raises
    ------
    OptionsError
        When the reference is no matte or the radius is no such number.

    Notes
    -----
    The same set as a Euclidean distance transform (Felzenszwalb and Huttenlocher
    2012, Theory of Computing 8, 415-428) compared with the radius; only distances up
    to the radius are looked at, in whole numbers.

    Examples
    --------
    >>> reference = np.zeros((1, 9))
    >>> reference[0, 6:] = 1
    >>> unknown_band(reference, radius=2).astype(int)
    array([[0, 0, 0, 1, 1, 1, 1, 1, 1]])
    """
    reference = check_alpha(reference, "reference")
    return _widen(_seeds(reference), math.floor(_check_radius(radius) ** 2))


def check_trimap(trimap: object, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Return where a trimap is unknown, when it is one.

    Parameters
    ----------
    trimap : object
        Accepted: ndarray, shape (H, W), uint8 in {0, 127 or 128, 255} or any float
        in {0, 0.5, 1}: background, unknown, foreground.
    shape : tuple of int
        ``(H, W)`` of the mattes that it belongs to, px.

    Returns
    -------
    ndarray of bool, shape (H, W)
        True where the trimap is unknown.

    Raises
    ------
    OptionsError
        When it is no such array, has another shape, or holds any other value.

    Examples
    --------
    >>> check_trimap(np.array([[0, 128, 255]], np.uint8), (1, 3))
    array([[False,  True, False]])
    """
    trimap = check_alpha(trimap, "trimap")
    if trimap.shape != shape:
        raise OptionsError(
            f"trimap must have the shape of the mattes, {shape}; got {trimap.shape}"
        )
    levels = (0, 127, 128, 255) if trimap.dtype == np.uint8 else (0, 0.5, 1)
    known: NDArray[np.bool_] = (trimap == levels[0]) | (trimap == levels[-1])
    others = trimap[~(known | np.isin(trimap, levels[1:-1]))]
    if others.size:
        raise OptionsError(
            "trimap must hold 0, 128 (or 127) and 255 as uint8, or 0, 0.5 and 1 as "
            f"float; got {others.size} other values, the first {others[0]}: a trimap "
            "that was divided by 255 or resized has to be brought back to three levels"
        )
    return ~known


def _check_radius(radius: Any) -> float:
    number = isinstance(radius, (int, float, np.integer, np.floating))
    if number and not isinstance(radius, bool) and 0 <= radius < math.inf:
        return float(min(radius, _FARTHEST))
    raise OptionsError(f"radius must be a number of px, 0 and up; got {radius!r}")


def _seeds(reference: NDArray[Any]) -> NDArray[np.bool_]:
    one, half = (255, 128) if reference.dtype == np.uint8 else (1, 0.5)
    seeds: NDArray[np.bool_] = (reference > 0) & (reference < one)
    hard = reference >= half
    # Transposed views, so that one loop marks both sides along rows and columns.
    for sides, marked in ((hard, seeds), (hard.T, seeds.T)):
        edge = sides[1:] != sides[:-1]
        marked[1:] |= edge
        marked[:-1] |= edge
    return seeds


def _widen(seeds: NDArray[np.bool_], squared: int) -> NDArray[np.bool_]:
    height, width = seeds.shape
    reach = min(math.isqrt(squared), height + width)
    gaps = np.empty(seeds.shape, np.int32)
    for start in range(0, height, _STRIP):
        gaps[start : start + _STRIP] = _row_gaps(seeds[start : start + _STRIP])
    band: NDArray[np.bool_] = gaps <= reach
    for rows in range(1, min(reach, height - 1) + 1):
        near = gaps <= math.isqrt(squared - rows * rows)
        band[rows:] |= near[:-rows]
        band[:-rows] |= near[rows:]
    return band


def _row_gaps(seeds: NDArray[np.bool_]) -> NDArray[np.int32]:
    far = np.iinfo(np.int32).max // 2  # so that a row without seeds stays far
    cols = np.arange(seeds.shape[1], dtype=np.int32)
    before = np.maximum.accumulate(np.where(seeds, cols, -far), axis=1)
    after = np.minimum.accumulate(np.where(seeds, cols, far)[:, ::-1], axis=1)
    gaps: NDArray[np.int32] = np.minimum(cols - before, after[:, ::-1] - cols)
    return gaps
