"""Margins as people think of them, and canvases of exact size."""

from __future__ import annotations

import base64
import dataclasses
import io
import pickle
import re

import numpy as np
import pytest
from PIL import Image
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.framing.fit import fit_canvas
from cosmat_nb.framing.pixels import resample
from cosmat_nb.matting.layout import lay_out, subject_box


def cutout_of(rgba, **options):
    """A cutout in memory that shows these pixels."""
    return cm.Cutout(
        place="drawn.png",
        options=cm.MattingOptions(**options),
        data=images.encode_png(rgba),
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=not rgba[..., 3].any(),
        nbytes=1,
    )


def draw_box(height=100, width=200, box=(10, 0, 90, 180), color=(200, 30, 40)):
    """A hard box of one colour, white under alpha 0."""
    rgba = np.full((height, width, 4), (255, 255, 255, 0), np.uint8)
    rgba[box[0] : box[2], box[1] : box[3]] = *color, 255
    return rgba


def draw_disc(radius=60, side=200, at=(70, 120)):
    """A disc with an edge one pixel wide, orange on hidden black."""
    rows, cols = np.mgrid[:side, :side] + 0.5
    distance = np.hypot(rows - at[0], cols - at[1])
    rgba = np.zeros((side, side, 4), np.uint8)
    rgba[..., 3] = np.rint(255 * (radius + 0.5 - distance).clip(0, 1))
    rgba[rgba[..., 3] > 0, :3] = 240, 140, 20
    return rgba


def ask(margins, rgba=None):
    """Options for margins around a drawn box."""
    cutout = cutout_of(draw_box() if rgba is None else rgba)
    return cm.MattingOptions.for_margin(cutout, **margins)


@pytest.mark.parametrize(
    ("margins", "center", "padding"),
    [
        # 80 of 100 rows, 180 of 200 columns: 10 px each when centred.
        ({"percent": 0}, False, (0, 0)),
        ({"percent": 5}, True, (0, 0)),
        ({"percent": 10}, True, (13, 0)),  # 23 / 226 is the first above a tenth
        ({"percent": 10, "center": False}, False, (25, 0)),  # 25 / 250
        ({"percent": 10.0, "center": True}, True, (13, 0)),
        ({"top": 10, "right": 20}, False, (0, 0)),  # there already
        ({"top": 11}, False, (0, 1)),
        ({"left": 15}, True, (5, 0)),  # 15 px without centring
        ({"right": 25}, False, (5, 0)),
        ({"top": 40, "right": 40, "bottom": 40, "left": 40}, True, (30, 30)),
    ],
)
def test_margins_become_the_smallest_padding(margins, center, padding):
    """Worked out by hand; centring is asked for where it saves padding."""
    options = ask(margins)
    assert (options.center, options.padding) == (center, padding)


def test_a_percentage_is_taken_as_it_is_written():
    """A tenth of a per cent is 1/1000, not the double beside it."""
    # One pixel free of 1000 on each side: exactly 0.1 %, so nothing is to be padded.
    rgba = draw_box(1000, 1000, (1, 1, 999, 999))
    assert ask({"percent": 0.1}, rgba).padding == (0, 0)
    assert ask({"percent": np.float64(0.1)}, rgba).padding == (0, 0)


def test_the_operation_of_the_cutout_is_kept():
    """A picture cut as goods is asked for as goods again."""
    cutout = cutout_of(draw_box(), operation="GoodsMatting")
    options = cm.MattingOptions.for_margin(cutout, percent=10)
    assert options.operation == "GoodsMatting"


def test_the_service_brings_what_for_margin_promises(client):
    """The emulator's answer has the margins that were asked for."""
    client.put("a.png", images.encode_png(draw_square()))
    plain = client.matte("a.png")
    options = cm.MattingOptions.for_margin(plain, percent=30)
    numbers = cm.measure_alpha(client.matte("a.png", options).alpha)
    shares = [getattr(numbers, f"margin_{side}_share") for side in SIDES]
    assert all(share >= 0.3 for share in shares)
    # One px of padding less on either axis would be too little.
    assert min(shares) < 0.31


SIDES = ("top", "right", "bottom", "left")


