"""Averages of blocks, and values of blocks read at pixels."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.matting.resample import (
    block_factor,
    block_mean,
    read_between,
    row_slabs,
)

LAWS = settings(max_examples=40, deadline=None, derandomize=True)
SIDES = st.integers(1, 30)


@LAWS
@given(SIDES, SIDES, st.integers(1, 7), st.integers(0, 9))
def test_block_means_are_numpys(height, width, factor, seed):
    """Blocks of the picture, its last row and column repeated, averaged by numpy."""
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3))
    down, across = -height % factor, -width % factor
    whole = np.pad(values, ((0, down), (0, across), (0, 0)), mode="edge")
    rows, cols = whole.shape[0] // factor, whole.shape[1] // factor
    blocks = whole.reshape(rows, factor, cols, factor, 3)
    small = block_mean(values, factor)
    assert small.dtype == np.float32
    assert small.shape == (rows, cols, 3)
    assert np.allclose(small, blocks.mean(axis=(1, 3)), atol=1e-3)


def test_block_mean_of_one_pixel_is_a_copy():
    """Factor 1 hands back the values, never the same memory."""
    values = np.ones((2, 3), dtype=np.float32)
    small = block_mean(values, 1)
    small[:] = 5
    assert values.max() == 1


@LAWS
@given(SIDES, SIDES, st.integers(1, 40))
def test_the_factor_is_the_least_that_keeps_the_limit(height, width, limit):
    """The longer side comes to the limit or under, and one less would not do."""
    longer = max(height, width)
    factor = block_factor((height, width, 3), limit)
    assert -(-longer // factor) <= limit
    assert factor == 1 or -(-longer // (factor - 1)) > limit


@pytest.mark.parametrize("factor", [1, 3, 5])
def test_a_blocks_centre_reads_its_own_value(factor, rng):
    """An odd block has a centre pixel; there the block's value comes back."""
    values = rng.random((4, 6, 2), dtype=np.float32)
    rows, cols = (grid.ravel() for grid in np.mgrid[:4, :6])
    centre = factor // 2
    read = read_between(values, rows * factor + centre, cols * factor + centre, factor)
    assert np.allclose(read, values.reshape(-1, 2), atol=1e-6)


def test_between_centres_values_run_straight():
    """Blocks of 2 have centres at 0.5, 2.5 ...: quarters of the way are read."""
    values = np.array([[[0.0], [8.0]]], dtype=np.float32)
    cols = np.arange(4)
    read = read_between(values, np.zeros(4, dtype=np.int64), cols, 2)
    assert read.ravel().tolist() == [0, 2, 6, 8]


@LAWS
@given(st.integers(1, 5000), st.integers(1, 5000))
def test_slabs_cover_every_row_once(height, width):
    """Slabs follow on one another, from the first row to the last, none too large."""
    slabs = list(row_slabs((height, width)))
    assert slabs[0].start == 0
    assert slabs[-1].stop == height
    assert all(one.stop == two.start for one, two in pairwise(slabs))
    assert all((s.stop - s.start) * width <= 2**20 for s in slabs)
