"""How each finding is seen in the numbers of a matte, and put into words."""

from __future__ import annotations

from math import sqrt
from operator import gt, lt
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosmat_nb.metrics.thresholds import Thresholds

__all__ = [
    "TOUCHES",
    "Seen",
    "beyond",
    "see_close_up",
    "see_cut_off",
    "see_dust",
    "see_holes",
    "see_whole_frame",
    "see_wide_edge",
]


class Seen(NamedTuple):
    """What a check saw.

    ``column`` is a column of the row, or an expression of some that `DataFrame.eval`
    understands; ``value`` is its number.
    """

    column: str
    value: float
    threshold: float
    message: str


_SIDES = ("top", "right", "bottom", "left")
TOUCHES = tuple(f"touch_{side}" for side in _SIDES)
_BORDER = (
    "((touch_top + touch_bottom) * matte_width + (touch_right + touch_left) * "
    "matte_height) / (2 * (matte_width + matte_height))"
)


def see_whole_frame(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See that nothing was removed, or that what was kept is the background."""
    kept = row["coverage"]
    if kept > bounds.max_coverage:
        says = f"{kept:.1%} of the picture is kept: nothing was removed"
        return Seen("coverage", kept, bounds.max_coverage, says)
    border = _border(row)
    if border > bounds.max_border:
        says = (
            f"{border:.0%} of the picture's border is kept, over "
            f"{bounds.max_border:.0%}: that is the background"
        )
        return Seen(_BORDER, border, bounds.max_border, says)
    return None


def _border(row: dict[str, float]) -> float:
    across, down = row["matte_width"], row["matte_height"]
    level = (row["touch_top"] + row["touch_bottom"]) * across
    upright = (row["touch_right"] + row["touch_left"]) * down
    # A row made by hand may have no size, and then has no border.
    return (level + upright) / (2 * (across + down) or 1)


def _touched(row: dict[str, float], bounds: Thresholds) -> list[str]:
    touched = [name for name in TOUCHES if row[name] > bounds.max_touch]
    return sorted(touched, key=lambda name: -row[name])


def _name_sides(touched: list[str], row: dict[str, float]) -> str:
    return " and ".join(
        f"the {name.removeprefix('touch_')} side over {row[name]:.1%} of it"
        for name in touched
    )


def see_cut_off(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See a subject that the frame cuts at fewer than `Thresholds.fill_sides` sides."""
    touched = _touched(row, bounds)
    if not 0 < len(touched) < bounds.fill_sides:
        return None
    says = f"the subject is cut off by {_name_sides(touched, row)}"
    return Seen(touched[0], row[touched[0]], bounds.max_touch, says)


def see_close_up(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See a subject that the frame cuts at that many sides or more."""
    touched = _touched(row, bounds)
    if len(touched) < bounds.fill_sides:
        return None
    says = f"the subject fills the frame: it meets {_name_sides(touched, row)}"
    return Seen(touched[0], row[touched[0]], bounds.max_touch, says)


def see_dust(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See many specks, or a few that cover much."""
    dust, area = row["dust"], row["dust_area"]
    share = area / row["soft_area"] if row["soft_area"] else 0.0
    says = f"{dust:.0f} specks of dust, {area:.0f} px or {share:.2%} of the subject"
    if dust > bounds.max_dust:
        return Seen("dust", dust, bounds.max_dust, f"{says}; over {bounds.max_dust}")
    if share > bounds.max_dust_share:
        says = f"{says}, over {bounds.max_dust_share:.2%}"
        return Seen("dust_area / soft_area", share, bounds.max_dust_share, says)
    return None


def see_holes(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See many holes, or a few that cover much."""
    holes, area = row["holes"], row["hole_area"]
    share = area / row["hard_area"] if row["hard_area"] else 0.0
    says = f"{holes:.0f} holes, {area:.0f} px or {share:.1%} of the subject"
    if holes > bounds.max_holes:
        return Seen(
            "holes", holes, bounds.max_holes, f"{says}; over {bounds.max_holes}"
        )
    if share > bounds.max_hole_share:
        says = f"{says}, over {bounds.max_hole_share:.1%}"
        return Seen("hole_area / hard_area", share, bounds.max_hole_share, says)
    return None


def see_wide_edge(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See an edge that is wide for the subject's size, and not only in pixels."""
    width, size = row["edge_width"], sqrt(row["soft_area"])
    share = width / size if size else 0.0
    if width <= bounds.min_edge_px or share <= bounds.max_edge_share:
        return None
    says = (
        f"the edge takes {width:.1f} px from clear to solid, {share:.1%} of the "
        f"subject's {size:.0f} px, over {bounds.max_edge_share:.1%}"
    )
    column = "edge_width / sqrt(soft_area)"
    return Seen(column, share, bounds.max_edge_share, says)


def beyond(column: str, bound: str, says: str) -> Callable[..., Seen | None]:
    """Make a look that sees a number over its ``max_`` bound, or under any other one.

    Parameters
    ----------
    column : str
        Of the number.
    bound : str
        Field of `Thresholds`.
    says : str
        The message, with the names of columns and ``limit`` in braces.
    """
    is_beyond = gt if bound.startswith("max_") else lt

    def look(row: dict[str, float], bounds: Thresholds) -> Seen | None:
        value, limit = row[column], getattr(bounds, bound)
        if not is_beyond(value, limit):
            return None
        return Seen(column, value, limit, says.format(limit=limit, **row))

    return look
