"""A picture at a bounded size, and values of the small size read at the full one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["block_factor", "block_mean", "read_between", "row_slabs"]

_SLAB_PIXELS = 1 << 20


def block_factor(shape: tuple[int, ...], limit: int) -> int:
    """Find the block side, px, that brings the longer side to `limit` or under.

    Examples
    --------
    >>> block_factor((3000, 4000, 3), 512)
    8
    """
    return max(1, -(-max(shape[:2]) // limit))


def block_mean(values: NDArray[np.generic], factor: int) -> NDArray[np.float32]:
    """Average blocks of `factor` by `factor` pixels.

    Parameters
    ----------
    values : (H, W) or (H, W, C) array
        Any numeric dtype.
    factor : int
        Block side, px. Blocks that pass the frame repeat its last row or column.

    Returns
    -------
    (ceil(H / factor), ceil(W / factor)[, C]) float32 array

    Examples
    --------
    >>> block_mean(np.array([[0, 2, 9], [4, 6, 9]]), 2).tolist()
    [[3.0, 9.0]]
    """
    if factor == 1:
        return values.astype(np.float32)
    height, width = values.shape[:2]
    small = (-(-height // factor), -(-width // factor), *values.shape[2:])
    total: NDArray[np.float32] = np.zeros(small, dtype=np.float32)
    for row in range(factor):
        rows = np.minimum(np.arange(total.shape[0]) * factor + row, height - 1)
        lines = values[rows]
        for col in range(factor):
            cols = np.minimum(np.arange(total.shape[1]) * factor + col, width - 1)
            total += lines[:, cols]
    total /= factor * factor
    return total


def read_between(
    values: NDArray[np.float32],
    rows: NDArray[np.int64],
    cols: NDArray[np.int64],
    factor: int,
) -> NDArray[np.float32]:
    """Read block values, bilinearly, at pixels of the full size.

    Parameters
    ----------
    values : (h, w, C) float32 array
        One value a block.
    rows, cols : (N,) int arrays
        Pixels of the full size.
    factor : int
        Block side, px.

    Returns
    -------
    (N, C) float32 array
        At a block's centre the block's own value; beyond the last centre that one.
    """
    at = [(rows + 0.5) / factor - 0.5, (cols + 0.5) / factor - 0.5]
    read = np.empty((rows.size, values.shape[2]), dtype=np.float32)
    for channel in range(values.shape[2]):
        ndimage.map_coordinates(
            values[..., channel],
            at,
            output=read[:, channel],
            order=1,
            mode="nearest",
        )
    return read


def row_slabs(shape: tuple[int, ...]) -> Iterator[slice]:
    """Split the rows into slabs of about a million pixels, to bound memory.

    Examples
    --------
    >>> list(row_slabs((3000, 1024)))
    [slice(0, 1024, None), slice(1024, 2048, None), slice(2048, 3000, None)]
    """
    step = max(1, _SLAB_PIXELS // shape[1])
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))