@pytest.mark.parametrize(
    ("margins", "words"),
    [
        ({}, "by percent, or by top, right, bottom and left in px; got neither"),
        ({"percent": 5, "top": 3}, "got both"),
        ({"percent": 50}, "from 0 to below 50, the margin over"),
        ({"percent": -1}, "not -1"),
        ({"percent": float("nan")}, "not nan"),
        ({"percent": "10"}, "not '10'"),
        ({"percent": True}, "not True"),
        ({"top": -1}, "top must be a whole number of px from 0; not -1"),
        ({"left": 2.5}, "left must be a whole number of px from 0; not 2.5"),
        ({"left": True}, "not True"),
        ({"top": 5, "center": "yes"}, "center must be True or False"),
        ({"top": 1011}, "need a padding of 1001 px.*1000 px at most.*fit_canvas"),
        ({"percent": 49.9}, "ask for less"),
    ],
)
def test_margins_that_cannot_be_are_refused(margins, words):
    """Each error says what was expected, what came and what to do."""
    with pytest.raises(cm.OptionsError, match=words):
        ask(margins)


def test_a_larger_canvas_is_taken_where_the_smaller_needs_too_much():
    """Not centred it would be 1100 px to each side, which the service refuses."""
    rgba = draw_box(110, 1000, (100, 0, 110, 400))
    # Centred, 300 px are free on the left, and 50 above instead of 100.
    options = ask({"top": 100, "left": 1100}, rgba)
    assert (options.center, options.padding) == (True, (800, 50))


def test_the_largest_padding_is_still_granted():
    """1000 px is what the service documents."""
    assert ask({"top": 1010}).padding == (0, 1000)


@pytest.mark.parametrize("layout", [{"center": True}, {"padding": (0, 1)}])
def test_a_cutout_that_was_laid_out_has_no_margin_of_its_own(layout):
    """Where the subject lay on the plain canvas can no longer be told."""
    cutout = cutout_of(draw_box(), **layout)
    with pytest.raises(cm.OptionsError, match="matte it without center and padding"):
        cm.MattingOptions.for_margin(cutout, percent=10)


def test_an_empty_matte_is_refused_by_both():
    """There is no subject to put anywhere."""
    empty = cutout_of(np.zeros((5, 6, 4), np.uint8))
    with pytest.raises(cm.OptionsError, match="the matte is empty"):
        cm.MattingOptions.for_margin(empty, percent=10)
    with pytest.raises(cm.OptionsError, match="the matte is empty"):
        fit_canvas(empty, 100, 100)


def test_a_marketplace_picture_has_its_size_and_its_fill():
    """2000 × 2000 px at 85 %: 1700 px of the longer side, in the middle."""
    cutout = cutout_of(draw_box(box=(10, 0, 90, 160)))
    fit = fit_canvas(cutout, 2000, 2000)
    assert (fit.rows, fit.cols, fit.offset) == (850, 1700, (575, 150))
    assert fit.scale == 1700 / 160
    picture = fit.apply(cutout)
    assert picture.shape == (2000, 2000, 4)
    assert picture.dtype == np.uint8
    assert subject_box(picture[..., 3]) == (575, 150, 1425, 1850)


def test_the_tighter_side_decides():
    """On a flat canvas the height is filled, however wide the subject is."""
    cutout = cutout_of(draw_box(box=(10, 0, 90, 160)))
    fit = fit_canvas(cutout, 1000, 100, fill=0.8)
    assert (fit.rows, fit.cols, fit.offset) == (80, 160, (10, 420))
    assert fit.scale == 1


def test_nothing_is_resampled_at_scale_one():
    """Same pixels, but for the colours that nobody sees."""
    rgba = draw_disc()
    box = subject_box(rgba[..., 3])
    expected = rgba[box.min_row : box.max_row, box.min_col : box.max_col].copy()
    rgba[rgba[..., 3] == 0, :3] = 255
    cutout = cutout_of(rgba)
    assert np.array_equal(fit_canvas(cutout, 120, 120, 1).apply(cutout), expected)


@pytest.mark.parametrize("side", [37, 90, 300, 517])
def test_a_disc_stays_a_disc(side):
    """Area and middle of a disc are those of the scaled circle, within a pixel."""
    cutout = cutout_of(draw_disc())
    fit = fit_canvas(cutout, side, side, fill=0.8)
    alpha = fit.apply(cutout)[..., 3] / 255
    radius = np.sqrt(alpha.sum() / np.pi)
    assert radius == pytest.approx(60 * fit.scale, abs=0.5)
    rows, cols = np.mgrid[:side, :side]
    for at in (rows, cols):
        assert (alpha * at).sum() / alpha.sum() == pytest.approx((side - 1) / 2, abs=1)


