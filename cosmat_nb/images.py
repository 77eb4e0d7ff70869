"""Bytes to pixels and back: orientation, limits, PNG, thumbnails."""

from __future__ import annotations

import base64
import html
import io
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from cosmat_nb.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "MAX_PIXELS",
    "ImageHeader",
    "decode_rgb",
    "decode_rgba",
    "encode_jpeg",
    "encode_png",
    "encode_webp",
    "html_image",
    "over_checkerboard",
    "read_header",
    "thumbnail",
]

MAX_PIXELS = 89_478_485
"""Largest picture decoded, px: from here on Pillow suspects a decompression bomb.

The largest cutout, 7680 × 4320 with a padding of 1000 on every side, has 61 million.
"""

# What makes a picture of each EXIF orientation upright.
_TURNS = MappingProxyType(
    {
        2: Image.Transpose.FLIP_LEFT_RIGHT,
        3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM,
        5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_270,
        7: Image.Transpose.TRANSVERSE,
        8: Image.Transpose.ROTATE_90,
    }
)
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_SQUARE = 8
_REFERENCE_SUM = 3679
_LIGHT, _DARK = 255, 204


class ImageHeader(NamedTuple):
    """What a picture's first bytes say.

    Attributes
    ----------
    format : str
        Pillow's name: ``JPEG``, ``PNG``, ``WEBP``, ``GIF`` …
    height, width : int
        Size as stored, before any turning, px.
    mode : str
        Pillow's name of the pixels: ``RGB``, ``L``, ``CMYK``, ``I;16`` …
    orientation : int
        EXIF orientation, 1 to 8; 0 when there is none.
    quality : int
        Of a JPEG, 1 to 100, estimated from its quantization tables; 100 for others.
    """

    format: str
    height: int
    width: int
    mode: str = ""
    orientation: int = 0
    quality: int = 100


def read_header(data: bytes) -> ImageHeader:
    """Read format and size without decoding pixels.

    Raises
    ------
    ImageError
        When the bytes are not a picture.
    """
    with _open(data) as image:
        return ImageHeader(
            format=image.format or "",
            height=image.height,
            width=image.width,
            mode=image.mode,
            orientation=_orientation(image),
            quality=_quality(image),
        )


def decode_rgb(
    data: bytes, *, upright: bool = True, managed: bool = False
) -> NDArray[np.uint8]:
    """Decode any picture to 8-bit RGB.

    Parameters
    ----------
    data : bytes
        A picture file; of an animated one the first frame is taken.
    upright : bool, default True
        Turn the picture as its EXIF orientation says; unreadable EXIF turns nothing.
    managed : bool, default False
        Convert to sRGB by the picture's ICC profile; an unreadable one changes nothing.

    Returns
    -------
    ndarray, (H, W, 3) uint8
        CMYK, palette, grey and 16-bit pictures are converted; transparent pixels show
        white behind.

    Raises
    ------
    ImageError
        When the bytes are not a picture, are cut short, or exceed `MAX_PIXELS`.
    """
    image = _load(data)
    profile = image.info.get("icc_profile") if managed else None
    if upright and (turn := _find_turn(image)) is not None:
        image = image.transpose(turn)
    image = _in_eight_bits(image)
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    return np.asarray(_in_srgb(image, profile) if profile else image.convert("RGB"))


def decode_rgba(data: bytes, *, upright: bool = False) -> NDArray[np.uint8]:
    """Decode a picture with its alpha, (H, W, 4) uint8, straight colours.

    Parameters
    ----------
    data : bytes
        A picture file; of an animated one the first frame is taken.
    upright : bool, default False
        Turn the picture as its EXIF orientation says; a cutout lies as it is stored.

    Raises
    ------
    ImageError
        As `decode_rgb`.
    """
    image = _load(data)
    if upright and (turn := _find_turn(image)) is not None:
        image = image.transpose(turn)
    return np.asarray(_in_eight_bits(image).convert("RGBA"))


def encode_png(pixels: NDArray[np.uint8]) -> bytes:
    """Encode (H, W, 3 or 4) uint8 as PNG, fast rather than small."""
    return _save(Image.fromarray(pixels), "PNG", compress_level=1)


def encode_jpeg(pixels: NDArray[np.uint8], quality: int = 92) -> bytes:
    """Encode (H, W, 3) uint8 as JPEG, `quality` 1 to 95."""
    return _save(Image.fromarray(pixels), "JPEG", quality=quality)


def encode_webp(pixels: NDArray[np.uint8], quality: int = 80) -> bytes:
    """Encode (H, W), (H, W, 3) or (H, W, 4) uint8 as WebP; alpha stays as it is."""
    return _save(Image.fromarray(pixels), "WEBP", quality=quality, method=2)


