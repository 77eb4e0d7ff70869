"""How well the stopgap engine cuts drawn scenes, and what it must never do."""

import tracemalloc

import numpy as np
import pytest
from drawn import scenes
from scipy import ndimage

from cosmat_nb.emulator.scenes.drawing import Canvas, Spot
from cosmat_nb.emulator.scenes.materials import bricks, planks
from cosmat_nb.matting.engine import get_engine

# Measured on the drawn scenes, less 0.02 to 0.04: how much the engine may lose
# before somebody has to look. Scenes before busy backdrops are not promised.
FLOORS = {
    "mug": 0.95,
    "plush": 0.92,
    "glass-bottle": 0.87,
    "sneaker": 0.95,
    "scissors": 0.87,
    "fruit": 0.92,
    "watch": 0.88,
    "gift-box": 0.96,
}


def cut(picture):
    """Alpha by the engine under test."""
    return get_engine("color").estimate_alpha(picture)


def iou(alpha, exact):
    """Intersection over union of both at 0.5."""
    one, two = alpha >= 0.5, exact >= 0.5
    return (one & two).sum() / (one | two).sum()


def disc(row, col, radius=40, height=120, width=160):
    """Draw a green disc on light grey, and its mask."""
    y, x = np.mgrid[:height, :width]
    inside = np.hypot(y - row, x - col) < radius
    picture = np.full((height, width, 3), 230, dtype=np.uint8)
    picture[inside] = (40, 90, 30)
    return picture, inside


@pytest.mark.parametrize("name", FLOORS)
def test_plain_backdrops(name):
    """On studio paper the subject is found about as well as when it was measured."""
    scene = scenes()[name]
    alpha = cut(scene.picture)
    assert alpha.dtype == np.float32
    assert alpha.shape == scene.alpha.shape
    assert 0 <= alpha.min() <= alpha.max() <= 1
    assert iou(alpha, scene.alpha) > FLOORS[name]


@pytest.mark.parametrize(("name", "count"), [("mug", 1), ("scissors", 2)])
def test_holes_stay_open(name, count):
    """Backdrop seen through a handle is cut away: hardly any alpha in its middle."""
    scene = scenes()[name]
    labels, _ = ndimage.label(scene.alpha == 0)
    sizes = np.bincount(labels.ravel())
    # 0 is the subject, 1 the outside; the rest are holes.
    holes = [index for index in range(2, sizes.size) if sizes[index] > 1000]
    assert len(holes) == count
    alpha = cut(scene.picture)
    for hole in holes:
        middle = ndimage.binary_erosion(labels == hole, iterations=12)
        assert middle.any()
        assert alpha[middle].mean() < 0.02


def test_the_empty_studio_is_empty():
    """Where nothing stands alpha is 0 at every pixel."""
    assert not cut(scenes()["empty-studio"].picture).any()


@pytest.mark.parametrize("kind", ["bricks", "planks", "stripes", "noise"])
def test_an_even_texture_is_empty(kind, rng):
    """A wall, a floor, stripes and noise hold no subject, busy as they are."""
    y, x = Canvas(240, 320).grid(slice(0, 240), slice(0, 320))
    spot = Spot(y, x, np.zeros((3, *y.shape), dtype=np.float32))
    texture = {
        "bricks": lambda: bricks(rng, (0.62, 0.33, 0.26), (0.66, 0.62, 0.57))(spot),
        "planks": lambda: planks(rng, (0.66, 0.46, 0.29))(spot),
        "stripes": lambda: np.where(np.sin(60 * x)[..., None] > 0, [0.7], [[0.2] * 3]),
        "noise": lambda: rng.random((240, 320, 3)),
    }
    assert not cut(np.rint(texture[kind]() * 255).astype(np.uint8)).any()


def test_the_same_picture_gives_the_same_matte():
    """Nothing is random, before plain and busy backdrops alike."""
    for name in ("mug", "vase"):
        picture = scenes()[name].picture[::2, ::2]
        assert np.array_equal(cut(picture), cut(picture))


@pytest.mark.parametrize(
    ("row", "col"), [(60, 80), (0, 80), (119, 80), (60, 0), (60, 159), (0, 0)]
)
def test_a_subject_may_touch_the_frame(row, col):
    """A disc cut off by a side or a corner is found like one in the middle."""
    picture, inside = disc(row, col)
    assert iou(cut(picture), inside) > 0.97


@pytest.mark.parametrize(("soft", "bound"), [(2, 0.05), (4, 0.15)])
def test_a_soft_edge_is_soft(soft, bound):
    """An edge that fades over 2 px is met closely; a wider one less so, by design."""
    y, x = np.mgrid[:120, :160]
    exact = np.clip((40 - np.hypot(y - 60, x - 80)) / soft + 0.5, 0, 1)[..., None]
    mixed = exact * np.array([40, 90, 30]) + (1 - exact) * 230
    alpha = cut(np.rint(mixed).astype(np.uint8))
    edge = (exact[..., 0] > 0) & (exact[..., 0] < 1)
    assert np.abs(alpha[edge] - exact[edge][:, 0]).mean() < bound
    assert ((alpha[edge] > 0) & (alpha[edge] < 1)).mean() > 0.5


def test_dust_is_left_out():
    """A speck of 3 px beside the subject is dropped; the subject stays."""
    picture, inside = disc(60, 80)
    picture[10:13, 10:13] = (40, 90, 30)
    alpha = cut(picture)
    assert not alpha[:20, :20].any()
    assert iou(alpha, inside) > 0.97


def test_a_soft_shadow_is_backdrop():
    """Grey that darkens softly to 60 % beside a disc is not taken for it."""
    picture, inside = disc(60, 70, radius=30)
    y, x = np.mgrid[:120, :160]
    shade = 1 - 0.4 * np.exp(-(((y - 60) / 22) ** 2 + ((x - 105) / 22) ** 2))
    shaded = np.where(inside[..., None], picture, picture * shade[..., None])
    alpha = cut(np.rint(shaded).astype(np.uint8))
    assert iou(alpha, inside) > 0.9


def test_twelve_megapixels_in_bounded_memory():
    """A box on 3000 x 4000 px is met at its edges; at most 150 MB are held."""
    picture = np.full((3000, 4000, 3), 240, dtype=np.uint8)
    picture[700:2300, 1000:3000] = (30, 90, 160)
    tracemalloc.start()
    alpha = cut(picture)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert alpha.shape == (3000, 4000)
    assert alpha.mean(dtype=float) == pytest.approx(1600 * 2000 / 12e6, rel=1e-3)
    assert peak < 150e6
