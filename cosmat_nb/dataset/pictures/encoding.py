"""Picture files: the same bytes each time, alpha in 8 and 16 bits both ways."""

from __future__ import annotations

import io
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image, UnidentifiedImageError

from cosmat_nb.dataset.example import ImageFile
from cosmat_nb.errors import ImageError, OptionsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.dataset.example import Alpha

__all__ = [
    "SUFFIXES",
    "decode_alpha",
    "encode_alpha",
    "encode_mask",
    "encode_picture",
    "holds_pixels_alone",
]

SUFFIXES = MappingProxyType({"png": ".png", "jpeg": ".jpg", "webp": ".webp"})
"""How a picture's file ends, by its kind."""

# Of drawn scenes, RGBA of 560 x 720 px: 191 kB in 15 ms. Level 1 with Zlib's usual
# strategy takes as long for 239 kB, level 6 four times as long for 201 kB.
_PNG = MappingProxyType({"compress_level": 1, "compress_type": 3})

# The same pictures: 155 kB in 28 ms; method 0 makes more bytes than PNG does.
_LOSSLESS = MappingProxyType(
    {"lossless": True, "exact": True, "method": 1, "quality": 0}
)

_LONGEST = MappingProxyType({"jpeg": 65_500, "webp": 16_383})  # px, as encoders refuse
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_EIGHT_BIT_RGBA = b"\x08\x06\x00\x00\x00"
_BARE = frozenset({b"IHDR", b"IDAT", b"IEND", b"pHYs", b"sRGB", b"gAMA", b"cHRM"})
_ONE = 255
_RGB = 3


def encode_picture(
    pixels: NDArray[np.uint8],
    kind: str,
    *,
    quality: int = 92,
    profile: bytes | None = None,
) -> ImageFile:
    """Encode a picture with fixed settings; nothing but pixels and profile gets in.

    Parameters
    ----------
    pixels : (H, W, 3 or 4) uint8 array
        RGB, or RGBA for PNG and WebP.
    kind : str
        ``"png"``; ``"jpeg"``, with all colours of all pixels (4:4:4), so that edges
        stay where the matte has them; ``"webp"``, lossy for RGB, and for RGBA lossless
        with the colours under alpha 0.
    quality : int, default 92
        Of what is lossy, 1 to 100.
    profile : bytes, optional
        ICC profile that says what the numbers mean.

    Raises
    ------
    OptionsError
        When a JPEG is asked for with alpha, or the kind holds no picture of this size.

    Examples
    --------
    >>> encode_picture(np.zeros((2, 3, 4), np.uint8), "webp")
    ImageFile(suffix='.webp', height=2, width=3)
    """
    height, width, planes = pixels.shape
    _check_side(kind, max(height, width))
    settings: dict[str, Any] = {"quality": quality}
    if kind == "png":
        settings = dict(_PNG)
    elif kind == "jpeg":
        if planes > _RGB:
            raise OptionsError("a JPEG has no alpha: choose PNG or WebP")
        settings["subsampling"] = 0  # costs a third more bytes than 4:2:0
    elif planes > _RGB:
        settings = dict(_LOSSLESS)
    else:
        settings["method"] = 2
    if profile:
        settings["icc_profile"] = profile
    data = _save(pixels, kind, settings)
    return ImageFile(data, SUFFIXES[kind], height, width)


def encode_alpha(alpha: Alpha) -> bytes:
    """Encode an alpha matte as a grey PNG of as many bits as it has.

    Parameters
    ----------
    alpha : (H, W) uint8 or uint16 array
        0 to 255, or 0 to 65535.

    Examples
    --------
    >>> decode_alpha(encode_alpha(np.array([[0, 40000]], np.uint16)))
    array([[    0, 40000]], dtype=uint16)
    """
    return _save(alpha, "png", _PNG)


def encode_mask(mask: NDArray[np.bool_]) -> bytes:
    """Encode (H, W) bool as a grey PNG of 8 bits: 0 and 255.

    Examples
    --------
    >>> decode_alpha(encode_mask(np.array([[False, True]])))
    array([[  0, 255]], dtype=uint8)
    """
    return encode_alpha(mask * np.uint8(_ONE))


def decode_alpha(data: bytes) -> Alpha:
    """Decode a grey picture file: what `encode_alpha` and `encode_mask` made.

    Returns
    -------
    (H, W) uint8 or uint16 array
        As many bits as the file has.

    Raises
    ------
    ImageError
        When the bytes are no picture, are cut short, or have colours.
    """
    try:
        with Image.open(io.BytesIO(data)) as image:
            image.load()
    except UnidentifiedImageError:  # whose words name an object of this process
        raise ImageError(
            f"expected a grey PNG; {len(data)} bytes cannot be read as a picture"
        ) from None
    except Exception as error:  # noqa: BLE001 - decoders of broken files raise anything
        raise ImageError(
            f"expected a grey PNG; {len(data)} bytes cannot be read: "
            f"{str(error) or type(error).__name__}"
        ) from None
    if image.mode == "L":
        return np.asarray(image)
    if image.mode.startswith("I"):  # 16 bits: I;16, and I with older releases
        return np.asarray(image).astype(np.uint16)
    raise ImageError(f"expected a grey PNG; got a picture of mode {image.mode}")


def holds_pixels_alone(png: bytes) -> bool:
    """Whether a whole PNG is plain RGBA of 8 bits that tells of nothing but pixels.

    Text, times, EXIF and profiles that it may hold are chunks of other names
    (Portable Network Graphics Specification, third edition, chapter 11).

    Examples
    --------
    >>> pixels = np.zeros((2, 3, 4), np.uint8)
    >>> holds_pixels_alone(encode_picture(pixels, "png").data)
    True
    >>> holds_pixels_alone(encode_picture(pixels, "png", profile=b"of the camera").data)
    False
    """
    if not png.startswith(_SIGNATURE) or png[24:29] != _EIGHT_BIT_RGBA:
        return False
    place = len(_SIGNATURE)
    while place < len(png):
        if png[place + 4 : place + 8] not in _BARE:
            return False
        place += 12 + int.from_bytes(png[place : place + 4])
    return True


def _check_side(kind: str, side: int) -> None:
    longest = _LONGEST.get(kind, side)
    if side > longest:
        raise OptionsError(
            f"{kind.upper()} holds {longest} px of a side, and this picture has "
            f'{side}: choose Rendering(file="png"), or a size'
        )


def _save(pixels: NDArray[Any], kind: str, settings: Any) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(pixels)).save(file, kind, **settings)
    return file.getvalue()
