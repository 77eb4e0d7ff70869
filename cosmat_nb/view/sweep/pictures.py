"""The cutouts of a sweep side by side: a row a key, all of it in one scale."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.frame.working import attempt
from cosmat_nb.places import shown_place
from cosmat_nb.view.panels import write_cell
from cosmat_nb.view.plots.lettering import letter, letter_lines
from cosmat_nb.view.plots.paper import new_figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from cosmat_nb.frame.before import Sources
    from cosmat_nb.view.sweep.table import SweepTable

__all__ = ["draw_pictures"]

SIDE = 300
"""Longer side of the largest canvas of a key, px."""

_INCHES = 1.9  # width of a cell
_LINE = 0.13  # height of a caption's line
_EDGE = "#607d8b"


def draw_pictures(
    table: SweepTable, keys: Sequence[str], captions: Sequence[str], sources: Sources
) -> Figure:
    """Draw one row for each key and one column for each option set.

    Parameters
    ----------
    table : SweepTable
        The sweep.
    keys : sequence of str
        Those to be drawn, one at least.
    captions : sequence of str
        Columns to quote under each picture.
    sources : Sources
        Where the pictures before come from, if they are wanted.
    """
    lines = [_cells(table, key, captions, sources) for key in keys]
    canvases = [_largest(cells) for cells in lines]
    words = _LINE * (1.5 + max(cell.lines for cells in lines for cell in cells))
    heights = [_INCHES * height / width + words for height, width in canvases]
    count = len(lines[0])
    figure = new_figure(_INCHES * (count + 0.75), sum(heights) + 0.4)
    grid = figure.subplots(
        len(lines),
        count + 1,
        squeeze=False,
        width_ratios=(0.75, *[1] * count),
        height_ratios=heights,
    )
    for axes, key, cells, canvas in zip(grid, keys, lines, canvases, strict=True):
        axes[0].set_axis_off()
        label = letter_lines(shown_place(key), 19, 4)
        axes[0].text(
            1, 0.5, label, ha="right", va="center", fontsize=8, parse_math=False
        )
        for place, cell in zip(axes[1:], cells, strict=True):
            _draw(place, cell, canvas)
    for place, cell in zip(grid[0, 1:], lines[0], strict=True):
        place.set_title(letter_lines(cell.title, 22, 2), fontsize=10, parse_math=False)
    return figure


def _draw(axes: Axes, cell: _Cell, canvas: tuple[int, int]) -> None:
    height, width = canvas
    axes.set(xlim=(0, width), ylim=(height, 0), aspect="equal", xticks=[], yticks=[])
    axes.spines[:].set_visible(False)
    if cell.pixels is None:
        text = letter_lines(cell.words, 26, 6)
        middle = width / 2, height / 2
        axes.text(*middle, text, ha="center", va="center", fontsize=7, parse_math=False)
        return
    top, left = (height - cell.height) / 2, (width - cell.width) / 2
    extent = (left, left + cell.width, top + cell.height, top)
    axes.imshow(cell.pixels, extent=extent, interpolation="antialiased")
    # Drawing a picture sets limits of its own.
    axes.set(xlim=(0, width), ylim=(height, 0))
    outline = axes.add_patch(_outline(left, top, cell.width, cell.height))
    outline.set_clip_on(False)
    axes.set_xlabel(cell.words, fontsize=7.5, parse_math=False)


def _outline(left: float, top: float, width: int, height: int) -> Any:
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - heavy

    return Rectangle((left, top), width, height, fill=False, edgecolor=_EDGE, lw=0.8)


def _largest(cells: Sequence[_Cell]) -> tuple[int, int]:
    height = max(cell.height for cell in cells)
    width = max(cell.width for cell in cells)
    # A row without pictures still has to hold its words.
    return (height, width) if height and width else (1, 2)


class _Cell(NamedTuple):
    """One picture of a key, or why there is none."""

    title: str
    pixels: NDArray[np.uint8] | None
    height: int = 0
    width: int = 0
    words: str = ""

    @property
    def lines(self) -> int:
        """Lines that stand under the picture."""
        return 0 if self.pixels is None else self.words.count("\n") + 1


def _cells(
    table: SweepTable, key: str, captions: Sequence[str], sources: Sources
) -> list[_Cell]:
    at = [table.rows.get((key, name)) for name in table.sets]
    rows = [None if row is None else table.frame.iloc[row] for row in at]
    cutouts = [None if row is None else row["cutout"] for row in rows]
    known = [each for each in cutouts if isinstance(each, Cutout)]
    source: NDArray[np.uint8] | None = None
    reason: str | None = "no cutout that knows it"
    if known and sources.wanted:
        source, reason = attempt(partial(sources.read, known[0]))
    sizes = [(each.height, each.width) for each in known]
    sizes += [] if source is None else [source.shape[:2]]
    scale = min(1.0, SIDE / max((max(size) for size in sizes), default=SIDE))
    cells = [
        _cell(name, row, scale, captions)
        for name, row in zip(table.sets, rows, strict=True)
    ]
    if not sources.wanted:
        return cells
    if source is None:
        return [_Cell("before", None, words=f"source: {reason}"), *cells]
    return [_picture("before", source, source.shape[:2], scale, []), *cells]


def _cell(
    name: str, row: pd.Series | None, scale: float, captions: Sequence[str]
) -> _Cell:
    if row is None:
        return _Cell(name, None, words="not in the sweep")
    cutout = row["cutout"]
    if not isinstance(cutout, Cutout):
        error = row.get("error")
        why = error if isinstance(error, str) and error else "no cutout"
        words = f"{row.get('status', '')}: {why}"
        return _Cell(name, None, words=words)
    rgba, reason = attempt(lambda: cutout.rgba)
    if rgba is None:
        return _Cell(name, None, words=str(reason))
    told = [f"{each} {write_cell(row[each])}" for each in captions]
    if cutout.is_empty:
        told.insert(0, "empty matte")
    return _picture(name, rgba, (cutout.height, cutout.width), scale, told)


def _picture(
    title: str,
    pixels: NDArray[np.uint8],
    size: tuple[int, int],
    scale: float,
    told: Sequence[str],
) -> _Cell:
    height, width = size
    small = images.thumbnail(pixels, max(1, round(max(size) * scale)))
    if small.shape[2] == 4:  # noqa: PLR2004 - RGBA
        small = images.over_checkerboard(small)
    words = "\n".join([f"{height} high × {width} wide px", *map(letter, told)])
    return _Cell(title, small, height, width, words)
