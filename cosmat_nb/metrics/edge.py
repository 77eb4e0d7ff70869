"""Where a matte changes: the cells of 2x2 pixels that its edge runs through."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from cosmat_nb.metrics.checks import HARD, alpha_level, check_alpha
from cosmat_nb.metrics.strips import walk_strips

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cosmat_nb.metrics.strips import Cells

__all__ = ["Edge", "cell_edge", "find_edge", "join_edges"]


@dataclass(frozen=True, slots=True, eq=False)
class Edge:
    """Cells of 2x2 pixels in which alpha is not constant.

    Attributes
    ----------
    rows, cols : ndarray of int32, shape (n,)
        Upper left pixel of each cell; its other pixels lie one row, one column and
        both further. Cells lie inside the picture.
    down, right : ndarray of float32, shape (n,)
        Gradient of alpha over the cell, 1/px, -1 to 1: mean of its two differences
        along the rows and along the columns; it points into the subject.
    crosses : ndarray of bool, shape (n,)
        Whether alpha = 0.5 runs through the cell: it holds hard and other pixels.
    """

    rows: NDArray[np.int32]
    cols: NDArray[np.int32]
    down: NDArray[np.float32]
    right: NDArray[np.float32]
    crosses: NDArray[np.bool_]


def find_edge(alpha: NDArray[Any]) -> Edge:
    """Find the cells in which alpha changes, from top to bottom and left to right.

    Parameters
    ----------
    alpha : ndarray, shape (H, W), uint8 or any float
        The matte: 0 to 255, or 0 to 1.

    Returns
    -------
    Edge
        Empty when alpha is the same everywhere, and when H or W is 1.

    Raises
    ------
    OptionsError
        When alpha is no matte.

    Examples
    --------
    >>> edge = find_edge(np.array([[0, 0, 255], [0, 0, 255]], np.uint8))
    >>> edge.rows, edge.cols, edge.down, edge.right
    (array([0], dtype=int32), array([1], dtype=int32), \
array([0.], dtype=float32), array([1.], dtype=float32))
    """
    alpha = check_alpha(alpha)
    strips = walk_strips(alpha)
    return join_edges([cell_edge(strip.cells, *alpha.shape) for strip in strips])


def cell_edge(cells: Cells, height: int, width: int) -> Edge:
    """Keep the cells of one strip that lie inside the picture of that size."""
    inside = cells.inside(height, width)
    corners = (
        cells.top_left,
        cells.top_right,
        cells.bottom_left,
        cells.bottom_right,
    )
    first, second, third, fourth = (corner[inside] for corner in corners)
    one = 1 if first.dtype.kind == "f" else 255
    return Edge(
        cells.rows[inside],
        cells.cols[inside],
        ((third + fourth - first - second) / (2 * one)).astype(np.float32),
        ((second + fourth - first - third) / (2 * one)).astype(np.float32),
        cells.crossed(alpha_level(HARD, one))[inside],
    )


def join_edges(parts: Sequence[Edge]) -> Edge:
    """Put the edges of successive strips into one."""
    names = [field.name for field in fields(Edge)]
    columns = [[getattr(part, name) for part in parts] for name in names]
    return Edge(*(np.concatenate(column) for column in columns))
