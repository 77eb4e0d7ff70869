"""Polygons with holes joined, and back to pixels."""

import math
import time

import numpy as np
import pytest
from scipy import ndimage
from torture import MASKS, decode, onion, overlap, read

from cosmat_nb.dataset.shapes.filling import fill_outline, fill_polygons
from cosmat_nb.dataset.shapes.polygons import (
    _choose_ends,
    check_tolerance,
    cut_outline,
    cut_polygons,
)
from cosmat_nb.dataset.shapes.tracing import trace_rings
from cosmat_nb.errors import OptionsError

cases = pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
RNG = np.random.default_rng(7)
LOOSE = [RNG.random((RNG.integers(3, 9), 2)) * [29, 23] for _ in range(200)]


def their_mask(polygons, height, width):
    """What pycocotools makes of polygons."""
    flat = [np.asarray(polygon)[:, ::-1].ravel().tolist() for polygon in polygons]
    return decode(flat, height, width)


@cases
def test_exact_polygons_are_the_mask(mask):
    """Without a tolerance nothing is lost, by our filling and by pycocotools'."""
    polygons = cut_polygons(mask)
    assert (fill_polygons(polygons, *mask.shape) == mask).all()
    assert (their_mask(polygons, *mask.shape) == mask).all()


@cases
@pytest.mark.parametrize("tolerance", [0.0, 0.75, 3.0])
def test_there_is_a_polygon_for_each_part(mask, tolerance):
    """No part is lost, whatever the tolerance."""
    rings = trace_rings(mask)
    polygons = cut_polygons(mask, tolerance)
    assert len(polygons) == rings.parts.size - rings.holes.size
    assert all(len(polygon) >= 3 for polygon in polygons)


def test_a_hole_is_joined_along_the_middle_of_a_row():
    """The bridge is gone along twice, from the hole's first pixel to the left."""
    (polygon,) = cut_polygons(read("### #.# ###"))
    assert polygon.tolist() == [
        *([0, 0], [0, 3], [3, 3], [3, 0], [1.5, 0], [1.5, 1], [2, 1], [2, 2], [1, 2]),
        *([1, 1], [1.5, 1], [1.5, 0]),
    ]


@pytest.mark.parametrize(
    ("mask", "tolerance"),
    [(onion(3), 0.75), (onion(3), 1.0), (onion(), 0.5), (MASKS["hairy"], 0.5)],
    ids=["large", "large, loose", "onion", "hairy"],
)
def test_simplified_polygons_stay_close(mask, tolerance):
    """At least 0.99 of a mask of some size is kept by pycocotools' filling."""
    polygons = cut_polygons(mask, tolerance)
    filled = their_mask(polygons, *mask.shape)
    assert overlap(filled, mask) >= 0.99
    assert (fill_polygons(polygons, *mask.shape) == filled).all()


def test_bridges_on_one_edge_are_taken_as_they_come():
    """Nothing is gone along but edges and, both ways, bridges: 16 + 2 * (4 + 2) px."""
    (polygon,) = cut_polygons(read("### #.# ### #.# ###"))
    ways = np.abs(np.roll(polygon, -1, axis=0) - polygon)
    assert ways.sum() == 28


@pytest.mark.parametrize("tolerance", [0.75, 1.0])
def test_simplifying_makes_polygons_shorter(tolerance):
    """The stairs of slanted edges become lines."""
    mask = MASKS["onion"]
    exact, loose = (sum(map(len, cut_polygons(mask, t))) for t in (0, tolerance))
    assert loose < exact / 2


@pytest.mark.parametrize("unit", [1, 4, 1e9])
def test_any_polygon_is_filled_as_pycocotools_does(unit):
    """Rounding to fifths, crossings and corners on centres are all the same."""
    for points in LOOSE:
        polygon = np.round(points * unit) / unit
        ours = fill_polygons([polygon], 29, 23)
        assert (ours == their_mask([polygon], 29, 23)).all()


def test_filled_polygons_are_united():
    """What two polygons cover is inside, not outside."""
    square = [(0, 0), (0, 2), (2, 2), (2, 0)]
    assert fill_polygons([square, square], 3, 3).sum() == 4
    assert not fill_polygons([], 3, 3).any()


def test_many_polygons_take_little_time():
    """Ten thousand crumbs are filled at once, not each in a picture of its own."""
    crumbs = np.zeros((300, 300), bool)
    crumbs[::3, ::3] = True
    polygons = cut_polygons(crumbs)
    begun = time.process_time()
    assert (fill_polygons(polygons, *crumbs.shape) == crumbs).all()
    assert time.process_time() - begun < 0.6


