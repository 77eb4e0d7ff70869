"""The columns of one matte: hand-drawn pictures, analytic shapes, an oracle."""

import dataclasses
import math
import pickle
import types
from typing import get_args, get_origin, get_type_hints

import numpy as np
import pytest
from skimage import measure

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.matte import MatteMetrics, measure_alpha


def draw(*rows):
    """Alpha from text: a dot is 0, a hash is 1, a digit is tenths."""
    tenths = {".": 0, "#": 10} | {str(digit): digit for digit in range(10)}
    return np.array([[tenths[sign] for sign in row] for row in rows]) / 10


def disc(radius, edge, size=301, centre=(150, 150)):
    row, col = np.mgrid[:size, :size]
    distance = np.hypot(row - centre[0], col - centre[1])
    return np.clip((radius - distance) / edge + 0.5, 0, 1)


def test_hand_drawn_ring():
    """Every column of a small soft ring is what counting on paper gives."""
    alpha = draw(
        "........",
        "..5##5..",
        "..#..#..",
        "..####..",
        "......2.",
    )
    # Sum: 3 + 2 + 4 + 0.2 = 9.2. Box rows 1 to 4, cols 2 to 6: 4 * 5 = 20 px.
    # Rows: (3*1 + 2*2 + 4*3 + 0.2*4) / 9.2 = 19.8 / 9.2.
    # Cols: 2*2.5 + 3*2 + 4*2 + 5*2.5 + 6*0.2 = 32.7.
    found = measure_alpha(alpha)
    row, col = 19.8 / 9.2, 32.7 / 9.2
    offset = math.hypot(row - 2, col - 3.5) / (math.hypot(5, 8) / 2)
    expected = MatteMetrics(
        matte_height=5,
        matte_width=8,
        coverage=pytest.approx(9.2 / 40, rel=1e-12),
        soft_area=pytest.approx(9.2, rel=1e-12),
        soft_fraction=3 / 40,
        box_min_row=1,
        box_min_col=2,
        box_max_row=5,
        box_max_col=7,
        centroid_row=pytest.approx(row, rel=1e-12),
        centroid_col=pytest.approx(col, rel=1e-12),
        centroid_offset=pytest.approx(offset, rel=1e-12),
        extent=pytest.approx(9.2 / 20, rel=1e-12),
        margin_top=1,
        margin_right=1,
        margin_bottom=0,
        margin_left=2,
        parts=1,
        largest_part_share=1.0,
        holes=1,
        edge_width=pytest.approx(found.edge_width),
    )
    assert found == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_empty(dtype):
    """An empty matte has sizes and zeros; what needs a subject is None."""
    empty = measure_alpha(np.zeros((3, 4), dtype))
    assert empty == MatteMetrics(matte_height=3, matte_width=4)
    missing = {
        name for name, value in dataclasses.asdict(empty).items() if value is None
    }
    assert missing == {
        *("box_min_row", "box_min_col", "box_max_row", "box_max_col"),
        *("centroid_row", "centroid_col", "centroid_offset", "extent"),
        *("margin_top", "margin_right", "margin_bottom", "margin_left"),
        *("largest_part_share", "edge_width"),
    }
    assert (empty.coverage, empty.soft_area, empty.soft_fraction) == (0, 0, 0)
    assert (empty.parts, empty.holes, empty.touches_top) == (0, 0, False)


@pytest.mark.parametrize("alpha", [np.full((3, 4), 255, np.uint8), np.ones((3, 4))])
def test_full(alpha):
    """A full matte fills its box, touches all sides and has no edge."""
    assert measure_alpha(alpha) == MatteMetrics(
        matte_height=3,
        matte_width=4,
        coverage=1.0,
        soft_area=12.0,
        box_min_row=0,
        box_min_col=0,
        box_max_row=3,
        box_max_col=4,
        centroid_row=1.0,
        centroid_col=1.5,
        centroid_offset=0.0,
        extent=1.0,
        margin_top=0,
        margin_right=0,
        margin_bottom=0,
        margin_left=0,
        parts=1,
        largest_part_share=1.0,
        touches_top=True,
        touches_right=True,
        touches_bottom=True,
        touches_left=True,
    )


