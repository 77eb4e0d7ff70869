"""Frames dealt out to parts: what is drawn, what is kept, what is refused."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest

import cosmat_nb as cm
from cosmat_nb.dataset.splits.identity import digest_cells
from cosmat_nb.dataset.splits.parts import Parts, check_part, check_parts
from cosmat_nb.dataset.splits.splitting import split_frame

pytestmark = pytest.mark.filterwarnings("ignore:split .* got none of")
"""A handful of rows does not reach every split, and need not here."""

THREE = {"train": 0.8, "val": 0.1, "test": 0.1}
HALVES = {"a": 0.5, "b": 0.5}

GOLDEN_DRAWS = [
    7213776160961689338,
    12017090885683010800,
    10236112198928340770,
    13024422602800060178,
    16161554997493088670,
    10482491158194480429,
]
GOLDEN_SEED_1 = 18335398738652271723
GOLDEN = "rreereararerrrrrarrrrerrrrarrerrrrrrrrre"


def keys(count):
    """A frame of as many keys."""
    return pd.DataFrame({"key": [f"samples/{i}.jpg" for i in range(count)]})


def test_a_split_that_gets_no_row_is_told():
    """Few rows may all fall on one side; who trains on it should know."""
    with pytest.warns(cm.CosmatWarning, match="split val, test got none of 1 rows"):
        split_frame(keys(1), THREE, seed=0)


def test_draws_are_the_same_on_every_machine():
    """Golden: BLAKE2b by another hand, keyed with the SHA-256 of the seed's digits."""
    cells = ["a.jpg", "图片/é.png", 7, 2.5, b"raw", dt.date(2026, 1, 9)]
    assert digest_cells(cells, 0, "key") == GOLDEN_DRAWS
    assert digest_cells(["a.jpg"], 1, "key") == [GOLDEN_SEED_1]


def test_a_split_is_the_same_on_every_machine():
    """Golden: sides of 40 keys; a change here would move the users' rows."""
    assert "".join(part[1] for part in split_frame(keys(40), THREE).split) == GOLDEN


def test_equal_cells_draw_equal():
    """1, 1.0, True and numpy's 1 are one number, as a column's dtype may change."""
    one = digest_cells([1, 1.0, True, np.int64(1), np.float32(1)], 5, "key")
    assert len(set(one)) == 1
    assert digest_cells(["1"], 5, "key") != one[:1]
    assert digest_cells([None, np.nan, pd.NA, pd.NaT, ""], 5, "key") == [None] * 5


def test_shares_are_reached_about_as_by_dice():
    """Of 20 000 keys, within 4 standard deviations of each share."""
    counts = Counter(split_frame(keys(20_000), THREE, seed=3).split)
    for part, share in THREE.items():
        assert (
            abs(counts[part] - 20_000 * share)
            < 4 * (20_000 * share * (1 - share)) ** 0.5
        )


def test_another_seed_is_another_split():
    """About half of all rows change sides between two halves."""
    one, two = (split_frame(keys(1000), HALVES, seed=seed).split for seed in (0, 1))
    assert 400 < (one != two).sum() < 600


