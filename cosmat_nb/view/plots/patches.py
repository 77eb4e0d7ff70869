"""Places of an edge cut out of their pictures, small and ready to be magnified."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.before import NOT_FOUND, find_offset
from cosmat_nb.frame.working import attempt
from cosmat_nb.metrics.alignment import Offset
from cosmat_nb.metrics.colors import measure_evidence, measure_halo
from cosmat_nb.metrics.edge import find_edge
from cosmat_nb.metrics.spots import find_spots, local_width

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.frame.before import Sources
    from cosmat_nb.metrics.edge import Edge
    from cosmat_nb.metrics.spots import Spot

    By = Literal["width", "evidence", "halo"]

__all__ = ["TILE", "Patch", "cut_patches"]

TILE = 24
"""Side of the places that the edge is cut into, px."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Patch:
    """One place of an edge.

    Attributes
    ----------
    place : str
        Object key or address of the picture.
    row, col : int
        Its middle in the cutout, px.
    value : float
        The local number that it was picked by.
    before : ndarray or None
        (side, side, 3) uint8 of the source; None without one.
    rgba : ndarray
        (side, side, 4) uint8 of the cutout; what lies beyond its canvas is clear.
    """

    place: str
    row: int
    col: int
    value: float
    before: NDArray[np.uint8] | None = field(repr=False)
    rgba: NDArray[np.uint8] = field(repr=False)


def cut_patches(
    cutout: Cutout, by: By, sources: Sources, *, side: int, most: int
) -> list[Patch]:
    """Cut the worst places of one cutout out of it and its source.

    Parameters
    ----------
    cutout : Cutout
        Decoded once.
    by : {"width", "evidence", "halo"}
        Local number: the median width of the edge, px; the evidence for it in the
        source, and the old background left in its colours, as in `MatteMetrics`.
    sources : Sources
        Where its source comes from, if it is wanted.
    side : int
        Of a patch, px.
    most : int
        Patches at most.

    Raises
    ------
    OptionsError
        When the places are to be picked by the source and there is none.
    """
    rgba = cutout.rgba
    source, offset, reason = _find_source(cutout, rgba, sources)
    score: Callable[[Edge], float | None] = local_width
    if by != "width":
        if source is None:
            raise OptionsError(f"by={by!r} needs the source of {cutout!r}: {reason}")
        score = partial(measure_evidence, source, offset=offset)
        if by == "halo":
            score = partial(measure_halo, rgba, source, offset=offset)
    spots = find_spots(
        find_edge(rgba[..., 3]), score, side=TILE, most=most, lowest=by == "evidence"
    )
    return [_cut(cutout, rgba, source, offset, spot, side) for spot in spots]


def _find_source(
    cutout: Cutout, rgba: NDArray[np.uint8], sources: Sources
) -> tuple[NDArray[np.uint8] | None, Offset, str]:
    if not sources.wanted:
        return None, Offset(0, 0), "none was asked for"
    source, reason = attempt(partial(sources.read, cutout))
    if source is None:
        return None, Offset(0, 0), str(reason)
    offset = find_offset(source, rgba, cutout.options)
    if offset is None:
        return None, Offset(0, 0), NOT_FOUND
    return source, offset, ""


def _cut(
    cutout: Cutout,
    rgba: NDArray[np.uint8],
    source: NDArray[np.uint8] | None,
    offset: Offset,
    spot: Spot,
    side: int,
) -> Patch:
    row, col = spot.row - side // 2, spot.col - side // 2
    before = None
    if source is not None:
        before = _window(source, row - offset.row, col - offset.col, side)
    return Patch(
        place=cutout.place,
        row=spot.row,
        col=spot.col,
        value=spot.value,
        before=before,
        rgba=_window(rgba, row, col, side),
    )


def _window(
    pixels: NDArray[np.uint8], row: int, col: int, side: int
) -> NDArray[np.uint8]:
    """Copy a square; what lies outside the picture is 0."""
    window = np.zeros((side, side, pixels.shape[2]), np.uint8)
    rows = slice(max(row, 0), max(min(row + side, pixels.shape[0]), 0))
    cols = slice(max(col, 0), max(min(col + side, pixels.shape[1]), 0))
    part = pixels[rows, cols]
    top, left = rows.start - row, cols.start - col
    window[top : top + part.shape[0], left : left + part.shape[1]] = part
    return window
