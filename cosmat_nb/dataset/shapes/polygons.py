"""Polygons of a mask for formats that know no holes: holes are joined to the outside.

A bridge is a line that is gone along twice, there and back, so that it encloses
nothing; a polygon with bridges is known as a keyhole polygon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.dataset.shapes.rle import expand
from cosmat_nb.dataset.shapes.simplifying import simplify
from cosmat_nb.dataset.shapes.spanning import span_parts
from cosmat_nb.dataset.shapes.tracing import trace_rings
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.dataset.shapes.tracing import Rings

    Indices = NDArray[np.int64]

__all__ = ["check_tolerance", "cut_outline", "cut_polygons"]

_UNIT = 2
"""Corners are kept in halves of a pixel: bridges run along the middle of pixels."""

_MOST_ENDS = 3000  # of bridges between parts, to choose from; 4 a part if that is more


def check_tolerance(tolerance: object) -> float:
    """Return a tolerance as a number, px.

    Raises
    ------
    OptionsError
        When it is not a number, negative, or not finite.

    Examples
    --------
    >>> check_tolerance(1)
    1.0
    """
    try:
        number = float(tolerance)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        number = -1.0
    if not 0 <= number < math.inf or isinstance(tolerance, str | bool):
        raise OptionsError(f"tolerance must be 0 px or more; not {tolerance!r}")
    return number


def cut_polygons(
    mask: NDArray[np.bool_], tolerance: float = 0.0
) -> list[NDArray[np.float64]]:
    """Return a polygon for each part, along the edges of its pixels.

    Parameters
    ----------
    mask : (H, W) bool array
        The mask.
    tolerance : float, default 0
        How far a corner that is left out may lie from the polygon, px. With 0 none is
        left out. About 1 makes straight lines of the stairs that slanted edges are.

    Returns
    -------
    list of (N, 2) float64 array
        Corners as ``(row, col)``, px: pixel (r, c) is the square from (r, c) to
        (r + 1, c + 1). The last corner is not the first again. Filled by the even-odd
        rule at the centres of pixels they are the mask. With a tolerance they are so
        nearly: each part and hole has a ring of about its area, and lines may cross
        where something is thinner than the tolerance.

    Examples
    --------
    >>> ring = np.ones((3, 3), bool)
    >>> ring[1, 1] = False
    >>> cut_polygons(ring)[0][4:].tolist()[-3:]  # around the hole, and back
    [[1.0, 1.0], [1.5, 1.0], [1.5, 0.0]]
    """
    rings = trace_rings(mask)
    if not rings.parts.size:
        return []
    corners = _thin(_prepare(rings), tolerance)
    roots = np.flatnonzero(rings.parts == np.arange(rings.parts.size))
    points = corners.points / _UNIT
    after = _follow(corners.starts)
    return [
        points[places] for places in _join(after, corners.links, corners.starts[roots])
    ]


def cut_outline(mask: NDArray[np.bool_], tolerance: float = 0.0) -> Indices:
    """Return one line around all parts, through the centres of their outermost pixels.

    What ``cv2.fillPoly`` paints, the line and all inside by the even-odd rule, is then
    the mask and what bridges between parts cover, one pixel wide. ``cv2.findContours``
    gives the same rings; the bridges are the shortest there are, within a few pixels.

    Parameters
    ----------
    mask : (H, W) bool array
        The mask.
    tolerance : float, default 0
        As for `cut_polygons`.

    Returns
    -------
    (N, 2) int64 array
        Pixels as ``(row, col)``; one or two where the mask is a pixel or a straight
        strand; none where it is empty.

    Examples
    --------
    >>> cut_outline(np.ones((3, 3), bool)).tolist()
    [[0, 0], [0, 2], [2, 2], [2, 0]]
    """
    rings = trace_rings(mask)
    if not rings.parts.size:
        return np.zeros((0, 2), np.int64)
    corners = _span(_center(_thin(_prepare(rings), tolerance)))
    (places,) = _join(_follow(corners.starts), corners.links, corners.starts[:1])
    return corners.points[places]


@dataclass(frozen=True, slots=True, eq=False)
class _Corners:
    """Rings with the ends of bridges among their corners."""

    points: Indices  # (N, 2), halves of a pixel, or pixels
    starts: Indices
    parts: Indices  # of each ring
    links: Indices  # (n, 2): corners that bridges join
    entries: Indices  # (N, 2): the pixel inside at which a corner is come to
    exits: Indices  # and at which it is left


def _prepare(rings: Rings) -> _Corners:
    """Put the ends of bridges in."""
    points, bridges = rings.points, rings.bridges
    edges = np.concatenate([bridges.sources, bridges.targets])
    rows = np.concatenate([bridges.rows, bridges.rows])
    ways = np.sign(points[_follow(rings.starts)] - points)
    # Behind the corner where its edge begins, in the order in which it is gone along.
    order = np.lexsort([rows * ways[edges, 0], edges])
    ends = np.empty(edges.size, np.int64)
    ends[order] = edges[order] + 1 + np.arange(edges.size)
    cols = points[edges, 1]
    middles = np.stack([rows * _UNIT + _UNIT // 2, cols * _UNIT], axis=1)
    beside = np.stack([rows, cols - (ways[edges, 0] > 0)], axis=1)
    at = edges[order] + 1
    entries, exits = _find_pixels(points, ways, rings.starts)
    added = np.searchsorted(at, rings.starts, "right")
    return _Corners(
        points=np.insert(points * _UNIT, at, middles[order], axis=0),
        starts=rings.starts + added,
        parts=rings.parts,
        links=ends.reshape(2, -1).T,
        entries=np.insert(entries, at, beside[order], axis=0),
        exits=np.insert(exits, at, beside[order], axis=0),
    )


def _find_pixels(
    points: Indices, ways: Indices, starts: Indices
) -> tuple[Indices, Indices]:
    """Return the last pixel inside along the edge to each corner, and the next one."""
    # The inside is on the right hand; an edge's first pixel begins where the edge does.
    right = np.stack([ways[:, 1], -ways[:, 0]], axis=1)
    exits = points + (ways + right - 1) // 2
    before = _precede(starts)
    entries = points + (right[before] - ways[before] - 1) // 2
    return entries, exits


def _thin(corners: _Corners, tolerance: float) -> _Corners:
    """Leave corners out, but for those that bridges join."""
    if not tolerance:
        return corners
    fixed = np.zeros(len(corners.points), np.bool_)
    fixed[corners.links] = True
    kept = simplify(corners.points, corners.starts, fixed, tolerance * _UNIT)
    return _keep(corners, kept)


def _keep(corners: _Corners, kept: NDArray[np.bool_]) -> _Corners:
    before = np.concatenate([[0], np.cumsum(kept)])
    return _Corners(
        corners.points[kept],
        before[corners.starts],
        corners.parts,
        before[corners.links],
        corners.entries[kept],
        corners.exits[kept],
    )


def _center(corners: _Corners) -> _Corners:
    """Move rings from the edges of pixels to their centres."""
    pixels = np.stack([corners.entries, corners.exits], axis=1).reshape(-1, 2)
    starts = corners.starts * 2
    same = (pixels == pixels[_precede(starts)]).all(axis=1)
    # A ring of one pixel has nothing but repetitions.
    alone = np.logical_and.reduceat(same, starts[:-1])
    same[starts[:-1][alone]] = False
    before = np.concatenate([[0], np.cumsum(~same)])
    places = before[1:] - 1
    firsts = before[starts[:-1]]
    rings = np.searchsorted(starts, corners.links * 2, "right") - 1
    ends = places[corners.links * 2]
    # What repeats the ring's last pixel at its very beginning is that last pixel.
    lasts = before[starts[1:]] - 1
    ends = np.where(ends < firsts[rings], lasts[rings], ends)
    points = pixels[~same]
    return _Corners(points, before[starts], corners.parts, ends, points, points)


def _span(corners: _Corners) -> _Corners:
    """Put bridges between parts in; they may end between corners."""
    _, parts = np.unique(corners.parts, return_inverse=True)
    if not parts.any():
        return corners
    ways = corners.points[_follow(corners.starts)] - corners.points
    spans = np.abs(ways).max(axis=1)
    most = max(_MOST_ENDS, 4 * (int(parts.max()) + 1))
    stride = int(spans.sum()) // most + 1
    corner, count = expand(np.maximum(-(-spans // stride), 1))
    shares = count * stride / np.maximum(spans[corner], 1)
    points = corners.points[corner]
    points += np.rint(ways[corner] * shares[:, None]).astype(np.int64)
    kept = count == 0
    firsts = np.append(np.flatnonzero(kept), kept.size)
    starts = firsts[corners.starts]
    part = np.repeat(parts, np.diff(starts))
    ends = _choose_ends(points, part, kept, most)
    pairs = ends[span_parts(points[ends], part[ends])]
    kept[pairs] = True
    links = np.concatenate([firsts[corners.links], pairs])
    return _keep(_Corners(points, starts, corners.parts, links, points, points), kept)


def _choose_ends(
    points: Indices, part: Indices, is_corner: NDArray[np.bool_], most: int
) -> Indices:
    """Return places where bridges may end, no two the same, of each part one."""
    chosen = np.arange(part.size) % (part.size // most + 1) == 0
    chosen[np.unique(part, return_index=True)[1]] = True
    # Lines of two parts may share a pixel, which then is the one's whose corner it is.
    places = np.flatnonzero(chosen)
    places = places[np.argsort(~is_corner[places], kind="stable")]
    keys = points[places] @ [int(points[:, 1].max()) + 1, 1]
    return places[np.unique(keys, return_index=True)[1]]


def _follow(starts: Indices) -> Indices:
    """Return the corner that follows each in its ring."""
    after = np.arange(1, starts[-1] + 1)
    after[starts[1:] - 1] = starts[:-1]
    return after


def _precede(starts: Indices) -> Indices:
    """Return the corner before each in its ring."""
    before = np.arange(-1, starts[-1] - 1)
    before[starts[:-1]] = starts[1:] - 1
    return before


def _join(after: Indices, links: Indices, roots: Indices) -> list[Indices]:
    """Return the corners along each ring from a root, links gone along both ways."""
    following: list[int] = after.tolist()
    origins = list(range(len(following)))
    for one, other in links.tolist():
        # Both corners are passed twice: there, around the other ring, and back.
        copy = len(following)
        following += [following[other], following[one]]
        origins += [other, one]
        following[one], following[other] = copy, copy + 1
    joined = []
    for root in roots.tolist():
        path, place = [origins[root]], following[root]
        while place != root:
            path.append(origins[place])
            place = following[place]
        joined.append(np.array(path))
    return joined
