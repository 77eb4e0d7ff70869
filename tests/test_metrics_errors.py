"""The errors between a matte and its reference: scales, bands, refusals, oracles."""

import json
import math
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import numpy as np
import pytest
from oracles.renew_matting import draw_pairs, draw_trimap

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.errors import MatteErrors, compare_alpha
from cosmat_nb.metrics.regions import region_errors
from cosmat_nb.metrics.saliency import saliency_scores
from cosmat_nb.metrics.trimap import unknown_band

GOLDEN = json.loads(
    (Path(__file__).parent / "oracles" / "matting.json").read_text(encoding="utf-8")
)["pictures"]
TOOLS = [(name, tool) for name, tools in GOLDEN.items() for tool in tools]

# Differences 0, 0.2, 0 / 0, 0.2, 1.
ALPHA = np.array([[0, 51, 255], [255, 204, 0]], np.uint8)
REFERENCE = np.array([[0, 0, 255], [255, 255, 255]], np.uint8)
TRIMAP = np.array([[0, 128, 255], [255, 128, 128]], np.uint8)


def test_scales():
    """SAD is 1.4, MSE (0.04 + 0.04 + 1) / 6 = 0.18, MAD 1.4 / 6."""
    errors = compare_alpha(ALPHA, REFERENCE)
    assert errors.sad_k == pytest.approx(0.0014, rel=1e-12)
    assert errors.mse_e3 == pytest.approx(180, rel=1e-12)
    assert errors.mad_e3 == pytest.approx(1400 / 6, rel=1e-12)
    assert errors.mae == pytest.approx(1.4 / 6, rel=1e-12)


def test_unknown_band():
    """Over the 3 unknown pixels SAD is 1.4, MSE 1.08 / 3 = 0.36, MAD 1.4 / 3."""
    errors = compare_alpha(ALPHA, REFERENCE, trimap=TRIMAP)
    assert errors.unknown_share == 0.5
    assert errors.unknown_sad_k == pytest.approx(0.0014, rel=1e-12)
    assert errors.unknown_mse_e3 == pytest.approx(360, rel=1e-12)
    assert errors.unknown_mad_e3 == pytest.approx(1400 / 3, rel=1e-12)


def test_grad_and_conn_scale():
    """One lost pixel costs a Grad of 2 and, as its alpha hangs loose, a Conn of 1."""
    reference = np.zeros((12, 12))
    reference[5, 6] = 1
    errors = compare_alpha(np.zeros((12, 12)), reference)
    assert errors.grad_k == pytest.approx(0.002, rel=1e-12)
    assert errors.conn_k == 0.001


def test_gradients_in_the_band_are_those_of_the_picture():
    """A trimap picks pixels of the Grad map: what it knows is not overwritten first.

    The matte errs in one known pixel; its filter answers around it, not in it.
    """
    reference = np.zeros((11, 11))
    alpha = reference.copy()
    alpha[5, 5] = 1
    trimap = np.full((11, 11), 0.5)
    trimap[5, 5] = 0
    errors = compare_alpha(alpha, reference, trimap=trimap)
    assert errors.unknown_sad_k == 0
    assert errors.unknown_grad_k == pytest.approx(0.002, rel=1e-12)


def test_levels_in_the_band_are_those_of_the_picture():
    """What holds a pixel may lie outside the band: 0.9 hangs on known pixels."""
    reference = np.array([[1, 1, 1, 1, 0]])
    alpha = np.array([[1, 1, 1, 0.9, 0]])
    trimap = np.array([[1, 1, 1, 0.5, 0]])
    errors = compare_alpha(alpha, reference.astype(float), trimap=trimap)
    assert errors.unknown_sad_k == pytest.approx(0.0001, rel=1e-9)
    assert errors.unknown_conn_k == 0


def test_no_band():
    """A band without pixels has a share of 0 and no errors."""
    for trimap in (None, np.ones((3, 4))):
        errors = compare_alpha(np.full((3, 4), 0.5), np.ones((3, 4)), trimap=trimap)
        assert errors.sad_k == pytest.approx(0.006)
        assert errors.unknown_share == 0
        unknown = [n for n in errors.as_row() if n.startswith("unknown_")][1:]
        assert len(unknown) == 5
        assert [getattr(errors, name) for name in unknown] == [None] * 5
        assert all(math.isnan(errors.as_row()[name]) for name in unknown)


def test_band_is_drawn_around_the_reference():
    """Without a trimap the band is the reference's, 12 px wide, not the matte's."""
    alpha, reference = draw_pairs()["islands"]
    trimap = np.where(unknown_band(reference, 12), 0.5, 0)
    drawn = compare_alpha(alpha, reference, trimap=trimap)
    assert compare_alpha(alpha, reference) == drawn
    assert compare_alpha(reference, alpha).unknown_share != drawn.unknown_share


