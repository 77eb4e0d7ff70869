"""Fewer corners, the same arrangement of rings."""

import numpy as np
import pytest
from torture import MASKS, read

from cosmat_nb.dataset.shapes.polygons import _prepare, _thin
from cosmat_nb.dataset.shapes.simplifying import simplify
from cosmat_nb.dataset.shapes.tracing import trace_rings

SWEPT = read("..##.. #.###. #.#### #.###. .#.#.. ####.#")
SMALL = {name: mask for name, mask in MASKS.items() if 0 < mask.sum() < 400}
cases = pytest.mark.parametrize("mask", [SWEPT, *SMALL.values()], ids=["swept", *SMALL])
tolerances = pytest.mark.parametrize("tolerance", [0.75, 3.0])


def rings_of(corners):
    """Every ring's corners."""
    return np.split(corners.points, corners.starts[1:-1])


def is_around(ring, point):
    """Whether a ring encloses a point that no corner is level with."""
    rows, cols = ring.T
    row, col = point[0] + 0.5, point[1]
    after, beyond = np.roll(rows, -1), np.roll(cols, -1)
    level = (rows < row) != (after < row)
    at = (
        cols[level]
        + (row - rows[level]) * (beyond - cols)[level] / (after - rows)[level]
    )
    return np.count_nonzero(at > col) % 2 == 1


@cases
@tolerances
def test_rings_stay_in_what_they_were_in(mask, tolerance):
    """A hole stays in its part and an island in its hole, even where all is tiny."""
    before = _prepare(trace_rings(mask), loosened=True)
    after = _thin(before, tolerance)
    rings = list(zip(rings_of(before), rings_of(after), strict=True))
    for exact, loose in rings[:12]:
        assert (exact[0] == loose[0]).all()
        for others, other in rings[:12]:
            if other is not loose:
                assert is_around(others, exact[0]) == is_around(other, loose[0])


@cases
@tolerances
def test_bridges_stay_where_they_are(mask, tolerance):
    """Both ends of every bridge are kept, so it runs along its row of pixels."""
    before = _prepare(trace_rings(mask), loosened=True)
    after = _thin(before, tolerance)
    assert (before.points[before.links] == after.points[after.links]).all()


def test_corners_within_the_tolerance_go():
    """A step of 1 goes with a tolerance of 1 and stays with one below."""
    points = np.array([[0, 0], [0, 20], [1, 20], [1, 40], [30, 40], [30, 0]])
    none, free = np.zeros((0, 2), np.int64), np.zeros(6, np.bool_)
    starts = np.array([0, 6])
    assert simplify(points, starts, free, none, 1.0).sum() == 4
    assert simplify(points, starts, free, none, 0.4).all()


def test_fixed_corners_stay():
    """A corner that is fixed is kept, however flat."""
    points = np.array([[0, 0], [0, 20], [0, 40], [30, 40], [30, 0]])
    fixed = np.array([False, True, False, False, False])
    none = np.zeros((0, 2), np.int64)
    kept = simplify(points, np.array([0, 5]), fixed, none, 5.0)
    assert kept.all()