def over_checkerboard(rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lay a picture over a light checkerboard.

    Parameters
    ----------
    rgba : ndarray, (H, W, 4) uint8
        Straight colours.

    Returns
    -------
    ndarray, (H, W, 3) uint8
        ``alpha * rgb + (1 - alpha) * board``, rounded.

    Examples
    --------
    >>> over_checkerboard(np.zeros((1, 1, 4), np.uint8))[0, 0].tolist()
    [255, 255, 255]
    """
    rows, cols = np.ogrid[: rgba.shape[0], : rgba.shape[1]]
    dark = (rows // _SQUARE + cols // _SQUARE) % 2
    board = np.where(dark, _DARK, _LIGHT).astype(np.uint16)[..., None]
    alpha = rgba[..., 3:].astype(np.uint16)
    mixed = rgba[..., :3] * alpha + board * (255 - alpha) + 127
    return (mixed // 255).astype(np.uint8)


def thumbnail(pixels: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Shrink (H, W), (H, W, 3) or (H, W, 4) uint8 until its longer side fits `side` px.

    A picture that fits already comes back as it is.
    """
    image = Image.fromarray(pixels)
    image.thumbnail((side, side), reducing_gap=2.0)
    return np.asarray(image)


def html_image(pixels: NDArray[np.uint8], *, alt: str) -> str:
    """Write an ``<img>`` that carries its own picture as WebP, at its own size.

    The pixels are as for `encode_webp`; `alt`, the text in its place, is escaped here.
    """
    data = base64.b64encode(encode_webp(pixels)).decode()
    return (
        f'<img alt="{html.escape(alt)}" width="{pixels.shape[1]}" '
        f'height="{pixels.shape[0]}" src="data:image/webp;base64,{data}">'
    )


def _open(data: bytes) -> Image.Image:
    try:
        return Image.open(io.BytesIO(data))
    except Exception as error:  # noqa: BLE001 - decoders of broken files raise anything
        large = isinstance(error, _BOMBS)
        raise ImageError(_complaint(data, error), too_large=large) from None


def _load(data: bytes) -> Image.Image:
    image = _open(data)
    if image.width * image.height > MAX_PIXELS:
        raise ImageError(
            f"a picture may have {MAX_PIXELS} px; "
            f"{image.width} × {image.height} are {image.width * image.height}",
            too_large=True,
        )
    try:
        image.load()
    except Exception as error:  # noqa: BLE001 - as above
        raise ImageError(_complaint(data, error)) from None
    return image


def _in_eight_bits(image: Image.Image) -> Image.Image:
    if image.mode != "I" and not image.mode.startswith("I;16"):
        return image
    # Pillow clips 16-bit grey to 255 instead of scaling it.
    grey = np.asarray(image).clip(0, 65535) >> 8
    return Image.fromarray(grey.astype(np.uint8))


def _in_srgb(image: Image.Image, profile: bytes) -> Image.Image:
    colors = image if image.mode in ("CMYK", "L") else image.convert("RGB")
    srgb = ImageCms.createProfile("sRGB")
    try:
        converted = ImageCms.profileToProfile(
            colors, io.BytesIO(profile), srgb, outputMode="RGB"
        )
    except (ImageCms.PyCMSError, ValueError):
        return image.convert("RGB")
    assert converted is not None, "only a change in place returns nothing"
    return converted


def _complaint(data: bytes, error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError):
        return f"expected a picture; got {len(data)} bytes starting {data[:12]!r}"
    if isinstance(error, _BOMBS):
        return f"a picture may have {MAX_PIXELS} px; this one has more"
    return f"expected a whole picture; {str(error) or type(error).__name__}"


def _find_turn(image: Image.Image) -> Image.Transpose | None:
    return _TURNS.get(_orientation(image))


def _orientation(image: Image.Image) -> int:
    try:
        value = int(image.getexif().get(ExifTags.Base.Orientation, 0))
    except Exception:  # noqa: BLE001 - as above
        return 0
    return value if value in range(1, 9) else 0


def _quality(image: Image.Image) -> int:
    tables: Mapping[int, Sequence[int]] = getattr(image, "quantization", {})
    if not tables.get(0):
        return 100
    # The IJG scaling of the reference luminance table, whose entries sum up to 3679.
    scale = 100 * sum(tables[0]) / _REFERENCE_SUM
    quality = (200 - scale) / 2 if scale <= 100 else 5000 / scale  # noqa: PLR2004 - the scale at quality 50
    return min(max(round(quality), 1), 100)


def _save(image: Image.Image, kind: str, **settings: int) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()
