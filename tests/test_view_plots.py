"""Plots of many mattes and of one, judged by what is drawn and not by pixels."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import ClassVar

import numpy as np
import pandas as pd
import pytest
from matplotlib.collections import PathCollection
from matplotlib.figure import Figure
from matplotlib.patches import StepPatch

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.frame.before import Sources
from cosmat_nb.metrics.edge import find_edge
from cosmat_nb.metrics.spots import find_spots, local_width
from cosmat_nb.view.plots.coverage import plot_coverage
from cosmat_nb.view.plots.distributions import FIRST, plot_metrics
from cosmat_nb.view.plots.edges import plot_edges
from cosmat_nb.view.plots.matte import plot_matte
from cosmat_nb.view.plots.mean_matte import average_mattes, plot_mean_matte
from cosmat_nb.view.plots.palette import INKS
from cosmat_nb.view.plots.patches import cut_patches
from cosmat_nb.view.plots.units import UNITS, label_of

PROJECT = Path(__file__).resolve().parents[1]
HOSTILE = '<b>$x^2$</b> "q" \u202eevil.jpg'
LETTERED = '<b>$x^2$</b> "q" \\u202eevil.jpg'


def cutout_of(rgba, place="drawn.png", kind=cm.Cutout, **options):
    """A cutout in memory that shows these pixels."""
    return kind(
        place=place,
        options=cm.MattingOptions(**options),
        data=images.encode_png(np.ascontiguousarray(rgba)),
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=not rgba[..., 3].any(),
        nbytes=1,
    )


def solid(alpha, color=(200, 30, 40)):
    """One colour under this alpha, 0 to 1."""
    rgba = np.zeros((*alpha.shape, 4), np.uint8)
    rgba[alpha > 0, :3] = color
    rgba[..., 3] = np.rint(255 * alpha)
    return rgba


def draw_box(height=120, width=160, box=(30, 40, 90, 120)):
    """Alpha of a hard box."""
    alpha = np.zeros((height, width))
    alpha[box[0] : box[2], box[1] : box[3]] = 1
    return alpha


def blur_side(alpha, rows=slice(50, 74), col=120, wide=12):
    """Let the box's right side fall off slowly over some rows."""
    alpha = alpha.copy()
    ramp = 1 - (np.arange(wide) + 0.5) / wide
    alpha[rows, col - wide // 2 : col + wide // 2] = ramp
    return alpha


def frame_of(*cutouts, **columns):
    """A measured frame of these cutouts."""
    frame = pd.DataFrame(
        {"key": [c.place if c else "gone.jpg" for c in cutouts], "cutout": cutouts}
    )
    return cm.measure_frame(frame.assign(**columns), progress=False)


HALF = "half \udce9\x00.jpg"


@pytest.fixture(scope="module")
def table():
    """Two boxes, a hostile key, an empty matte and a row without a cutout."""
    empty = np.zeros((120, 160))
    return frame_of(
        cutout_of(solid(draw_box()), "a.png"),
        cutout_of(solid(blur_side(draw_box())), HOSTILE),
        cutout_of(solid(empty), "empty.png"),
        None,
        kind=["good", "good", None, "none"],
    )


def words(figure):
    """All that a figure says."""
    figure.savefig("/dev/null", format="png")
    axes = [text.get_text() for a in figure.axes for text in a.texts]
    titles = [a.get_title() + a.get_title(loc="left") for a in figure.axes]
    labels = [a.get_xlabel() + a.get_ylabel() for a in figure.axes]
    legends = [text.get_text() for each in figure.legends for text in each.get_texts()]
    legends += [each.get_title().get_text() for each in figure.legends]
    return "\n".join([*axes, *titles, *labels, *legends])


def heights(axes):
    """The histogram that is drawn: heights by outline."""
    return [p.get_data()[0] for p in axes.patches if isinstance(p, StepPatch)]


def test_units_are_those_of_the_documented_columns():
    """Every unit that docs/metrics.md tells is on the axes, and no other."""
    text = (PROJECT / "docs" / "metrics.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `(\w+)` \| ([^|]+) \| [^|]+ \| [^|]+ \| ", text, re.MULTILINE
    )
    told = {name: unit for name, unit in rows if unit not in {"–", "name"}}
    assert len(told) > 40
    assert {name: UNITS[name] for name in UNITS if name in dict(rows)} == told
    assert label_of("aspect") == "aspect"


def test_no_ink_is_like_another():
    """Groups differ by colour, and by mark or line where print is grey."""
    assert len({ink.color for ink in INKS}) == len(INKS)
    assert len({ink.mark for ink in INKS}) == len(INKS)


def test_every_number_is_in_its_histogram():
    """Counts add up to the values that are known, and each has a tick."""
    values = [0.1, 0.2, 0.2, 0.4, np.nan, np.inf]
    figure = plot_metrics(
        pd.DataFrame({"coverage": values, "parts": [1, 1, 2, 4, 4, 4]})
    )
    shares, counts = figure.axes
    assert [sum(each) for each in heights(shares)] == [4]
    assert shares.lines[0].get_xdata().tolist() == [0.1, 0.2, 0.2, 0.4]
    assert shares.get_title(loc="left") == "median 0.2, 2 missing"
    assert shares.get_xlabel() == "coverage (share)"
    assert shares.get_ylabel() == "pictures"
    # Whole numbers stand in the middle of bins of their own.
    assert heights(counts)[0].tolist() == [2, 1, 0, 3]
    edges = counts.patches[0].get_data().edges
    assert edges.tolist() == [0.5, 1.5, 2.5, 3.5, 4.5]
    assert isinstance(figure, Figure)
    assert figure._repr_jpeg_().startswith(b"\xff\xd8")


def test_groups_are_shares_over_the_same_bins(table):
    """A small group is as high as a large one; missing names are a group too."""
    figure = plot_metrics(table, ["coverage"], by="kind")
    (axes,) = figure.axes
    assert [pytest.approx(sum(each)) for each in heights(axes)] == [1, 1]
    inks = [patch.get_edgecolor() for patch in axes.patches]
    assert len(set(inks)) == 2
    assert {"good (2)", "missing (1)", "none (1)", "kind"} <= set(
        words(figure).split("\n")
    )
    assert axes.get_ylabel() == "share of the group"


def test_the_usual_columns_are_drawn_and_those_without_numbers_say_so(table):
    """Of a measured frame the usual ones; what nobody measured is not an empty plot."""
    figure = plot_metrics(table)
    labels = [axes.get_xlabel() for axes in figure.axes if axes.get_visible()]
    assert labels == [label_of(name) for name in FIRST]
    evidence = figure.axes[FIRST.index("edge_evidence")]
    assert [text.get_text() for text in evidence.texts] == ["no numbers"]
    assert evidence.patches == [] or not list(evidence.patches)


def test_one_value_is_a_distribution_too():
    """A constant column, also 0, has a bin of some width."""
    figure = plot_metrics(pd.DataFrame({"a": [0.3, 0.3], "b": [0.0, 0.0]}), ["a", "b"])
    assert [heights(axes)[0].tolist() for axes in figure.axes] == [[2], [2]]


@pytest.mark.parametrize(
    "values", [[*range(50), 1e12], [*np.linspace(0, 1, 50), 1e200], [1.7e18] * 3]
)
def test_far_outliers_and_large_numbers_cost_no_figure(values):
    """Bins stay few however far a value lies, and none falls out of them."""
    (axes,) = plot_metrics(pd.DataFrame({"a": values}), ["a"]).axes
    (counts,) = heights(axes)
    assert sum(counts) == len(values)
    assert len(counts) <= 30


def test_a_single_group_is_counted_and_its_axis_says_so():
    """Counts are never called shares."""
    frame = pd.DataFrame({"a": [0.1, 0.2, 0.4], "kind": ["x"] * 3})
    (axes,) = plot_metrics(frame, ["a"], by="kind").axes
    assert sum(heights(axes)[0]) == 3
    assert axes.get_ylabel() == "pictures"


@pytest.mark.parametrize("columns", [["c" * 90], ["a", "b", "c" * 90]])
def test_the_legend_lies_within_the_figure(columns):
    """Long names of groups are cut, and many of them go on several lines."""
    names = [f"{'long ' * 20}{n}" for n in range(7)]
    frame = pd.DataFrame({"a": range(7), "b": 1, "c" * 90: 2, "kind": names})
    figure = plot_metrics(frame, columns, by="kind")
    figure.draw_without_rendering()
    label = figure.axes[-1].xaxis.label.get_window_extent()
    assert label.x0 >= 0
    assert label.x1 <= figure.bbox.x1
    (legend,) = figure.legends
    room = legend.get_window_extent()
    assert (room.x0, room.y0) >= (0, 0)
    assert room.x1 <= figure.bbox.x1
    assert room.y1 <= figure.bbox.y1
    assert len({text.get_text() for text in legend.get_texts()}) == 7
    assert all(axes.get_position().height > 0.15 for axes in figure.axes)


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (lambda _: 5, {}, "expected a DataFrame; got int"),
        (lambda t: t, {"columns": 3}, "a list of 1 to 24 names; not 3"),
        (lambda t: t.head(0), {}, "no rows"),
        (lambda t: t[["key"]], {}, "measure it first"),
        (lambda t: t, {"columns": ["nope"]}, "expected one column 'nope'"),
        (lambda t: t, {"columns": ["key"]}, "'key' must hold numbers"),
        (lambda t: t, {"columns": []}, "a list of 1 to 24 names"),
        (lambda t: t, {"columns": "coverage"}, "a list of 1 to 24 names"),
        (lambda t: t, {"by": "nope"}, "expected one column 'nope'"),
        (
            lambda _: pd.DataFrame({"coverage": range(8), "k": list("abcdefgh")}),
            {"by": "k"},
            "makes 8 groups, and 7 can be told apart",
        ),
    ],
)
def test_distributions_of_nothing_are_refused(table, change, arguments, message):
    """The error says what to do first."""
    with pytest.raises(cm.OptionsError, match=message):
        plot_metrics(change(table), **arguments)


