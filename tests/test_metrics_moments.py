"""Moments of a matte: exact sums, axes and the ends of their ranges."""

import numpy as np
import pytest

from cosmat_nb.metrics.measure import measure_alpha
from cosmat_nb.metrics.moments import Moments, add_moments, strip_moments
from cosmat_nb.metrics.strips import walk_strips


def moments(alpha):
    return add_moments(strip_moments(strip) for strip in walk_strips(alpha))


@pytest.mark.parametrize("shape", [(1, 1), (3, 7), (400, 900), (2, 140_000)])
def test_sums_are_exact(shape):
    """Sums of eight bits are whole numbers, those of plain Python integers."""
    rng = np.random.default_rng(3)
    alpha = rng.integers(0, 256, shape, dtype=np.uint8)
    rows, cols = (axis.astype(object) for axis in map(np.arange, shape))
    by_row, by_col = (alpha.sum(axis=axis, dtype=np.int64) for axis in (1, 0))
    mixed = sum(
        int(row) * int(total)
        for row, total in enumerate(alpha.astype(np.int64) @ np.arange(shape[1]))
    )
    expected = Moments(
        int(by_row.sum()),
        (rows * by_row).sum(),
        (cols * by_col).sum(),
        (rows * rows * by_row).sum(),
        mixed,
        (cols * cols * by_col).sum(),
    )
    found = moments(alpha)
    if shape[1] > 2**17:
        names = Moments.__slots__
        for name in names:
            approx = pytest.approx(getattr(expected, name), rel=1e-9)
            assert getattr(found, name) == approx
    else:
        assert found == expected


def test_upright_is_ninety_degrees_however_it_is_rounded():
    """An upright axis is at 90 degrees, not -90, when rounding tilts it by nothing."""
    for tilt in (0.0, -0.0, 1e-17, -1e-17):
        upright = Moments(1.0, 0.0, 0.0, 9.0, tilt, 1.0)
        assert upright.orientation == 90


def test_equal_axes_have_no_direction():
    """Equal up to rounding is equal; a thousandth is a direction."""
    assert Moments(1.0, 0.0, 0.0, 4.0, 0.0, 4.0 + 1e-12).orientation is None
    assert Moments(1.0, 0.0, 0.0, 4.0, 0.0, 4.004).orientation == 0


def test_a_subject_far_from_the_origin_keeps_its_axes():
    """Exact sums lose nothing to a distance of 4000 px: 3 x 1 px have 3, upright."""
    alpha = np.zeros((4010, 30), np.uint8)
    alpha[4000:4003, 25] = 255
    found = moments(alpha)
    assert found.elongation == pytest.approx(3, rel=1e-12)
    assert found.orientation == 90


@pytest.mark.parametrize("faint", [1e-160, 1e-200, 1e-310, 5e-324])
def test_faint_floats_have_a_shape(faint):
    """However faint a pixel is, it is a square; four in a row are 4 times as long."""
    assert measure_alpha(np.array([[faint]])).elongation == 1
    long = measure_alpha(np.full((1, 4), faint))
    assert long.elongation == pytest.approx(4, rel=1e-9)
    assert long.orientation == 0


@pytest.mark.parametrize("far", [500, 3900])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_square_has_no_direction_wherever_it_lies(far, dtype):
    """Far from the first row and column doubles still see that both axes are equal."""
    alpha = np.zeros((far + 60, far + 60), dtype)
    alpha[far : far + 3, far : far + 3] = 0.7
    found = measure_alpha(alpha)
    assert found.orientation is None
    assert found.elongation == pytest.approx(1, abs=1e-5)


def test_very_wide_pictures_have_moments():
    """Beyond what whole numbers hold, doubles take over without losing a pixel."""
    alpha = np.zeros((10, 300_000), np.uint8)
    alpha[5, 280_000] = 255
    found = measure_alpha(alpha)
    assert (found.centroid_row, found.centroid_col) == (5, 280_000)
    assert (found.orientation, found.elongation) == (None, 1)


def test_a_centroid_lies_inside():
    """Rounding moves no centroid out of the picture."""
    alpha = np.zeros((47, 25))
    alpha[-1, -1] = 0.01625971012975136
    found = measure_alpha(alpha)
    assert (found.centroid_row, found.centroid_col) == (46, 24)
