"""Soft shadows: where they lie, how dark, and that settings are checked."""

from __future__ import annotations

from random import Random

import numpy as np
import pytest
from composed import WALL, cutout_of, frame_of, one_scene

import cosmat_nb as cm
from cosmat_nb.dataset.compose.recipe import Recipe
from cosmat_nb.dataset.compose.shadow import Cast, Shadow, throw_shadow

POST = np.full((40, 10), 255, np.uint8)


def still(**ranges):
    """A shadow whose ranges are single numbers."""
    return Shadow(**{name: (value, value) for name, value in ranges.items()})


def spot(shade, threshold=0.5):
    """Rows and columns, from the subject's first pixel, where a shadow is dark."""
    rows, cols = np.nonzero(shade.plane > threshold)
    return rows + shade.row, cols + shade.col


def test_a_shadow_without_slant_and_blur_is_the_lowest_quarter():
    """Ten rows of forty at length 0.25, ending with the foot, as wide as the post."""
    rows, cols = spot(throw_shadow(POST, Cast(1.0, 0.25, 0.0, 0.0)))
    assert (rows.min(), rows.max() + 1) == (30, 40)
    assert (cols.min(), cols.max() + 1) == (0, 10)


@pytest.mark.parametrize(("offset", "side"), [(0.5, 1), (-0.5, -1)])
def test_the_top_falls_to_the_side_and_the_foot_stays(offset, side):
    """Half of forty rows is 20 px at the top; half a row less than nothing below."""
    shade = throw_shadow(POST, Cast(1.0, 0.25, offset, 0.0))
    rows, cols = spot(shade)
    middle = {row: cols[rows == row].mean() for row in (30, 39)}
    assert middle[30] - 4.5 == pytest.approx(side * 19, abs=0.6)
    # The sharp line under the foot widens the lowest row to neither side.
    assert middle[39] - 4.5 == pytest.approx(side * 1, abs=0.6)


def test_a_shadow_follows_the_foot_of_the_matte_and_not_its_canvas():
    """Empty rows below and columns beside the subject move the shadow with it."""
    padded = np.pad(POST, ((3, 17), (5, 0)))
    cast = Cast(1.0, 0.25, 0.3, 0.05)
    plain, moved = throw_shadow(POST, cast), throw_shadow(padded, cast)
    np.testing.assert_array_equal(plain.plane, moved.plane)
    assert (moved.row, moved.col) == (plain.row + 3, plain.col + 5)


def test_blur_softens_and_keeps_below_full():
    """A blurred shadow has values in between, 0 at its rim and never above 1."""
    shade = throw_shadow(POST, Cast(1.0, 0.25, 0.2, 0.1))
    assert ((shade.plane > 0.05) & (shade.plane < 0.95)).sum() > 100
    assert shade.plane.max() <= 1 + 1e-6
    rim = np.concatenate(
        [shade.plane[[0, -1]].ravel(), shade.plane[:, [0, -1]].ravel()]
    )
    assert rim.max() < 0.01


def test_the_ground_is_dark_right_under_the_foot():
    """Just below the lowest row the shadow still has most of its darkness."""
    shade = throw_shadow(np.full((200, 80), 255, np.uint8), Cast(1.0, 0.2, 0.0, 0.04))
    below = shade.plane[200 - shade.row, 40 - shade.col]
    assert 0.5 < below < 1
    assert shade.plane[-1].max() < 0.01


