"""Laws of margins and canvases: reached, minimal, exact."""

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.framing.fit import fit_canvas
from cosmat_nb.framing.pixels import resample
from cosmat_nb.margins import Margins, find_layout, read_margins
from cosmat_nb.matting.layout import lay_out, subject_box

quick = settings(max_examples=60, deadline=None, derandomize=True)


@st.composite
def placed(draw):
    """A canvas and a box on it."""
    sides = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    spans = [
        sorted(
            draw(st.lists(st.integers(0, side), min_size=2, max_size=2, unique=True))
        )
        for side in sides
    ]
    return sides, (spans[0][0], spans[1][0], spans[0][1], spans[1][1])


sides = st.fixed_dictionaries(
    dict.fromkeys(Margins._fields, st.none() | st.integers(0, 60))
).filter(lambda found: any(side is not None for side in found.values()))
shares = st.integers(0, 480).map(lambda tenths: tenths / 10)


def paint(canvas, box):
    """The cutout that has this box, opaque."""
    rgba = np.zeros((*canvas, 4), np.uint8)
    rgba[box[0] : box[2], box[1] : box[3]] = 10, 200, 90, 255
    return rgba


def reached(rgba, options, margins):
    """Whether a picture laid out so has all the margins; shares stay fractions."""
    laid = lay_out(rgba, options)
    box = subject_box(laid[..., 3])
    height, width = laid.shape[:2]
    found = (box.min_row, width - box.max_col, height - box.max_row, box.min_col)
    lengths = (height, width, height, width)
    return all(
        there >= (ask if isinstance(ask, int) else ask * length)
        for there, ask, length in zip(found, margins, lengths, strict=True)
    )


def is_smallest(canvas, box, margins):
    """Whether the layout found serves, and none of a smaller canvas does."""
    layout = find_layout(canvas, box, margins)
    rgba = paint(canvas, box)

    def serves(center, dx, dy):
        options = cm.MattingOptions(center=center, padding=(dx, dy))
        return reached(rgba, options, margins)

    assert serves(*layout)
    for center, (less_x, less_y) in product((False, True), ((1, 0), (0, 1))):
        dx, dy = layout.dx - less_x, layout.dy - less_y
        assert dx < 0 or dy < 0 or not serves(center, dx, dy)


@quick
@given(placed(), sides)
def test_px_margins_are_reached_with_the_least_padding(place, asked):
    """Both ways of placing the subject: one px less on either axis is too little."""
    is_smallest(*place, read_margins(None, asked))


@quick
@given(placed(), shares)
def test_percent_margins_are_reached_with_the_least_padding(place, percent):
    """The same for shares of the finished canvas, in exact fractions."""
    margins = read_margins(percent, dict.fromkeys(Margins._fields))
    if max(find_layout(*place, margins)[1:]) <= 1000:
        is_smallest(*place, margins)


@quick
@given(placed(), st.integers(1, 90), st.integers(1, 90), st.floats(0.05, 1))
def test_a_fitted_canvas_has_its_size_and_holds_the_subject(place, width, height, fill):
    """Exact size; the box in the middle, as large as the fill says, within a pixel."""
    rgba = paint(*place)
    cutout = cm.Cutout(
        place="a",
        options=cm.MattingOptions(),
        data=images.encode_png(rgba),
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=False,
        nbytes=1,
    )
    fit = fit_canvas(cutout, width, height, fill)
    made = fit.apply(cutout)
    assert made.shape == (height, width, 4)
    box = subject_box(made[..., 3])
    assert (box.max_row - box.min_row, box.max_col - box.min_col) == (
        fit.rows,
        fit.cols,
    )
    for low, high, side in ((box[0], box[2], height), (box[1], box[3], width)):
        assert 0 <= side - high - low <= 1
    filled = max(fit.rows / height, fit.cols / width)
    assert abs(filled - fill) * max(height, width) <= max(
        1, height / width, width / height
    )


@quick
@given(
    st.integers(0, 2**32 - 1), st.tuples(*[st.integers(2, 12)] * 2), st.integers(1, 40)
)
def test_a_composite_is_resampled_like_its_parts(seed, shape, side):
    """Over black: resampled and then laid over is laid over and then resampled."""
    rng = np.random.default_rng(seed)
    rgba = rng.integers(0, 256, (*shape, 4), np.uint8)
    rgba[..., 3] = rng.integers(64, 192, shape)  # nothing overshoots 0 or 255
    rgba[..., :3] //= 2
    made = resample(rgba, side, side).astype(float)
    over = rgba[..., :1] * (rgba[..., 3:] / 255)
    expected = resample_gray(over[..., 0], side)
    assert np.abs(made[..., 0] * made[..., 3] / 255 - expected).max() <= 1.5


def resample_gray(values, side):
    """Pillow's own filter on plain numbers, never below 0."""
    from PIL import Image  # noqa: PLC0415 - the oracle alone

    image = Image.fromarray(values.astype(np.float32))
    return np.asarray(image.resize((side, side), Image.Resampling.BICUBIC)).clip(0)
