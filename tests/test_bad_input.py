"""What users get wrong: each mistake is one clear sentence, in its row or raised."""

from __future__ import annotations

import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from squares import WhiteEngine, draw_square

import cosmat_nb as cm
from cosmat_nb import images


@pytest.fixture(scope="module")
def client():
    """One client for all mistakes: none of them may disturb the next."""
    with (
        cm.Emulator(engine=WhiteEngine()) as emulator,
        cm.connect_emulator(emulator) as connected,
    ):
        yield connected


def saved(image, kind, **options):
    """Let Pillow write a file."""
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def square_image():
    """Draw a red box on white, 64 × 96 px."""
    return Image.fromarray(draw_square())


def matte_one(client, data):
    """Upload one picture and return its row."""
    client.put("picture", data)
    frame = pd.DataFrame({"key": ["picture"]})
    return cm.matte_frame(frame, client, progress=False).iloc[0]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        (None, "must be a string; this cell is empty"),
        (float("nan"), "must be a string; this cell is empty"),
        (pd.NA, "must be a string; this cell is empty"),
        (3, "must be a string; this cell is int"),
        (b"a.jpg", "must be a string; this cell is bytes"),
        (["a.jpg"], "must be a string; this cell is list"),
        ("", "must be a non-empty string; not an empty one"),
        ("é" * 426, "may have 850 bytes of UTF-8; 'é+'… has 852"),
        ("a\x1bb", r"'a\\x1bb' holds a character U\+0018 to U\+001B"),
        ("/a.jpg", r"may not start with / or \\: '/a.jpg'"),
        ("\\a.jpg", r"may not start with / or \\"),
        ("a/../b.jpg", r"'a/../b.jpg' holds a path segment \.\. or ends in"),
        ("a\ud800", r"'a\\ud800' holds half a surrogate pair"),
        ("http://", "must be an http.s. address; not 'http://'"),
        ("https://[", r"must be an http.s. address; not 'https://\['"),
        ("http%3A%2F%2Fexample.com", "must be passed as it is"),
        (" https://example.com/a.jpg", "must be an http.s. address"),
        ("ftp://example.com/a.jpg", "must be an http.s. address"),
        ("http://127.0.0.1/a.jpg", "127.0.0.1 is this machine or a private network"),
        ("http://2130706433/a.jpg", "must be publicly reachable; 2130706433 is this"),
        ("http://192.168.1.5/a.jpg", "put the picture in the bucket and use its key"),
        ("http://nas/a.jpg", "must be publicly reachable; nas is"),
        ("https://me:pass@example.com/a.jpg", "may hold no user name and password"),
    ],
)
def test_a_bad_key_is_a_refused_row(client, square, key, message):
    """The row says what is wrong; its neighbour is matted all the same."""
    client.put("good.jpg", square)
    frame = pd.DataFrame({"key": pd.Series([key, "good.jpg"], dtype="object")})
    result = cm.matte_frame(frame, client, progress=False)
    assert list(result.status) == ["refused", "ok"]
    assert result.cutout[0] is None
    pd.testing.assert_frame_equal(result[["key"]], frame)
    assert re.search(message, result.error[0])
    if result.error_code[0] == "OptionsError":
        assert result.attempts[0] == 0
        assert pd.isna(result.source[0])


@pytest.mark.parametrize("key", ["k" * 850, "é" * 425, "a b+c%20&?#=.jpg", "中/文.jpg"])
def test_an_unusual_key_is_fine(client, square, key):
    """Whatever the service accepts as a key goes through and comes back."""
    client.put(key, square)
    listed = cm.list_frame(client, key[:2])
    result = cm.matte_frame(listed[listed.key == key], client, progress=False)
    assert list(result.status) == ["ok"]


@pytest.mark.parametrize(
    ("data", "code", "message"),
    [
        (
            b"not a picture",
            "InvalidImageFormat",
            "is of no known format; it must be JPEG or PNG",
        ),
        (
            images.encode_png(np.zeros((1, 1, 3), np.uint8)),
            "ImageTooLarge",
            "is 1 px wide and 1 px high; each side must have at least 32",
        ),
        (
            images.encode_png(np.zeros((31, 200, 3), np.uint8)),
            "ImageTooLarge",
            "is 200 px wide and 31 px high",
        ),
        (
            saved(Image.new("1", (7681, 40)), "PNG"),
            "ImageTooLarge",
            "is 7681 px wide and 40 px high; its longer side may have 7680",
        ),
        (
            saved(Image.new("1", (4321, 4321)), "PNG"),
            "ImageTooLarge",
            "its shorter side may have 4320",
        ),
        (
            saved(Image.new("1", (10_000, 10_000)), "PNG"),
            "ImageTooLarge",
            "is 10000 px wide and 10000 px high; its longer side",
        ),
        (
            saved(square_image(), "BMP"),
            "InvalidImageFormat",
            "is BMP; it must be JPEG or PNG: convert it first",
        ),
        (
            saved(square_image(), "GIF", save_all=True, append_images=[square_image()]),
            "InvalidImageFormat",
            "is GIF; it must be JPEG or PNG",
        ),
        (
            saved(square_image(), "WEBP"),
            "InvalidImageFormat",
            "is WEBP; it must be JPEG or PNG",
        ),
    ],
    ids=[
        "text",
        "one pixel",
        "flat",
        "long",
        "many pixels",
        "bomb",
        "bmp",
        "animated",
        "webp",
    ],
)
def test_a_bad_picture_is_a_refused_row(client, data, code, message):
    """The service's code and a sentence that says what it saw."""
    row = matte_one(client, data)
    assert (row.status, row.error_code, row.attempts) == ("refused", code, 1)
    assert row.cutout is None
    assert re.search(message, row.error)
    assert row.request_id in row.error


