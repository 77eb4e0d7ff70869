"""Sweeps as figures and as a free preview, judged by what is drawn and written."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.frame.sweeping import sweep_options
from cosmat_nb.matting.layout import lay_out
from cosmat_nb.view.sweep.preview import preview_sweep
from cosmat_nb.view.sweep.sweep import plot_sweep

HOSTILE = '<script>alert(1)</script> & $x^2$ "quotes" \u202eevil.jpg'
SETS = {
    "plain": cm.MattingOptions(),
    "centred": cm.MattingOptions(center=True),
    "padded <b>$": cm.MattingOptions(padding=(48, 16)),
}


@pytest.fixture
def sweep(client, square):
    """A sweep of a picture, of one with a hostile key, and of one that is missing."""
    client.put("red.jpg", square)
    client.put(HOSTILE, images.encode_jpeg(draw_square(40, 40, (0, 0, 20, 20))))
    frame = pd.DataFrame({"key": ["red.jpg", HOSTILE, "missing.jpg"]})
    return sweep_options(frame, client, SETS, progress=False)


def numbers(values, sets=("a", "b")):
    """Make a sweep of numbers alone: one row of values for each key."""
    rows = [
        {"key": f"k{row}", "options": name, "cutout": None, "x": value}
        for row, line in enumerate(values)
        for name, value in zip(sets, line, strict=True)
    ]
    return pd.DataFrame(rows)


def texts(figure):
    """Return all words of a figure that stand in its axes."""
    found = [t.get_text() for axes in figure.axes for t in axes.texts]
    found += [axes.get_xlabel() for axes in figure.axes]
    return found + [axes.get_title() for axes in figure.axes]


def test_keys_by_options(sweep):
    """A row of axes for each key, one for its name and one for each option set."""
    figure = plot_sweep(sweep, rows=2)
    assert len(figure.axes) == 2 * 4
    assert [axes.get_title() for axes in figure.axes[1:4]] == list(SETS)
    assert [len(axes.images) for axes in figure.axes] == [0, 1, 1, 1] * 2
    assert figure.axes[0].texts[0].get_text() == "red.jpg"
    assert figure._repr_jpeg_().startswith(b"\xff\xd8")


def test_pictures_of_a_key_have_one_scale(sweep):
    """The canvas of each is outlined in its own size, within the largest one's axes."""
    figure = plot_sweep(sweep, rows=1)
    cells = figure.axes[1:]
    # 64 x 96 px, and 96 x 192 with dx 48 and dy 16: every cell spans the latter.
    assert [axes.get_xlim() for axes in cells] == [(0, 192)] * 3
    assert [axes.get_ylim() for axes in cells] == [(96, 0)] * 3
    outlines = [axes.patches[0] for axes in cells]
    sizes = [(each.get_height(), each.get_width()) for each in outlines]
    assert sizes == [(64, 96), (64, 96), (96, 192)]
    assert [each.get_xy() for each in outlines] == [(48, 16), (48, 16), (0, 0)]
    assert [axes.images[0].get_extent() for axes in cells] == [
        [48, 144, 80, 16],
        [48, 144, 80, 16],
        [0, 192, 96, 0],
    ]


def test_large_pictures_are_shrunk_alike(client):
    """The checkerboard's squares are of one size in a row: all shrink by one factor."""
    client.put("large.jpg", images.encode_jpeg(draw_square(600, 900, (9, 9, 90, 90))))
    sets = {"plain": SETS["plain"], "wide": cm.MattingOptions(padding=(450, 0))}
    frame = pd.DataFrame({"key": ["large.jpg"]})
    figure = plot_sweep(sweep_options(frame, client, sets, progress=False))
    drawn = [axes.images[0].get_array().shape for axes in figure.axes[1:]]
    # 1800 px become 300, so 900 become 150.
    assert drawn == [(100, 150, 3), (100, 300, 3)]


def test_captions_tell_size_and_numbers(sweep):
    """Under each picture: its size, and the columns that were asked for."""
    figure = plot_sweep(sweep, rows=1, captions=["coverage", "margin_left", "unknown"])
    share = 32 * 48 / (96 * 192)
    assert figure.axes[3].get_xlabel() == (
        f"96 high × 192 wide px\ncoverage {share:.3f}\nmargin_left {24 + 48}"
    )


def test_what_is_missing_says_why(sweep):
    """A key without cutouts has its errors in the place of pictures."""
    figure = plot_sweep(sweep)
    cells = figure.axes[9:]
    assert [bool(axes.images) for axes in cells] == [False] * 3
    assert all("refused" in axes.texts[0].get_text() for axes in cells)


def test_hostile_words_are_drawn_as_they_are(sweep):
    """Keys and names hold no mathematics and no markup: the figure is drawn."""
    figure = plot_sweep(sweep)
    figure.savefig(io.BytesIO(), format="png")
    words = " ".join(texts(figure)).replace("\n", "")
    assert "<script>" in words
    assert "padded <b>$" in words
    assert all(not text.get_parse_math() for axes in figure.axes for text in axes.texts)


