"""The shortest lines that make one piece of several parts."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

__all__ = ["span_parts"]

_FAR = 8


def span_parts(places: Indices, parts: Indices) -> Indices:
    """Return pairs of places that join all parts with few pixels between them.

    Parameters
    ----------
    places : (n, 2) int64 array
        Points of the parts, 0 or more, no two the same.
    parts : (n,) int64 array
        The part that each belongs to, from 0 on.

    Returns
    -------
    (m, 2) int64 array
        Indices of both ends, one pair fewer than there are parts.

    Notes
    -----
    The shortest spanning tree among the edges of the places' Delaunay triangulation,
    which holds the shortest of all (Shamos and Hoey 1975, doi:10.1109/SFCS.1975.8).

    Examples
    --------
    >>> span_parts(np.array([[0, 0], [0, 5], [0, 8]]), np.array([0, 1, 2])).tolist()
    [[0, 1], [1, 2]]
    """
    from scipy.sparse import coo_array  # noqa: PLC0415 - heavy
    from scipy.sparse.csgraph import minimum_spanning_tree  # noqa: PLC0415 - heavy

    ends = _triangulate(places)
    ends = ends[parts[ends[:, 0]] != parts[ends[:, 1]]]
    # A line has as many pixels as its longer way; the straighter one is taken first.
    sides, lengths = np.sort(np.abs(places[ends[:, 0]] - places[ends[:, 1]])).T
    count = int(parts.max()) + 1
    pairs = np.sort(parts[ends], axis=1) @ [count, 1]
    order = np.lexsort([ends[:, 1], ends[:, 0], sides, lengths, pairs])
    pairs, firsts = np.unique(pairs[order], return_index=True)
    shortest = order[firsts]
    graph = coo_array(
        (lengths[shortest], np.divmod(pairs, count)), shape=(count, count)
    )
    tree = minimum_spanning_tree(graph.tocsr()).tocoo()
    chosen = tree.row.astype(np.int64) * count + tree.col
    found: Indices = ends[shortest[np.isin(pairs, chosen)]]
    return found


def _triangulate(places: Indices) -> Indices:
    """Return the edges of the Delaunay triangulation, once or twice."""
    from scipy.spatial import Delaunay  # noqa: PLC0415 - heavy

    # Three far points, so that points on one line have triangles too.
    size = int(places.max()) + 1
    far = np.array([[-1, -1], [-1, 2], [2, -1]]) * (_FAR * size)
    triangles = Delaunay(np.concatenate([places, far + size])).simplices
    ends = np.concatenate([triangles[:, sides] for sides in ([0, 1], [1, 2], [0, 2])])
    return np.sort(ends[(ends < len(places)).all(axis=1)], axis=1).astype(np.int64)