def test_an_empty_file_is_refused_before_it_is_sent(client):
    """Its size is known from the listing: the row says so, and no call is made."""
    row = matte_one(client, b"")
    assert (row.status, row.error_code, row.attempts) == ("refused", "OptionsError", 0)
    assert "is an empty file; it is not sent" in row.error


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_picture_cut_short_is_a_refused_row(client, rng, kind):
    """Half a JPEG or PNG is not matted as if it were whole."""
    noise = Image.fromarray(rng.integers(0, 256, (60, 80, 3), np.uint8))
    data = saved(noise, kind)
    row = matte_one(client, data[: len(data) // 2])
    assert (row.status, row.error_code) == ("refused", "InvalidImageSource")
    assert "expected a whole picture" in row.error


@pytest.mark.parametrize(
    ("data", "size"),
    [
        (saved(square_image().convert("CMYK"), "JPEG"), (64, 96)),
        (saved(square_image().convert("P"), "PNG"), (64, 96)),
        (saved(square_image().convert("L"), "JPEG"), (64, 96)),
        (
            saved(
                Image.fromarray(draw_square()[..., 1].astype(np.uint16) * 257), "PNG"
            ),
            (64, 96),
        ),
        (
            saved(
                square_image(),
                "PNG",
                save_all=True,
                append_images=[Image.new("RGB", (96, 64))],
            ),
            (64, 96),
        ),
    ],
    ids=["cmyk", "palette", "grey", "16 bit", "animated png"],
)
def test_an_unusual_picture_is_matted(client, data, size):
    """The box is found: a quarter of the picture, rows 16 to 48, columns 24 to 72."""
    row = matte_one(client, data)
    assert row.status == "ok"
    alpha = row.cutout.alpha
    assert alpha.shape == size
    assert alpha[20:44, 28:68].min() == 1
    assert alpha.mean() == pytest.approx(0.25, abs=0.02)


def test_a_turned_picture_is_matted_upright(client):
    """EXIF orientation 6: the cutout stands upright, and so does the picture before."""
    tags = Image.Exif()
    tags[0x0112] = 6
    picture = np.full((64, 96, 3), 255, np.uint8)
    picture[:, :20] = 10
    row = matte_one(client, saved(Image.fromarray(picture), "PNG", exif=tags))
    # A quarter turn clockwise brings the left columns to the top.
    assert (row.cutout.height, row.cutout.width) == (96, 64)
    assert row.cutout.alpha[:20].min() == 1
    assert row.cutout.alpha[20:].max() == 0
    assert (row.cutout.before()[:20] == 10).all()


@pytest.mark.parametrize("padding", [(1001, 0), (0, -1), (1,), "20x10", (1.5, 2), None])
def test_padding_out_of_range_is_refused_at_once(padding):
    """Options that the service would refuse are never made."""
    with pytest.raises(cm.OptionsError, match="padding"):
        cm.MattingOptions(padding=padding)


def test_columns_of_several_levels_are_refused(client):
    """Result columns would not fit among them; the message says to flatten."""
    frame = pd.DataFrame([["a.jpg"]], columns=pd.MultiIndex.from_tuples([("a", "key")]))
    with pytest.raises(cm.OptionsError, match=r"flatten frame\.columns"):
        cm.matte_frame(frame, client, column=("a", "key"), progress=False)


def test_a_column_named_twice_is_refused(client):
    """Which of the two holds the keys cannot be told."""
    frame = pd.DataFrame([["a.jpg", "b.jpg"]], columns=["key", "key"])
    with pytest.raises(cm.OptionsError, match="'key', found 2 among: key, key"):
        cm.matte_frame(frame, client, progress=False)


def test_a_frame_without_columns_is_refused(client):
    """The message does not list what is not there."""
    with pytest.raises(cm.OptionsError, match="found none among: no columns at all"):
        cm.matte_frame(pd.DataFrame(), client, progress=False)


def test_keys_without_a_frame_are_refused(client):
    """A list or a Series of keys is named as what it is."""
    for keys in (["a.jpg"], pd.Series(["a.jpg"], name="key")):
        with pytest.raises(cm.OptionsError, match="expected a DataFrame; got"):
            cm.matte_frame(keys, client, progress=False)


def test_swapped_arguments_are_named(client):
    """Client first, frame second: the message says what stands in the wrong place."""
    frame = pd.DataFrame({"key": ["a.jpg"]})
    with pytest.raises(cm.OptionsError, match="expected a DataFrame; got MattingCl"):
        cm.matte_frame(client, frame, progress=False)
