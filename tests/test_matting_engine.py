"""Engines by name, and what every cut promises."""

import re

import numpy as np
import pytest
from drawn import scenes

from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.engine import cut_out, get_engine


class FixedEngine:
    """Gives the alpha it was made with."""

    name = "fixed"
    version = "1"

    def __init__(self, alpha):
        self.alpha = np.array(alpha, dtype=np.float32)

    def estimate_alpha(self, picture):  # noqa: ARG002 - the protocol's parameter
        """Return the alpha, whatever the picture."""
        return self.alpha


def test_the_default_engine_is_the_packages_own():
    """Without a name the network of the package cuts; its version has its weights."""
    engine = get_engine()
    assert engine.name == "cosmat"
    assert re.fullmatch(r"1-[0-9a-f]{8}", engine.version)
    assert get_engine("cosmat").version == engine.version


def test_an_engine_is_handed_back():
    """Whoever brings an engine of their own gets that one."""
    engine = FixedEngine([[1]])
    assert get_engine(engine) is engine


def test_an_unknown_engine_is_refused():
    """The message names those that exist."""
    with pytest.raises(OptionsError, match=r"cosmat.*u2netp.*not 'magic'"):
        get_engine("magic")


@pytest.mark.parametrize("thing", [None, 7, b"cosmat", FixedEngine, object()])
def test_what_is_no_engine_is_refused(thing):
    """A class in place of an engine, a number or nothing is told before any cut."""
    with pytest.raises(OptionsError, match="engine must be a name, a path"):
        get_engine(thing)


def test_what_has_no_version_is_no_engine():
    """Without it, answers of two versions would pass for the same in a store."""
    engine = FixedEngine([[1]])
    engine.estimate = engine.estimate_alpha
    nameless = type("Nameless", (), {"version": "1", "estimate_alpha": engine.estimate})
    unversioned = type("Own", (), {"name": "own", "estimate_alpha": engine.estimate})
    for thing in (nameless(), unversioned()):
        with pytest.raises(OptionsError, match="estimate_alpha, name, version"):
            get_engine(thing)


@pytest.mark.parametrize(
    ("alpha", "words"),
    [
        ([[0, 200]], "values from 0.0 to 200.0"),
        ([[0, -0.5]], "values from -0.5 to 0.0"),
        ([[0, np.nan]], "values from nan"),
        ([[0, 1, 1]], r"an array of \(1, 3\)"),
        ([[[0], [1]]], r"an array of \(1, 2, 1\)"),
    ],
)
def test_an_engine_that_answers_no_alpha_is_told(alpha, words):
    """Levels to 255, channels and other sizes never pass for a matte."""
    picture = np.zeros((1, 2, 3), np.uint8)
    with pytest.raises(OptionsError, match=rf"fixed must answer.*\(1, 2\).*{words}"):
        cut_out(picture, FixedEngine(alpha))


def test_an_engine_may_answer_in_another_precision():
    """A boolean matte, one in doubles, and rounding just over 1 are taken."""
    picture = np.full((1, 2, 3), 90, np.uint8)
    engine = FixedEngine([[0, 1]])
    for alpha in (np.array([[False, True]]), np.array([[-1e-9, 1 + 1e-9]])):
        engine.alpha = alpha
        assert cut_out(picture, engine)[0].tolist() == [[0] * 4, [90, 90, 90, 255]]


def test_slabs_leave_no_seam(rng):
    """A picture of several slabs has the pixels that its parts have."""
    picture = rng.integers(0, 256, (3000, 700, 3), dtype=np.uint8)
    alpha = rng.integers(0, 2, (3000, 700)).astype(np.float32)
    rgba = cut_out(picture, FixedEngine(alpha))
    assert np.array_equal(rgba[..., 3], alpha * 255)
    assert np.array_equal(rgba[..., :3], picture * (alpha > 0)[..., None])


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
    assert opaque.any() or name == "empty-studio"
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


def test_a_picture_is_no_more_opaque_than_it_was():
    """Each pixel has the smaller alpha of both; half of it fades no edge twice."""
    picture = np.full((1, 5, 3), 90, dtype=np.uint8)
    opacity = np.array([[0, 51, 128, 255, 255]], dtype=np.uint8)
    alpha = FixedEngine([[1, 1, 128 / 255, 0.2, 0]])
    rgba = cut_out(picture, alpha, opacity)
    assert rgba[..., 3].tolist() == [[0, 51, 128, 51, 0]]
    assert not rgba[0, [0, 4]].any()
    whole = cut_out(picture, alpha, np.full((1, 5), 255, np.uint8))
    assert np.array_equal(whole, cut_out(picture, alpha))


def test_opacity_of_another_size_is_refused():
    """One row of alpha is not stretched over a picture of two."""
    picture = np.zeros((2, 3, 3), np.uint8)
    engine = FixedEngine(np.ones((2, 3)))
    with pytest.raises(OptionsError, match=r"\(2, 3\) as the picture; not \(1, 3\)"):
        cut_out(picture, engine, np.zeros((1, 3), np.uint8))


@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (9, 1), (2, 2), (1, 600), (40, 60)])
@pytest.mark.parametrize("level", [0, 128, 255])
def test_pictures_of_one_colour_are_cut_without_complaint(shape, level):
    """A picture of a single colour, however small, gives an answer of its size."""
    rgba = cut_out(np.full((*shape, 3), level, dtype=np.uint8), get_engine())
    assert rgba.shape == (*shape, 4)
    assert not rgba[rgba[..., 3] == 0].any()


@pytest.mark.parametrize("shape", [(1, 1), (1, 200), (200, 1), (2, 3), (3, 50)])
def test_tiny_pictures_of_noise_are_cut_without_complaint(shape, rng):
    """Noise on a few pixels gives an answer of the right shape, without a warning."""
    picture = rng.integers(0, 256, (*shape, 3), dtype=np.uint8)
    rgba = cut_out(picture, get_engine())
    assert rgba.shape == (*shape, 4)
    assert not rgba[rgba[..., 3] == 0].any()
