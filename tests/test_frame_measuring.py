"""Numbers for every cutout, and a reason where there are none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cosmat_nb as cm
from cosmat_nb import images

DTYPES = {**cm.MatteMetrics.column_dtypes(), "measure_error": "str"}


def cutout(alpha, folder=None):
    """Make a cutout of a known matte, in memory or in a file."""
    rgba = np.full((*alpha.shape, 4), 90, np.uint8)
    rgba[..., 3] = alpha
    made = cm.Cutout(
        place="a.jpg",
        options=cm.MattingOptions(),
        data=images.encode_png(rgba),
        height=alpha.shape[0],
        width=alpha.shape[1],
        is_empty=not alpha.any(),
        nbytes=0,
    )
    if folder is None:
        return made
    store = cm.Store(folder)
    return made.kept_in(store.folder, store.keep(made.png))


def quarter():
    """Draw a matte that fills rows 2 to 5 and columns 4 to 9 of 8 × 12 px."""
    alpha = np.zeros((8, 12), np.uint8)
    alpha[2:6, 4:10] = 255
    return alpha


def test_a_cutout_becomes_its_numbers(tmp_path):
    """From memory or from a file: 24 of 96 px, box and margins as drawn."""
    frame = pd.DataFrame({"cutout": [cutout(quarter()), cutout(quarter(), tmp_path)]})
    table = cm.measure_frame(frame, progress=False)
    for _, row in table.iterrows():
        assert row.coverage == 0.25
        assert (row.matte_height, row.matte_width) == (8, 12)
        assert (row.box_min_row, row.box_min_col) == (2, 4)
        assert (row.box_max_row, row.box_max_col) == (6, 10)
        assert (row.margin_top, row.margin_right) == (2, 2)
        assert (row.parts, row.holes) == (1, 0)
        assert pd.isna(row.measure_error)


def test_the_frame_stays(client, square):
    """Index, order, columns and attrs are kept; the frame itself is not changed."""
    for key in ("a", "b"):
        client.put(key, square)
    frame = pd.DataFrame({"key": ["b", "none", "a"]}, index=[5, 5, 1])
    frame.attrs["from"] = "me"
    frame.columns.name = "facts"
    result = cm.matte_frame(frame, client, progress=False)
    before = result.copy()
    table = cm.measure_frame(result, progress=False)
    pd.testing.assert_frame_equal(table[list(before.columns)], before)
    pd.testing.assert_frame_equal(result, before)
    assert list(table.columns) == [*before.columns, *DTYPES]
    assert (table.attrs, table.columns.name) == (result.attrs, "facts")
    assert table.attrs["from"] == "me"
    assert list(table.coverage.isna()) == [False, True, False]


@pytest.mark.parametrize(
    "values",
    [[], [None], [cutout(quarter())], [cutout(quarter() * 0)], [None, "a", 3]],
    ids=["no rows", "no cutout", "cutout", "empty matte", "other values"],
)
def test_dtypes_are_always_the_same(values):
    """Whatever the rows hold, every column has its own dtype."""
    frame = pd.DataFrame({"cutout": pd.Series(values, dtype="object")})
    table = cm.measure_frame(frame, progress=False)
    expected = pd.DataFrame(
        {name: pd.Series([], dtype=dtype) for name, dtype in DTYPES.items()}
    )
    pd.testing.assert_series_equal(table[list(DTYPES)].dtypes, expected.dtypes)


def test_an_empty_matte_is_measured():
    """No subject is a number, not a missing value; what it has not is missing."""
    frame = pd.DataFrame({"cutout": [cutout(quarter() * 0)]})
    row = cm.measure_frame(frame, progress=False).iloc[0]
    assert (row.coverage, row.parts, row.holes) == (0.0, 0, 0)
    assert row[["box_min_row", "centroid_row", "edge_width"]].isna().all()
    assert pd.isna(row.measure_error)


def test_what_cannot_be_measured_says_why(tmp_path):
    """A lost or damaged file is a row with its reason; the others are measured."""
    cutouts = [cutout(quarter() - bump, tmp_path) for bump in (0, 1, 2)]
    cutouts[0].path.unlink()
    cutouts[1].path.write_bytes(cutouts[1].png[:60])
    table = cm.measure_frame(pd.DataFrame({"cutout": cutouts}), progress=False)
    assert "No such file or directory" in table.measure_error[0]
    assert "is damaged and was set aside: run matte_frame" in table.measure_error[1]
    assert list(table.coverage.isna()) == [True, True, False]


def test_progress_is_silent_when_asked(capfd):
    """``progress=False`` writes nothing; the bar counts each distinct matte once."""
    frame = pd.DataFrame({"cutout": [cutout(quarter())] * 3 + [cutout(quarter() // 2)]})
    cm.measure_frame(frame, progress=False)
    assert capfd.readouterr() == ("", "")
    cm.measure_frame(frame)
    assert "2/2" in capfd.readouterr().err


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"key": ["a"]}), "'cutout', found none among: key; make it with"),
        (
            pd.DataFrame({"cutout": [], "coverage": []}),
            "already has coverage, .* rename",
        ),
        (pd.DataFrame({"cutout": [], "measure_error": []}), "has measure_error"),
        ([1, 2], "expected a DataFrame; got list"),
    ],
)
def test_a_wrong_frame_says_what_to_do(frame, message):
    """The error names the columns and the remedy."""
    with pytest.raises(cm.OptionsError, match=message):
        cm.measure_frame(frame, progress=False)


def test_the_cutouts_may_stand_in_any_column():
    """Its name is free."""
    frame = pd.DataFrame({"after": [cutout(quarter())]})
    assert cm.measure_frame(frame, column="after", progress=False).coverage[0] == 0.25
