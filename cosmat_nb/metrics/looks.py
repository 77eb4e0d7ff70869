"""How each finding is seen in the numbers of a matte, and put into words."""

from __future__ import annotations

from math import sqrt
from operator import gt, lt
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.metrics.wording import counted, told_apart

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosmat_nb.metrics.thresholds import Thresholds

__all__ = [
    "BORDER",
    "TOUCHES",
    "Seen",
    "beyond",
    "see_close_up",
    "see_cut_off",
    "see_dust",
    "see_halo",
    "see_holes",
    "see_several",
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
BORDER = (*TOUCHES, "matte_height", "matte_width")
_BORDER_SHARE = (
    "((touch_top + touch_bottom) * matte_width + (touch_right + touch_left) * "
    "matte_height) / (2 * (matte_width + matte_height))"
)


def see_whole_frame(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See that nothing was removed, or that what was kept is the background.

    The second is seen where the row holds all of `BORDER`.
    """
    kept = row["coverage"]
    if kept > bounds.max_coverage:
        value, limit = told_apart(kept, bounds.max_coverage, ".1%")
        says = f"{value} of the picture is kept, over {limit}: nothing was removed"
        return Seen("coverage", kept, bounds.max_coverage, says)
    border = _border(row)
    if border > bounds.max_border:
        value, limit = told_apart(border, bounds.max_border, ".0%")
        says = (
            f"{value} of the picture's border is kept, over {limit}: that is the "
            "background"
        )
        return Seen(_BORDER_SHARE, border, bounds.max_border, says)
    return None


def _border(row: dict[str, float]) -> float:
    if not row.keys() >= set(BORDER):
        return 0.0
    across, down = row["matte_width"], row["matte_height"]
    level = (row["touch_top"] + row["touch_bottom"]) * across
    upright = (row["touch_right"] + row["touch_left"]) * down
    # A row made by hand may have no size, and then has no border.
    return (level + upright) / (2 * (across + down) or 1)


def _touched(row: dict[str, float], bounds: Thresholds) -> list[str]:
    touched = [name for name in TOUCHES if row[name] > bounds.max_touch]
    return sorted(touched, key=lambda name: -row[name])


def _name_sides(touched: list[str], row: dict[str, float], bounds: Thresholds) -> str:
    shares = [told_apart(row[name], bounds.max_touch, ".1%")[0] for name in touched]
    return " and ".join(
        f"the {name.removeprefix('touch_')} side over {share} of it"
        for name, share in zip(touched, shares, strict=True)
    )


def see_cut_off(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See a subject that the frame cuts at fewer than `Thresholds.fill_sides` sides."""
    touched = _touched(row, bounds)
    if not 0 < len(touched) < bounds.fill_sides:
        return None
    says = f"the subject is cut off by {_name_sides(touched, row, bounds)}"
    return Seen(touched[0], row[touched[0]], bounds.max_touch, says)


def see_close_up(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See a subject that the frame cuts at that many sides or more."""
    touched = _touched(row, bounds)
    if len(touched) < bounds.fill_sides:
        return None
    sides = _name_sides(touched, row, bounds)
    says = f"the subject fills the frame: it meets {sides}"
    return Seen(touched[0], row[touched[0]], bounds.max_touch, says)


def see_dust(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See many specks, or a few that cover much."""
    dust, area, whole = row["dust"], row["dust_area"], row["soft_area"]
    most, share = bounds.max_dust, area / whole if whole else 0.0
    value, limit = told_apart(share, bounds.max_dust_share, ".2%")
    says = f"{counted(dust, 'speck')} of dust, {area:.0f} px or {value} of the subject"
    if dust > most:
        return Seen("dust", dust, most, f"{says}; over {counted(most, 'speck')}")
    if share > bounds.max_dust_share:
        says = f"{says}, over {limit}"
        return Seen("dust_area / soft_area", share, bounds.max_dust_share, says)
    return None


def see_holes(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See many holes, or a few that cover much."""
    holes, area, whole = row["holes"], row["hole_area"], row["hard_area"]
    most, share = bounds.max_holes, area / whole if whole else 0.0
    value, limit = told_apart(share, bounds.max_hole_share, ".1%")
    says = f"{counted(holes, 'hole')}, {area:.0f} px or {value} of the subject"
    if holes > most:
        return Seen("holes", holes, most, f"{says}; over {counted(most, 'hole')}")
    if share > bounds.max_hole_share:
        says = f"{says}, over {limit}"
        return Seen("hole_area / hard_area", share, bounds.max_hole_share, says)
    return None


def see_several(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See that the largest part leaves much of the subject to others."""
    share, least = row["largest_part_share"], bounds.min_largest_share
    if share >= least:
        return None
    value, limit = told_apart(share, least, ".2%")
    says = (
        f"{counted(row['parts'], 'part')}; the largest holds {value} of the subject, "
        f"under {limit}"
    )
    return Seen("largest_part_share", share, least, says)


def see_halo(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See that the edge's colours still hold the old background."""
    halo = row["halo"]
    if halo <= bounds.max_halo:
        return None
    value, limit = told_apart(halo, bounds.max_halo, ".1%")
    says = f"{value} of the old background is left in the edge's colours, over {limit}"
    if halo > 1:
        says = (
            "the edge's colours hold more of the old background than its alpha "
            f"accounts for, {value}, over {limit}: the matte is too wide, or colours "
            "were copied"
        )
    return Seen("halo", halo, bounds.max_halo, says)


def see_wide_edge(row: dict[str, float], bounds: Thresholds) -> Seen | None:
    """See an edge that is wide for the subject's size, and not only in pixels."""
    width, size = row["edge_width"], sqrt(max(row["soft_area"], 0))
    share = width / size if size else 0.0
    if width <= bounds.min_edge_px or share <= bounds.max_edge_share:
        return None
    value, limit = told_apart(share, bounds.max_edge_share, ".1%")
    says = (
        f"the edge takes {width:.1f} px from clear to solid, {value} of the subject's "
        f"{size:.0f} px, over {limit}"
    )
    column = "edge_width / sqrt(soft_area)"
    return Seen(column, share, bounds.max_edge_share, says)


def beyond(column: str, bound: str, spec: str, says: str) -> Callable[..., Seen | None]:
    """Make a look that sees a number over its ``max_`` bound, or under any other one.

    Parameters
    ----------
    column : str
        Of the number.
    bound : str
        Field of `Thresholds`.
    spec : str
        How the number is written, as for `told_apart`.
    says : str
        The message, with ``value`` and ``limit`` in braces.
    """
    is_beyond = gt if bound.startswith("max_") else lt

    def look(row: dict[str, float], bounds: Thresholds) -> Seen | None:
        number, threshold = row[column], getattr(bounds, bound)
        if not is_beyond(number, threshold):
            return None
        value, limit = told_apart(number, threshold, spec)
        return Seen(column, number, threshold, says.format(value=value, limit=limit))

    return look
