"""The columns of one matte: shapes whose numbers are known, and scikit-image."""

import math

import numpy as np
import pytest
from skimage import measure

from cosmat_nb.metrics.measure import measure_alpha


def disc(radius, edge, size=301, centre=(150, 150)):
    row, col = np.mgrid[:size, :size]
    distance = np.hypot(row - centre[0], col - centre[1])
    return np.clip((radius - distance) / edge + 0.5, 0, 1)


def ellipse(along, across, degrees, size=241):
    """A filled ellipse whose long axis is turned counter-clockwise as seen."""
    row, col = np.mgrid[:size, :size] - (size - 1) / 2
    angle = math.radians(degrees)
    major = col * math.cos(angle) - row * math.sin(angle)
    minor = col * math.sin(angle) + row * math.cos(angle)
    return np.clip((1 - np.hypot(major / along, minor / across)) * across + 0.5, 0, 1)


@pytest.mark.parametrize("radius", [20, 60, 120])
@pytest.mark.parametrize("edge", [1, 3, 10])
def test_disc(radius, edge):
    """A disc has its area, middle, length and the width its edge was drawn with."""
    found = measure_alpha(disc(radius, edge, centre=(150, 140.5)))
    # Softening over `edge` adds pi * edge ** 2 / 12 to the area of a hard disc.
    area = math.pi * (radius**2 + edge**2 / 12)
    assert found.soft_area == pytest.approx(area, rel=1e-3)
    assert found.centroid_row == pytest.approx(150, abs=1e-9)
    assert found.centroid_col == pytest.approx(140.5, abs=1e-9)
    assert found.edge_length == pytest.approx(2 * math.pi * radius, rel=0.02)
    assert found.edge_width == pytest.approx(edge, rel=0.05)
    assert (found.parts, found.holes) == (1, 0)
    assert found.elongation == pytest.approx(1, abs=2e-3)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 2), (30, 45), (50, 50)])
@pytest.mark.parametrize("level", [255, 40])
def test_rectangle(size, level):
    """A solid rectangle has its long side over its short one, flat or upright."""
    alpha = np.zeros((64, 60), np.uint8)
    height, width = size
    alpha[5 : 5 + height, 7 : 7 + width] = level
    found = measure_alpha(alpha)
    assert found.elongation == pytest.approx(max(size) / min(size), rel=1e-12)
    upright = 90.0 if height > width else 0.0
    assert found.orientation == (None if height == width else upright)
    assert found.aspect == width / height


@pytest.mark.parametrize("degrees", [-89, -60, -45, -10, 0, 15, 30, 45, 72, 90])
def test_ellipse(degrees):
    """An ellipse lies the way it was turned, counter-clockwise as seen."""
    found = measure_alpha(ellipse(90, 30, degrees))
    assert found.orientation == pytest.approx(degrees, abs=0.05)
    assert found.elongation == pytest.approx(3, rel=0.02)


def test_diagonals():
    """A rising diagonal is at 45 degrees, a falling one at -45."""
    assert measure_alpha(np.eye(9)).orientation == pytest.approx(-45, abs=1e-9)
    assert measure_alpha(np.eye(9)[::-1]).orientation == pytest.approx(45, abs=1e-9)


@pytest.mark.parametrize(
    ("levels", "bits"),
    [([7] * 8, 0), ([0, 255] * 4, 1), ([0, 0, 0, 0, 1, 1, 2, 3], 1.75)],
)
def test_entropy(levels, bits):
    """One level has 0 bits, two alike 1, and 1/2, 1/4, 1/8, 1/8 have 1.75."""
    alpha = np.array([levels], np.uint8)
    assert measure_alpha(alpha).alpha_entropy == pytest.approx(bits, abs=1e-12)
    assert measure_alpha(alpha / 255).alpha_entropy == pytest.approx(bits, abs=1e-12)
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert measure_alpha(ramp).alpha_entropy == pytest.approx(8, rel=1e-12)


@pytest.mark.parametrize("seed", range(4))
def test_scikit_image_agrees(seed):
    """Box, centroid and extent of a soft matte are those of regionprops."""
    rng = np.random.default_rng(seed)
    alpha = np.zeros((31, 47))
    alpha[4:20, 9:40] = rng.random((16, 31)) * (rng.random((16, 31)) < 0.4)
    alpha[alpha < 0.05] = 0
    (region,) = measure.regionprops((alpha > 0).astype(int), intensity_image=alpha)
    found = measure_alpha(alpha)
    box = (found.box_min_row, found.box_min_col, found.box_max_row, found.box_max_col)
    assert box == region.bbox
    centroid = (found.centroid_row, found.centroid_col)
    assert centroid == pytest.approx(region.centroid_weighted, rel=1e-12)
    hard = measure_alpha((alpha > 0).astype(float))
    assert (hard.extent, hard.hard_area) == (
        pytest.approx(region.extent, rel=1e-12),
        region.area,
    )
    assert (hard.centroid_row, hard.centroid_col) == pytest.approx(region.centroid)
    assert hard.parts - hard.holes == region.euler_number


@pytest.mark.parametrize("seed", range(6))
def test_scikit_image_axes(seed):
    """Orientation and axes are regionprops', its angle turned and 1 / 12 px^2 added.

    Its angle is counted from the upright, so it is ours less 90 degrees. Its moments
    are those of points in the middle of pixels; ours of squares, which have 1 / 12
    more along both axes, so that a 3 x 1 rectangle is 3 times as long as wide.
    """
    rng = np.random.default_rng(seed)
    turned = ellipse(rng.uniform(40, 90), rng.uniform(10, 35), rng.uniform(-80, 80))
    hard = (turned >= 0.5).astype(np.uint8)
    (region,) = measure.regionprops(hard)
    found = measure_alpha(hard * np.uint8(255))
    angle = (math.degrees(region.orientation) + 90 - found.orientation) % 180
    assert min(angle, 180 - angle) == pytest.approx(0, abs=1e-9)
    large, small = (value + 1 / 12 for value in region.inertia_tensor_eigvals)
    assert found.elongation == pytest.approx(math.sqrt(large / small), rel=1e-9)
