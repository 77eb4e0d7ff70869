"""How much of the old background is left in the colours of a matte's edge."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cosmat_nb.metrics.pictures import check_picture
from cosmat_nb.metrics.sampling import even, look_up

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.metrics.edge import Edge

__all__ = ["measure_halo"]

_CELLS = 2048  # of the edge, at most; each brings its four pixels
_SOFT = (26, 229)  # alpha of edge pixels in 8 bits: 0.1 to 0.9
_OPAQUE, _CLEAR = 250, 5  # alpha of subject and of background in 8 bits
_STEPS = np.array([1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32], np.float32)
_CONTRAST = 48.0  # least distance of F from B, levels of 255
_FEWEST = 32


class _Pixels(NamedTuple):
    """Pixels of the cutout with the direction into the subject at each."""

    rows: NDArray[np.int32]
    cols: NDArray[np.int32]
    down: NDArray[np.float32]
    right: NDArray[np.float32]

    def take(self, index: NDArray[np.generic]) -> _Pixels:
        return _Pixels(*(values[index] for values in self))


def measure_halo(
    rgba: NDArray[np.uint8],
    source: NDArray[np.uint8],
    edge: Edge,
    offset: tuple[int, int] = (0, 0),
) -> float | None:
    """Measure the old background's contribution left in the edge's colours.

    Parameters
    ----------
    rgba : ndarray of uint8, shape (h, w, 4)
        Cutout, alpha not multiplied in.
    source : ndarray of uint8, shape (H, W, 3)
        The picture that was cut out.
    edge : Edge
        Of the cutout's alpha.
    offset : Offset or tuple of int, default (0, 0)
        Row and column, px, of the source's pixel (0, 0) in the cutout.

    Returns
    -------
    float or None
        ``sum((F - C).(F - B)) / sum((1 - a) |F - B|^2)`` over edge pixels: 0 when
        the colours are the subject's own, 1 when the source's were copied unchanged.
        It is not clipped. None when fewer than 32 edge pixels have a subject on one
        side and a background that differs from it on the other; so for a hard
        matte, which has no edge pixel.

    Raises
    ------
    OptionsError
        When `rgba` or `source` is no such array.

    Notes
    -----
    A source obeys ``I = a F + (1 - a) B`` (Porter and Duff 1984, SIGGRAPH, 253-259),
    so a colour ``C = F - h (1 - a) (F - B)`` holds the share h of the background's
    part; the number is the least-squares h of all edge pixels, weighted by
    ``1 / (1 - a)``. Edge pixels have alpha a from 0.1 to 0.9 and touch a cell of
    `edge`. F is the cutout's colour where the way up the cell's gradient is opaque
    for the second step running (alpha >= 250), B the source's where the way down is
    clear (alpha <= 5), both within 32 px. Pixels with ``|F - B| < 48`` levels are
    left out. At most 2048 cells are looked at, evenly strided; on smaller edges a
    mirrored or transposed cutout has the same halo.

    Of unchanged source colours, a matte that is too wide reads more than 1, because
    its edge lies on background, and one that is too narrow less, towards 0.

    Examples
    --------
    >>> from cosmat_nb.metrics.edge import Edge
    >>> alpha = np.tile(np.array([0, 0, 0, 0, 128, 255, 255, 255], np.uint8), (40, 1))
    >>> source = np.repeat(alpha[..., None], 3, axis=2)  # white on black
    >>> rows = np.arange(39, dtype=np.int32)
    >>> level = np.zeros(39, np.float32)
    >>> edge = Edge(rows, np.full_like(rows, 3), level, level + 0.5, rows >= 0)
    >>> round(measure_halo(np.dstack([source, alpha]), source, edge), 2)
    1.0
    """
    rgba, source = check_picture(rgba, "rgba", 4), check_picture(source, "source", 3)
    soft = _edge_pixels(rgba, edge)
    inner, has_inner = _walk(rgba, soft, 1)
    outer, has_outer = _walk(rgba, soft, -1)
    rows, cols = outer[0] - offset[0], outer[1] - offset[1]
    has_outer &= (rows >= 0) & (rows < source.shape[0])
    has_outer &= (cols >= 0) & (cols < source.shape[1])
    kept = np.flatnonzero(has_inner & has_outer)
    soft = soft.take(kept)
    return _share(
        rgba[soft.rows, soft.cols].astype(np.float64),
        rgba[inner[0][kept], inner[1][kept], :3].astype(np.float64),
        source[rows[kept], cols[kept]].astype(np.float64),
    )


def _share(
    pixels: NDArray[np.float64],
    subject: NDArray[np.float64],
    background: NDArray[np.float64],
) -> float | None:
    apart = subject - background
    squared = np.einsum("ij,ij->i", apart, apart)
    seen = squared >= _CONTRAST**2
    if np.count_nonzero(seen) < _FEWEST:
        return None
    pulled = np.einsum("ij,ij->i", subject - pixels[:, :3], apart)
    expected = (1 - pixels[:, 3] / 255) * squared
    return float(pulled[seen].sum() / expected[seen].sum())


def _edge_pixels(rgba: NDArray[np.uint8], edge: Edge) -> _Pixels:
    """Return the soft pixels of evenly strided cells with their cells' directions."""
    cells = even(edge.rows.size, _CELLS)
    cells = cells[(edge.down[cells] != 0) | (edge.right[cells] != 0)]
    down, right = edge.down[cells], edge.right[cells]
    steep = np.hypot(down, right)
    # All four pixels of a cell: one corner alone would not mirror to itself.
    corners = _Pixels(
        (edge.rows[cells, None] + np.array([0, 0, 1, 1], np.int32)).ravel(),
        (edge.cols[cells, None] + np.array([0, 1, 0, 1], np.int32)).ravel(),
        np.repeat(down / steep, 4),
        np.repeat(right / steep, 4),
    )
    level = look_up(rgba, corners.rows, corners.cols)[:, 3]
    return corners.take((level >= _SOFT[0]) & (level <= _SOFT[1]))


def _walk(
    rgba: NDArray[np.uint8], start: _Pixels, way: int
) -> tuple[tuple[NDArray[np.int32], NDArray[np.int32]], NDArray[np.bool_]]:
    """Go up (1) or down (-1) the gradient to the second pixel that is all or nothing.

    Returns the rows and columns reached and whether there is such a pixel.
    """
    rows = start.rows + np.rint(np.outer(way * _STEPS, start.down)).astype(np.int32)
    cols = start.cols + np.rint(np.outer(way * _STEPS, start.right)).astype(np.int32)
    inside = (rows >= 0) & (rows < rgba.shape[0])
    inside &= (cols >= 0) & (cols < rgba.shape[1])
    level = look_up(rgba, np.where(inside, rows, 0), np.where(inside, cols, 0))[..., 3]
    there = inside & (level >= _OPAQUE if way > 0 else level <= _CLEAR)
    twice = there[:-1] & there[1:]
    reached = twice.argmax(axis=0) + 1
    each = np.arange(reached.size)
    return (rows[reached, each], cols[reached, each]), twice.any(axis=0)