def test_stretches_are_cut_without_rounding():
    """Ten tenths of 2**64: the last digest below a border is before it."""
    parts = Parts.read({f"p{i}": 0.1 for i in range(10)})
    for part in range(1, 10):
        border = -(-(2**64) * part // 10)
        assert parts.pick(border - 1) == f"p{part - 1}"
        assert parts.pick(border) == f"p{part}"
    assert (parts.pick(0), parts.pick(2**64 - 1)) == ("p0", "p9")


def test_the_frame_stays():
    """Index, order, columns and attrs are kept; the frame is not changed."""
    frame = keys(5).set_axis([9, 9, "x", None, 2.5])
    frame["kind"] = pd.Categorical(list("uvuvu"))
    frame.attrs["from"], frame.columns.name = "me", "facts"
    before = frame.copy()
    result = split_frame(frame, HALVES, stratify="kind", group="kind")
    pd.testing.assert_frame_equal(frame, before)
    pd.testing.assert_frame_equal(result.drop(columns="split"), before)
    assert (result.attrs, result.columns.name) == ({"from": "me"}, "facts")
    assert result.split.dtype == pd.Series(["a"], dtype="str").dtype


@pytest.mark.parametrize("stratify", [None, "key"])
def test_an_empty_frame_has_a_split_too(stratify):
    """No rows in, no rows out, with the column."""
    result = split_frame(keys(0), THREE, stratify=stratify)
    assert list(result.columns) == ["key", "split"]
    assert result.split.dtype == pd.Series(["a"], dtype="str").dtype


def test_rows_without_a_key_have_no_side_unless_others_draw_them():
    """No key: missing, or where the group is, or where the near-duplicate is."""
    frame = pd.DataFrame(
        {
            "key": ["a", None, np.nan, "", "b"],
            "group": [None, "g", None, None, None],
            "phash": [None, None, "0f", None, "0f"],
        }
    )
    for stratify in (None, "group"):
        result = split_frame(
            frame,
            HALVES,
            group="group",
            duplicates="phash",
            distance=1,
            stratify=stratify,
        ).split
        assert result.isna().tolist() == [False, False, False, True, False]
        assert result[2] == result[4]


def test_rows_of_one_key_are_together_whatever_their_groups():
    """A key in two groups joins them."""
    for seed in range(20):
        frame = pd.DataFrame({"key": list("xyxz"), "group": ["g", "g", "h", "h"]})
        split = split_frame(frame, HALVES, group="group", seed=seed).split
        assert len(set(split)) == 1


def test_a_group_is_drawn_by_its_name():
    """New keys of a group are where the group was; another column groups otherwise."""
    frame = keys(60).assign(shoot=[i % 6 for i in range(60)])
    split = split_frame(frame, HALVES, group="shoot").split
    alone = split_frame(frame.iloc[:6], HALVES, group="shoot").split.tolist()
    assert split.tolist() == alone * 10
    assert set(alone) == {"a", "b"}


def test_empty_groups_glue_nothing_together():
    """Rows without a group are drawn by their keys, as without groups at all."""
    frame = keys(40).assign(group=["", None, np.nan, pd.NA] * 10)
    grouped = split_frame(frame, HALVES, group="group").split
    assert grouped.tolist() == split_frame(keys(40), HALVES).split.tolist()


def test_several_columns_of_groups_count():
    """Rows that agree in any of them are together."""
    frame = pd.DataFrame(
        {"key": list("abcd"), "g": [1, 1, 2, 3], "h": ["u", "v", "v", "w"]}
    )
    for seed in range(20):
        split = split_frame(frame, HALVES, group=["g", "h"], seed=seed).split
        assert len(set(split[:3])) == 1


def test_rows_that_have_a_split_keep_it():
    """Kept as it is, also a part that is no part now; the column stays in its place."""
    frame = keys(4)
    frame.insert(0, "split", pd.Categorical(["test", None, "holdout", None]))
    frame["group"] = ["g", "g", "h", "h"]
    for stratify in (None, "group"):
        result = split_frame(frame, HALVES, group="group", stratify=stratify)
        assert list(result.columns) == ["split", "key", "group"]
        assert result.split.tolist() == ["test", "test", "holdout", "holdout"]


def test_new_rows_follow_most_of_their_kin():
    """Of a torn group: where most rows are, the earlier part where as many are."""
    frame = keys(6).assign(group="g", split=["b", "b", "a", None, None, None])
    assert split_frame(frame, HALVES, group="group").split[3:].tolist() == ["b"] * 3
    frame.loc[4, "split"] = "a"
    result = split_frame(frame, HALVES, group="group").split
    assert result.tolist() == ["b", "b", "a", "a", "a", "a"]


def test_strata_are_exact():
    """Ten tens and a hundred: 8, 1, 1 of each ten and 80, 10, 10 of the hundred."""
    frame = keys(200).assign(
        kind=[f"k{i // 10}" if i < 100 else "big" for i in range(200)]
    )
    result = split_frame(frame, THREE, stratify="kind")
    counts = pd.crosstab(result.kind, result.split)
    assert (counts.loc["big", ["train", "val", "test"]] == [80, 10, 10]).all()
    assert (counts.drop("big")[["train", "val", "test"]] == [8, 1, 1]).all(axis=None)


def test_strata_of_one_row_do_not_all_go_one_way():
    """What a stratum cannot give, the next one does: 100 strata of one row."""
    frame = keys(100)
    counts = Counter(split_frame(frame, THREE, stratify="key").split)
    assert counts == {"train": 80, "val": 10, "test": 10}


def test_missing_strata_are_one_stratum():
    """Ten rows without a category are divided by quota as well."""
    frame = keys(10).assign(kind=[None, np.nan] * 5)
    counts = Counter(split_frame(frame, THREE, stratify="kind").split)
    assert counts == {"train": 8, "val": 1, "test": 1}


def test_kept_rows_count_towards_the_quotas():
    """8 of 10 are train already: the two others are val and test."""
    frame = keys(10).assign(kind="k", split=["train"] * 8 + [None] * 2)
    result = split_frame(frame, THREE, stratify="kind").split
    assert sorted(result[8:]) == ["test", "val"]


def test_rows_outside_the_parts_do_not_count():
    """Of 20 rows, 10 are held out: the quotas are those of 10."""
    frame = keys(20).assign(kind="k", split=["holdout"] * 10 + [None] * 10)
    counts = Counter(split_frame(frame, THREE, stratify="kind").split)
    assert counts == {"holdout": 10, "train": 8, "val": 1, "test": 1}


def test_groups_fill_quotas_whole():
    """Twenty groups of five: 16, 2 and 2 groups."""
    frame = keys(100).assign(group=[i // 5 for i in range(100)], kind="k")
    result = split_frame(frame, THREE, stratify="kind", group="group")
    assert set(result.groupby("group").split.agg(lambda sides: len(set(sides)))) == {1}
    assert Counter(result.split) == {"train": 80, "val": 10, "test": 10}


def test_groups_over_several_strata_fill_quotas_together():
    """Ten patients with a row of each of two lesions: 8, 1, 1 of both."""
    frame = keys(20).assign(who=[i // 2 for i in range(20)], what=["u", "v"] * 10)
    result = split_frame(frame, THREE, stratify="what", group="who")
    assert set(result.groupby("who").split.agg(lambda sides: len(set(sides)))) == {1}
    counts = pd.crosstab(result.what, result.split)
    assert (counts[["train", "val", "test"]] == [8, 1, 1]).all(axis=None)


def test_near_duplicates_are_together():
    """A chain of hashes of 1 bit each, and equal pixels without a hash."""
    chain = ["00", "01", "03", "07", "ff", None, None]
    pixels = [None, None, None, None, None, "p", "p"]
    frame = keys(7).assign(phash=chain, pixels_sha256=pixels)
    sides = []
    for seed in range(30):
        split = split_frame(frame, HALVES, duplicates="phash", distance=1, seed=seed)
        assert len(set(split.split[:4])) == 1
        assert split.split[5] == split.split[6]
        sides.append(split.split[4] == split.split[0])
    assert any(sides)
    assert not all(sides)


@pytest.mark.parametrize(
    ("fractions", "words"),
    [
        ({}, "no part at all"),
        ({"a": 0.5, "b": 0.4}, "sum up to 0.9"),
        ({"a": 1.000001}, "sum up to"),
        ({"a": 1.5, "b": -0.5}, "above 0"),
        ({"a": 1, "b": 0}, "above 0"),
        ({"a": True}, "above 0"),
        ({"a": float("nan")}, "above 0"),
        ({"a": float("inf")}, "above 0"),
        ({"a": "1"}, "above 0"),
        ({"": 1}, "split"),
        ({"a/b": 1}, "split"),
        ({"a\\b": 1}, "split"),
        ({"..": 1}, "split"),
        ({"a.b": 1}, "split"),
        ({"a b": 1}, "split"),
        ({"a\n": 1}, "split"),
        ({"_a": 1}, "split"),
        ({"CON": 1}, "split"),
        ({"com¹": 1}, "reserves"),
        ({"All": 1}, "split"),
        ({"x" * 61: 1}, "split"),
        ({1: 1}, "int"),
        ({"Train": 0.5, "train": 0.5}, "one folder"),
        ([0.8, 0.2], "mapping"),
        (0.8, "mapping"),
    ],
)
def test_shares_that_cannot_be_used_are_refused(fractions, words):
    """Named, with what was expected."""
    with pytest.raises(cm.OptionsError, match=words):
        split_frame(keys(2), fractions)


def test_shares_are_read_as_written():
    """Decimals, thirds, and what adds up to 1 to within 1e-9."""
    assert Parts.read({"a": 0.7, "b": 0.3}).weights == (7, 3)
    assert Parts.read({"a": 1 / 3, "b": 2 / 3}).weights == (1, 2)
    assert Parts.read({"a": np.float32(0.1), "b": np.float64(0.9)}).weights == (1, 9)
    assert Parts.read({"a": Decimal("0.8"), "b": Decimal("0.2")}).weights == (4, 1)
    assert Parts.read({"a": 1}).weights == (1,)
    assert sum(Parts.read({"a": 0.5, "b": 0.5 + 1e-10}).weights) > 2
    assert check_part("训练_1") == "训练_1"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"column": "nokey"}, "nokey"),
        ({"group": "nogroup"}, "nogroup"),
        ({"stratify": "nokind"}, "nokind"),
        ({"duplicates": "nohash"}, "nohash"),
        ({"duplicates": "key"}, "perceptual hashes"),
        ({"distance": -1}, "distance"),
        ({"distance": 33}, "distance"),
        ({"distance": 1.0}, "distance"),
        ({"seed": 0.5}, "seed"),
        ({"seed": True}, "seed"),
        ({"seed": "0"}, "seed"),
        ({"group": "lists"}, "astype"),
        ({"group": 5}, "group must be"),
    ],
)
def test_arguments_that_cannot_be_used_are_refused(change, words):
    """Each is named in the error."""
    frame = keys(2).assign(lists=[[1], [2]])
    with pytest.raises(cm.OptionsError, match=words):
        split_frame(frame, HALVES, **change)


def test_a_split_that_is_no_folder_is_refused():
    """What stands in the column already has to be a name too."""
    with pytest.raises(cm.OptionsError, match="folder"):
        split_frame(keys(2).assign(split=["../x", None]), HALVES)


def test_a_kept_split_and_a_new_one_are_told_apart_on_every_disk():
    """``Train`` in the column and ``train`` asked for would be one folder."""
    name = next(iter(HALVES))
    with pytest.raises(cm.OptionsError, match="one folder on some disks"):
        split_frame(keys(2).assign(split=[name.upper(), None]), HALVES)


def test_names_of_splits_are_different_ones_in_their_order():
    """Each once; an accent written in two ways is one name."""
    assert check_parts(["b", "a", "b"]) == ("b", "a")
    with pytest.raises(cm.OptionsError, match="one folder"):
        check_parts(["ﬁt", "FIT"])
    with pytest.raises(cm.OptionsError, match="no hyphen"):
        check_parts(["hold-out"])
