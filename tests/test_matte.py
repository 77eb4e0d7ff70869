"""The columns of one matte: hand-drawn pictures, edge cases, kinds of input."""

import dataclasses
import math

import numpy as np
import pytest

from cosmat_nb.metrics.matte import MatteMetrics
from cosmat_nb.metrics.measure import measure_alpha


def draw(*rows):
    """Alpha from text: a dot is 0, a hash is 1, a digit is tenths."""
    tenths = {".": 0, "#": 10} | {str(digit): digit for digit in range(10)}
    return np.array([[tenths[sign] for sign in row] for row in rows]) / 10


RING = (
    "........",
    "..5##5..",
    "..#..#..",
    "..####..",
    "......2.",
)


def test_hand_drawn_ring():
    """Every column of a small soft ring is what counting on paper gives."""
    # Sum: 3 + 2 + 4 + 0.2 = 9.2. Box rows 1 to 4, cols 2 to 6: 4 * 5 = 20 px.
    # Rows: (3*1 + 2*2 + 4*3 + 0.2*4) / 9.2 = 19.8 / 9.2.
    # Cols: 2*2.5 + 3*2 + 4*2 + 5*2.5 + 6*0.2 = 32.7.
    row, col = 19.8 / 9.2, 32.7 / 9.2
    # Squares: rows 3*1 + 2*4 + 4*9 + 0.2*16 = 50.2; mixed: row 1 holds 1*(0.5*2 + 3
    # + 4 + 0.5*5) = 10.5, row 2 2*(2 + 5) = 14, row 3 3*14 = 42, row 4 0.2*24 = 4.8;
    # cols 4*2.5 + 9*2 + 16*2 + 25*2.5 + 36*0.2 = 129.7.
    down = 50.2 / 9.2 - row**2 + 1 / 12
    mixed = (10.5 + 14 + 42 + 4.8) / 9.2 - row * col
    right = 129.7 / 9.2 - col**2 + 1 / 12
    large, small = sorted(np.linalg.eigvalsh([[down, mixed], [mixed, right]]))[::-1]
    offset = math.hypot(row - 2, col - 3.5) / (math.hypot(5, 8) / 2)
    # Levels of 40 pixels: 0.5 twice, 0.2 once, 1 eight times, 0 on the other 29.
    shares = (2 / 40, 1 / 40, 8 / 40, 29 / 40)
    found = measure_alpha(draw(*RING))
    expected = MatteMetrics(
        matte_height=5,
        matte_width=8,
        coverage=pytest.approx(9.2 / 40, rel=1e-12),
        soft_area=pytest.approx(9.2, rel=1e-12),
        hard_area=10,
        soft_fraction=3 / 40,
        box_min_row=1,
        box_min_col=2,
        box_max_row=5,
        box_max_col=7,
        centroid_row=pytest.approx(row, rel=1e-12),
        centroid_col=pytest.approx(col, rel=1e-12),
        centroid_offset=pytest.approx(offset, rel=1e-12),
        extent=pytest.approx(9.2 / 20, rel=1e-12),
        aspect=5 / 4,
        orientation=pytest.approx(
            math.degrees(math.atan2(-2 * mixed, right - down)) / 2, rel=1e-9
        ),
        elongation=pytest.approx(math.sqrt(large / small), rel=1e-9),
        margin_top=1,
        margin_right=1,
        margin_bottom=0,
        margin_left=2,
        margin_top_share=1 / 5,
        margin_right_share=1 / 8,
        margin_bottom_share=0.0,
        margin_left_share=2 / 8,
        parts=1,
        largest_part_share=1.0,
        holes=1,
        hole_area=2,
        edge_length=pytest.approx(found.edge_length),
        # Soft pixels: 2 * 0.25 + 0.16 = 0.66.
        edge_width=pytest.approx(6 * 0.66 / found.edge_length, rel=1e-12),
        edge_width_p95=pytest.approx(found.edge_width_p95),
        alpha_entropy=pytest.approx(
            -sum(share * math.log2(share) for share in shares), rel=1e-12
        ),
    )
    assert found == expected