@pytest.mark.usefixtures("any_text")
def test_half_characters_cost_no_figure():
    """Of keys, names, errors, captions and metrics; a missing error is no word."""
    frame = numbers([[1.0, 2.0]], sets=("\udce9", "b")).assign(key="k\udce9\x07.jpg")
    frame["x\udce9"] = frame["x"]
    errors = frame.assign(status="error", error=["e\udce9", pd.NA])
    figure = plot_sweep(errors)
    figure.savefig(io.BytesIO(), format="png")
    words = " ".join(texts(figure))
    assert r"k\udce9\x07.jpg" in words
    assert r"error: e\udce9" in words
    assert "error: no cutout" in words
    plot_sweep(frame, "x\udce9").savefig(io.BytesIO(), format="png")


@pytest.mark.usefixtures("any_text")
def test_half_characters_in_captions_and_previews(sweep):
    """A column of the user's may hold them, and so may a name of a set."""
    figure = plot_sweep(sweep.head(3).assign(note="n\udce9"), captions=["note"])
    figure.savefig(io.BytesIO(), format="png")
    assert r"note n\udce9" in " ".join(texts(figure))
    page = preview_sweep(sweep.cutout[0], {"p\udce9": SETS["plain"]})._repr_html_()
    assert rb"p\udce9" in page.encode("utf-8")


def test_the_picture_before_comes_first(sweep, client):
    """It is fetched once for a key and drawn in the scale of its row."""
    asked = []

    def fetch(key):
        asked.append(key)
        return client.fetch(key)

    figure = plot_sweep(sweep, rows=1, before=fetch)
    assert asked == ["red.jpg"]
    assert figure.axes[1].get_title() == "before"
    assert figure.axes[1].images[0].get_extent() == [48, 144, 80, 16]
    assert len(figure.axes) == 5


def test_a_source_out_of_reach_is_a_note(sweep, client):
    """The cutouts are still drawn."""
    client.close()
    figure = plot_sweep(sweep, rows=1, before=True)
    assert "source:" in figure.axes[1].texts[0].get_text()
    assert [bool(axes.images) for axes in figure.axes[2:]] == [True] * 3


def test_keys_are_shown_without_signatures():
    """Addresses lose their queries, also in words about them."""
    frame = numbers([[1.0, 2.0]]).assign(
        key="https://example.com/a.jpg?q-signature=5aed"
    )
    words = " ".join(texts(plot_sweep(frame))).replace("\n", "")
    assert "example.com/a.jpg" in words
    assert "5aed" not in words


def test_a_metric_by_option():
    """Means as points, a line for each key, an interval around each mean."""
    values = np.array([[n, 10.0 - n] for n in range(8)], float)
    figure = plot_sweep(numbers(values), "x")
    (axes,) = figure.axes
    *lines, points = axes.lines
    assert [list(line.get_ydata()) for line in lines[:8]] == values.tolist()
    assert list(points.get_ydata()) == [3.5, 6.5]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    assert axes.get_ylabel() == "x"
    assert "mean of 8 keys, 95 % interval" in axes.get_title(loc="left")
    (bars,) = axes.collections
    (low_a, high_a), (low_b, high_b) = [seg[:, 1] for seg in bars.get_segments()]
    assert low_a < 3.5 < high_a
    # The second set is the first, mirrored about 5.
    assert low_b == pytest.approx(10 - high_a, abs=0.1)
    assert high_b == pytest.approx(10 - low_a, abs=0.1)
    low, high = cm.metrics.resampling.bootstrap_interval(values[:, 0], seed=0)
    assert (low_a, high_a) == pytest.approx((low, high))


def test_only_keys_with_every_number_count():
    """A key that lacks one set's number is left out, and that is told."""
    frame = numbers([[0.0, 1.0], [2.0, 3.0], [np.nan, 100.0], [np.inf, 100.0]])
    (axes,) = plot_sweep(frame, "x").axes
    assert list(axes.lines[-1].get_ydata()) == [1.0, 2.0]
    title = axes.get_title(loc="left")
    assert "2 keys left out" in title
    assert "mean of 2 keys, too few for an interval" in title


def test_equal_keys_count_once():
    """Of two rows of one key and set the first is drawn: duplicates are no evidence."""
    frame = pd.concat([numbers([[0.0, 1.0]]), numbers([[8.0, 9.0]])])
    (axes,) = plot_sweep(frame, "x").axes
    assert list(axes.lines[-1].get_ydata()) == [0.0, 1.0]
    assert "mean of 1 key," in axes.get_title(loc="left")


def test_very_many_keys_are_drawn_in_part():
    """All keys count in the mean, 500 of them are lines."""
    (axes,) = plot_sweep(numbers([[float(n), 1.0] for n in range(2000)]), "x").axes
    assert list(axes.lines[-1].get_ydata()) == [999.5, 1.0]
    assert "500 drawn as lines" in axes.get_title(loc="left")
    assert sum(len(line.get_xdata()) == 2 for line in axes.lines) == 501


