"""Foreground colours against a soft edge whose colours are known."""

import tracemalloc

import numpy as np
import pytest
from scipy import ndimage

from cosmat_nb.matting.foreground import estimate_foreground


def soft_disc(height=120, width=160, soft=16):
    """Mix a warm disc, its edge `soft` px wide, with a bright backdrop."""
    y, x = np.mgrid[:height, :width].astype(np.float32)
    away = np.hypot(y - height / 2, x - width / 2)
    alpha = np.clip((height * 0.4 - away) / soft + 0.5, 0, 1).astype(np.float32)
    flat = np.zeros_like(x)
    fore = np.stack([200 - 40 * x / width, 60 + 40 * y / height, flat + 40], axis=-1)
    back = np.stack([flat + 235, 230 - 30 * x / width, flat + 240], axis=-1)
    share = alpha[..., None]
    picture = np.rint(share * fore + (1 - share) * back).astype(np.uint8)
    return picture, alpha, fore


@pytest.mark.parametrize("soft", [4, 16])
def test_known_colours_are_recovered(soft):
    """On the soft edge F comes back within 10 of 255, over five times nearer than I."""
    picture, alpha, fore = soft_disc(soft=soft)
    edge = (alpha > 0) & (alpha < 1)
    estimate = estimate_foreground(picture, alpha)
    error = np.abs(estimate[edge] - fore[edge]).mean()
    without = np.abs(picture[edge] - fore[edge]).mean()
    assert error < 10
    assert error < without / 5


def test_full_size_is_used_where_it_is_over_the_limit():
    """A picture that is blurred at half size still recovers F on its edge."""
    picture, alpha, fore = soft_disc(96, 1400, soft=12)
    edge = (alpha > 0) & (alpha < 1)
    estimate = estimate_foreground(picture, alpha)
    assert np.abs(estimate[edge] - fore[edge]).mean() < 12


def test_sure_pixels_are_kept():
    """Where alpha is 0 or 1 the picture's own colour stays, to the last bit."""
    picture, alpha, _ = soft_disc()
    before = picture.copy()
    estimate = estimate_foreground(picture, alpha)
    sure = (alpha == 0) | (alpha == 1)
    assert estimate.dtype == np.uint8
    assert np.array_equal(estimate[sure], picture[sure])
    assert np.array_equal(picture, before)


@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (5, 1)])
def test_one_colour_stays(shape, level):
    """With F and B alike, whatever alpha says, F is that colour within rounding."""
    picture = np.full((*shape, 3), 90, dtype=np.uint8)
    alpha = np.full(shape, level, dtype=np.float32)
    estimate = estimate_foreground(picture, alpha)
    assert np.abs(estimate.astype(int) - 90).max() <= 1


def blur_fusion(picture, alpha):
    """Forte's equations 4 to 7 by the letter, in float64, radii of 45 and 3 px."""
    shown, share = picture.astype(float), alpha.astype(float)[..., None]
    fore = back = shown
    for radius in (45, 3):

        def mean(values, radius=radius):
            size = (2 * radius + 1, 2 * radius + 1, 1)
            return ndimage.uniform_filter(values, size, mode="nearest")

        fore = mean(fore * share) / (mean(share) + 1e-5)
        back = mean(back * (1 - share)) / (mean(1 - share) + 1e-5)
        fore = fore + share * (shown - share * fore - (1 - share) * back)
        fore = np.clip(fore, 0, 255)
    return np.where((share > 0) & (share < 1), np.rint(fore), shown)


def test_up_to_512_pixels_it_is_blur_fusion():
    """Within one level of the paper's equations, written out in double precision."""
    picture, alpha, _ = soft_disc(soft=12)
    expected = blur_fusion(picture, alpha)
    estimate = estimate_foreground(picture, alpha)
    assert np.abs(estimate - expected).max() <= 1


def test_colours_are_recovered_in_every_slab():
    """Over a million pixels, done in slabs, the lower edge is as good as the upper.

    A bar of one colour crosses a tall picture; both of its soft edges turn to it.
    """
    height, width = 2300, 600
    rows = np.arange(height, dtype=np.float32)[:, None]
    alpha = np.clip(np.minimum(rows - 300, 2000 - rows) / 12, 0, 1)
    alpha = np.repeat(alpha, width, axis=1)
    mixed = alpha[..., None] * (200, 40, 40) + (1 - alpha[..., None]) * (220, 230, 240)
    picture = np.rint(mixed).astype(np.uint8)
    estimate = estimate_foreground(picture, alpha).astype(int)
    for edge in (np.s_[303:312], np.s_[1989:1997]):
        assert np.abs(estimate[edge] - (200, 40, 40)).mean() < 6


@pytest.mark.parametrize("level", [0.0, 1.0])
def test_without_a_soft_pixel_the_picture_is_copied(level, rng):
    """A hard matte changes no colour, and the answer is a new array."""
    picture = rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)
    estimate = estimate_foreground(picture, np.full((40, 50), level, np.float32))
    assert np.array_equal(estimate, picture)
    assert not np.shares_memory(estimate, picture)


def test_soft_pixels_are_sought_in_little_memory():
    """Six megapixels without a soft one need 5 MB beside the copy, not three masks."""
    picture, alpha = np.zeros((2000, 3000, 3), np.uint8), np.ones((2000, 3000), "f4")
    tracemalloc.start()
    try:
        estimate = estimate_foreground(picture, alpha)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - estimate.nbytes < 5e6
