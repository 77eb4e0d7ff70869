"""Laws of run lengths, rings and polygons, for any mask."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cosmat_nb.dataset.shapes.filling import fill_outline, fill_polygons
from cosmat_nb.dataset.shapes.polygons import cut_outline, cut_polygons
from cosmat_nb.dataset.shapes.rle import (
    count_runs,
    fill_runs,
    pack_counts,
    unpack_counts,
)
from cosmat_nb.dataset.shapes.tracing import trace_rings

quick = settings(max_examples=60, deadline=None, derandomize=True)
masks = st.tuples(st.integers(1, 11), st.integers(1, 11)).flatmap(
    lambda shape: hnp.arrays(np.bool_, shape)
)
tolerances = st.sampled_from([0.3, 0.75, 1.5, 4.0])


@quick
@given(st.lists(st.integers(0, 2**45), max_size=12))
def test_counts_survive_their_text(counts):
    """Any counts come back from their text."""
    assert unpack_counts(pack_counts(counts)).tolist() == counts


@quick
@given(masks)
def test_masks_survive_run_lengths(mask):
    """Any mask comes back from its counts, which are above 0 but for the first."""
    counts = count_runs(mask)
    assert (counts[1:] > 0).all()
    assert (fill_runs(counts, *mask.shape) == mask).all()


@quick
@given(masks)
def test_exact_polygons_fill_to_the_mask(mask):
    """Any mask comes back from its polygons, and one part from its outline."""
    polygons = cut_polygons(mask)
    assert (fill_polygons(polygons, *mask.shape) == mask).all()
    painted = fill_outline(cut_outline(mask), *mask.shape)
    assert painted[mask].all()
    if len(polygons) <= 1:
        assert (painted == mask).all()


@quick
@given(masks)
def test_rings_turn_at_every_corner(mask):
    """Edges go along rows and columns by turns, so no corner is on a straight edge."""
    rings = trace_rings(mask)
    for place in range(rings.parts.size):
        ring = rings.ring(place)
        ways = np.roll(ring, -1, axis=0) - ring
        assert (np.count_nonzero(ways, axis=1) == 1).all()
        assert ((ways == 0) == (np.roll(ways, -1, axis=0) != 0)).all()


@quick
@given(masks, tolerances)
def test_simplified_polygons_stay_within_the_tolerance(mask, tolerance):
    """Every corner of the exact polygons is that near to a simplified one."""
    lines = [
        (polygon, np.roll(polygon, -1, axis=0))
        for polygon in cut_polygons(mask, tolerance)
    ]
    starts, ends = (
        (np.concatenate(side) for side in zip(*lines, strict=True))
        if lines
        else ((), ())
    )
    for polygon in cut_polygons(mask):
        for corner in polygon:
            assert distance(corner, starts, ends) <= tolerance + 1e-9


@quick
@given(masks, tolerances)
def test_simplified_polygons_keep_holes(mask, tolerance):
    """Two bridge lines for each hole, and a corner more than three each, stay."""
    rings = trace_rings(mask)
    polygons = cut_polygons(mask, tolerance)
    count = rings.parts.size
    assert len(polygons) == count - rings.holes.size
    # A ring has three corners at least and each bridge adds two.
    least = 3 * count + 2 * rings.holes.size
    assert sum(map(len, polygons)) >= least


def distance(point, starts, ends):
    """How far a point is from the nearest of many lines."""
    ways = ends - starts
    squares = np.maximum((ways**2).sum(axis=1), 1e-12)
    shares = np.clip(((point - starts) * ways).sum(axis=1) / squares, 0, 1)
    return np.hypot(*(starts + ways * shares[:, None] - point).T).min()
