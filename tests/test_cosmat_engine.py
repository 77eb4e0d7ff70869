"""How well the engine of the package cuts what it has never seen."""

import numpy as np
import pytest
from drawn import scenes
from scipy import ndimage

from cosmat_nb import images
from cosmat_nb.emulator.samples import photograph
from cosmat_nb.matting.engine import get_engine
from cosmat_nb.matting.resample import stretch

# Least IoU at 0.5 and most mean absolute error of alpha: as measured on these scenes,
# which training has not seen (it has seen others of their kinds), with some room.
BOUNDS = {
    "mug": (0.97, 0.010),
    "plush": (0.95, 0.020),
    "glass-bottle": (0.70, 0.060),
    "sneaker": (0.94, 0.015),
    "scissors": (0.88, 0.022),
    "grass-pot": (0.78, 0.055),
    "fruit": (0.97, 0.010),
    "watch": (0.95, 0.020),
    "vase": (0.80, 0.065),
    "gift-box": (0.96, 0.015),
    "ball": (0.96, 0.012),
}


def cut(picture):
    """Alpha by the engine under test."""
    return get_engine("cosmat").estimate_alpha(picture)


def iou(alpha, exact):
    """Intersection over union of both at 0.5."""
    one, two = alpha > 0.5, exact > 0.5
    return (one & two).sum() / (one | two).sum()


@pytest.mark.parametrize("name", BOUNDS)
def test_drawn_scenes_are_cut(name):
    """Through JPEG, the subject is found and alpha is near the exact one."""
    scene = scenes()[name]
    alpha = cut(images.decode_rgb(images.encode_jpeg(scene.picture)))
    least, most = BOUNDS[name]
    assert alpha.dtype == np.float32
    assert 0 <= alpha.min() <= alpha.max() <= 1
    assert iou(alpha, scene.alpha) > least
    assert np.abs(alpha - scene.alpha).mean() < most


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
        assert alpha[middle].mean() < 0.05


def test_shadows_go():
    """Away from the mug's edge, the shadow it casts has hardly any alpha."""
    scene = scenes()["mug"]
    away = ~ndimage.binary_dilation(scene.alpha > 0, iterations=12)
    below = away & (np.indices(away.shape)[0] > np.nonzero(scene.alpha)[0].max() - 20)
    assert scene.picture[below].min() < 0.8 * scene.picture[:20].min()
    assert cut(scene.picture)[below].mean() < 0.02


def test_hair_is_kept():
    """Of the plush bear's strands beyond its body at least half of the alpha stays."""
    scene = scenes()["plush"]
    body = ndimage.binary_opening(scene.alpha > 0.5, iterations=10)
    strands = (scene.alpha > 0.5) & ~body
    assert strands.sum() > 2000
    assert cut(scene.picture)[strands].mean() > 0.5


def test_the_edge_is_the_pictures_and_not_the_networks():
    """At full size alpha is nearer to the truth than the network's matte, stretched."""
    engine = get_engine("cosmat")
    scene = scenes()["sneaker"]
    matte = engine.network.matte(scene.picture)
    stretched = stretch(matte, scene.alpha.shape)
    edge = ndimage.binary_dilation((scene.alpha > 0) & (scene.alpha < 1), iterations=6)
    ours = np.abs(engine.estimate_alpha(scene.picture) - scene.alpha)[edge].mean()
    assert ours < 0.9 * np.abs(stretched - scene.alpha)[edge].mean()


def test_the_empty_studio_is_empty():
    """Where nothing stands alpha is 0 at every pixel."""
    assert not cut(scenes()["empty-studio"].picture).any()


@pytest.mark.parametrize("level", [0, 128, 255])
def test_a_blank_picture_is_empty(level):
    """One colour holds no subject."""
    assert not cut(np.full((300, 400, 3), level, np.uint8)).any()


def test_a_photograph_is_cut():
    """The portrait's face is opaque, the backdrop beside it is mostly gone."""
    alpha = cut(images.decode_rgb(photograph()))
    assert alpha[180:340, 200:310].min() > 0.9
    assert alpha[20:140, 400:].mean() < 0.05


def test_neighbours_change_nothing():
    """A picture has the same matte whatever was cut before."""
    picture = scenes()["vase"].picture
    first = cut(picture)
    cut(scenes()["mug"].picture)
    assert np.array_equal(cut(picture), first)
