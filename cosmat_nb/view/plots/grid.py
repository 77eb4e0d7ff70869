"""The first rows of a frame as a figure: before, matte and cutout of each."""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.view.page import check_count
from cosmat_nb.view.panels import NUMBERS, Panels, make_panels
from cosmat_nb.view.plots.lettering import letter, letter_lines
from cosmat_nb.view.plots.paper import new_figure

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["plot_grid"]

SIDE = 360
"""Longer side of each panel's picture, px."""

_INCHES = 2.4  # width of a picture
_MOST_ROWS = 50  # a taller figure is a report


def plot_grid(
    frame: pd.DataFrame,
    rows: int = 6,
    *,
    before: bool | Callable[[str], bytes] | None = None,
    captions: tuple[str, ...] = NUMBERS,
) -> Figure:
    """Draw before, matte and cutout of the first rows of a frame.

    Parameters
    ----------
    frame : DataFrame
        From `matte_frame` or `measure_frame`. Sort or filter it to choose rows.
    rows : int, default 6
        Most rows to draw, 1 to 50.
    before : bool or callable, optional
        Fetches the source picture of a key, as ``client.fetch``, once for each place;
        by default, or True, the way that each cutout remembers, while its client is
        open. False fetches nothing.
    captions : tuple of str
        Columns to quote under the key; those that the frame lacks are left out.

    Returns
    -------
    matplotlib.figure.Figure
        Shows itself in a notebook; ``savefig`` writes it.

    Raises
    ------
    OptionsError
        When there is no row to draw, `rows` is out of range, the frame has no column
        ``cutout``, or `before` is something else.
    """
    rows = check_count("rows", rows, 1, _MOST_ROWS)
    panels = list(
        islice(make_panels(frame, side=SIDE, before=before, captions=captions), rows)
    )
    if not panels:
        raise OptionsError("the frame has no rows to draw")
    heights = [_height(panel) for panel in panels]
    figure = new_figure(_INCHES * 3.8, _INCHES * sum(heights) + 0.4)
    grid = figure.subplots(
        len(panels),
        4,
        squeeze=False,
        width_ratios=(0.8, 1, 1, 1),
        height_ratios=heights,
    )
    for axes, panel in zip(grid, panels, strict=True):
        _draw_row(list(axes), panel)
    for axes, heading in zip(grid[0, 1:], ("before", "matte", "cutout"), strict=True):
        axes.set_title(heading, fontsize=10)
    return figure


def _height(panel: Panels) -> float:
    # In widths of a picture; enough for the row's words at least.
    pictures = (panel.before, panel.matte, panel.cutout)
    shapes = [picture.shape for picture in pictures if picture is not None]
    return max(0.5, *(float(shape[0] / shape[1]) for shape in shapes), 0.5)


def _draw_row(axes: list[Axes], panel: Panels) -> None:
    for place in axes:
        place.set_axis_off()
    pictures = (panel.before, panel.matte, panel.cutout)
    for place, picture in zip(axes[1:], pictures, strict=True):
        if picture is not None:
            place.imshow(picture, cmap="gray", vmin=0, vmax=255)
    lines = [letter_lines(panel.place, 24, 3)]
    lines += [letter(f"{name} {value}") for name, value in panel.numbers.items()]
    if panel.status != "ok":
        lines.append(letter(panel.status))
    lines.append(letter_lines(panel.note, 26, 5))
    text = "\n".join(filter(None, lines))
    # A $ in a key is no mathematics.
    axes[0].text(1, 0.5, text, ha="right", va="center", fontsize=8, parse_math=False)
