"""The photograph that was cut: its file, its pixels, and what forbids to keep it."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from PIL import Image

from cosmat_nb import images
from cosmat_nb.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    from numpy.typing import NDArray

__all__ = ["Original", "read_original"]

_KINDS = MappingProxyType({"JPEG": "jpeg", "MPO": "jpeg", "PNG": "png", "WEBP": "webp"})
_PLAIN = ("RGB", "L")
_COLOR_SPACE = slice(16, 20)  # of an ICC profile (ICC.1:2022, 7.2.6)
_BIT_DEPTH = 24  # where a PNG tells it
_DEEP = 16


@dataclass(frozen=True, slots=True, eq=False)
class Original:
    """A source picture, read.

    Attributes
    ----------
    data : bytes
        The file.
    pixels : (H, W, 3) uint8 array
        Upright; its own transparency lies over white.
    kind : str
        ``jpeg``, ``png`` or ``webp``; empty for any other kind.
    format : str
        Pillow's name of the kind: ``JPEG``, ``TIFF`` …
    reasons : tuple of str
        What forbids to keep the file as it is, whatever is asked for: it has to be
        turned, or tools that train do not read it, or not all the same.
    profile : bytes or None
        ICC profile of the pixels.
    """

    data: bytes
    pixels: NDArray[np.uint8]
    kind: str
    format: str
    reasons: tuple[str, ...]
    profile: bytes | None

    def facts(self) -> dict[str, Any]:
        """Return what the manifest tells of it; the size is that of `pixels`."""
        height, width = self.pixels.shape[:2]
        return {
            "sha256": hashlib.sha256(self.data).hexdigest(),
            "height": height,
            "width": width,
            "format": self.format,
        }


def read_original(data: bytes) -> Original:
    """Read a photograph's file.

    Raises
    ------
    ImageError
        When it is no picture, is cut short, or has too many pixels.

    Examples
    --------
    >>> import numpy as np
    >>> png = images.encode_png(np.zeros((2, 3, 4), np.uint8))
    >>> read_original(png).reasons
    ('its transparency laid over white',)
    """
    try:
        pixels = images.decode_rgb(data)
        header = images.read_header(data)
    except ImageError as error:
        message = f"source: {error}"
        raise ImageError(message, too_large=error.too_large) from None
    kind = _KINDS.get(header.format, "")
    # Opened again, since decoding kept none of what is asked here.
    with Image.open(io.BytesIO(data)) as image:
        reasons = tuple(_find_reasons(image, header, kind, data))
        profile = image.info.get("icc_profile")
    if not (isinstance(profile, bytes) and profile[_COLOR_SPACE] == b"RGB "):
        profile = None  # of grey or CMYK: it says nothing of RGB
    return Original(data, pixels, kind, header.format, reasons, profile)


def _find_reasons(
    image: Image.Image, header: images.ImageHeader, kind: str, data: bytes
) -> Iterator[str]:
    if not kind:
        yield f"{header.format} is no kind that training tools read"
    # Loaders differ in whether they turn: none has to, once it is done.
    if header.orientation > 1:
        yield "turned upright"
    # Every reader of JPEG takes the first of several pictures, not so of the others.
    if header.format != "MPO" and getattr(image, "is_animated", False):
        yield "the first picture of an animation"
    if image.has_transparency_data:
        yield "its transparency laid over white"
    elif header.mode not in _PLAIN:
        yield f"8-bit RGB in place of {header.mode}"
    elif kind == "png" and data[_BIT_DEPTH] == _DEEP:
        yield "8 bits in place of 16"
