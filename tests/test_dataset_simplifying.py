"""Fewer corners, the same rings."""

import numpy as np
import pytest
from torture import MASKS

from cosmat_nb.dataset.shapes.simplifying import simplify
from cosmat_nb.dataset.shapes.tracing import trace_rings

cases = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


def thin(points, tolerance, fixed=()):
    """Which corners of one ring are kept."""
    points = np.array(points)
    is_fixed = np.isin(np.arange(len(points)), fixed)
    return simplify(points, np.array([0, len(points)]), is_fixed, tolerance).tolist()


def area(ring):
    """A ring's signed area."""
    rows, cols = np.reshape(ring, (-1, 2)).T
    return (cols * np.roll(rows, -1) - rows * np.roll(cols, -1)).sum() / 2


@cases
@pytest.mark.parametrize("tolerance", [0.75, 3.0, 50.0])
def test_every_ring_has_about_its_area(mask, tolerance):
    """Parts, holes, single pixels and strands stay within a quarter, on their side."""
    rings = trace_rings(mask)
    free = np.zeros(len(rings.points), np.bool_)
    kept = simplify(rings.points, rings.starts, free, tolerance)
    for place in range(rings.parts.size):
        ring = rings.ring(place)
        stays = kept[rings.starts[place] : rings.starts[place + 1]]
        assert stays[0]
        assert abs(area(ring[stays]) - area(ring)) <= abs(area(ring)) / 4


def test_corners_within_the_tolerance_go():
    """A step of 1 goes with a tolerance of 1 and stays with one below."""
    points = [[0, 0], [0, 20], [1, 20], [1, 40], [30, 40], [30, 0]]
    assert thin(points, 1.0) == [True, False, False, True, True, True]
    assert all(thin(points, 0.4))


def test_a_ring_that_would_shrink_is_left_as_it_is():
    """A square pixel on its corner has no two corners to do without."""
    assert all(thin([[0, 0], [0, 1], [1, 1], [1, 0]], 5.0))


def test_fixed_corners_stay():
    """A corner that is fixed is kept, however flat."""
    points = [[0, 0], [0, 20], [0, 40], [30, 40], [30, 0]]
    assert thin(points, 5.0, fixed=[1]) == [True] * 5
    assert thin(points, 5.0) == [True, False, True, True, True]


def test_chains_have_500_corners_at_most():
    """A corner in 500 stays, so that time grows with the length, on spirals too."""
    kept = thin([[0, col] for col in range(1400)] + [[30, 1399], [30, 0]], 1.0)
    assert np.flatnonzero(kept).tolist() == [0, 500, 1000, 1399, 1400, 1401]