def test_hand_drawn_corner():
    """Touches, hard area and length of a block in the corner, worked out by hand."""
    found = measure_alpha(draw("##..", "##..", "5...", "...."))
    # Sides: top 2 of 4, left 3 of 4 rows (0.5 is hard), right and bottom none.
    assert (found.touch_top, found.touch_left) == (0.5, 0.75)
    assert (found.touch_right, found.touch_bottom, found.touched_sides) == (0, 0, 2)
    assert (found.hard_area, found.parts, found.holes) == (5, 1, 0)
    # Twice the gradient (down, right) of each cell that is not flat: hanging over
    # the top at col 1 (0, 2), over the left at rows 1 and 2 (1, 0); inside, rows 0 to
    # 2 by cols: (0, 2); then (-1.5, -0.5), (-1, -1); then (-0.5, -0.5).
    hanging = 2 / 2 + 2 * 0.5 / 1
    inside = 2 / 2 + math.hypot(1.5, 0.5) / 2 + math.hypot(1, 1) / 2
    inside += math.hypot(0.5, 0.5) / 2
    assert found.edge_length == pytest.approx(inside + hanging / 2, rel=1e-12)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32, np.float64])
def test_empty(dtype):
    """An empty matte has sizes and zeros; what needs a subject is None."""
    empty = measure_alpha(np.zeros((3, 4), dtype))
    assert empty == MatteMetrics(matte_height=3, matte_width=4)
    missing = {
        name for name, value in dataclasses.asdict(empty).items() if value is None
    }
    sides = ("top", "right", "bottom", "left")
    assert missing == {
        *("box_min_row", "box_min_col", "box_max_row", "box_max_col"),
        *("centroid_row", "centroid_col", "centroid_offset", "extent", "aspect"),
        *("orientation", "elongation", "largest_part_share"),
        *(f"margin_{side}" for side in sides),
        *(f"margin_{side}_share" for side in sides),
        *("edge_width", "edge_width_p95"),
        *("color_residue", "edge_evidence", "halo"),
    }
    assert (empty.coverage, empty.soft_area, empty.soft_fraction) == (0, 0, 0)
    assert (empty.hard_area, empty.parts, empty.holes, empty.dust) == (0, 0, 0, 0)
    assert (empty.touch_top, empty.edge_length, empty.alpha_entropy) == (0, 0, 0)


@pytest.mark.parametrize("alpha", [np.full((3, 4), 255, np.uint8), np.ones((3, 4))])
def test_full(alpha):
    """A full matte fills its box, touches all sides and has no edge."""
    margins = {f"margin_{side}": 0 for side in ("top", "right", "bottom", "left")}
    touches = {name.replace("margin", "touch"): 1.0 for name in margins}
    shares = {f"{name}_share": 0.0 for name in margins}
    assert measure_alpha(alpha) == MatteMetrics(
        matte_height=3,
        matte_width=4,
        coverage=1.0,
        soft_area=12.0,
        hard_area=12,
        box_min_row=0,
        box_min_col=0,
        box_max_row=3,
        box_max_col=4,
        centroid_row=1.0,
        centroid_col=1.5,
        centroid_offset=0.0,
        extent=1.0,
        aspect=4 / 3,
        orientation=0.0,
        elongation=pytest.approx(4 / 3, rel=1e-14),
        parts=1,
        largest_part_share=1.0,
        touched_sides=4,
        **margins,
        **shares,
        **touches,
    )


def test_single_pixel_pictures():
    """A picture of 1x1 is empty, full, or one translucent pixel that is no part."""
    assert measure_alpha(np.zeros((1, 1))) == MatteMetrics(
        matte_height=1, matte_width=1
    )
    assert measure_alpha(np.ones((1, 1))).parts == 1
    faint = measure_alpha(np.full((1, 1), 0.25))
    assert (faint.coverage, faint.soft_fraction, faint.parts) == (0.25, 1.0, 0)
    assert (faint.box_max_row, faint.margin_top, faint.touch_top) == (1, 0, 0)
    assert (faint.largest_part_share, faint.edge_width) == (None, None)
    assert (faint.orientation, faint.elongation, faint.alpha_entropy) == (None, 1, 0)


def test_one_pixel_matte():
    """One pixel is its own box, centroid and part, and has a hard edge."""
    alpha = np.zeros((4, 7), np.uint8)
    alpha[3, 2] = 255
    found = measure_alpha(alpha)
    box = (found.box_min_row, found.box_min_col, found.box_max_row, found.box_max_col)
    assert box == (3, 2, 4, 3)
    assert (found.centroid_row, found.centroid_col) == (3.0, 2.0)
    assert (found.soft_area, found.extent, found.parts) == (1, 1, 1)
    assert (found.edge_width, found.elongation, found.orientation) == (0, 1, None)
    assert (found.touch_top, found.touch_bottom) == (0, 1 / 7)


