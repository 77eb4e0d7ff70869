"""Conn: levels and connectedness, worked out by hand and by plain code."""

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from oracles.renew_matting import draw_pairs
from scipy import ndimage

from cosmat_nb.metrics.connectivity import connectivity_differences

GOLDEN = json.loads(
    (Path(__file__).parent / "oracles" / "matting.json").read_text(encoding="utf-8")
)["pictures"]


def compare(alpha, reference):
    """Per-pixel differences of rows or pictures, alpha from 0 to 1."""
    return connectivity_differences(
        np.atleast_2d(np.asarray(alpha, float)),
        np.atleast_2d(np.asarray(reference, float)),
    )


def plain_differences(alpha, reference):
    """The definition with no shortcut: ten full labellings, levels everywhere."""
    level, held = np.zeros(alpha.shape), np.ones(alpha.shape, bool)
    for step in range(1, 11):
        labels, count = ndimage.label(np.minimum(alpha, reference) >= step / 10 - 1e-6)
        sizes = [np.sum(labels == part) for part in range(1, count + 1)]
        largest = [part for part, size in enumerate(sizes, 1) if size == max(sizes)]
        held &= np.isin(labels, largest)
        level[held] = step / 10
    gaps = [matte - level for matte in (alpha, reference)]
    phis = [np.where(gap >= 0.15 - 1e-6, 1 - gap, 1) for gap in gaps]
    return np.abs(phis[0] - phis[1])


@pytest.mark.parametrize(
    ("alpha", "reference", "expected"),
    [
        # The speck of 0.5 is connected at no level: phi = 1 - 0.5, against 1 where
        # the reference is 0. Alpha 0.1 at level 0 is below 0.15: phi = 1.
        ([1, 1, 1, 0, 0.5, 0.1], [1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0.5, 0]),
        # The last pixel is connected up to 0.3: 0.8 - 0.3 = 0.5, 0.3 - 0.3 = 0.
        ([1, 1, 0.6, 0.8], [1, 1, 0.6, 0.3], [0, 0, 0, 0.5]),
        # 0.14 above the level is forgiven, 0.15 is not.
        ([1, 1, 0.44], [1, 1, 0.3], [0, 0, 0]),
        ([1, 1, 0.35], [1, 1, 0.2], [0, 0, 0.15]),
        # 0.9 is a threshold and reaches itself: 1 - 0.9 = 0.1 is forgiven.
        ([1, 1, 0.9], [1, 1, 1], [0, 0, 0]),
        # 0.89 is connected up to 0.8: 0.09 is forgiven, 1 - 0.8 = 0.2 is not.
        ([1, 1, 0.89], [1, 1, 1], [0, 0, 0.2]),
        # Nothing is shared: all levels are 0.
        ([0, 0, 0], [1, 0.5, 0.1], [1, 0.5, 0]),
        # Nothing is shared above 0.5, so levels end there: 1 - 0.5 against 0.
        ([0.5, 0.5], [1, 1], [0.5, 0.5]),
        # Up to 0.3 the first four are the source region, from 0.4 on the last three:
        # the first are at level 0.3 (0.5 - 0.3 = 0.2), the last at 0 (1 - 0.9).
        (
            [0.3, 0.3, 0.3, 0.3, 0, 0.9, 0.9, 0.9],
            [0.5, 0.3, 0.3, 0.3, 0, 0.9, 0.9, 1],
            [0.2, 0, 0, 0, 0, 0, 0, 0.1],
        ),
        # Equally large parts are all source regions: both at 0.9, 0.1 is forgiven.
        ([0.9, 0, 0.9], [1, 0, 1], [0, 0, 0]),
    ],
)
def test_by_hand(alpha, reference, expected):
    """Rows whose levels can be read off have the differences worked out beside them."""
    np.testing.assert_allclose(compare(alpha, reference), [expected], atol=1e-12)


