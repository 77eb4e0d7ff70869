"""Composites and colours: pixels worked out by hand, PyMatting as oracle."""

import base64
import dataclasses
import itertools
import json
import math
import runpy
import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from skimage import metrics

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.composite import BACKGROUNDS, ColorErrors, compare_colors

ORACLES = Path(__file__).parent / "oracles"
DRAWN = runpy.run_path(str(ORACLES / "renew_saliency.py"))
GOLDEN = json.loads((ORACLES / "saliency.json").read_text(encoding="utf-8"))


def pixels(*colors):
    """A picture of one row from its pixels' red, green, blue and alpha."""
    return np.array([colors], np.uint8)


def over(rgba, color):
    """The composite over a plain background, by floats from 0 to 1."""
    alpha = rgba[..., 3:] / 255
    return alpha * rgba[..., :3] / 255 + (1 - alpha) * np.array(color) / 255


def test_wrong_colour_of_an_opaque_pixel():
    """Every background shows it alike; the first one is named."""
    found = compare_colors(pixels((200, 100, 0, 255)), pixels((100, 100, 30, 255)))
    # Red 100 off, blue 30 off, of 3 channels of 255 levels.
    assert found.composite_mad == pytest.approx(130 / 765, rel=1e-15)
    assert found.worst_background == "white"
    assert found.composite_mad_mean == pytest.approx(130 / 765, rel=1e-15)
    expected = 1000 * (100**2 + 30**2) / 255**2 / 3
    assert found.composite_mse_e3 == pytest.approx(expected, rel=1e-15)
    assert found.foreground_mad == pytest.approx(130 / 765, rel=1e-15)


def test_half_transparent_pixel():
    """Alpha 102 for 204, white in both: seen over black, not over white."""
    found = compare_colors(pixels((255, 255, 255, 102)), pixels((255, 255, 255, 204)))
    # Alphas .4 and .8: over black .4 and .8 in each channel, over white 1 and 1, and
    # .4 in a third of the channels for each 0 of the others.
    assert found.composite_mad == pytest.approx(0.4, rel=1e-15)
    assert found.worst_background == "black"
    assert found.composite_mad_mean == pytest.approx(0.2, rel=1e-15)
    assert found.composite_mse_e3 == pytest.approx(160, rel=1e-15)
    assert found.foreground_mad == 0.0


@pytest.mark.parametrize(
    ("color", "worst", "expected"),
    [
        ((255, 255, 255), "black", 1.0),
        ((0, 0, 0), "white", 1.0),
        ((0, 255, 0), "magenta", 1.0),
        ((255, 0, 255), "green", 1.0),
        ((0, 0, 255), "yellow", 1.0),
        ((255, 0, 0), "cyan", 1.0),
        ((128, 128, 128), "black", 128 / 255),
        ((127, 127, 127), "white", 128 / 255),
        ((10, 120, 200), "yellow", (245 + 135 + 200) / 765),
    ],
)
def test_no_subject_hides(color, worst, expected):
    """A subject that was not found shows over the corner opposite to its colour."""
    found = compare_colors(pixels((0, 0, 0, 0)), pixels((*color, 255)))
    assert found.worst_background == worst
    assert found.composite_mad == pytest.approx(expected, rel=1e-15)


def test_no_plain_background_shows_more(rng):
    """The worst corner is the worst of the whole colour cube."""
    for _ in range(5):
        rgba, reference = rng.integers(0, 256, (2, 3, 4, 4), dtype=np.uint8)
        found = compare_colors(rgba, reference).composite_mad
        grid = itertools.product(range(0, 256, 51), repeat=3)
        shown = [np.abs(over(rgba, c) - over(reference, c)).mean() for c in grid]
        assert found == pytest.approx(max(shown), rel=1e-12)


