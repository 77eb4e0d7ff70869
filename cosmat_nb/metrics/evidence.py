"""Whether the picture has an edge where the matte has one."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cosmat_nb.metrics.pictures import check_picture
from cosmat_nb.metrics.sampling import even, look_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.metrics.edge import Edge

    Numbers = NDArray[np.int32]

__all__ = ["measure_evidence"]

_SAMPLES = 4096  # cells of the edge, and places of the picture, at most
_STRIDE = 7919  # a prime: spreads the edge's directions over the places
_ALONG = (-1.5, -0.5, 0.5, 1.5)  # where the picture is read along the normal, px


class _Spots(NamedTuple):
    """Cells of 2x2 pixels with a direction through the middle of each."""

    rows: Numbers
    cols: Numbers
    down: NDArray[np.float32]
    right: NDArray[np.float32]


def measure_evidence(
    source: NDArray[np.uint8], edge: Edge, offset: tuple[int, int] = (0, 0)
) -> float | None:
    """Measure how often the picture changes more at the matte's edge than elsewhere.

    Parameters
    ----------
    source : ndarray of uint8, shape (H, W, 3)
        The picture that was cut out.
    edge : Edge
        Of the matte; only cells that alpha = 0.5 crosses count, each once.
    offset : Offset or tuple of int, default (0, 0)
        Row and column, px, of the source's pixel (0, 0) on the matte's canvas.

    Returns
    -------
    float or None
        Probability that the picture's contrast at a random cell of the edge
        exceeds that at a random place, ties counting half, 0 to 1: .5 is chance, 1
        says that every edge lies on the picture's strongest ones. None when no
        crossed cell lies wholly inside the source.

    Raises
    ------
    OptionsError
        When `source` is no such array.

    Notes
    -----
    It is the area under the curve of Mann and Whitney's U (1947, Annals of
    Mathematical Statistics 18, 50-60). Contrast is the largest difference of colour
    (Euclidean, all channels) between two pixels 2 px apart on the normal, which is
    read 1.5 px to both sides, so that a matte may be a pixel off. A place is
    read likewise, along the direction of a cell of the edge, so that an edge laid
    down at random has .5. At most 4096 cells, evenly strided in the order of
    `edge`, are compared with about 4096 places on a regular grid: the cost does not
    grow with the picture, and the number is repeatable, but shifts a little when a
    picture is mirrored, the more the smaller it is.

    Examples
    --------
    >>> from cosmat_nb.metrics.edge import Edge
    >>> source = np.zeros((40, 40, 3), np.uint8)
    >>> source[:, 20:] = 255
    >>> rows = np.arange(39, dtype=np.int32)
    >>> level = np.zeros(39, np.float32)
    >>> edge = Edge(rows, np.full_like(rows, 19), level, level + 1, rows >= 0)
    >>> measure_evidence(source, edge) > 0.95
    True
    """
    source = check_picture(source, "source", 3)
    spots = _on_edge(edge, offset, source.shape)
    if not spots.rows.size:
        return None
    places = _on_grid(source.shape, spots)
    found, chance = (np.sort(_contrast(source, each)) for each in (spots, places))
    below = np.searchsorted(chance, found, "left").sum(dtype=np.int64)
    not_above = np.searchsorted(chance, found, "right").sum(dtype=np.int64)
    return float((below + not_above) / (2 * found.size * chance.size))


def _on_edge(edge: Edge, offset: tuple[int, int], shape: tuple[int, ...]) -> _Spots:
    crossed = np.flatnonzero(edge.crosses)
    rows, cols = edge.rows[crossed] - offset[0], edge.cols[crossed] - offset[1]
    inside = (rows >= 0) & (rows < shape[0] - 1) & (cols >= 0) & (cols < shape[1] - 1)
    kept = np.flatnonzero(inside)
    kept = kept[even(kept.size, _SAMPLES)]
    down, right = edge.down[crossed[kept]], edge.right[crossed[kept]]
    steep: NDArray[np.float32] = np.hypot(down, right)
    steep[steep == 0] = 1.0  # two opposite corners of the cell are hard: no direction
    return _Spots(rows[kept], cols[kept], down / steep, right / steep)


def _on_grid(shape: tuple[int, ...], spots: _Spots) -> _Spots:
    """Lay a grid over the picture; every place borrows a direction of the edge."""
    height, width = shape[0] - 1, shape[1] - 1
    across = min(max(round(math.sqrt(_SAMPLES * width / height)), 1), width)
    upright = min(max(_SAMPLES // across, 1), height)
    rows, cols = (
        ((np.arange(count) + 0.5) * side / count).astype(np.int32)
        for count, side in ((upright, height), (across, width))
    )
    borrowed = np.arange(rows.size * cols.size) * _STRIDE % spots.rows.size
    return _Spots(
        np.repeat(rows, cols.size),
        np.tile(cols, rows.size),
        spots.down[borrowed],
        spots.right[borrowed],
    )


def _contrast(source: NDArray[np.uint8], spots: _Spots) -> Numbers:
    """Return the largest squared difference of colours 2 px apart on the normals."""
    before, near, far, after = (_read(source, spots, along) for along in _ALONG)
    largest: Numbers = np.maximum(_squared(far - before), _squared(after - near))
    return largest


def _read(source: NDArray[np.uint8], spots: _Spots, along: float) -> Numbers:
    # The middle of a cell is half a pixel, and rounding half a pixel more: 1.
    rows = spots.rows + np.floor(1 + along * spots.down).astype(np.int32)
    cols = spots.cols + np.floor(1 + along * spots.right).astype(np.int32)
    rows = rows.clip(0, source.shape[0] - 1)
    cols = cols.clip(0, source.shape[1] - 1)
    seen: Numbers = look_up(source, rows, cols).astype(np.int32)
    return seen


def _squared(differences: Numbers) -> Numbers:
    squared: Numbers = np.einsum("ij,ij->i", differences, differences)
    return squared
