"""Averages of blocks, and values of blocks read at pixels."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from cosmat_nb.matting.resample import (
    block_factor,
    block_mean,
    read_between,
    row_slabs,
    shrink,
    stretch,
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
    rows, cols = (grid.ravel() * factor + factor // 2 for grid in np.mgrid[:4, :6])
    read = read_between(values, rows, cols, (4 * factor, 6 * factor))
    assert np.allclose(read, values.reshape(-1, 2), atol=1e-6)


def test_between_centres_values_run_straight():
    """Blocks of 2 have centres at 0.5, 2.5 ...: quarters of the way are read."""
    values = np.array([[[0.0], [8.0]]], dtype=np.float32)
    cols = np.arange(4)
    read = read_between(values, np.zeros(4, dtype=np.int64), cols, (1, 4))
    assert read.ravel().tolist() == [0, 2, 6, 8]


@LAWS
@given(*[st.integers(1, 9)] * 3, *[st.integers(1, 60)] * 2)
def test_reading_agrees_with_scipys_spline_of_degree_one(
    rows, cols, depth, down, right
):
    """Any size read at any other: scipy.ndimage.map_coordinates answers the same."""
    rng = np.random.default_rng((rows, cols, down, right))
    values = rng.random((rows, cols, depth), dtype=np.float32)
    y, x = (grid.ravel() for grid in np.mgrid[:down, :right])
    at = [(y + 0.5) * rows / down - 0.5, (x + 0.5) * cols / right - 0.5]
    read = read_between(values, y, x, (down, right))
    for layer in range(depth):
        plane = values[..., layer]
        expected = ndimage.map_coordinates(plane, at, order=1, mode="nearest")
        assert np.allclose(read[:, layer], expected, atol=1e-5)


def test_many_pixels_are_read_as_few_are(rng):
    """Over 16 384 pixels, read in parts, nothing is lost between the parts."""
    values = rng.random((5, 7, 3), dtype=np.float32)
    y, x = (grid.ravel() for grid in np.mgrid[:200, :210])
    read = read_between(values, y, x, (200, 210))
    backwards = read_between(values, y[::-1], x[::-1], (200, 210))
    assert np.array_equal(backwards[::-1], read)


@LAWS
@given(*[st.integers(1, 40)] * 4, st.integers(1, 7))
def test_rows_stretched_alone_are_those_of_the_whole(rows, cols, height, width, step):
    """A plane stretched by slabs equals the plane stretched at once, to rounding."""
    values = np.random.default_rng((rows, cols)).random((rows, cols), dtype=np.float32)
    whole = stretch(values, (height, width, 3))
    assert whole.shape == (height, width)
    for start in range(0, height, step):
        part = slice(start, min(start + step, height))
        assert np.abs(stretch(values, (height, width), part) - whole[part]).max() < 1e-4


def test_stretching_overshoots_no_limit(rng):
    """A step, whose cubic would ring, stays in [0, 1]; a constant stays itself."""
    step = np.repeat([[0, 0, 1, 1]], 4, axis=0).astype(np.float32)
    large = stretch(step, (40, 40))
    assert (large.min(), large.max()) == (0, 1)
    assert np.allclose(stretch(np.full((3, 5), 0.3, np.float32), (17, 4)), 0.3)
    # The fourth of eight pixels over four values lies a quarter behind the second.
    row = rng.random((1, 4), dtype=np.float32)
    read = stretch(row, (1, 8))[0, 3]
    assert read == pytest.approx(np.clip(keys(row[0], 1.25), 0, 1), abs=1e-5)


def keys(row, place):
    """Weigh four values by Keys' cubic convolution with a = -0.5, at one place."""
    away = np.abs(np.arange(row.size) - place)
    near = 1.5 * away**3 - 2.5 * away**2 + 1
    far = -0.5 * away**3 + 2.5 * away**2 - 4 * away + 2
    return float((np.where(away < 1, near, np.where(away < 2, far, 0)) * row).sum())


@LAWS
@given(st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 40))
def test_slabs_cover_every_row_once(height, width, whole):
    """Slabs follow on one another, from the first row to the last, none too large.

    Where they are asked for in groups of rows, none ends within a group.
    """
    slabs = list(row_slabs((height, width), whole))
    assert slabs[0].start == 0
    assert slabs[-1].stop == height
    assert all(one.stop == two.start for one, two in pairwise(slabs))
    assert all((s.stop - s.start) * width <= 2**20 for s in slabs)
    assert all(each.stop % whole == 0 for each in slabs[:-1])


@settings(max_examples=60, derandomize=True, deadline=None)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    small=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    resample=st.sampled_from(["bilinear", "bicubic", "lanczos"]),
    seed=st.integers(0, 99),
)
def test_shrinking_is_pillows(height, width, small, resample, seed):
    """To the last bit what `resize` with a gap of 3 gives."""
    shape = (height, width, 3)
    picture = np.random.default_rng(seed).integers(0, 256, shape, np.uint8)
    kind = Image.Resampling[resample.upper()]
    expected = Image.fromarray(picture).resize(small[::-1], kind, reducing_gap=3.0)
    assert np.array_equal(shrink(picture, small, resample), np.asarray(expected))


def test_shrinking_by_strips_is_pillows(rng):
    """Also where a picture is taken in several strips, and the last one is short."""
    picture = rng.integers(0, 256, (2051, 1203, 3), np.uint8)
    for side in (16, 200):
        expected = Image.fromarray(picture).resize(
            (side, side), Image.Resampling.BILINEAR, reducing_gap=3.0
        )
        assert np.array_equal(shrink(picture, (side, side)), np.asarray(expected))


def test_shrinking_takes_pictures_however_they_lie(rng):
    """Turned, mirrored and thinned views give what their copies give."""
    base = rng.integers(0, 256, (90, 140, 3), np.uint8)
    wide = rng.integers(0, 256, (90, 140, 4), np.uint8)
    for view in (base[::-1, ::-1], base.transpose(1, 0, 2), base[::3], wide[..., :3]):
        assert not view.flags["C_CONTIGUOUS"]
        for side in (4, 64):
            copy = np.ascontiguousarray(view)
            assert np.array_equal(shrink(view, (side, 5)), shrink(copy, (side, 5)))
    base.flags.writeable = False
    assert shrink(base, (4, 5)).shape == (4, 5, 3)


@pytest.mark.parametrize("shape", [(1, 1), (1, 70_000), (70_000, 1), (2, 3)])
def test_thin_and_tiny_pictures_are_seen(shape):
    """One colour stays that colour, whatever the proportions."""
    small = shrink(np.full((*shape, 3), (7, 100, 250), np.uint8), (16, 16))
    assert (small == (7, 100, 250)).all()
    assert small.shape == (16, 16, 3)


def test_large_pictures_are_seen_in_little_memory():
    """30 million pixels, 90 MB, take less than 40 MB beside themselves."""
    pytest.importorskip("resource", reason="memory is measured on POSIX")
    code = (
        "import resource, sys, numpy as np\n"
        "from cosmat_nb.matting.resample import shrink\n"
        "def most():\n"
        "    top = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "    return top * (1 if sys.platform == 'darwin' else 1024)\n"
        "shrink(np.full((1000, 1000, 3), 9, np.uint8), (256, 256))\n"
        "picture = np.full((5500, 5500, 3), 9, np.uint8)\n"
        "before = most()\n"
        "shrink(picture, (256, 256), 'lanczos')\n"
        "grown = most() - before\n"
        "assert grown < 40e6, grown\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
