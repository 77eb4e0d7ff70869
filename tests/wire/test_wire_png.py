"""PNG seen from outside: whole, how large, with alpha, empty."""

import contextlib
import io
import itertools
import struct
import time
import zlib

import numpy as np
import pytest
from PIL import Image

from cosmat_nb.errors import ProtocolError
from cosmat_nb.wire.png import PngInfo, inspect_png

MAGIC = b"\x89PNG\r\n\x1a\n"
# Adam7 passes: W3C PNG specification, section 8.2 (first row, first column, steps).
ADAM7 = [
    (0, 0, 8, 8),
    (0, 4, 8, 8),
    (4, 0, 8, 4),
    (0, 2, 4, 4),
    (2, 0, 4, 2),
    (0, 1, 2, 2),
    (1, 0, 2, 1),
]


def chunk(kind, content):
    """Frame one chunk with length and checksum."""
    checksum = zlib.crc32(kind + content)
    return (
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
    )


def head(height, width, *, depth=8, color=6, interlaced=0, rest=b"\0\0"):
    """Write an IHDR chunk."""
    size = struct.pack(">IIBB", width, height, depth, color)
    return chunk(b"IHDR", size + rest + bytes([interlaced]))


END = chunk(b"IEND", b"")


def rows(pixels):
    """Write rows of big-endian samples, each with the filter type None in front."""
    return b"".join(b"\0" + row.tobytes() for row in pixels if row.size)


def png(header, data, *, pieces=1):
    """Put a file together, its pixels in several IDAT chunks."""
    packed = zlib.compress(data)
    cuts = [len(packed) * piece // pieces for piece in range(pieces + 1)]
    idat = b"".join(
        chunk(b"IDAT", packed[first:last]) for first, last in itertools.pairwise(cuts)
    )
    return MAGIC + header + idat + END


def saved(image, **options):
    """Let Pillow write the file."""
    stream = io.BytesIO()
    image.save(stream, "PNG", **options)
    return stream.getvalue()


def rgba(height, width, alpha=0):
    """Draw a noisy picture with one alpha value everywhere."""
    pixels = np.random.default_rng(0).integers(0, 256, (height, width, 4), np.uint8)
    pixels[..., 3] = alpha
    return pixels


@pytest.mark.parametrize(
    ("mode", "has_alpha"),
    [
        ("1", False),
        ("L", False),
        ("LA", True),
        ("P", False),
        ("RGB", False),
        ("RGBA", True),
        ("I;16", False),
    ],
)
def test_every_kind_that_pillow_writes_is_whole(mode, has_alpha):
    """Size and alpha channel of each of Pillow's modes are told."""
    data = saved(Image.new(mode, (5, 3)))
    assert inspect_png(data)[:3] == (3, 5, has_alpha)


@pytest.mark.parametrize(("mode", "key"), [("P", 0), ("L", 7), ("RGB", (1, 2, 3))])
def test_a_transparent_colour_counts_as_alpha(mode, key):
    """A tRNS chunk gives pixels an alpha value, and such a file is never empty."""
    data = saved(Image.new(mode, (5, 3)), transparency=key)
    assert inspect_png(data) == PngInfo(3, 5, has_alpha=True, is_empty=False)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (2, 3), (8, 8), (13, 11)])
def test_an_interlaced_file_is_whole(size):
    """An interlaced file, as Pillow reads it, is accepted."""
    pixels = rgba(*size, alpha=9)
    data = b"".join(
        rows(pixels[row::down, column::right]) for row, column, down, right in ADAM7
    )
    data = png(head(*size, interlaced=1), data)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)
    assert inspect_png(data) == PngInfo(*size, has_alpha=True, is_empty=False)


@pytest.mark.parametrize("pieces", [1, 2, 7])
@pytest.mark.parametrize(("height", "width"), [(1, 1), (3, 5), (300, 200)])
def test_an_empty_matte_is_seen(height, width, pieces):
    """Alpha zero everywhere is empty, however noisy the hidden colour."""
    data = png(head(height, width), rows(rgba(height, width)), pieces=pieces)
    assert inspect_png(data) == PngInfo(height, width, has_alpha=True, is_empty=True)


