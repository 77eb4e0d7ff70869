"""A picture seen from its first bytes: which format, how large."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass

from cosmat_nb.errors import ImageError

__all__ = ["NeedMore", "PictureInfo", "read_picture"]

# The beginning of each format; the group that matches is the answer.
_MAGIC = re.compile(
    rb"(?P<JPEG>\xff\xd8\xff)"
    rb"|(?P<PNG>\x89PNG\r\n\x1a\n)"
    rb"|(?P<GIF>GIF8[79]a)"
    rb"|(?P<WEBP>RIFF.{4}WEBP)"
    rb"|(?P<BMP>BM.{4}\0{4})"
    rb"|(?P<TIFF>II[*+]\0|MM\0[*+])"
    rb"|(?P<HEIF>.{4}ftyp(?:hei[cmsx]|hev[cmsx]|mif1|msf1))"
    rb"|(?P<AVIF>.{4}ftypavi[fs])",
    re.DOTALL,
)
_MAGIC_BYTES = 12

_PNG_HEADER = b"\0\0\0\x0dIHDR"
_PNG_BYTES = 33  # magic 8, then length 4, type 4, fields 13, checksum 4

# Between segments decoders pass over fill bytes, escaped FF, TEM and restarts.
_MARKER = re.compile(rb"\xff[^\x00\x01\xd0-\xd7\xff]")
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_PASSED = frozenset({0xC4, 0xCC, 0xDB, 0xDC, 0xDD, 0xFE, *range(0xE0, 0xF0)})
# Marker 2, length 2, precision 1, height 2, width 2, number of components 1.
_FRAME_BYTES = 10
_LENGTH_BYTES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class PictureInfo:
    """What is known of a picture without decoding it; None is what was not read.

    Parameters
    ----------
    format : str or None
        ``JPEG``, ``PNG``, ``GIF``, ``WEBP``, ``BMP``, ``TIFF``, ``HEIF``, ``AVIF``;
        ``""`` when the bytes begin like none of them.
    height, width : int or None
        Size as stored, before any turning by EXIF, px.
    nbytes : int or None
        Size of the whole file.

    Examples
    --------
    >>> PictureInfo(nbytes=4096).format is None
    True
    """

    format: str | None = None
    height: int | None = None
    width: int | None = None
    nbytes: int | None = None


@dataclass(frozen=True, slots=True)
class NeedMore:
    """The answer when a picture's beginning is too short to tell.

    Attributes
    ----------
    at_least : int
        How many bytes from the start of the file are needed; always more than were
        there, never more than a whole file has. Still more may be needed after that.
    """

    at_least: int


def read_picture(head: bytes, nbytes: int | None = None) -> PictureInfo | NeedMore:
    """Tell format and size from the first bytes of a file.

    Parameters
    ----------
    head : bytes
        The file's beginning: 4 kB tell most pictures, a JPEG with large metadata
        in front needs more.
    nbytes : int, optional
        Size of the whole file, where it is known; a file shorter than its own
        header says is then found out instead of asking for bytes it has not.

    Returns
    -------
    PictureInfo or NeedMore
        Height and width are told for JPEG and PNG only; other formats are no more
        than recognised. `NeedMore` when `head` ends too early.

    Raises
    ------
    ImageError
        When a JPEG or PNG has a header that decoders stop at, or is cut short in it.

    Notes
    -----
    JPEG: ITU-T T.81, annex B; of the frame headers the first outside any segment
    counts, so the thumbnail inside EXIF does not. What stands between segments is
    passed over and reserved markers are refused, both as libjpeg does. PNG: W3C PNG
    specification, sections 5.2 and 11.2.1. One pass, linear in the length of `head`:
    a caller that doubles what it has, or takes `at_least` where that is more, ends
    soon, and should end at a bound of its own.

    Examples
    --------
    >>> head = bytes.fromhex("ffd8 ffc0 000b 08 0020 0040 01 011100")
    >>> read_picture(head, 5000)
    PictureInfo(format='JPEG', height=32, width=64, nbytes=5000)
    >>> read_picture(head[:5])
    NeedMore(at_least=12)
    """
    known = len(head) if nbytes is None else nbytes
    if len(head) < _MAGIC_BYTES and (nbytes is None or len(head) < known):
        return NeedMore(_MAGIC_BYTES if nbytes is None else min(_MAGIC_BYTES, known))
    match = _MAGIC.match(head)
    kind = (match and match.lastgroup) or ""
    if kind not in ("JPEG", "PNG"):
        return PictureInfo(format=kind, nbytes=nbytes)
    size = _read_jpeg(head) if kind == "JPEG" else _read_png(head)
    if not isinstance(size, NeedMore):
        height, width = size
        return PictureInfo(format=kind, height=height, width=width, nbytes=nbytes)
    if nbytes is not None and size.at_least > nbytes:
        raise ImageError(
            f"expected a {kind} of {size.at_least} bytes or more; got {nbytes}: "
            "it is cut short, upload it again"
        )
    return size


def _read_png(head: bytes) -> tuple[int, int] | NeedMore:
    if len(head) < _PNG_BYTES:
        return NeedMore(_PNG_BYTES)
    if head[8:16] != _PNG_HEADER:
        raise ImageError(
            f"expected a PNG to start with its 13-byte header; got {head[8:16]!r}"
        )
    if zlib.crc32(head[12:29]) != int.from_bytes(head[29:33]):
        raise ImageError(
            "expected a PNG's header with its own checksum; got a damaged one"
        )
    width, height = int.from_bytes(head[16:20]), int.from_bytes(head[20:24])
    if not (0 < width < 1 << 31 and 0 < height < 1 << 31):
        raise ImageError(
            "expected a PNG with 1 to 2147483647 px a side; "
            f"got one {width} px wide and {height} px high"
        )
    return height, width


def _read_jpeg(head: bytes) -> tuple[int, int] | NeedMore:
    at = _find_marker(head, 2)
    while at + _FRAME_BYTES <= len(head):
        kind, length = head[at + 1], int.from_bytes(head[at + 2 : at + 4])
        if kind in _FRAMES:
            return _read_frame(head[at : at + _FRAME_BYTES], length)
        if kind not in _PASSED:
            raise ImageError(
                f"expected a JPEG's frame header; got marker FF {kind:02X} at byte {at}"
            )
        if length < _LENGTH_BYTES:
            raise ImageError(
                f"expected a JPEG segment's length of 2 or more; got {length} "
                f"at byte {at}"
            )
        at = _find_marker(head, at + 2 + length)
    # Whatever segment comes next, a frame header is still to follow.
    return NeedMore(at + _FRAME_BYTES)


def _find_marker(head: bytes, start: int) -> int:
    """Find the next marker, or where it may begin at the earliest."""
    match = _MARKER.search(head, start)
    if match:
        return match.start()
    return max(start, len(head) - head.endswith(b"\xff"))


def _read_frame(frame: bytes, length: int) -> tuple[int, int]:
    height, width = int.from_bytes(frame[5:7]), int.from_bytes(frame[7:9])
    components = frame[9]
    if not (height and width and components) or length != 8 + 3 * components:
        raise ImageError(
            f"expected a JPEG's frame header; got one of {length} bytes, {width} px "
            f"wide and {height} px high, with {components} components"
        )
    return height, width