@pytest.mark.parametrize("side", [40, 333])
@pytest.mark.parametrize("hidden", [0, 255])
def test_hidden_colours_leave_no_fringe(side, hidden):
    """Whatever lies under alpha 0, every visible pixel has the subject's colour."""
    rgba = draw_disc()
    rgba[rgba[..., 3] == 0, :3] = hidden
    cutout = cutout_of(rgba)
    made = fit_canvas(cutout, side, side).apply(cutout)
    shown = made[made[..., 3] > 0]
    assert np.unique(shown[:, 3]).size > 5, "an edge that is soft"
    assert np.abs(shown[:, :3].astype(int) - (240, 140, 20)).max() <= 1
    assert not made[made[..., 3] == 0].any()


def test_no_second_outline_appears_outside():
    """Alpha falls off a hard edge once and never rises again."""
    rgba = np.zeros((1, 24, 4), np.uint8)
    rgba[:, 8:16] = 255
    alpha = resample(rgba, 1, 240)[0, 120:, 3].astype(int)
    assert alpha[0] == 255
    assert (np.diff(alpha) <= 0).all()
    assert alpha[80:].max() == 0


def test_a_background_is_laid_behind():
    """Opaque all over: the colour around, the composite on the soft edge."""
    cutout = cutout_of(draw_disc())
    clear = fit_canvas(cutout, 90, 80).apply(cutout).astype(float)
    for color, rgb in (
        ("white", (255,) * 3),
        ("#102030", (16, 32, 48)),
        ((1, 2, 3),) * 2,
    ):
        made = fit_canvas(cutout, 90, 80, background=color).apply(cutout)
        assert (made[..., 3] == 255).all()
        alpha = clear[..., 3:] / 255
        expected = alpha * clear[..., :3] + (1 - alpha) * rgb
        assert np.abs(made[..., :3] - expected).max() <= 0.51


def test_asking_again_changes_nothing(client):
    """The service's nearest answer, put through the last step, is the same picture."""
    client.put("a.png", images.encode_png(draw_square()))
    plain = client.matte("a.png")
    fit = fit_canvas(plain, 300, 500)
    laid = client.matte("a.png", fit.options)
    assert laid.height > plain.height
    assert np.array_equal(fit.apply(laid), fit.apply(plain))
    again = fit_canvas(laid, 300, 500)
    assert (again.options, again.difference) == (fit.options, fit.difference)


def test_the_options_bring_all_the_room_that_is_shown():
    """Nothing is added here when padding suffices, and the text says what is done."""
    cutout = cutout_of(draw_box(100, 100, (10, 20, 90, 60)))  # 80 high, 40 wide
    fit = fit_canvas(cutout, 400, 200, fill=0.5)  # scale 1.25: 320 by 160 are shown
    assert fit.options == cm.MattingOptions(center=True, padding=(110, 30))
    assert fit.difference == (
        "The service alone: 160 high × 320 wide px, subject 50 %. Here: enlarged 1.25 "
        "times, 200 high × 400 wide px, subject 50 %."
    )


def test_a_padding_that_added_nothing_does_not_count():
    """Where the service would pad inwards the canvas is never taken to be nothing."""
    cutout = cutout_of(draw_box(100, 100, (10, 20, 90, 60)), padding=(300, 300))
    fit = fit_canvas(cutout, 100, 100, fill=1)  # 80 by 80 are shown
    assert fit.options.padding == (20, 0)
    assert "alone: 80 high × 80 wide px, subject 100 %." in fit.difference


def test_the_difference_tells_what_is_cut_and_what_is_added():
    """The service cannot crop, and padding ends at 1000 px."""
    cutout = cutout_of(draw_box(100, 100, (10, 20, 90, 60)))
    fit = fit_canvas(cutout, 4000, 50, fill=0.8)  # scale 0.5: 8000 by 100 are shown
    assert fit.options.padding == (1000, 0)
    assert fit.difference == (
        "The service alone: 100 high × 2100 wide px, subject 80 %. Here: 5900 columns "
        "of empty canvas are added, shrunk to 0.5 of the size, 50 high × 4000 wide px, "
        "subject 80 %."
    )
    cut = fit_canvas(cutout, 80, 80, fill=1).difference
    assert "Here: 20 rows and 20 columns of empty canvas are cut, the size" in cut


