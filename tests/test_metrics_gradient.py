"""Grad: its filter, its scale, and that the shortcuts taken change nothing."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from oracles.renew_matting import draw_pairs
from scipy import ndimage

from cosmat_nb.metrics.gradient import gradient_differences, gradient_magnitude

GOLDEN = json.loads(
    (Path(__file__).parent / "oracles" / "matting.json").read_text(encoding="utf-8")
)["pictures"]


def draw_impulse(height=0.0, shape=(15, 17), at=(7, 8)):
    alpha = np.zeros(shape)
    alpha[at] = height
    return alpha


def taps():
    """The two factors of the filter, from its formula, with math alone."""
    smooth = [math.exp(-(k * k) / (2 * 1.4**2)) for k in range(-4, 5)]
    slope = [k * tap for k, tap in zip(range(-4, 5), smooth, strict=True)]
    norms = [math.sqrt(sum(tap * tap for tap in row)) for row in (smooth, slope)]
    return [tap / norms[0] for tap in smooth], [tap / norms[1] for tap in slope]


def dense_magnitude(alpha):
    """The same by one filter of 81 taps in each direction."""
    smooth, slope = taps()
    across = ndimage.convolve(alpha, np.outer(smooth, slope), mode="nearest")
    along = ndimage.convolve(alpha, np.outer(slope, smooth), mode="nearest")
    return np.hypot(across, along)


def test_half_size():
    """1.4 * sqrt(-2 ln(sqrt(2 pi) * 1.4 * 0.01)) = 1.4 * 2.588 = 3.62 ends at 4 px."""
    assert (
        math.ceil(1.4 * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * 0.014))) == 4
    )
    reached = gradient_magnitude(draw_impulse(1.0)) > 0
    expected = np.zeros_like(reached)
    expected[3:12, 4:13] = True
    expected[7, 8] = False  # the derivative is 0 in the middle, along both axes
    np.testing.assert_array_equal(reached, expected)


def test_impulse():
    """One pixel answers with the filter, whose squares sum to 1 along each axis."""
    grad = gradient_differences(draw_impulse(), draw_impulse(1.0)).sum()
    assert grad == pytest.approx(2, abs=1e-14)


def test_no_stretching():
    """A ghost of 0.2 in place of 1 lacks 0.8 of the gradient: 0.8 ** 2 * 2 = 1.28."""
    grad = gradient_differences(draw_impulse(0.2), draw_impulse(1.0)).sum()
    assert grad == pytest.approx(1.28, abs=1e-14)


def test_straight_edge():
    """Beside a hard edge the filter answers with a sum of its slope, times a constant.

    Columns 10 and on are 1. The pixel d columns left of the edge sees the taps from
    d + 1 on; rows add the sum of the smoothing taps.
    """
    smooth, slope = taps()
    answers = [sum(smooth) * sum(slope[4 + d + 1 :]) for d in range(4)]
    assert answers[0] == pytest.approx(2.6619966604730028, abs=1e-12)
    edge = np.zeros((3, 20))
    edge[:, 10:] = 1
    expected = np.zeros(20)
    expected[10:14] = answers
    expected[6:10] = answers[::-1]
    np.testing.assert_allclose(
        gradient_magnitude(edge), np.tile(expected, (3, 1)), atol=1e-14
    )


def test_border_goes_on():
    """A picture without an edge inside has no gradient at its border either."""
    assert gradient_magnitude(np.full((6, 7), 0.7)).max() < 1e-15


def test_direction_is_not_compared():
    """An edge that falls where the reference's rises has the same magnitude."""
    edge = np.zeros((9, 20))
    edge[:, 10:] = 1
    assert gradient_differences(1 - edge, edge).max() < 1e-28


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (3, 4), (40, 31)])
def test_dense_filter(rng, shape):
    """Two passes of nine taps agree with 81 taps at once, in small pictures too."""
    alpha = rng.random(shape)
    np.testing.assert_allclose(
        gradient_magnitude(alpha), dense_magnitude(alpha), atol=1e-13
    )


@pytest.mark.parametrize("changed", [0, 1, 3, 40, 3000])
def test_shortcuts(rng, changed):
    """Looking only where the mattes differ gives the same as looking everywhere."""
    reference = rng.random((300, 90))
    alpha = reference.copy()
    alpha[rng.integers(300, size=changed), rng.integers(90, size=changed)] = 0.5
    whole = (gradient_magnitude(alpha) - gradient_magnitude(reference)) ** 2
    found = gradient_differences(alpha, reference)
    np.testing.assert_allclose(found, whole, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("at", [(0, 0), (127, 89), (128, 45), (299, 0)])
def test_strips(rng, at):
    """One pixel that differs beside a corner or between strips is seen all around."""
    reference = rng.random((300, 90))
    alpha = reference.copy()
    alpha[at] = 1 - alpha[at]
    whole = (gradient_magnitude(alpha) - gradient_magnitude(reference)) ** 2
    found = gradient_differences(alpha, reference)
    np.testing.assert_allclose(found, whole, rtol=1e-12, atol=1e-15)
    assert np.count_nonzero(found) > 20


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("tool", ["exact", "scipy"])
def test_oracles(name, tool):
    """A dense sum and SciPy's own Gaussian derivatives give the same Grad."""
    alpha, reference = (matte / 255 for matte in draw_pairs()[name])
    grad = gradient_differences(alpha, reference).sum() / 1000
    assert grad == pytest.approx(GOLDEN[name][tool]["grad_k"], rel=1e-9)
