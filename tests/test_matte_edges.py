"""The width of edges: ramps of known width at any place and angle."""

import math

import numpy as np
import pytest

from cosmat_nb.metrics.matte import measure_alpha


def slope(degrees, edge, shift=0.0, size=160):
    row, col = np.mgrid[:size, :size] - (size - 1) / 2
    angle = math.radians(degrees)
    across = col * math.cos(angle) + row * math.sin(angle)
    return np.clip((across - shift) / edge + 0.5, 0, 1)


def test_edge_width_by_hand():
    """Two rows of 0, 0.2, 0.6, 1: length 2, so 6 * 2 * (0.16 + 0.24) / 2 = 2.4."""
    alpha = np.array([[0, 0.2, 0.6, 1], [0, 0.2, 0.6, 1]])
    assert measure_alpha(alpha).edge_width == pytest.approx(2.4, rel=1e-12)


@pytest.mark.parametrize("edge", [1, 1.5, 2, 4, 7.3, 20])
def test_ramp_over_positions(edge):
    """A ramp of width w measures w, averaged over where on the grid it lies."""
    col = np.arange(60)
    widths = [
        measure_alpha(np.clip((col - 25 - k / 50) / edge, 0, 1)[None]).edge_width
        for k in range(50)
    ]
    assert np.mean(widths) == pytest.approx(edge, abs=1e-3)
    assert max(abs(np.array(widths) - edge)) <= 1 / edge + 1e-9


def test_ramp_on_grid():
    """A ramp that starts and ends on pixels measures w - 1 / w: 3.75 for 4."""
    alpha = np.tile(np.array([0, 0, 0.25, 0.5, 0.75, 1, 1]), (3, 1))
    assert measure_alpha(alpha).edge_width == pytest.approx(3.75, rel=1e-12)


@pytest.mark.parametrize("degrees", [5, 18.4, 30, 60, 81, 120, 200])
@pytest.mark.parametrize("edge", [1, 2, 3, 8, 20])
def test_slanted_ramp(degrees, edge):
    """The width is measured across the edge, whatever way the edge runs."""
    alpha = slope(degrees, edge, shift=0.3)
    assert measure_alpha(alpha).edge_width == pytest.approx(edge, rel=0.03)
    bits = np.rint(alpha * 255).astype(np.uint8)
    assert measure_alpha(bits).edge_width == pytest.approx(edge, rel=0.04)


def test_diagonal_ramp_over_positions():
    """At 45 degrees, too, the mean over positions is the width."""
    widths = [measure_alpha(slope(45, 3, k / 10)).edge_width for k in range(10)]
    assert np.mean(widths) == pytest.approx(3, rel=0.02)


def test_hard_edge_has_no_width():
    """A matte of zeros and ones only has edges of width 0."""
    assert measure_alpha(np.rint(slope(30, 1))).edge_width == 0


def test_edge_at_the_box():
    """The step from the box to the nothing around it is part of the edge."""
    # Two soft columns of 0.5 around a hard one, 3 rows, cut off above and below:
    # length 2 * 3, sum of alpha * (1 - alpha) 6 * 0.25.
    alpha = np.tile(np.array([0, 0, 0.5, 1, 0.5, 0, 0]), (3, 1))
    assert measure_alpha(alpha).edge_width == pytest.approx(6 * 1.5 / 6, rel=1e-12)
