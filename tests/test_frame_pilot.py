"""A pilot: a few rows that stand for all, whatever the order of the frame."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import cosmat_nb as cm
from cosmat_nb.frame.pilot import pilot_frame

QUICK = settings(max_examples=60, derandomize=True, deadline=None)


def keys(*values, **columns):
    """Make a frame of keys."""
    return pd.DataFrame({"key": list(values), **columns})


def test_every_folder_and_extension_is_shown():
    """A folder of one picture among a thousand others is in a pilot of four."""
    frame = keys(*[f"a/{i}.jpg" for i in range(998)], "b/1.jpg", "c/1.png")
    chosen = pilot_frame(frame, 4).key.tolist()
    assert len(chosen) == 4
    assert {"b/1.jpg", "c/1.png"} < set(chosen)


def test_shares_are_in_proportion():
    """Of 60, 30 and 10 pictures in three folders, ten rows are 6, 3 and 1."""
    names = [
        f"{name}/{i}" for name, n in (("a", 60), ("b", 30), ("c", 10)) for i in range(n)
    ]
    counts = pilot_frame(keys(*names), 10).key.str[0].value_counts()
    assert counts.to_dict() == {"a": 6, "b": 3, "c": 1}


def test_sizes_are_shown_by_quartile():
    """One row of each quarter of the sizes, and rows of unknown size apart."""
    sizes = [*range(1, 401), *[None] * 100]
    frame = keys(*[f"{i}.jpg" for i in range(500)], size=sizes)
    chosen = pilot_frame(frame, 5)["size"]
    assert sorted((chosen.dropna() - 1) // 100) == [0, 1, 2, 3]
    assert chosen.isna().sum() == 1


def test_wide_square_and_tall_are_shown():
    """Three shapes among a hundred squares: each has a row in a pilot of three."""
    heights = [100] * 98 + [124, 125]
    frame = keys(*map(str, range(100)), height=heights, width=[100] * 99 + [100])
    frame.loc[0, "width"] = 125
    chosen = pilot_frame(frame, 3)
    assert {0, 99} < set(chosen.index)
    assert 98 not in pilot_frame(frame, 2).index


def test_what_is_new_comes_first_when_there_are_too_few_rows():
    """Six strata and two rows: the two differ in folder and in extension both."""
    frame = keys(
        "a/1.jpg", "a/2.jpg", "a/3.png", "b/4.jpg", "b/5.png", "c/6.png", "c/7.jpg"
    )
    first, second = pilot_frame(frame, 2).key
    assert first[0] != second[0]
    assert first[-3:] != second[-3:]


@pytest.mark.parametrize("folders", [51, 500])
def test_many_folders_are_taken_by_the_first_part(folders):
    """With more folders than can be shown, the part before the first / counts."""
    frame = keys(*[f"a/{i}/x.jpg" for i in range(folders)], "z/1/x.jpg")
    assert "z/1/x.jpg" in pilot_frame(frame, 2).key.tolist()


def test_rows_keep_order_index_and_columns():
    """The result is rows of the frame: first of doubles, none without a key."""
    frame = keys("b", None, "a", "b", 7, "c", note=list("uvwxyz"))
    frame.index = [5, 5, 1, 1, 0, 5]
    chosen = pilot_frame(frame, 9)
    pd.testing.assert_frame_equal(chosen, frame.iloc[[0, 2, 5]])


def test_an_empty_frame_has_an_empty_pilot():
    """No rows, or none with a key, make a pilot of no rows with the same columns."""
    for frame in (keys(size=[]), keys(None, size=[3])):
        chosen = pilot_frame(frame)
        assert (len(chosen), list(chosen.columns)) == (0, ["key", "size"])


def test_another_seed_chooses_others():
    """The choice follows the seed, and nothing else."""
    frame = keys(*map(str, range(1000)))
    chosen = [tuple(pilot_frame(frame, 20, seed=seed).key) for seed in (0, 0, 1)]
    assert chosen[0] == chosen[1] != chosen[2]


names = st.builds(
    "{}/{}.{}".format,
    st.sampled_from("abc"),
    st.integers(0, 30),
    st.sampled_from(["jpg", "JPEG", "png", "gif"]),
)


@QUICK
@given(
    st.lists(st.tuples(names, st.integers(1, 99)), unique_by=lambda row: row[0]),
    st.integers(1, 40),
    st.integers(0, 3),
    st.randoms(use_true_random=False),
)
def test_the_order_of_rows_does_not_matter(rows, n, seed, random):
    """Shuffled rows give the same pictures: distinct, as many as asked or all."""
    frame = pd.DataFrame(rows, columns=["key", "size"])
    chosen = pilot_frame(frame, n, seed=seed)
    assert len(chosen) == min(n, len(rows))
    assert chosen.index.is_monotonic_increasing
    assert chosen.key.is_unique
    random.shuffle(rows)
    again = pilot_frame(pd.DataFrame(rows, columns=["key", "size"]), n, seed=seed)
    assert set(again.key) == set(chosen.key)


@QUICK
@given(st.lists(st.integers(1, 40), min_size=1, max_size=6), st.integers(0, 60))
def test_every_share_is_near_its_part(counts, more):
    """With rows for all folders each has one at least, and its part and one at most."""
    frame = keys(
        *[f"{name}/{i}" for name, count in enumerate(counts) for i in range(count)]
    )
    n = len(counts) + more
    shares = pilot_frame(frame, n).key.str.split("/").str[0].value_counts()
    for name, count in enumerate(counts):
        part = min(n, len(frame)) * count / len(frame)
        assert 1 <= shares[str(name)] <= max(1, part + 1)


@pytest.mark.parametrize("n", [0, -1, 1.5, "20", None, True])
def test_n_must_be_a_number_of_rows(n):
    """Anything but a whole number from 1 on is refused."""
    with pytest.raises(cm.OptionsError, match="n must be a whole number from 1 on"):
        pilot_frame(keys("a"), n)


def test_the_column_must_be_there():
    """A frame without keys is refused, with its columns named."""
    with pytest.raises(cm.OptionsError, match="expected one column 'key'"):
        pilot_frame(pd.DataFrame({"name": ["a"]}))