def test_coverage_is_drawn_against_size_and_flagged(table):
    """One mark a picture at its megapixels and share, by the severest finding."""
    figure = plot_coverage(table)
    (axes,) = figure.axes
    marks = [c for c in axes.collections if isinstance(c, PathCollection)]
    drawn = {c.get_label(): np.array(c.get_offsets()).tolist() for c in marks}
    box = 60 * 80 / (120 * 160)
    assert drawn["high (1)"] == [[0.0192, 0.0]]
    first, second = drawn["nothing found (2)"]
    assert first == pytest.approx([0.0192, box])
    assert second == pytest.approx([0.0192, table.coverage[1]])
    assert axes.get_xscale() == "log"
    said = words(figure)
    assert "empty.png empty" in said
    assert "1 row without numbers" in said
    assert "megapixels" in axes.get_xlabel()
    assert "too small below 2%" in said


def test_findings_belong_to_rows_and_not_to_labels(table):
    """A frame whose labels repeat is flagged as one whose labels do not."""
    again = pd.concat([table, table]).set_index(pd.Index([0] * 8))
    marks = plot_coverage(again).axes[0].collections
    assert "high (2)" in [each.get_label() for each in marks]


def test_thresholds_decide_what_is_flagged(table):
    """The bounds that are drawn are those that are given."""
    bounds = cm.Thresholds(min_coverage=0.3)
    figure = plot_coverage(table, thresholds=bounds)
    assert "too small below 30%" in words(figure)
    assert any("low" in c.get_label() for c in figure.axes[0].collections)