def test_single_pixel_pictures():
    """A picture of 1x1 is empty, full, or one translucent pixel that is no part."""
    assert measure_alpha(np.zeros((1, 1))) == MatteMetrics(
        matte_height=1, matte_width=1
    )
    assert measure_alpha(np.ones((1, 1))).parts == 1
    faint = measure_alpha(np.full((1, 1), 0.25))
    assert (faint.coverage, faint.soft_fraction, faint.parts) == (0.25, 1.0, 0)
    assert (faint.box_max_row, faint.margin_top, faint.touches_top) == (1, 0, False)
    assert (faint.largest_part_share, faint.edge_width) == (None, None)


def test_one_pixel_matte():
    """One pixel is its own box, centroid and part, and has a hard edge."""
    alpha = np.zeros((4, 7), np.uint8)
    alpha[3, 2] = 255
    found = measure_alpha(alpha)
    box = (found.box_min_row, found.box_min_col, found.box_max_row, found.box_max_col)
    assert box == (3, 2, 4, 3)
    assert (found.centroid_row, found.centroid_col) == (3.0, 2.0)
    assert (found.soft_area, found.extent, found.parts, found.edge_width) == (
        1,
        1,
        1,
        0,
    )
    assert (found.touches_top, found.touches_bottom) == (False, True)


def test_corner_pixel_offset():
    """In a square of n pixels a corner is (n - 1) / n of the half diagonal away."""
    alpha = np.zeros((10, 10))
    alpha[0, 9] = 1
    assert measure_alpha(alpha).centroid_offset == pytest.approx(0.9, rel=1e-12)


def test_equal_parts():
    """Of three equal parts the largest holds a third."""
    found = measure_alpha(draw("##.#", "...#", "....", "##.."))
    assert found.parts == 3
    assert found.largest_part_share == pytest.approx(1 / 3, rel=1e-12)


def test_parts_meet_in_corners():
    """Pixels that meet in a corner are one part, and their corner seals a hole."""
    found = measure_alpha(draw(".#.", "#.#", ".#."))
    assert (found.parts, found.holes) == (1, 1)


def test_holes_stay_inside():
    """A bay that reaches the frame is not a hole, an enclosed faint pixel is."""
    assert measure_alpha(draw("#.#", "#.#", "###")).holes == 0
    assert measure_alpha(draw("###", "#4#", "###")).holes == 1


def test_half_is_hard():
    """Alpha of 0.5 belongs to a part; in 8 bits that begins with 128."""
    assert measure_alpha(np.full((2, 2), 0.5)).parts == 1
    assert measure_alpha(np.full((2, 2), np.nextafter(0.5, 0))).parts == 0
    assert measure_alpha(np.full((2, 2), 128, np.uint8)).parts == 1
    assert measure_alpha(np.full((2, 2), 127, np.uint8)).parts == 0


@pytest.mark.parametrize(
    ("rows", "sides"),
    [
        ((".#.", "...", "..."), {"top"}),
        (("...", "..#", "..."), {"right"}),
        (("...", "...", ".#."), {"bottom"}),
        (("...", "#..", "..."), {"left"}),
        (("#..", "...", "..."), {"top", "left"}),
        ((".4.", ".#.", "..."), set()),
    ],
)
def test_touches(rows, sides):
    """A side is touched by hard pixels on it; a trace has margin 0 and no touch."""
    found = measure_alpha(draw(*rows))
    names = ("top", "right", "bottom", "left")
    assert {name for name in names if getattr(found, f"touches_{name}")} == sides
    assert {name for name in names if getattr(found, f"margin_{name}") == 0} >= sides


