"""Polygons of a mask for formats that know no holes: holes are joined to the outside.

A bridge is a line that is gone along twice, there and back, so that it encloses
nothing; a polygon with bridges is known as a keyhole polygon.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.dataset.shapes.simplifying import simplify
from cosmat_nb.dataset.shapes.spanning import place_ends, span_parts
from cosmat_nb.dataset.shapes.tracing import trace_rings
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.dataset.shapes.tracing import Rings

    Indices = NDArray[np.int64]

__all__ = ["check_tolerance", "cut_outline", "cut_polygons"]

_UNIT = 4
"""Corners are kept in quarters of a pixel: bridges run along the middle of pixels."""


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
        rule at the centres of pixels they are the mask; with a tolerance nearly so,
        and no line crosses another one; all parts and holes are there.

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
    corners = _thin(_prepare(rings, bool(tolerance)), tolerance)
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
    corners = _span(_center(_thin(_prepare(rings, bool(tolerance)), tolerance)))
    (places,) = _join(_follow(corners.starts), corners.links, corners.starts[:1])
    return corners.points[places]


@dataclass(frozen=True, slots=True, eq=False)
class _Corners:
    """Rings with the ends of bridges among their corners."""

    points: Indices  # (N, 2), quarters of a pixel, or pixels
    starts: Indices
    parts: Indices  # of each ring
    links: Indices  # (n, 2): corners that bridges join
    entries: Indices  # (N, 2): the pixel inside at which a corner is come to
    exits: Indices  # and at which it is left


def _prepare(rings: Rings, loosened: bool) -> _Corners:
    """Put the ends of bridges in, and move rings apart where they share a corner."""
    points, bridges = rings.points, rings.bridges
    edges = np.concatenate([bridges.sources, bridges.targets])
    rows = np.concatenate([bridges.rows, bridges.rows])
    after = _follow(rings.starts)
    ways = np.sign(points[after] - points)
    # Behind the corner where its edge begins, in the order in which it is gone along.
    order = np.lexsort([rows * ways[edges, 0], edges])
    ends = np.empty(edges.size, np.int64)
    ends[order] = edges[order] + 1 + np.arange(edges.size)
    middles = np.stack([rows * _UNIT + _UNIT // 2, points[edges, 1] * _UNIT], axis=1)
    at = edges[order] + 1
    entries, exits = _find_pixels(points, ways, rings.starts)
    beside = np.stack([rows, (middles[:, 1] // _UNIT) - (ways[edges, 0] > 0)], axis=1)
    quarters = points * _UNIT
    if loosened:
        quarters += _loosen(points, ways, rings.starts)
    added = np.searchsorted(at, rings.starts, "right")
    return _Corners(
        points=np.insert(quarters, at, middles[order], axis=0),
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


def _loosen(points: Indices, ways: Indices, starts: Indices) -> Indices:
    """Return how far corners that are there twice move, away from the inside."""
    width = int(points[:, 1].max()) + 1
    keys = points @ [width, 1]
    _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
    twice = counts[inverse] > 1
    moves: Indices = (ways - ways[_precede(starts)]) * twice[:, None]
    return moves


def _thin(corners: _Corners, tolerance: float) -> _Corners:
    """Leave corners out."""
    if not tolerance:
        return corners
    fixed = np.zeros(len(corners.points), np.bool_)
    fixed[corners.links] = True
    kept = simplify(
        corners.points, corners.starts, fixed, corners.links, tolerance * _UNIT
    )
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
    """Put bridges between parts in."""
    _, rings = np.unique(corners.parts, return_inverse=True)
    if not rings.any():
        return corners
    parts = np.repeat(rings, np.diff(corners.starts))
    after = _follow(corners.starts)
    before, steps, places = place_ends(corners.points, after, parts)
    pairs = span_parts(places, parts[before])
    used = np.unique(pairs)
    stride = int(steps.max()) + 1
    added = used[steps[used] > 0]
    keys = before * stride + steps
    order = np.sort(np.concatenate([np.arange(parts.size) * stride, keys[added]]))
    points = np.empty((order.size, 2), np.int64)
    places_of = np.searchsorted(order, np.arange(parts.size + 1) * stride)
    points[places_of[:-1]] = corners.points
    points[np.searchsorted(order, keys[added])] = places[added]
    links = np.concatenate(
        [places_of[corners.links], np.searchsorted(order, keys[pairs])]
    )
    starts = places_of[corners.starts]
    return _Corners(points, starts, corners.parts, links, points, points)


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
