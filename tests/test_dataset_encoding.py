"""Picture files of data sets: exact, equal each time, and of nothing but pixels."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image, JpegImagePlugin, PngImagePlugin
from rendered import to_file

from cosmat_nb.dataset.pictures.encoding import (
    decode_alpha,
    encode_alpha,
    encode_mask,
    encode_picture,
    holds_pixels_alone,
)
from cosmat_nb.errors import ImageError, OptionsError


def draw(planes, dtype=np.uint8):
    """Every level of a dtype's bytes somewhere, (16, 16, planes) or (16, 16)."""
    shape = (16, 16, planes) if planes else (16, 16)
    most = np.iinfo(dtype).max
    return np.random.default_rng(1).integers(0, most, shape, dtype, endpoint=True)


def opened(data):
    """The picture of a file."""
    return Image.open(io.BytesIO(data))


@pytest.mark.parametrize(("dtype", "bits"), [(np.uint8, 8), (np.uint16, 16)])
def test_alpha_comes_back_to_the_level(dtype, bits):
    """A matte of 8 or 16 bits is written with as many, and read back exactly."""
    alpha = draw(0, dtype)
    alpha[0, :2] = 0, np.iinfo(dtype).max
    data = encode_alpha(alpha)
    assert data[24] == bits
    assert data[25] == 0, "a grey PNG"
    back = decode_alpha(data)
    assert back.dtype == dtype
    assert np.array_equal(back, alpha)


def test_alpha_of_a_view_is_written_as_it_looks():
    """A matte that is a slice of something larger is written like a copy of it."""
    alpha = draw(4)[::2, ::-1, 3]
    assert np.array_equal(decode_alpha(encode_alpha(alpha)), alpha)


def test_sixteen_bits_are_what_other_readers_see():
    """The two bytes of a level stand in the order of PNG: Pillow reads the same."""
    alpha = np.array([[1, 256, 65534]], np.uint16)
    assert np.asarray(opened(encode_alpha(alpha))).tolist() == [[1, 256, 65534]]


def test_a_mask_is_black_and_white():
    """A mask is a grey PNG of 8 bits with 0 and 255."""
    data = encode_mask(np.array([[True, False, True]]))
    assert opened(data).mode == "L"
    assert decode_alpha(data).tolist() == [[255, 0, 255]]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"no picture", "cannot be read"),
        (encode_alpha(draw(0))[:90], "cannot be read"),
        (to_file(draw(3), "PNG"), "of mode RGB"),
    ],
    ids=["text", "cut short", "colours"],
)
def test_what_is_no_matte_is_refused(data, message):
    """Bytes that are no grey picture are an ImageError that says what they are."""
    with pytest.raises(ImageError, match=message):
        decode_alpha(data)


@pytest.mark.parametrize(
    ("kind", "planes"),
    [("png", 3), ("png", 4), ("webp", 3), ("webp", 4), ("jpeg", 3)],
)
def test_a_picture_is_encoded_as_its_kind(kind, planes):
    """Suffix, size and mode are the kind's, and equal pixels make equal bytes."""
    pixels = draw(planes)[:, :9]
    made = encode_picture(pixels, kind)
    image = opened(made.data)
    assert made.suffix == {"png": ".png", "webp": ".webp", "jpeg": ".jpg"}[kind]
    assert (made.height, made.width) == (16, 9) == image.size[::-1]
    assert image.format == kind.upper()
    assert image.mode == ("RGBA" if planes == 4 else "RGB")
    assert not image.getexif()
    assert encode_picture(pixels.copy(), kind) == made


@pytest.mark.parametrize(("kind", "planes"), [("png", 3), ("png", 4), ("webp", 4)])
def test_what_has_alpha_is_exact(kind, planes):
    """PNG, and WebP with alpha, keep each level, colours under alpha 0 too."""
    pixels = draw(planes)
    pixels[:4, :, 3:] = 0
    assert np.array_equal(opened(encode_picture(pixels, kind).data), pixels)


@pytest.mark.parametrize("kind", ["jpeg", "webp"])
def test_quality_counts_where_something_is_lost(kind):
    """A higher quality makes a larger file."""
    small, large = (encode_picture(draw(3), kind, quality=q).data for q in (20, 95))
    assert len(small) < len(large)


def test_a_jpeg_keeps_the_colours_of_every_pixel():
    """Colours are not halved in size, so a red edge stays where it was."""
    image = opened(encode_picture(draw(3), "jpeg").data)
    assert JpegImagePlugin.get_sampling(image) == 0


def test_a_jpeg_is_refused_alpha():
    """Alpha is never dropped on the way: the error says what to choose."""
    with pytest.raises(OptionsError, match="no alpha: choose PNG or WebP"):
        encode_picture(draw(4), "jpeg")


@pytest.mark.parametrize(("kind", "longest"), [("webp", 16_383), ("jpeg", 65_500)])
def test_a_side_that_a_kind_cannot_hold_is_refused(kind, longest):
    """The longest side is written; one more pixel is an error that names a way out."""
    strip = np.zeros((1, longest + 1, 3), np.uint8)
    assert encode_picture(strip[:, 1:], kind).width == longest
    with pytest.raises(OptionsError, match=f'{longest} px .*file="png"'):
        encode_picture(strip, kind)


@pytest.mark.parametrize("kind", ["png", "webp", "jpeg"])
def test_a_profile_goes_into_the_file(kind):
    """What the numbers mean is told in the file, and nothing where it is not known."""
    made = encode_picture(draw(3), kind, profile=b"what they mean")
    assert opened(made.data).info["icc_profile"] == b"what they mean"
    assert "icc_profile" not in opened(encode_picture(draw(3), kind).data).info


def with_text():
    """Text that stands in a PNG."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "somebody")
    return text


@pytest.mark.parametrize(
    ("data", "alone"),
    [
        (to_file(draw(4), "PNG"), True),
        (to_file(draw(4), "PNG", dpi=(72, 72)), True),
        (to_file(draw(3), "PNG"), False),
        (to_file(draw(4), "PNG", pnginfo=with_text()), False),
        (to_file(draw(4), "WEBP"), False),
        (b"", False),
    ],
    ids=["plain", "resolution", "no alpha", "text", "webp", "nothing"],
)
def test_a_png_that_tells_more_than_pixels_is_told_apart(data, alone):
    """Only RGBA of 8 bits without text, times, EXIF and profiles is plain."""
    assert holds_pixels_alone(data) is alone


def test_text_after_the_pixels_is_found():
    """A chunk that follows the pixels counts like one before them."""
    png = to_file(draw(4), "PNG")
    text = b"\0\0\0\1tEXtx\0\0\0\0"
    assert not holds_pixels_alone(png[:-12] + text + png[-12:])
