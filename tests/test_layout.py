"""Laws of box, centring, cropping and padding."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cosmat_nb.matting.layout import (
    TRANSPARENT,
    Box,
    center_subject,
    crop_to_subject,
    pad_canvas,
    subject_box,
)
from cosmat_nb.options import Padding

LAWS = settings(max_examples=60, deadline=None, derandomize=True)
PADDINGS = st.builds(Padding, st.integers(0, 9), st.integers(0, 9))


@st.composite
def cutouts(draw):
    """Draw an RGBA picture, transparent but for some pixels."""
    height, width = draw(st.integers(1, 9)), draw(st.integers(1, 9))
    rgba = draw(arrays(np.uint8, (height, width, 4), elements=st.integers(1, 255)))
    shows = draw(arrays(np.bool_, (height, width), fill=st.just(False)))
    return rgba * shows[..., None]


def shown(rgba):
    """All pixels that show, in order of value."""
    return sorted(map(tuple, rgba[rgba[..., 3] > 0].tolist()))


def margins(rgba):
    """Rows above and below the box, columns left and right of it."""
    box = subject_box(rgba[..., 3])
    height, width = rgba.shape[:2]
    return box.min_row, height - box.max_row, box.min_col, width - box.max_col


@LAWS
@given(cutouts())
def test_the_box_is_the_smallest_around_what_shows(rgba):
    """Nothing shows outside the box, and something on each of its four sides."""
    shows = rgba[..., 3] > 0
    box = subject_box(rgba[..., 3])
    if not shows.any():
        assert box is None
        return
    inside = shows[box.min_row : box.max_row, box.min_col : box.max_col]
    assert inside.sum() == shows.sum()
    assert all(side.any() for side in (inside[0], inside[-1], inside.T[0]))
    assert inside[:, -1].any()


@LAWS
@given(cutouts())
def test_centring_keeps_canvas_and_pixels(rgba):
    """The canvas keeps its shape; the pixels that show are the same ones."""
    centered = center_subject(rgba)
    assert centered.shape == rgba.shape
    assert shown(centered) == shown(rgba)
    assert np.array_equal(crop_to_subject(centered)[..., 3] > 0, _shape_of(rgba))


def _shape_of(rgba):
    cropped = crop_to_subject(rgba)
    return cropped[..., 3] > 0


@LAWS
@given(cutouts())
def test_centring_halves_the_margins(rgba):
    """Margins differ by one at most; the odd pixel goes to the bottom and right."""
    if rgba[..., 3].any():
        top, bottom, left, right = margins(center_subject(rgba))
        assert bottom - top in {0, 1}
        assert right - left in {0, 1}


@LAWS
@given(cutouts())
def test_centring_twice_is_centring_once(rgba):
    """What is centred stays where it is."""
    once = center_subject(rgba)
    assert np.array_equal(center_subject(once), once)


@LAWS
@given(cutouts())
def test_cropping_leaves_the_whole_box(rgba):
    """The box of a cropped picture is all of it, with the same pixels inside."""
    cropped = crop_to_subject(rgba)
    height, width = cropped.shape[:2]
    if rgba[..., 3].any():
        assert subject_box(cropped[..., 3]) == Box(0, 0, height, width)
        assert shown(cropped) == shown(rgba)
    else:
        assert np.array_equal(cropped, rgba)


@LAWS
@given(cutouts(), PADDINGS, st.sampled_from([TRANSPARENT, (255, 255, 255, 255)]))
def test_padding_adds_around_and_keeps_the_inside(rgba, padding, fill):
    """Twice dx columns and twice dy rows are added; all new pixels have the fill."""
    height, width = rgba.shape[:2]
    dx, dy = padding
    padded = pad_canvas(rgba, padding, fill)
    assert padded.shape == (height + 2 * dy, width + 2 * dx, 4)
    inside = padded[dy : dy + height, dx : dx + width]
    assert np.array_equal(inside, rgba)
    added = np.ones(padded.shape[:2], dtype=bool)
    added[dy : dy + height, dx : dx + width] = False
    assert (padded[added] == fill).all()


@LAWS
@given(cutouts(), PADDINGS)
def test_padding_and_centring_may_be_swapped(rgba, padding):
    """Transparent padding grows both margins alike, so the order does not matter."""
    first = pad_canvas(center_subject(rgba), padding)
    assert np.array_equal(first, center_subject(pad_canvas(rgba, padding)))


@LAWS
@given(cutouts())
def test_nothing_is_changed_in_place(rgba):
    """Each function hands back an array of its own."""
    before = rgba.copy()
    made = (
        crop_to_subject(rgba),
        center_subject(rgba),
        pad_canvas(rgba, Padding(0, 0)),
    )
    for new in made:
        new[:] = 7
    assert np.array_equal(rgba, before)


def test_a_hand_drawn_case():
    """A 2 x 3 box in the corner of 5 x 9 goes to row 1, column 3."""
    rgba = np.zeros((5, 9, 4), dtype=np.uint8)
    rgba[3:5, 6:9] = (1, 2, 3, 4)
    assert margins(rgba) == (3, 0, 6, 0)
    centered = center_subject(rgba)
    assert margins(centered) == (1, 2, 3, 3)
    assert centered.dtype == np.uint8
