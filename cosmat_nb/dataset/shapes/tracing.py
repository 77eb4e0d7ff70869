"""Rings along the pixel edges of a mask: around its parts, and around their holes.

Pixels that meet in a corner belong to one part (8-connected), and holes are what is
left of the rest (4-connected), as in `cosmat_nb.metrics.parts` and in OpenCV's
``findContours``. Where two pixels meet in a corner alone, rings pass through that
corner twice and never cross in it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

__all__ = ["Bridges", "Rings", "trace_rings"]

_FALLING = 9  # north-west and south-east of a point are inside, the others are not
_RISING = 6  # north-east and south-west are


@dataclass(frozen=True, slots=True, eq=False)
class Bridges:
    """From each hole along a row of pixels, through its part, to another ring of it.

    Attributes
    ----------
    sources : ndarray of int64, shape (n,)
        Place in `Rings.points` where the hole's edge begins that the bridge starts on;
        edges of both ends are vertical.
    targets : ndarray of int64, shape (n,)
        Where the edge begins that it ends on. The ring is the part's outer one, or
        that of a hole which starts further left, so no bridges form a circle.
    rows : ndarray of int64, shape (n,)
        The row of pixels, px: bridges run along its middle.
    """

    sources: Indices
    targets: Indices
    rows: Indices


@dataclass(frozen=True, slots=True, eq=False)
class Rings:
    """All rings of a mask, one after the other.

    Attributes
    ----------
    points : ndarray of int64, shape (N, 2)
        Corners as ``(row, col)``, px, counted from the picture's top left corner:
        pixel (r, c) lies between (r, c) and (r + 1, c + 1). The inside is on the right
        hand of who goes along: outer rings turn clockwise on the screen, holes
        counterclockwise. Successive points differ in one coordinate.
    starts : ndarray of int64, shape (n + 1,)
        Where each ring begins in `points`, and N at the end.
    parts : ndarray of int64, shape (n,)
        The outer ring of the part that each ring belongs to; its own for outer rings.
    bridges : Bridges
        One for each hole, in the order of the holes.
    """

    points: Indices
    starts: Indices
    parts: Indices
    bridges: Bridges

    @property
    def holes(self) -> Indices:
        """Which rings are around holes, ascending."""
        return np.flatnonzero(self.parts != np.arange(self.parts.size))

    def ring(self, index: int) -> Indices:
        """Return the corners of one ring, (N, 2) int64."""
        return self.points[self.starts[index] : self.starts[index + 1]]


def trace_rings(mask: NDArray[np.bool_]) -> Rings:
    """Find the rings of all parts and holes.

    Parameters
    ----------
    mask : (H, W) bool array
        The mask; beyond the frame nothing is inside.

    Returns
    -------
    Rings
        None where the mask is empty; in the order of their topmost, then leftmost
        corner, where outer rings come before holes of the same corner.

    Examples
    --------
    >>> mask = np.ones((3, 3), bool)
    >>> mask[1, 1] = False
    >>> rings = trace_rings(mask)
    >>> rings.ring(0).tolist(), rings.ring(1).tolist()
    ([[0, 0], [0, 3], [3, 3], [3, 0]], [[1, 1], [2, 1], [2, 2], [1, 2]])
    >>> rings.parts.tolist()
    [0, 0]
    """
    corners = _find_corners(mask)
    if not corners.codes.size:
        return _no_rings()
    order, starts = _walk(_link(corners))
    points = corners.points[order]
    return _gather(mask, points, starts)


@dataclass(frozen=True, slots=True, eq=False)
class _Corners:
    """Where edges turn: twice in the list where they do so twice; row by row."""

    points: Indices
    codes: NDArray[np.uint8]  # 1, 2, 4, 8: which of NW, NE, SW, SE are inside


def _find_corners(mask: NDArray[np.bool_]) -> _Corners:
    padded = np.pad(np.asarray(mask, np.bool_), 1)
    beside = padded[:, 1:] ^ padded[:, :-1]
    # An odd number of the four pixels is inside, or two that meet in the corner alone.
    turns = beside[1:] ^ beside[:-1]
    turns |= beside[1:] & beside[:-1] & (padded[1:, 1:] ^ padded[:-1, 1:])
    found = np.flatnonzero(turns)
    rows, cols = np.divmod(found, turns.shape[1])
    codes = np.zeros(found.size, np.uint8)
    for bit, (down, right) in enumerate(((0, 0), (0, 1), (1, 0), (1, 1))):
        codes |= padded[rows + down, cols + right].astype(np.uint8) << bit
    times = np.where((codes == _FALLING) | (codes == _RISING), 2, 1)
    points = np.stack([rows, cols], axis=1)
    return _Corners(np.repeat(points, times, axis=0), np.repeat(codes, times))


def _link(corners: _Corners) -> Indices:
    """Return the corner that follows each."""
    codes = corners.codes
    after = np.empty(codes.size, np.int64)
    # Of each row the first and second corner are ends of one edge, and so on.
    west, east = np.arange(0, codes.size, 2), np.arange(1, codes.size, 2)
    _point(after, west, east, forward=(codes[west] & 8) != 0)
    down = _order_down(corners)
    north, south = down[::2], down[1::2]
    _point(after, north, south, forward=(codes[north] & 4) != 0)
    return after


def _point(
    after: Indices, ones: Indices, others: Indices, *, forward: NDArray[np.bool_]
) -> None:
    after[ones[forward]] = others[forward]
    after[others[~forward]] = ones[~forward]


def _order_down(corners: _Corners) -> Indices:
    """Return the corners column by column, so that each two are ends of one edge.

    Of a corner that is there twice the first has the edge to the west and the second
    the one to the east. Around a rising pair of pixels the west goes with the north;
    around a falling one with the south, so that the second comes first here.
    """
    rows, cols = corners.points.T
    second = np.zeros(rows.size, np.bool_)
    second[1:] = (rows[1:] == rows[:-1]) & (cols[1:] == cols[:-1])
    later = np.where(corners.codes == _FALLING, ~second, second)
    return np.argsort((cols * (rows.max() + 1) + rows) * 2 + later, kind="stable")


def _walk(after: Indices) -> tuple[Indices, Indices]:
    """Return the corners in the order of their rings, and where each ring starts."""
    following: list[int] = after.tolist()
    order: list[int] = []
    starts: list[int] = []
    left = bytearray(b"\x01") * len(following)
    first = 0
    while first >= 0:
        starts.append(len(order))
        corner = first
        while left[corner]:
            left[corner] = 0
            order.append(corner)
            corner = following[corner]
        first = left.find(1, first)
    return np.array(order), np.array([*starts, len(order)])


def _gather(mask: NDArray[np.bool_], points: Indices, starts: Indices) -> Rings:
    count = starts.size - 1
    # A ring begins in its topmost, then leftmost corner: outer ones go east from there.
    is_hole = points[starts[:-1], 1] == points[starts[:-1] + 1, 1]
    holes = np.flatnonzero(is_hole)
    edges = _Edges.of(points, starts)
    bridges = _build_bridges(mask, edges, holes)
    rings = np.repeat(np.arange(count), np.diff(starts))
    parts = np.arange(count)
    parts[holes] = rings[bridges.targets]
    while ((above := parts[parts]) != parts).any():
        parts = above
    return Rings(points, starts, parts, bridges)


@dataclass(frozen=True, slots=True, eq=False)
class _Edges:
    """The vertical edges of all rings."""

    firsts: Indices  # place of the point where they begin
    rings: Indices
    tops: Indices
    cols: Indices

    @classmethod
    def of(cls, points: Indices, starts: Indices) -> _Edges:
        after = np.arange(1, len(points) + 1)
        after[starts[1:] - 1] = starts[:-1]
        firsts = np.flatnonzero(points[:, 1] == points[after, 1])
        tops = np.minimum(points[firsts, 0], points[after[firsts], 0])
        rings = np.searchsorted(starts, firsts, "right") - 1
        return cls(firsts, rings, tops, points[firsts, 1])


def _build_bridges(mask: NDArray[np.bool_], edges: _Edges, holes: Indices) -> Bridges:
    if not holes.size:
        return Bridges(*(np.zeros(0, np.int64) for _ in range(3)))
    # The leftmost edge of each hole, of several the topmost, has the part on its left.
    order = np.lexsort([edges.tops, edges.cols, edges.rings])
    leftmost = order[np.searchsorted(edges.rings[order], holes)]
    rows, cols = edges.tops[leftmost], edges.cols[leftmost]
    begins = _find_run_starts(mask, rows, cols)
    order = np.lexsort([edges.tops, edges.cols])
    stride = mask.shape[0] + 1
    keys = (edges.cols * stride + edges.tops)[order]
    reached = order[np.searchsorted(keys, begins * stride + rows, "right") - 1]
    return Bridges(edges.firsts[leftmost], edges.firsts[reached], rows)


def _find_run_starts(mask: NDArray[np.bool_], rows: Indices, cols: Indices) -> Indices:
    """Return where the runs begin that end before the given pixels."""
    distinct, places = np.unique(rows, return_inverse=True)
    width = mask.shape[1] + 1
    padded = np.zeros((distinct.size, width), np.bool_)
    padded[:, 1:] = mask[distinct]
    pixels = padded.ravel()
    begins = np.flatnonzero(pixels[1:] & ~pixels[:-1]) + 1
    before = np.searchsorted(begins, places * width + cols, "right") - 1
    found: Indices = begins[before] - places * width - 1
    return found


def _no_rings() -> Rings:
    none = np.zeros(0, np.int64)
    bridges = Bridges(none, none, none)
    return Rings(none.reshape(0, 2), np.zeros(1, np.int64), none, bridges)