def test_corners_do_not_connect():
    """Over a corner nothing is connected: 0.6 and 0.5 at level 0 differ by 0.1."""
    alpha = [[1, 1, 0], [0, 0, 0.5]]
    reference = [[1, 1, 0], [0, 0, 0.6]]
    assert compare(alpha, reference).sum() == pytest.approx(0.1, abs=1e-12)
    # Moved under the others it reaches level 0.5: 0 and 0.1, both forgiven.
    alpha, reference = [[1, 1], [0, 0.5]], [[1, 1], [0, 0.6]]
    assert compare(alpha, reference).sum() == 0


@pytest.mark.parametrize("level", [51, 102, 153, 204])
def test_eight_bits_reach_their_threshold(level):
    """51, 102, 153, 204 are 0.2 ... 0.8 exactly; the rest of the way to 1 is loose."""
    alpha = np.array([[255, 255, level]]) / 255
    differences = compare(alpha, np.ones((1, 3)))
    assert differences[0, 2] == pytest.approx(1 - level / 255, abs=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("tenths", [3, 6, 7])
def test_rounding_is_forgiven(dtype, tenths):
    """0.7 in 32 bits lies below 0.7 and 3 * 0.1 above 0.3; both reach the threshold."""
    shared = np.array([[1, 1, tenths * dtype(0.1)]], dtype).astype(float)
    below = np.array([[1, 1, dtype(tenths / 10)]], dtype).astype(float)
    for alpha in (shared, below):
        differences = compare(alpha, np.ones((1, 3)))
        assert differences[0, 2] == pytest.approx(1 - tenths / 10, abs=1e-6)


def test_equally_large_parts():
    """No order of pixels decides: mirrored mattes give mirrored differences."""
    alpha = np.array([[0.5, 0.5, 0, 0.7, 0.7, 0, 0.5]])
    reference = np.array([[0.9, 0.9, 0, 0.7, 0.7, 0, 0.5]])
    differences = compare(alpha, reference)
    # Two parts of two pixels share the source region up to 0.5: 0.9 - 0.5 = 0.4.
    np.testing.assert_allclose(differences, [[0.4, 0.4, 0, 0, 0, 0, 0]], atol=1e-12)
    mirrored = compare(alpha[:, ::-1], reference[:, ::-1])
    np.testing.assert_array_equal(mirrored, differences[:, ::-1])


def test_hole_in_the_middle():
    """A source region need not be convex, and what lies in its hole is loose."""
    reference = np.ones((5, 5))
    reference[1:4, 1:4] = 0
    alpha = reference.copy()
    alpha[2, 2] = 0.6
    expected = np.zeros((5, 5))
    expected[2, 2] = 0.6
    np.testing.assert_allclose(compare(alpha, reference), expected, atol=1e-12)


tenths = st.sampled_from([0, 0, 0.05, 0.1, 0.3, 0.34, 0.5, 0.7, 0.9, 1, 1, 1])
shapes = hnp.array_shapes(min_dims=2, max_dims=2, max_side=8)
pairs = shapes.flatmap(
    lambda shape: st.tuples(*[hnp.arrays(float, shape, elements=tenths)] * 2)
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(pairs)
def test_shortcuts(pair):
    """Boxes, skipped thresholds and early ends give what the plain definition gives."""
    np.testing.assert_allclose(
        connectivity_differences(*pair), plain_differences(*pair), atol=1e-12
    )


@pytest.mark.parametrize("name", GOLDEN)
@pytest.mark.parametrize("tool", ["exact", "scikit-image"])
def test_oracles(name, tool):
    """Rational arithmetic and scikit-image's labels give the same Conn."""
    alpha, reference = (matte / 255 for matte in draw_pairs()[name])
    conn = connectivity_differences(alpha, reference).sum() / 1000
    assert conn == pytest.approx(GOLDEN[name][tool]["conn_k"], rel=1e-9)
