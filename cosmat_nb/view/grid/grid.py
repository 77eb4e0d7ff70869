"""The worst rows of a frame as a sheet of thumbnails."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.metrics.wording import counted
from cosmat_nb.places import shown_text, whole_text
from cosmat_nb.view.grid.printing import draw_sheet
from cosmat_nb.view.grid.sheet import Layout, make_sheet
from cosmat_nb.view.grid.tiles import Tile, make_tiles
from cosmat_nb.view.page import MAX_ROWS, check_count, write_page
from cosmat_nb.view.panels import NUMBERS
from cosmat_nb.view.thumbs import MOST_SIDE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cosmat_nb.view.grid.sheet import Sheet

__all__ = ["Grid", "grid"]

SIDE = 112
"""Longer side of a thumbnail unless another is asked for, px."""

LEAST_KB, ROW_KB = 120, 5
"""Bound of a grid's size in kB: so much, and so much a row where that is more."""

# Columns whose small values are the suspicious ones; of all others the large ones are.
_LOW_IS_WORST = frozenset(
    {
        *("coverage", "soft_area", "hard_area", "extent", "largest_part_share"),
        *("margin_top", "margin_right", "margin_bottom", "margin_left"),
        *("margin_top_share", "margin_right_share"),
        *("margin_bottom_share", "margin_left_share", "edge_evidence"),
        *("iou", "dice", "boundary_f", "s_measure", "e_measure", "weighted_f"),
    }
)
_VIEWS = ("cutout", "matte")
_LONGEST = 60
_PAGE_STYLE = """
:root { color-scheme: light dark; }
body { margin: 0; background: Canvas; color: CanvasText;
  font: 14px/1.4 system-ui, sans-serif; }
main { margin: 1.5rem; }
h1 { font-size: 1.2rem; margin: 0 0 .2rem; }
"""


@dataclass(frozen=True, slots=True, eq=False)
class Grid:
    """A sheet of thumbnails that shows itself, in untrusted notebooks too.

    Attributes
    ----------
    frame : DataFrame
        The rows shown, in their order.
    body : str
        The sheet as HTML, with its pictures inside and no style sheet or script.
    heading : str
        What is shown, plain text.
    """

    frame: pd.DataFrame = field(repr=False)
    body: str = field(repr=False)
    heading: str
    _tiles: tuple[Tile, ...] = field(repr=False)
    _layout: Layout = field(repr=False)

    def _repr_html_(self) -> str:
        return self.body

    def save(self, path: str | Path) -> Path:
        """Write the sheet and return its path.

        Parameters
        ----------
        path : str or Path
            ``.html``: a page that needs nothing else. ``.png``: a contact sheet.

        Raises
        ------
        OptionsError
            When the name ends in something else, or the file cannot be written.
        """
        path = Path(path)
        kind = path.suffix.lower()
        if kind == ".html":
            body = f"<main><h1>Cutouts</h1>{self.body}</main>"
            return write_page(path, title="Cutouts", style=_PAGE_STYLE, body=body)
        if kind != ".png":
            raise OptionsError(f"name a grid's file .html or .png; not {path.name!r}")
        png = draw_sheet(self._tiles, self._layout, self.heading)
        try:
            path.write_bytes(png)
        except OSError as error:
            reason = error.strerror or error
            raise OptionsError(f"cannot write {path}: {reason}") from None
        return path


