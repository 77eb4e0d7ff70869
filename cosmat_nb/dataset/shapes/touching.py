"""Which of many line segments touch, in whole numbers, so that nothing is rounded."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

__all__ = ["expand", "find_touching", "sort_into_cells"]

_MOST_PAIRS = 1 << 21


def find_touching(
    points: Indices, ends: Indices, watched: NDArray[np.bool_], cell: int
) -> Indices:
    """Find segments that touch or cross where they should not.

    Two segments may share an end, unless one lies along the other; any other contact
    counts.

    Parameters
    ----------
    points : (N, 2) int64 array
        Coordinates, below 2^30 in size.
    ends : (n, 2) int64 array
        Places in `points` of both ends of each segment. Ends are the same when their
        places are, not when their coordinates are.
    watched : (n,) bool array
        Pairs without any of these are not looked at.
    cell : int
        Side of the squares that segments are sorted into, about the length of most.

    Returns
    -------
    (m,) int64 array
        Those that touch another one, ascending.

    Examples
    --------
    >>> points = np.array([[0, 0], [4, 4], [0, 4], [4, 0], [9, 9]])
    >>> ends = np.array([[0, 1], [2, 3], [1, 4]])
    >>> find_touching(points, ends, np.ones(3, bool), 4).tolist()
    [0, 1]
    """
    touching = np.zeros(len(ends), np.bool_)
    segments, cells = sort_into_cells(points[ends], cell, 0)
    for one, other in _pairs(segments, cells, watched):
        found = _touch(points, ends[one], ends[other])
        touching[one[found]] = touching[other[found]] = True
    return np.flatnonzero(touching)


def sort_into_cells(
    lines: Indices, cell: int, reach: int
) -> tuple[Indices, NDArray[np.int64]]:
    """Return every square that lines may pass, each with the line's place.

    Parameters
    ----------
    lines : (n, 2, 2) int64 array
        Both ends of each.
    cell : int
        Side of a square.
    reach : int
        How far around a line squares count as passed.

    Returns
    -------
    places, cells : (m,) int64 arrays
        Ascending by cell; a cell's number is the same for the same square.

    Examples
    --------
    >>> places, cells = sort_into_cells(np.array([[[1, 1], [1, 9]]]), 8, 0)
    >>> places.tolist(), cells.tolist()
    ([0, 0], [0, 1])
    """
    spans = np.abs(lines[:, 1] - lines[:, 0]).max(axis=1)
    pieces = spans // cell + 1
    line, piece = expand(pieces)
    steps = (
        np.stack([piece, piece + 1], axis=1)[:, :, None] / pieces[line][:, None, None]
    )
    near, far = lines[line, 0][:, None], lines[line, 1][:, None]
    stops = near + (far - near) * steps
    low = np.floor(stops.min(axis=1) - reach).astype(np.int64) // cell
    high = np.ceil(stops.max(axis=1) + reach).astype(np.int64) // cell
    extent = high - low + 1
    of_piece, square = expand(extent.prod(axis=1))
    rows = low[of_piece, 0] + square // extent[of_piece, 1]
    cols = low[of_piece, 1] + square % extent[of_piece, 1]
    keys = np.unique((rows << 32) + cols, return_inverse=True)[1]
    both = np.unique(keys * len(lines) + line[of_piece]) if keys.size else keys
    cells, places = np.divmod(both, max(len(lines), 1))
    return places, cells


def expand(counts: Indices) -> tuple[Indices, Indices]:
    """Return each place as often as it counts, and how often it came before.

    Examples
    --------
    >>> [numbers.tolist() for numbers in expand(np.array([2, 0, 1]))]
    [[0, 0, 2], [0, 1, 0]]
    """
    places = np.repeat(np.arange(counts.size), counts)
    firsts = np.cumsum(counts) - counts
    return places, np.arange(places.size) - firsts[places]


def _pairs(
    segments: Indices, cells: Indices, watched: NDArray[np.bool_]
) -> Iterator[tuple[Indices, Indices]]:
    """Yield all pairs of one cell with a watched segment among them."""
    stops = np.searchsorted(cells, cells, "right")
    # Each is paired with those behind it in its cell.
    behind = stops - np.arange(cells.size) - 1
    filled = np.cumsum(behind)
    begin = 0
    while begin < cells.size:
        base = filled[begin - 1] if begin else 0
        end = max(int(np.searchsorted(filled, base + _MOST_PAIRS)), begin + 1)
        one, step = expand(behind[begin:end])
        one += begin
        pair = segments[one], segments[one + step + 1]
        kept = watched[pair[0]] | watched[pair[1]]
        yield pair[0][kept], pair[1][kept]
        begin = end


def _touch(points: Indices, one: Indices, other: Indices) -> NDArray[np.bool_]:
    a, b = points[one[:, 0]], points[one[:, 1]]
    c, d = points[other[:, 0]], points[other[:, 1]]
    meet = np.sign(_turn(a, b, c)) * np.sign(_turn(a, b, d)) <= 0
    meet &= np.sign(_turn(c, d, a)) * np.sign(_turn(c, d, b)) <= 0
    meet &= (np.minimum(a, b) <= np.maximum(c, d)).all(axis=1)
    meet &= (np.minimum(c, d) <= np.maximum(a, b)).all(axis=1)
    for i, j in ((0, 0), (0, 1), (1, 0), (1, 1)):
        shared = np.flatnonzero(one[:, i] == other[:, j])
        corner = points[one[shared, i]]
        tips = points[one[shared, 1 - i]], points[other[shared, 1 - j]]
        along = ((tips[0] - corner) * (tips[1] - corner)).sum(axis=1) > 0
        meet[shared] = along & (_turn(corner, *tips) == 0)
    return meet


def _turn(a: Indices, b: Indices, c: Indices) -> Indices:
    """Return on which side of the line from a to b each c lies: its sign."""
    turn: Indices = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1])
    turn -= (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return turn
