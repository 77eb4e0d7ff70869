"""Rings along pixel edges."""

import numpy as np
import pytest
from scipy import ndimage
from torture import MASKS, read

from cosmat_nb.dataset.shapes.tracing import trace_rings

cases = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)


def rings_of(mask):
    """Every ring's corners."""
    rings = trace_rings(mask)
    return [rings.ring(i).tolist() for i in range(rings.parts.size)]


def test_a_square_has_four_corners_clockwise():
    """A ring goes east along the top first, on the pixels' edges."""
    assert rings_of(read("... .#. ...")) == [[[1, 1], [1, 2], [2, 2], [2, 1]]]
    assert rings_of(read("##")) == [[[0, 0], [0, 2], [1, 2], [1, 0]]]


def test_a_hole_is_gone_around_the_other_way():
    """A hole's ring goes down first."""
    outer, hole = rings_of(read("### #.# ###"))
    assert outer == [[0, 0], [0, 3], [3, 3], [3, 0]]
    assert hole == [[1, 1], [2, 1], [2, 2], [1, 2]]


def test_pixels_that_meet_in_a_corner_are_one_part():
    """Both diagonals are one ring that passes their common corner twice."""
    (falling,) = rings_of(read("#. .#"))
    assert falling == [[0, 0], [0, 1], [1, 1], [1, 2], [2, 2], [2, 1], [1, 1], [1, 0]]
    (rising,) = rings_of(read(".# #."))
    assert rising == [[0, 1], [0, 2], [1, 2], [1, 1], [2, 1], [2, 0], [1, 0], [1, 1]]


def test_holes_that_meet_in_a_corner_are_two():
    """The rest is 4-connected."""
    rings = trace_rings(MASKS["two holes that meet in a corner"])
    assert rings.holes.tolist() == [1, 2]
    assert rings.parts.tolist() == [0, 0, 0]


@cases
def test_parts_and_holes_are_counted_as_scipy_does(mask):
    """As many outer rings as 8-connected parts, as many others as 4-connected holes."""
    rings = trace_rings(mask)
    parts = ndimage.label(mask, np.ones((3, 3)))[1]
    rest = ndimage.label(np.pad(~mask, 1, constant_values=True))[1]
    assert rings.parts.size - rings.holes.size == parts
    assert rings.holes.size == rest - 1


@cases
def test_rings_enclose_what_is_inside(mask):
    """Signed areas sum up to the pixels, part by part, holes below 0."""
    rings = trace_rings(mask)
    labels = ndimage.label(mask, np.ones((3, 3)))[0]
    sums = np.zeros(rings.parts.size)
    for i in range(rings.parts.size):
        rows, cols = rings.ring(i).T
        area = (cols * np.roll(rows, -1) - rows * np.roll(cols, -1)).sum() / 2
        assert (area < 0) == (i in rings.holes)
        sums[rings.parts[i]] += area
    sizes = np.bincount(labels.ravel())[1:]
    assert sorted(sums[sums > 0].tolist()) == sorted(sizes.tolist())


@cases
def test_bridges_run_inside_and_end_further_left(mask):
    """A hole's bridge crosses pixels of its part alone, up to a ring of it."""
    rings = trace_rings(mask)
    bridges = rings.bridges
    of = np.repeat(np.arange(rings.parts.size), np.diff(rings.starts))
    assert of[bridges.sources].tolist() == rings.holes.tolist()
    for source, target, row in zip(
        bridges.sources, bridges.targets, bridges.rows, strict=True
    ):
        right, left = rings.points[source, 1], rings.points[target, 1]
        assert left < right
        assert mask[row, left:right].all()
        assert left == 0 or not mask[row, left - 1]
        assert not mask[row, right]
        assert rings.parts[of[source]] == rings.parts[of[target]]


def test_an_empty_mask_has_no_ring():
    """Nothing is traced where nothing is."""
    rings = trace_rings(np.zeros((3, 4), bool))
    assert rings.points.shape == (0, 2)
    assert rings.starts.tolist() == [0]
