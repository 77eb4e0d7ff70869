"""Where a cutout lies on its source, and the way back."""

import functools
import io

import numpy as np
import pytest
from PIL import Image

from cosmat_nb.emulator.samples import draw_scene_parts
from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.layout import (
    center_subject,
    crop_to_subject,
    pad_canvas,
    subject_box,
)
from cosmat_nb.metrics.alignment import Offset, lies_on, locate, place_back
from cosmat_nb.metrics.measure import measure_cutout
from cosmat_nb.options import Padding

SIDE = (90, 120)


def noise(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, shape, np.uint8)


def shaken(pixels, levels, seed=1):
    """The same colours, each off by at most so many levels."""
    rng = np.random.default_rng(seed)
    off = rng.integers(-levels, levels + 1, pixels.shape)
    return np.clip(pixels + off, 0, 255).astype(np.uint8)


def smooth(shape, coarse=9, seed=0):
    """Colours that change slowly from pixel to pixel."""
    small = Image.fromarray(noise((coarse, coarse, 3), seed))
    return np.asarray(small.resize(shape[::-1], Image.Resampling.BICUBIC))


def disk(shape=SIDE, center=(40, 50), radius=25.0, top=255):
    rows, cols = np.indices(shape)
    far = np.hypot(rows - center[0], cols - center[1])
    return np.rint(top * np.clip(radius - far, 0, 1)).astype(np.uint8)


def cut(colors, alpha):
    cutout = np.dstack([colors, alpha])
    cutout[alpha == 0] = 0
    return cutout


def moved(cutout, row, col, shape=None):
    return place_back(cutout, (-row, -col), shape or cutout.shape)


def mixed(front, back, alpha):
    share = alpha[..., None] / 255
    return np.rint(share * front + (1 - share) * back).astype(np.uint8)


@functools.cache
def scene(index):
    """One drawn scene: picture, the subject's own colours, alpha."""
    parts = draw_scene_parts(index)
    front, back, alpha = (
        np.rint(255 * layer).clip(0, 255).astype(np.uint8)
        for layer in (parts.foreground, parts.backdrop, parts.alpha)
    )
    return mixed(front, back, alpha), front, alpha