def test_a_half_transparent_subject_throws_half_a_shadow():
    """Alpha 51 of 255 keeps a fifth of the light away."""
    shade = throw_shadow(POST // 5, Cast(1.0, 0.25, 0.0, 0.0))
    assert shade.plane.max() == pytest.approx(0.2, abs=1e-6)


def test_an_empty_matte_throws_no_shadow():
    """Nothing stands there."""
    assert throw_shadow(np.zeros((5, 5), np.uint8), Cast(1, 1, 0, 0)).plane.max() == 0


def test_shadows_darken_the_background_by_their_strength_and_no_label():
    """Full shadow of strength 0.5 on 200 leaves 100; labels are as without it."""
    square = np.full((40, 40, 4), 255, np.uint8)
    frame = frame_of(1).assign(cutout=[cutout_of(square)])
    shadow = still(strength=0.5, length=0.5, offset=1.0, blur=0.0)
    plain = Recipe(size=(60, 80), subjects=(1, 1), scale=(0.5, 0.5), shadow=None)
    shaded = Recipe(
        size=(60, 80), subjects=(1, 1), scale=(0.5, 0.5), flip=False, shadow=shadow
    )
    scene = one_scene(frame, (200, 100, 50), shaded)
    drawn = scene.draw()
    behind = scene.draw_background()
    assert np.unique(behind.reshape(-1, 3), axis=0)[0].tolist() == [100, 50, 25]
    assert behind.max(axis=(0, 1)).tolist() == [200, 100, 50]
    outside = drawn.alpha == 0
    np.testing.assert_array_equal(drawn.image[outside], behind[outside])
    # The light is drawn before the places, so only the same light keeps them.
    assert one_scene(frame, (200, 100, 50), plain).cast is None
    assert int(drawn.alpha.astype(bool).sum()) == 30 * 30


def test_shadows_of_two_multiply():
    """Where two shadows of strength 0.5 overlap, a quarter of the light is left."""
    wall = np.full((60, 80, 3), 200, np.uint8)
    shadow = still(strength=0.5, length=0.5, offset=0.0, blur=0.0)
    recipe = Recipe(
        size=(60, 80), subjects=(2, 2), scale=(0.9, 0.9), overlap=1, shadow=shadow
    )
    squares = [cutout_of(np.full((40, 40, 4), n, np.uint8)) for n in (255, 254)]
    frame = frame_of(2).assign(cutout=squares)
    behind = one_scene(frame, wall, recipe).draw_background()
    assert set(np.unique(behind)) >= {50, 100, 200}


def test_numbers_are_drawn_within_their_ranges():
    """Every draw lies in between, and ends that meet are met."""
    for seed in range(50):
        cast = Shadow(strength=(0.3, 0.3)).draw(Random(seed))
        assert cast.strength == 0.3
        assert 0.1 <= cast.length <= 0.25
        assert -0.4 <= cast.offset <= 0.4
        assert 0.025 <= cast.blur <= 0.06


@pytest.mark.parametrize(
    "ranges",
    [
        {"strength": (0.5, 1.1)},
        {"strength": (0.5, 0.4)},
        {"length": (-0.1, 0.4)},
        {"offset": (-3, 0)},
        {"blur": (0, 0.6)},
        {"blur": 0.1},
        {"blur": ("a", "b")},
        {"blur": (0.1, 0.2, 0.3)},
        {"blur": (float("nan"), 0.2)},
    ],
)
def test_a_range_that_cannot_be_is_refused_by_its_name(ranges):
    """The message names the range and what it may be."""
    with pytest.raises(cm.OptionsError, match=next(iter(ranges))):
        Shadow(**ranges)


def test_a_shadow_outside_the_frame_is_no_error():
    """A subject at the border may throw its whole shadow out of the picture."""
    shadow = still(strength=0.5, length=0.05, offset=2.0, blur=0.0)
    recipe = Recipe(
        size=(60, 80), ground=(0.3, 1.5), cut=0.9, shadow=shadow, subjects=(1, 1)
    )
    for seed in range(20):
        assert one_scene(frame_of(), WALL, recipe, seed=seed).draw().image.any()


def test_the_line_under_the_foot_is_sharper_than_the_rest():
    """A shadow so low and soft that it is faint has a dark line at the foot still."""
    shade = throw_shadow(np.full((200, 80), 255, np.uint8), Cast(1.0, 0.05, 0.0, 0.1))
    column = shade.plane[:, 40 - shade.col]
    # Ten rows blurred by 20 px alone would reach 0.2 of full darkness.
    assert 0.5 < column.max() < 1
    assert abs(shade.row + int(column.argmax()) - 200) <= 10
