"""One walk over a matte in strips of rows: where its values change, and to what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["Cells", "Steps", "Strip", "walk_strips"]

_STRIP_BYTES = 1 << 18  # with its two masks a strip stays in the processor's cache


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """Cells of 2x2 pixels that are not constant; those over the border hang outwards.

    Attributes
    ----------
    rows, cols : ndarray of int32, shape (n,)
        Upper left pixel of each cell in the picture, -1 and up: the outermost pixels
        go on one step beyond the border.
    top_left, top_right, bottom_left, bottom_right : ndarray, shape (n,)
        Alpha at the four pixels, int32 of 8 bits or float64.
    """

    rows: NDArray[np.int32]
    cols: NDArray[np.int32]
    top_left: NDArray[Any]
    top_right: NDArray[Any]
    bottom_left: NDArray[Any]
    bottom_right: NDArray[Any]

    def inside(self, height: int, width: int) -> NDArray[np.bool_]:
        """Which cells lie inside a picture of that size, with all four pixels."""
        inside: NDArray[np.bool_] = (self.rows >= 0) & (self.cols >= 0)
        inside &= (self.rows < height - 1) & (self.cols < width - 1)
        return inside

    def crossed(self, level: float) -> NDArray[np.bool_]:
        """Which cells hold pixels on both sides of a level, in the unit of alpha."""
        first = self.top_left >= level
        crossed: NDArray[np.bool_] = (self.top_right >= level) != first
        crossed |= (self.bottom_left >= level) != first
        crossed |= (self.bottom_right >= level) != first
        return crossed


@dataclass(frozen=True, slots=True, eq=False)
class Steps:
    """Where alpha changes along the rows: all that sums over pixels need.

    With G(k) the sum of g over columns 0 to k - 1, the sum of ``g(col) * alpha`` over
    one row is ``last * G(width)`` less the sum of ``(after - before) * G(at)`` over
    its steps (summation by parts), so a flat stretch costs nothing.

    Attributes
    ----------
    width : int
        Columns of the picture.
    rows, at : ndarray of int64, shape (n,)
        Row, counted from the strip's first, and first column behind the step.
    before, after : ndarray, shape (n,)
        Alpha on its two sides, int32 of 8 bits or float64.
    first, last : ndarray, shape (rows,)
        Alpha at both ends of every row.
    """

    width: int
    rows: NDArray[np.int64]
    at: NDArray[np.int64]
    before: NDArray[Any]
    after: NDArray[Any]
    first: NDArray[Any]
    last: NDArray[Any]


@dataclass(frozen=True, slots=True, eq=False)
class Strip:
    """Some rows of a matte.

    Attributes
    ----------
    top : int
        Row of the picture that the strip's first row of pixels is.
    cells : Cells
        Their upper pixels lie in the strip; above its first row, in row -1, for the
        first strip.
    steps : Steps
        Changes along the strip's rows.
    """

    top: int
    cells: Cells
    steps: Steps


def walk_strips(alpha: NDArray[Any]) -> Iterator[Strip]:
    """Walk over a matte once, from top to bottom.

    Memory beyond the matte is a few strips, whatever the matte's size.

    Parameters
    ----------
    alpha : ndarray, shape (H, W), uint8 or any float, H and W at least 1
        The matte, in any memory layout.

    Yields
    ------
    Strip
        The next rows.

    Examples
    --------
    >>> strip, = walk_strips(np.array([[0, 0, 255]], np.uint8))
    >>> strip.steps.at.tolist(), strip.steps.after.tolist()
    ([2], [255])
    """
    height, width = alpha.shape
    kind = np.dtype(np.uint8 if alpha.dtype == np.uint8 else np.float64)
    stride = width + 2
    rows = min(max(_STRIP_BYTES // (stride * kind.itemsize), 1), height + 1)
    pixels = np.empty((rows + 1, stride), kind)
    masks = np.empty((2, rows * stride), np.bool_)
    for top in range(-1, height, rows):
        bottom = min(top + rows, height)
        strip = pixels[: bottom - top + 1]
        _fill(strip, alpha, top)
        yield _find_changes(strip, masks, top)


def _fill(strip: NDArray[Any], alpha: NDArray[Any], top: int) -> None:
    height = alpha.shape[0]
    low, high = max(top, 0), min(top + strip.shape[0], height)
    strip[low - top : high - top, 1:-1] = alpha[low:high]
    if top < 0:
        strip[0] = strip[1]
    if top + strip.shape[0] > height:
        strip[-1] = strip[-2]
    strip[:, 0], strip[:, -1] = strip[:, 1], strip[:, -2]


def _find_changes(strip: NDArray[Any], masks: NDArray[np.bool_], top: int) -> Strip:
    stride, flat = strip.shape[1], strip.reshape(-1)
    where = _changing_cells(flat, stride, masks)
    kind = np.int32 if flat.dtype == np.uint8 else np.float64
    corners = [
        flat[shift:].take(where).astype(kind, copy=False)
        for shift in (0, 1, stride, stride + 1)
    ]
    place = where.astype(np.int32)
    rows = place // stride
    cols = place - rows * stride
    above = int(top < 0)  # the row of cells that hangs over the upper border
    step = np.flatnonzero((corners[0] != corners[1]) & (where >= above * stride))
    steps = Steps(
        stride - 2,
        rows[step].astype(np.int64) - above,
        cols[step].astype(np.int64),
        corners[0][step],
        corners[1][step],
        strip[above:-1, 0].astype(kind),
        strip[above:-1, -1].astype(kind),
    )
    return Strip(top + above, Cells(rows + top, cols - 1, *corners), steps)


def _changing_cells(
    flat: NDArray[Any], stride: int, masks: NDArray[np.bool_]
) -> NDArray[np.intp]:
    size = flat.size - stride
    changes, upright = masks[0, :size], masks[1, :size]
    np.not_equal(flat[1 : size + 1], flat[:size], out=changes)
    np.not_equal(flat[stride:], flat[:size], out=upright)
    changes |= upright
    changes[:-1] |= upright[1:]
    changes.reshape(-1, stride)[:, -1] = False  # a row's end meets the next one's start
    return np.flatnonzero(changes)
