"""Drawn scenes: their alpha is exact, they do not change, they cover what is hard."""

import numpy as np
import pytest
from drawn import scenes
from scipy import ndimage

from cosmat_nb.emulator import samples
from cosmat_nb.emulator.scenes.drawing import Canvas, Layer, draw
from cosmat_nb.emulator.scenes.materials import flat
from cosmat_nb.emulator.scenes.shapes import box, capsule, circle, everywhere, move
from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.resample import block_mean

RED, BLUE = (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)


def alpha_of(canvas, *subject):
    """Alpha of these layers, or shapes, before blue."""
    layers = [s if isinstance(s, Layer) else Layer(s, flat(RED)) for s in subject]
    return draw(canvas, [Layer(everywhere, flat(BLUE))], layers).alpha


def holes_of(alpha):
    """Sizes of the backdrop's parts that do not reach the frame, px."""
    labels, _ = ndimage.label(np.pad(alpha, 1) < 0.5)
    # 0 is the subject; 1 holds the corner, so it is the outside.
    return np.bincount(labels.ravel())[2:]


@pytest.mark.parametrize("index", [0, 2, 7, 11])
def test_a_picture_is_mixed_from_its_parts(index):
    """Each picture is 255 (alpha F + (1 - alpha) B), rounded, and alpha is the same."""
    scene = list(scenes().values())[index]
    parts = samples.draw_scene_parts(index)
    alpha = parts.alpha[..., None]
    mixed = 255 * (alpha * parts.foreground + (1 - alpha) * parts.backdrop)
    difference = np.abs(np.rint(mixed) - scene.picture)
    # Only a value on the rounding boundary itself may fall to either side.
    tie = np.abs(mixed - np.floor(mixed) - 0.5) < 1e-4
    assert difference[~tie].max() == 0
    assert difference.max() <= 1
    assert np.array_equal(parts.alpha, scene.alpha)


@pytest.mark.parametrize("name", samples.KINDS)
def test_what_a_scene_holds(name):
    """Pictures are uint8 of 480 to 800 px a side, alpha float32 in [0, 1]."""
    scene = scenes()[name]
    assert scene.picture.dtype == np.uint8
    assert scene.alpha.dtype == np.float32
    assert scene.picture.shape == (*scene.alpha.shape, 3)
    assert all(480 <= side <= 800 for side in scene.alpha.shape)
    assert scene.alpha.min() >= 0
    assert scene.alpha.max() <= 1


def test_the_first_scenes_do_not_depend_on_how_many_are_drawn():
    """One scene alone is the first of twelve."""
    (alone,) = samples.draw_scenes(1)
    first = next(iter(scenes().values()))
    assert alone.name == first.name
    assert np.array_equal(alone.picture, first.picture)
    assert np.array_equal(alone.alpha, first.alpha)


def test_no_scenes():
    """None asked, none drawn."""
    assert samples.draw_scenes(0) == []


def test_kinds_come_again_under_another_name_and_with_other_grain():
    """The thirteenth scene is a second mug, not the first one again."""
    again = samples._draw_scene(len(samples.KINDS), 0)
    assert again.name == "mug-2"
    assert not np.array_equal(again.picture, scenes()["mug"].picture)


def test_a_scene_is_the_same_each_time_and_another_with_another_seed():
    """Index and seed decide everything."""
    one, two = samples.draw_scene_parts(4), samples.draw_scene_parts(4)
    other = samples.draw_scene_parts(4, seed=1)
    for first, second in zip(one, two, strict=True):
        assert np.array_equal(first, second)
    assert not np.array_equal(one.alpha, other.alpha)


@pytest.mark.parametrize(("count", "seed"), [(-1, 0), (1, -1)])
def test_negative_numbers_are_refused(count, seed):
    """Neither count nor seed may be negative."""
    with pytest.raises(OptionsError, match="0 or more"):
        samples.draw_scenes(count, seed)


def test_nothing_stands_in_the_empty_studio():
    """One kind has no subject."""
    assert not scenes()["empty-studio"].alpha.any()


@pytest.mark.parametrize(("name", "count"), [("mug", 1), ("scissors", 2)])
def test_holes_one_can_see_through(name, count):
    """The mug's handle and the scissors' grips leave backdrop inside the subject."""
    assert (holes_of(scenes()[name].alpha) > 1000).sum() == count


