"""Measure one matte, or one cutout with its colours."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.checks import (
    HARD,
    NO_OFFSET,
    VISIBLE,
    alpha_level,
    check_alpha,
    check_pair,
    opaque,
)
from cosmat_nb.metrics.colors import (
    measure_evidence,
    measure_halo,
    measure_residue,
)
from cosmat_nb.metrics.edge import Edge, cell_edge, join_edges
from cosmat_nb.metrics.levels import Levels, add_levels, strip_levels
from cosmat_nb.metrics.matte import MatteMetrics
from cosmat_nb.metrics.moments import Moments, add_moments, strip_moments
from cosmat_nb.metrics.parts import DUST_SHARE, Components, find_components, find_holes
from cosmat_nb.metrics.pictures import check_picture
from cosmat_nb.metrics.runs import Runs, join_runs, run_ends
from cosmat_nb.metrics.strips import walk_strips
from cosmat_nb.metrics.widths import (
    Gradients,
    cell_gradients,
    edge_length,
    width_percentile,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = dict[str, Any]

__all__ = ["measure_alpha", "measure_cutout"]

_WIDE = 0.95


@dataclass(frozen=True, slots=True, eq=False)
class _Scan:
    """What one walk over a matte finds; `one` is the alpha of an opaque pixel."""

    one: int
    moments: Moments
    levels: Levels
    visible: Runs
    hard: Runs
    gradients: list[Gradients]
    edge: Edge | None


def measure_alpha(alpha: NDArray[Any]) -> MatteMetrics:
    """Measure one alpha matte.

    Parameters
    ----------
    alpha : ndarray, shape (H, W), uint8 or any float
        The matte: 0 to 255 as it comes from a PNG, or 0 to 1, in any memory layout. It
        is not changed. A uint8 mask of 0 and 1 is a faint matte: pass it as float. The
        mask of a masked array is not looked at.

    Returns
    -------
    MatteMetrics
        One value per column, each defined and with its unit in that class; those that
        need colours are None.

    Raises
    ------
    OptionsError
        When alpha is not an array of that shape, dtype and range, holds NaN, or has
        no pixel.

    Notes
    -----
    ``edge_width = 6 * sum(alpha * (1 - alpha)) / edge_length``: across a linear ramp of
    width w the integral of alpha * (1 - alpha) is w / 6. A ramp so measures w, averaged
    over its positions on the pixel grid; one straight edge that lies along the grid is
    off by at most 1 / w. A flat translucent area counts as band but not as length, so
    glass looks wide-edged.

    Examples
    --------
    >>> alpha = np.zeros((4, 5), np.uint8)
    >>> alpha[1:3, 1:4] = 255
    >>> metrics = measure_alpha(alpha)
    >>> metrics.coverage, metrics.extent, metrics.margin_right, metrics.parts
    (0.3, 1.0, 1, 1)
    """
    alpha = check_alpha(alpha)
    return _describe(alpha, _scan(alpha, keep_edge=False))


def measure_cutout(
    rgba: NDArray[np.uint8],
    source: NDArray[np.uint8] | None = None,
    *,
    offset: tuple[int, int] = (0, 0),
) -> MatteMetrics:
    """Measure one cutout: its matte, and its colours against the picture it came from.

    Parameters
    ----------
    rgba : ndarray, shape (H, W, 4), uint8
        The cutout, colours not multiplied by alpha.
    source : ndarray, shape (h, w, 3), uint8, optional
        The picture it was cut from. Without it ``edge_evidence`` and ``halo`` are None.
    offset : tuple of int, default (0, 0)
        Row and column of the cutout in which the source's pixel (0, 0) lies:
        ``rgba[r + offset[0], c + offset[1]]`` shows ``source[r, c]``; negative
        when the cutout shows less than the source. `locate` finds it. A side where
        the picture's frame cut the subject lies inside a moved cutout and looks like
        edge; `place_back` brings the cutout to where it has none.

    Returns
    -------
    MatteMetrics
        One value per column, each defined and with its unit in that class.

    Raises
    ------
    OptionsError
        When an array is not of that shape and dtype, or has no pixel, or the offset
        is no pair of whole numbers.

    Examples
    --------
    >>> rgba = np.zeros((2, 2, 4), np.uint8)
    >>> rgba[0, 0] = 9, 9, 9, 255
    >>> rgba[0, 1] = 7, 0, 0, 0
    >>> measure_cutout(rgba).color_residue == 1 / 3
    True
    """
    rgba = check_picture(rgba, "rgba", 4)
    if source is not None:
        source = check_picture(source, "source", 3)
        offset = check_pair(offset, "offset", advice=NO_OFFSET)
        if offset == (0, 0) and source.shape[:2] != rgba.shape[:2]:
            raise OptionsError(
                f"the cutout has shape {rgba.shape[:2]}, its source "
                f"{source.shape[:2]}, so it was moved: bring it back with "
                "place_back(rgba, locate(source, rgba), source.shape)"
            )
    scan = _scan(rgba[..., 3], keep_edge=source is not None)
    metrics = replace(
        _describe(rgba[..., 3], scan), color_residue=measure_residue(rgba)
    )
    if source is None or scan.edge is None:
        return metrics
    return replace(
        metrics,
        edge_evidence=measure_evidence(source, scan.edge, offset),
        halo=measure_halo(rgba, source, scan.edge, offset),
    )


def _scan(alpha: NDArray[Any], *, keep_edge: bool) -> _Scan:
    one, (height, width) = opaque(alpha), alpha.shape
    visible, hard = alpha_level(VISIBLE, one), alpha_level(HARD, one)
    found = [
        (
            strip_moments(strip),
            strip_levels(strip.steps, one),
            run_ends(strip, visible),
            run_ends(strip, hard),
            cell_gradients(strip.cells, height, width, one),
            cell_edge(strip.cells, height, width) if keep_edge else None,
        )
        for strip in walk_strips(alpha)
    ]
    moments, levels, visible_ends, hard_ends, gradients, edges = zip(
        *found, strict=True
    )
    return _Scan(
        one,
        add_moments(moments),
        add_levels(levels),
        join_runs(visible_ends, height, width),
        join_runs(hard_ends, height, width),
        list(gradients),
        join_edges(edges) if keep_edge else None,
    )


def _describe(alpha: NDArray[Any], scan: _Scan) -> MatteMetrics:
    height, width = alpha.shape
    metrics = MatteMetrics(matte_height=height, matte_width=width)
    if not scan.moments.mass:
        return metrics
    visible, hard = find_components(scan.visible), find_components(scan.hard)
    return replace(
        metrics,
        **_areas(alpha, scan, hard),
        **_place(scan.moments, height, width),
        **_box(alpha, visible.box, scan.one),
        **_parts(scan, visible, hard),
        **_touches(alpha, alpha_level(HARD, scan.one)),
        **_edges(scan),
    )


def _areas(alpha: NDArray[Any], scan: _Scan, hard: Components) -> Values:
    soft_area = min(scan.moments.mass / scan.one, float(alpha.size))
    return {
        "coverage": soft_area / alpha.size,
        "soft_area": soft_area,
        "hard_area": hard.area,
        "soft_fraction": scan.levels.soft / alpha.size,
        "alpha_entropy": scan.levels.entropy,
    }


def _place(moments: Moments, height: int, width: int) -> Values:
    row, col = moments.centroid
    row, col = min(row, height - 1.0), min(col, width - 1.0)
    distance = math.hypot(row - (height - 1) / 2, col - (width - 1) / 2)
    return {
        "centroid_row": row,
        "centroid_col": col,
        "centroid_offset": distance / (math.hypot(height, width) / 2),
        "orientation": moments.orientation,
        "elongation": moments.elongation,
    }


def _box(
    alpha: NDArray[Any], box: tuple[int, int, int, int] | None, one: int
) -> Values:
    if box is None:
        return {}
    (height, width), (top, left, bottom, right) = alpha.shape, box
    area = (bottom - top) * (right - left)
    exact = np.int64 if one > 1 else np.float64
    inside = float(alpha[top:bottom, left:right].sum(dtype=exact)) / one
    sides = ("top", "right", "bottom", "left")
    gaps = (top, width - right, height - bottom, left)
    shares = (top / height, gaps[1] / width, gaps[2] / height, left / width)
    return {
        "box_min_row": top,
        "box_min_col": left,
        "box_max_row": bottom,
        "box_max_col": right,
        "extent": min(inside / area, 1.0),
        "aspect": (right - left) / (bottom - top),
        **{f"margin_{side}": gap for side, gap in zip(sides, gaps, strict=True)},
        **{f"margin_{s}_share": share for s, share in zip(sides, shares, strict=True)},
    }


def _parts(scan: _Scan, visible: Components, hard: Components) -> Values:
    holes, hole_area = find_holes(scan.hard, DUST_SHARE * hard.largest)
    return {
        "parts": hard.count,
        "largest_part_share": hard.largest / hard.area if hard.area else None,
        "holes": holes,
        "hole_area": hole_area,
        "dust": visible.dust,
        "dust_area": visible.dust_area,
    }


def _touches(alpha: NDArray[Any], hard: float) -> Values:
    sides = {
        "top": alpha[0],
        "right": alpha[:, -1],
        "bottom": alpha[-1],
        "left": alpha[:, 0],
    }
    shares = {
        f"touch_{side}": int(np.count_nonzero(pixels >= hard)) / pixels.size
        for side, pixels in sides.items()
    }
    return {"touched_sides": sum(share > 0 for share in shares.values()), **shares}


def _edges(scan: _Scan) -> Values:
    length = edge_length(scan.gradients)
    if not length:
        return {}
    return {
        "edge_length": length,
        "edge_width": 6 * scan.levels.band / scan.one**2 / length,
        "edge_width_p95": width_percentile(scan.gradients, _WIDE),
    }
