"""Moments of a matte: exact sums, axes and the ends of their ranges."""

import numpy as np
import pytest

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
