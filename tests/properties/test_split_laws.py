"""Laws of a split: no row moves another, nothing that belongs together is torn."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cosmat_nb.dataset.splits.leaks import find_leaks
from cosmat_nb.dataset.splits.nearness import (
    count_unlike,
    find_clusters,
    join_rows,
    write_words,
)
from cosmat_nb.dataset.splits.parts import Parts
from cosmat_nb.dataset.splits.quotas import Unit, fill_quotas
from cosmat_nb.dataset.splits.splitting import split_frame

pytestmark = pytest.mark.filterwarnings("ignore:split .* got none of")
"""A handful of rows does not reach every split, and need not here."""

quick = settings(max_examples=60, deadline=None, derandomize=True)
keys = st.one_of(st.none(), st.text(max_size=4), st.integers(-9, 9))
groups = st.one_of(st.none(), st.sampled_from("uvwxyz"))
hashes = st.one_of(st.none(), st.binary(min_size=2, max_size=2).map(bytes.hex))
rows = st.lists(st.tuples(keys, groups, groups, hashes), max_size=40)
weights = st.lists(st.integers(1, 9), min_size=1, max_size=4)
seeds = st.integers(-(2**70), 2**70)


def frame_of(cells):
    """A frame of rows, its index without order."""
    table = pd.DataFrame(
        cells, columns=["key", "group", "stratum", "phash"], dtype=object
    )
    table.index = pd.Index(np.arange(len(table)) % 7 - 3)
    return table


def shares(weight):
    """Fractions of whole weights."""
    return {f"p{i}": w / sum(weight) for i, w in enumerate(weight)}


@quick
@given(rows, weights, seeds, st.booleans(), st.randoms(use_true_random=False))
def test_rows_that_are_added_or_shuffled_move_no_other(
    cells, weight, seed, grouped, random
):
    """Each key's side is the same in any frame that has it, with any company."""
    frame, order = frame_of(cells), list(range(len(cells)))
    # A group that gains a key of another group would join both: keys tell groups here.
    frame["key"] = [
        f"{group}{key}" for key, group in zip(frame.key, frame.group, strict=True)
    ]
    random.shuffle(order)
    some = frame.iloc[order[: len(order) // 2]]
    how = {"group": "group" if grouped else None, "seed": seed}
    whole = split_frame(frame, shares(weight), **how)
    part = split_frame(some, shares(weight), **how)
    assert part.split.tolist() == [whole.split.iloc[row] for row in order[: len(some)]]
    assert part.index.equals(some.index)


@quick
@given(rows, weights, seeds, st.booleans())
def test_nothing_that_belongs_together_is_torn(cells, weight, seed, stratified):
    """A split by keys, groups and hashes has no leaks, with quotas or without."""
    frame = frame_of(cells)
    together = {"group": "group", "duplicates": "phash", "distance": 2}
    stratify = "stratum" if stratified else None
    split = split_frame(frame, shares(weight), stratify=stratify, seed=seed, **together)
    assert find_leaks(split, **together).empty
    lost = split.split.isna()
    alone = frame.key.isna() | (frame.key == "")
    assert not (lost & ~(alone & frame.group.isna())).any()


@quick
@given(rows, weights, st.randoms(use_true_random=False))
def test_quotas_do_not_depend_on_the_order_of_rows(cells, weight, random):
    """A shuffled frame is dealt out alike, row by row."""
    frame, order = frame_of(cells), list(range(len(cells)))
    random.shuffle(order)
    how = {"stratify": "stratum", "group": "group"}
    straight = split_frame(frame, shares(weight), **how).split
    shuffled = split_frame(frame.iloc[order], shares(weight), **how).split
    missing = straight.isna().tolist()
    for place, row in enumerate(order):
        assert missing[row] or straight.iloc[row] == shuffled.iloc[place]


@quick
@given(rows, weights, st.integers(0, 40))
def test_rows_that_were_split_stay_and_others_follow(cells, weight, count):
    """Splitting again with more rows keeps every side, also with quotas."""
    frame = frame_of(cells)
    how = {"stratify": "stratum", "group": "group", "duplicates": "phash"}
    old = split_frame(frame.iloc[:count], shares(weight), distance=2, **how)
    again = frame.assign(split=[*old.split, *[None] * (len(frame) - len(old))])
    new = split_frame(again, shares(weight), distance=2, **how)
    known = old.split.notna().to_numpy()
    assert (new.split.iloc[: len(old)][known] == old.split[known]).all()


@quick
@given(st.lists(st.integers(1, 30), min_size=1, max_size=12), weights)
def test_single_rows_fill_quotas_to_less_than_a_row(sizes, weight):
    """In each stratum a part has its share, rounded down or up; totals are near."""
    parts = Parts(tuple(f"p{i}" for i in range(len(weight))), tuple(weight))
    units = [
        Unit(draw, {stratum: 1})
        for draw, stratum in enumerate(np.repeat(range(len(sizes)), sizes).tolist())
    ]
    filled = Counter(
        (next(iter(unit.rows)), part)
        for unit, part in zip(units, fill_quotas(units, parts), strict=True)
    )
    for name, share in zip(parts.names, parts.weights, strict=True):
        for stratum, size in enumerate(sizes):
            off = filled[stratum, name] * parts.total - size * share
            assert abs(off) < parts.total
        total = sum(filled[stratum, name] for stratum in range(len(sizes)))
        assert abs(total * parts.total - sum(sizes) * share) < 3 * parts.total


@quick
@given(
    st.lists(
        st.dictionaries(st.integers(0, 3), st.integers(1, 9), min_size=1, max_size=2),
        max_size=25,
    ),
    weights,
)
def test_no_part_is_overfilled_by_a_whole_unit(strata, weight):
    """Units of one stratum exceed a share by less than the largest unit there."""
    parts = Parts(tuple(f"p{i}" for i in range(len(weight))), tuple(weight))
    units = [
        Unit(draw, dict([next(iter(rows.items()))])) for draw, rows in enumerate(strata)
    ]
    filled = fill_quotas(units, parts)
    for stratum in range(4):
        size = sum(unit.rows.get(stratum, 0) for unit in units)
        largest = max((unit.rows.get(stratum, 0) for unit in units), default=0)
        for name, share in zip(parts.names, parts.weights, strict=True):
            got = sum(
                unit.rows.get(stratum, 0)
                for unit, part in zip(units, filled, strict=True)
                if part == name
            )
            over = got * parts.total - size * share
            assert over < max(largest, 1) * parts.total


@quick
@given(
    st.integers(1, 150),
    st.sampled_from([8, 16, 64]),
    st.floats(0, 0.5),
    st.integers(0, 2**32 - 1),
    st.data(),
)
def test_clusters_are_those_of_every_pair_compared(count, bits, noise, seed, data):
    """Bands lose no near pair and join no far one: held against all pairs."""
    distance = data.draw(st.integers(0, bits // 4))
    rng = np.random.default_rng(seed)
    centers = rng.random((4, bits)) < 0.5
    table = centers[rng.integers(0, 4, count)] ^ (rng.random((count, bits)) < noise)
    words = write_words(table)
    wanted = join_rows(count, *np.nonzero(count_unlike(words, words) <= distance))
    found = find_clusters(table, distance)
    pairs = set(zip(found.tolist(), wanted.tolist(), strict=True))
    assert len(pairs) == len(set(found.tolist())) == len(set(wanted.tolist()))