def test_what_keeps_its_size_is_not_said_to_shrink():
    """At scale 1 nothing is resampled, and that is told."""
    fit = fit_canvas(cutout_of(draw_box(100, 100, (20, 20, 80, 80))), 60, 60, fill=1)
    assert fit.scale == 1
    cut = "Here: 40 rows and 40 columns of empty canvas are cut, the size kept, 60 high"
    assert cut in fit.difference


def test_the_least_fill_is_one_pixel():
    """A share too small for any pixel still leaves one, and no number overflows."""
    fit = fit_canvas(cutout_of(draw_box()), 30, 20, fill=5e-324)
    assert (fit.rows, fit.cols) == (1, 1)
    assert len(fit.difference) < 300


def test_a_fit_belongs_to_one_subject():
    """The step for one subject is not made on another."""
    fit = fit_canvas(cutout_of(draw_box()), 100, 100)
    other = cutout_of(draw_box(box=(10, 0, 90, 181)))
    with pytest.raises(cm.OptionsError, match=r"80 × 180 px.*fit_canvas it by itself"):
        fit.apply(other)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((0, 10), "whole numbers of px from 1"),
        ((10, 2.5), "not 10 × 2.5"),
        ((10**6, 10**6), "together; not 1000000 × 1000000"),
        ((10, 10, 0), "above 0 to 1, as 0.85; not 0"),
        ((10, 10, 1.1), "not 1.1"),
        ((10, 10, float("nan")), "not nan"),
        ((10, 10, None), "not None"),
    ],
)
def test_a_canvas_that_cannot_be_is_refused(arguments, words):
    """Sizes and fill are checked before anything is decoded."""
    with pytest.raises(cm.OptionsError, match=words):
        fit_canvas(cutout_of(draw_box()), *arguments)


@pytest.mark.parametrize("color", ["no colour", (1, 2), (1, 2, 256), 7, (0, 0, 0.5)])
def test_a_background_that_is_no_colour_is_refused(color):
    """The error names the three ways to say one."""
    with pytest.raises(cm.OptionsError, match="a colour's name, '#rrggbb' or three"):
        fit_canvas(cutout_of(draw_box()), 10, 10, background=color)


def test_margins_are_those_of_the_layout():
    """What `lay_out` does to the pixels has the margins that were asked for in px."""
    rgba = draw_box()
    laid = lay_out(rgba, ask({"top": 30, "left": 12, "right": 9}))
    box = subject_box(laid[..., 3])
    assert box.min_row >= 30
    assert box.min_col >= 12
    assert laid.shape[1] - box.max_col >= 9


def test_a_fit_is_applied_to_its_own_cutout():
    """It need not be handed over again, also after a trip through a pickle."""
    cutout = cutout_of(draw_disc())
    fit = fit_canvas(cutout, 90, 80)
    assert np.array_equal(fit.apply(), fit.apply(cutout))
    again = pickle.loads(pickle.dumps(fit))
    assert np.array_equal(again.apply(), fit.apply())
    assert "cutout" not in repr(fit)


def test_a_finished_picture_is_saved_as_png(tmp_path):
    """Every pixel and its alpha; the path comes back."""
    fit = fit_canvas(cutout_of(draw_disc()), 90, 80)
    path = fit.save(tmp_path / "disc.PNG")
    assert np.array_equal(np.asarray(Image.open(path)), fit.apply())
    laid = fit_canvas(cutout_of(draw_disc()), 90, 80, background="white")
    laid.save(str(path))
    assert np.array_equal(np.asarray(Image.open(path)), laid.apply())


@pytest.mark.parametrize("name", ["disc.jpg", "disc.JPEG"])
def test_a_finished_picture_on_a_background_is_saved_as_jpeg(tmp_path, name):
    """Three planes of the picture that `apply` makes, but for what JPEG loses."""
    fit = fit_canvas(cutout_of(draw_disc()), 90, 80, background=(10, 200, 30))
    image = Image.open(fit.save(tmp_path / name))
    assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (90, 80))
    assert np.abs(np.asarray(image) - fit.apply()[..., :3].astype(int)).mean() < 5


