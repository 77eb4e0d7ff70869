"""The columns of one matte: kinds of input, and the value that holds them."""

import dataclasses
import pickle
import types
from typing import get_args, get_origin, get_type_hints

import numpy as np
import pytest

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.matte import MatteMetrics
from cosmat_nb.metrics.measure import measure_alpha, measure_cutout


def draw(*rows):
    """Alpha from text: a dot is 0, a hash is 1, a digit is tenths."""
    tenths = {".": 0, "#": 10} | {str(digit): digit for digit in range(10)}
    return np.array([[tenths[sign] for sign in row] for row in rows]) / 10


def disc(radius, edge, size=301, centre=(150, 150)):
    row, col = np.mgrid[:size, :size]
    distance = np.hypot(row - centre[0], col - centre[1])
    return np.clip((radius - distance) / edge + 0.5, 0, 1)


def test_input_untouched():
    """A read-only, strided, foreign-endian matte is measured like a plain one."""
    alpha = disc(20, 3, size=64, centre=(30, 34)).astype(">f8")
    view = np.repeat(alpha, 2, axis=1)[:, ::2]
    view.flags.writeable = False
    assert measure_alpha(view) == measure_alpha(np.array(alpha, float))


@pytest.mark.parametrize("turn", [np.s_[::-1], np.s_[:, ::-1], np.s_[::-2, 1::3]])
def test_views(turn):
    """Reversed and strided views, channels and transposed eight bits are no trap."""
    alpha = np.rint(disc(40, 9, 101, (40, 61)) * 255).astype(np.uint8)
    rgba = np.dstack([alpha // 2] * 3 + [alpha])
    rgba.flags.writeable = False
    plain = measure_alpha(np.ascontiguousarray(alpha[turn]))
    assert measure_alpha(alpha[turn]) == plain
    assert measure_alpha(rgba[..., 3][turn]) == plain
    assert measure_alpha(np.asfortranarray(alpha)[turn]) == plain
    assert measure_cutout(rgba[turn]).soft_area == plain.soft_area


def test_sums_do_not_overflow():
    """Eight-bit rows longer than 2 ** 16 / 255 pixels are summed in full."""
    found = measure_alpha(np.full((600, 700), 255, np.uint8))
    assert (found.soft_area, found.coverage) == (420_000, 1)
    assert (found.centroid_row, found.centroid_col) == (299.5, 349.5)
    assert found.elongation == pytest.approx(7 / 6, rel=1e-12)


@pytest.mark.parametrize("side", [130_000, 300_000])
def test_very_long_rows(side):
    """Second moments of one endless row fit: its elongation is its length."""
    row = np.full((1, side), 255, np.uint8)
    for alpha in (row, row.T):
        found = measure_alpha(alpha)
        assert found.elongation == pytest.approx(side, rel=1e-6)
        assert found.soft_area == side


def test_float32_close():
    """Sums are taken in double precision whatever the float width."""
    alpha = disc(100, 7).astype(np.float32)
    for name, value in measure_alpha(alpha.astype(float)).as_row().items():
        found = measure_alpha(alpha).as_row()[name]
        assert found == pytest.approx(value, rel=1e-12, nan_ok=True)


def test_refusal():
    """What is no alpha matte is refused before anything is measured."""
    with pytest.raises(OptionsError, match="got dtype bool"):
        measure_alpha(np.ones((2, 2), bool))


@pytest.mark.parametrize("alpha", [disc(9, 2, 32, (15, 15)), np.zeros((2, 2))])
def test_values_are_plain(alpha):
    """Each field holds the plain Python type it is annotated with."""
    for matte in (alpha, np.rint(alpha * 255).astype(np.uint8)):
        found = measure_alpha(matte)
        for name, hint in get_type_hints(MatteMetrics).items():
            allowed = get_args(hint) if get_origin(hint) is types.UnionType else (hint,)
            assert type(getattr(found, name)) in allowed, name


def test_frozen_value():
    """Equal mattes give equal, hashable metrics that survive pickling and repr."""
    found = measure_alpha(draw("..", ".7"))
    assert hash(found) == hash(measure_alpha(draw("..", ".7")))
    assert pickle.loads(pickle.dumps(found)) == found
    assert eval(repr(found)) == found
    with pytest.raises(dataclasses.FrozenInstanceError):
        found.coverage = 0.0
