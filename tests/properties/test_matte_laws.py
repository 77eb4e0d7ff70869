"""Laws that hold for every matte: mirrors, turns, frames, depths, order of parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cosmat_nb.metrics.matte import MatteMetrics, measure_alpha

quick = settings(max_examples=80, deadline=None, derandomize=True)
levels = st.sampled_from([0, 0, 0, 0, 1, 64, 127, 128, 200, 254, 255, 255, 255])
mattes = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=levels
)
frames = st.tuples(*[st.integers(0, 3)] * 4)

MIRRORED = {
    "margin_left": "margin_right",
    "margin_right": "margin_left",
    "touches_left": "touches_right",
    "touches_right": "touches_left",
}
TRANSPOSED = {
    "matte_height": "matte_width",
    "matte_width": "matte_height",
    "box_min_row": "box_min_col",
    "box_min_col": "box_min_row",
    "box_max_row": "box_max_col",
    "box_max_col": "box_max_row",
    "centroid_row": "centroid_col",
    "centroid_col": "centroid_row",
    "margin_top": "margin_left",
    "margin_left": "margin_top",
    "margin_bottom": "margin_right",
    "margin_right": "margin_bottom",
    "touches_top": "touches_left",
    "touches_left": "touches_top",
    "touches_bottom": "touches_right",
    "touches_right": "touches_bottom",
}


def rows_equal(found, expected):
    assert found.as_row() == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


@quick
@given(mattes)
def test_mirror(alpha):
    """Mirroring swaps left and right and counts columns from the other side."""
    row = measure_alpha(alpha).as_row()
    width = row["matte_width"]
    expected = {name: row[MIRRORED.get(name, name)] for name in row} | {
        "box_min_col": width - row["box_max_col"],
        "box_max_col": width - row["box_min_col"],
        "centroid_col": width - 1 - row["centroid_col"],
    }
    rows_equal(measure_alpha(alpha[:, ::-1]), expected)


@quick
@given(mattes)
def test_transpose(alpha):
    """Transposing swaps rows and columns in every column of the table."""
    row = measure_alpha(alpha).as_row()
    expected = {name: row[TRANSPOSED.get(name, name)] for name in row}
    rows_equal(measure_alpha(alpha.T), expected)


@quick
@given(mattes, frames)
def test_frame_of_zeros(alpha, frame):
    """A frame of zeros shifts box and centroid and leaves areas and counts alone."""
    top, right, bottom, left = frame
    before = measure_alpha(alpha).as_row()
    found = measure_alpha(np.pad(alpha, ((top, bottom), (left, right)))).as_row()
    pixels = before["matte_height"] * before["matte_width"]
    shift = {
        "matte_height": top + bottom,
        "matte_width": left + right,
        "box_min_row": top,
        "box_min_col": left,
        "box_max_row": top,
        "box_max_col": left,
        "centroid_row": top,
        "centroid_col": left,
        "margin_top": top,
        "margin_right": right,
        "margin_bottom": bottom,
        "margin_left": left,
    }
    same = ("soft_area", "extent", "parts", "largest_part_share", "holes")
    expected = {name: before[name] + by for name, by in shift.items()}
    expected |= {name: before[name] for name in same}
    expected |= {
        f"touches_{side}": before[f"touches_{side}"] and not added
        for side, added in zip(("top", "right", "bottom", "left"), frame, strict=True)
    }
    scale = pixels / (found["matte_height"] * found["matte_width"])
    expected["coverage"] = before["coverage"] * scale
    expected["soft_fraction"] = before["soft_fraction"] * scale
    for name, value in expected.items():
        assert found[name] == pytest.approx(value, rel=1e-12, abs=1e-12, nan_ok=True)


@quick
@given(mattes)
def test_room_around_changes_no_edge(alpha):
    """Once nothing touches the frame, more zeros around leave the edge width alone."""
    rows = [measure_alpha(np.pad(alpha, by)).as_row() for by in (1, 4)]
    near, far = (row["edge_width"] for row in rows)
    assert near == pytest.approx(far, rel=1e-12, nan_ok=True)


@quick
@given(mattes)
def test_eight_bits_and_floats(alpha):
    """Eight bits and the same values divided by 255 measure the same."""
    rows_equal(measure_alpha(alpha / 255), measure_alpha(alpha).as_row())


@quick
@given(hnp.arrays(np.float64, (4, 5), elements=st.floats(0, 1)))
def test_ranges(alpha):
    """Every value of any float matte, however small, lies in its stated range."""
    found = measure_alpha(alpha)
    shares = ("coverage", "soft_fraction", "extent", "largest_part_share")
    for name in (*shares, "centroid_offset"):
        value = getattr(found, name)
        assert value is None or 0 <= value <= 1, name
    assert (found.edge_width or 0) >= 0
    assert (found.extent is None) == (alpha == 0).all()
    if found.box_min_row is not None:
        box = alpha[
            found.box_min_row : found.box_max_row, found.box_min_col : found.box_max_col
        ]
        assert np.count_nonzero(box) == np.count_nonzero(alpha)
        assert all(side.any() for side in (box[0], box[-1], box[:, 0], box[:, -1]))


@quick
@given(st.lists(mattes.filter(np.any), min_size=1, max_size=4), st.randoms())
def test_order_of_parts(parts, random):
    """Parts set side by side in any order give the same areas, counts and edges."""
    height = max(part.shape[0] for part in parts) + 2
    framed = [np.pad(p, ((1, height - p.shape[0] - 1), (1, 1))) for p in parts]
    shuffled = random.sample(framed, len(framed))
    before, after, *alone = (
        measure_alpha(np.hstack(row)).as_row()
        for row in (framed, shuffled, *([part] for part in framed))
    )
    for name in ("parts", "holes"):
        assert before[name] == sum(one[name] for one in alone)
    same = ("soft_area", "soft_fraction", "parts", "largest_part_share", "holes")
    for name in (*same, "centroid_row", "edge_width"):
        expected = pytest.approx(before[name], rel=1e-12, nan_ok=True)
        assert after[name] == expected, name


@quick
@given(mattes)
def test_zero_is_empty(alpha):
    """A matte measures as empty exactly when it holds nothing but zeros."""
    empty = MatteMetrics(matte_height=alpha.shape[0], matte_width=alpha.shape[1])
    assert (measure_alpha(alpha) == empty) == (not alpha.any())