@pytest.mark.parametrize("name", ["moved", "ghost", "hard"])
def test_scores(name):
    """Scores are those of their own modules, over the whole picture."""
    alpha, reference = draw_pairs()[name]
    row = compare_alpha(alpha, reference).as_row()
    regions = region_errors(alpha / 255, reference / 255)
    scores = saliency_scores(alpha / 255, reference / 255)
    for column, value in {**regions._asdict(), **scores._asdict()}.items():
        assert row[column] == value


@pytest.mark.parametrize(("name", "tool"), TOOLS)
def test_oracles(name, tool):
    """Every number of the oracles is ours to nine digits."""
    trimap = draw_trimap() if tool.endswith("trimap") else None
    row = compare_alpha(*draw_pairs()[name], trimap=trimap).as_row()
    for column, expected in GOLDEN[name][tool].items():
        assert row[column] == pytest.approx(expected, rel=1e-9), column


def test_oracles_cover_every_drawing():
    """The stored numbers are those of today's drawings and of every error column."""
    assert list(GOLDEN) == list(draw_pairs())
    columns = {
        column for tools in GOLDEN.values() for t in tools.values() for column in t
    }
    scores = {"iou", "dice", "boundary_f", "s_measure", "e_measure", "weighted_f"}
    assert {field.name for field in fields(MatteErrors)} - scores == columns


def test_float_types():
    """8 bits, their values over 255 in 32 or 64 bits and mixtures give the same."""
    alpha, reference = draw_pairs()["noise"]
    expected = compare_alpha(alpha, reference).as_row()
    for left, right, digits in (
        (alpha / 255, reference / 255, 0),
        (alpha, reference / 255, 0),
        ((alpha / 255).astype(">f8"), reference, 0),
        ((alpha / 255).astype(np.float32), reference, 1e-6),
    ):
        assert compare_alpha(left, right).as_row() == pytest.approx(
            expected, rel=digits
        )


def test_order_in_memory():
    """Transposed and strided arrays are read like any other, and nothing is changed."""
    alpha, reference = draw_pairs()["moved"]
    wide = np.repeat(alpha, 2, axis=1)
    before = wide.copy()
    expected = compare_alpha(alpha, reference)
    assert compare_alpha(wide[:, ::2], np.asfortranarray(reference)) == expected
    np.testing.assert_array_equal(wide, before)


def test_columns():
    """Columns come in the promised order, all floats, with a dtype each."""
    pixels = ["sad_k", "mse_e3", "mad_e3", "grad_k", "conn_k"]
    scores = ["iou", "dice", "boundary_f", "s_measure", "e_measure", "weighted_f"]
    band = ["unknown_share", *(f"unknown_{name}" for name in pixels)]
    names = [*pixels, "mae", *scores, *band]
    errors = compare_alpha(ALPHA, REFERENCE, trimap=TRIMAP)
    assert list(errors.as_row()) == names
    assert list(MatteErrors.column_dtypes()) == names
    assert {type(value) for value in errors.as_row().values()} == {float}
    assert set(MatteErrors.column_dtypes().values()) == {"float64"}


def test_frozen():
    """A result cannot be changed after the fact."""
    errors = compare_alpha(ALPHA, REFERENCE)
    with pytest.raises(FrozenInstanceError):
        errors.sad_k = 0.0


@pytest.mark.parametrize(
    ("arguments", "came"),
    [
        ((None, REFERENCE), "^alpha must be an array"),
        ((ALPHA, [[1]]), "^reference must be an array"),
        ((ALPHA, REFERENCE * 2.0), "^reference must be an array .*divide 8-bit"),
        ((np.dstack([ALPHA] * 4), REFERENCE), r"^alpha must be an array .*rgba"),
    ],
)
def test_refused(arguments, came):
    """What is no matte is refused by the name of the argument."""
    with pytest.raises(OptionsError, match=came):
        compare_alpha(*arguments)


def test_refused_shapes():
    """A moved cutout is refused with both shapes and the way to bring it back."""
    with pytest.raises(OptionsError, match=r"\(2, 3\) and \(3, 2\).*locate.*place"):
        compare_alpha(ALPHA, REFERENCE.T)


def test_refused_trimap():
    """A trimap of another size or with other levels is refused."""
    with pytest.raises(OptionsError, match=r"trimap must have the shape"):
        compare_alpha(ALPHA, REFERENCE, trimap=TRIMAP.T)
    with pytest.raises(OptionsError, match=r"trimap must hold"):
        compare_alpha(ALPHA, REFERENCE, trimap=TRIMAP // 2)


def test_a_mask_of_zeros_and_ones_is_no_faint_matte():
    """Eight bits of 0 and 1 alone are refused as a reference, and taken as floats."""
    mask = np.zeros((4, 4), np.uint8)
    mask[1:3] = 1
    with pytest.raises(OptionsError, match="0 and 1 alone, as masks do: pass it as fl"):
        compare_alpha(mask * np.uint8(255), mask)
    assert compare_alpha(mask * np.uint8(255), mask.astype(float)).iou == 1