def test_names_do_not_cover_each_other():
    """Of two pictures at one place one is named."""
    empty = cutout_of(solid(np.zeros((50, 50))))
    assert words(plot_coverage(frame_of(empty, empty))).count("drawn.png empty") == 1


def test_a_thousand_flagged_pictures_are_drawn_soon(table):
    """Names are tried for the severest only: the time does not grow with the rows."""
    many = pd.concat([table.iloc[[0]].drop(columns="cutout")] * 3000)
    many["coverage"] = np.linspace(0, 0.001, 3000)
    begun = time.perf_counter()
    plot_coverage(many)
    assert time.perf_counter() - begun < 4


def test_very_different_sizes_have_ticks(table):
    """One pixel beside a gigapixel: the axis still tells sizes."""
    table["matte_height"] = table["matte_width"] = [1, 5, 30_000, None]
    axes = plot_coverage(table).axes[0]
    low, high = axes.get_xlim()
    shown = [tick for tick in axes.get_xticks() if low <= tick <= high]
    assert 2 <= len(shown) <= 16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t[["key"]], "measure it first"),
        (lambda t: t.tail(1), "no row has numbers"),
        (lambda t: t.head(0), "no row has numbers"),
        (lambda t: pd.concat([t, t[["key"]]], axis=1), "'key', found 2 .* keep one"),
        (
            lambda t: t.assign(matte_width="wide"),
            "column 'matte_width' must hold numbers to be drawn; got (str|object)",
        ),
    ],
)
def test_coverage_of_nothing_is_refused(table, change, message):
    """The error says where the reasons stand."""
    with pytest.raises(cm.OptionsError, match=message):
        plot_coverage(change(table))


