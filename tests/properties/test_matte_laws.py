"""Laws that hold for every matte: mirrors, turns, frames, depths, order of parts."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cosmat_nb.metrics.matte import MatteMetrics
from cosmat_nb.metrics.measure import measure_alpha, measure_cutout

quick = settings(max_examples=80, deadline=None, derandomize=True)
levels = st.sampled_from([0, 0, 0, 0, 1, 12, 13, 127, 128, 200, 254, 255, 255, 255])
mattes = hnp.arrays(
    np.uint8, hnp.array_shapes(min_dims=2, max_dims=2, max_side=9), elements=levels
)
frames = st.tuples(*[st.integers(0, 3)] * 4)
SIDES = ("top", "right", "bottom", "left")


def swapped(*pairs):
    """Names that change places, for margins, their shares and touches of sides."""
    names = dict(pairs) | {b: a for a, b in pairs}
    return {
        pattern.format(side): pattern.format(names.get(side, side))
        for side in SIDES
        for pattern in ("margin_{}", "margin_{}_share", "touch_{}")
    }


MIRRORED = swapped(("left", "right"))
TRANSPOSED = swapped(("top", "left"), ("bottom", "right"))
for one, other in (
    ("matte_height", "matte_width"),
    ("box_min_row", "box_min_col"),
    ("box_max_row", "box_max_col"),
    ("centroid_row", "centroid_col"),
):
    TRANSPOSED |= {one: other, other: one}


def rows_equal(found, expected):
    """Every column agrees, orientation as an axis: 90 degrees are -90."""
    found, expected = found.as_row(), dict(expected)
    axes_equal(found.pop("orientation"), expected.pop("orientation"))
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-12, nan_ok=True)


def axes_equal(found, expected):
    turn = (found - expected + 90) % 180 - 90
    assert turn == pytest.approx(0 * expected, abs=1e-6, nan_ok=True)


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
        "orientation": -row["orientation"],
    }
    rows_equal(measure_alpha(alpha[:, ::-1]), expected)


@quick
@given(mattes)
def test_transpose(alpha):
    """Transposing swaps rows and columns in every column of the table."""
    row = measure_alpha(alpha).as_row()
    expected = {name: row[TRANSPOSED.get(name, name)] for name in row}
    expected |= {"aspect": 1 / row["aspect"], "orientation": -90 - row["orientation"]}
    rows_equal(measure_alpha(alpha.T), expected)


@quick
@given(mattes, frames)
def test_frame_of_zeros(alpha, frame):
    """A frame of zeros shifts box and centroid and leaves areas and counts alone."""
    top, right, bottom, left = frame
    before = measure_alpha(alpha).as_row()
    found = measure_alpha(np.pad(alpha, ((top, bottom), (left, right)))).as_row()
    shift = {
        "matte_height": top + bottom,
        "matte_width": left + right,
        "box_min_row": top,
        "box_min_col": left,
        "box_max_row": top,
        "box_max_col": left,
        "centroid_row": top,
        "centroid_col": left,
    } | {f"margin_{side}": by for side, by in zip(SIDES, frame, strict=True)}
    same = (
        *("soft_area", "hard_area", "extent", "aspect", "elongation", "orientation"),
        *("parts", "largest_part_share", "dust", "dust_area"),
    )
    expected = {name: before[name] + by for name, by in shift.items()}
    expected |= {name: before[name] for name in same}
    height, width = found["matte_height"], found["matte_width"]
    for side, added in zip(SIDES, frame, strict=True):
        length = height if side in {"top", "bottom"} else width
        expected[f"margin_{side}_share"] = expected[f"margin_{side}"] / length
        across = width if side in {"top", "bottom"} else height
        old = alpha.shape[side in {"top", "bottom"}]
        pixels = 0 if added else before[f"touch_{side}"] * old
        expected[f"touch_{side}"] = pixels / across
    scale = alpha.size / (height * width)
    expected["coverage"] = before["coverage"] * scale
    expected["soft_fraction"] = before["soft_fraction"] * scale
    axes_equal(found.pop("orientation"), expected.pop("orientation"))
    for name, value in expected.items():
        approx = pytest.approx(value, rel=1e-12, abs=1e-12, nan_ok=True)
        assert found[name] == approx, name
    assert found["holes"] >= before["holes"]


@quick
@given(mattes)
def test_room_around_changes_no_edge(alpha):
    """Once nothing touches the frame, more zeros around leave edge and holes alone."""
    near, far = (measure_alpha(np.pad(alpha, by)).as_row() for by in (1, 4))
    names = ("edge_length", "edge_width", "edge_width_p95", "holes", "hole_area")
    for name in names:
        assert near[name] == pytest.approx(far[name], rel=1e-12, nan_ok=True), name


@quick
@given(mattes, st.integers(2, 4))
def test_hard_mattes_scale(alpha, by):
    """Every pixel drawn by-by times: lengths grow by that, areas by its square."""
    # A frame of zeros, as pixels thinner than two hang over the border differently.
    hard = np.pad((alpha > 127) * np.uint8(255), 1).repeat(2, 0).repeat(2, 1)
    before = measure_alpha(hard).as_row()
    found = measure_alpha(hard.repeat(by, 0).repeat(by, 1)).as_row()
    lengths = [name for name in before if name.startswith(("matte_", "box_"))]
    lengths += [f"margin_{side}" for side in SIDES]
    areas = ("soft_area", "hard_area", "hole_area", "dust_area")
    same = (
        *("coverage", "soft_fraction", "extent", "aspect", "elongation"),
        *("parts", "largest_part_share", "holes", "dust", "touched_sides"),
        *("edge_width", "alpha_entropy"),
        *(f"touch_{side}" for side in SIDES),
        *(f"margin_{side}_share" for side in SIDES),
    )
    expected = {name: before[name] for name in same}
    expected |= {name: before[name] * by for name in lengths}
    expected |= {name: before[name] * by**2 for name in areas}
    expected |= {
        f"centroid_{axis}": (before[f"centroid_{axis}"] + 0.5) * by - 0.5
        for axis in ("row", "col")
    }
    for name, value in expected.items():
        approx = pytest.approx(value, rel=1e-9, abs=1e-9, nan_ok=True)
        assert found[name] == approx, name
    axes_equal(found["orientation"], before["orientation"])


@quick
@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 5))
def test_rectangle_edges_scale(height, width, by):
    """The outline of a rectangle is its sides less what four corners cut off."""
    block = np.pad(np.full((height * by, width * by), 255, np.uint8), 2)
    # A corner's cell has gradient 1 / sqrt(2) where the sides would give 1.
    outline = 2 * (height + width) * by - 4 + 4 / np.sqrt(2)
    assert measure_alpha(block).edge_length == pytest.approx(outline, rel=1e-12)


@quick
@given(mattes)
def test_eight_bits_and_floats(alpha):
    """Eight bits and the same values divided by 255 measure the same."""
    rows_equal(measure_alpha(alpha / 255), measure_alpha(alpha).as_row())


@quick
@given(mattes)
def test_cutouts_are_measured_by_their_alpha(alpha):
    """Colours change no column of the matte itself."""
    rgba = np.dstack([alpha ^ 77, alpha, alpha, alpha])
    row = measure_alpha(alpha).as_row()
    clear = np.count_nonzero(alpha == 0)
    row["color_residue"] = 1.0 if clear else float("nan")
    rows_equal(measure_cutout(rgba), row)


@quick
@given(hnp.arrays(np.float64, (4, 5), elements=st.floats(0, 1)))
def test_ranges(alpha):
    """Every value of any float matte, however small, lies in its stated range."""
    found = measure_alpha(alpha)
    shares = ("coverage", "soft_fraction", "extent", "largest_part_share")
    touches = [f"touch_{side}" for side in SIDES]
    margins = [f"margin_{side}_share" for side in SIDES]
    for name in (*shares, *touches, *margins, "centroid_offset"):
        value = getattr(found, name)
        assert value is None or 0 <= value <= 1, name
    assert 0 <= (found.centroid_row or 0) <= 3
    assert 0 <= (found.centroid_col or 0) <= 4
    assert (found.edge_width or 0) >= 0
    assert (found.edge_width_p95 or 1) >= 1 - 1e-12
    assert -90 < (found.orientation or 0) <= 90
    assert (found.elongation or 1) >= 1
    assert 0 <= found.alpha_entropy <= 8
    assert 0 <= found.touched_sides <= 4
    assert (found.centroid_row is None) == (alpha == 0).all()
    assert (found.extent is None) == (alpha < 0.05).all()
    if found.box_min_row is not None:
        box = alpha[
            found.box_min_row : found.box_max_row, found.box_min_col : found.box_max_col
        ]
        assert np.count_nonzero(box >= 0.05) == np.count_nonzero(alpha >= 0.05)
        sides = (box[0], box[-1], box[:, 0], box[:, -1])
        assert all(side.max() >= 0.05 for side in sides)


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
    for name in ("parts", "holes", "hard_area", "hole_area"):
        assert before[name] == sum(one[name] for one in alone)
    same = (
        *("soft_area", "hard_area", "soft_fraction", "parts", "largest_part_share"),
        *("holes", "hole_area", "dust", "dust_area", "centroid_row", "alpha_entropy"),
        *("edge_length", "edge_width", "edge_width_p95"),
    )
    for name in same:
        expected = pytest.approx(before[name], rel=1e-12, nan_ok=True)
        assert after[name] == expected, name


@quick
@given(mattes)
def test_zero_is_empty(alpha):
    """A matte measures as empty exactly when it holds nothing but zeros."""
    empty = MatteMetrics(matte_height=alpha.shape[0], matte_width=alpha.shape[1])
    assert (measure_alpha(alpha) == empty) == (not alpha.any())
