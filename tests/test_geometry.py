"""Parts, holes and edge length of pixel grids against hand counts and oracles."""

import math

import numpy as np
import pytest
from skimage import measure

from cosmat_nb.metrics.geometry import edge_length, euler_number, part_sizes


def noise(seed, share):
    return np.random.default_rng(seed).random((40, 53)) < share


@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 0.5, 0.8, 1.0])
def test_part_sizes_against_scikit_image(share):
    """Sizes are those of scikit-image's 8-connected components."""
    hard = noise(1, share)
    regions = measure.regionprops(measure.label(hard, connectivity=2))
    assert sorted(part_sizes(hard)) == sorted(int(region.area) for region in regions)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.35, 0.5, 0.8, 1.0])
def test_euler_number_against_scikit_image(share):
    """The Euler number is scikit-image's for 8-connected pixels."""
    hard = noise(2, share)
    assert euler_number(hard) == measure.euler_number(hard, connectivity=2)


@pytest.mark.parametrize("share", [0.3, 0.5, 0.7, 0.9])
def test_holes_are_enclosed_background(share):
    """Parts minus Euler number counts 4-connected background beside the outer one."""
    hard = noise(3, share)
    background = measure.label(~np.pad(hard, 1), connectivity=1).max()
    assert part_sizes(hard).size - euler_number(hard) == background - 1


def test_diagonal_ring_encloses():
    """Four pixels that meet in corners are one part around one hole."""
    ring = np.array([[0, 1, 0], [1, 0, 1], [0, 1, 0]], bool)
    assert part_sizes(ring).tolist() == [4]
    assert euler_number(ring) == 0


@pytest.mark.parametrize("shape", [(1, 2), (2, 1), (1, 9), (3, 4), (64, 6), (130, 3)])
def test_upright_edge(shape):
    """A hard edge between two halves is as long as the picture is high."""
    height, width = shape
    alpha = np.zeros(shape)
    alpha[:, width // 2 :] = 1
    assert edge_length(alpha) == (height if width > 1 else 0)
    assert edge_length(alpha.T) == (height if width > 1 else 0)


def test_diagonal_edge():
    """A hard staircase at 45 degrees has the length of the diagonal it stands for."""
    stairs = np.tri(50)
    inner = edge_length(stairs) / (50 * math.sqrt(2))
    assert inner == pytest.approx(1, abs=0.02)
    assert edge_length(stairs[::-1]) == pytest.approx(edge_length(stairs), rel=1e-12)


def test_pixel():
    """One pixel has four cells at its corners, each of gradient 1 / sqrt(2)."""
    alpha = np.zeros((5, 5))
    alpha[2, 2] = 1
    assert edge_length(alpha) == pytest.approx(4 / math.sqrt(2), rel=1e-12)


def test_thin_lines():
    """A line one pixel thin has two sides; along a diagonal half of that is seen."""
    upright, diagonal = np.zeros((200, 5)), np.eye(200)
    upright[:, 2] = 1
    assert edge_length(upright) == 400
    assert edge_length(diagonal) == pytest.approx(200 * math.sqrt(2), rel=0.01)


@pytest.mark.parametrize("radius", [10, 40, 100])
def test_disc(radius):
    """A disc with a soft edge is as long around as its circumference."""
    row, col = np.mgrid[:231, :231] - 115
    alpha = np.clip((radius - np.hypot(row, col)) / 4 + 0.5, 0, 1)
    assert edge_length(alpha) == pytest.approx(2 * math.pi * radius, rel=0.005)


def test_unit():
    """The length scales with the values, so 8 bits measure 255 times the share."""
    alpha = np.random.default_rng(4).integers(0, 256, (150, 31), dtype=np.uint8)
    assert edge_length(alpha) == pytest.approx(
        255 * edge_length(alpha / 255), rel=1e-12
    )


def test_flat():
    """Equal values have no edge, whatever the value and the size."""
    for shape in [(1, 1), (1, 7), (70, 70)]:
        assert edge_length(np.full(shape, 0.3)) == 0