class Counted(cm.Cutout):
    """A cutout that tells how often its pixels were asked for."""

    asked: ClassVar[list[str]] = []

    @property
    def rgba(self):
        """The pixels."""
        self.asked.append(self.place)
        return super().rgba


def test_the_mean_matte_is_the_mean_of_its_mattes():
    """Halves of the same canvas, one of them twice: thirds; each is decoded once."""
    left, right = np.zeros((32, 32)), np.zeros((32, 32))
    left[:, :16], right[:, 16:] = 1, 1
    one = cutout_of(solid(left), "left", Counted)
    other = cutout_of(solid(right), "right", Counted)
    again = cutout_of(solid(left), "left again", Counted)
    empty = cutout_of(solid(np.zeros((32, 32))), "empty")
    frame = pd.DataFrame({"cutout": [one, other, again, empty, None, 7]})
    Counted.asked.clear()
    mean = average_mattes(frame, 32)
    assert (mean.count, mean.empty, mean.missing, mean.aspect) == (3, 1, 2, 1)
    assert np.allclose(mean.alpha[:, :16], 2 / 3)
    assert np.allclose(mean.alpha[:, 16:], 1 / 3)
    assert len(Counted.asked) == 2


def test_boxes_are_laid_over_each_other():
    """Aligned by box, a box is full wherever it lay and whatever its shape."""
    frame = frame_of(
        cutout_of(solid(draw_box(box=(0, 0, 30, 60)))),
        cutout_of(solid(draw_box(box=(60, 100, 100, 110)))),
    )
    mean = average_mattes(frame, 64, "box")
    assert (mean.alpha == 1).all()
    assert mean.aspect == np.median([2, 0.25])
    assert average_mattes(frame, 64).alpha.max() == pytest.approx(0.5)


def test_the_mean_matte_is_drawn_with_its_contour(table):
    """The array, a line at 0.5 where it is crossed, and how many pictures it shows."""
    figure = plot_mean_matte(table, 64)
    axes = figure.axes[0]
    assert np.array_equal(axes.images[0].get_array(), average_mattes(table, 64).alpha)
    lines = [c for c in axes.collections if c.get_paths()]
    assert lines
    corners = np.concatenate([path.vertices for path in lines[0].get_paths()])
    # The box spans 40 to 120 of 160 columns and 30 to 90 of 120 rows.
    assert corners.min(axis=0) == pytest.approx([0.25, 0.25], abs=0.02)
    assert corners.max(axis=0) == pytest.approx([0.75, 0.75], abs=0.02)
    said = words(figure)
    assert "mean matte of 2 pictures" in said
    assert "left out: 1 empty, 1 without a cutout" in said


