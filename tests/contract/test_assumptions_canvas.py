"""Canvas, centring and padding under each assumption."""

from __future__ import annotations

import numpy as np
from asker import Asker
from drawings import box_of, box_png
from switches import each

import cosmat_nb as cm

PLAIN = cm.MattingOptions()
CENTER = cm.MattingOptions(center=True)
PADDED = cm.MattingOptions(padding=(20, 10))
BOTH = cm.MattingOptions(center=True, padding=(20, 10))
RED = [200, 30, 40, 255]
CLEAR = [0, 0, 0, 0]
WHITE = [255, 255, 255, 255]
CENTERED = {"center-layout": "1"}
CORNER = (0, 0, 16, 24)
MIDDLE = (24, 36, 40, 60)


def cut(client, options, **drawn):
    """Cut a drawn box, 64 × 96 px; its place is (16, 24, 48, 72) unless drawn else."""
    client.put("box.png", box_png(**drawn))
    return client.matte("box.png", options).rgba


def seen(client, options, **drawn):
    """Rows and columns of the canvas, and the box that shows on it."""
    rgba = cut(client, options, **drawn)
    return rgba.shape[:2], box_of(rgba)


@each(
    "canvas",
    {
        "source": [((64, 96), (16, 24, 48, 72)), ((84, 136), (26, 44, 58, 92))],
        "subject": [((32, 48), (0, 0, 32, 48)), ((52, 88), (10, 20, 42, 68))],
    },
)
def test_canvas(client, expected):
    """The canvas is the source's or the subject's box; padding adds to either."""
    assert [seen(client, PLAIN), seen(client, PADDED)] == expected
    assert cut(client, PLAIN)[20, 30].tolist() == RED


@each(
    "centering",
    {
        # (64 - 16) / 2 rows above, (96 - 24) / 2 columns before.
        "shift": [((64, 96), (24, 36, 40, 60)), ((84, 136), (34, 56, 50, 80))],
        "crop": [((16, 24), (0, 0, 16, 24)), ((36, 64), (10, 20, 26, 44))],
    },
)
def test_centering(client, expected):
    """The box moves to the canvas' middle, or the canvas is cut to it; then padding."""
    got = [seen(client, CENTER, box=CORNER), seen(client, BOTH, box=CORNER)]
    assert got == expected
    assert seen(client, PLAIN, box=CORNER) == ((64, 96), CORNER)


@each(
    "order",
    {
        "center first": ((36, 64), (10, 20, 26, 44)),
        "pad first": ((16, 24), (0, 0, 16, 24)),
    },
    beside={"centering": "crop"},
)
def test_order(client, expected):
    """Where centring crops, it takes padding away that came before it."""
    assert seen(client, BOTH, box=CORNER) == expected


@each("padding", {"transparent": CLEAR, "white": WHITE})
def test_padding(client, expected):
    """The canvas grows by 2 dx columns and 2 dy rows of this colour alone."""
    rgba = cut(client, PADDED)
    assert rgba.shape == (84, 136, 4)
    rim = np.ones((84, 136), bool)
    rim[10:-10, 20:-20] = False
    assert (rgba[rim] == expected).all()
    assert rgba[10, 20].tolist() == CLEAR
    assert rgba[10 + 20, 20 + 30].tolist() == RED


@each(
    "padding_place",
    {
        "outside": ((84, 136), (26, 44, 58, 92)),
        # From 64 by 96 px to 44 by 56: rows 16 to 48 become 11 to 33, columns 24 to
        # 72 become 14 to 42, and 10 rows and 20 columns come before.
        "inside": ((64, 96), (21, 34, 43, 62)),
    },
)
def test_padding_place(client, expected):
    """Padding makes the canvas larger, or the picture on it smaller."""
    assert seen(client, PADDED) == expected


@each("padding_place", {"outside": ["", ""], "inside": ["InvalidArgument"] * 2})
def test_padding_place_leaves_room(emulator, expected):
    """Padding inside the canvas may not be all of it: 96 columns, 64 rows."""
    emulator.bucket.put("box.png", box_png(), "image/png")
    layouts = [{"padding-layout": text} for text in ("48x0", "0x32")]
    ask = Asker.of(emulator)
    assert [ask.cut("box.png", layout).code for layout in layouts] == expected


BAD_PADDINGS = ["1001x0", "0x1001", "20", "-1x5", "20X10"]
BAD_CENTERINGS = ["2", "true"]


@each("bad_layout", {"refuse": "InvalidArgument", "ignore": ""})
def test_bad_layout(emulator, expected):
    """A malformed layout is refused, or left out while a good one beside it counts."""
    emulator.bucket.put("box.png", box_png(box=CORNER), "image/png")
    ask = Asker.of(emulator)
    for padding in BAD_PADDINGS:
        bad = {"padding-layout": padding}
        alone, centred = (ask.cut("box.png", bad | more) for more in ({}, CENTERED))
        assert (alone.code, centred.code) == (expected, expected), bad
        if not expected:
            assert alone.rgba.shape == centred.rgba.shape == (64, 96, 4)
            assert (box_of(alone.rgba), box_of(centred.rgba)) == (CORNER, MIDDLE)
    for centering in BAD_CENTERINGS:
        bad = {"center-layout": centering, "padding-layout": "20x10"}
        answer = ask.cut("box.png", bad)
        assert answer.code == expected, bad
        assert expected or box_of(answer.rgba) == (10, 20, 26, 44)


def test_a_bad_layout_is_no_excuse_for_the_rest():
    """Another operation is refused even where bad layouts are ignored."""
    assumptions = cm.Assumptions(bad_layout="ignore")
    asked = {"ci-process": "Nope", "padding-layout": "20"}
    with cm.Emulator(assumptions=assumptions) as emulator:
        assert Asker.of(emulator).cut("box.png", asked).code == "NotImplemented"
