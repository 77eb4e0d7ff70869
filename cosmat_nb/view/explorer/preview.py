"""A preview held against the service's answer: where it lies, and what differs."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cosmat_nb import images
from cosmat_nb.matting.layout import lay_out, subject_box, subject_margins
from cosmat_nb.view.page import html_thumbnail

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.options import MattingOptions

__all__ = [
    "SIDE",
    "Difference",
    "compare",
    "show_cutout",
    "show_pixels",
    "size_of",
    "write_twin",
]

SIDE = 1600
"""Longer side of pictures sent to a page, px: 1600 × 1250 are two megapixels."""

STATIC_SIDE = 240
"""Longer side of each picture of a static twin, px."""

EMPTY_MATTE = "the matte is empty: no subject was found"

_FAINTEST = 96  # a difference of one level must still be seen
_DIMMED = 5


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """A preview and the answer to the same options.

    Attributes
    ----------
    preview_size, answer_size : tuple of int
        ``(height, width)``, px.
    preview_margins, answer_margins : tuple of int or None
        Top, right, bottom, left, px; None for an empty matte.
    share : float or None
        Part of the pixels that differ, in [0, 1]; None where the sizes differ, since
        then no pixel has a counterpart.
    largest : int or None
        Largest difference of a pixel, 0 to 255.
    levels : (H, W) uint8 array or None
        Difference of each pixel.

    Notes
    -----
    A pixel's difference is the largest one among alpha and the three colours times
    alpha: what does not show does not count.
    """

    preview_size: tuple[int, int]
    answer_size: tuple[int, int]
    preview_margins: tuple[int, int, int, int] | None
    answer_margins: tuple[int, int, int, int] | None
    share: float | None
    largest: int | None
    levels: NDArray[np.uint8] | None = field(repr=False)

    @property
    def equal_size(self) -> bool:
        """Whether both have as many rows and columns."""
        return self.preview_size == self.answer_size

    def as_dict(self) -> dict[str, Any]:
        """Return the numbers as a page takes them."""
        return {
            "preview_size": list(self.preview_size),
            "answer_size": list(self.answer_size),
            "preview_margins": self.preview_margins and list(self.preview_margins),
            "answer_margins": self.answer_margins and list(self.answer_margins),
            "equal_size": self.equal_size,
            "share": self.share,
            "largest": self.largest,
        }

    def picture(self, answer: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
        """Draw the differences in red over the answer's dimmed matte, (H, W, 3)."""
        if self.levels is None:
            return None
        matte = answer[..., 3] // _DIMMED
        scaled = _FAINTEST + self.levels.astype(np.uint16) * (255 - _FAINTEST) // 255
        red = np.where(self.levels > 0, scaled, matte).astype(np.uint8)
        rest = np.where(self.levels > 0, 0, matte).astype(np.uint8)
        return np.stack([red, rest, rest], axis=-1)


def compare(
    plain: NDArray[np.uint8], answer: NDArray[np.uint8], options: MattingOptions
) -> Difference:
    """Hold the preview of options against the service's answer to them.

    Parameters
    ----------
    plain : (H, W, 4) uint8 array
        The cutout without layout, from which the preview is made.
    answer : (H', W', 4) uint8 array
        What came back.
    options : MattingOptions
        What was asked for.

    Examples
    --------
    >>> from cosmat_nb.options import MattingOptions
    >>> plain = np.zeros((4, 6, 4), dtype=np.uint8)
    >>> plain[1, 2] = 255
    >>> options = MattingOptions(padding=(1, 0))
    >>> compared = compare(plain, np.zeros((4, 8, 4), dtype=np.uint8), options)
    >>> compared.share, compared.largest, compared.preview_margins
    (0.03125, 255, (1, 4, 2, 3))
    """
    preview = lay_out(plain, options)
    levels = None
    if preview.shape == answer.shape:
        levels = _levels(preview, answer)
    return Difference(
        preview_size=size_of(preview),
        answer_size=size_of(answer),
        preview_margins=subject_margins(preview[..., 3]),
        answer_margins=subject_margins(answer[..., 3]),
        share=None if levels is None else float(np.count_nonzero(levels) / levels.size),
        largest=None if levels is None else int(levels.max()),
        levels=levels,
    )


def write_twin(
    shown: str,
    before: NDArray[np.uint8] | None,
    before_size: tuple[int, int] | None,
    plain: NDArray[np.uint8] | None,
    options: MattingOptions,
) -> str:
    """Write before, plain cutout and preview as HTML that needs no page's help.

    Parameters
    ----------
    shown : str
        The key as it may be shown; escaped here.
    before : (H, W, 3) uint8 array, optional
        The source picture, or a thumbnail of it.
    before_size : tuple of int, optional
        ``(height, width)`` of the source picture itself, px.
    plain : (H, W, 4) uint8 array, optional
        The cutout without layout.
    options : MattingOptions
        What is previewed.
    """
    cells, note = "", "<br>no plain cutout is stored"
    if before is not None:
        cells += _cell("before", before, before_size or size_of(before), shown)
    if plain is not None:
        note = "" if plain[..., 3].any() else f"<br>{EMPTY_MATTE}"
        preview = lay_out(plain, options)
        cells += _cell("plain", plain, size_of(plain), shown)
        cells += _cell(
            "preview, as documented or assumed", preview, size_of(preview), shown
        )
    name, rule = html.escape(shown), html.escape(options.rule)
    return f"<p>{name}<br><code>{rule}</code>{note}</p><table><tr>{cells}</tr></table>"


def show_cutout(cutout: Cutout) -> tuple[dict[str, Any], bytes]:
    """Return size and box of a cutout, and its pixels for a page as PNG.

    Raises
    ------
    CosmatError
        When its file is gone or damaged, or is no picture.
    """
    pixels = cutout.rgba
    height, width = pixels.shape[:2]
    box = subject_box(pixels[..., 3])
    facts = {
        "height": height,
        "width": width,
        "box": None if box is None else list(box),
    }
    # What is small enough travels as it came: the page's pixels are the service's.
    small = max(height, width) <= SIDE
    return facts, cutout.png if small else show_pixels(pixels)


def show_pixels(pixels: NDArray[np.uint8]) -> bytes:
    """Encode a picture for a page as PNG, its longer side `SIDE` px at most."""
    return images.encode_png(images.thumbnail(pixels, SIDE))


def size_of(pixels: NDArray[np.uint8]) -> tuple[int, int]:
    """Return ``(height, width)`` of a picture, px."""
    height, width = pixels.shape[:2]
    return int(height), int(width)


def _levels(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> NDArray[np.uint8]:
    levels: NDArray[np.uint8]
    levels = np.abs(_shown(first) - _shown(second)).max(axis=-1).astype(np.uint8)
    return levels


def _shown(rgba: NDArray[np.uint8]) -> NDArray[np.int16]:
    alpha: NDArray[np.uint16] = rgba[..., 3:].astype(np.uint16)
    colors = (rgba[..., :3] * alpha + 127) // 255
    shown: NDArray[np.int16] = np.concatenate([colors, alpha], axis=-1).astype(np.int16)
    return shown


def _cell(
    caption: str, picture: NDArray[np.uint8], size: tuple[int, int], shown: str
) -> str:
    image = html_thumbnail(picture, STATIC_SIDE, alt=f"{caption} of {shown}")
    height, width = size
    return (
        f'<td style="text-align:center;vertical-align:top">{image}<br>{caption}<br>'
        f"{height} px high × {width} px wide</td>"
    )
