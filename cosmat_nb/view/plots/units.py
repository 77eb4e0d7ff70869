"""Units of the columns, as axes and captions write them."""

from __future__ import annotations

from types import MappingProxyType

__all__ = ["UNITS", "label_of"]

_PX = (
    "matte_height matte_width soft_area hard_area box_min_row box_min_col box_max_row "
    "box_max_col centroid_row centroid_col margin_top margin_right margin_bottom "
    "margin_left hole_area dust_area edge_length edge_width edge_width_p95"
)
_SHARE = (
    "coverage soft_fraction centroid_offset extent margin_top_share "
    "margin_right_share margin_bottom_share margin_left_share largest_part_share "
    "touch_top touch_right touch_bottom touch_left color_residue edge_evidence halo "
    "iou dice boundary_f unknown_share"
)
_COUNT = "parts holes dust touched_sides"
_THOUSANDS = "sad_k conn_k unknown_sad_k unknown_conn_k"

UNITS = MappingProxyType(
    {
        **dict.fromkeys(_PX.split(), "px"),
        **dict.fromkeys(_SHARE.split(), "share"),
        **dict.fromkeys(_COUNT.split(), "count"),
        **dict.fromkeys(_THOUSANDS.split(), "1000 px"),
        "orientation": "degrees",
        "alpha_entropy": "bits",
        "seconds": "s",
    }
)
"""Unit by column; what has none is absent."""


def label_of(column: object) -> str:
    """Return a column's name with its unit.

    Examples
    --------
    >>> label_of("edge_width"), label_of("aspect")
    ('edge_width (px)', 'aspect')
    """
    unit = UNITS.get(str(column))
    return f"{column} ({unit})" if unit else str(column)
