"""Bytes to pixels and back: orientation, limits, PNG, thumbnails."""

from __future__ import annotations

import base64
import html
import io
from contextlib import contextmanager
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import ExifTags, Image, ImageCms, UnidentifiedImageError

from cosmat_nb.errors import ImageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = [
    "MAX_PIXELS",
    "ImageHeader",
    "decode_picture",
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
_SQUARE, _LIGHT, _DARK = 8, 255, 204
_REFERENCE_SUM = 3679


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
    with _decoding(data), Image.open(io.BytesIO(data)) as image:
        return ImageHeader(
            format=image.format or "",
            height=image.height,
            width=image.width,
            mode=image.mode,
            orientation=_orientation(image),
            quality=_quality(image),
        )


def decode_picture(
    source: bytes | Image.Image, *, upright: bool = True, managed: bool = False
) -> tuple[NDArray[np.uint8], NDArray[np.uint8] | None]:
    """Decode any picture to 8-bit RGB, and its own alpha beside it.

    Parameters
    ----------
    source : bytes or PIL.Image.Image
        A picture file, of an animated one the first frame is taken; or an open picture.
    upright : bool, default True
        Turn the picture as its EXIF orientation says; unreadable EXIF turns nothing.
    managed : bool, default False
        Convert to sRGB by the picture's ICC profile; an unreadable one changes nothing.

    Returns
    -------
    ndarray, (H, W, 3) uint8
        CMYK, palette, grey and 16-bit pictures are converted; transparent pixels show
        white behind.
    ndarray, (H, W) uint8, or None
        Alpha; None when the picture has none.

    Raises
    ------
    ImageError
        When the source is no picture, is cut short, or exceeds `MAX_PIXELS`.
    """
    with _decoding(source):
        image = _load(source, upright=upright)
        profile, alpha = image.info.get("icc_profile") if managed else None, None
        image = _in_eight_bits(image)
        if image.has_transparency_data:
            image = image.convert("RGBA")
            alpha = np.asarray(image.getchannel("A"))
            image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image)
        image = _in_srgb(image, profile) if profile else image
        # Pillow would copy what is RGB already, 4 bytes a pixel.
        return np.asarray(image if image.mode == "RGB" else image.convert("RGB")), alpha


def decode_rgb(
    data: bytes, *, upright: bool = True, managed: bool = False
) -> NDArray[np.uint8]:
    """Decode a picture file as `decode_picture` does, (H, W, 3) uint8."""
    return decode_picture(data, upright=upright, managed=managed)[0]


def decode_rgba(data: bytes, *, upright: bool = False) -> NDArray[np.uint8]:
    """Decode a picture file with its alpha, (H, W, 4) uint8, straight colours.

    A cutout lies as it is stored; `upright` and what is raised as in `decode_picture`.
    """
    with _decoding(data):
        image = _in_eight_bits(_load(data, upright=upright))
        return np.asarray(image.convert("RGBA"))


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


@contextmanager
def _decoding(source: bytes | Image.Image) -> Iterator[None]:
    try:
        yield
    except ImageError:
        raise
    except Exception as error:  # noqa: BLE001 - decoders of broken files raise anything
        large = isinstance(error, _BOMBS)
        raise ImageError(_complaint(source, error), too_large=large) from None


def _load(source: bytes | Image.Image, *, upright: bool) -> Image.Image:
    image = (
        source if isinstance(source, Image.Image) else Image.open(io.BytesIO(source))
    )
    pixels = image.width * image.height
    if pixels > MAX_PIXELS:
        size = f"{image.width} × {image.height} are {pixels}"
        raise ImageError(f"a picture may have {MAX_PIXELS} px; {size}", too_large=True)
    image.load()
    turn = _TURNS.get(_orientation(image)) if upright else None
    return image if turn is None else image.transpose(turn)


def _in_eight_bits(image: Image.Image) -> Image.Image:
    if image.mode != "I" and not image.mode.startswith("I;16"):
        return image
    grey = np.asarray(image)  # which Pillow would clip to 255 instead of scaling it
    shown = Image.fromarray((grey.clip(0, 65535) >> 8).astype(np.uint8))
    if "transparency" in image.info:
        shown.putalpha(Image.fromarray(grey != image.info["transparency"]))
    return shown


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


def _complaint(data: bytes | Image.Image, error: Exception) -> str:
    if isinstance(error, UnidentifiedImageError) and isinstance(data, bytes):
        return f"expected a picture; got {len(data)} bytes starting {data[:12]!r}"
    if isinstance(error, _BOMBS):
        return f"a picture may have {MAX_PIXELS} px; this one has more"
    return f"expected a whole picture; {str(error) or type(error).__name__}"


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