def test_a_mean_without_a_contour_is_drawn_all_the_same():
    """Full everywhere: no line, and no warning."""
    figure = plot_mean_matte(frame_of(cutout_of(solid(np.ones((20, 20))))), 32)
    assert not figure.axes[0].collections


def test_a_cutout_that_cannot_be_read_is_left_out(tmp_path):
    """A file that is gone counts as missing and costs nothing else."""
    good = cutout_of(solid(draw_box()))
    gone = cutout_of(solid(draw_box())).kept_in(tmp_path, "0" * 64)
    mean = average_mattes(pd.DataFrame({"cutout": [good, gone]}), 32)
    assert (mean.count, mean.missing) == (1, 1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"size": 8}, "size must be a whole number from 16 to 2048; not 8"),
        ({"size": 64.0}, "not 64.0"),
        ({"size": True}, "not True"),
        ({"align": "middle"}, "align must be"),
    ],
)
def test_a_mean_of_something_else_is_refused(table, arguments, message):
    """Size and alignment are checked first."""
    with pytest.raises(cm.OptionsError, match=message):
        plot_mean_matte(table, **arguments)


def test_a_mean_of_nothing_is_refused(table):
    """Only empty mattes and rows without one: the error counts them."""
    with pytest.raises(cm.OptionsError, match="1 are empty, 1 rows have no cutout"):
        plot_mean_matte(table.iloc[2:])
    with pytest.raises(cm.OptionsError, match="matte_frame"):
        plot_mean_matte(table[["key"]])


def test_the_widest_place_of_the_edge_is_found():
    """A box with one blurred stretch: the worst place lies on it and has its width."""
    edge = find_edge(blur_side(draw_box()))
    spots = find_spots(edge, local_width, side=24, most=9)
    worst = spots[0]
    assert worst.value == pytest.approx(12)
    assert 50 <= worst.row < 74
    assert abs(worst.col - 119.5) <= 2
    assert [s.value for s in spots] == sorted((s.value for s in spots), reverse=True)
    # The other places are the hard edge, 1 px wide but for its corners.
    assert spots[-1].value == pytest.approx(1)


def test_places_do_not_overlap():
    """No two are nearer than a tile along both axes."""
    spots = find_spots(find_edge(draw_box()), local_width, side=24, most=99)
    assert len(spots) > 5
    for nth, one in enumerate(spots):
        for other in spots[:nth]:
            assert max(abs(one.row - other.row), abs(one.col - other.col)) >= 24


def paint_source(alpha, subject=(200, 30, 40), ground=(20, 60, 230)):
    """The picture that has this matte: the subject over one colour."""
    mixed = alpha[..., None] * subject + (1 - alpha[..., None]) * ground
    return np.rint(mixed).astype(np.uint8)


def test_a_place_without_evidence_is_found():
    """The matte leaves the picture's edge on one stretch: there it is."""
    true = draw_box()
    false = true.copy()
    false[48:72, 120:140] = 1  # a bump that the picture does not show
    cutout = cutout_of(solid(false))
    source = images.encode_png(paint_source(true))
    (patch,) = cut_patches(
        cutout, "evidence", Sources(lambda _: source), side=24, most=1
    )
    assert 48 - 2 <= patch.row <= 72 + 2
    assert 120 < patch.col <= 142
    assert patch.value < 0.7


