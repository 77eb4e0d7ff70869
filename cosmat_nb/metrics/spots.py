"""Places along a matte's edge, the worst first."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cosmat_nb.metrics.edge import Edge

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

__all__ = ["Spot", "find_spots", "local_width"]

_FEWEST = 8  # crossed cells of a place: fewer are a corner of a tile, or dust


class Spot(NamedTuple):
    """One place on the edge.

    Attributes
    ----------
    value : float
        The local number, in its metric's unit.
    row, col : int
        A crossed cell in the middle of the place, px.
    """

    value: float
    row: int
    col: int


def local_width(edge: Edge) -> float | None:
    """Return the median width of the cells that alpha = 0.5 crosses, px, 1 and up.

    The width of a cell is 1 / |gradient|, as in ``edge_width_p95``. None when the
    differences of every crossed cell cancel.

    Examples
    --------
    >>> from cosmat_nb.metrics.edge import find_edge
    >>> local_width(find_edge(np.array([[0, 255], [0, 255]], np.uint8)))
    1.0
    """
    slopes = np.hypot(edge.down, edge.right)[edge.crosses]
    slopes = slopes[slopes > 0]
    return float(np.median(1 / slopes)) if slopes.size else None


def find_spots(
    edge: Edge,
    score: Callable[[Edge], float | None],
    *,
    side: int,
    most: int,
    lowest: bool = False,
) -> list[Spot]:
    """Find the places where a local number is worst.

    The edge is cut by a grid of tiles; each tile's piece is scored by itself.

    Parameters
    ----------
    edge : Edge
        Of the matte.
    score : callable
        Takes the piece of the edge in one tile; returns its number, or None where
        there is none.
    side : int
        Of a tile, px, 1 and up; no two places are nearer, along rows or columns.
    most : int
        Places to return at most, 1 and up.
    lowest : bool, default False
        Whether small numbers are the bad ones.

    Returns
    -------
    list of Spot
        The worst first; of equal ones the upper, then the left.

    Examples
    --------
    >>> from cosmat_nb.metrics.edge import find_edge
    >>> alpha = np.zeros((64, 64))
    >>> alpha[:, 32:] = 1
    >>> alpha[40:, 28:36] = np.linspace(0, 1, 8)  # blurred below
    >>> worst, *_ = find_spots(find_edge(alpha), local_width, side=16, most=9)
    >>> round(worst.value, 3), worst.row > 40
    (7.0, True)
    """
    found = [spot for piece in _cut(edge, side) if (spot := _rate(piece, score))]
    found.sort(key=lambda spot: spot.value if lowest else -spot.value)
    kept: list[Spot] = []
    for spot in found:
        if len(kept) == most:
            break
        apart = (max(abs(spot.row - k.row), abs(spot.col - k.col)) for k in kept)
        if all(distance >= side for distance in apart):
            kept.append(spot)
    return kept


def _cut(edge: Edge, side: int) -> Iterator[Edge]:
    if not edge.rows.size:
        return
    across = int(edge.cols.max()) // side + 1
    tiles = (edge.rows // side).astype(np.int64) * across + edge.cols // side
    order = np.argsort(tiles, kind="stable")
    ends = np.flatnonzero(np.diff(tiles[order])) + 1
    for cells in np.split(order, ends):
        yield _take(edge, cells)


def _take(edge: Edge, cells: NDArray[np.int64]) -> Edge:
    return Edge(*(getattr(edge, field.name)[cells] for field in fields(Edge)))


def _rate(piece: Edge, score: Callable[[Edge], float | None]) -> Spot | None:
    crossed = np.flatnonzero(piece.crosses)
    if crossed.size < _FEWEST:
        return None
    value = score(piece)
    if value is None:
        return None
    rows, cols = piece.rows[crossed], piece.cols[crossed]
    # The mean of a bent piece lies beside it: its nearest cell lies on it.
    nearest = np.argmin(np.hypot(rows - rows.mean(), cols - cols.mean()))
    return Spot(value, int(rows[nearest]), int(cols[nearest]))
