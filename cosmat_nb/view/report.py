"""A frame as one HTML page that needs nothing else."""

from __future__ import annotations

import html
from itertools import islice
from typing import TYPE_CHECKING

from cosmat_nb.metrics.wording import counted
from cosmat_nb.view.page import MAX_ROWS, check_words, html_figures, write_page
from cosmat_nb.view.panels import Panels, make_panels

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd

__all__ = ["write_report"]

SIDE = 240
"""Longer side of each picture, px."""

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; margin: 2rem auto; max-width: 66rem;
  padding: 0 1rem; color: #1c2430; background: #f6f7f9; }
h1 { font-size: 1.5rem; margin-bottom: .2rem; } p { margin: .3rem 0 1rem; }
article { background: #fff; border: 1px solid #dde2e8; border-radius: 8px;
  margin: 1rem 0; padding: .9rem 1rem; }
h2 { font: 600 .95rem ui-monospace, monospace; margin: 0 0 .6rem;
  overflow-wrap: anywhere; }
.row { display: flex; flex-wrap: wrap; gap: 1rem; align-items: end; }
figure { margin: 0; } figcaption { color: #5a6675; font-size: .8rem; }
img { max-width: 100%; height: auto; display: block; border: 1px solid #e3e7ec; }
dl { display: grid; grid-template-columns: auto auto; gap: 0 .8rem; margin: 0;
  font-size: .85rem; } dt { color: #5a6675; } dd { margin: 0; text-align: right; }
.status { font-weight: 400; color: #8a2f1d; }
"""


def write_report(
    frame: pd.DataFrame,
    path: str | Path,
    *,
    title: str = "Cutouts",
    lead: str = "",
    before: bool | Callable[[str], bytes] | None = None,
) -> Path:
    """Write a page with before, matte, cutout and numbers of every row.

    Pictures are inside the page as WebP, all text is escaped, nothing is loaded.

    Parameters
    ----------
    frame : DataFrame
        From `matte_frame` or `measure_frame`. Rows beyond `MAX_ROWS` are counted, not
        shown.
    path : str or Path
        File to write.
    title, lead : str
        Heading and the paragraph under it, plain text.
    before : bool or callable, optional
        As in `plot_grid`.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    OptionsError
        When the frame has no column ``cutout``, the file cannot be written, or an
        argument is of another kind.
    """
    check_words(title=title, lead=lead)
    panels = islice(make_panels(frame, side=SIDE, before=before), MAX_ROWS)
    articles = "\n".join(map(_article, panels))
    left_out = len(frame) - MAX_ROWS
    more = counted(left_out, "more row")
    rest = f"<p>Not shown: {more}.</p>" if left_out > 0 else ""
    body = f"<h1>{html.escape(title)}</h1><p>{html.escape(lead)}</p>{articles}{rest}"
    return write_page(path, title=title, style=_STYLE, body=body)


def _article(panel: Panels) -> str:
    terms = "".join(
        f"<dt>{html.escape(name)}</dt><dd>{html.escape(value)}</dd>"
        for name, value in panel.numbers.items()
    )
    status = "" if panel.status == "ok" else f" {html.escape(panel.status)}"
    note = f"<p>{html.escape(panel.note)}</p>" if panel.note else ""
    return (
        f'<article><h2>{html.escape(panel.place)}<span class="status">{status}</span>'
        f'</h2>{note}<div class="row">{html_figures(panel)}<dl>{terms}</dl></div>'
        "</article>"
    )
