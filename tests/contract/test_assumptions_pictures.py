"""Which pictures are taken and what their pixels become, under each assumption."""

from __future__ import annotations

import numpy as np
from asker import Asker
from drawings import SoftEngine, box_of, box_png, deep_png, encode, turned_png
from PIL import Image
from PIL.ImageCms import ImageCmsProfile, createProfile
from squares import draw_square
from switches import each

import cosmat_nb as cm
from cosmat_nb.wire.limits import Limits

MIXED = (228, 143, 148)  # half of the box's red, half of the white behind it


def swapped_profile():
    """Write the sRGB profile with its primaries red and blue exchanged."""
    data = ImageCmsProfile(createProfile("sRGB")).tobytes()
    # Only the names in the tag table lead to the values.
    return data.replace(b"rXYZ", b"?").replace(b"bXYZ", b"rXYZ").replace(b"?", b"bXYZ")


def draw_soft():
    """Draw the red box with a strip of mixed colour at its left."""
    picture = draw_square()
    picture[16:48, 22:24] = MIXED
    return picture


def flat(height, width):
    """Draw nothing: a white picture of this size, PNG."""
    return encode(Image.new("L", (width, height), 255))


def refusal(emulator, data):
    """Store a picture and ask for its cutout: the code, or empty."""
    emulator.bucket.put("picture", data, "image/any")
    return Asker.of(emulator).cut("picture").code


def cut(emulator, data):
    """Cut a picture: (H, W, 4) uint8."""
    emulator.bucket.put("picture", data, "image/any")
    return Asker.of(emulator).cut("picture").rgba


# 255 (255 - 143) / 200 is 143, and over half.
@each("edge", {"soft": {0, 143, 255}, "hard": {0, 255}}, engine=SoftEngine())
def test_edge(emulator, expected):
    """Alpha has values between its ends on the edge, or none."""
    alpha = cut(emulator, encode(draw_soft()))[..., 3]
    assert set(alpha.ravel().tolist()) == expected
    assert alpha[16, 22] == (143 if 143 in expected else 255)


@each("hidden", {"black": [0, 0, 0, 0], "source": [255, 255, 255, 0]})
def test_hidden(emulator, expected):
    """What does not show is black, or still the picture's."""
    rgba = cut(emulator, box_png())
    assert (rgba[rgba[..., 3] == 0] == expected).all()
    assert rgba[20, 30].tolist() == [200, 30, 40, 255]


@each("colors", {"foreground": False, "source": True}, engine=SoftEngine())
def test_colors(emulator, expected):
    """On the edge stands the subject's red, or the picture's mixture with white."""
    rgba = cut(emulator, encode(draw_soft()))
    pixel = rgba[30, 22]
    assert (pixel[:3].tolist() == list(MIXED)) == expected
    assert pixel[3] == 143
    assert expected or abs(pixel[:3].astype(int) - (200, 30, 40)).max() < 40
    assert rgba[30, 40].tolist() == [200, 30, 40, 255]
    assert rgba[0, 0].tolist() == [0, 0, 0, 0]


@each("no_subject", {"empty": [0, 0, 0, 0], "opaque": [255, 255, 255, 255]})
def test_no_subject(emulator, client, expected):
    """A picture without a subject answers 200 with one alpha everywhere."""
    rgba = cut(emulator, box_png(box=(0, 0, 0, 0)))
    assert rgba.shape == (64, 96, 4)
    assert (rgba == expected).all()
    layout = cm.MattingOptions(center=True, padding=(20, 10))
    padded = client.matte("picture", layout).rgba
    assert padded.shape == (84, 136, 4)
    assert (padded[10:-10, 20:-20] == expected).all()


@each("empty_billed", {True: 1, False: 0})
def test_empty_billed(emulator, expected):
    """An empty matte is on the bill, or not; a subject always is."""
    cut(emulator, box_png(box=(0, 0, 0, 0)))
    assert emulator.billed == expected
    cut(emulator, box_png())
    assert emulator.billed == expected + 1


@each(
    "orientation",
    {"apply": ((96, 64), (0, 48, 24, 64)), "ignore": ((64, 96), (0, 0, 16, 24))},
)
def test_orientation(emulator, expected):
    """EXIF orientation 6 turns the stored top left corner to the top right, or not."""
    rgba = cut(emulator, turned_png(draw_square(box=(0, 0, 16, 24))))
    assert (rgba.shape[:2], box_of(rgba)) == expected


ODD = {
    "CMYK": encode(Image.fromarray(draw_square()).convert("CMYK"), "JPEG"),
    "16-bit grey": encode(
        Image.fromarray(draw_square()[..., 1].astype(np.uint16) * 257)
    ),
    "16-bit colour": deep_png(draw_square()),
}


