"""What a gallery sends: rows for a page, all about one row, and a page without it."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any

from cosmat_nb import images
from cosmat_nb.frame.working import attempt
from cosmat_nb.view.gallery.pictures import encode_large
from cosmat_nb.view.page import html_thumbnail

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.view.gallery.pictures import Thumbnails
    from cosmat_nb.view.gallery.rows import Rows

__all__ = ["show_detail", "show_rows", "write_first_page"]

SECONDS = 0.25
"""How long an answer waits for thumbnails that are not at hand."""

FIRST = 24
"""Tiles of the page that needs no kernel."""

_FIRST_SIDE = 128
# JupyterLab takes gap, flex and overflow-wrap:anywhere out of untrusted pages.
_TILE = (
    "display:inline-block;vertical-align:top;box-sizing:border-box;"
    "width:180px;margin:0 12px 12px 0;"
    "font-size:12px;line-height:18px;overflow-wrap:break-word"
)
_BADGE = "display:inline-block;color:#fff;border-radius:4px;padding:0 4px"
_COLORS = {"high": "#c42b1c", "medium": "#9a5b00"}


def show_rows(
    rows: Rows,
    thumbnails: Thumbnails,
    positions: Mapping[int, int],
    names: Iterable[str],
) -> tuple[list[dict[str, Any]], list[bytes]]:
    """Describe rows for a page that shows them.

    Parameters
    ----------
    rows : Rows
        What is known of them.
    thumbnails : Thumbnails
        Where their pictures are.
    positions : mapping of int to int
        Positions in the frame by places on the page.
    names : iterable of str
        Columns to quote.

    Returns
    -------
    items : list of dict
        One for each place; ``pending`` if its picture was not made in time.
    buffers : list of bytes
        The pictures of those with ``picture``, in their order.
    """
    quoted = list(names)
    cutouts = {position: rows.cutout(position) for position in positions.values()}
    thumbnails.make(filter(None, cutouts.values()), SECONDS)
    items, buffers = [], []
    for place, position in positions.items():
        cutout = cutouts[position]
        found = thumbnails.get(cutout) if cutout else None
        if isinstance(found, bytes):
            buffers.append(found)
        items.append(
            _describe(rows, position)
            | {
                "place": place,
                "captions": rows.quote(position, quoted),
                "picture": isinstance(found, bytes),
                "pending": cutout is not None and found is None,
                "note": found if isinstance(found, str) else rows.brief_note(position),
            }
        )
    return items, buffers


def show_detail(rows: Rows, position: int) -> tuple[dict[str, Any], bytes]:
    """Describe one row whole, with its cutout as WebP; no bytes when there is none."""
    cutout = rows.cutout(position)
    large, reason = attempt(lambda: _large(cutout))
    detail = _describe(rows, position) | {
        "kind": "detail",
        "numbers": rows.quote(position, rows.metrics),
        "note": reason or rows.note(position),
        "picture": bool(large),
    }
    return detail, large or b""


def write_first_page(
    rows: Rows, positions: NDArray[np.intp], thumbnails: Thumbnails
) -> str:
    """Write the first tiles as HTML that needs neither scripts nor a style sheet."""
    first = {place: int(each) for place, each in enumerate(positions[:FIRST])}
    cutouts = [rows.cutout(position) for position in first.values()]
    thumbnails.make(filter(None, cutouts), float("inf"))
    tiles = "".join(
        _write_tile(rows, position, thumbnails) for position in first.values()
    )
    told = f"showing {len(first):,} of {len(positions):,}".replace(",", "\u202f")
    return (
        f'<div><div style="text-align:left">{tiles}</div>'
        f'<p style="margin:8px 0">{told}</p></div>'
    )


def _write_tile(rows: Rows, position: int, thumbnails: Thumbnails) -> str:
    cutout = rows.cutout(position)
    found = thumbnails.get(cutout) if cutout else None
    name = html.escape(rows.name(position))
    if isinstance(found, bytes):
        alt = f"cutout of {rows.name(position)}"
        picture = html_thumbnail(images.decode_rgba(found), _FIRST_SIDE, alt=alt)
    else:
        picture = f"<em>{html.escape(found or rows.brief_note(position))}</em>"
    lines = [f"<b>{name}</b>"]
    if rows.statuses[position] != "ok":
        lines.append(html.escape(rows.statuses[position]))
    quotes = rows.quote(position, rows.captions)
    lines += [f"{html.escape(key)} {html.escape(value)}" for key, value in quotes]
    lines += map(_write_badge, rows.badges.of(position))
    return f'<div style="{_TILE}"><div>{picture}</div>{"<br>".join(lines)}</div>'


def _write_badge(badge: Sequence[str]) -> str:
    finding, severity = map(html.escape, badge[:2])
    color = _COLORS.get(badge[1], "#5c6773")
    return f'<span style="background:{color};{_BADGE}">{finding} ({severity})</span>'


def _describe(rows: Rows, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "key": rows.name(position),
        "status": rows.statuses[position],
        "badges": [list(badge) for badge in rows.badges.of(position)],
    }


def _large(cutout: Cutout | None) -> bytes:
    return b"" if cutout is None else encode_large(cutout.rgba)
