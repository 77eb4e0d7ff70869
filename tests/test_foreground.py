"""Foreground colours against a soft edge whose colours are known."""

import numpy as np
import pytest

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
