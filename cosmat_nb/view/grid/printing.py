"""A grid as one picture: a contact sheet with captions."""

from __future__ import annotations

import io
import textwrap
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

from cosmat_nb import images
from cosmat_nb.view.grid.sheet import GAP, Layout

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosmat_nb.view.grid.tiles import Tile

__all__ = ["draw_sheet"]

_WIDTH = 1200  # of a sheet whose columns nobody chose
_LINE, _POINTS = 16, 12
_MOST_LINES = 9
_INK, _FAINT = (28, 36, 48), (92, 100, 110)


def draw_sheet(tiles: Sequence[Tile], layout: Layout, heading: str) -> bytes:
    """Draw tiles with their captions, and return a PNG.

    Letters that the font has not are drawn as boxes; marks that turn the direction of
    text are spelled out.
    """
    font = _font()
    columns = layout.columns or max(_WIDTH // (layout.tile_width + GAP), 1)
    columns = min(columns, max(len(tiles), 1))
    words = [_lines(tile, font, layout.tile_width) for tile in tiles]
    depths = [_depth(tile, layout) for tile in tiles]
    ends = [
        depth + 8 + _LINE * len(each) for depth, each in zip(depths, words, strict=True)
    ]
    starts = range(0, len(tiles), columns)
    heights = [max(ends[start : start + columns]) + GAP for start in starts]
    width = max(columns * (layout.tile_width + GAP) + GAP, 320)
    top = 2 * GAP + _LINE
    sheet = Image.new("RGB", (width, top + sum(heights)), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((GAP, GAP), _fit(_spelled(heading), font, width - 2 * GAP), _INK, font)
    for number, tile in enumerate(tiles):
        row, column = divmod(number, columns)
        corner = (GAP + column * (layout.tile_width + GAP), top + sum(heights[:row]))
        _paste_pictures(sheet, tile, corner)
        if not tile.pictures:
            _draw_note(draw, tile, layout, corner, font)
        for i, line in enumerate(words[number]):
            place = (corner[0], corner[1] + depths[number] + 6 + i * _LINE)
            draw.text(place, line, _INK if i == 0 else _FAINT, font)
    file = io.BytesIO()
    sheet.save(file, "PNG", optimize=True)
    return file.getvalue()


def _depth(tile: Tile, layout: Layout) -> int:
    """Return how far down a tile's pictures reach, px."""
    headers = map(images.read_header, tile.pictures.values())
    return max((header.height for header in headers), default=layout.side)


def _paste_pictures(sheet: Image.Image, tile: Tile, corner: tuple[int, int]) -> None:
    left, top = corner
    for name, data in tile.pictures.items():
        pixels = images.decode_rgba(data)
        shown = images.over_checkerboard(pixels) if name == "cutout" else pixels
        sheet.paste(Image.fromarray(shown[..., :3].copy()), (left, top))
        left += shown.shape[1] + 4


def _draw_note(
    draw: ImageDraw.ImageDraw,
    tile: Tile,
    layout: Layout,
    corner: tuple[int, int],
    font: ImageFont.FreeTypeFont,
) -> None:
    left, top = corner
    edges = (left, top, left + layout.tile_width - 4, top + layout.side)
    draw.rectangle(edges, outline=_FAINT)
    letters = max(int((layout.tile_width - 16) / font.getlength("n")), 1)
    most = max((layout.side - 8) // _LINE, 1)
    words = textwrap.wrap(_spelled(f"{tile.status}: {tile.note}"), letters)
    for i, line in enumerate(words[:most]):
        draw.text((left + 8, top + 6 + i * _LINE), line, _INK, font)


def _lines(tile: Tile, font: ImageFont.FreeTypeFont, width: int) -> list[str]:
    words = [tile.place, *(f"{name} {value}" for name, value in tile.numbers.items())]
    if tile.pictures and tile.status != "ok":
        words.append(tile.status)
    if tile.pictures and tile.note:
        words.append(tile.note)
    return [_fit(_spelled(each), font, width) for each in words[:_MOST_LINES]]


def _spelled(text: str) -> str:
    """Write marks and half characters, which cannot be drawn, as escapes."""
    return "".join(
        each.encode("unicode_escape").decode()
        if unicodedata.category(each)[0] == "C"
        else each
        for each in text
    )


def _fit(text: str, font: ImageFont.FreeTypeFont, width: int) -> str:
    # Keys of a set begin alike and end differently, so the beginning goes.
    if font.getlength(text) <= width:
        return text
    while text and font.getlength(f"…{text}") > width:
        text = text[1:]
    return f"…{text}"


def _font() -> ImageFont.FreeTypeFont:
    # Matplotlib brings letters of many scripts along, on every system.
    import matplotlib as mpl  # noqa: PLC0415 - its import takes time

    path = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
    return ImageFont.truetype(str(path), _POINTS)
