"""What one alpha matte says about itself, with no other matte to compare it to."""

from __future__ import annotations

from dataclasses import dataclass

from cosmat_nb.metrics.columns import Columns

__all__ = ["MatteMetrics"]


@dataclass(frozen=True, slots=True, kw_only=True)
class MatteMetrics(Columns):
    """Columns measured on one alpha matte; the order of fields is that of columns.

    Rows and columns are counted from 0 and a whole number is the centre of a pixel, as
    in scikit-image. A pixel is visible when alpha >= 0.05 (in 8 bits: 13 and above),
    hard when alpha >= 0.5 (128 and above), soft when 0 < alpha < 1. A component is a
    set of visible, or of hard, pixels that hang together over sides and corners
    (8-connected). It is dust when it has less than 0.001 of the pixels of the largest
    component of its level, so of several equal ones none is. What does not exist for a
    matte is None here and NaN in `as_row`; the defaults are the values of an empty
    matte, which is alpha = 0 everywhere.

    Attributes
    ----------
    matte_height, matte_width : int
        Size of the matte, px, 1 and up; written H and W below.
    coverage : float
        Mean of alpha over the picture, 0 to 1.
    soft_area : float
        Sum of alpha, px, 0 to H * W.
    hard_area : int
        Number of hard pixels, px, 0 to H * W.
    soft_fraction : float
        Share of the picture's pixels that are soft, 0 to 1.
    box_min_row, box_min_col, box_max_row, box_max_col : int or None
        Smallest half-open box that holds every visible component that is not dust,
        px: ``alpha[box_min_row:box_max_row, box_min_col:box_max_col]``. Minima are
        0 to side - 1, maxima 1 to side. None when nothing is visible.
    centroid_row, centroid_col : float or None
        Mean row and column of all pixels weighted by alpha, px, 0 to side - 1.
        None for an empty matte.
    centroid_offset : float or None
        Distance from the centroid to the picture's centre ``((H - 1) / 2,
        (W - 1) / 2)`` as a share of the half diagonal ``hypot(H, W)
        / 2``, 0 to below 1. None for an empty matte.
    extent : float or None
        Sum of alpha inside the box over the box's area, above 0 to 1. None without
        a box.
    aspect : float or None
        Width of the box over its height, above 0. None without a box.
    orientation : float or None
        Angle of the major axis of alpha's second moments, degrees, above -90 to 90,
        counter-clockwise as seen: 0 lies along the rows of the picture (horizontal),
        90 upright. None when both axes are equal within rounding, as in a square or a
        disc, and for an empty matte.
    elongation : float or None
        Major over minor axis of the same moments, 1 and up, each pixel taken as a
        square of side 1, so that a solid upright rectangle has its long side over
        its short one. None for an empty matte.
    margin_top, margin_right, margin_bottom, margin_left : int or None
        Rows or columns between the box and that side of the picture, px, 0 to
        side - 1. None without a box.
    margin_top_share, margin_right_share, margin_bottom_share, margin_left_share \
: float or None
        The same over H (top, bottom) or W (right, left), 0 to below 1. None without
        a box.
    parts : int
        Hard components that are not dust, 0 and up.
    largest_part_share : float or None
        Pixels of the largest hard component over all hard pixels, above 0 to 1. None
        when there is no hard pixel.
    holes : int
        4-connected components of pixels that are not hard, enclosed by hard ones, with
        at least 0.001 of the pixels of the largest hard component; 0 and up. What
        reaches the picture's edge is not a hole.
    hole_area : int
        Pixels of those holes, px, 0 and up.
    dust : int
        Visible components that are dust, 0 and up.
    dust_area : int
        Their pixels, px, 0 and up.
    touched_sides : int
        Sides of the picture with a hard pixel on them, 0 to 4. A margin of 0 without
        one is a faint trace, not a subject cut off by the frame.
    touch_top, touch_right, touch_bottom, touch_left : float
        Share of that side's pixels that are hard, 0 to 1.
    edge_length : float
        Integral of alpha's gradient: the mean length of its level lines, px, 0 and up;
        0 when alpha is the same everywhere. The picture's own frame is no edge.
    edge_width : float or None
        Mean width, px, of the band in which alpha goes from 0 to 1: ``6 * sum(alpha *
        (1 - alpha)) / edge_length`` (see Notes of `measure_alpha`), 0 and up; 0 when
        every pixel is 0 or 1. None when edge_length is 0.
    edge_width_p95 : float or None
        95th percentile of the edge's width, px, 1 and up: of 1 / |gradient| at the
        cells of 2x2 pixels that hold hard and other pixels, the smallest that at least
        95 % of them do not exceed. A hard edge has 1 along the grid and sqrt(2)
        at its corners. None when no such cell lies in the picture, or all its
        gradients are 0.
    alpha_entropy : float
        Shannon entropy of the shares of the 256 levels of alpha, bits, 0 (one level)
        to 8 (all alike); floats are rounded to 8 bits first.
    color_residue : float or None
        Share of the pixels with alpha 0 whose colour is not (0, 0, 0), 0 to 1. None
        without colours, and when no pixel has alpha 0.
    edge_evidence : float or None
        Probability that the source's contrast across a random place of the edge (alpha
        = 0.5) exceeds that at a random place of the picture, ties counting half, 0 to
        1: 0.5 is chance, 1 is an edge on the picture's strongest edges. None without
        a source, and without an edge that lies in it.
    halo : float or None
        Share of the old background's contribution that is left in the edge's colours:
        0 is clean, 1 is the source's colours copied unchanged; noise may lead beyond
        both. None without a source, and when fewer than 32 pixels of the edge lie
        between a subject and a background that differ, as in a hard matte.
    """

    matte_height: int
    matte_width: int
    coverage: float = 0.0
    soft_area: float = 0.0
    hard_area: int = 0
    soft_fraction: float = 0.0
    box_min_row: int | None = None
    box_min_col: int | None = None
    box_max_row: int | None = None
    box_max_col: int | None = None
    centroid_row: float | None = None
    centroid_col: float | None = None
    centroid_offset: float | None = None
    extent: float | None = None
    aspect: float | None = None
    orientation: float | None = None
    elongation: float | None = None
    margin_top: int | None = None
    margin_right: int | None = None
    margin_bottom: int | None = None
    margin_left: int | None = None
    margin_top_share: float | None = None
    margin_right_share: float | None = None
    margin_bottom_share: float | None = None
    margin_left_share: float | None = None
    parts: int = 0
    largest_part_share: float | None = None
    holes: int = 0
    hole_area: int = 0
    dust: int = 0
    dust_area: int = 0
    touched_sides: int = 0
    touch_top: float = 0.0
    touch_right: float = 0.0
    touch_bottom: float = 0.0
    touch_left: float = 0.0
    edge_length: float = 0.0
    edge_width: float | None = None
    edge_width_p95: float | None = None
    alpha_entropy: float = 0.0
    color_residue: float | None = None
    edge_evidence: float | None = None
    halo: float | None = None
