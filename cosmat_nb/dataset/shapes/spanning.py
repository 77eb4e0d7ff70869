"""The shortest lines that make one piece of several parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import minimum_spanning_tree
from scipy.spatial import Delaunay

from cosmat_nb.dataset.shapes.touching import expand

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

__all__ = ["place_ends", "span_parts"]

_MOST_PLACES = 20_000
_FAR = 8


def place_ends(points: Indices, after: Indices, parts: Indices) -> tuple[Indices, ...]:
    """Return where lines to other parts may begin: on corners and between them.

    Parameters
    ----------
    points : (N, 2) int64 array
        Corners of all rings.
    after : (N,) int64 array
        The corner that follows each.
    parts : (N,) int64 array
        The part of each corner.

    Returns
    -------
    corners, steps : (n,) int64 arrays
        The corner before each place, and how many pixels behind it the place is.
    places : (n, 2) int64 array
        Whole pixels, no two the same.

    Examples
    --------
    >>> corners, steps, places = place_ends(
    ...     np.array([[0, 0], [0, 2]]), np.array([1, 0]), np.array([0, 0])
    ... )
    >>> places.tolist()
    [[0, 0], [0, 1], [0, 2]]
    """
    spans = np.abs(points[after] - points).max(axis=1)
    stride = max(int(spans.sum()) // _MOST_PLACES, 1)
    corners, count = expand(np.maximum(-(-spans // stride), 1))
    steps = count * stride
    shares = steps / np.maximum(spans[corners], 1)
    ways = (points[after] - points)[corners] * shares[:, None]
    places = points[corners] + np.rint(ways).astype(np.int64)
    # Of many short edges only some are needed, of each part one at least.
    kept = np.arange(corners.size) % max(corners.size // _MOST_PLACES, 1) == 0
    kept[np.unique(parts[corners], return_index=True)[1]] = True
    single = np.zeros(kept.size, np.bool_)
    single[np.unique(places, axis=0, return_index=True)[1]] = True
    kept &= single
    return corners[kept], steps[kept], places[kept]


def span_parts(places: Indices, parts: Indices) -> Indices:
    """Return pairs of places that join all parts with the least length in sum.

    Parameters
    ----------
    places : (n, 2) int64 array
        Points of the parts, no two the same.
    parts : (n,) int64 array
        The part that each belongs to.

    Returns
    -------
    (m, 2) int64 array
        Indices of both ends, one pair fewer than there are parts.

    Notes
    -----
    The shortest spanning tree of points is among the edges of their Delaunay
    triangulation (Shamos and Hoey 1975, doi:10.1109/SFCS.1975.8).

    Examples
    --------
    >>> span_parts(np.array([[0, 0], [0, 5], [0, 8]]), np.array([0, 1, 2])).tolist()
    [[0, 1], [1, 2]]
    """
    ends = _triangulate(places)
    ends = ends[parts[ends[:, 0]] != parts[ends[:, 1]]]
    lengths = np.hypot(*(places[ends[:, 0]] - places[ends[:, 1]]).T)
    sides = np.sort(parts[ends], axis=1)
    order = np.lexsort([ends[:, 1], ends[:, 0], lengths, sides[:, 1], sides[:, 0]])
    shortest = order[np.unique(sides[order], axis=0, return_index=True)[1]]
    pairs, count = sides[shortest], int(parts.max()) + 1
    graph = coo_array((lengths[shortest], tuple(pairs.T)), shape=(count, count))
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    chosen = np.stack([tree.row, tree.col], axis=1).astype(np.int64) @ [count, 1]
    found: Indices = ends[shortest[np.isin(pairs @ [count, 1], chosen)]]
    return found


def _triangulate(places: Indices) -> Indices:
    """Return the edges of the Delaunay triangulation, each once."""
    # Three far points, so that points on one line have triangles too.
    size = int(places.max()) + 1
    far = np.array([[-1, -1], [-1, 2], [2, -1]]) * (_FAR * size)
    triangles = Delaunay(np.concatenate([places, far + size])).simplices
    ends = np.concatenate(
        [triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [0, 2]]]
    )
    ends = np.sort(ends[(ends < len(places)).all(axis=1)], axis=1)
    found: Indices = np.unique(ends, axis=0).astype(np.int64)
    return found
