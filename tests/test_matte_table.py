"""A row of metrics in a table: names, order, dtypes, what is missing."""

import dataclasses
import math

import numpy as np
import pandas as pd
import pytest

from cosmat_nb.metrics.matte import MatteMetrics
from cosmat_nb.metrics.measure import measure_alpha


@pytest.mark.parametrize("pictures", [[], ["empty"], ["square"], ["empty", "square"]])
def test_table(pictures):
    """A table has the same columns and dtypes for none, empty and filled mattes."""
    mattes = {"empty": np.zeros((9, 9)), "square": np.pad(np.ones((3, 3)), 3)}
    dtypes = MatteMetrics.column_dtypes()
    rows = [measure_alpha(mattes[name]).as_row() for name in pictures]
    table = pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
    assert table.dtypes.astype(str).to_dict() == dtypes
    assert table.parts.tolist() == [int(name == "square") for name in pictures]
    assert table.box_min_row.isna().tolist() == [name == "empty" for name in pictures]


def test_table_with_a_row_never_measured():
    """A row without a matte is missing throughout and leaves whole numbers whole."""
    dtypes = MatteMetrics.column_dtypes()
    rows = [{}, measure_alpha(np.array([[1.0, 0.0]])).as_row()]
    table = pd.DataFrame(rows, columns=list(dtypes)).astype(dtypes)
    assert table.iloc[0].isna().all()
    assert table.margin_right.iloc[1] == 1
    assert table[table.touched_sides > 2].index.tolist() == [1]
    assert table.touch_bottom.iloc[1] == 0.5


def test_row_order():
    """A row holds every field in the order of the class, missing ones as NaN."""
    row = MatteMetrics(matte_height=2, matte_width=3).as_row()
    assert list(row) == [field.name for field in dataclasses.fields(MatteMetrics)]
    assert math.isnan(row["edge_width"])
    assert None not in row.values()