@pytest.mark.parametrize("radius", [20, 60, 120])
@pytest.mark.parametrize("edge", [1, 3, 10])
def test_disc(radius, edge):
    """A disc has its area, its middle and the width its edge was drawn with."""
    found = measure_alpha(disc(radius, edge, centre=(150, 140.5)))
    # Softening over `edge` adds pi * edge ** 2 / 12 to the area of a hard disc.
    area = math.pi * (radius**2 + edge**2 / 12)
    assert found.soft_area == pytest.approx(area, rel=1e-3)
    assert found.centroid_row == pytest.approx(150, abs=1e-9)
    assert found.centroid_col == pytest.approx(140.5, abs=1e-9)
    assert found.edge_width == pytest.approx(edge, rel=0.05)
    assert (found.parts, found.holes) == (1, 0)


@pytest.mark.parametrize("seed", range(4))
def test_scikit_image_agrees(seed):
    """Box, centroid and extent of a soft matte are those of regionprops."""
    rng = np.random.default_rng(seed)
    alpha = np.zeros((31, 47))
    alpha[4:20, 9:40] = rng.random((16, 31)) * (rng.random((16, 31)) < 0.4)
    (region,) = measure.regionprops((alpha > 0).astype(int), intensity_image=alpha)
    found = measure_alpha(alpha)
    box = (found.box_min_row, found.box_min_col, found.box_max_row, found.box_max_col)
    assert box == region.bbox
    centroid = (found.centroid_row, found.centroid_col)
    assert centroid == pytest.approx(region.centroid_weighted, rel=1e-12)
    hard = measure_alpha((alpha > 0).astype(float))
    assert hard.extent == pytest.approx(region.extent, rel=1e-12)
    assert (hard.centroid_row, hard.centroid_col) == pytest.approx(region.centroid)
    assert hard.parts - hard.holes == region.euler_number


def test_input_untouched():
    """A read-only, strided, foreign-endian matte is measured like a plain one."""
    alpha = disc(20, 3, size=64, centre=(30, 34)).astype(">f8")
    view = np.repeat(alpha, 2, axis=1)[:, ::2]
    view.flags.writeable = False
    assert measure_alpha(view) == measure_alpha(np.array(alpha, float))


def test_sums_do_not_overflow():
    """Eight-bit rows longer than 2 ** 16 / 255 pixels are summed in full."""
    found = measure_alpha(np.full((600, 700), 255, np.uint8))
    assert (found.soft_area, found.coverage) == (420_000, 1)
    assert (found.centroid_row, found.centroid_col) == (299.5, 349.5)


def test_float32_close():
    """Sums are taken in double precision whatever the float width."""
    alpha = disc(100, 7).astype(np.float32)
    for name, value in measure_alpha(alpha.astype(float)).as_row().items():
        assert measure_alpha(alpha).as_row()[name] == pytest.approx(value, rel=1e-12)


def test_refusal():
    """What is no alpha matte is refused before anything is measured."""
    with pytest.raises(OptionsError, match="got dtype bool"):
        measure_alpha(np.ones((2, 2), bool))


@pytest.mark.parametrize("alpha", [disc(9, 2, 32, (15, 15)), np.zeros((2, 2))])
def test_values_are_plain(alpha):
    """Each field holds the plain Python type it is annotated with."""
    found = measure_alpha(alpha)
    for name, hint in get_type_hints(MatteMetrics).items():
        allowed = get_args(hint) if get_origin(hint) is types.UnionType else (hint,)
        assert type(getattr(found, name)) in allowed, name


def test_frozen_value():
    """Equal mattes give equal, hashable metrics that survive pickling and repr."""
    found = measure_alpha(draw("..", ".7"))
    assert hash(found) == hash(measure_alpha(draw("..", ".7")))
    assert pickle.loads(pickle.dumps(found)) == found
    assert eval(repr(found)) == found
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.coverage = 0.0


def test_every_field_documented():
    """The class docstring defines every field."""
    documented = {
        name.strip()
        for line in MatteMetrics.__doc__.splitlines()
        if " : " in line
        for name in line.split(" : ")[0].split(",")
    }
    assert documented == {field.name for field in dataclasses.fields(MatteMetrics)}