@pytest.mark.parametrize("place", [(0, 0), (0, 199), (299, 0), (299, 199), (150, 7)])
def test_one_faint_pixel_is_not_empty(place):
    """A single alpha of 1/255, wherever it is, makes the picture not empty."""
    pixels = rgba(300, 200)
    pixels[(*place, 3)] = 1
    assert not inspect_png(png(head(300, 200), rows(pixels))).is_empty
    assert not inspect_png(saved(Image.fromarray(pixels))).is_empty


@pytest.mark.parametrize("kind", range(5))
@pytest.mark.parametrize("alpha", [0, 1])
def test_every_row_filter_is_understood(kind, alpha):
    """Rows filtered by any of the five filters tell the same as plain rows."""
    # Filter types: W3C PNG specification, section 9.2.
    pixels = rgba(4, 6)
    pixels[2, 3, 3] = alpha
    data = b""
    for row in range(4):
        line = pixels[row].astype(int)
        left = np.vstack([np.zeros((1, 4), int), line[:-1]])
        up = pixels[row - 1].astype(int) if row else np.zeros((6, 4), int)
        corner = np.vstack([np.zeros((1, 4), int), up[:-1]])
        guess = left + up - corner
        near = np.stack([abs(guess - side) for side in (left, up, corner)]).argmin(0)
        paeth = np.choose(near, [left, up, corner])
        predicted = [0, left, up, (left + up) // 2, paeth][kind]
        data += bytes([kind]) + ((line - predicted) % 256).astype(np.uint8).tobytes()
    data = png(head(4, 6), data)
    assert np.array_equal(np.asarray(Image.open(io.BytesIO(data))), pixels)
    assert inspect_png(data).is_empty is (alpha == 0)


@pytest.mark.parametrize(("color", "samples"), [(4, 2), (6, 4)])
@pytest.mark.parametrize(("alpha", "is_empty"), [(0, True), (1, False), (256, False)])
def test_sixteen_bits_are_understood(color, samples, alpha, is_empty):
    """Both bytes of a 16-bit alpha are looked at, in grey and in colour."""
    pixels = np.full((4, 6, samples), 777, ">u2")
    pixels[..., -1] = 0
    pixels[3, 5, -1] = alpha
    data = png(head(4, 6, depth=16, color=color), rows(pixels))
    assert inspect_png(data) == PngInfo(4, 6, has_alpha=True, is_empty=is_empty)


def test_grey_with_alpha_can_be_empty():
    """An 8-bit grey picture with alpha is searched like a coloured one."""
    assert inspect_png(saved(Image.new("LA", (5, 3), (200, 0)))).is_empty
    assert not inspect_png(saved(Image.new("LA", (5, 3), (0, 200)))).is_empty


def test_the_largest_matte_is_inspected_quickly():
    """An empty matte of the largest documented size takes a few seconds at most."""
    # Largest input: 7680 x 4320 px (vendor's limits page).
    data = png(head(4320, 7680), bytes((1 + 4 * 7680) * 4320))
    begin = time.process_time()
    assert inspect_png(data).is_empty
    assert time.process_time() - begin < 4


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\x89PNG",
        b"\xff\xd8\xff\xe0",
        b"<Error/>",
        b"GIF89a",
        MAGIC.replace(b"\r", b""),
    ],
)
def test_another_file_is_refused(body):
    """What does not begin like a PNG is refused and its beginning quoted."""
    with pytest.raises(ProtocolError, match="expected a PNG"):
        inspect_png(body)


def test_a_message_quotes_little():
    """The refusal of a large body stays short."""
    with pytest.raises(ProtocolError) as caught:
        inspect_png(b"\0" * 1_000_000)
    assert len(str(caught.value)) < 200


PIXELS = rows(rgba(3, 5, alpha=9))
IDAT = chunk(b"IDAT", zlib.compress(PIXELS))


def test_the_parts_make_a_picture():
    """The parts of the broken files below do make a picture when put together."""
    data = MAGIC + head(3, 5) + IDAT + END
    assert inspect_png(data) == PngInfo(3, 5, has_alpha=True, is_empty=False)