def grid(
    frame: pd.DataFrame,
    by: str | None = None,
    *,
    worst: int = 24,
    ascending: bool | None = None,
    columns: int | None = None,
    captions: Sequence[str] = NUMBERS,
    before: bool | Callable[[str], bytes] | None = None,
    view: str = "cutout",
    side: int = SIDE,
    max_kb: int | None = None,
) -> Grid:
    """Show the worst rows of a frame as thumbnails, before and after.

    Thumbnails of stored cutouts are kept beside them, so that the next grid is quick.

    Parameters
    ----------
    frame : DataFrame
        From `matte_frame`, `measure_frame` or `score_frame`.
    by : str, optional
        Column to sort by: a metric, text, a time. Rows without a value come last, rows
        alike stay in the frame's order. By default the frame's order is kept.
    worst : int, default 24
        How many rows are shown at most, 1 to 200.
    ascending : bool, optional
        Which end is the worst: True, the smallest value. By default the largest, but
        the smallest of coverage, areas, extent, margins, edge evidence and of measures
        of agreement such as ``iou``, and text from A to Z.
    columns : int, optional
        Most tiles beside each other, 1 to 50; by default as many as there is room for.
    captions : sequence of str
        Columns to quote after `by`; those that the frame lacks are left out.
    before : bool or callable, optional
        Fetches the source picture of a key, as ``client.fetch``, once for each place
        and from several threads. By default the way that cutouts remember, where they
        do; True tells which do not; False fetches nothing.
    view : str, default "cutout"
        Or ``"matte"``.
    side : int, default 112
        Longer side of a thumbnail, 32 to 512 px.
    max_kb : int, optional
        The HTML is never larger, in kB of 1000 bytes, 10 and up: pictures are made
        smaller until it fits, then rows are left out; the last line tells. By default
        120, or 5 a row if that is more.

    Returns
    -------
    Grid
        Shows itself; ``frame`` holds the rows shown, ``save`` writes a page or a PNG.

    Raises
    ------
    OptionsError
        When the frame has no column ``cutout`` or `by`, values of `by` cannot be
        compared, or an argument is out of range or of another kind.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"cutout": [None] * 3, "coverage": [0.3, None, 0.1]})
    >>> sheet = grid(frame, by="coverage", worst=2)
    >>> sheet
    Grid(heading='2 of 3 rows; coverage, smallest first')
    >>> sheet.frame.index.tolist()
    [2, 0]
    """
    worst = check_count("worst", worst, 1, MAX_ROWS)
    side = check_count("side", side, 32, MOST_SIDE)
    if columns is not None:
        columns = check_count("columns", columns, 1, 50)
    if view not in _VIEWS:
        raise OptionsError(f"view must be 'cutout' or 'matte'; not {view!r:.60}")
    bound = max(LEAST_KB, ROW_KB * min(worst, len(frame)))
    if max_kb is not None:
        bound = check_count("max_kb", max_kb, 10, 100_000)
    check_column(frame, "cutout", "make it with matte_frame")
    order, told = _arrange(frame, by, ascending)
    chosen = frame.iloc[order[:worst]]
    tiles = make_tiles(
        chosen,
        side=side,
        view=view,
        before=before,
        captions=_choose_captions(frame, by, captions),
    )
    pictures = max((len(tile.pictures) for tile in tiles), default=0)
    layout = Layout(side, columns, max(pictures, 1))
    sheet = make_sheet(tiles, layout, bound * 1000)
    heading = f"{sheet.count} of {counted(len(frame), 'row')}{told}"
    return Grid(
        frame=chosen.iloc[: sheet.count],
        body=_write(sheet, heading, len(tiles), bound),
        heading=heading,
        _tiles=tuple(tiles[: sheet.count]),
        _layout=layout,
    )


def _arrange(
    frame: pd.DataFrame, by: str | None, ascending: bool | None
) -> tuple[list[int], str]:
    """Return positions of rows, the worst first, and words for it."""
    if not (ascending is None or isinstance(ascending, bool)):
        raise OptionsError(f"ascending must be True or False; not {ascending!r:.60}")
    if by is None:
        if ascending is not None:
            raise OptionsError("ascending needs a column: pass by='coverage', say")
        return list(range(len(frame))), ""
    values = check_column(frame, by, "make metrics with measure_frame")
    values = values.reset_index(drop=True)
    text = pd.api.types.infer_dtype(values, skipna=True) == "string"
    if ascending is None:
        ascending = text or by in _LOW_IS_WORST
    try:
        order = values.sort_values(ascending=ascending, kind="stable").index
    except (TypeError, ValueError):
        raise OptionsError(
            f"values of {by!r:.60} cannot be compared with each other: sort the frame "
            "and leave out by"
        ) from None
    end = ("A to Z" if ascending else "Z to A") if text else ""
    end = end or f"{'smallest' if ascending else 'largest'} first"
    return list(order), f"; {shown_text(by)[:_LONGEST]}, {end}"


def _choose_captions(
    frame: pd.DataFrame, by: str | None, captions: Sequence[str]
) -> list[str]:
    if isinstance(captions, str):
        raise OptionsError(f"captions are several names: ({captions!r:.60},)")
    wanted = dict.fromkeys((*([] if by is None else [by]), *captions))
    names = list(frame.columns)
    return [name for name in wanted if names.count(name) == 1]


def _write(sheet: Sheet, heading: str, wanted: int, bound: int) -> str:
    notes = []
    if sheet.side is not None:
        notes.append(
            f"To stay within {bound} kB, pictures were made {sheet.side} px large at "
            f"quality {sheet.quality}."
        )
    if sheet.count < wanted:
        left_out = counted(wanted - sheet.count, "more row")
        notes.append(f"For {left_out} there was no room within {bound} kB.")
    foot = f'<p style="font-size:12px;margin:0">{" ".join(notes)}</p>' if notes else ""
    body = (
        '<div style="font-family:system-ui,sans-serif">'
        f'<p style="margin:0 0 8px"><bdi>{html.escape(heading)}</bdi></p>'
        f"{sheet.html}{foot}</div>"
    )
    return whole_text(body)