def test_a_place_with_a_halo_is_found():
    """Colours copied from the source on one stretch of a soft edge: there it is."""
    from scipy import ndimage  # noqa: PLC0415 - for this test alone

    alpha = ndimage.gaussian_filter(draw_box(), 1.5)
    source = paint_source(alpha)
    rgba = solid(alpha)
    rgba[50:74, 100:140, :3] = source[50:74, 100:140]
    data = images.encode_png(source)
    (patch,) = cut_patches(
        cutout_of(rgba), "halo", Sources(lambda _: data), side=24, most=1
    )
    assert 50 <= patch.row < 74
    assert abs(patch.col - 120) < 4
    assert patch.value == pytest.approx(1, abs=0.3)


def test_patches_of_source_and_cutout_show_the_same_place():
    """Also of a cutout that was moved; beyond a picture there is nothing."""
    rng = np.random.default_rng(0)
    source = rng.integers(0, 256, (80, 90, 3), np.uint8)
    alpha = draw_box(80, 90, (0, 30, 50, 70))
    plain = np.dstack([source, np.uint8(255 * alpha)])
    padded = np.pad(plain, ((7, 7), (20, 20), (0, 0)))
    data = images.encode_png(source)
    patches = cut_patches(
        cutout_of(padded, padding=(20, 7)),
        "width",
        Sources(lambda _: data),
        side=40,
        most=9,
    )
    assert len(patches) > 3
    for patch in patches:
        assert patch.before.shape == (40, 40, 3)
        shown = patch.rgba[..., 3] == 255
        assert shown.any()
        assert np.array_equal(patch.rgba[shown][:, :3], patch.before[shown])
    # On top the source ends where the padding begins.
    assert any(not patch.before[:3].any() for patch in patches)


def test_the_worst_edges_are_magnified_with_key_and_place():
    """Before, matte and cutout of the blurred stretch come first."""
    bad, good = solid(blur_side(draw_box())), solid(draw_box())
    sources = {
        "good.png": images.encode_png(paint_source(draw_box())),
        HOSTILE: images.encode_png(paint_source(blur_side(draw_box()))),
    }
    frame = frame_of(cutout_of(good, "good.png"), cutout_of(bad, HOSTILE), None)
    figure = plot_edges(frame, worst=2, before=sources.__getitem__)
    assert isinstance(figure, Figure)
    before, matte, cutout = figure.axes[:3]
    assert before.images[0].get_array().shape == (24, 24, 3)
    assert matte.images[0].get_array().shape == (24, 24)
    assert cutout.images[0].get_array().shape == (192, 192, 3)
    assert [axes.get_xlabel() for axes in figure.axes[:3]] == [
        "before",
        "matte",
        "cutout",
    ]
    title = matte.get_title()
    key, row, col, value = re.fullmatch(
        r"(.*) at \((\d+), (\d+)\): width (.*) px", title
    ).groups()
    assert key == LETTERED
    assert 50 <= int(row) < 74
    assert abs(int(col) - 119.5) <= 2
    assert float(value) == pytest.approx(12, abs=0.15)
    expected = bad[int(row) - 12 : int(row) + 12, int(col) - 12 : int(col) + 12, 3]
    assert np.array_equal(matte.images[0].get_array(), expected)
    assert before.collections, "the line of alpha 0.5"
    assert figure._repr_jpeg_().startswith(b"\xff\xd8")


def test_the_worst_come_first_column_by_column():
    """Down the left column, then down the right one, the numbers fall."""
    alpha = draw_box(240, 160, (10, 40, 230, 120))
    for top, wide in ((24, 8), (72, 12), (120, 10), (168, 6)):
        alpha = blur_side(alpha, slice(top, top + 24), wide=wide)
    figure = plot_edges(cutout_of(solid(alpha)), 5, before=False)
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    left, right = titles[::2], titles[1::2]  # axes go row by row
    values = [float(title.split()[-2]) for title in left + right]
    assert len(values) == 5
    assert values == sorted(values, reverse=True)
    assert np.allclose(values, [12, 10, 8, 6, 1], atol=0.3)


