"""A grid as HTML of bounded size, which a notebook shows also without trust."""

from __future__ import annotations

import base64
import html
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb import images
from cosmat_nb.places import whole_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cosmat_nb.view.grid.tiles import Tile

__all__ = ["GAP", "Layout", "Sheet", "make_sheet"]

GAP = 12
"""Between tiles, px."""

# Longer side, as a share of what was asked for, and quality: what is tried in turn.
_STEPS = ((1, 50), (0.75, 50), (0.5, 45), (0.35, 40), (0.25, 30), (0.15, 20))
_FRAME_BYTES = 1500  # what stands around the tiles, words of the user's included

# JupyterLab keeps inline styles of untrusted pages, but no gap, flex or variables.
_BOARD = (
    "background-color:#fff;background-image:"
    "linear-gradient(45deg,#ccc 25%,transparent 25%,transparent 75%,#ccc 75%),"
    "linear-gradient(45deg,#ccc 25%,transparent 25%,transparent 75%,#ccc 75%);"
    "background-size:16px 16px;background-position:0 0,8px 8px"
)
_CLIP = "overflow-wrap:break-word"


@dataclass(frozen=True, slots=True)
class Layout:
    """How tiles stand.

    Attributes
    ----------
    side : int
        Longer side of a picture as it is shown, px.
    columns : int or None
        Most tiles beside each other; None for as many as there is room for.
    pictures : int
        Pictures of a tile, beside each other.
    """

    side: int
    columns: int | None
    pictures: int

    @property
    def tile_width(self) -> int:
        """Width of a tile, px."""
        return max((self.side + 4) * self.pictures, 120)


@dataclass(frozen=True, slots=True)
class Sheet:
    """Tiles as HTML, and what became of them.

    Attributes
    ----------
    html : str
        The tiles, without heading and footer.
    count : int
        How many tiles there was room for.
    side, quality : int or None
        Of the pictures within, where they had to be made smaller; None otherwise.
    """

    html: str
    count: int
    side: int | None = None
    quality: int | None = None


def make_sheet(tiles: Sequence[Tile], layout: Layout, most: int) -> Sheet:
    """Write tiles as HTML of no more than `most` bytes.

    Pictures are made smaller step by step until all fit; if that is not enough, the
    last tiles are left out.
    """
    room = most - _FRAME_BYTES
    parts = [_write(tile, tile.pictures, layout) for tile in tiles]
    if _size(parts) <= room:
        return Sheet(_wrap(parts, layout), len(parts))
    side = quality = 0
    for share, quality in _STEPS:
        side = max(round(layout.side * share), 8)
        parts = [_shrink(tile, layout, side, quality) for tile in tiles]
        if _size(parts) <= room:
            break
    while _size(parts) > room:
        parts.pop()
    return Sheet(_wrap(parts, layout), len(parts), side, quality)


def _shrink(tile: Tile, layout: Layout, side: int, quality: int) -> str:
    smaller = {}
    for name, data in tile.pictures.items():
        pixels = images.decode_rgba(data)
        # A matte and a photograph have no alpha, and would carry one for nothing.
        pixels = pixels if name == "cutout" else np.ascontiguousarray(pixels[..., :3])
        smaller[name] = images.encode_webp(images.thumbnail(pixels, side), quality)
    return _write(tile, smaller, layout)


def _write(tile: Tile, pictures: Mapping[str, bytes], layout: Layout) -> str:
    shown = "".join(
        _image(tile, name, tile.pictures[name], data) for name, data in pictures.items()
    )
    if not pictures:
        shown = (
            f'<div style="box-sizing:border-box;width:100%;height:{layout.side}px;'
            f"border:1px dashed #888;padding:8px;overflow:hidden;font-size:12px;"
            f'{_CLIP}"><b>{_text(tile.status)}</b> <bdi>{_text(tile.note)}</bdi></div>'
        )
    return (
        f'<figure style="display:inline-block;vertical-align:top;box-sizing:border-box;'
        f'width:{layout.tile_width}px;margin:0 {GAP}px {GAP}px 0">{shown}'
        f'<figcaption style="font-size:12px;line-height:16px;{_CLIP}">'
        f"{_caption(tile)}</figcaption></figure>"
    )


def _image(tile: Tile, name: str, full: bytes, data: bytes) -> str:
    size = images.read_header(full)
    board = f";{_BOARD}" if name == "cutout" else ""
    encoded = base64.b64encode(data).decode()
    return (
        f'<img alt="{_text(name)} of {_text(tile.place)}" width="{size.width}" '
        f'height="{size.height}" src="data:image/webp;base64,{encoded}" '
        f'style="display:inline-block;vertical-align:bottom;margin:0 4px 4px 0{board}">'
    )


def _caption(tile: Tile) -> str:
    words = [
        '<span style="display:inline-block;margin:0 10px 0 0">'
        f"<bdi>{_text(name)}</bdi>&nbsp;<bdi>{_text(value)}</bdi></span>"
        for name, value in tile.numbers.items()
    ]
    if words:
        words[0] = f"<b>{words[0]}</b>"
    # A line of its own: marks that turn the direction of text end with it.
    lines = [f"<bdi>{_text(tile.place)}</bdi>", "".join(words)]
    if tile.pictures and tile.status != "ok":
        lines.append(f"<b>{_text(tile.status)}</b>")
    if tile.pictures and tile.note:
        lines.append(f"<bdi>{_text(tile.note)}</bdi>")
    return "".join(f"<div>{line}</div>" for line in lines if line)


def _wrap(parts: Sequence[str], layout: Layout) -> str:
    wide = layout.columns and layout.columns * (layout.tile_width + GAP)
    bound = f"max-width:{wide}px;" if wide else ""
    # Blanks between tiles would be seen as gaps.
    return f'<div style="{bound}text-align:left">{"".join(parts)}</div>'


def _size(parts: Sequence[str]) -> int:
    return sum(len(whole_text(part).encode()) for part in parts)


def _text(words: str) -> str:
    return html.escape(words)
