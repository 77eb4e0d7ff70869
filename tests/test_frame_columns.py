"""What is said of columns that a frame lacks, or has already."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cosmat_nb as cm
from cosmat_nb.frame.columns import check_column, check_free, check_numbers
from cosmat_nb.metrics.matte import MatteMetrics


def frame_of(names):
    """A frame without rows."""
    return pd.DataFrame(columns=list(names))


def complain(names, column):
    """What is said of a column that is missing."""
    with pytest.raises(cm.OptionsError) as caught:
        check_column(frame_of(names), column, "pass column=")
    return str(caught.value)


def test_the_nearest_comes_first_and_few_others():
    """Of many columns five are listed beside what was meant, and the rest counted."""
    names = [*(f"x{number}" for number in range(20)), "coverage"]
    assert complain(names, "converage") == (
        "expected one column 'converage', found none (did you mean coverage?) among: "
        "coverage, x0, x1, x2, x3, x4 and 15 more; pass column="
    )


def test_at_most_three_are_meant():
    """Nearest first; where nothing is near, nothing is proposed."""
    names = ["edge_a", "edge_ab", "edge_abc", "edge_abcd", "key"]
    told = complain(names, "edge_abcde")
    assert "(did you mean edge_abcd, edge_abc, edge_ab?) among: edge_abcd, " in told
    assert complain(["size", "etag"], "key") == (
        "expected one column 'key', found none among: size, etag; pass column="
    )


def test_all_of_few_columns_are_listed():
    """Five names are no long list, and nothing is left to be counted."""
    assert "among: a, b, c, d, e; pass" in complain("abcde", "key")
    assert "among: a, b, c, d, e and 1 more; pass" in complain("abcdef", "key")


def test_a_column_that_is_there_twice_is_not_proposed():
    """It was meant, and is told as often as it is there."""
    told = complain(["key", "key"], "key")
    assert told == "expected one column 'key', found 2 among: key, key; pass column="


def test_no_signed_link_is_quoted():
    """Neither from the frame's names nor from what was asked for, nor at any length."""
    link = "https://b.cos.example.com/a.jpg?q-signature=5aed"
    for asked in ("key", f"{link}ff", link[:-1]):
        told = complain([link, f"{link}00", "n" * 5000], asked)
        assert "5ae" not in told
        assert "https://b.cos.example.com/a.jpg" in told
        assert len(told) < 500


def test_a_long_clash_is_counted():
    """Measuring a measured frame names five of its columns, not all."""
    names = list(MatteMetrics.column_dtypes())
    with pytest.raises(cm.OptionsError) as caught:
        check_free(frame_of(names), names)
    assert str(caught.value) == (
        f"the frame already has {', '.join(names[:5])} and {len(names) - 5} more, "
        "which would be replaced: rename them, or drop what an earlier run added"
    )


def test_numbers_of_any_kind_are_read():
    """Flags are 0 and 1, and whatever is missing is NaN."""
    frame = pd.DataFrame({"n": pd.array([1, pd.NA], "Int64"), "f": [True, False]})
    np.testing.assert_array_equal(check_numbers(frame, "n", ""), [1, np.nan])
    assert check_numbers(frame, "f", "").tolist() == [1, 0]
    assert check_numbers(frame, "f", "").dtype == np.float64