def test_a_larger_zoom_shows_less():
    """192 px over the zoom, of every side."""
    figure = plot_edges(cutout_of(solid(draw_box())), 4, 16, before=False)
    matte = figure.axes[1].images[0].get_array()
    assert matte.shape == (12, 12)
    assert [t.get_text() for t in figure.axes[0].texts] == ["no source"]


def test_only_the_worst_rows_are_decoded():
    """One place asked for, one cutout decoded, however long the frame is."""
    rows = [
        cutout_of(solid(draw_box(box=(30, 40, 60 + n, 120))), f"{n}", Counted)
        for n in range(5)
    ]
    rows.append(cutout_of(solid(blur_side(draw_box())), "bad", Counted))
    frame = frame_of(*rows)
    Counted.asked.clear()
    plot_edges(frame, worst=1, before=False)
    assert Counted.asked == ["bad"]


def test_a_picture_has_three_places_among_those_of_a_frame():
    """One bad outline does not fill the figure; of a single cutout all are shown."""
    cutout = cutout_of(solid(draw_box()))

    def titles(of):
        axes = plot_edges(of, before=False).axes
        return [a.get_title() for a in axes if a.get_title()]

    assert len(titles(frame_of(cutout))) == 3
    assert len(titles(cutout)) > 5


@pytest.mark.parametrize(
    ("change", "arguments", "message"),
    [
        (lambda t: t[["key", "cutout"]], {}, "measure_frame"),
        (lambda t: t.drop(columns="halo"), {"by": "halo"}, "before=True"),
        (lambda t: t.tail(2), {}, "no row of the frame has an edge"),
        (lambda t: t, {"by": "evidence"}, "no row of the frame has an edge"),
        (
            lambda t: t.assign(edge_width_p95="wide"),
            {},
            "column 'edge_width_p95' must hold numbers to be drawn; got (str|object)",
        ),
        (lambda t: t.cutout[2], {}, "has no edge to magnify"),
        (lambda t: t.cutout[0], {"by": "halo"}, "by='halo' needs the source"),
        (lambda t: t, {"worst": 0}, "worst must be a whole number from 1 to 48"),
        (lambda t: t, {"zoom": 1.5}, "zoom must be a whole number from 2 to 32"),
        (lambda t: t, {"by": "beauty"}, "by must be width, evidence, halo"),
        (lambda t: t, {"before": 5}, "before must be True, False or a function"),
    ],
)
def test_edges_of_nothing_are_refused(table, change, arguments, message):
    """Each error says what was expected and what to do."""
    with pytest.raises(cm.OptionsError, match=message):
        plot_edges(change(table), **arguments)


def test_one_matte_is_a_map_a_contour_and_a_histogram():
    """Alpha as it is, the line on the source, every pixel counted once."""
    alpha = blur_side(draw_box())
    rgba = solid(alpha)
    source = paint_source(alpha)
    data = images.encode_png(source)
    figure = plot_matte(cutout_of(rgba, HOSTILE), before=lambda _: data)
    heat, overlay, counts = figure.axes
    assert np.allclose(heat.images[0].get_array(), rgba[..., 3] / 255)
    assert np.array_equal(overlay.images[0].get_array(), source)
    line = np.concatenate([p.vertices for p in overlay.collections[0].get_paths()])
    # Between the last pixel of the box and the first beside it.
    assert line.min(axis=0) == pytest.approx([39.5, 29.5], abs=0.1)
    assert line.max(axis=0) == pytest.approx([119.5, 89.5], abs=0.6)
    bars = [bar.get_height() for bar in counts.patches]
    assert (len(bars), sum(bars)) == (64, 120 * 160)
    assert bars[0] == np.count_nonzero(rgba[..., 3] < 4)
    assert LETTERED in figure.get_suptitle()
    assert "120 high × 160 wide px, coverage 25.0%" in figure.get_suptitle()