@pytest.mark.parametrize(
    "body",
    {
        "magic only": b"",
        "no header": IDAT + END,
        "no pixels": head(3, 5) + END,
        "no end": head(3, 5) + IDAT,
        "short header": chunk(b"IHDR", b"\0\0\0\5") + IDAT + END,
        "long header": chunk(b"IHDR", bytes(14)) + IDAT + END,
        "huge length": head(3, 5) + b"\xff\xff\xff\xffIDAT" + bytes(64),
    }.items(),
    ids=lambda item: item[0],
)
def test_a_file_that_lacks_a_part_is_refused(body):
    """A file without header, pixels or end is refused."""
    with pytest.raises(ProtocolError):
        inspect_png(MAGIC + body[1])


@pytest.mark.parametrize(
    "body",
    {
        "late header": IDAT + head(3, 5) + END,
        "two headers": head(3, 5) + head(9, 9) + IDAT + END,
        "no width": head(3, 0) + IDAT + END,
        "no height": head(0, 5) + IDAT + END,
        "depth 1 with alpha": head(3, 5, depth=1) + IDAT + END,
        "depth 0": head(3, 5, depth=0) + IDAT + END,
        "colour 5": head(3, 5, color=5) + IDAT + END,
        "interlace 2": head(3, 5, interlaced=2) + IDAT + END,
    }.items(),
    ids=lambda item: item[0],
)
def test_a_file_against_the_specification_is_refused(body):
    """A header out of place or with impossible fields is refused."""
    # W3C PNG specification, sections 5.6 and 11.2.1.
    with pytest.raises(ProtocolError):
        inspect_png(MAGIC + body[1])


@pytest.mark.parametrize(
    "packed",
    {
        "no row": zlib.compress(b""),
        "half the rows": zlib.compress(bytes((1 + 4 * 5) * 2)),
        "half a row": zlib.compress(bytes(1 + 4 * 2)),
        "stream cut": zlib.compress(bytes((1 + 4 * 5) * 3))[:-6],
        "one byte": b"x",
    }.items(),
    ids=lambda item: item[0],
)
def test_missing_rows_are_not_an_empty_matte(packed):
    """A file whose rows are missing is damaged: it is never told to be empty."""
    data = MAGIC + head(3, 5) + chunk(b"IDAT", packed[1]) + END
    with pytest.raises(ProtocolError):
        inspect_png(data)


def test_pixels_that_do_not_unpack_are_refused():
    """Pixels that are no deflate stream are refused as such."""
    data = MAGIC + head(3, 5) + chunk(b"IDAT", b"not deflate") + END
    with pytest.raises(ProtocolError, match="pixels"):
        inspect_png(data)


@pytest.mark.parametrize(("height", "width"), [(1, 1), (2**31 - 1, 2**31 - 1)])
def test_a_bomb_is_not_unpacked(height, width):
    """More pixels than the header tells, or a header out of all limits, stop early."""
    # 16 MiB of zeros in 16 kB: the header decides how much of it is looked at.
    packer = zlib.compressobj(9)
    packed = packer.compress(bytes(1 << 24)) + packer.flush()
    data = MAGIC + head(height, width) + chunk(b"IDAT", packed) + END
    begin = time.process_time()
    with pytest.raises(ProtocolError):
        inspect_png(data)
    # Unpacked whole, as the header of the second asks, it would take minutes.
    assert time.process_time() - begin < 5


def test_a_single_endless_row_is_settled_quickly():
    """One row of eight million pixels in 31 kB is read or refused in linear time."""
    width = 8_000_000
    data = png(head(1, width), bytes(1 + 4 * width))
    begin = time.process_time()
    with contextlib.suppress(ProtocolError):
        assert inspect_png(data).is_empty
    assert time.process_time() - begin < 5


def test_what_follows_the_end_does_not_matter():
    """A whole picture was paid for: bytes after its end are no reason to lose it."""
    data = MAGIC + head(3, 5) + IDAT + END
    assert inspect_png(data + b"\0" * 9) == inspect_png(data)