@pytest.mark.parametrize(
    ("frame", "arguments", "message"),
    [
        (numbers([[1.0, 2.0]]).drop(columns="options"), {}, "sweep_options"),
        (numbers([[1.0, 2.0]]).head(0), {}, "no rows"),
        (numbers([[1.0, 2.0]]), {"metric": "y"}, "measure the sweep first"),
        (numbers([[1.0, 2.0]]), {"metric": "key"}, "numbers or flags"),
        (numbers([[1.0, np.nan]]), {"metric": "x"}, "no key has a number 'x'"),
        (
            numbers([[1.0, 2.0]]),
            {"rows": 0},
            "rows must be a whole number from 1 to 50",
        ),
        (numbers([[1.0, 2.0]]), {"before": 1}, "before must be"),
        (numbers([range(13)], sets="abcdefghijklm"), {}, "at most 12 option sets"),
    ],
)
def test_what_cannot_be_drawn_is_refused(frame, arguments, message):
    """The message says what to do."""
    with pytest.raises(cm.OptionsError, match=message):
        plot_sweep(frame, **arguments)


def pictures(page):
    """Decode every picture inside a page."""
    found = re.findall(r'src="data:image/webp;base64,([^"]+)"', page)
    return [Image.open(io.BytesIO(base64.b64decode(each))) for each in found]


def test_a_preview_asks_nobody(emulator, sweep):
    """Sizes and margins are those of the answers that the emulator gives."""
    billed = emulator.billed
    preview = preview_sweep(sweep.cutout[0], SETS)
    assert emulator.billed == billed
    for row, each in zip(
        sweep.head(3).itertuples(), preview.sets.values(), strict=True
    ):
        assert (each.height, each.width) == (row.matte_height, row.matte_width)
        assert each.margins == (
            row.margin_top,
            row.margin_right,
            row.margin_bottom,
            row.margin_left,
        )


def test_a_preview_shows_itself(sweep):
    """HTML: marked, one picture a set, in one scale; the same words as text."""
    preview = preview_sweep(sweep.cutout[0], SETS)
    page = preview._repr_html_()
    assert "preview, as documented or assumed" in page
    assert [each.size for each in pictures(page)] == [(96, 64), (96, 64), (192, 96)]
    assert "96 high × 192 wide px" in page
    assert "margins top 32, right 72, bottom 32, left 72" in page
    assert repr(preview).splitlines()[0] == (
        "preview, as documented or assumed, of red.jpg"
    )
    assert "padded <b>$  96 high × 192 wide px, margins top 32" in repr(preview)


def test_a_preview_of_a_large_cutout_is_small(sweep):
    """The largest canvas has 220 px; the others shrink by the same factor."""
    wide = {"plain": SETS["plain"], "wide": cm.MattingOptions(padding=(1000, 0))}
    page = preview_sweep(sweep.cutout[0], wide)._repr_html_()
    # 2096 px become 220, so 96 become 10.
    assert [each.width for each in pictures(page)] == [10, 220]
    assert len(page) < 20_000


def test_a_previews_pixels_are_the_layout(sweep):
    """What is shown is `lay_out` over a checkerboard."""
    cutout = sweep.cutout[0]
    shown = preview_sweep(cutout, SETS).sets["centred"].picture
    laid = lay_out(cutout.rgba, SETS["centred"])
    np.testing.assert_array_equal(shown, images.over_checkerboard(laid))


def test_a_preview_escapes_what_it_is_told(sweep):
    """A key and a name with markup are text; nothing in it can act."""
    page = preview_sweep(sweep.cutout[3], {"<img src=x>": SETS["plain"]})._repr_html_()
    assert "<script" not in page
    assert "<img src=x>" not in page
    assert "&lt;script&gt;" in page
    assert "&lt;img src=x&gt;" in page
    assert not re.search(r"\bid=|\bon\w+=\"|var\(", page)


def test_an_empty_matte_has_no_margins(client):
    """It is laid out all the same."""
    client.put("w.jpg", images.encode_jpeg(np.full((40, 50, 3), 255, np.uint8)))
    preview = preview_sweep(client.matte("w.jpg"), {"centred": SETS["centred"]})
    assert preview.sets["centred"].margins is None
    assert "40 high × 50 wide px, empty matte" in repr(preview)


@pytest.mark.parametrize(
    ("row", "options", "message"),
    [
        (1, SETS, "center-layout=1.*already"),
        (2, SETS, "padding-layout=48x16.*already"),
        (6, SETS, "expected a Cutout; got NoneType"),
        (0, {}, "a mapping of 1 to 50"),
        (0, cm.MattingOptions(), "a mapping of 1 to 50"),
        (0, {"a": 5}, "not 'a' to int"),
        (0, {1: SETS["plain"]}, "not 1 to MattingOptions"),
        (
            0,
            {"who": cm.MattingOptions(operation="AIPortraitMatting")},
            "'who' have another operation",
        ),
    ],
)
def test_what_cannot_be_previewed_is_refused(sweep, row, options, message):
    """One clear error, before anything is laid out."""
    with pytest.raises(cm.OptionsError, match=message):
        preview_sweep(sweep.cutout[row], options)