def test_a_moved_cutout_has_its_source_under_it():
    """The source is drawn where it lies on the cutout's canvas, white around."""
    rng = np.random.default_rng(0)
    source = rng.integers(0, 256, (60, 70, 3), np.uint8)
    alpha = draw_box(60, 70, (10, 10, 50, 60))
    padded = np.pad(
        np.dstack([source, np.uint8(255 * alpha)]), ((5, 5), (9, 9), (0, 0))
    )
    data = images.encode_png(source)
    cutout = cutout_of(padded, padding=(9, 5))
    ground = plot_matte(cutout, before=lambda _: data).axes[1].images[0].get_array()
    assert np.array_equal(ground[5:65, 9:79], source)
    assert (ground[:5] == 255).all()


def test_a_matte_without_a_source_or_a_subject_is_drawn_all_the_same():
    """The cutout lies under the line then, and the figure says why."""
    figure = plot_matte(cutout_of(solid(draw_box())))
    assert "cannot fetch its source" in figure.get_supxlabel().replace("\n", " ")
    assert plot_matte(cutout_of(solid(draw_box())), before=False).get_supxlabel() == ""
    empty = plot_matte(cutout_of(solid(np.zeros((20, 30)))), before=False)
    assert not empty.axes[1].collections
    assert "edge width" not in empty.get_suptitle()
    assert words(empty)
    with pytest.raises(cm.OptionsError, match="expected a Cutout; got str"):
        plot_matte("a.jpg")


@pytest.mark.parametrize("shape", [(1, 64), (64, 1), (2, 3000), (1, 1)])
def test_a_matte_as_thin_as_a_line_is_drawn(shape):
    """A canvas that is, or is drawn, one pixel high has no contour, but a figure."""
    alpha = np.zeros(shape)
    alpha.flat[alpha.size // 2 :] = 1
    figure = plot_matte(cutout_of(solid(alpha)), before=False)
    assert len(figure.axes) == 3
    figure.draw_without_rendering()


def test_a_large_matte_is_drawn_small_and_counted_whole():
    """Pictures of the figure have 720 px; axes and counts are those of the matte."""
    alpha = np.zeros((1500, 1000))
    alpha[300:1200, 250:750] = 1
    figure = plot_matte(cutout_of(solid(alpha)), before=False)
    heat, overlay, counts = figure.axes
    assert heat.images[0].get_array().shape == (720, 480)
    assert heat.get_xlim() == (-0.5, 999.5)
    line = np.concatenate([p.vertices for p in overlay.collections[0].get_paths()])
    assert line.min(axis=0) == pytest.approx([249.5, 299.5], abs=1.1)
    assert line.max(axis=0) == pytest.approx([749.5, 1199.5], abs=1.1)
    assert sum(bar.get_height() for bar in counts.patches) == 1500 * 1000


@pytest.mark.usefixtures("any_text")
def test_half_characters_cost_no_figure():
    """What a file's name may hold and no font can draw is escaped, in every plot."""
    bad = cutout_of(solid(np.zeros((40, 40))), HALF)
    box = cutout_of(solid(draw_box()), HALF)
    names = pd.DataFrame({"coverage": [0.1, 0.2], HALF: [1, 2]})
    figures = [
        plot_coverage(frame_of(bad)),
        plot_edges(box, 1, before=False),
        plot_matte(box),
        plot_metrics(names, ["coverage", HALF], by=HALF),
    ]
    for figure in figures:
        figure.savefig("/dev/null", format="png")
    assert "half \\udce9\\x00.jpg" in figures[2].get_suptitle()


def test_addresses_show_no_signature():
    """A cutout of an address is titled without its query."""
    place = "https://example.com/a.jpg?q-signature=5aed"
    box = cutout_of(solid(draw_box()), place)
    said = words(plot_edges(box, 1, before=False)) + plot_matte(box).get_suptitle()
    assert "example.com/a.jpg" in said
    assert "5aed" not in said + plot_matte(box).get_supxlabel()
