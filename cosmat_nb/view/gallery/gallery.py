"""Thousands of cutouts to look through, sort, filter and select."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosmat_nb.frame.before import Sources
from cosmat_nb.frame.columns import check_column
from cosmat_nb.view.gallery.badges import find_badges
from cosmat_nb.view.gallery.pictures import SIDES
from cosmat_nb.view.gallery.rows import Rows, check_captions
from cosmat_nb.view.gallery.widget import Gallery
from cosmat_nb.view.page import check_count

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

__all__ = ["Gallery", "gallery"]


def gallery(
    frame: pd.DataFrame,
    *,
    captions: Sequence[str] | None = None,
    before: bool | Callable[[str], bytes] | None = None,
    findings: pd.DataFrame | bool | None = None,
    side: int = 160,
) -> Gallery:
    """Look through the cutouts of a frame: sort, filter, select, open.

    Parameters
    ----------
    frame : DataFrame
        A result frame with its cutouts, measured or not, of up to some 100 000 rows.
        Left as it is; index labels may repeat.
    captions : sequence of str, optional
        Columns that every tile quotes, 6 at most; by default ``coverage``,
        ``soft_fraction`` and ``edge_width`` where the frame has them.
    before : bool or callable, optional
        Fetches the source picture of a key, as ``client.fetch``, when its row is
        opened; by default, or True, the way that each cutout remembers. False: never.
    findings : DataFrame or bool, optional
        From `find_problems` for this frame. By default, or True, found with the default
        thresholds where the frame was measured, in the background. False: none.
    side : int, default 160
        Longer side of a tile's picture, px, 64 to 320.

    Returns
    -------
    Gallery
        Shows itself. ``selected`` and ``shown`` are frames; ``opened`` is a
        `BeforeAfter`; ``sort``, ``text``, ``status``, ``finding`` and ``ranges`` can be
        assigned.

    Raises
    ------
    OptionsError
        When the frame has no column ``cutout``, captions or findings are not of the
        frame, or an argument is of another kind or out of range.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> seen = cm.gallery(table)  # doctest: +SKIP
    >>> seen.sort, seen.ranges = "coverage", {"coverage": (None, 0.1)}  # doctest: +SKIP
    >>> seen.selected  # doctest: +SKIP
    """
    check_column(frame, "cutout", "make it with matte_frame")
    names = check_captions(frame, captions)
    sources = Sources(True if before is None else before)
    rows = Rows(frame, names, find_badges(frame, findings))
    return Gallery(rows, sources, check_count("side", side, *SIDES))
