"""Two mattes over each other: agreement by hand, translations found again."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

import cosmat_nb as cm
from cosmat_nb.metrics import overlap
from cosmat_nb.metrics.overlap import compare_mattes, meet_mattes
from cosmat_nb.metrics.window import marked_window

LAW = settings(derandomize=True, deadline=None, max_examples=80)
MATTES = arrays.arrays(
    np.uint8,
    st.tuples(st.integers(1, 6), st.integers(1, 6)),
    elements=st.sampled_from([0, 0, 100, 128, 255]),
)
STEPS = st.tuples(st.integers(-8, 8), st.integers(-8, 8))


def box(shape, rows, cols, value=255):
    """Draw a filled box."""
    alpha = np.zeros(shape, np.uint8)
    alpha[slice(*rows), slice(*cols)] = value
    return alpha


def on_one_canvas(alpha, other, shift):
    """Lay both on a canvas large enough, pixel by pixel, and cut it to both."""
    canvas = np.zeros((2, 60, 60), np.int64)
    shown = np.zeros((60, 60), bool)
    for place, (matte, row, col) in enumerate(
        [(alpha, 20, 20), (other, 20 - shift[0], 20 - shift[1])]
    ):
        window = np.s_[row : row + matte.shape[0], col : col + matte.shape[1]]
        canvas[place][window] = matte
        shown[window] = True
    window = marked_window(shown)
    return canvas[0][window], canvas[1][window]


def test_agreement_by_hand():
    """Boxes of 12 px that share 6: IoU 6 / 18; 12 of 48 px differ by 1, MAD 1 / 4."""
    found = compare_mattes(box((6, 8), (1, 4), (1, 5)), box((6, 8), (1, 4), (3, 7)))
    assert found == (6 / 18, 12 / 48)


def test_faint_alpha_counts_for_mad_alone():
    """127 is not hard and 128 is: IoU 0, and a difference of 1 / 255 in 4 of 16 px."""
    faint, hard = (box((4, 4), (0, 2), (0, 2), value) for value in (127, 128))
    assert compare_mattes(faint, hard) == (0.0, pytest.approx(4 / 255 / 16))
    assert compare_mattes(hard, hard) == (1.0, 0.0)


def test_empty_mattes_agree():
    """Both empty: 1 and 0. One empty: IoU 0, and all alpha of the other differs."""
    empty, full = np.zeros((3, 4), np.uint8), np.full((3, 4), 255, np.uint8)
    assert compare_mattes(empty, empty) == (1.0, 0.0)
    assert compare_mattes(empty, full) == (0.0, 1.0)
    assert meet_mattes(empty, full) == (0, 0)


@given(MATTES, MATTES, STEPS)
@LAW
def test_agreement_is_that_of_one_canvas(alpha, other, shift):
    """The same as drawing both on one canvas and comparing it pixel by pixel."""
    mine, theirs = on_one_canvas(alpha, other, shift)
    if mine.size > alpha.size + other.size + 400:
        return
    hard = mine >= 128, theirs >= 128
    union = (hard[0] | hard[1]).sum()
    iou = (hard[0] & hard[1]).sum() / union if union else 1.0
    height = max(alpha.shape[0], other.shape[0] - shift[0]) - min(0, -shift[0])
    width = max(alpha.shape[1], other.shape[1] - shift[1]) - min(0, -shift[1])
    mad = np.abs(mine - theirs).sum() / 255 / (height * width)
    assert compare_mattes(alpha, other, shift) == (iou, pytest.approx(mad, abs=1e-12))


@given(MATTES, MATTES, STEPS)
@LAW
def test_agreement_is_symmetric(alpha, other, shift):
    """Exchanged, with the opposite translation, the numbers are the same."""
    back = (-shift[0], -shift[1])
    assert compare_mattes(alpha, other, shift) == compare_mattes(other, alpha, back)


@given(MATTES.filter(np.any), STEPS)
@LAW
def test_a_moved_matte_is_found_again(alpha, step):
    """On larger canvases, any translation of any matte is found exactly."""
    mine, theirs = np.zeros((2, 30, 30), np.uint8)
    height, width = alpha.shape
    mine[10 : 10 + height, 10 : 10 + width] = alpha
    theirs[10 + step[0] :, 10 + step[1] :][:height, :width] = alpha
    assert meet_mattes(mine, theirs) == step
    assert compare_mattes(mine, theirs, step).mad == 0


@given(MATTES.filter(np.any), MATTES.filter(np.any))
@LAW
def test_no_translation_differs_less(alpha, other):
    """Over all translations the sum of squares is nowhere smaller, and back is back."""
    shift = meet_mattes(alpha, other)
    assert meet_mattes(other, alpha) == (-shift[0], -shift[1])

    def squares(step):
        mine, theirs = on_one_canvas(alpha, other, step)
        return ((mine - theirs) ** 2).sum()

    best = min(squares((r, c)) for r in range(-6, 7) for c in range(-6, 7))
    assert squares(shift) == best


def test_the_body_decides_not_the_dust():
    """A speck far away moves the box by 20 rows and leaves the translation alone."""
    alpha = box((60, 60), (30, 50), (30, 45))
    other = np.roll(alpha, (-7, -4), (0, 1))
    other[1, 1] = 255
    assert meet_mattes(alpha, other) == (-7, -4)


@pytest.mark.parametrize("row", range(4))
@pytest.mark.parametrize("col", range(4))
def test_large_mattes_are_met_exactly(monkeypatch, rng, row, col):
    """Halved four times and climbed back, a ragged matte is met to the pixel."""
    monkeypatch.setattr(overlap, "_COARSE", 100)
    rows, cols = np.mgrid[:90, :110]
    alpha = np.where(np.hypot(rows - 40, (cols - 50) / 1.3) < 27, 255, 0)
    alpha = alpha.astype(np.uint8)
    other = np.roll(alpha, (row, col - 9), (0, 1))
    other[30:34, 60:75] = rng.integers(0, 255, (4, 15))
    other[2, 3] = 255
    assert meet_mattes(alpha, other) == (row, col - 9)


def test_equal_sums_lay_middles_on_each_other():
    """A small box fits a large one in many places: the middle is taken."""
    small, large = box((9, 9), (0, 2), (0, 2)), box((9, 9), (1, 7), (2, 8))
    assert meet_mattes(small, large) == (3, 4)
    assert meet_mattes(large, small) == (-3, -4)
    small, large = box((40, 50), (3, 38), (2, 45)), box((99, 91), (5, 94), (7, 88))
    assert meet_mattes(small, large) == (29, 24)


@pytest.mark.parametrize("call", [compare_mattes, meet_mattes])
def test_other_arrays_are_refused_in_words(call):
    """Floats and colours are no 8-bit mattes; the argument is named."""
    good = np.ones((2, 2), np.uint8)
    with pytest.raises(cm.OptionsError, match=r"alpha must be 8-bit.*np\.rint"):
        call(np.ones((2, 2)), good)
    with pytest.raises(cm.OptionsError, match=r"other must be .* shape \(2, 2, 4\)"):
        call(good, np.ones((2, 2, 4), np.uint8))