def test_agrees_with_pymatting():
    """Over each corner the difference is that of PyMatting's blends."""
    golden = GOLDEN["composite"]["mad"]
    assert GOLDEN["versions"]["pymatting"] == "1.1.16"
    first, second = DRAWN["draw_cutout"](0), DRAWN["draw_cutout"](2)
    for name, color in BACKGROUNDS.items():
        found = compare_colors(first, second, backgrounds={name: color})
        expected = golden[",".join(map(str, color))]
        assert found.composite_mad == pytest.approx(expected, rel=1e-9)
    found = compare_colors(first, second)
    assert found.composite_mad == pytest.approx(max(golden.values()), rel=1e-9)
    mean = sum(golden.values()) / 8
    assert found.composite_mad_mean == pytest.approx(mean, rel=1e-9)


def test_estimated_foreground_beats_the_source_colours():
    """PyMatting's estimate has a smaller colour error than copied source colours."""
    truth = DRAWN["draw_cutout"](0)
    estimate, copied = truth.copy(), truth.copy()
    text = GOLDEN["composite"]["foreground"]
    estimate[..., :3] = np.frombuffer(base64.b85decode(text), np.uint8).reshape(
        40, 52, 3
    )
    copied[..., :3] = np.rint(255 * over(truth, (25.5,) * 3))
    scores = []
    for rgba in (estimate, copied):
        found = compare_colors(rgba, truth)
        off = np.abs(rgba[..., :3] / 255 - truth[..., :3] / 255).mean(axis=2)
        expected = np.average(off, weights=truth[..., 3])
        assert found.foreground_mad == pytest.approx(expected, rel=1e-12)
        scores.append(found.foreground_mad)
    assert 0 < scores[0] < scores[1] / 1.5


def test_foreground_is_weighted_by_the_reference():
    """An opaque pixel counts as its alpha says; what the cutout hides does not."""
    rgba = pixels((10, 0, 0, 255), (0, 0, 0, 1), (99, 99, 99, 0), (7, 7, 7, 255))
    reference = pixels((0, 0, 0, 255), (0, 40, 0, 51), (0, 0, 0, 255), (0, 0, 0, 0))
    # Weights 255 and 51; differences 10 / 3 and 40 / 3 levels; the third is unseen in
    # the cutout, the fourth in the reference.
    expected = (255 * 10 / 3 + 51 * 40 / 3) / 306 / 255
    found = compare_colors(rgba, reference)
    assert found.foreground_mad == pytest.approx(expected, rel=1e-15)


def test_nothing_to_see():
    """Colours under alpha 0 do not matter, and no background is worst."""
    rgba = pixels((1, 2, 3, 0), (9, 9, 9, 255))
    reference = pixels((200, 0, 7, 0), (9, 9, 9, 255))
    assert compare_colors(rgba, reference) == ColorErrors(
        composite_mad=0.0,
        worst_background=None,
        composite_mad_mean=0.0,
        composite_mse_e3=0.0,
        foreground_mad=0.0,
    )
    assert compare_colors(rgba[:, :1], reference[:, :1]).foreground_mad is None


def test_own_backgrounds():
    """Names and colours may be the caller's; the mean is over those."""
    rgba, reference = pixels((255, 255, 255, 0)), pixels((255, 255, 255, 255))
    own = {"paper": (255, 255, 255), "dusk": (55, 105, 155)}
    found = compare_colors(rgba, reference, backgrounds=own)
    # Off by 200, 150 and 100 levels over dusk, by nothing over paper.
    assert found.worst_background == "dusk"
    assert found.composite_mad == pytest.approx(450 / 765, rel=1e-15)
    assert found.composite_mad_mean == pytest.approx(225 / 765, rel=1e-15)
    squares = 1000 * (200**2 + 150**2 + 100**2) / 255**2 / 3
    assert found.composite_mse_e3 == pytest.approx(squares, rel=1e-15)


def test_backgrounds_are_the_corners_and_cannot_be_changed():
    """All eight corners of the cube, in a mapping that refuses assignment."""
    corners = set(itertools.product((0, 255), repeat=3))
    assert set(BACKGROUNDS.values()) == corners
    with pytest.raises(TypeError):
        BACKGROUNDS["white"] = (0, 0, 0)


