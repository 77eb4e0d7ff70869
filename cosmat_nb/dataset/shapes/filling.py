"""Polygons back to pixels, by the rules of those who read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.dataset.shapes.rle import expand

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import ArrayLike, NDArray

    Indices = NDArray[np.int64]

__all__ = ["fill_outline", "fill_polygons"]

_FINER = 5  # pycocotools rounds corners to fifths of a pixel
_ONE = 1 << 16  # OpenCV's fraction of a pixel


def fill_polygons(
    polygons: Iterable[ArrayLike], height: int, width: int
) -> NDArray[np.bool_]:
    """Fill polygons along pixel edges as pycocotools does; what any covers is inside.

    Parameters
    ----------
    polygons : iterable of (N, 2) array
        Corners as ``(row, col)``, px; pixel (r, c) has its centre at
        (r + 0.5, c + 0.5).
    height, width : int
        Size of the picture, px.

    Returns
    -------
    (H, W) bool array
        Equal to ``pycocotools.mask.decode`` of each polygon's ``frPyObjects``, united.

    Notes
    -----
    ``rleFrPoly`` of the COCO API, ``common/maskApi.c``: corners and lines are rounded
    to fifths of a pixel, and lines change inside and outside of what is below them
    where they pass the centre of a column.

    Examples
    --------
    >>> fill_polygons([[(0, 0), (0, 2), (1, 2), (1, 0)]], 2, 2)
    array([[ True,  True],
           [False, False]])
    """
    rings = [np.asarray(polygon, np.float64) for polygon in polygons]
    if not rings:
        return np.zeros((height, width), np.bool_)
    points = np.trunc(np.concatenate(rings) * _FINER + 0.5).astype(np.int64)
    after = np.concatenate([np.roll(ring, -1, axis=0) for ring in rings])
    after = np.trunc(after * _FINER + 0.5).astype(np.int64)
    line, rows, cols = _find_crossings(points, after, height, width)
    ring = np.repeat(np.arange(len(rings)), [len(ring) for ring in rings])[line]
    # Of a ring's crossings in a column each two are ends of what is inside.
    order = np.lexsort([rows, cols, ring])
    changes = np.zeros((height + 1, width), np.int32)
    for ends, change in ((order[::2], 1), (order[1::2], -1)):
        np.add.at(changes, (rows[ends], cols[ends]), change)
    return np.cumsum(changes, 0, out=changes)[:-1] > 0


def _find_crossings(
    points: Indices, after: Indices, height: int, width: int
) -> tuple[Indices, Indices, Indices]:
    """Return lines, the row below each one's crossing of a column's centre, columns."""
    swap = points[:, 1] > after[:, 1]
    near = np.where(swap[:, None], after, points)
    far = np.where(swap[:, None], points, after)
    # Of a column's centre the line's point before and the one behind it count.
    first = np.maximum(-(-(near[:, 1] - 2) // _FINER), 0)
    last = np.minimum((far[:, 1] - 3) // _FINER, width - 1)
    line, step = expand(np.maximum(last - first + 1, 0))
    cols = first[line] + step
    fifths = _find_heights(near[line], far[line], cols * _FINER + 2)
    rows = np.clip((fifths + 0.5) / _FINER - 0.5, 0, height)
    return line, np.ceil(rows).astype(np.int64), cols


def _find_heights(near: Indices, far: Indices, cols: Indices) -> Indices:
    """Return the upper row of two points of lines: in given columns and the next."""
    spans = np.abs(far - near)
    flat = spans[:, 1] >= spans[:, 0]
    upper = np.where((near[:, 0] > far[:, 0])[:, None], far, near)
    lower = np.where((near[:, 0] > far[:, 0])[:, None], near, far)
    start = np.where(flat[:, None], near, upper)
    ways = np.where(flat[:, None], far, lower) - start
    # Lines go on by one in their longer way, and round the other one half up.
    slopes = np.where(flat, ways[:, 0], ways[:, 1]) / spans.max(axis=1)
    along = cols - start[:, 1]
    first = start[:, 0] + slopes * along + 0.5
    second = start[:, 0] + slopes * (along + 1) + 0.5
    heights: Indices = np.minimum(np.trunc(first), np.trunc(second)).astype(np.int64)
    steep = np.flatnonzero(~flat)
    heights[steep] = upper[steep, 0] + _find_steps(
        upper[steep, 1], slopes[steep], cols[steep]
    )
    return heights


def _find_steps(start: Indices, slopes: NDArray[np.float64], cols: Indices) -> Indices:
    """Return the last step before lines pass from one column to the next."""
    rising = slopes > 0
    steps = np.trunc((cols + 0.5 - start) / slopes).astype(np.int64)
    # The division may have been rounded the other way than the sum is.
    best = np.full(steps.size, np.iinfo(np.int64).max)
    for step in (steps - 1, steps, steps + 1, steps + 2):
        passed = (np.trunc(start + slopes * step + 0.5) > cols) == rising
        best = np.where(passed & (step < best), step, best)
    last: Indices = best - 1
    return last


def fill_outline(outline: ArrayLike, height: int, width: int) -> NDArray[np.bool_]:
    """Paint a polygon through pixel centres as OpenCV's ``fillPoly`` does, lines too.

    Parameters
    ----------
    outline : (N, 2) array
        Pixels as ``(row, col)``, within the picture.
    height, width : int
        Size of the picture, px.

    Returns
    -------
    (H, W) bool array
        Equal to ``cv2.fillPoly(mask, [outline[:, ::-1]], 1)``; all False without a
        corner.

    Notes
    -----
    ``CollectPolyEdges``, ``FillEdgeCollection`` and ``LineIterator`` of OpenCV 4,
    ``modules/imgproc/src/drawing.cpp``.

    Examples
    --------
    >>> fill_outline([(0, 0), (0, 2), (2, 2)], 3, 3).astype(int)
    array([[1, 1, 1],
           [0, 1, 1],
           [0, 0, 1]])
    """
    points = np.asarray(outline, np.int64).reshape(-1, 2)
    after = np.roll(points, -1, axis=0)
    mask = np.zeros((height, width), np.bool_)
    mask[_draw(points, after)] = True
    rows, places = _cross(points, after)
    order = np.lexsort([places, rows])
    rows, places = rows[order], places[order]
    # Crossings of a row are entrances and exits by turns; only whole pixels between
    # them are filled, since the lines are painted.
    enter, leave = -(-places[::2] // _ONE), places[1::2] // _ONE + 1
    kept = np.flatnonzero(enter < leave)
    changes = np.zeros((height, width + 1), np.int32)
    np.add.at(changes, (rows[::2][kept], enter[kept]), 1)
    np.add.at(changes, (rows[::2][kept], leave[kept]), -1)
    mask |= np.cumsum(changes, 1, out=changes)[:, :-1] > 0
    return mask


def _draw(points: Indices, after: Indices) -> tuple[Indices, Indices]:
    """Return all pixels of lines, from the left end to the right one."""
    swap = points[:, 1] > after[:, 1]
    near = np.where(swap[:, None], after, points)
    ways = np.where(swap[:, None], points, after) - near
    spans = np.abs(ways)
    longest = spans.max(axis=1)
    line, step = expand(longest + 1)
    length = np.maximum(longest, 1)[line]
    # The longer way goes on by one each time, the shorter one where half a pixel is
    # passed: not yet at the half itself.
    moved = (2 * spans[line] * step[:, None] + length[:, None] - 1) // (
        2 * length[:, None]
    )
    rows, cols = (near[line] + np.sign(ways[line]) * moved).T
    return rows, cols


def _cross(points: Indices, after: Indices) -> tuple[Indices, Indices]:
    """Return the rows that lines cross, half-open, and where, in OpenCV's fractions."""
    down = points[:, 0] < after[:, 0]
    near = np.where(down[:, None], points, after)
    ways = np.where(down[:, None], after, points) - near
    line, step = expand(ways[:, 0])
    height = np.maximum(ways[:, 0], 1)
    # C rounds towards zero.
    slopes = np.sign(ways[:, 1]) * (np.abs(ways[:, 1]) * _ONE // height)
    return near[line, 0] + step, near[line, 1] * _ONE + slopes[line] * step
