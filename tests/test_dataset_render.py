"""Cutouts become examples: pictures kept or made, mattes where they belong."""

from __future__ import annotations

import hashlib
import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image, ImageCms, PngImagePlugin
from rendered import (
    cut_disc,
    draw_photograph,
    make_cutout,
    pixels_of,
    read_image,
    render,
    to_file,
)

from cosmat_nb import images
from cosmat_nb.dataset.example import Drawn, Subject, hard_mask
from cosmat_nb.dataset.pictures.encoding import decode_alpha, encode_alpha
from cosmat_nb.dataset.pictures.render import render_drawn
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.errors import CosmatError, ImageError, OptionsError
from cosmat_nb.frame.before import NOT_FOUND
from cosmat_nb.options import MattingOptions

PHOTOGRAPH = draw_photograph()
PNG = to_file(PHOTOGRAPH, "PNG")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def exif(orientation):
    """EXIF that names a maker, and how the picture is to be turned."""
    tags = Image.Exif()
    tags[271], tags[274] = "Maker", orientation
    return tags


def deep_png(pixels):
    """Write (H, W, 3) uint8 as a PNG of 16 bits a channel, which Pillow cannot."""
    height, width = pixels.shape[:2]
    lines = (pixels.astype(">u2") * 257).reshape(height, -1)
    raw = b"".join(b"\0" + line.tobytes() for line in lines)
    chunks = (
        (b"IHDR", struct.pack(">2I5B", width, height, 16, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(raw)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + kind
        + data
        + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


def cut(data, **options):
    """Cut a disc out of a file, as the service would."""
    return make_cutout(cut_disc(images.decode_rgb(data)), **options)


def moved(rgba, rows, cols, shape=(60, 90)):
    """Lay a cutout on a larger canvas."""
    canvas = np.zeros((*shape, 4), np.uint8)
    canvas[rows : rows + rgba.shape[0], cols : cols + rgba.shape[1]] = rgba
    return canvas


KEPT = {
    "jpeg": to_file(PHOTOGRAPH, "JPEG", quality=95),
    "grey jpeg": to_file(PHOTOGRAPH[..., 0], "JPEG", quality=95),
    "upright jpeg": to_file(PHOTOGRAPH, "JPEG", quality=95, exif=exif(1)),
    "two pictures": to_file(
        PHOTOGRAPH,
        "MPO",
        save_all=True,
        append_images=[Image.fromarray(PHOTOGRAPH[::-1])],
        quality=95,
    ),
    "png": PNG,
    "webp": to_file(PHOTOGRAPH, "WEBP", lossless=True),
}


@pytest.mark.parametrize("data", KEPT.values(), ids=KEPT)
def test_a_source_is_kept_byte_by_byte(data):
    """A file that every tool reads is written as it was, its EXIF included."""
    example = render(cut(data), data)
    assert example.image.data == data
    assert example.facts["source"] == {
        "sha256": hashlib.sha256(data).hexdigest(),
        "height": 40,
        "width": 60,
        "format": read_image(example).format,
        "offset": [0, 0],
        "encoded": "as it was",
    }
    assert np.array_equal(example.alpha, cut_disc(PHOTOGRAPH)[..., 3])


FILES = {
    "turned": (
        to_file(PHOTOGRAPH, "JPEG", quality=95, exif=exif(6)),
        "turned upright",
        ".jpg",
    ),
    "mirrored": (to_file(PHOTOGRAPH, "PNG", exif=exif(2)), "turned upright", ".png"),
    "cmyk": (
        to_file(Image.fromarray(PHOTOGRAPH).convert("CMYK"), "JPEG", quality=95),
        "8-bit RGB in place of CMYK",
        ".jpg",
    ),
    "palette": (
        to_file(Image.fromarray(PHOTOGRAPH).quantize(64), "PNG"),
        "8-bit RGB in place of P",
        ".png",
    ),
    "deep grey": (
        encode_alpha(PHOTOGRAPH[..., 0] * np.uint16(257)),
        "8-bit RGB in place of I;16",
        ".png",
    ),
    "deep": (deep_png(PHOTOGRAPH), "8 bits in place of 16", ".png"),
    "alpha": (
        to_file(np.dstack([PHOTOGRAPH, PHOTOGRAPH[..., 0]]), "PNG"),
        "its transparency laid over white",
        ".png",
    ),
    "moving": (
        to_file(
            PHOTOGRAPH,
            "PNG",
            save_all=True,
            append_images=[Image.fromarray(PHOTOGRAPH[::-1])],
        ),
        "the first picture of an animation",
        ".png",
    ),
    "tiff": (
        to_file(PHOTOGRAPH, "TIFF"),
        "TIFF is no kind that training tools read",
        ".png",
    ),
}


@pytest.mark.parametrize(("data", "reason", "suffix"), FILES.values(), ids=FILES)
def test_a_source_that_tools_do_not_read_alike_is_encoded_anew(data, reason, suffix):
    """It becomes 8-bit RGB, upright, without EXIF; the manifest says why."""
    example = render(cut(data), data)
    assert example.facts["source"]["encoded"] == f"anew: {reason}"
    assert example.image.suffix == suffix
    image = read_image(example)
    assert image.mode == "RGB"
    assert not image.getexif()
    assert not getattr(image, "is_animated", False)
    shown = images.decode_rgb(data)
    assert example.alpha.shape == shown.shape[:2] == (image.height, image.width)
    near = 60 if suffix == ".jpg" else 0
    assert np.abs(np.asarray(image).astype(int) - shown).max() <= near
    assert np.array_equal(example.alpha, cut_disc(shown)[..., 3])


def test_all_reasons_are_told():
    """A file that is turned, made smaller and of another kind says all three."""
    data = to_file(PHOTOGRAPH, "JPEG", exif=exif(3), quality=95)
    example = render(cut(data), data, size=30, file="webp")
    reasons = "anew: turned upright, resized, as WEBP"
    assert example.facts["source"]["encoded"] == reasons
    assert example.image.suffix == ".webp"
    assert read_image(example).size == (30, 20)


@pytest.mark.parametrize(
    ("data", "file", "kept"),
    [
        (KEPT["jpeg"], "jpeg", True),
        (KEPT["two pictures"], "jpeg", True),
        (KEPT["jpeg"], "png", False),
        (PNG, "png", True),
        (PNG, "jpeg", False),
        (KEPT["webp"], "webp", True),
        (KEPT["webp"], "png", False),
    ],
)
def test_a_source_of_the_kind_asked_for_is_kept(data, file, kept):
    """Only another kind of file forces a new encoding; quality alone does not."""
    example = render(cut(data), data, file=file, quality=5)
    assert (example.image.data == data) is kept
    assert read_image(example).format.lower() in (file, "mpo")


def test_quality_counts_for_what_is_encoded_anew():
    """A source that becomes a JPEG is one of the quality asked for."""
    low, high = (
        render(cut(PNG), PNG, file="jpeg", quality=quality) for quality in (30, 95)
    )
    assert images.read_header(low.image.data).quality == 30
    assert images.read_header(high.image.data).quality == 95


def test_a_profile_of_rgb_stays_with_the_pixels():
    """Pixels encoded anew mean what they meant; a profile of CMYK does not fit them."""
    data = to_file(PHOTOGRAPH, "PNG", icc_profile=SRGB)
    example = render(cut(data), data, size=30)
    assert read_image(example).info["icc_profile"] == SRGB
    other = SRGB[:16] + b"CMYK" + SRGB[20:]
    cmyk = Image.fromarray(PHOTOGRAPH).convert("CMYK")
    data = to_file(cmyk, "JPEG", quality=95, icc_profile=other)
    assert "icc_profile" not in read_image(render(cut(data), data)).info


@pytest.mark.parametrize("place", [(10, 15), (0, 30), (3, 1)])
@pytest.mark.parametrize("asked", [{"center": True}, {"padding": (15, 10)}])
def test_a_moved_cutout_is_laid_back(asked, place):
    """The matte lies on the photograph where the subject is, whatever was asked."""
    rgba = cut_disc(PHOTOGRAPH)
    example = render(make_cutout(moved(rgba, *place), **asked), PNG)
    assert np.array_equal(example.alpha, rgba[..., 3])
    assert example.image.data == PNG
    assert example.facts["source"]["offset"] == list(place)


@pytest.mark.parametrize("asked", [{}, {"center": True}])
@pytest.mark.parametrize(
    "settings", [{}, {"image": "cutout", "colors": "estimated"}], ids=str
)
def test_a_cutout_of_another_picture_is_refused(asked, settings):
    """Where the subject is not on the source, there is a reason and no example."""
    other = to_file(np.ascontiguousarray(PHOTOGRAPH[::-1, ::-1]), "PNG")
    with pytest.raises(CosmatError, match="source: ") as refusal:
        render(cut(PNG, **asked), other, **settings)
    assert NOT_FOUND in str(refusal.value)


def test_an_empty_matte_is_an_example():
    """Nothing shows and nothing is found: the matte is 0 on all of the photograph."""
    example = render(make_cutout(np.zeros((40, 60, 4), np.uint8)), PNG)
    assert example.image.data == PNG
    assert example.facts["source"]["offset"] == [0, 0]
    assert not example.alpha.any()
    example = render(make_cutout(np.zeros((70, 90, 4), np.uint8), center=True), PNG)
    assert example.alpha.shape == (40, 60)
    assert not example.alpha.any()
    assert example.facts["source"]["offset"] is None


def test_an_empty_matte_of_another_size_is_refused():
    """One that nothing has moved has the size of its source, or is of another."""
    with pytest.raises(CosmatError, match="source: "):
        render(make_cutout(np.zeros((40, 61, 4), np.uint8)), PNG)


@pytest.mark.parametrize(
    ("source", "error", "message"),
    [
        (PNG[:900], ImageError, "source: expected a whole picture"),
        (b"<html>", ImageError, "source: expected a picture"),
        (bytearray(PNG), OptionsError, "bytes; got bytearray"),
    ],
)
def test_a_source_that_is_no_picture_is_refused(source, error, message):
    """The error says that it is about the source."""
    with pytest.raises(error, match=message):
        render(cut(PNG), source)


def test_a_source_that_cannot_be_had_is_not_hidden():
    """What the reading raises comes through as it is."""

    def gone():
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError, match="gone"):
        render(cut(PNG), gone)


def test_a_plain_png_of_the_service_is_kept():
    """Where nothing has to be changed, a cutout is the answer byte by byte."""
    cutout = cut(PNG)
    example = render(cutout, image="cutout")
    assert example.image.data == cutout.png
    assert np.array_equal(example.alpha, cutout.rgba[..., 3])
    assert example.alpha.dtype == np.uint8
    assert example.facts["picture"]["premultiplied"] is False
    assert "source" not in example.facts


def test_a_png_that_tells_more_is_written_anew():
    """Text in the service's file does not get into the data set; the pixels do."""
    rgba = cut_disc(PHOTOGRAPH)
    text = PngImagePlugin.PngInfo()
    text.add_text("Author", "somebody")
    png = to_file(rgba, "PNG", pnginfo=text)
    example = render(make_cutout(rgba, png=png), image="cutout")
    assert b"somebody" not in example.image.data
    assert np.array_equal(pixels_of(example), rgba)


def littered():
    """A disc with colours left where nothing shows."""
    rgba = cut_disc(PHOTOGRAPH).copy()
    rgba[rgba[..., 3] == 0, :3] = 9, 99, 199
    return rgba


@pytest.mark.parametrize("file", ["png", "webp"])
def test_colours_under_alpha_0_are_wiped(file):
    """They are 0 in the file, and all that shows is as it was."""
    example = render(make_cutout(littered()), image="cutout", file=file)
    assert np.array_equal(pixels_of(example), cut_disc(PHOTOGRAPH))


@pytest.mark.parametrize("file", ["png", "webp"])
def test_colours_under_alpha_0_can_be_kept(file):
    """Without wiping every level of the answer is in the file."""
    settings = {"image": "cutout", "file": file, "wipe": False}
    example = render(make_cutout(littered()), **settings)
    assert np.array_equal(pixels_of(example), littered())


def test_premultiplied_colours_are_declared():
    """Each level is ``rgb alpha / 255``, rounded, and the facts say so."""
    rgba = np.array([[[200, 100, 51, 128], [7, 8, 9, 0], [1, 2, 3, 255]]], np.uint8)
    example = render(make_cutout(rgba), image="cutout", premultiplied=True)
    # 200 * 128 / 255 = 100.4; 50.2; 25.6.
    expected = [[[100, 50, 26, 128], [0, 0, 0, 0], [1, 2, 3, 255]]]
    assert pixels_of(example).tolist() == expected
    assert example.facts["picture"]["premultiplied"] is True
    assert example.alpha.tolist() == [[128, 0, 255]]


@pytest.mark.parametrize("image", ["source", "cutout", "composite"])
def test_sixteen_bits_are_the_services_own_times_257(image):
    """Without a size no level is invented: 128 of 255 is 32896 of 65535."""
    example = render(cut(PNG), lambda: PNG, image=image, alpha_bits=16)
    eight = cut_disc(PHOTOGRAPH)[..., 3]
    assert example.alpha.dtype == np.uint16
    assert np.array_equal(example.alpha, eight.astype(np.uint16) * 257)
    assert np.array_equal(decode_alpha(encode_alpha(example.alpha)), example.alpha)
    assert np.array_equal(hard_mask(example.alpha), hard_mask(eight))


@pytest.mark.parametrize("image", ["source", "cutout", "composite"])
def test_sixteen_bits_keep_what_resampling_made(image):
    """After a size there are levels between those of 8 bits, which round to them."""
    fine, coarse = (
        render(cut(PNG), lambda: PNG, image=image, size=31, alpha_bits=bits)
        for bits in (16, 8)
    )
    assert (fine.alpha % 257 > 0).any()
    rounded = (fine.alpha.astype(int) + 128) // 257
    assert np.abs(rounded - coarse.alpha).max() <= 1
    assert (rounded != coarse.alpha).mean() < 0.01
    assert np.array_equal(hard_mask(fine.alpha), hard_mask(coarse.alpha))


def test_a_cutouts_alpha_is_its_matte():
    """The picture's fourth channel and the matte agree to the level after a size."""
    example = render(cut(PNG), image="cutout", size=(50, 50))
    assert np.array_equal(pixels_of(example)[..., 3], example.alpha)


def test_resampling_leaves_no_fringe():
    """Colours under alpha 0 do not leak into the edge of a red disc."""
    rgba = cut_disc(np.full((40, 60, 3), (200, 20, 10), np.uint8)).copy()
    rgba[rgba[..., 3] == 0, :3] = 0, 255, 0
    pixels = pixels_of(render(make_cutout(rgba), image="cutout", size=33))
    shown = pixels[pixels[..., 3] > 0]
    assert np.abs(shown[:, :3] - np.array([200, 20, 10])).max() <= 1
    assert not pixels[pixels[..., 3] == 0].any()


def mixed(green=220):
    """A red disc photographed on green, and its cutout with the green still in it."""
    disc = cut_disc(np.full((40, 60, 3), 255, np.uint8))
    share = disc[..., 3:] / 255
    photograph = np.rint(share * (200, 20, 10) + (1 - share) * (0, green, 0))
    photograph = photograph.astype(np.uint8)
    # A mark that tells the place, where the disc is opaque.
    photograph[18:26, 20:30] = PHOTOGRAPH[18:26, 20:30]
    rgba = np.dstack([np.where(share > 0, photograph, 0), disc[..., 3]])
    return photograph, rgba.astype(np.uint8)


@pytest.mark.parametrize("place", [None, (7, 21)])
def test_estimated_colours_are_free_of_the_old_background(place):
    """The edge of a red disc on green turns red; what is opaque stays as it came."""
    photograph, rgba = mixed()
    source = to_file(photograph, "PNG")
    laid = rgba if place is None else moved(rgba, *place)
    cutout = make_cutout(laid, center=place is not None)
    settings = {"image": "cutout", "colors": "estimated"}
    pixels = pixels_of(render(cutout, source, **settings))
    soft = (laid[..., 3] > 20) & (laid[..., 3] < 255)
    assert laid[soft][:, 1].max() > 150
    assert np.abs(pixels[soft][:, :3] - np.array([200.0, 20, 10])).max() < 25
    hard = laid[..., 3] == 255
    assert np.array_equal(pixels[hard], laid[hard])
    assert np.array_equal(pixels[..., 3], laid[..., 3])
    assert not pixels[laid[..., 3] == 0].any()
    told = render(cutout, source, **settings).facts["source"]
    assert told["offset"] == list(place or (0, 0))
    assert "encoded" not in told


def test_opaque_pixels_stay_as_they_came():
    """Where the source was decoded a little differently, only soft pixels are new."""
    photograph, rgba = mixed()
    source = to_file(photograph.clip(0, 252) + np.uint8(3), "PNG")
    settings = {"image": "cutout", "colors": "estimated", "wipe": False}
    pixels = pixels_of(render(make_cutout(rgba), source, **settings))
    soft = (rgba[..., 3] > 0) & (rgba[..., 3] < 255)
    assert np.array_equal(pixels[~soft], rgba[~soft])
    assert not np.array_equal(pixels[soft], rgba[soft])


def test_estimated_colours_are_resampled():
    """A size keeps the edge free of the old background."""
    photograph, rgba = mixed()
    settings = {"image": "cutout", "colors": "estimated", "size": (50, 50)}
    source = to_file(photograph, "PNG")
    pixels = pixels_of(render(make_cutout(rgba), source, **settings))
    soft = (pixels[..., 3] > 40) & (pixels[..., 3] < 255)
    # The mark in the middle has other colours, which bicubic lobes do not reach.
    assert np.abs(pixels[soft][:, :3] - np.array([200.0, 20, 10])).max() < 35


def test_estimating_needs_soft_pixels():
    """A hard matte, or an empty one, has nothing to estimate: no source is read."""
    settings = {"image": "composite", "colors": "estimated"}
    for rgba in (np.full((4, 5, 4), 255, np.uint8), np.zeros((4, 5, 4), np.uint8)):
        assert "source" not in render(make_cutout(rgba), **settings).facts


def test_a_composite_lies_on_its_background():
    """It is opaque, shows the background around the subject, and is a JPEG."""
    settings = {"image": "composite", "background": (10, 200, 30)}
    example = render(cut(PNG), **settings)
    assert (example.image.suffix, read_image(example).mode) == (".jpg", "RGB")
    exact = pixels_of(render(cut(PNG), file="png", **settings))
    rgba = cut_disc(PHOTOGRAPH)
    share = rgba[..., 3:] / 255
    expected = share * rgba[..., :3] + (1 - share) * (10, 200, 30)
    assert np.abs(exact - expected).max() <= 0.51
    assert np.abs(pixels_of(example)[:5, 45:] - np.array([10, 200, 30.0])).max() < 4


def test_a_picture_lies_behind_a_composite(tmp_path):
    """It covers all of the canvas, around a fitted cutout too, the same each time."""
    wall = draw_photograph(50, 50)
    path = tmp_path / "wall.png"
    path.write_bytes(to_file(wall, "PNG"))
    settings = {"image": "composite", "file": "png", "background": path}
    first, again = (render(cut(PNG), size=(50, 50), **settings) for _ in range(2))
    assert first.image == again.image
    shown = first.alpha == 0
    assert np.array_equal(pixels_of(first)[shown], wall[shown])
    assert pixels_of(render(cut(PNG), **settings)).shape == (40, 60, 3)


@pytest.mark.parametrize(
    ("size", "canvas", "box"),
    [
        (None, (40, 60), [0, 0, 40, 60]),
        (90, (40, 60), [0, 0, 40, 60]),
        (60, (40, 60), [0, 0, 40, 60]),
        (30, (20, 30), [0, 0, 20, 30]),
        (31, (21, 31), [0, 0, 21, 31]),
        (1, (1, 1), [0, 0, 1, 1]),
        ((40, 60), (40, 60), [0, 0, 40, 60]),
        ((40, 81), (40, 81), [0, 10, 40, 70]),
        ((80, 120), (80, 120), [0, 0, 80, 120]),
        ((30, 30), (30, 30), [5, 0, 25, 30]),
        ((100, 30), (100, 30), [40, 0, 60, 30]),
    ],
)
@pytest.mark.parametrize("image", ["source", "cutout", "composite"])
def test_sizes_are_as_asked_and_told(image, size, canvas, box):
    """A side only shrinks; a canvas is filled as far as it goes, from the middle."""
    example = render(cut(PNG), lambda: PNG, image=image, size=size)
    assert (example.image.height, example.image.width) == canvas
    assert read_image(example).size == canvas[::-1]
    assert example.alpha.shape == canvas
    facts = example.facts
    assert (facts["height"], facts["width"]) == canvas
    assert facts["picture"]["frame"] == [40, 60]
    assert facts["picture"]["box"] == box
    outside = np.ones(canvas, bool)
    outside[box[0] : box[2], box[1] : box[3]] = False
    assert not example.alpha[outside].any()
    if canvas == (40, 60) and image == "source":
        assert example.image.data == PNG


@pytest.mark.parametrize(
    ("image", "around"),
    [("source", (9, 8, 7)), ("composite", (9, 8, 7)), ("cutout", (0, 0, 0, 0))],
)
def test_around_a_fitted_picture_lies_the_background(image, around):
    """Of a source and a composite it is the colour asked for, of a cutout nothing."""
    settings = {"image": image, "file": "png", "background": (9, 8, 7)}
    example = render(cut(PNG), lambda: PNG, size=(60, 60), **settings)
    pixels = pixels_of(example)
    assert (pixels[:10] == around).all()
    assert (pixels[50:] == around).all()
    if image == "source":
        assert np.array_equal(pixels[10:50], PHOTOGRAPH)
        assert example.facts["source"]["encoded"] == "anew: on a larger canvas"


def test_labels_can_be_brought_back():
    """A pixel of the written matte lies where frame and box say on the source."""
    photograph = draw_photograph(90, 120)
    rgba = cut_disc(photograph, (30, 80), 15)
    source = to_file(photograph, "PNG")
    example = render(make_cutout(rgba), source, size=(77, 64))
    top, left, bottom, right = example.facts["picture"]["box"]
    height, width = example.facts["picture"]["frame"]
    rows, cols = np.nonzero(hard_mask(example.alpha))
    row = (rows.mean() + 0.5 - top) * height / (bottom - top) - 0.5
    col = (cols.mean() + 0.5 - left) * width / (right - left) - 0.5
    assert abs(row - 30) < 0.1
    assert abs(col - 80) < 0.1


def test_an_example_tells_who_it_is():
    """Name, split, subject and the facts given are there; the facts given stay."""
    cutout = make_cutout(
        cut_disc(PHOTOGRAPH), place="https://me:pass@example.com/a.png?q-sign=5aed"
    )
    example = render(cutout, image="cutout")
    assert (example.name, example.split) == ("mug", "train")
    (subject,) = example.subjects
    assert subject.category == "mug"
    assert subject.key == "https://example.com/a.png"
    assert subject.alpha is example.alpha
    assert example.facts["license"] == "CC0-1.0"
    assert example.facts["picture"]["image"] == "cutout"


@pytest.mark.parametrize(
    "settings",
    [
        {"size": 33},
        {"image": "cutout", "colors": "estimated", "file": "webp", "size": (50, 50)},
        {"image": "composite", "alpha_bits": 16, "file": "webp"},
    ],
    ids=str,
)
def test_the_same_makes_the_same_bytes(settings):
    """Two renderings of one cutout are equal to the byte."""
    first, again = (render(cut(PNG), lambda: PNG, **settings) for _ in range(2))
    assert first.image == again.image
    assert first.facts == again.facts
    assert encode_alpha(first.alpha) == encode_alpha(again.alpha)


def test_what_the_service_answers_becomes_examples(client):
    """A cutout of the emulator, centred and padded, is laid back on its source."""
    client.put("box.png", PNG)
    cutout = client.matte(
        "box.png", options=MattingOptions(center=True, padding=(8, 4))
    )
    example = render(cutout, lambda: client.fetch("box.png"))
    plain = client.matte("box.png")
    assert np.array_equal(example.alpha, plain.rgba[..., 3])


def scene(dtype=np.uint8):
    """Three shares of each pixel, which sum up to what is left of the background."""
    rng = np.random.default_rng(3)
    left = np.full((30, 50), np.iinfo(dtype).max, dtype)
    subjects = []
    for name in ("mug", "ball", "mug"):
        share = (left * rng.random(left.shape) ** 2).astype(dtype)
        share[:, :10] = 0
        left = left - share
        subjects.append(Subject(share, name, f"a/{name}.jpg"))
    whole = sum((each.alpha for each in subjects), np.zeros_like(left))
    return Drawn(draw_photograph(30, 50), whole, tuple(subjects))


def draw(drawn, **settings):
    """Render a scene."""
    facts = {"license": "CC0-1.0"}
    return render_drawn(drawn, Rendering(**settings), name="s", split="", facts=facts)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("size", [None, 17, (64, 64), (30, 70)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_shares_of_a_scene_sum_up_to_its_matte(dtype, size, bits):
    """At every size and depth the whole is the sum of its parts, exactly."""
    example = draw(scene(dtype), size=size, alpha_bits=bits)
    summed = sum(each.alpha.astype(int) for each in example.subjects)
    assert np.array_equal(summed, example.alpha)
    assert example.alpha.dtype == (np.uint8 if bits == 8 else np.uint16)
    assert [each.category for each in example.subjects] == ["mug", "ball", "mug"]
    assert [each.key for each in example.subjects] == [
        f"a/{name}.jpg" for name in ("mug", "ball", "mug")
    ]


def test_a_scene_is_written_as_it_was_drawn():
    """Without a size and at its own depth nothing is changed, and it is a JPEG."""
    drawn = scene()
    example = draw(drawn, file="png")
    assert np.array_equal(pixels_of(example), drawn.image)
    assert np.array_equal(example.alpha, drawn.alpha)
    for made, given in zip(example.subjects, drawn.subjects, strict=True):
        assert np.array_equal(made.alpha, given.alpha)
    assert draw(drawn).image.suffix == ".jpg"
    assert images.read_header(draw(drawn, quality=40).image.data).quality == 40
    assert example.facts == {
        "license": "CC0-1.0",
        "height": 30,
        "width": 50,
        "picture": {"image": "composite", "frame": [30, 50], "box": [0, 0, 30, 50]},
    }


def test_a_share_is_what_it_would_be_alone():
    """Rounding sums in place of shares moves none by more than a level."""
    drawn = scene()
    together = draw(drawn, size=21)
    for part, subject in zip(together.subjects, drawn.subjects, strict=True):
        alone = draw(Drawn(drawn.image, subject.alpha, (subject,)), size=21)
        difference = part.alpha.astype(int) - alone.alpha
        assert np.abs(difference).max() <= 1


def test_a_scene_without_subjects_has_an_empty_matte():
    """A background alone is an example: its matte is 0, of the picture's size."""
    drawn = Drawn(draw_photograph(30, 50), np.zeros((30, 50), np.uint8), ())
    example = draw(drawn, size=25, alpha_bits=16)
    assert example.alpha.shape == (15, 25)
    assert example.alpha.dtype == np.uint16
    assert not example.alpha.any()
    assert example.subjects == ()


def test_around_a_fitted_scene_lies_the_background():
    """A canvas that a scene does not fill shows the colour asked for."""
    example = draw(scene(), size=(50, 50), file="png", background="#010203")
    assert (pixels_of(example)[:10] == (1, 2, 3)).all()
    assert not example.alpha[:10].any()


def test_the_file_is_what_the_facts_say():
    """Height and width are those of the picture as every viewer shows it."""
    data = to_file(PHOTOGRAPH, "JPEG", quality=95, exif=exif(6))
    example = render(cut(data), data)
    with Image.open(io.BytesIO(example.image.data)) as image:
        assert image.size == (40, 60)
    assert (example.facts["height"], example.facts["width"]) == (60, 40)
    assert (example.image.height, example.image.width) == (60, 40)
