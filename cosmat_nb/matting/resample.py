"""A picture at a bounded size, and values of the small size read at the full one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Planes = NDArray[np.float32]
    Indices = NDArray[np.intp]

__all__ = [
    "block_factor",
    "block_mean",
    "read_between",
    "row_slabs",
    "shrink",
    "stretch",
]

_GAP = 3.0
_SLAB_PIXELS = 1 << 20
_READ_AT_ONCE = 1 << 14  # pixels whose values stay in the processor's cache


def shrink(
    picture: NDArray[np.uint8], shape: tuple[int, ...], resample: str = "bilinear"
) -> NDArray[np.uint8]:
    """Bring a picture to a small size, whatever its proportions.

    Parameters
    ----------
    picture : (H, W, 3) uint8 array
        sRGB, however it lies in memory; a smaller one is enlarged.
    shape : tuple of int
        The small size, h and w first.
    resample : {"bilinear", "bicubic", "lanczos"}
        Filter of the last step.

    Returns
    -------
    (h, w, 3) uint8 array

    Notes
    -----
    The same as Pillow's ``resize`` with a ``reducing_gap`` of 3, to the last bit: first
    means of whole blocks, down to three times the size, then the filter. Here the means
    are taken slab by slab, as Pillow would copy the whole picture, 4 bytes a pixel.

    Examples
    --------
    >>> shrink(np.full((5000, 20, 3), 7, np.uint8), (1, 2)).tolist()
    [[[7, 7, 7], [7, 7, 7]]]
    """
    (full, across), (height, width) = picture.shape[:2], shape[:2]
    rows = max(int(full / height / _GAP), 1)
    cols = max(int(across / width / _GAP), 1)
    return np.asarray(
        _reduce(picture, rows, cols).resize(
            (width, height),
            Image.Resampling[resample.upper()],
            box=(0, 0, across / cols, full / rows),
        )
    )


def _reduce(picture: NDArray[np.uint8], rows: int, cols: int) -> Image.Image:
    """Take the means of blocks of so many rows and columns; the last may be smaller."""
    slabs = [
        np.asarray(Image.fromarray(picture[slab]).reduce((cols, rows)))
        for slab in row_slabs(picture.shape, rows)
    ]
    return Image.fromarray(np.concatenate(slabs))


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
    across = _sum_rows(values, factor).swapaxes(0, 1)
    total = _sum_rows(across, factor).swapaxes(0, 1)
    return np.ascontiguousarray(total) / np.float32(factor * factor)


def _sum_rows(values: NDArray[np.generic], factor: int) -> NDArray[np.float32]:
    whole, rest = divmod(values.shape[0], factor)
    total = np.zeros((whole + (rest > 0), *values.shape[1:]), dtype=np.float32)
    for row in range(factor):
        total[:whole] += values[row : whole * factor : factor]
    if rest:
        last = values[whole * factor :].astype(np.float32)
        total[whole] = last.sum(axis=0) + (factor - rest) * last[-1]
    return total


def read_between(
    values: NDArray[np.float32], rows: Indices, cols: Indices, shape: tuple[int, ...]
) -> NDArray[np.float32]:
    """Read values of a small size, bilinearly, at pixels of the full size.

    Parameters
    ----------
    values : (h, w, C) float32 array
        One value a block; the blocks cover the picture evenly.
    rows, cols : (N,) int arrays
        Pixels of the full size.
    shape : tuple of int
        What the blocks cover, px: the full size, H and W first.

    Returns
    -------
    (N, C) float32 array
        At a block's centre the block's own value; beyond the last centre that one.

    Examples
    --------
    >>> values = np.array([[[0], [8]]], dtype=np.float32)
    >>> cols = np.arange(4)
    >>> read_between(values, np.zeros_like(cols), cols, (2, 4)).ravel().tolist()
    [0.0, 2.0, 6.0, 8.0]
    """
    height, width, depth = values.shape
    flat = values.reshape(-1, depth)
    tops, downs = _places(shape[0], height)
    lefts, rights = _places(shape[1], width)
    below, beside = width * (height > 1), int(width > 1)
    read = np.empty((rows.size, depth), dtype=np.float32)
    for start in range(0, rows.size, _READ_AT_ONCE):
        part = slice(start, start + _READ_AT_ONCE)
        row, col = rows[part], cols[part]
        at = tops.take(row) * width + lefts.take(col)
        right = rights.take(col)[:, None]
        upper = _mix(flat.take(at, 0), flat.take(at + beside, 0), right)
        at += below
        lower = _mix(flat.take(at, 0), flat.take(at + beside, 0), right)
        read[part] = _mix(upper, lower, downs.take(row)[:, None])
    return read


def _mix(first: Planes, second: Planes, share: Planes) -> Planes:
    second -= first
    second *= share
    second += first
    return second


def _places(full: int, small: int) -> tuple[Indices, NDArray[np.float32]]:
    """Block before each pixel, and how far the pixel is on its way to the next."""
    at = np.clip((np.arange(full) + 0.5) * small / full - 0.5, 0, small - 1)
    before = np.clip(at.astype(np.intp), 0, max(small - 2, 0))
    return before, (at - before).astype(np.float32)


def stretch(
    values: NDArray[np.float32], shape: tuple[int, ...], rows: slice | None = None
) -> NDArray[np.float32]:
    """Stretch a plane to another size, by cubic convolution, clipped to [0, 1].

    The kernel of R. Keys (1981) with a = -0.5, as Pillow has it; where the plane
    shrinks, it is widened so that nothing is skipped.

    Parameters
    ----------
    values : (h, w) float32 array
    shape : tuple of int
        Full size, H and W first.
    rows : slice, optional
        Only these rows of the full size, with both ends given.

    Returns
    -------
    (H, W) float32 array in [0, 1]

    Examples
    --------
    >>> stretch(np.eye(2, dtype=np.float32), (1, 2)).tolist()
    [[0.5, 0.5]]
    """
    (height, width), (full, across) = values.shape, shape[:2]
    first, last = (rows.start, rows.stop) if rows else (0, full)
    box = (0, first * height / full, width, last * height / full)
    stretched = Image.fromarray(values).resize(
        (across, last - first), Image.Resampling.BICUBIC, box=box
    )
    clipped: Planes = np.clip(np.asarray(stretched), 0, 1)
    return clipped


def row_slabs(shape: tuple[int, ...], whole: int = 1) -> Iterator[slice]:
    """Split the rows into slabs of about a million pixels, to bound memory.

    All but the last are a multiple of `whole` rows.

    Examples
    --------
    >>> list(row_slabs((3000, 1024)))
    [slice(0, 1024, None), slice(1024, 2048, None), slice(2048, 3000, None)]
    """
    step = max(1, _SLAB_PIXELS // (whole * shape[1])) * whole
    for start in range(0, shape[0], step):
        yield slice(start, min(start + step, shape[0]))
