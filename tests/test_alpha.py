"""What colours say of alpha: against numpy's least squares, window by window."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from cosmat_nb.matting.alpha import fit_colors

REACH = 5


def smooth(rng, shape):
    """Random planes without sharp steps, in [0, 1]."""
    blurred = ndimage.gaussian_filter(rng.random(shape), (2, 2, 0)[: len(shape)])
    return ((blurred - blurred.min()) / np.ptp(blurred)).astype(np.float32)


def fit_window(picture, coarse, row, col):
    """Fit one window by numpy: ridge of 1e-3 on colour, slope over R², trust."""
    window = np.s_[row - REACH : row + REACH + 1, col - REACH : col + REACH + 1]
    colors = picture[window].reshape(-1, 3).astype(float)
    matte = coarse[window].ravel().astype(float)
    spread = np.cov(colors.T, bias=True) + 1e-3 * np.eye(3)
    shared = ((colors - colors.mean(axis=0)) * (matte - matte.mean())[:, None]).mean(0)
    slopes = np.linalg.solve(spread, shared)
    explained = slopes @ shared / (matte.var() + 1e-4)
    slopes /= explained
    near = coarse[row - 1 : row + 2, col - 1 : col + 2].mean()
    doubt = np.clip(10 * near * (1 - near) - 0.2, 0, 1)
    offset = matte.mean() - slopes @ colors.mean(axis=0)
    return [*slopes, offset, explained * doubt]


@settings(max_examples=25, deadline=None, derandomize=True)
@given(st.integers(0, 999))
def test_each_window_is_numpys_least_squares(seed):
    """Slopes, offset and trust are those of the window's own 121 pixels."""
    rng = np.random.default_rng(seed)
    picture, coarse = smooth(rng, (24, 30, 3)), smooth(rng, (24, 30))
    fitted = fit_colors(picture, coarse)
    for row, col in ((5, 5), (12, 17), (18, 24)):
        expected = fit_window(picture, coarse, row, col)
        told = fitted[row, col, :3] @ picture[row, col] + fitted[row, col, 3]
        assert told == pytest.approx(
            expected[:3] @ picture[row, col] + expected[3], abs=0.02
        )
        assert fitted[row, col, 4] == pytest.approx(expected[4], abs=0.01)


def test_colours_read_one_on_the_subject_and_nought_on_the_backdrop():
    """However soft the matte, a step between two colours is read as a step."""
    picture = np.full((20, 40, 3), (0.8, 0.3, 0.2), np.float32)
    picture[:, 20:] = (0.3, 0.5, 0.6)
    for width in (2, 4, 6):
        ramp = np.clip((20 - np.arange(40) - 0.5) / width + 0.5, 0, 1)
        fitted = fit_colors(picture, np.tile(ramp, (20, 1)).astype(np.float32))[10]
        told = (fitted[:, :3] * picture[10]).sum(axis=1) + fitted[:, 3]
        assert np.abs(told[16:20] - 1).max() < 0.15
        assert np.abs(told[20:24]).max() < 0.15
        assert fitted[19:21, 4].min() > 0.6


def test_order_of_the_channels_does_not_matter(rng):
    """Red, green and blue exchanged: the same reading."""
    picture, coarse = smooth(rng, (20, 20, 3)), smooth(rng, (20, 20))
    plain = fit_colors(picture, coarse)
    turned = fit_colors(picture[..., [1, 2, 0]], coarse)
    told, again = (
        (fit[..., :3] * shown).sum(axis=2) + fit[..., 3]
        for fit, shown in ((plain, picture), (turned, picture[..., [1, 2, 0]]))
    )
    assert np.allclose(told, again, atol=0.02)
    assert np.allclose(turned[..., 4], plain[..., 4], atol=1e-3)


def test_a_sure_matte_is_not_doubted(rng):
    """Trust is 0 wherever a pixel and its neighbours are surely in or out."""
    coarse = np.zeros((30, 30), np.float32)
    coarse[:, 15:] = 1
    trust = fit_colors(rng.random((30, 30, 3), np.float32), coarse)[..., 4]
    assert (trust[:, :14] == 0).all()
    assert (trust[:, 16:] == 0).all()


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 3)])
def test_less_than_a_window_is_enough(shape):
    """One colour on a few pixels: finite, nothing told, next to nothing trusted."""
    fitted = fit_colors(
        np.full((*shape, 3), 0.5, np.float32), np.full(shape, 0.5, "f4")
    )
    assert np.isfinite(fitted).all()
    assert np.allclose(fitted[..., 3], 0.5, atol=1e-3)
    assert fitted[..., 4].max() < 0.01
