"""Signed distances against formulas of one's own, and the laws of joining shapes."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.emulator.scenes.outlines import between, curve, turned
from cosmat_nb.emulator.scenes.shapes import (
    blend,
    box,
    capsule,
    circle,
    cut,
    ellipse,
    everywhere,
    meet,
    move,
    polygon,
    shell,
    strand,
    union,
)

LAWS = settings(max_examples=40, deadline=None, derandomize=True)
PLACES = st.tuples(st.floats(-2, 2, width=32), st.floats(-2, 2, width=32))
SIZES = st.floats(0.125, 1, width=32)


def at(shape, y, x):
    """Distance at one place."""
    return float(shape(np.float32(y), np.float32(x)))


def grid():
    """Places all over [-1.5, 1.5]^2."""
    lines = np.linspace(-1.5, 1.5, 41, dtype=np.float32)
    return np.meshgrid(lines, lines, indexing="ij")


def to_segment(place, start, end):
    """Distance from a place to the nearest of many points of a segment."""
    share = np.linspace(0, 1, 20001)[:, None]
    points = (1 - share) * np.array(start) + share * np.array(end)
    return np.linalg.norm(points - np.array(place), axis=1).min()


@LAWS
@given(PLACES, SIZES)
def test_circle(place, radius):
    """Distance to the middle, less the radius."""
    expected = (place[0] ** 2 + place[1] ** 2) ** 0.5 - radius
    assert at(circle(radius), *place) == pytest.approx(expected, abs=1e-5)


@LAWS
@given(PLACES, SIZES, SIZES)
def test_box(place, half_height, half_width):
    """Outside: distance to the nearest point; inside: to the nearest side, negative."""
    y, x = place
    inner = max(abs(y) - half_height, abs(x) - half_width)
    nearest = np.clip(y, -half_height, half_height), np.clip(x, -half_width, half_width)
    outer = np.hypot(y - nearest[0], x - nearest[1])
    expected = inner if inner < 0 else outer
    assert at(box(half_height, half_width), y, x) == pytest.approx(expected, abs=1e-5)


def test_rounded_box():
    """The corner is an arc of the radius: sqrt 2 (1 - 0.5) + 0.5 from the middle."""
    corner = 0.5 + 0.5 / 2**0.5
    assert at(box(1, 1, 0.5), corner, corner) == pytest.approx(0, abs=1e-6)
    assert at(box(1, 1, 0.5), 0, 1.25) == pytest.approx(0.25)


@settings(LAWS, max_examples=15)
@given(PLACES)
def test_capsule(place):
    """Distance to the segment less the radius."""
    start, end = (-0.5, 0.25), (0.75, -0.25)
    expected = to_segment(place, start, end) - 0.25
    assert at(capsule(start, end, 0.25), *place) == pytest.approx(expected, abs=1e-3)


def test_capsule_tapers():
    """The radius is its own at each end and halfway between in the middle."""
    thorn = capsule((0, -1), (0, 1), 0.5, 0.125)
    at_rows = [at(thorn, 0, col) for col in (-1, 0, 1)]
    assert at_rows == pytest.approx([-0.5, -0.3125, -0.125])


def test_ellipse_is_nought_on_its_outline_only():
    """On the outline 0, negative inside, positive outside, never not-a-number."""
    turn = np.linspace(0, 2 * np.pi, 50, dtype=np.float32)
    y, x = np.float32(0.5) * np.sin(turn), np.float32(1.5) * np.cos(turn)
    shape = ellipse(0.5, 1.5)
    assert np.abs(shape(y, x)).max() < 1e-6
    assert (shape(y * np.float32(0.99), x * np.float32(0.99)) < 0).all()
    assert (shape(y * np.float32(1.01), x * np.float32(1.01)) > 0).all()
    assert np.isfinite(at(shape, 0, 0))


def test_polygon_of_a_rectangle_is_a_box_inside():
    """Clockwise corners of a rectangle give the box, where the box is negative."""
    y, x = grid()
    corners = (-0.5, -1), (-0.5, 1), (0.5, 1), (0.5, -1)
    expected = box(0.5, 1)(y, x)
    inside = expected < 0
    drawn = polygon(*corners)(y, x)
    assert np.allclose(drawn[inside], expected[inside], atol=1e-6)
    assert (drawn[~inside] >= 0).all()


def test_strand_tapers_and_bends():
    """As wide as asked at its base, nothing at its tip, off the line by its bend."""
    blade = strand((0, 0), (0, 2), 0.0, 0.5)
    assert [at(blade, 0.25, 0), at(blade, 0.125, 1)] == pytest.approx([0, 0], abs=1e-6)
    assert at(blade, 0.01, 1.99) > 0
    assert at(blade, 0, -0.5) == pytest.approx(0.5)
    bent = strand((0, 0), (0, 2), 0.25, 0.25)
    y, x = grid()
    tip = y[(bent(y, x) < 0) & (x > 1.2)]
    assert tip.size
    assert abs(abs(tip.mean()) - 0.25 * (1.35 / 2) ** 2) < 0.05


def test_everything_lies_inside_everywhere():
    """The shape without an outline is negative at every place, in their shape."""
    y, x = grid()
    assert (everywhere(y, x) == -1).all()
    assert everywhere(y, x).shape == y.shape


@LAWS
@given(PLACES)
def test_laws_of_joining(place):
    """Union, common part and difference are or, and, and-not of what lies inside."""
    first, second = circle(1.0), move(box(0.7, 0.9), (0.3, -0.2))
    one, two = at(first, *place), at(second, *place)
    assert at(union(first, second), *place) == min(one, two)
    assert at(meet(first, second), *place) == max(one, two)
    assert at(cut(first, second), *place) == max(one, -two)
    assert at(cut(first, second, first), *place) >= 0
    assert at(shell(first, 0.25), *place) == pytest.approx(abs(one) - 0.125, abs=1e-6)


@LAWS
@given(PLACES, SIZES)
def test_law_of_the_fillet(place, width):
    """A blend adds at most width / 4 to the union, and nothing where one is far off."""
    first, second = move(circle(0.6), (0, -0.5)), move(circle(0.6), (0, 0.5))
    one, two = at(first, *place), at(second, *place)
    gain = min(one, two) - at(blend(first, second, width), *place)
    assert -1e-6 <= gain <= width / 4 + 1e-6
    if abs(one - two) >= width:
        assert gain == 0
    swapped = at(blend(second, first, width), *place)
    assert swapped == pytest.approx(min(one, two) - gain, abs=1e-6)


@LAWS
@given(PLACES, PLACES, st.floats(-3, 3))
def test_moving_keeps_distances(place, to, angle):
    """What a shape is at a place, the moved shape is at the moved place."""
    shape = box(0.4, 0.9)
    (y, x), sin, cos = place, np.sin(angle), np.cos(angle)
    moved = to[0] + y * cos + x * sin, to[1] - y * sin + x * cos
    assert at(move(shape, to, angle), *moved) == pytest.approx(
        at(shape, *place), abs=1e-5
    )


def test_turning_is_clockwise():
    """A bar that points right points down and right after a small positive turn."""
    bar = move(capsule((0, 0), (0, 1), 0.05), (0, 0), 0.5)
    assert at(bar, np.sin(0.5), np.cos(0.5)) < 0
    assert at(bar, -np.sin(0.5), np.cos(0.5)) > 0


def test_curve_meets_its_points_and_keeps_between_them():
    """A curve goes through its points, monotone between, level outside."""
    smooth = curve([(0, 1), (1, 3), (2, 2)])
    assert smooth(np.array([-5, 0, 2, 9])).tolist() == [1, 1, 2, 2]
    assert smooth(np.array([1.0]))[0] == pytest.approx(3, abs=1e-4)
    rising = smooth(np.linspace(0, 1, 200))
    assert (np.diff(rising) >= 0).all()
    assert rising.max() <= 3


def test_straight_outlines():
    """A turned cylinder and a band between level lines are boxes inside."""
    y, x = grid()
    expected = box(0.5, 1)(y, x)
    inside = expected < 0
    tube = turned([(-0.5, 1), (0.5, 1)])(y, x)
    band = between([(-1, -0.5), (1, -0.5)], [(-1, 0.5), (1, 0.5)])(y, x)
    for drawn in (tube, band):
        assert np.allclose(drawn[inside], expected[inside], atol=1e-5)
        assert (drawn[~inside] >= -1e-6).all()
