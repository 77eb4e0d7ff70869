"""Runs and components against scipy.ndimage, on grids that are hard to label."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import measure

from cosmat_nb.metrics.parts import DUST_SHARE, find_components, find_holes
from cosmat_nb.metrics.runs import (
    Runs,
    complement_runs,
    join_runs,
    label_runs,
    run_ends,
)
from cosmat_nb.metrics.strips import walk_strips

CORNERS, SIDES = np.ones((3, 3)), None


def noise(seed, share, shape=(40, 53)):
    return np.random.default_rng(seed).random(shape) < share


def checkerboard(height, width):
    return np.indices((height, width)).sum(axis=0) % 2 == 0


def comb(height, width):
    """Teeth that meet only in the last row."""
    teeth = np.zeros((height, width), bool)
    teeth[:, ::2] = teeth[-1] = True
    return teeth


def spiral(size):
    """A winding path, one pixel wide, whose gap winds along with it."""
    path = np.zeros((size, size), bool)
    row = col = turn = 0
    path[0, 0] = True
    length, down, right = size - 1, 0, 1
    while length > 1:
        for _ in range(length):
            row, col = row + down, col + right
            path[row, col] = True
        down, right = right, -down
        turn += 1
        length -= 2 * (turn % 2 == 1 and turn > 1)
    return path


GRIDS = {
    **{
        f"noise {share}": noise(1, share) for share in (0.02, 0.1, 0.35, 0.5, 0.8, 0.97)
    },
    "dense, long rows": noise(2, 0.5, (3, 4000)),
    "tall": noise(3, 0.6, (4000, 3)),
    "many strips": noise(4, 0.55, (500, 1200)),
    "checkerboard": checkerboard(30, 31),
    "rings": checkerboard(30, 31) | comb(30, 31),
    "comb": comb(25, 40),
    "comb upside down": comb(25, 40)[::-1],
    "comb across": comb(40, 25).T,
    "spiral": spiral(41),
    "spiral's gap": ~spiral(41),
    "empty": np.zeros((5, 6), bool),
    "full": np.ones((5, 6), bool),
    "one pixel": np.pad(np.ones((1, 1), bool), 3),
    "corner pixel": np.eye(1, 30, dtype=bool),
    "one row": noise(5, 0.5, (1, 40)),
    "one column": noise(6, 0.5, (40, 1)),
    "1x1": np.ones((1, 1), bool),
    "frame": np.pad(np.zeros((7, 9), bool), 1, constant_values=True),
}
grids = pytest.mark.parametrize("mask", GRIDS.values(), ids=GRIDS)


def find_runs(mask):
    alpha = mask.astype(np.uint8) * np.uint8(255)
    return join_runs(
        [run_ends(strip, 128) for strip in walk_strips(alpha)], *mask.shape
    )


def paint(runs):
    """The mask that runs came from."""
    mask = np.zeros((runs.height, runs.width + 1), bool).ravel()
    for start, stop in zip(runs.starts, runs.stops, strict=True):
        assert not mask[start:stop].any()
        mask[start:stop] = True
    return mask.reshape(runs.height, -1)[:, :-1]


@grids
def test_runs_hold_the_mask(mask):
    """Runs painted again give the mask, those of the complement the other pixels."""
    runs = find_runs(mask)
    assert (paint(runs) == mask).all()
    assert (paint(complement_runs(runs)) == ~mask).all()
    # A run is as long as it can be: the pixel before each is another one.
    padded = np.pad(mask, ((0, 0), (1, 0)))
    assert runs.starts.size == np.count_nonzero(padded[:, 1:] & ~padded[:, :-1])


@grids
@pytest.mark.parametrize("corners", [True, False])
def test_labels_are_those_of_scipy(mask, corners):
    """Runs share a label exactly when scipy.ndimage.label gives them one."""
    runs = find_runs(mask)
    count, labels = label_runs(runs, corners=corners)
    expected, number = ndimage.label(mask, CORNERS if corners else SIDES)
    assert count == number
    rows = runs.rows
    theirs = expected[rows, runs.columns(rows)[0]]
    pairs = np.unique(np.stack([labels, theirs], axis=1), axis=0)
    assert len(pairs) == number


@grids
def test_components_are_those_of_scipy(mask):
    """Sizes, dust and box agree with label, bincount and find_objects."""
    labels, number = ndimage.label(mask, CORNERS)
    sizes = np.bincount(labels.ravel(), minlength=1)[1:]
    found = find_components(find_runs(mask))
    assert (found.area, found.largest) == (mask.sum(), sizes.max(initial=0))
    dusty = sizes < DUST_SHARE * sizes.max(initial=0)
    assert (found.count, found.dust) == (number - dusty.sum(), dusty.sum())
    assert found.dust_area == sizes[dusty].sum()
    kept = np.isin(labels, 1 + np.flatnonzero(~dusty))
    boxes = ndimage.find_objects(kept.astype(int))
    box = None
    if boxes:
        (rows, cols) = boxes[0]
        box = (rows.start, cols.start, rows.stop, cols.stop)
    assert found.box == box


@grids
def test_holes_are_those_of_scipy(mask):
    """Holes are what binary_fill_holes fills, counted 4-connected."""
    filled = ndimage.binary_fill_holes(mask) & ~mask
    labels, number = ndimage.label(filled, SIDES)
    runs = find_runs(mask)
    assert find_holes(runs, smallest=0) == (number, filled.sum())
    sizes = np.bincount(labels.ravel())[1:]
    large = sizes[sizes >= 3]
    assert find_holes(runs, smallest=3) == (large.size, large.sum())


@grids
def test_euler_number_of_scikit_image(mask):
    """Components less holes is scikit-image's Euler number of 8-connected pixels."""
    runs = find_runs(mask)
    count, _ = label_runs(runs, corners=True)
    holes, _ = find_holes(runs, smallest=0)
    assert count - holes == measure.euler_number(mask, connectivity=2)


def test_runs_by_hand():
    """Places count the end of a row as one more column."""
    runs = find_runs(np.array([[1, 0, 1], [1, 1, 0]], bool))
    # Width 3, so a row is 4 places: row 1 starts at 4.
    assert (runs.starts.tolist(), runs.stops.tolist()) == ([0, 2, 4], [1, 3, 6])
    assert (runs.rows.tolist(), runs.lengths.tolist()) == ([0, 0, 1], [1, 1, 2])


def test_the_end_of_a_row_is_no_neighbour():
    """A run at a row's end and one at the next row's start are apart."""
    runs = Runs(2, 4, np.array([2, 5]), np.array([4, 6]))
    assert label_runs(runs, corners=True)[0] == 2
