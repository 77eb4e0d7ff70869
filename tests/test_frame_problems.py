"""Findings of a frame: one row each, in order, joining back to where they came from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from squares import draw_square

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.comparing import compare_runs
from cosmat_nb.frame.measuring import measure_frame
from cosmat_nb.frame.problems import find_problems
from cosmat_nb.metrics.judging import CHECKS
from cosmat_nb.metrics.thresholds import Thresholds

COLUMNS = ["finding", "severity", "column", "value", "threshold", "message", "advice"]
NUMBERS = ["coverage", "dust", "dust_area", "soft_area", "centroid_offset"]


def table(*rows, index=None):
    """A measured frame of a few columns, with the dtypes of real ones."""
    made = pd.DataFrame(rows, columns=NUMBERS, index=index)
    made = made.astype(dict.fromkeys(NUMBERS, "float64") | {"dust": "Int64"})
    made.insert(0, "key", [f"{chr(97 + place)}.jpg" for place in range(len(rows))])
    return made


MIXED = table(
    [0.3, 20, 4, 10_000, 0.5],  # dust by 10 over 10, off centre by 0.05 over 0.45
    [None, None, None, None, None],  # never measured
    [0.0, 0, 0, 0, None],  # empty
    [0.3, 40, 4, 10_000, 0.1],  # dust by 30 over 10
    [0.01, 0, 0, 900, 0.9],  # too small, off centre by 0.45 over 0.45
    [0.3, 0, 0, 10_000, 0.1],  # nothing
    index=[9, 8, 7, 6, 5, 4],
)


def cutout(alpha):
    """A cutout of a known matte."""
    rgba = np.repeat(alpha[..., None], 4, axis=2)
    return cm.Cutout(
        place="a.jpg",
        options=cm.MattingOptions(),
        data=images.encode_png(rgba),
        height=alpha.shape[0],
        width=alpha.shape[1],
        is_empty=not alpha.any(),
        nbytes=0,
    )


def square(side, shape=(40, 40)):
    """A matte of one square in the middle."""
    alpha = np.zeros(shape, np.uint8)
    start = (shape[0] - side) // 2
    alpha[start : start + side, start : start + side] = 255
    return alpha


def test_findings_are_rows_with_the_severe_first():
    """By severity, then finding, then by how far the value lies beyond its bound."""
    found = find_problems(MIXED)
    assert list(zip(found.index, found["finding"], strict=True)) == [
        (7, "empty"),
        (6, "dust"),
        (9, "dust"),
        (5, "too-small"),
        (5, "off-centre"),
        (9, "off-centre"),
    ]
    assert found["severity"].tolist() == ["high"] + ["medium"] * 2 + ["low"] * 3
    assert found["key"].tolist() == [f"{name}.jpg" for name in "cdaeea"]
    assert found.loc[6, ["column", "value", "threshold"]].tolist() == ["dust", 40, 10]
    assert found.loc[6, "message"].startswith("40 specks of dust, 4 px or 0.04%")


def test_severities_compare():
    """They are ordered, so that the lesser can be filtered out."""
    found = find_problems(MIXED)
    assert found[found["severity"] >= "medium"].index.tolist() == [7, 6, 9]
    assert found["severity"].max() == "high"


@pytest.mark.parametrize("frame", [MIXED, MIXED.head(0), MIXED.tail(1)])
def test_columns_and_dtypes_are_always_the_same(frame):
    """Also for no rows and for nothing found, and with the frame's kind of index."""
    found = find_problems(frame)
    assert list(found.columns) == ["key", *COLUMNS]
    text = pd.Series([], dtype="str").dtype
    for name in ("finding", "column", "message", "advice"):
        assert found[name].dtype == text
    assert found["severity"].dtype == pd.CategoricalDtype(
        ["low", "medium", "high"], ordered=True
    )
    assert found["value"].dtype == found["threshold"].dtype == np.float64
    assert found.index.dtype == frame.index.dtype


def test_findings_join_back():
    """The index is that of the frame's rows, whatever it holds."""
    frame = MIXED.set_index("key", drop=False)
    joined = frame.join(find_problems(frame, on=None))
    assert joined.loc["e.jpg", "finding"].tolist() == ["too-small", "off-centre"]
    assert pd.isna(joined.loc["f.jpg", "finding"])
    assert len(joined) == 4 + 2 * 2


def test_labels_may_repeat():
    """Every row is judged on its own, also where two have one label."""
    frame = MIXED.set_axis([1, 1, 2, 2, 3, 3])
    assert find_problems(frame).index.tolist() == [2, 2, 1, 3, 3, 1]


def test_the_frame_stays():
    """Nothing is added to it and nothing changed in it."""
    before = MIXED.copy()
    find_problems(MIXED)
    pd.testing.assert_frame_equal(MIXED, before)


def test_it_says_what_was_looked_for():
    """On how many rows each check could run, and how many rows hold no numbers."""
    found = find_problems(MIXED)
    assert found.attrs["unmeasured"] == 1
    checked = found.attrs["checked"]
    assert list(checked) == [check.name for check in CHECKS]
    assert {name: n for name, n in checked.items() if n} == {
        "empty": 5,
        "whole-frame": 5,
        "dust": 5,
        "too-small": 5,
        "off-centre": 4,
    }


def test_thresholds_are_the_callers():
    """With other bounds other findings."""
    found = find_problems(MIXED, thresholds=Thresholds(max_dust=30, max_offset=1))
    assert found["finding"].tolist() == ["empty", "dust", "too-small"]


def test_pictures_are_named_by_the_callers_column_or_not_at_all():
    """``on=None`` leaves the column out; another name copies that column."""
    assert list(find_problems(MIXED, on=None).columns) == COLUMNS
    renamed = MIXED.rename(columns={"key": "path"})
    assert list(find_problems(renamed, on="path").columns) == ["path", *COLUMNS]


