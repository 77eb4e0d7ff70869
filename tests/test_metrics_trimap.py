"""The unknown band: given as a trimap, or drawn around what a reference leaves open."""

import numpy as np
import pytest
from scipy import ndimage

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.trimap import RADIUS, check_trimap, unknown_band


def read(drawing):
    """Read a drawing: # is True."""
    rows = drawing.split()
    return np.array([[mark == "#" for mark in row] for row in rows])


def plain_seeds(reference):
    """Soft pixels and both sides of the 0.5-edge, pixel by pixel."""
    hard, seeds = reference >= 0.5, (reference > 0) & (reference < 1)
    for (row, col), here in np.ndenumerate(hard):
        for at in ((row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)):
            inside = 0 <= at[0] < hard.shape[0] and 0 <= at[1] < hard.shape[1]
            seeds[row, col] |= inside and hard[at] != here
    return seeds


@pytest.mark.parametrize(
    ("radius", "drawing"),
    [
        (0, "..... ..... ..#.. ..... ....."),
        (0.99, "..... ..... ..#.. ..... ....."),
        (1, "..... ..#.. .###. ..#.. ....."),
        (1.4, "..... ..#.. .###. ..#.. ....."),
        (np.sqrt(2), "..... .###. .###. .###. ....."),
        (2, "..#.. .###. ##### .###. ..#.."),
        (np.sqrt(5), ".###. ##### ##### ##### .###."),
        (np.float32(3), "##### ##### ##### ##### #####"),
        (10**400, "##### ##### ##### ##### #####"),
    ],
)
def test_disc(radius, drawing):
    """A faint pixel is widened to the Euclidean disc, its edge included."""
    reference = np.zeros((5, 5), np.uint8)
    reference[2, 2] = 1
    np.testing.assert_array_equal(unknown_band(reference, radius), read(drawing))


def test_hard_edge_has_two_sides():
    """Seeds of a hard matte are the pixels on both sides, corners not included."""
    reference = np.zeros((4, 5))
    reference[1:3, 1:4] = 1
    expected = read(".###. ##### ##### .###.")
    np.testing.assert_array_equal(unknown_band(reference, 0), expected)
    reference = np.pad(np.ones((3, 3)), 1)
    expected = read(".###. ##### ##.## ##### .###.")
    np.testing.assert_array_equal(unknown_band(reference, 0), expected)


def test_default_radius():
    """A straight edge between columns 29 and 30 makes a band of 12 + 1 px each side."""
    reference = np.zeros((2, 60))
    reference[:, 30:] = 1
    assert RADIUS == 12
    assert np.flatnonzero(unknown_band(reference)[0]).tolist() == list(range(17, 43))


def test_levels_of_eight_bits():
    """128 is hard and 127 is not; 1 and 254 are soft, 0 and 255 are not."""
    reference = np.array([[0, 0, 0, 1, 0, 0, 255, 255, 254, 255]], np.uint8)
    expected = read("...#.##.#.")
    np.testing.assert_array_equal(unknown_band(reference, 0), expected)
    np.testing.assert_array_equal(unknown_band(reference / 255, 0), expected)
    reference = np.array([[0, 127, 0, 0, 0, 128, 0, 0]], np.uint8)
    np.testing.assert_array_equal(unknown_band(reference, 0), read(".#..###."))
    floats = np.array([[0, 0.25, 1, 1]], np.float16)
    np.testing.assert_array_equal(unknown_band(floats, 0), read(".##."))


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("level", [0, 1])
def test_nothing_in_doubt(dtype, level):
    """A reference that is 0 everywhere, or 1, has no band."""
    one = 255 if dtype == np.uint8 else 1
    assert not unknown_band(np.full((5, 6), level * one, dtype)).any()


def test_glass():
    """A translucent reference is all band, even at radius 0."""
    assert unknown_band(np.full((4, 4), 0.5), 0).all()


@pytest.mark.parametrize("radius", [0, 1, 1.5, 2, 3.7, 12, 60, 500])
@pytest.mark.parametrize("shape", [(1, 40), (40, 1), (70, 33), (150, 20)])
def test_distance_transform(rng, shape, radius):
    """An exact Euclidean distance transform finds the same within the radius."""
    reference = (rng.random(shape) < 0.01).astype(float)
    reference[rng.random(shape) < 0.005] = 0.3
    reference.flat[0] = 0.25
    distance = ndimage.distance_transform_edt(~plain_seeds(reference))
    np.testing.assert_array_equal(unknown_band(reference, radius), distance <= radius)


@pytest.mark.parametrize("radius", [-1, -0.5, np.nan, np.inf, True, "3", None, 1j])
def test_refused_radius(radius):
    """A radius is a finite number from 0 up."""
    with pytest.raises(OptionsError, match=r"radius must be a number of px, 0 and up"):
        unknown_band(np.zeros((2, 2)), radius)


def test_refused_reference():
    """The message speaks of the reference."""
    with pytest.raises(OptionsError, match=r"^reference must be an array"):
        unknown_band([[0, 1]])


@pytest.mark.parametrize(
    "trimap",
    [
        np.array([[0, 128, 255]], np.uint8),
        np.array([[0, 127, 255]], np.uint8),
        np.array([[0, 0.5, 1]]),
        np.array([[0, 0.5, 1]], np.float16),
        np.array([[0, 0.5, 1]], ">f4"),
    ],
)
def test_accepted(trimap):
    """Three levels in 8 bits or any float: the middle one is unknown."""
    assert check_trimap(trimap, (1, 3)).tolist() == [[False, True, False]]


def test_both_middles():
    """127 and 128 may stand side by side; a trimap may also know everything."""
    trimap = np.array([[127, 128]], np.uint8)
    assert check_trimap(trimap, (1, 2)).all()
    assert not check_trimap(np.zeros((1, 2)), (1, 2)).any()


@pytest.mark.parametrize(
    ("trimap", "came"),
    [
        (np.array([[0, 1, 2]], np.uint8), "got 2 other values, the first 1"),
        (np.array([[0, 129, 255]], np.uint8), "got 1 other values, the first 129"),
        (np.array([[0, 128, 255]]) / 255, "the first 0.50196.*divided by 255"),
        (np.array([[0, 0.5, 0.75]]), "the first 0.75"),
        (np.array([[0.0, 0.5]]), r"shape of the mattes, \(1, 3\); got \(1, 2\)"),
        (np.array([[0, 128, 255]]), "trimap must be an array .*got dtype int64"),
        (np.array([[0, 128.0, 255]]), "trimap must be an array .*from 0.0 to 255.0"),
        ([[0, 0.5, 1]], "trimap must be an array .*got list"),
    ],
)
def test_refused(trimap, came):
    """The message says what was expected and what came."""
    with pytest.raises(OptionsError, match=came):
        check_trimap(trimap, (1, 3))