def test_a_trace_is_measured_but_has_no_box():
    """Alpha of 12 in 255 has mass and a centroid and is not visible; 13 is."""
    for level, box_min_col in ((12, None), (13, 1)):
        found = measure_alpha(np.array([[0, level, 0, 0]], np.uint8))
        assert (found.soft_area, found.centroid_col) == (level / 255, 1)
        assert found.box_min_col == box_min_col
        assert (found.extent is None) == (box_min_col is None)


def test_extent_leaves_out_what_lies_beside_the_box():
    """Faint pixels beside the box count in the area, not in the extent."""
    alpha = np.full((5, 6), 2, np.uint8)
    alpha[2, 2:4] = 255, 102
    found = measure_alpha(alpha)
    assert found.soft_area == pytest.approx((357 + 28 * 2) / 255, rel=1e-12)
    assert found.extent == pytest.approx(357 / 255 / 2, rel=1e-12)


def test_corner_pixel_offset():
    """In a square of n pixels a corner is (n - 1) / n of the half diagonal away."""
    alpha = np.zeros((10, 10))
    alpha[0, 9] = 1
    assert measure_alpha(alpha).centroid_offset == pytest.approx(0.9, rel=1e-12)


def test_equal_parts():
    """Of three equal parts the largest holds a third, and none is dust."""
    found = measure_alpha(draw("##.#", "...#", "....", "##.."))
    assert (found.parts, found.dust) == (3, 0)
    assert found.largest_part_share == pytest.approx(1 / 3, rel=1e-12)


@pytest.mark.parametrize(("large", "dusty"), [(2000, 0), (2001, 1)])
def test_dust_is_less_than_a_thousandth(large, dusty):
    """Two pixels beside 2000 are a part, beside 2001 they are dust outside the box."""
    alpha = np.zeros((60, 60), np.uint8)
    alpha[:50, :40] = 255
    alpha[50, : large - 2000] = 255
    alpha[58, 50:52] = 255
    found = measure_alpha(alpha)
    assert (found.parts, found.dust, found.dust_area) == (2 - dusty, dusty, 2 * dusty)
    assert found.box_max_col == (40 if dusty else 52)
    assert found.box_max_row == (51 if dusty else 59)
    assert found.hard_area == large + 2


def test_faint_dust_is_no_part():
    """Dust is counted among visible pixels: a faint speck is dust and no part."""
    alpha = np.zeros((60, 60), np.uint8)
    alpha[:50, :41] = 255
    alpha[58, 50:52] = 100
    found = measure_alpha(alpha)
    assert (found.parts, found.dust, found.dust_area) == (1, 1, 2)


def test_small_holes_do_not_count():
    """A hole of a pixel counts in 1000 hard pixels and not in 1001."""
    alpha = np.zeros((30, 45), np.uint8)
    alpha[2:28, 2:41] = 255  # 26 * 39 = 1014
    alpha[2, 2:15] = 0  # 1001
    alpha[10, 10] = 0  # 1000
    one = measure_alpha(alpha)
    assert (one.hard_area, one.holes, one.hole_area) == (1000, 1, 1)
    alpha[2, 14] = 255
    none = measure_alpha(alpha)
    assert (none.hard_area, none.holes, none.hole_area) == (1001, 0, 0)


def test_parts_meet_in_corners():
    """Pixels that meet in a corner are one part, and their corner seals a hole."""
    found = measure_alpha(draw(".#.", "#.#", ".#."))
    assert (found.parts, found.holes, found.hole_area) == (1, 1, 1)


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
    shares = {name: getattr(found, f"touch_{name}") for name in names}
    assert shares == {name: (1 / 3 if name in sides else 0) for name in names}
    assert found.touched_sides == len(sides)
    assert {name for name in names if getattr(found, f"margin_{name}") == 0} >= sides


def test_entropy_rounds_floats_to_the_nearest_level():
    """0.6 of a level is another level than 0, 0.4 is none: 1 bit and 0 bits."""
    assert measure_alpha(np.array([[0, 0.6 / 255]])).alpha_entropy == 1
    assert measure_alpha(np.array([[0, 0.4 / 255]])).alpha_entropy == 0
