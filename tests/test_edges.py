"""A coarse matte brought to full size: nearer the truth than stretched, and bounded."""

import threading
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from cosmat_nb.emulator.samples import draw_scenes
from cosmat_nb.matting.edges import refine_alpha
from cosmat_nb.matting.resample import stretch

HAIRY = ("plush", "grass-pot")


def coarse_of(alpha, side=256, blur=1.0):
    """What a good network would answer: alpha at its size, a little blurred."""
    small = Image.fromarray(alpha).resize((side, side), Image.Resampling.BOX)
    return np.clip(ndimage.gaussian_filter(np.asarray(small), blur), 0, 1)


def stretched(coarse, shape):
    """What plain stretching answers."""
    full = Image.fromarray(coarse).resize(shape[::-1], Image.Resampling.BILINEAR)
    return np.asarray(full)


def levels(matte):
    """Stretch 0.05 ... 0.95 to all of [0, 1]."""
    return np.clip((matte - 0.05) / 0.9, 0, 1)


def draw_disc(height, width, radius):
    """Draw a bright disc on a dark ground, and its exact alpha."""
    y, x = np.mgrid[:height, :width]
    away = np.hypot(y - (height - 1) / 2, x - (width - 1) / 2)
    alpha = np.clip(radius + 0.5 - away, 0, 1).astype(np.float32)
    color = alpha[..., None] * (210, 180, 60) + (1 - alpha[..., None]) * (30, 60, 90)
    return np.rint(color).astype(np.uint8), alpha


@pytest.fixture(scope="module")
def scenes():
    """Draw the eleven kinds of scene that have a subject."""
    return [scene for scene in draw_scenes(12, seed=5) if scene.alpha.any()]


def test_no_scene_is_worse_than_stretched(scenes):
    """SAD falls on each scene, by half or more over all of them."""
    ratios = []
    for scene in scenes:
        coarse = coarse_of(scene.alpha)
        plain = np.abs(stretched(coarse, scene.alpha.shape) - scene.alpha).sum()
        refined = np.abs(refine_alpha(scene.picture, coarse) - scene.alpha).sum()
        ratios.append(refined / plain)
    assert max(ratios) < 0.85
    assert np.mean(ratios) < 0.5


def test_hair_is_kept_and_not_grown(scenes):
    """Fur and grass keep their share of the soft edge, and show it where it is."""
    for scene in scenes:
        if scene.name not in HAIRY:
            continue
        soft = (scene.alpha > 0.02) & (scene.alpha < 0.98)
        coarse = coarse_of(scene.alpha)
        refined = refine_alpha(scene.picture, coarse)
        plain = stretched(coarse, scene.alpha.shape)
        share = refined[soft].sum() / scene.alpha[soft].sum()
        assert 0.85 < share < 1.1
        error, before = (
            np.abs(matte[soft] - scene.alpha[soft]).mean() for matte in (refined, plain)
        )
        assert error < 0.85 * before


def test_a_hair_thinner_than_the_networks_pixels_comes_back():
    """A line of 2 px that the matte shows as a veil of a third is drawn in full."""
    picture = np.full((400, 400, 3), (200, 205, 210), np.uint8)
    alpha = np.zeros((400, 400), np.float32)
    alpha[300:], alpha[40:300, 199:201] = 1, 1
    picture[alpha > 0] = (40, 30, 20)
    refined = refine_alpha(picture, coarse_of(alpha, side=100, blur=0.5))
    assert refined[60:280, 199:201].mean() > 0.75
    assert refined[60:280, 190:197].mean() < 0.1
    assert refined[60:280, 203:210].mean() < 0.1


def test_an_edge_comes_to_where_the_picture_has_it():
    """A disc known to 8 px comes out to within a pixel: IoU over 0.99, 1 px soft."""
    picture, alpha = draw_disc(512, 512, 150)
    coarse = coarse_of(alpha, side=64)
    refined = refine_alpha(picture, coarse)
    ours, truth = refined > 0.5, alpha > 0.5
    assert (ours & truth).sum() / (ours | truth).sum() > 0.995
    assert np.abs(refined - alpha).mean() < 0.005
    assert np.abs(stretched(coarse, alpha.shape) - alpha).mean() > 0.015


def test_every_slab_reads_its_own_rows():
    """Over a million pixels, in slabs, the last rows are as sharp as the first."""
    picture, alpha = draw_disc(1500, 1400, 600)
    error = np.abs(refine_alpha(picture, coarse_of(alpha)) - alpha)
    assert error[:500].mean() < 0.003
    assert error[-500:].mean() < 0.003


def test_a_faint_subject_stays():
    """A matte nowhere over a quarter is not taken for an empty one."""
    picture, alpha = draw_disc(120, 120, 40)
    picture[:] = 90
    refined = refine_alpha(picture, 0.25 * coarse_of(alpha, side=60))
    assert refined[60, 60] == pytest.approx((0.25 - 0.05) / 0.9, abs=1e-3)


def test_holes_stay_open():
    """A hole of three network pixels, dimmed to a half by the matte, is seen through.

    Its alpha falls under 0.3 everywhere, from 0.4 and over.
    """
    picture, alpha = draw_disc(400, 400, 120)
    _, hole = draw_disc(400, 400, 12)
    ground = np.array((30, 60, 90))
    share = hole[..., None]
    picture = np.rint(picture * (1 - share) + ground * share).astype(np.uint8)
    alpha -= hole
    coarse = coarse_of(alpha, side=50)
    inside = np.s_[195:205, 195:205]
    assert stretched(coarse, alpha.shape)[inside].min() > 0.4
    assert refine_alpha(picture, coarse)[inside].max() < 0.3
    assert refine_alpha(picture, coarse)[130:170, 180:220].min() > 0.95


