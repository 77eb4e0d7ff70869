"""What lies behind: one colour, or a picture that covers any canvas."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cosmat_nb import images
from cosmat_nb.errors import ImageError, OptionsError
from cosmat_nb.framing.canvas import read_color
from cosmat_nb.places import whole_text

if TYPE_CHECKING:
    from cosmat_nb.framing.canvas import Color

    Pixels = np.ndarray[Any, np.dtype[np.uint8]]

__all__ = ["Backdrop", "read_backdrop"]


@dataclass(frozen=True, slots=True)
class Backdrop:
    """A colour, or a picture that was read. Equal ones look the same.

    Attributes
    ----------
    color : tuple of int or None
        RGB, 0 to 255; None for a picture.
    sha256 : str
        Of the picture's file, hexadecimal; empty for a colour.
    name : str
        Of the picture's file, without its folder.
    pixels : ndarray or None
        The picture, (H, W, 3) uint8, upright, sRGB.
    """

    color: Color | None
    sha256: str = ""
    name: str = field(default="", compare=False)
    pixels: Pixels | None = field(default=None, compare=False, repr=False)

    def cover(self, height: int, width: int) -> Pixels:
        """Return what lies behind a canvas, (height, width, 3) uint8.

        A picture keeps its proportions: it is resampled until it just covers the
        canvas, and what juts out is cut off on both sides alike.

        Examples
        --------
        >>> read_backdrop("#0a0b0c").cover(1, 2).tolist()
        [[[10, 11, 12], [10, 11, 12]]]
        """
        return np.array(self._image(height, width))

    def lay(self, rgba: Pixels) -> Pixels:
        """Lay straight (H, W, 4) uint8 over what covers it; (H, W, 3) uint8.

        Examples
        --------
        >>> half = np.array([[[255, 255, 255, 51]]], np.uint8)
        >>> read_backdrop("black").lay(half).tolist()
        [[[51, 51, 51]]]
        """
        # Pillow rounds to the nearest: alpha * F + (255 - alpha) * B, over 255.
        image = Image.fromarray(rgba)
        under = self._image(*rgba.shape[:2])
        over = image.convert("RGB")
        return np.asarray(Image.composite(over, under, image.getchannel("A")))

    def _image(self, height: int, width: int) -> Image.Image:
        if self.pixels is None:
            return Image.new("RGB", (width, height), self.color or 0)
        rows, cols = self.pixels.shape[:2]
        scale = max(height / rows, width / cols)
        top, left = (rows - height / scale) / 2, (cols - width / scale) / 2
        # Pillow refuses a box that rounding has pushed out by a little.
        box = (
            max(left, 0.0),
            max(top, 0.0),
            min(cols - left, cols),
            min(rows - top, rows),
        )
        image = Image.fromarray(self.pixels)
        return image.resize((width, height), Image.Resampling.BICUBIC, box)

    def told(self) -> str | dict[str, str]:
        """Return what the manifest tells: ``#rrggbb``, or a picture's name and digest.

        Examples
        --------
        >>> read_backdrop("white").told()
        '#ffffff'
        """
        if self.color is None:
            return {"picture": self.name, "sha256": self.sha256}
        return "#{:02x}{:02x}{:02x}".format(*self.color)


def read_backdrop(background: object) -> Backdrop:
    """Read a colour, or a picture's file: text that names a colour is one.

    Raises
    ------
    OptionsError
        When it is neither, or the file cannot be read or is no picture.
    """
    # No file is looked for by a colour's name: ./red means the file.
    if isinstance(background, str):
        try:
            return Backdrop(read_color(background))
        except OptionsError:
            background = Path(background)
    if isinstance(background, Path):
        return _read_picture(background)
    if background is None:
        raise OptionsError('background must be a colour or a picture, as "white"')
    return Backdrop(read_color(background))


def _read_picture(path: Path) -> Backdrop:
    try:
        data = path.read_bytes()
        pixels = images.decode_rgb(data, managed=True)
    except (OSError, ValueError, ImageError) as error:
        reason = getattr(error, "strerror", None) or error
        raise OptionsError(
            "background must be a colour's name, '#rrggbb', three whole numbers 0 to "
            f"255, or a picture's path; {str(path)!r:.80} is no colour, and no picture "
            f"that can be read: {reason}"
        ) from None
    digest = hashlib.sha256(data).hexdigest()
    return Backdrop(None, digest, whole_text(path.name), pixels)