def test_another_cutout_can_be_saved(tmp_path):
    """The answer to the fit's own options gives the same file, another subject none."""
    cutout = cutout_of(draw_box())
    fit = fit_canvas(cutout, 100, 100)
    laid = cutout_of(lay_out(cutout.rgba, fit.options), center=True)
    one, two = fit.save(tmp_path / "1.png"), fit.save(tmp_path / "2.png", laid)
    assert one.read_bytes() == two.read_bytes()
    with pytest.raises(cm.OptionsError, match="fit_canvas it by itself"):
        fit.save(tmp_path / "3.png", cutout_of(draw_disc()))


@pytest.mark.parametrize(
    ("name", "width", "background", "words"),
    [
        ("a.webp", 10, None, "name it .png or .jpg, not 'a.webp'"),
        ("a", 10, "white", "name it .png or .jpg, not 'a'"),
        ("a.jpg", 10, None, "no transparency.*not 'a.jpg', or pass background="),
        ("a.jpg", 65_501, "white", "65500 px a side at most: name it .png"),
        ("none/a.png", 10, None, "cannot write .*none.a.png: No such file"),
    ],
)
def test_a_file_that_cannot_be_is_refused(tmp_path, name, width, background, words):
    """The error says how to name it, and nothing is written."""
    fit = fit_canvas(cutout_of(draw_box()), width, 10, background=background)
    with pytest.raises(cm.OptionsError, match=words):
        fit.save(tmp_path / name)
    assert list(tmp_path.iterdir()) == []


def test_the_largest_jpeg_is_written(tmp_path):
    """65500 px of a side are still saved."""
    fit = fit_canvas(cutout_of(draw_box()), 65_500, 2, background="white")
    with Image.open(fit.save(tmp_path / "a.jpg")) as image:
        assert image.size == (65_500, 2)


def test_a_fit_shows_itself(tmp_path):
    """The finished picture, 320 px at most, its size as text, and the difference."""
    cutout = cutout_of(draw_box(box=(10, 0, 90, 160)))
    fit = fit_canvas(cutout, 4000, 2000, fill=0.5, background=(0, 0, 255))
    page = fit._repr_html_()
    assert 'alt="finished picture, 2000 high × 4000 wide px"' in page
    assert fit.difference in page
    data = re.search(r"base64,([^\"]+)", page)[1]
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(data))).convert("RGB"))
    assert shown.shape == (160, 320, 3)
    # 160 by 80 of the subject, in the middle: red on blue.
    red = np.argwhere(shown[..., 0] > shown[..., 2])
    assert np.abs(red.min(axis=0) - (40, 80)).max() <= 1
    assert np.abs(red.max(axis=0) - (119, 239)).max() <= 1
    small = fit_canvas(cutout, 30, 20)._repr_html_()
    assert 'width="30" height="20"' in small
    gone = cm.Cutout(
        place="a.jpg", options=fit.options, height=1, width=1, is_empty=False,
        nbytes=1, folder=tmp_path / "<b>", sha256="00",
    )  # fmt: skip
    lost = dataclasses.replace(fit, cutout=gone)
    assert "cannot be read" in lost._repr_html_()


@pytest.mark.parametrize("cutout", [None, "mug.jpg", np.zeros((2, 2, 4), np.uint8)])
def test_only_a_cutout_is_fitted(cutout):
    """The error names what came instead."""
    words = f"expected a Cutout; got {type(cutout).__name__}"
    with pytest.raises(cm.OptionsError, match=words):
        fit_canvas(cutout, 10, 10)


def test_more_margin_than_asked_for_stays_as_it_is():
    """The mug of the samples has 19 % and more free, so ten need no padding."""
    with cm.connect_emulator() as client:
        mug = client.matte("samples/mug.jpg")
    numbers = cm.measure_alpha(mug.alpha)
    assert round(min(getattr(numbers, f"margin_{s}_share") for s in SIDES), 2) == 0.19
    assert cm.MattingOptions.for_margin(mug, percent=10) == cm.MattingOptions()
    assert "19 % free" in cm.MattingOptions.for_margin.__doc__
