"""Laws of alignment: what layout moves, locate finds and place puts back."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.matting.layout import center_subject, pad_canvas, subject_box
from cosmat_nb.metrics.alignment import locate, place_back
from cosmat_nb.options import Padding

quick = settings(max_examples=40, deadline=None, derandomize=True)
sides = st.integers(12, 70)
shapes = st.tuples(sides, sides)
seeds = st.integers(0, 2**32 - 1)
paddings = st.builds(Padding, st.integers(0, 40), st.integers(0, 40))
offsets = st.tuples(st.integers(-30, 30), st.integers(-30, 30))


def draw(shape, seed):
    """A random picture and a cutout of it: a soft ellipse somewhere inside."""
    rng = np.random.default_rng(seed)
    picture = rng.integers(0, 256, (*shape, 3), np.uint8)
    rows, cols = np.indices(shape)
    center, radius = rng.uniform(0.2, 0.8, 2) * shape, rng.uniform(0.15, 0.4, 2) * shape
    far = np.hypot((rows - center[0]) / radius[0], (cols - center[1]) / radius[1])
    alpha = np.rint(255 * np.clip(3 * (1.2 - far), 0, 1)).astype(np.uint8)
    cutout = np.dstack([picture, alpha])
    cutout[alpha == 0] = 0
    return picture, cutout


def arrange(cutout, center, padding):
    """The service's answer and the true offset."""
    row, col = padding[1], padding[0]
    if center:
        old = subject_box(cutout[..., 3])
        cutout = center_subject(cutout)
        new = subject_box(cutout[..., 3])
        row, col = row + new.min_row - old.min_row, col + new.min_col - old.min_col
    return pad_canvas(cutout, padding), (row, col)


@quick
@given(shapes, seeds, st.booleans(), paddings)
def test_layout_is_found_and_undone(shape, seed, center, padding):
    """Centring and padding are found exactly, and place restores the matte."""
    picture, cutout = draw(shape, seed)
    after, offset = arrange(cutout, center, padding)
    assert locate(picture, after) == offset
    assert (place_back(after, offset, shape) == cutout).all()
    assert (place_back(after[..., 3], offset, shape) == cutout[..., 3]).all()


@quick
@given(shapes, seeds, st.booleans(), paddings, st.integers(1, 3))
def test_noise_changes_nothing(shape, seed, center, padding, levels):
    """Colours a few levels off lie where the true ones do."""
    picture, cutout = draw(shape, seed)
    after, offset = arrange(cutout, center, padding)
    off = np.random.default_rng(seed).integers(-levels, levels + 1, picture.shape)
    other = np.clip(picture + off, 0, 255).astype(np.uint8)
    assert locate(other, after) == offset


@quick
@given(shapes, seeds, st.booleans(), paddings, st.integers(0, 6), st.integers(0, 1))
def test_faint_colours_are_never_misplaced(shape, seed, center, padding, span, levels):
    """However little there is to tell, and with noise on it, no answer is wrong."""
    picture, cutout = draw(shape, seed)
    faint = picture % np.uint8(span + 1) + np.uint8(100)
    marked = cutout[..., 3:] > 0
    cutout[..., :3] = np.where(marked, faint, 0)
    after, offset = arrange(cutout, center, padding)
    off = np.random.default_rng(seed).integers(-levels, levels + 1, picture.shape)
    assert locate((faint + off).astype(np.uint8), after) in {None, offset}


@quick
@given(shapes, seeds, offsets)
def test_cut_off_subject_is_found(shape, seed, offset):
    """A subject pushed partly out of its canvas is found by the rest."""
    picture, cutout = draw(shape, seed)
    after = place_back(cutout, (-offset[0], -offset[1]), shape)
    opaque = np.count_nonzero(after[..., 3] == 255)
    assert locate(picture, after) == offset or opaque < 9


@quick
@given(shapes, seeds, st.booleans(), paddings)
def test_mirrors_and_transposes(shape, seed, center, padding):
    """A mirrored pair has the mirrored offset, a transposed one the transposed."""
    picture, cutout = draw(shape, seed)
    after, (row, col) = arrange(cutout, center, padding)
    mirrored = after.shape[1] - picture.shape[1] - col
    assert locate(picture[:, ::-1], after[:, ::-1]) == (row, mirrored)
    assert locate(picture.swapaxes(0, 1), after.swapaxes(0, 1)) == (col, row)


@quick
@given(shapes, seeds, paddings)
def test_unrelated_pictures(shape, seed, padding):
    """Another random picture never fits."""
    _, cutout = draw(shape, seed)
    other, _ = draw(shape, seed + 1)
    assert locate(other, arrange(cutout, True, padding)[0]) is None


@quick
@given(shapes, shapes, offsets, seeds)
def test_place_inverts_itself(shape, canvas, offset, seed):
    """There and back again leaves what both canvases show, and 0 elsewhere."""
    alpha = np.random.default_rng(seed).integers(1, 256, shape, np.uint8)
    there = place_back(alpha, offset, canvas)
    back = place_back(there, (-offset[0], -offset[1]), shape)
    rows, cols = np.indices(shape) - np.reshape(offset, (2, 1, 1))
    common = (rows >= 0) & (rows < canvas[0]) & (cols >= 0) & (cols < canvas[1])
    assert back.tolist() == np.where(common, alpha, 0).tolist()
    assert there.sum(dtype=int) == pytest.approx(back.sum(dtype=int))
