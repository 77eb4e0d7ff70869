"""A PNG seen from outside: is it whole, how large is it, is anything visible."""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

__all__ = ["MAX_PIXELS", "PngInfo", "inspect_png"]

MAX_PIXELS = 250_000_000
"""Largest answer believed, px: the vendor's limit for generic image processing."""

MAX_SIDE = 50_000
"""Longest side believed, px; from the same page."""

_MAGIC = b"\x89PNG\r\n\x1a\n"
_HEADER_BYTES = 13
_FRAME = 12  # length, type and checksum around a chunk's data
_STEP = 1 << 14
_PIECE = 4096
# Legal sample depths by colour type (section 11.2.1).
_DEPTHS = {
    0: (1, 2, 4, 8, 16),
    2: (8, 16),
    3: (1, 2, 4, 8),
    4: (8, 16),
    6: (8, 16),
}
# Samples a pixel by colour type, for the two types that have an alpha channel.
_SAMPLES = {4: 2, 6: 4}


class PngInfo(NamedTuple):
    """What the outside of a PNG tells.

    Attributes
    ----------
    height, width : int
        Size, px.
    has_alpha : bool
        Whether pixels have an alpha value.
    is_empty : bool
        Whether every alpha value is 0.
    """

    height: int
    width: int
    has_alpha: bool
    is_empty: bool


def inspect_png(data: bytes) -> PngInfo:
    """Walk the chunks of a PNG, check length and checksum of each, look for alpha.

    No pixel is reconstructed, so this costs far less than the transfer did, and yet a
    cut or damaged answer is noticed before it counts as paid.

    Parameters
    ----------
    data : bytes
        The whole file.

    Returns
    -------
    PngInfo
        Size, whether there is an alpha channel, whether it is zero everywhere. The
        last is told for 8- and 16-bit grey and colour with an alpha channel, not
        interlaced (the service answers with 8-bit RGBA); other kinds are never empty.

    Raises
    ------
    ProtocolError
        Saying where the file stops being a PNG.

    Notes
    -----
    Layout, checksum and filters: W3C PNG specification, sections 5, 9 and 11.2. Every
    filter predicts an alpha byte from earlier alpha bytes only, so as long as those
    are 0 the filtered byte is the alpha byte itself: alpha is zero everywhere exactly
    when all filtered alpha bytes are, and the first other one ends the search.
    """
    if not data.startswith(_MAGIC):
        # What begins otherwise is no PNG that was cut: asking again would pay again.
        raise ProtocolError(
            f"expected a PNG; got {len(data)} bytes starting {data[:12]!r}",
            heals=_MAGIC.startswith(data),
        )
    chunks = _chunks(data)
    header = _read_header(*next(chunks))
    pixels, transparent = [], False
    for kind, content in chunks:
        if kind == b"IDAT":
            pixels.append(content)
        elif kind == b"IHDR":
            raise ProtocolError("a PNG has two headers")
        transparent = transparent or kind == b"tRNS"
    if not pixels:
        raise ProtocolError("a PNG has no pixels")
    return PngInfo(
        header.height,
        header.width,
        has_alpha=transparent or header.color in _SAMPLES,
        is_empty=header.is_searchable and _is_empty(pixels, header),
    )


class _Header(NamedTuple):
    height: int
    width: int
    depth: int
    color: int
    interlaced: int

    @property
    def is_searchable(self) -> bool:
        return self.color in _SAMPLES and not self.interlaced


def _read_header(kind: bytes, content: memoryview) -> _Header:
    if kind != b"IHDR" or len(content) != _HEADER_BYTES:
        raise ProtocolError("a PNG must start with its header")
    width, height = int.from_bytes(content[:4]), int.from_bytes(content[4:8])
    depth, color, _, _, interlaced = content[8:]
    legal = depth in _DEPTHS.get(color, ()) and interlaced in (0, 1)
    bounded = width * height <= MAX_PIXELS and max(width, height) <= MAX_SIDE
    if not legal or not bounded or not width * height:
        raise ProtocolError(
            f"a PNG has an impossible header: {width} x {height} px, depth {depth}, "
            f"colour type {color}, interlace {interlaced}",
            heals=False,
        )
    return _Header(height, width, depth, color, interlaced)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    view, at = memoryview(data), len(_MAGIC)
    while at + _FRAME <= len(data):
        end = at + _FRAME + int.from_bytes(view[at : at + 4])
        if end > len(data):
            break
        kind = bytes(view[at + 4 : at + 8])
        if zlib.crc32(view[at + 4 : end - 4]) != int.from_bytes(view[end - 4 : end]):
            raise ProtocolError(f"a PNG is damaged: checksum of its {kind!r} chunk")
        yield kind, view[at + 8 : end - 4]
        at = end
        if kind == b"IEND":
            return
    raise ProtocolError(f"a PNG is cut short after {len(data)} bytes")


def _is_empty(pixels: Iterable[memoryview], header: _Header) -> bool:
    alpha = header.depth // 8
    stride = alpha * _SAMPLES[header.color]
    row = 1 + header.width * stride
    left, waiting = row * header.height, b""
    for block in _inflate(pixels, left):
        left -= len(block)
        waiting += block
        whole = len(waiting) - len(waiting) % row
        # Wiped rows are zeros throughout: most of an empty matte is dismissed here.
        if waiting[:whole] != bytes(whole) and _shows(
            waiting, whole, row, stride, alpha
        ):
            return False
        waiting = waiting[whole:]
    if left:
        raise ProtocolError(f"a PNG lacks {left} bytes of its pixels")
    return True


def _shows(rows: bytes, whole: int, row: int, stride: int, alpha: int) -> bool:
    # The alpha sample is the last of each pixel: `alpha` bytes before every stride.
    return any(
        rows[end - row + 1 + stride - lane : end : stride].strip(b"\0")
        for end in range(row, whole + 1, row)
        for lane in range(1, alpha + 1)
    )


def _pieces(pixels: Iterable[memoryview]) -> Iterator[memoryview]:
    # What is not yet unpacked is copied at every step, so it is kept short.
    for part in pixels:
        for at in range(0, len(part), _PIECE):
            yield part[at : at + _PIECE]


def _inflate(pixels: Iterable[memoryview], size: int) -> Iterator[bytes]:
    """Unpack at most `size` bytes; more than that is damage, or a bomb."""
    stream = zlib.decompressobj()
    try:
        for part in _pieces(pixels):
            rest: bytes | memoryview = part
            while rest:
                block = stream.decompress(rest, _STEP)
                size -= len(block)
                if size < 0:
                    raise ProtocolError("a PNG holds more pixels than its header says")
                yield block
                rest = stream.unconsumed_tail
        if not stream.eof:
            raise ProtocolError("a PNG's pixels are cut short")
    except zlib.error as error:
        raise ProtocolError(f"a PNG holds unreadable pixels: {error}") from None