def test_a_column_of_agreement_is_used():
    """Where the frame holds it there is no need of a second result."""
    frame = MIXED.assign(agreement_iou=[0.89, None, 0.1, 0.9, 1.0, None])
    found = find_problems(frame).query("finding == 'disagreement'")
    assert found.index.tolist() == [7, 9]
    assert found["value"].tolist() == [0.1, 0.89]


def test_a_second_result_is_compared_by_its_keys():
    """100 of 400 px in common are an IoU of 0.25; the order of rows is free."""
    keys = ["small", "same", "only here", "failed"]
    mattes = [square(20), square(20), square(20), square(20)]
    mine = pd.DataFrame({"key": keys, "cutout": [cutout(each) for each in mattes]})
    theirs = pd.DataFrame(
        {
            "key": ["same", "failed", "small"],
            "cutout": [cutout(square(20)), None, cutout(square(10))],
        }
    )
    measured = measure_frame(mine, progress=False)
    found = find_problems(measured, against=theirs, progress=False)
    assert found[["key", "finding"]].to_numpy().tolist() == [["small", "disagreement"]]
    assert found["value"].tolist() == [0.25]
    assert found["message"][0] == "two results overlap by 0.250 (IoU), under 0.9"
    assert found.attrs["checked"]["disagreement"] == 2


def test_a_finished_comparison_is_used_as_it_is():
    """It need not hold a cutout any more: nothing is decoded, its keys find the rows.

    Its name of the key column counts, whether or not that is copied.
    """
    cells = {"status": "ok", "coverage": 0.3}
    mine = pd.DataFrame({"path": list("abc"), "cutout": None, **cells}, index=[7, 8, 9])
    theirs = pd.DataFrame({"path": list("cbd"), "cutout": None, **cells})
    comparison = compare_runs(mine, theirs, on="path", progress=False)
    pairs = comparison.pairs.assign(agreement_iou=[0.5, 0.95])
    assert pairs["path"].tolist() == ["b", "c"]
    comparison = replace(comparison, pairs=pairs)
    for on in (None, "path"):
        found = find_problems(mine, against=comparison, on=on)
        assert found.index.tolist() == [8]
        assert found.loc[8, ["finding", "value"]].tolist() == ["disagreement", 0.5]
        assert found.attrs["checked"]["disagreement"] == 2
    other = mine.assign(path=list("xyz"))
    with pytest.raises(OptionsError, match="knows no 'path' of this frame"):
        find_problems(other, against=comparison, on=None)
    with pytest.raises(OptionsError, match=r"'path', found none .* paired rows by it"):
        find_problems(mine.drop(columns="path"), against=comparison, on=None)
    with pytest.raises(OptionsError, match="already has agreement_iou"):
        find_problems(mine.assign(agreement_iou=1.0), against=comparison, on="path")


def test_the_border_is_looked_at_where_its_numbers_are():
    """Size and touches are read too, though whole-frame can do without them."""
    kept = dict.fromkeys(("touch_top", "touch_left", "touch_bottom"), 1.0)
    kept |= {"touch_right": 0.0, "matte_height": 100, "matte_width": 100}
    frame = MIXED.assign(**kept)
    found = find_problems(frame).query("finding == 'whole-frame'")
    assert set(found.index) == set(MIXED.index) - {8}
    assert set(found["value"]) == {0.75}
    assert find_problems(MIXED).query("finding == 'whole-frame'").empty


def test_a_batch_is_judged_as_it_came(client):
    """From pictures to findings: an error row is counted and is no finding."""
    client.put("square.jpg", images.encode_jpeg(draw_square()))
    client.put("blank.jpg", images.encode_jpeg(np.full((64, 96, 3), 240, np.uint8)))
    keys = ["square.jpg", "blank.jpg", "missing.jpg"]
    result = cm.matte_frame(pd.DataFrame({"key": keys}), client, progress=False)
    measured = measure_frame(result, progress=False)
    found = find_problems(measured)
    assert found.loc[found["severity"] == "high", "key"].tolist() == [keys[1]]
    assert keys[2] not in set(found["key"])
    assert found.attrs["unmeasured"] == 1
    assert found.attrs["checked"]["whole-frame"] == 2
    assert found.attrs["checked"]["halo"] == 0


@pytest.mark.parametrize(
    ("frame", "options", "message"),
    [
        (pd.DataFrame({"key": ["a"]}), {}, "'coverage'.*measure_frame"),
        (MIXED.drop(columns="key"), {}, "'key'.*on=None"),
        (MIXED, {"on": "path"}, "'path'.*on="),
        (MIXED.assign(dust="many"), {}, "'dust' must hold numbers"),
        (
            pd.concat([MIXED, MIXED[["dust"]]], axis=1),
            {},
            "one column 'dust', found 2",
        ),
        (MIXED, {"against": MIXED, "on": None}, "against= .*on="),
        (
            MIXED.assign(agreement_iou=1.0),
            {"against": MIXED},
            "already has agreement_iou",
        ),
        ([MIXED], {}, "expected a DataFrame"),
        (MIXED, {"thresholds": {"max_dust": 3}}, "must be Thresholds, .* not dict"),
        (MIXED.head(0), {"thresholds": None}, "must be Thresholds, .* not NoneType"),
        (
            MIXED.assign(message="mine"),
            {"on": "message"},
            "have a column 'message' of their own: rename",
        ),
    ],
)
def test_what_cannot_be_judged_says_what_to_do(frame, options, message):
    """The error names the column and the remedy."""
    with pytest.raises(OptionsError, match=message):
        find_problems(frame, **options)
