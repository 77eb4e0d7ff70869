"""The width of edges: ramps of known width at any place and angle."""

import math

import numpy as np
import pytest

from cosmat_nb.metrics.measure import measure_alpha


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


def test_95th_percentile_by_hand():
    """Of 20 cells on the edge the widest one is left out, of 19 it is not."""
    # Rows of 0, 1 have slope 1; a last row of 0.3, 0.7 has the cell above it at
    # right = (1 + 0.4) / 2 and down = (0.3 - 0.3) / 2 = 0: width 1 / 0.7.
    alpha = np.tile(np.array([0.0, 1.0]), (21, 1))
    alpha[-1] = 0.3, 0.7
    assert measure_alpha(alpha).edge_width_p95 == 1
    assert measure_alpha(alpha[1:]).edge_width_p95 == pytest.approx(1 / 0.7, rel=1e-12)


def test_95th_percentile_looks_at_the_half_alone():
    """Steps that stay on one side of 0.5, however faint, have no say."""
    faint = np.array([0, 0, 0.1, 0.2, 0.3, 0.8, 0.81, 0.82, 1])
    alpha = np.tile(faint, (3, 1))
    assert measure_alpha(alpha).edge_width_p95 == pytest.approx(2, rel=1e-12)
    assert measure_alpha(alpha[:, :5]).edge_width_p95 is None


def test_95th_percentile_leaves_out_where_differences_cancel():
    """Where two corners meet there is no slope, and so no width."""
    assert measure_alpha(np.eye(2)).edge_width_p95 is None
    alpha = np.array([[0, 1, 1], [1, 0, 0]], np.float64)
    # The left cell cancels; the right one has down = -1 and right = 0.
    assert measure_alpha(alpha).edge_width_p95 == 1


def test_95th_percentile_needs_a_cell_in_the_picture():
    """A matte of one row has length and width, and no cell of 2x2 pixels."""
    found = measure_alpha(np.array([[0, 0.5, 1]]))
    assert (found.edge_width, found.edge_width_p95) == (6 * 0.25, None)


@pytest.mark.parametrize("edge", [1, 2, 5, 16])
def test_ramp_on_grid_at_the_95th_percentile(edge):
    """A ramp that starts and ends on pixels is everywhere as wide as it was drawn."""
    alpha = np.tile(np.clip((np.arange(40) - 10) / edge, 0, 1), (3, 1))
    assert measure_alpha(alpha).edge_width_p95 == pytest.approx(edge, rel=1e-9)


@pytest.mark.parametrize("degrees", [0, 12, 45, 77])
@pytest.mark.parametrize("edge", [4, 9, 60])
def test_any_ramp_at_the_95th_percentile(degrees, edge):
    """A straight ramp has its width there, wherever it lies on the grid."""
    found = measure_alpha(slope(degrees, edge, 0.2))
    assert found.edge_width_p95 == pytest.approx(edge, rel=1e-6)


def test_hard_edge_is_one_pixel_wide_at_the_95th_percentile():
    """The gradient of a hard upright edge is 1 per px, the steepest there is."""
    alpha = np.zeros((9, 9))
    alpha[:, 4:] = 1
    assert measure_alpha(alpha).edge_width_p95 == 1


def test_half_a_soft_outline_shows_at_the_95th_percentile():
    """Hard on one side and 10 px soft on the other: the mean hides what p95 shows."""
    alpha = np.zeros((40, 60), np.uint8)
    alpha[:, 20:40] = 255
    alpha[:, 40:50] = np.rint(np.linspace(255, 0, 12)[1:-1])
    found = measure_alpha(alpha)
    assert found.edge_width < 6
    # The step in the middle of the ramp goes from 139 to 116.
    assert found.edge_width_p95 == pytest.approx(255 / 23, rel=1e-12)