@each("modes", {"convert": "", "refuse": "InvalidImageFormat"})
def test_modes(emulator, expected):
    """CMYK and 16 bits are converted, box and all, or refused; plain ones never are."""
    for kind, data in ODD.items():
        assert refusal(emulator, data) == expected, kind
        if not expected:
            assert box_of(cut(emulator, data))[:2] == (16, 24), kind
    assert refusal(emulator, box_png()) == ""
    grey = Image.fromarray(draw_square()).convert("L")
    assert refusal(emulator, encode(grey, "JPEG")) == ""


@each("profile", {"ignore": [200, 30, 40, 255], "apply": [40, 30, 200, 255]})
def test_profile(emulator, expected):
    """A profile that calls red what others call blue is overlooked, or believed."""
    swapped = encode(draw_square(), icc_profile=swapped_profile())
    assert np.abs(cut(emulator, swapped)[20, 30].astype(int) - expected).max() <= 2
    for profile in (
        None,
        b"no profile",
        ImageCmsProfile(createProfile("sRGB")).tobytes(),
    ):
        plain = cut(emulator, encode(draw_square(), icc_profile=profile))[20, 30]
        assert np.abs(plain.astype(int) - (200, 30, 40, 255)).max() <= 2


@each("transparency", {"respect": 128, "ignore": 255})
def test_transparency(emulator, expected):
    """What the picture hides stays hidden, or what shows over white is cut."""
    rgba = np.dstack([draw_square(), np.full((64, 96), 255, np.uint8)])
    rgba[20:30, 30:40, 3], rgba[30:40, 30:40, 3] = 128, 0
    found = cut(emulator, encode(rgba))
    # Over white, half of the red is still dark enough to be the subject.
    assert found[25, 35, 3] == expected
    assert found[45, 35].tolist() == [200, 30, 40, 255]
    assert not found[35, 35].any()


KINDS = ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"]


@each(
    "limits",
    {
        Limits(): ["JPEG", "PNG"],
        Limits(formats=frozenset({"WEBP", "GIF", "TIFF"})): ["WEBP", "GIF", "TIFF"],
    },
)
def test_limits_formats(emulator, expected):
    """A format of the set is cut; any other is refused."""
    picture = Image.fromarray(draw_square())
    codes = {kind: refusal(emulator, encode(picture, kind)) for kind in KINDS}
    assert [kind for kind, code in codes.items() if not code] == expected
    assert set(codes.values()) == {"", "InvalidImageFormat"}


@each("limits", {Limits(): "ImageTooLarge", Limits(min_side=31): ""})
def test_limits_min_side(emulator, expected):
    """A side may have so few pixels and no fewer, by the code for too many."""
    assert refusal(emulator, flat(31, 40)) == expected
    assert refusal(emulator, flat(40, 31)) == expected
    assert refusal(emulator, flat(30, 40)) == "ImageTooLarge"


@each("limits", {Limits(): "ImageTooLarge", Limits(max_long_side=7681): ""})
def test_limits_max_long_side(emulator, expected):
    """The longer side may have so many pixels."""
    assert refusal(emulator, flat(7681, 32)) == expected
    assert refusal(emulator, flat(7680, 32)) == ""
    assert refusal(emulator, flat(32, 7682)) == "ImageTooLarge"


@each("limits", {Limits(): "", Limits(max_short_side=100): "ImageTooLarge"})
def test_limits_max_short_side(emulator, expected):
    """The shorter side may have so many pixels."""
    assert refusal(emulator, flat(101, 101)) == expected
    assert refusal(emulator, flat(100, 200)) == ""


@each("limits", {Limits(): "", Limits(portrait=False): "ImageTooLarge"})
def test_limits_portrait(emulator, expected):
    """A picture may be as high as another is wide, or not."""
    assert refusal(emulator, flat(4321, 32)) == expected
    assert refusal(emulator, flat(32, 4321)) == ""


@each("limits", {Limits(): "", Limits(max_bytes=200): "ImageTooLarge"})
def test_limits_max_bytes(emulator, expected):
    """A file may have so many bytes."""
    data = box_png()
    assert len(data) > 200
    assert refusal(emulator, data) == expected
    assert refusal(emulator, flat(32, 32)) == ""


@each("damaged", {name: name for name in ("InvalidImageSource", "InvalidImageFormat")})
def test_damaged(emulator, expected):
    """A picture that starts well and breaks off is refused with this code."""
    for kind in ("JPEG", "PNG"):
        assert refusal(emulator, encode(draw_square(), kind)[:-60]) == expected
