"""Laws of sizes: picture and matte stay on each other, whatever is asked for."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from cosmat_nb.dataset.example import hard_mask
from cosmat_nb.dataset.pictures.sizing import fit, scale_alphas

sides = st.integers(1, 90)
sizes = st.one_of(st.none(), st.integers(1, 200), st.tuples(sides, sides))
quick = settings(max_examples=150, derandomize=True, deadline=None)


def draw_disc(height, width, row, col, radius):
    """A hard disc, (H, W) uint8 of 0 and 255."""
    rows, cols = np.ogrid[:height, :width]
    return (np.hypot(rows - row, cols - col) <= radius) * np.uint8(255)


@quick
@given(sides, sides, st.floats(0, 1), st.floats(0, 1), st.integers(0, 60), sizes)
def test_picture_and_matte_stay_registered(height, width, row, col, radius, size):
    """A disc in the picture and the same disc as a matte agree to a level after it.

    Where the matte ends at 0 or 1 the picture overshoots by less than a quarter, as
    cubic filters do at an edge; there its side of the edge is the matte's.
    """
    disc = draw_disc(height, width, row * height, col * width, radius)
    sizing = fit(size, height, width)
    canvas = np.full((*sizing.canvas, 3), 60, np.uint8)
    seen = np.dstack([disc // 255 * np.uint8(130) + np.uint8(60)] * 3)
    picture = sizing.scale_picture(seen, canvas)[..., 0]
    rgba = sizing.scale_rgba(np.dstack([disc] * 4))
    eight, _ = scale_alphas([disc], sizing, np.uint8)
    deep, _ = scale_alphas([disc], sizing, np.uint16)
    apart = np.abs(picture - (60 + 130 * (eight / 255)))
    ends = (eight == 0) | (eight == 255)
    assert (apart[~ends] <= 1.5).all()
    assert (apart[ends] <= 130 / 4).all()
    sure = np.abs(picture - 125.0) > 1
    assert np.array_equal(picture[sure] > 125, hard_mask(eight)[sure])
    assert np.array_equal(rgba[..., 3], eight)
    assert np.abs(deep / 257 - eight).max() <= 0.51
    assert np.array_equal(hard_mask(deep), hard_mask(eight))


@quick
@given(st.integers(1, 5000), st.integers(1, 5000), sizes)
def test_a_frame_lies_inside_its_canvas(height, width, size):
    """It touches two opposite sides, is central to a pixel, and keeps its shape."""
    sizing = fit(size, height, width)
    top, left, bottom, right = sizing.box
    high, wide = sizing.canvas
    assert 0 <= top < bottom <= high
    assert 0 <= left < right <= wide
    assert 0 <= (high - bottom) - top <= 1
    assert 0 <= (wide - right) - left <= 1
    assert sizing.rows == high or sizing.cols == wide
    if isinstance(size, tuple):
        assert sizing.canvas == size
        scale = min(high / height, wide / width)
    else:
        assert sizing.canvas == (sizing.rows, sizing.cols)
        assert max(sizing.canvas) == min(size or 5000, max(height, width))
        scale = max(sizing.canvas) / max(height, width)
    for made, side in ((sizing.rows, height), (sizing.cols, width)):
        assert made == 1 or abs(made - side * scale) <= 0.5 + 1e-9


@quick
@given(
    st.integers(1, 40),
    st.integers(1, 40),
    sizes,
    st.integers(1, 4),
    st.sampled_from([np.uint8, np.uint16]),
    st.sampled_from([np.uint8, np.uint16]),
    st.integers(0, 2**32),
)
def test_the_whole_is_the_sum_of_its_parts(height, width, size, count, of, to, seed):
    """No size and no depth makes shares of a pixel more, or less, than its matte."""
    rng = np.random.default_rng(seed)
    left = np.full((height, width), np.iinfo(of).max, of)
    shares = []
    for _ in range(count):
        shares.append((left * rng.integers(0, 2, left.shape)).astype(of))
        left = left - shares[-1]
    sizing = fit(size, height, width)
    whole, parts = scale_alphas(shares, sizing, to)
    assert whole.dtype == to
    assert whole.shape == sizing.canvas
    assert np.array_equal(sum(part.astype(int) for part in parts), whole)
    if not sizing.changes:
        factor = np.iinfo(to).max / np.iinfo(of).max
        for part, share in zip(parts, shares, strict=True):
            assert np.array_equal(part, share * factor)


@quick
@given(st.integers(20, 60), st.integers(20, 60), st.integers(5, 60))
def test_sizes_are_those_of_another_resampler(height, width, side):
    """A matte lies where area means put it: its centre of mass stays its own."""
    disc = draw_disc(height, width, height / 2, width / 3, 6)
    sizing = fit(side, height, width)
    made, _ = scale_alphas([disc], sizing, np.uint16)
    size = (sizing.cols, sizing.rows)
    plane = Image.fromarray(disc.astype(np.float32))
    other = np.asarray(plane.resize(size, Image.Resampling.BOX))
    for axis in (0, 1):
        places = np.arange(made.shape[axis])
        one, two = (
            (each.sum(axis=1 - axis) * places).sum() / each.sum()
            for each in (made.astype(float), other)
        )
        assert abs(one - two) < 0.25
