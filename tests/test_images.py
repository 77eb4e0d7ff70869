"""Bytes to pixels: every orientation, mode and damage; and PNGs from outside."""

from __future__ import annotations

import base64
import io
import re
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.wire.png import inspect_png

# Where the top left corner of an upright picture lies in the stored one, and the
# corner right of it: EXIF 2.3, tag 0x0112. Rows and columns from 0, -1 is the last.
CORNERS = {
    1: ((0, 0), (0, -1)),
    2: ((0, -1), (0, 0)),
    3: ((-1, -1), (-1, 0)),
    4: ((-1, 0), (-1, -1)),
    5: ((0, 0), (-1, 0)),
    6: ((-1, 0), (0, 0)),
    7: ((-1, -1), (0, -1)),
    8: ((0, -1), (-1, -1)),
}


def saved(image, kind="PNG", **options):
    """Let Pillow write a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def exif(orientation):
    """Write EXIF that holds an orientation."""
    tags = Image.Exif()
    tags[0x0112] = orientation
    return tags


def chunk(kind, content):
    """Frame one PNG chunk."""
    checksum = zlib.crc32(kind + content)
    return (
        struct.pack(">I", len(content)) + kind + content + struct.pack(">I", checksum)
    )


def header(height, width, depth=8, color=2):
    """Write a PNG up to its header."""
    size = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", size)


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
@pytest.mark.parametrize("orientation", CORNERS)
def test_a_picture_is_turned_upright(rng, orientation, kind):
    """All eight orientations: the upright corners come from where EXIF says."""
    stored = rng.integers(0, 256, (5, 8, 3), np.uint8)
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(Image.fromarray(stored), kind, exif=exif(orientation), **options)
    picture = images.decode_rgb(data)
    first, second = CORNERS[orientation]
    assert picture.shape == ((5, 8, 3) if orientation < 5 else (8, 5, 3))
    assert picture[0, 0].tolist() == stored[first].tolist()
    assert picture[0, -1].tolist() == stored[second].tolist()
    as_stored = images.decode_rgb(data, upright=False)
    assert np.array_equal(as_stored, stored)


def test_sixteen_bit_grey_is_turned_too():
    """Conversion to 8 bits does not lose the orientation."""
    grey = Image.fromarray(np.array([[0, 65535]], np.uint16))
    picture = images.decode_rgb(saved(grey, exif=exif(6)))
    assert picture[..., 0].tolist() == [[0], [255]]


@pytest.mark.parametrize("orientation", [0, 9, 65535])
def test_an_impossible_orientation_turns_nothing(square, orientation):
    """Values that EXIF does not know leave the picture as stored."""
    data = saved(Image.open(io.BytesIO(square)), "PNG", exif=exif(orientation))
    assert images.decode_rgb(data).shape == (64, 96, 3)


def test_broken_exif_turns_nothing(square):
    """A good picture is not refused for its bad EXIF."""
    data = saved(Image.open(io.BytesIO(square)), exif=exif(6))
    broken = data.replace(chunk(b"eXIf", exif(6).tobytes()[6:]), chunk(b"eXIf", b"MM?"))
    assert broken != data
    assert images.decode_rgb(broken).shape == (64, 96, 3)


def test_sixteen_bit_grey_is_scaled():
    """0 to 65535 become 0 to 255 by their high byte; nothing is clipped."""
    grey = np.array([[0, 255, 256, 32768, 65279, 65535]], np.uint16)
    data = saved(Image.fromarray(grey))
    expected = [0, 0, 1, 128, 254, 255]
    assert images.decode_rgb(data)[0, :, 1].tolist() == expected
    rgba = images.decode_rgba(data)
    assert rgba[0, :, 1].tolist() == expected
    assert set(rgba[..., 3].flat) == {255}


def test_every_mode_becomes_rgb():
    """Grey, palette, CMYK and 1-bit pictures show the colours they mean."""
    red = Image.new("RGB", (4, 3), (255, 0, 0))
    assert images.decode_rgb(saved(red.convert("P")))[0, 0].tolist() == [255, 0, 0]
    assert (
        images.decode_rgb(saved(Image.new("L", (4, 3), 77)))[2, 3].tolist() == [77] * 3
    )
    assert (
        images.decode_rgb(saved(Image.new("1", (4, 3), 1)))[0, 0].tolist() == [255] * 3
    )
    cmyk = images.decode_rgb(saved(red.convert("CMYK"), "JPEG", quality=95))
    assert cmyk.shape == (3, 4, 3)
    assert np.abs(cmyk.astype(int) - [255, 0, 0]).max() < 8


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparent_pixels_show_white(mode):
    """Alpha 0 is white, alpha 51 (a fifth) of black is 204, alpha 255 is black."""
    pixels = np.zeros((1, 3, 4), np.uint8)
    pixels[0, :, 3] = 0, 51, 255
    data = saved(Image.fromarray(pixels).convert(mode))
    assert images.decode_rgb(data)[0, :, 0].tolist() == [255, 204, 0]
    assert images.decode_rgba(data)[0, :, 3].tolist() == [0, 51, 255]


def test_a_pictures_own_alpha_is_told():
    """Beside colours over white stands alpha, turned with them; None without one."""
    pixels = np.zeros((2, 3, 4), np.uint8)
    pixels[0, :, 3] = 0, 51, 255
    data = saved(Image.fromarray(pixels), exif=exif(6))
    shown, alpha = images.decode_picture(data)
    assert np.array_equal(shown, images.decode_rgb(data))
    assert alpha.tolist() == [[0, 0], [0, 51], [0, 255]]
    stored = images.decode_picture(data, upright=False)[1]
    assert stored.tolist() == pixels[..., 3].tolist()
    assert images.decode_picture(saved(Image.fromarray(pixels[..., :3])))[1] is None


def test_an_open_picture_is_decoded_as_its_file_is():
    """Orientation, mode and transparency count as in a file; the picture stays."""
    pixels = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
    for mode in ("RGBA", "LA", "P", "L", "CMYK"):
        opaque = mode not in ("RGBA", "LA")
        picture = Image.fromarray(pixels[..., :3] if opaque else pixels).convert(mode)
        before = picture.tobytes()
        shown, alpha = images.decode_picture(picture)
        assert shown.tolist() == np.asarray(_over_white(picture)).tolist()
        assert (alpha is None) == opaque
        assert picture.tobytes() == before
    turned = Image.open(io.BytesIO(saved(Image.fromarray(pixels), exif=exif(8))))
    assert images.decode_picture(turned)[0].shape == (3, 2, 3)
    wide = Image.new("1", (images.MAX_PIXELS // 1000 + 1, 1000))
    with pytest.raises(cm.ImageError, match="px") as caught:
        images.decode_picture(wide)
    assert caught.value.too_large


def _over_white(picture):
    if picture.mode not in ("RGBA", "LA"):
        return picture.convert("RGB")
    white = Image.new("RGBA", picture.size, "white")
    return Image.alpha_composite(white, picture.convert("RGBA")).convert("RGB")


def test_a_transparent_palette_colour_shows_white():
    """Transparency of a palette entry counts, and reaches `decode_rgba`."""
    picture = Image.fromarray(np.array([[0, 1]], np.uint8), "L").convert("P")
    picture.putpalette([10, 20, 30, 40, 50, 60])
    data = saved(picture, transparency=0)
    assert images.decode_rgb(data)[0].tolist() == [[255] * 3, [40, 50, 60]]
    assert images.decode_rgba(data)[0].tolist() == [[10, 20, 30, 0], [40, 50, 60, 255]]


def test_a_transparent_value_of_sixteen_bit_grey_shows_white():
    """Of two values with the same upper byte only the one that is named is hidden."""
    grey = np.array([[0x1234, 0x12FF, 0x8000]], np.uint16)
    value = chunk(b"tRNS", struct.pack(">H", 0x1234))
    rows = chunk(b"IDAT", zlib.compress(b"\0" + grey.astype(">u2").tobytes()))
    data = header(1, 3, depth=16, color=0) + value + rows + chunk(b"IEND", b"")
    shown, alpha = images.decode_picture(data)
    assert shown[0, :, 1].tolist() == [0xFF, 0x12, 0x80]
    assert alpha.tolist() == [[0, 255, 255]]
    assert images.decode_rgba(data)[0, 0].tolist() == [0x12, 0x12, 0x12, 0]


def test_a_palette_that_is_missing_is_an_image_error():
    """Pillow opens such a file and fails when its colours are looked up."""
    rows = chunk(b"IDAT", zlib.compress(b"\0\1\2"))
    data = header(1, 2, color=3) + rows + chunk(b"IEND", b"")
    with pytest.raises(cm.ImageError, match="a whole picture"):
        images.decode_picture(data)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_of_an_animation_the_first_frame_is_taken(kind):
    """Later frames do not show."""
    frames = [Image.new("RGB", (6, 5), color) for color in ("red", "blue")]
    options = {"lossless": True} if kind == "WEBP" else {}
    data = saved(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    picture = images.decode_rgb(data)
    assert picture.shape == (5, 6, 3)
    assert picture[0, 0].tolist() == [255, 0, 0]


@pytest.mark.parametrize("data", [b"", b"hello", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"])
def test_what_is_no_picture_is_an_image_error(data):
    """The message says how many bytes came and how they start."""
    for read in (images.read_header, images.decode_rgb, images.decode_rgba):
        with pytest.raises(cm.ImageError, match=rf"picture; .*{len(data)} bytes|whole"):
            read(data)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
@pytest.mark.parametrize("share", [0.4, 0.7, 0.95])
def test_a_picture_cut_short_is_an_image_error(rng, kind, share):
    """Half a picture is not shown as if it were whole."""
    noise = Image.fromarray(rng.integers(0, 256, (60, 80, 3), np.uint8))
    data = saved(noise, kind)
    with pytest.raises(cm.ImageError, match=r"^expected a (whole )?picture"):
        images.decode_rgb(data[: int(len(data) * share)])


@pytest.mark.parametrize("side", [9_460, 12_000, 20_000])
def test_a_decompression_bomb_is_an_image_error(side):
    """A few bytes that claim too many pixels are refused before any is decoded."""
    data = header(side, side) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")
    told = f"may have {images.MAX_PIXELS} px; "
    with pytest.raises(cm.ImageError, match=told) as refusal:
        images.decode_rgb(data)
    assert refusal.value.too_large


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")
def test_a_bomb_is_refused_where_warnings_are_ignored():
    """The limit is ours: it holds when Pillow only warns, and names the size."""
    data = header(9_460, 9_500) + chunk(b"IDAT", b"") + chunk(b"IEND", b"")
    with pytest.raises(cm.ImageError, match=r"9500 × 9460 are 89870000$"):
        images.decode_rgb(data)
    assert images.read_header(data)[:3] == ("PNG", 9_460, 9_500)


def test_the_largest_cutout_is_below_the_limit():
    """7680 × 4320 px with 1000 px of padding on every side can be decoded."""
    assert 9680 * 6320 < images.MAX_PIXELS < Image.MAX_IMAGE_PIXELS + 1


@settings(max_examples=150, derandomize=True, deadline=None)
@given(data=st.data())
def test_damage_is_an_image_error_or_a_picture(data):
    """Whatever bytes are changed: pixels or `ImageError`, nothing else is raised."""
    kind = data.draw(
        st.sampled_from(["JPEG", "PNG", "GIF", "TIFF", "WEBP", "BMP", "PPM"])
    )
    file = bytearray(saved(Image.fromarray(draw_square(12, 16)), kind, exif=exif(6)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(file) - 1))
        file[at] = data.draw(st.integers(0, 255))
    for read in (images.decode_rgb, images.decode_rgba, images.read_header):
        try:
            read(bytes(file))
        except cm.ImageError as error:
            assert str(error)  # noqa: PT017 - either outcome is right, silence is not


def test_the_header_is_read_without_pixels():
    """Format, height and width as stored, also of a picture that is cut short."""
    data = saved(Image.fromarray(draw_square()), "JPEG", exif=exif(6))
    assert images.read_header(data)[:3] == ("JPEG", 64, 96)
    assert images.read_header(data[:-50])[:3] == ("JPEG", 64, 96)


def test_png_and_jpeg_go_there_and_back(rng):
    """PNG exactly, with and without alpha; JPEG nearly."""
    rgba = rng.integers(0, 256, (7, 9, 4), np.uint8)
    assert np.array_equal(images.decode_rgba(images.encode_png(rgba)), rgba)
    rgb = np.ascontiguousarray(rgba[..., :3])
    assert np.array_equal(images.decode_rgb(images.encode_png(rgb)), rgb)
    flat = draw_square()
    error = images.decode_rgb(images.encode_jpeg(flat)).astype(int) - flat
    assert np.abs(error).mean() < 2


def test_a_checkerboard_lies_behind():
    """Opaque pixels stay, transparent ones show 8 px squares of 255 and 204."""
    rgba = np.zeros((16, 16, 4), np.uint8)
    rgba[0, 0] = 10, 20, 30, 255
    rgba[15, 0] = 0, 0, 0, 53
    shown = images.over_checkerboard(rgba)
    assert shown[0, 0].tolist() == [10, 20, 30]
    assert (shown[1, 7, 0], shown[1, 8, 0], shown[8, 7, 0]) == (255, 204, 204)
    assert shown[8, 8, 0] == 255
    # 53 / 255 of black over 204 leave 202 / 255 * 204 = 161.6.
    assert shown[15, 0, 0] == 162


@pytest.mark.parametrize("shape", [(900, 300, 3), (300, 900, 4), (900, 300), (5000, 1)])
def test_a_thumbnail_fits(shape):
    """The longer side becomes 90 px, the other in proportion, at least 1."""
    small = images.thumbnail(np.full(shape, 255, np.uint8), 90)
    longest, shortest = max(small.shape[:2]), min(small.shape[:2])
    assert (longest, shortest) == (90, 30 if shape != (5000, 1) else 1)
    assert small.shape[2:] == shape[2:]
    assert set(small.flat) == {255}


def test_a_small_picture_is_its_own_thumbnail(rng):
    """What fits comes back unchanged."""
    pixels = rng.integers(0, 256, (20, 30, 3), np.uint8)
    assert np.array_equal(images.thumbnail(pixels, 30), pixels)


def test_html_carries_the_picture():
    """The element holds a decodable WebP of the same size, and escaped text."""
    shown = images.html_image(draw_square(), alt='a "b" <c>')
    assert shown.startswith(
        '<img alt="a &quot;b&quot; &lt;c&gt;" width="96" height="64"'
    )
    packed = base64.b64decode(re.search(r"base64,([^\"]+)\"", shown)[1])
    assert images.read_header(packed)[:3] == ("WEBP", 64, 96)


def filtered(raw, stride, kinds):
    """Filter rows of bytes as the W3C PNG specification, section 9, defines it."""
    before = np.zeros(raw.shape[1] + stride, int)
    lines = []
    for row, kind in zip(raw, kinds, strict=True):
        x = np.concatenate([np.zeros(stride, int), row.astype(int)])
        left, up, corner = x[:-stride], before[stride:], before[:-stride]
        guess = left + up - corner
        away = np.abs(np.stack([guess - left, guess - up, guess - corner]))
        paeth = np.choose(away.argmin(axis=0), [left, up, corner])
        predicted = (0, left, up, (left + up) // 2, paeth)[kind]
        lines.append(
            bytes([kind]) + ((x[stride:] - predicted) % 256).astype(np.uint8).tobytes()
        )
        before = x
    return b"".join(lines)


@st.composite
def alpha_pngs(draw):
    """Draw a small PNG with any filters, and whether any of its alpha is above 0."""
    depth, channels = draw(st.sampled_from([8, 16])), draw(st.sampled_from([2, 4]))
    height, width = draw(st.integers(1, 5)), draw(st.integers(1, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pixels = rng.integers(0, 1 << depth, (height, width, channels))
    # Of 16 bits also the high or the low ones alone.
    pixels[..., -1] &= draw(st.sampled_from([0xFFFF, 0xFF00, 0x00FF]))
    pixels[..., -1] *= rng.random((height, width)) < draw(st.sampled_from([0, 0.1, 1]))
    raw = pixels.astype(f">u{depth // 8}").reshape(height, -1).view(np.uint8)
    kinds = draw(st.lists(st.integers(0, 4), min_size=height, max_size=height))
    packed = zlib.compress(filtered(raw, channels * depth // 8, kinds))
    cut = draw(st.integers(0, len(packed)))
    data = header(height, width, depth, {2: 4, 4: 6}[channels])
    data += chunk(b"IDAT", packed[:cut]) + chunk(b"IDAT", packed[cut:])
    return data + chunk(b"IEND", b""), pixels, depth


@settings(max_examples=300, derandomize=True, deadline=None)
@given(alpha_pngs())
def test_an_empty_matte_is_seen_from_outside(drawn):
    """Without decoding it tells whether any alpha is above 0, whatever the filters."""
    data, pixels, depth = drawn
    info = inspect_png(data)
    assert info == (*pixels.shape[:2], True, not pixels[..., -1].any())
    # The drawn file is a real one: Pillow reads the high bytes of what was meant.
    decoded = images.decode_rgba(data)
    assert np.array_equal(decoded[..., 3], pixels[..., -1] >> (depth - 8))
    assert np.array_equal(decoded[..., 0], pixels[..., 0] >> (depth - 8))