def test_shadows_do_not_come_back():
    """A dark shadow beside a bright subject, which the matte leaves out, stays out."""
    picture, alpha = draw_disc(300, 300, 60)
    picture[alpha == 0] = 200
    shadow = np.zeros((300, 300), bool)
    shadow[205:230, 90:210] = True
    shadow &= alpha == 0
    picture[shadow] = 120
    refined = refine_alpha(picture, coarse_of(alpha, side=100) * 0.97 + 0.03)
    assert refined[shadow].mean() < 0.02


def test_a_veil_goes_and_the_subject_is_opaque(rng):
    """Up to 0.05 nothing is there; from 0.95 on all of it is, whatever the picture."""
    picture = rng.integers(0, 256, (90, 130, 3), dtype=np.uint8)
    for level, expected in ((0, 0), (0.05, 0), (0.951, 1), (1, 1)):
        refined = refine_alpha(picture, np.full((64, 64), level, np.float32))
        assert refined.dtype == np.float32
        assert (refined == expected).all()


def test_where_the_matte_is_sure_colours_have_no_say(rng):
    """Two network pixels off its doubt, noise in the picture changes nothing."""
    matte = np.zeros((40, 40), np.float32)
    matte[10:30, 10:30] = 1
    noise = rng.integers(0, 256, (200, 200, 3), dtype=np.uint8)
    refined = refine_alpha(noise, matte)
    assert (refined[65:135, 65:135] == 1).all()
    outside = np.ones((200, 200), bool)
    outside[35:165, 35:165] = False
    assert (refined[outside] == 0).all()


def test_colours_that_tell_nothing_change_little(rng):
    """In a picture of noise alpha stays within 0.05 of the stretched matte, on mean."""
    noise = rng.integers(0, 256, (512, 512, 3), dtype=np.uint8)
    _, alpha = draw_disc(512, 512, 150)
    coarse = coarse_of(alpha, side=128, blur=3)
    moved = refine_alpha(noise, coarse) - levels(stretch(coarse, alpha.shape))
    doubt = (coarse > 0.1) & (coarse < 0.9)
    within = stretch(doubt.astype(np.float32), alpha.shape) > 0.5
    assert np.abs(moved[within]).mean() < 0.05


@pytest.mark.parametrize("shape", [(37, 53), (1100, 1300), (2200, 700)])
def test_one_colour_leaves_the_matte_stretched(shape, rng):
    """Without colours to tell by, alpha is the matte by cubic convolution, levelled.

    Also over a million pixels, where the work is done in slabs.
    """
    coarse = rng.random((64, 48), np.float32)
    refined = refine_alpha(np.full((*shape, 3), 120, np.uint8), coarse)
    assert np.abs(refined - levels(stretch(coarse, shape))).max() < 0.002


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(1, 40), st.integers(1, 40))
def test_any_sizes_go_together(height, width, rows, cols):
    """Any picture and any matte, larger or smaller: the picture's shape, [0, 1]."""
    rng = np.random.default_rng((height, width, rows, cols))
    picture = rng.integers(0, 256, (height, width, 3), dtype=np.uint8)
    refined = refine_alpha(picture, rng.random((rows, cols), np.float32))
    assert refined.shape == (height, width)
    assert refined.dtype == np.float32
    assert refined.min() >= 0
    assert refined.max() <= 1


@pytest.mark.parametrize("shape", [(1, 60_000), (60_000, 1), (3, 200_000)])
def test_long_thin_pictures_keep_their_edge(shape):
    """Strips of one row, one column or three keep the place of an edge to 0.1 %."""
    axis = int(np.argmax(shape))
    place = np.arange(shape[axis]) > 0.4 * shape[axis]
    alpha = np.broadcast_to(place if axis else place[:, None], shape).astype(np.float32)
    picture = (255 * alpha[..., None].repeat(3, axis=2)).astype(np.uint8)
    refined = refine_alpha(picture, coarse_of(alpha, side=64))
    assert ((refined > 0.5) != (alpha > 0.5)).mean() < 0.001


def test_turning_the_picture_turns_the_matte(scenes):
    """Rows and columns are treated alike, both ways: turned in, turned out."""
    scene = next(scene for scene in scenes if scene.name == "plush")
    picture, coarse = scene.picture[:420, :600], coarse_of(scene.alpha[:420, :600])
    refined = refine_alpha(picture, coarse)
    turned = refine_alpha(np.rot90(picture).copy(), np.rot90(coarse).copy())
    assert np.abs(np.rot90(turned, -1) - refined).mean() < 1e-3


def test_the_same_bytes_give_the_same_matte_side_by_side(scenes):
    """Alone or beside others, bit by bit; and what was given is not touched."""
    scene = scenes[0]
    picture, coarse = scene.picture.copy(), coarse_of(scene.alpha)
    given_coarse = coarse.copy()
    alone = refine_alpha(picture, coarse)
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(refine_alpha(picture, coarse)))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3
    assert all(np.array_equal(each, alone) for each in found)
    assert np.array_equal(coarse, given_coarse)
    assert np.array_equal(picture, scene.picture)


def test_memory_stays_bounded(rng):
    """Five megapixels, in doubt all over, need under 150 MB beyond the result."""
    picture = np.zeros((2000, 2500, 3), np.uint8)
    picture[::2] = 255
    coarse = 0.3 + 0.4 * rng.random((256, 256), np.float32)
    tracemalloc.start()
    try:
        refined = refine_alpha(picture, coarse)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak - refined.nbytes < 150e6
