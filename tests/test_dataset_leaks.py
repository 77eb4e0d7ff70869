"""Pairs on different sides that show the same: which are listed, and how many."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

import cosmat_nb as cm
from cosmat_nb.dataset.splits.leaks import find_leaks

COLUMNS = ["key_a", "split_a", "key_b", "split_b", "distance", "why"]


def table(**columns):
    """A frame of keys a, b, c … with more columns."""
    count = len(next(iter(columns.values())))
    return pd.DataFrame({"key": list("abcdefghij")[:count], **columns})


def listed(frame, **how):
    """The pairs as tuples, a missing distance as None."""
    leaks = find_leaks(frame, **how)
    assert list(leaks.columns) == COLUMNS
    assert leaks.index.equals(pd.RangeIndex(len(leaks)))
    return [
        tuple(None if cell is pd.NA else cell for cell in row)
        for row in leaks.itertuples(index=False)
    ]


def test_each_reason_is_told():
    """A key, pixels, a group and a hash of 2 bits apart, each torn once."""
    frame = table(
        split=["train", "test"] * 4,
        group=[None, None, None, None, "g", "g", None, None],
        phash=["ffff", None, "f00f", "f00e", "00ff", None, "0ff0", "0ff6"],
        pixels_sha256=[None, None, "p", "p", None, None, None, None],
    )
    frame.loc[1, "key"] = "a"
    assert listed(frame, group="group", duplicates="phash", distance=2) == [
        ("a", "train", "a", "test", None, "same key"),
        ("c", "train", "d", "test", 1, "same picture"),
        ("e", "train", "f", "test", None, "same group"),
        ("g", "train", "h", "test", 2, "near-duplicate"),
    ]


def test_what_is_not_asked_for_is_not_told():
    """Without group= and duplicates=, keys alone are compared."""
    frame = table(split=["x", "y"], group=["g", "g"], phash=["00", "00"])
    assert listed(frame.assign(pixels_sha256="p")) == []


def test_the_first_row_on_another_side_is_the_partner():
    """Of five equal pictures on three sides, each has one partner, the first."""
    frame = table(split=["u", "u", "v", "w", "u"], phash=["0f0f"] * 5)
    pairs = [(row[0], row[2]) for row in listed(frame, duplicates="phash", distance=4)]
    assert pairs == [("a", "c"), ("a", "d"), ("b", "c"), ("c", "e")]


def test_far_ends_of_a_chain_are_no_pair():
    """00 and 07 are 3 bits apart: only neighbours at most 1 bit apart are told."""
    frame = table(split=["u", "u", "v", "v"], phash=["00", "01", "03", "07"])
    assert listed(frame, duplicates="phash", distance=1) == [
        ("b", "u", "c", "v", 1, "near-duplicate")
    ]
    assert listed(frame, duplicates="phash", distance=0) == []


def test_the_threshold_is_inclusive():
    """2 bits apart: found at 2, not at 1."""
    frame = table(split=["u", "v"], phash=["00", "03"])
    assert len(listed(frame, duplicates="phash", distance=2)) == 1
    assert listed(frame, duplicates="phash", distance=1) == []


def test_rows_without_a_side_leak_nothing():
    """None, NaN and an empty text are no side."""
    frame = table(split=["u", None, np.nan, ""], group=[1, 1, 1, 1])
    assert listed(frame, group="group") == []


def test_missing_keys_groups_and_hashes_are_not_equal():
    """Two rows without a key are not of one key, and so on."""
    frame = table(split=["u", "v"], group=[None, ""], phash=[None, ""])
    frame["key"] = [None, np.nan]
    frame["pixels_sha256"] = [None, ""]
    assert listed(frame, group="group", duplicates="phash") == []


def test_keys_keep_their_kind_and_the_frame_is_left():
    """Numbers stay numbers under any index; the frame is as it was."""
    frame = pd.DataFrame({"id": [3, 3, 4], "side": pd.Categorical(list("uvu"))})
    frame.index = [7, 7, None]
    before = frame.copy()
    leaks = find_leaks(frame, column="id", split="side")
    pd.testing.assert_frame_equal(frame, before)
    assert leaks[["key_a", "key_b"]].to_numpy().tolist() == [[3, 3]]
    assert leaks.key_a.dtype == np.int64


def test_an_empty_frame_has_no_leaks():
    """The columns are there with their types."""
    leaks = find_leaks(table(split=[], phash=[]), duplicates="phash")
    assert list(leaks.columns) == COLUMNS
    assert str(leaks.distance.dtype) == "Int64"


def test_a_hundred_thousand_equal_pictures_are_told_in_a_hundred_thousand_rows():
    """Each row is in a pair, and no more pairs than rows are made."""
    count = 100_000
    frame = pd.DataFrame({"key": range(count), "phash": "0123456789abcdef" * 2})
    frame["split"] = np.where(np.arange(count) % 2, "test", "train")
    leaks = find_leaks(frame, duplicates="phash")
    assert len(leaks) == count - 1
    assert set(leaks.key_a) | set(leaks.key_b) == set(range(count))
    assert (leaks.distance == 0).all()


def test_planted_copies_are_found_among_thousands():
    """Of 5000 random hashes 40 are copied with 15 bits changed; all and only they."""
    rng = np.random.default_rng(1)
    bits = rng.random((5000, 128)) < 0.5
    for copy in range(40):
        bits[copy + 100] = bits[copy]
        bits[copy + 100, rng.permutation(128)[:15]] ^= True
    frame = pd.DataFrame({"key": range(5000), "split": "train"})
    frame["phash"] = [np.packbits(row).tobytes().hex() for row in bits]
    frame.loc[100:139, "split"] = "test"
    leaks = find_leaks(frame, duplicates="phash")
    assert leaks.key_a.tolist() == list(range(40))
    assert leaks.key_b.tolist() == list(range(100, 140))
    assert (leaks.distance == 15).all()


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"column": "nokey"}, "nokey"),
        ({"split": "nosplit"}, "nosplit"),
        ({"group": "nogroup"}, "nogroup"),
        ({"duplicates": "nohash"}, "nohash"),
        ({"duplicates": "key"}, "perceptual hashes"),
        ({"duplicates": "phash", "distance": 5}, "from 0 to 4"),
        ({"distance": 40}, "from 0 to 32"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(how, words):
    """Each is named in the error; the reach is a quarter of the hash's bits."""
    frame = table(split=["u", "v"], phash=["00ff", "00fe"])
    with pytest.raises(cm.OptionsError, match=words):
        find_leaks(frame, **how)