def test_one_subject_is_cut_off_by_the_frame():
    """The watch's strap leaves at the top and at the bottom; others keep clear."""
    touching = {
        name
        for name, scene in scenes().items()
        if scene.alpha[[0, -1]].any() or scene.alpha[:, [0, -1]].any()
    }
    assert touching == {"watch"}


def test_fine_strands():
    """Blades of grass vanish when everything under 7 px is taken away; a box stays."""
    lost = {}
    for name in ("grass-pot", "gift-box"):
        firm = scenes()[name].alpha >= 0.5
        kept = ndimage.binary_opening(firm, iterations=3)
        lost[name] = 1 - kept.sum() / firm.sum()
    assert lost["grass-pot"] > 0.1
    assert lost["gift-box"] < 0.001


def test_a_translucent_subject():
    """Glass is translucent far from any edge, over a tenth of the picture."""
    alpha = scenes()["glass-bottle"].alpha
    through = ndimage.binary_erosion((alpha > 0.2) & (alpha < 0.9), iterations=8)
    assert through.mean() > 0.1


def test_several_objects():
    """Fruit lies in two groups, an apple apart from the others."""
    labels, _ = ndimage.label(scenes()["fruit"].alpha >= 0.5)
    sizes = np.bincount(labels.ravel())[1:]
    assert (sizes > 1000).sum() == 2


def test_photograph_is_a_jpeg():
    """The photograph starts and ends like a JPEG file."""
    photograph = samples.photograph()
    assert photograph[:3] == bytes.fromhex("ffd8ff")
    assert photograph[-2:] == bytes.fromhex("ffd9")


def test_a_discs_alpha_adds_up_to_its_area():
    """On 200 x 300 px a radius of 0.31 is 62 px: the area is pi 62^2 within 1 px."""
    alpha = alpha_of(Canvas(200, 300), circle(0.31))
    assert alpha.sum(dtype=float) == pytest.approx(np.pi * 62**2, abs=1)


def test_a_straight_edges_alpha_is_the_covered_share():
    """A box that ends 0.3 px inside its last pixels covers 0.3 of them."""
    alpha = alpha_of(Canvas(8, 8), box(2.3 / 8, 2.3 / 8))
    assert alpha[4, :4].tolist() == pytest.approx([0, 0.3, 1, 1], abs=1e-6)
    assert alpha[1, 1] == pytest.approx(0.09, abs=0.01)


@pytest.mark.parametrize(
    "shape",
    [
        move(box(0.2, 0.33), (0.01, 0.02), 0.4),
        capsule((-0.2, -0.3), (0.2, 0.25), 0.08, 0.03),
        move(circle(0.3), (0.3, 0.4)),
    ],
)
def test_alpha_agrees_with_finer_drawing(shape):
    """Drawn at six times the size and averaged, every pixel agrees within 0.02."""
    alpha = alpha_of(Canvas(50, 75), shape)
    fine = block_mean(alpha_of(Canvas(300, 450), shape), 6)
    assert np.abs(alpha - fine).max() < 0.02


def test_layers_go_over_one_another():
    """Half over half hides three quarters; the upper half counts twice the lower."""
    layers = [Layer(everywhere, flat(color), opacity=0.5) for color in (RED, BLUE)]
    drawing = draw(Canvas(2, 2), [Layer(everywhere, flat((1, 1, 1)))], layers)
    assert drawing.alpha.tolist() == [[0.75, 0.75], [0.75, 0.75]]
    assert drawing.foreground[0, 0].tolist() == pytest.approx([1 / 3, 0, 2 / 3])
    assert drawing.backdrop[0, 0].tolist() == [1, 1, 1]


def test_grain_falls_on_both_parts_and_stays_in_range():
    """Grain is added to both, clipped to [0, 1]; alpha stays as it is."""
    backdrop = [Layer(everywhere, flat((0.5, 0.5, 0.5)))]
    subject = [Layer(circle(0.3), flat((0.9, 0.2, 0.2)))]
    plain = draw(Canvas(20, 20), backdrop, subject)
    grainy = draw(Canvas(20, 20), backdrop, subject, 0.25)
    assert grainy.backdrop[0, 0].tolist() == pytest.approx([0.75, 0.75, 0.75])
    assert grainy.foreground[10, 10].tolist() == pytest.approx([1, 0.45, 0.45])
    assert not grainy.foreground[0, 0].any()
    assert np.array_equal(plain.alpha, grainy.alpha)