def moves(cutout):
    """Everything that a service may do to a canvas, with the offset it makes."""
    box = subject_box(cutout[..., 3])
    centered = center_subject(cutout)
    to = subject_box(centered[..., 3])
    row, col = to.min_row - box.min_row, to.min_col - box.min_col
    height, width = cutout.shape[:2]
    return {
        "none": (cutout, (0, 0)),
        "padded": (pad_canvas(cutout, Padding(20, 10)), (10, 20)),
        "centred": (centered, (row, col)),
        "both": (pad_canvas(centered, Padding(7, 31)), (row + 31, col + 7)),
        "cropped": (crop_to_subject(cutout), (-box.min_row, -box.min_col)),
        "a little": (moved(cutout, 1, -1), (1, -1)),
        "cut off": (
            moved(cutout, height // 3, -width // 3),
            (height // 3, -width // 3),
        ),
    }


@pytest.mark.parametrize("index", [2, 5])
@pytest.mark.parametrize("kind", ["copied", "cleaned", "shaken"])
def test_every_move_of_a_drawn_scene(index, kind):
    """The offset is exact however the canvas was changed and the colours cleaned."""
    picture, own, alpha = scene(index)
    colors = {"copied": picture, "cleaned": own, "shaken": shaken(picture, 3)}[kind]
    for name, (after, offset) in moves(cut(colors, alpha)).items():
        assert locate(picture, after) == offset, name


def test_composites_of_photographs(shared):
    """Photographs on plain and busy ground are found where they were put."""
    folder = shared / "data" / "eval" / "composites"
    for mask in sorted((folder / "gt").iterdir())[:20:9]:
        image = next((folder / "images").glob(f"{mask.stem}.*"))
        picture = np.asarray(Image.open(image).convert("RGB"))
        cutout = cut(shaken(picture, 2), np.asarray(Image.open(mask).convert("L")))
        for name, (after, offset) in moves(cutout).items():
            assert locate(picture, after) == offset, (mask.stem, name)


def test_another_jpeg_decoder():
    """Colours decoded with coarser chroma are still the source's."""
    stored = io.BytesIO()
    Image.fromarray(scene(2)[0]).save(stored, "JPEG", quality=85)
    picture = np.asarray(Image.open(stored).convert("RGB"))
    luma = np.asarray(Image.fromarray(picture).convert("YCbCr")).astype(float)
    height, width = luma.shape[:2]
    chroma = luma[..., 1:].reshape(height // 2, 2, width // 2, 2, 2).mean(axis=(1, 3))
    luma[..., 1:] = chroma.repeat(2, axis=0).repeat(2, axis=1)
    other = Image.fromarray(np.rint(luma).astype(np.uint8), "YCbCr").convert("RGB")
    after = moved(cut(np.asarray(other), scene(2)[2]), -11, 5)
    assert locate(picture, after) == (-11, 5)


@pytest.mark.parametrize("offset", [(0, 0), (1, 0), (0, -1), (3, -2), (20, 40)])
@pytest.mark.parametrize("soft", [False, True])
def test_flat_subject_on_flat_ground_is_held_by_its_outline(offset, soft):
    """Where nothing but the outline tells, the outline tells exactly."""
    alpha = disk() if soft else (disk() > 127) * np.uint8(255)
    picture = mixed(np.array([200, 30, 30]), np.array([240, 240, 240]), alpha)
    assert locate(picture, moved(cut(picture, alpha), *offset)) == offset


def test_invisible_outline_cannot_be_told():
    """Where every translation fits there is no answer, not even that of the sizes."""
    picture = np.full((*SIDE, 3), 128, np.uint8)
    cutout = cut(picture, disk())
    assert locate(picture, cutout) is None
    assert locate(picture, moved(cutout, 3, 3)) is None
    assert locate(picture, pad_canvas(cutout, Padding(4, 6))) is None
    assert locate(picture, crop_to_subject(cutout)) is None


def test_no_guess_between_equals():
    """Where several translations fit there is none, however the canvas was padded."""
    picture = np.full((*SIDE, 3), 128, np.uint8)
    padded = pad_canvas(cut(picture, disk()), Padding(200, 200))
    assert locate(picture, padded[:-1, :-1]) is None


def test_stripes_fit_along_themselves():
    """A subject on endless stripes is ambiguous; half a period off it is not there."""
    bars = np.where(np.arange(SIDE[1]) // 3 % 2, 200, 30).astype(np.uint8)
    picture = np.broadcast_to(bars[:, None], (*SIDE, 3))
    alpha = np.zeros(SIDE, np.uint8)
    alpha[30:60, 30:60] = 255
    cutout = cut(picture, alpha)
    for offset in ((0, 0), (2, 0), (0, 6), (0, 3)):
        assert locate(picture, moved(cutout, *offset)) is None


@pytest.mark.parametrize("offset", [(0, 0), (1, 0), (0, 1), (-2, 2), (15, -20)])
@pytest.mark.parametrize("levels", [0, 4])
def test_smooth_subject_moved_a_little(offset, levels):
    """A pixel's move of slow colours is seen, under noise too."""
    picture = smooth(SIDE)
    cutout = cut(shaken(picture, levels), disk())
    assert locate(picture, moved(cutout, *offset)) == offset


@pytest.mark.parametrize("offset", [(0, 0), (1, 0), (-1, 1), (9, -7)])
def test_faint_slow_colours(offset):
    """Slow colours that a pixel's move changes by less than a level are told apart."""
    picture = smooth(SIDE) // 16 + 100
    assert locate(picture, moved(cut(picture, disk()), *offset)) == offset


@pytest.mark.parametrize("offset", [(0, 0), (5, 5)])
def test_faint_grain(offset):
    """Where every place is within the tolerance the best one is searched for."""
    picture = noise((*SIDE, 3)) // 20 + 100
    assert locate(picture, moved(cut(shaken(picture, 2), disk()), *offset)) == offset


def test_glass_that_fits_everywhere_cannot_be_told():
    """Among the translations that mixtures allow none is chosen."""
    picture = np.full((*SIDE, 3), 128, np.uint8)
    glass = cut(picture - 28, disk(top=100))
    assert locate(picture, glass) is None
    assert locate(picture, moved(glass, 3, 3)) is None


def test_glass_over_a_picture_that_it_was_not_cut_from():
    """A plain film without an opaque pixel is no part of any picture."""
    cutout = np.zeros((200, 200, 4), np.uint8)
    cutout[50:120, 60:130] = 100, 100, 100, 60
    for seed in range(5):
        assert locate(noise((200, 200, 3), seed), cutout) is None


@pytest.mark.parametrize("share", [0.06, 0.2])
@pytest.mark.parametrize("patch", [None, (60, 60), (150, 150)])
def test_another_pattern_on_the_same_plain_body(share, patch):
    """A plain body that fits does not make up for its few textured pixels."""
    rows = round(20 * share / 0.2)
    for seed in range(5):
        picture = np.full((200, 200, 3), 255, np.uint8)
        if patch:
            row, col = patch
            picture[row : row + rows, col : col + 25] = noise((rows, 25, 3), seed)
        cutout = np.zeros((200, 200, 4), np.uint8)
        cutout[50:100, 50:100] = 255
        cutout[60 : 60 + rows, 60:85, :3] = noise((rows, 25, 3), 100 + seed)
        assert locate(picture, cutout) is None


def test_faint_grain_far_from_the_likely_place():
    """A place that is nearly right gives way to the one that is right."""
    rng = np.random.default_rng(0)
    wall = np.clip(np.rint(250 + rng.normal(0, 0.5, (200, 200, 3))), 0, 255)
    picture, alpha = wall.astype(np.uint8), np.zeros((200, 200), np.uint8)
    alpha[20:90, 20:90] = 255
    assert locate(picture, moved(cut(picture, alpha), 30, 40)) == (30, 40)


@pytest.mark.parametrize("levels", [1, 5])
def test_noisy_tiles(levels):
    """Among tiles that are nearly alike the very one is found."""
    picture = shaken(np.tile(noise((20, 20, 3)) // 2 + 40, (10, 10, 1)), levels)
    alpha = np.zeros((200, 200), np.uint8)
    alpha[40:120, 60:140] = 255
    cutout = cut(picture, alpha)
    assert locate(picture, cutout) == (0, 0)
    assert locate(picture, moved(cutout, 20, 0)) == (20, 0)
    assert locate(picture, crop_to_subject(cutout)) == (-40, -60)


def test_tiles_cropped_by_whole_periods():
    """Sizes that are smaller imply nothing: one tile among equals is not chosen."""
    picture = np.tile(noise((20, 20, 3)), (10, 10, 1))
    crop = np.dstack([picture, np.full((200, 200), 255, np.uint8)])[40:120, 60:140]
    assert locate(picture, crop) is None
    assert locate(picture, crop[:, :79]) is None


def test_faint_subject_beside_strong_colours():
    """Strong colours elsewhere do not drown what tells faint places apart."""
    picture = noise((300, 400, 3)) // 64 + 10
    picture[:, 250:] = noise((300, 150, 3), 1)
    alpha = np.zeros((300, 400), np.uint8)
    alpha[200:230, 100:140] = 255
    assert locate(picture, moved(cut(picture, alpha), -90, 31)) == (-90, 31)


def test_faint_subject_in_a_large_noisy_area():
    """Where hundreds of places are hardly worse than an inexact one, none is chosen."""
    wall = noise((400, 400, 3)) % np.uint8(3) + np.uint8(100)
    cutout = cut(shaken(wall, 2), disk((400, 400), (100, 100), 15.0))
    assert locate(wall, moved(cutout, -20, 31)) is None
    assert locate(wall, moved(cut(wall, cutout[..., 3]), -20, 31)) == (-20, 31)


def test_another_label_on_the_same_body():
    """A body that its outline holds in one place proves nothing for its label."""
    body = disk((200, 200), (100, 100), 60.0)
    labels = []
    for seed in (1, 2):
        picture = mixed(np.array([200, 30, 30]), np.array([240, 240, 240]), body)
        picture[90:110, 85:115] = noise((20, 30, 3), seed)
        labels.append(picture)
    one, other = labels
    assert locate(one, moved(cut(one, body), 9, 9)) == (9, 9)
    assert locate(one, cut(other, body)) is None
    assert locate(one, moved(cut(other, body), 9, 9)) is None


def test_glass_that_fits_in_two_windows():
    """Where the sizes imply one of two windows, mixtures do not settle which."""
    picture = np.zeros((200, 200, 3), np.uint8)
    for col in (20, 120):
        picture[50:110, col : col + 60] = noise((60, 60, 3), col) // 4 + 90
    glass = np.zeros((200, 200, 4), np.uint8)
    glass[50:110, 20:80] = 100, 100, 100, 60
    assert locate(picture, glass) is None


@pytest.mark.parametrize("top", [250, 200, 128])
@pytest.mark.parametrize("kind", ["copied", "cleaned"])
def test_matte_without_an_opaque_pixel(top, kind):
    """Glass is found by the colours it can be mixed from."""
    front, back, alpha = noise((*SIDE, 3)), smooth(SIDE), disk(top=top)
    picture = mixed(front, back, alpha)
    cutout = cut({"copied": picture, "cleaned": front}[kind], alpha)
    assert locate(picture, moved(cutout, 9, -7)) == (9, -7)
    assert locate(picture, cutout) == (0, 0)


@pytest.mark.parametrize("side", [2, 3, 6])
def test_tiny_subject(side):
    """A few textured pixels are enough."""
    picture, alpha = noise((*SIDE, 3)), np.zeros(SIDE, np.uint8)
    alpha[20 : 20 + side, 30 : 30 + side] = 255
    assert locate(picture, moved(cut(picture, alpha), 17, -9)) == (17, -9)


def test_one_pixel_is_not_enough():
    """One pixel whose colour is found nearby too lies nowhere."""
    picture, alpha = noise((*SIDE, 3)), np.zeros(SIDE, np.uint8)
    alpha[20, 30] = 255
    cutout = cut(picture // 16, alpha)
    assert locate(picture // 16, cutout) is None
    assert locate(picture // 16, crop_to_subject(cutout)[:, [0, 0]]) is None


@pytest.mark.parametrize("corner", [(0, 0), (299, 401), (300, 400), (300, 401)])
def test_large_picture_is_searched_reduced(corner):
    """Over half a million pixels the answer is exact, in the last corner too."""
    picture = noise((1000, 1101, 3))
    cutout = np.dstack([picture, np.full((1000, 1101), 255, np.uint8)])
    after = cutout[corner[0] : corner[0] + 700, corner[1] : corner[1] + 700]
    assert locate(picture, after) == (-corner[0], -corner[1])


@pytest.mark.parametrize(("thick", "offset"), [(1, None), (2, Offset(-5, 9))])
def test_thin_subject_in_a_huge_picture(thick, offset):
    """Over four million pixels a line two pixels thick is found, a thinner one not."""
    picture = noise((1501, 2900, 3))
    alpha = np.zeros((1501, 2900), np.uint8)
    alpha[1000 : 1000 + thick, 300:800] = 255
    assert locate(picture, moved(cut(picture, alpha), -5, 9)) == offset


def test_outliers_do_not_hide_the_place():
    """A fifth of the subject repainted leaves the rest to tell."""
    picture = noise((*SIDE, 3))
    cutout = cut(picture, disk())
    cutout[:25, :, :3] = 255 - cutout[:25, :, :3]
    assert locate(picture, moved(cutout, 4, 4)) == (4, 4)
    assert locate(picture, cutout) == (0, 0)


def test_another_picture():
    """A subject that comes from elsewhere has no offset."""
    picture, _, alpha = scene(2)
    other = scene(5)[0]
    cutout = crop_to_subject(cut(picture, alpha))
    assert locate(picture, cutout) is not None
    assert locate(other, cutout) is None
    assert locate(picture[::-1], cutout) is None
    assert locate(picture // 2, cutout) is None


def test_subject_larger_than_the_source():
    """What does not fit into the source did not come from it."""
    picture = noise((40, 50, 3))
    cutout = np.dstack([noise((40, 51, 3)), np.full((40, 51), 255, np.uint8)])
    assert locate(picture, cutout) is None


def test_empty_matte():
    """An empty matte lies nowhere."""
    assert locate(noise((*SIDE, 3)), np.zeros((*SIDE, 4), np.uint8)) is None


def test_views_and_read_only_arrays():
    """Mirrored views are read as they are, and nothing is written to."""
    picture = noise((*SIDE, 3))
    after = moved(cut(picture, disk()), 3, 4)
    picture.flags.writeable = after.flags.writeable = False
    assert locate(picture[:, ::-1], after[:, ::-1]) == (3, -4)


@pytest.mark.parametrize(
    ("before", "cutout", "says"),
    [
        (np.zeros((4, 4), np.uint8), np.zeros((4, 4, 4), np.uint8), "before must"),
        (np.zeros((4, 4, 3)), np.zeros((4, 4, 4), np.uint8), "got float64"),
        (np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8), "cutout must"),
        (np.zeros((0, 4, 3), np.uint8), np.zeros((4, 4, 4), np.uint8), "RGB pixels"),
        (np.zeros((4, 4, 3), np.uint8), [[[0, 0, 0, 0]]], "got list"),
    ],
)
def test_what_is_no_picture_is_refused(before, cutout, says):
    """A wrong array is named with what was expected."""
    with pytest.raises(OptionsError, match=says):
        locate(before, cutout)


def test_place_by_hand():
    """Pixels outside are cut, missing ones are 0, channels and dtype stay."""
    alpha = np.array([[1, 2, 3], [4, 5, 6]])
    assert place_back(alpha, (0, 0), (2, 3)).tolist() == alpha.tolist()
    assert place_back(alpha, (1, 1), (2, 3)).tolist() == [[5, 6, 0], [0, 0, 0]]
    assert place_back(alpha, (-1, -1), (2, 3)).tolist() == [[0, 0, 0], [0, 1, 2]]
    assert place_back(alpha, Offset(0, -2), (1, 5)).tolist() == [[0, 0, 1, 2, 3]]
    assert place_back(alpha, (0, 1), (3, 1)).tolist() == [[2], [5], [0]]
    rgba = np.ones((2, 3, 4), np.float32)
    placed = place_back(rgba, (-1, 0), (4, 5, 3))
    assert (placed.shape, placed.dtype) == ((4, 5, 4), np.float32)
    assert placed[1:3, :3].all()
    assert placed.sum() == rgba.sum()


@pytest.mark.parametrize("offset", [(5, 0), (-5, 0), (0, 5), (0, -5), (99, -99)])
def test_place_with_nothing_in_common(offset):
    """A cutout that lies wholly outside leaves an empty canvas."""
    assert not place_back(np.ones((3, 3)), offset, (3, 3)).any()


def test_place_is_a_copy():
    """The answer can be written to and the cutout stays."""
    alpha = np.ones((2, 2))
    place_back(alpha, (0, 0), (2, 2))[:] = 7
    assert alpha.tolist() == [[1, 1], [1, 1]]


@pytest.mark.parametrize(
    ("offset", "shape"),
    [
        (None, (3, 3)),
        ((0.5, 0), (3, 3)),
        (7, (3, 3)),
        ((1,), (3, 3)),
        ((0, 0), 3),
        ((0, 0), (0, 3)),
        ((0, 0), (-1, 3)),
    ],
)
def test_what_is_no_place_is_refused(offset, shape):
    """An offset that was not found, or a shape that is none, is an error in words."""
    with pytest.raises(OptionsError, match="must be two whole numbers"):
        place_back(np.ones((3, 3)), offset, shape)


def test_what_is_no_picture_cannot_be_placed():
    """A list and a row of numbers are no pixels."""
    for pixels in ([[1, 2]], np.ones(3)):
        with pytest.raises(OptionsError, match="pixels must be an array"):
            place_back(pixels, (0, 0), (3, 3))


def test_an_offset_that_was_not_found_measures_nothing():
    """What locate returns where nothing fits is refused, with what it means."""
    rgba = np.full((9, 9, 4), 255, np.uint8)
    with pytest.raises(OptionsError, match="locate, which returns None"):
        measure_cutout(rgba, rgba[..., :3], offset=None)


def test_a_plain_thing_lies_on_its_plain_ground():
    """Where locate cannot tell, unmoved colours still say that they may lie there."""
    before = np.full((60, 80, 3), 240, np.uint8)
    cutout = np.zeros((60, 80, 4), np.uint8)
    cutout[20:40, 20:50] = 240, 240, 240, 255
    assert locate(before, cutout) is None
    assert lies_on(before, cutout)
    assert not lies_on(before - 50, cutout)
    assert not lies_on(before[:-1], cutout)


@pytest.mark.parametrize("period", [3, 5, 7, 12, 13, 15])
def test_a_tiled_picture_tells_no_place(period):
    """Moved by a period or not at all, each copy fits as well as any other."""
    rng = np.random.default_rng(period)
    tile = rng.integers(0, 256, (period, period, 3), dtype=np.uint8)
    before = np.tile(tile, (200 // period, 200 // period, 1))
    for shift in (0, period):
        cutout = np.zeros((*before.shape[:2], 4), np.uint8)
        cutout[60:120, 60:120, :3] = before[60 - shift : 120 - shift, 60:120]
        cutout[60:120, 60:120, 3] = 255
        assert locate(before, cutout) is None


def test_mixtures_prove_nothing():
    """A glass of another picture's colours does not lie on a picture of noise."""
    before = np.random.default_rng(0).integers(0, 256, (90, 90, 3), dtype=np.uint8)
    cutout = np.zeros((90, 90, 4), np.uint8)
    cutout[20:70, 20:70] = 100, 100, 100, 60
    assert not lies_on(before, cutout)
