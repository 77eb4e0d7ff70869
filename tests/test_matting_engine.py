"""The registry of engines and what every cut promises."""

import numpy as np
import pytest
from drawn import scenes

from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.engine import ENGINES, cut_out, get_engine


class FixedEngine:
    """Gives the alpha it was made with."""

    name = "fixed"
    version = "1"

    def __init__(self, alpha):
        self.alpha = np.array(alpha, dtype=np.float32)

    def estimate_alpha(self, picture):  # noqa: ARG002 - the protocol's parameter
        """Return the alpha, whatever the picture."""
        return self.alpha


@pytest.mark.parametrize("name", ENGINES)
def test_engines_carry_the_name_they_are_asked_by(name):
    """What the registry makes says its own name, and a version."""
    engine = get_engine(name)
    assert engine.name == name
    assert engine.version


def test_an_unknown_engine_is_refused():
    """The message names those that exist."""
    with pytest.raises(OptionsError, match=r"color.*not 'magic'"):
        get_engine("magic")


def test_the_registry_cannot_be_changed():
    """Nobody adds an engine at run time."""
    with pytest.raises(TypeError):
        ENGINES["mine"] = None


def test_alpha_is_rounded_and_colours_follow_it():
    """RGB is 0 where alpha is 0, the picture's own where it is 1."""
    picture = np.array([[[9, 8, 7], [60, 50, 40], [200, 100, 50]]], dtype=np.uint8)
    rgba = cut_out(picture, FixedEngine([[0, 0.5, 1]]))
    assert rgba.dtype == np.uint8
    assert rgba[..., 3].tolist() == [[0, 128, 255]]
    assert rgba[0, 0].tolist() == [0, 0, 0, 0]
    assert rgba[0, 2].tolist() == [200, 100, 50, 255]


def test_alpha_under_half_a_step_is_nothing():
    """Alpha that rounds to 0 takes its colour along; the least that shows stays."""
    picture = np.full((1, 3, 3), 200, dtype=np.uint8)
    rgba = cut_out(picture, FixedEngine([[0.4 / 255, 0.6 / 255, 1]]))
    assert rgba[0, 0].tolist() == [0, 0, 0, 0]
    assert rgba[0, 1, 3] == 1
    assert rgba[0, 1, :3].any()


@pytest.mark.parametrize("name", ["mug", "glass-bottle", "empty-studio"])
def test_a_cut_of_a_scene(name):
    """Whatever is cut: the canvas stays, hidden pixels are 0, opaque ones are kept."""
    picture = scenes()[name].picture
    before = picture.copy()
    rgba = cut_out(picture, get_engine())
    assert rgba.shape == (*picture.shape[:2], 4)
    assert not rgba[rgba[..., 3] == 0].any()
    opaque = rgba[..., 3] == 255
    alpha = get_engine().estimate_alpha(picture)
    assert np.array_equal(rgba[alpha == 1][:, :3], picture[alpha == 1])
    assert opaque.any() == (name != "empty-studio")
    assert np.array_equal(picture, before)


@pytest.mark.parametrize(
    "picture",
    [
        np.zeros((4, 4), np.uint8),
        np.zeros((4, 4, 4), np.uint8),
        np.zeros((4, 4, 3), np.float32),
        np.zeros((0, 4, 3), np.uint8),
        np.zeros((4, 0, 3), np.uint8),
        np.zeros((1, 4, 4, 3), np.uint8),
    ],
)
def test_other_shapes_and_types_are_refused(picture):
    """Only (H, W, 3) uint8 with at least one pixel is cut."""
    with pytest.raises(OptionsError, match=r"\(H, W, 3\) uint8"):
        cut_out(picture, get_engine())


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (1, 600), (40, 60)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_one_colour_holds_no_subject(shape, level):
    """A picture of a single colour, however small, is cut to nothing."""
    rgba = cut_out(np.full((*shape, 3), level, dtype=np.uint8), get_engine())
    assert rgba.shape == (*shape, 4)
    assert not rgba.any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (2, 3), (3, 50)])
def test_tiny_pictures_of_noise_are_cut_without_complaint(shape, rng):
    """Noise on a few pixels gives an answer of the right shape, without a warning."""
    picture = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    rgba = cut_out(picture, get_engine())
    assert rgba.shape == (*shape, 4)
    assert not rgba[rgba[..., 3] == 0].any()