def test_strips_join(rng):
    """A picture of many strips, in any memory layout, is as exact as a small one."""
    rgba, reference = rng.integers(0, 256, (2, 300, 250, 4), dtype=np.uint8)
    found = compare_colors(rgba, reference)
    shown = {
        name: np.abs(over(rgba, color) - over(reference, color)).mean()
        for name, color in BACKGROUNDS.items()
    }
    assert found.composite_mad == pytest.approx(max(shown.values()), rel=1e-12)
    assert found.worst_background == max(shown, key=shown.__getitem__)
    pair = [over(p, BACKGROUNDS[found.worst_background]) for p in (rgba, reference)]
    squares = 1000 * metrics.mean_squared_error(*pair)
    assert found.composite_mse_e3 == pytest.approx(squares, rel=1e-12)
    turned = [np.asfortranarray(p) for p in (rgba, reference)]
    assert compare_colors(*turned) == found


def test_memory_does_not_grow_with_the_picture():
    """Strips bound the memory: a picture of 4 MB needs less than 8 bytes a pixel."""
    rgba = np.full((1000, 1000, 4), 200, np.uint8)
    reference = np.full((1000, 1000, 4), 100, np.uint8)
    tracemalloc.start()
    compare_colors(rgba, reference)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 8e6


def test_row():
    """A row has every field in order, NaN for None, and fits the table's dtypes."""
    same = pixels((1, 2, 3, 0))
    rows = [
        compare_colors(same, same).as_row(),
        compare_colors(same, pixels((1, 2, 3, 9))).as_row(),
    ]
    names = [field.name for field in dataclasses.fields(ColorErrors)]
    assert [list(row) for row in rows] == [names, names]
    assert math.isnan(rows[0]["worst_background"])
    assert math.isnan(rows[0]["foreground_mad"])
    dtypes = ColorErrors.column_dtypes()
    assert list(dtypes) == names
    table = pd.DataFrame(rows).astype(dtypes)
    assert table["worst_background"].isna().tolist() == [True, False]
    assert table.dtypes.astype(str).to_dict() == dtypes


@pytest.mark.parametrize(
    ("rgba", "reference", "said"),
    [
        (np.zeros((2, 3, 3), np.uint8), None, r"rgba must be .*\(2, 3, 3\)"),
        (np.zeros((2, 3, 4)), None, "rgba must be .*float64"),
        (None, np.zeros((2, 3), np.uint8), r"reference must be .*\(2, 3\)"),
        (None, np.zeros((0, 3, 4), np.uint8), r"reference must be .*\(0, 3, 4\)"),
        (None, [[0]], "reference must be .*list"),
        (None, np.zeros((3, 2, 4), np.uint8), r"equal shapes; .*\(3, 2, 4\).*canvas"),
    ],
)
def test_other_pictures_are_refused(rgba, reference, said):
    """What is no RGBA picture, or not of the same size, is said and refused."""
    right = np.zeros((2, 3, 4), np.uint8)
    with pytest.raises(OptionsError, match=said):
        compare_colors(
            right if rgba is None else rgba, right if reference is None else reference
        )


@pytest.mark.parametrize(
    "backgrounds",
    [
        {},
        [(0, 0, 0)],
        None,
        {"dim": (0, 0)},
        {"dim": (0, 0, 256)},
        {"dim": (0, -1, 0)},
        {"dim": (0.5, 0, 0)},
        {"dim": "red"},
        {"dim": 7},
        {7: (0, 0, 0)},
    ],
)
def test_other_backgrounds_are_refused(backgrounds):
    """A background is a name and three whole numbers from 0 to 255."""
    picture = np.zeros((2, 3, 4), np.uint8)
    with pytest.raises(OptionsError, match="backgrounds must be a mapping"):
        compare_colors(picture, picture, backgrounds=backgrounds)