@cases
def test_outlines_cover_the_mask(mask):
    """All of the mask is painted, and of one part nothing else."""
    outline = cut_outline(mask)
    painted = fill_outline(outline, *mask.shape)
    assert painted[mask].all()
    if len(cut_polygons(mask)) <= 1:
        assert (painted == mask).all()


def test_parts_are_joined_by_the_shortest_line():
    """Between parts one pixel wide is painted, and the hole stays."""
    mask = read("###.... #.#...# ###....")
    painted = fill_outline(cut_outline(mask), *mask.shape)
    assert (painted == read("###.... #.##### ###....")).all()


def test_a_bridge_may_end_within_a_long_edge():
    """A crumb beside the middle of an edge is joined there, not at a corner."""
    mask = np.zeros((41, 60), bool)
    mask[:, :20] = True
    mask[20, 30] = True
    painted = fill_outline(cut_outline(mask), *mask.shape)
    assert np.count_nonzero(painted & ~mask) == 10


@cases
@pytest.mark.parametrize("tolerance", [0.75, 8.0])
def test_no_part_is_lost_from_an_outline(mask, tolerance):
    """Something of every part is painted, also where lines run over small ones."""
    painted = fill_outline(cut_outline(mask, tolerance), *mask.shape)
    labels, count = ndimage.label(mask, np.ones((3, 3)))
    assert np.unique(labels[painted & mask]).size == count


def test_parts_of_long_outlines_are_joined_too():
    """Where ends are chosen from a share of the corners, each part has one."""
    rows, cols = np.indices((120, 240))
    mask = (rows + cols) % 2 == 0
    mask[:, 150:] = False
    mask[::10, 160::10] = True
    painted = fill_outline(cut_outline(mask), *mask.shape)
    assert painted[mask].all()
    assert ndimage.label(painted, np.ones((3, 3)))[1] == 1
    assert np.count_nonzero(painted & ~mask) < 12 * 8 * 9 + 12 * 10


@cases
@pytest.mark.parametrize("tolerance", [0.0, 1.0])
def test_outlines_lie_in_the_mask(mask, tolerance):
    """Every corner of an outline is a pixel of the mask, and of the frame at least."""
    outline = cut_outline(mask, tolerance)
    if tolerance == 0:
        assert mask[tuple(outline.T)].all()
    inside = (outline >= 0) & (outline < mask.shape)
    assert inside.all()


def test_a_pixel_that_two_parts_share_is_whose_corner_it_is():
    """A crumb under another part's line would have no end of a bridge otherwise."""
    points = np.array([[0, 0], [0, 1], [0, 2], [0, 1]])
    corners = np.array([True, False, True, True])
    ends = _choose_ends(points, np.array([0, 0, 0, 1]), corners, 9)
    assert sorted(ends.tolist()) == [0, 2, 3]


def test_outlines_of_thin_masks_are_short():
    """A pixel is one corner, a straight strand two."""
    assert cut_outline(read("... .#.")).tolist() == [[1, 1]]
    assert sorted(cut_outline(read("... ###")).tolist()) == [[1, 0], [1, 2]]
    assert cut_outline(read("...")).shape == (0, 2)


def test_outlines_are_painted_as_opencv_does():
    """Lines and inside are cv2.fillPoly's, whatever crosses."""
    cv2 = pytest.importorskip("cv2")
    for corners in (points.astype(int) for points in LOOSE):
        theirs = np.zeros((29, 23), np.uint8)
        cv2.fillPoly(theirs, [corners[:, ::-1].astype(np.int32)], 1)
        assert (fill_outline(corners, 29, 23) == theirs.astype(bool)).all()


def test_lines_are_worked_out_by_hand():
    """A line of slope 1/2 steps down after its half, and an inside is filled."""
    assert (fill_outline([(0, 0), (1, 2)], 2, 3) == read("##. ..#")).all()
    triangle = fill_outline([(0, 0), (0, 3), (3, 3)], 4, 4)
    assert (triangle == read("#### .### ..## ...#")).all()


@pytest.mark.parametrize(
    "tolerance", [-1, math.nan, math.inf, "1", None, True], ids=repr
)
def test_a_tolerance_is_a_number_of_pixels(tolerance):
    """Other values are refused."""
    with pytest.raises(OptionsError, match="tolerance must be 0 px or more"):
        check_tolerance(tolerance)
