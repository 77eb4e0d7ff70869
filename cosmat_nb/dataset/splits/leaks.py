"""Rows on different sides of a split that show the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import pandas as pd

from cosmat_nb.dataset.splits.identity import is_missing
from cosmat_nb.dataset.splits.likeness import DISTANCE, check_distance, read_hashes
from cosmat_nb.dataset.splits.likes import read_groups, read_likes
from cosmat_nb.dataset.splits.nearness import count_unlike, number_rows, write_words
from cosmat_nb.frame.columns import check_column

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cosmat_nb.dataset.splits.likes import Likes

    Rows: TypeAlias = NDArray[np.intp]

__all__ = ["find_leaks"]

_BLOCK = 256  # rows held at once against all that look for one


def find_leaks(
    frame: pd.DataFrame,
    *,
    column: str = "key",
    split: str = "split",
    group: str | Sequence[str] | None = None,
    duplicates: str | None = None,
    distance: int = DISTANCE,
) -> pd.DataFrame:
    """List rows that show the same and are on different sides of a split.

    Every row that leaks stands in a pair, but not every pair is listed: 100 000 equal
    pictures would make billions. Of each row and reason, the pair with the first row
    of the frame is given that is on another side; two rows are paired once, for the
    first reason of those below.

    Parameters
    ----------
    frame : DataFrame
        Left as it is.
    column : str, default "key"
        What names a row: texts, numbers or dates.
    split : str, default "split"
        Column of sides. A row without one is on none and leaks nothing.
    group : str or sequence of str, optional
        Columns of groups, each of which should be on one side.
    duplicates : str, optional
        Column of perceptual hashes, as `hash_frame` makes them; with it, rows that
        agree in ``pixels_sha256`` are found too, if the frame has it.
    distance : int, default 15
        Bits in which hashes of near-duplicates differ at most, up to a quarter of all.

    Returns
    -------
    DataFrame
        A row a pair, reason by reason: ``key_a``, ``split_a`` and ``key_b``,
        ``split_b``, in the frame's order; ``distance``, bits in which their hashes
        differ, missing where one has none; and ``why``: "same key", "same picture",
        "same group" or "near-duplicate".
        No row: nothing leaks.

    Raises
    ------
    OptionsError
        When a column is missing or holds something else, or distance is none.

    Examples
    --------
    >>> split = ["train", "test", "test"]
    >>> frame = pd.DataFrame({"key": ["a", "b", "a"], "split": split})
    >>> find_leaks(frame)[["key_a", "split_a", "split_b", "why"]].values.tolist()
    [['a', 'train', 'test', 'same key']]
    """
    check_distance(distance)
    sides, names = _read_sides(frame, split)
    likes = read_likes(frame, column, read_groups(group), duplicates, distance)
    hashes = _Hashes.read(frame, duplicates)
    pairs: dict[tuple[int, int], str] = {}
    for each in likes:
        reach = distance if each.why == "near-duplicate" else None
        torn = _torn(each, sides)
        found = {pair for at in torn for pair in _pair(at, sides[at], hashes, reach)}
        for pair in sorted(found):
            pairs.setdefault(pair, each.why)
    return _as_frame(frame, column, pairs, sides, names, hashes)


class _Hashes:
    """Perceptual hashes by row."""

    def __init__(self, rows: Rows, bits: NDArray[np.bool_], count: int) -> None:
        self.place = np.full(count, -1, np.intp)
        self.place[rows] = np.arange(len(rows))
        self.bits = bits

    @classmethod
    def read(cls, frame: pd.DataFrame, column: str | None) -> _Hashes:
        cells = [] if column is None else frame[column].tolist()
        return cls(*read_hashes(cells, str(column)), len(frame))

    def unlike(self, a: Sequence[int], b: Sequence[int]) -> pd.Series:
        """Count the bits in which pairs of rows differ, missing without a hash."""
        one, other = self.place[list(a)], self.place[list(b)]
        known = np.flatnonzero(np.minimum(one, other) >= 0)
        counts = (self.bits[one[known]] != self.bits[other[known]]).sum(axis=1)
        return pd.Series(counts, known, "Int64").reindex(range(len(a)))


def _read_sides(frame: pd.DataFrame, split: str) -> tuple[Rows, list[str]]:
    cells = check_column(frame, split, "make it with split_frame").tolist()
    seen: dict[str, int] = {}
    sides = [
        -1 if is_missing(cell) else seen.setdefault(str(cell), len(seen))
        for cell in cells
    ]
    return np.array(sides, np.intp), list(seen)


def _torn(likes: Likes, sides: Rows) -> Iterator[Rows]:
    """Yield the rows of each cluster that is on several sides, in the frame's order."""
    rows = np.flatnonzero((likes.numbers >= 0) & (sides >= 0))
    order = rows[np.argsort(likes.numbers[rows], kind="stable")]
    ends = np.flatnonzero(np.diff(likes.numbers[order])) + 1
    for cluster in np.split(order, ends):
        if len(cluster) and (sides[cluster] != sides[cluster[0]]).any():
            yield cluster


def _pair(
    rows: Rows, sides: Rows, hashes: _Hashes, reach: int | None
) -> Iterator[tuple[int, int]]:
    if reach is None:
        partners = np.full(len(rows), 0)
        partners[sides == sides[0]] = int(np.argmax(sides != sides[0]))
    else:
        partners = _find_near(hashes.bits[hashes.place[rows]], sides, reach)
    for row, partner in enumerate(partners.tolist()):
        if partner >= 0:
            first, second = sorted((row, partner))
            yield int(rows[first]), int(rows[second])


def _find_near(bits: NDArray[np.bool_], sides: Rows, reach: int) -> Rows:
    """Find each row's first near one on another side, -1 where there is none."""
    spread = (sides[:, None] >> np.arange(32)) & 1
    first, number = number_rows(np.hstack((bits, spread.astype(np.bool_))))
    order = np.sort(first)
    words, sides = write_words(bits[order]), sides[order]
    found = np.full(len(order), -1, np.intp)
    for side in np.unique(sides):
        looking, others = np.flatnonzero(sides == side), np.flatnonzero(sides != side)
        for start in range(0, len(others), _BLOCK):
            block = others[start : start + _BLOCK]
            near = count_unlike(words[looking], words[block]) <= reach
            hit = near.any(axis=1)
            found[looking[hit]] = order[block[near[hit].argmax(axis=1)]]
            looking = looking[~hit]
    mine = np.searchsorted(order, first)[number]
    return found[mine]


def _as_frame(
    frame: pd.DataFrame,
    column: str,
    pairs: dict[tuple[int, int], str],
    sides: Rows,
    names: Sequence[str],
    hashes: _Hashes,
) -> pd.DataFrame:
    a, b = ([pair[side] for pair in pairs] for side in (0, 1))
    keys, texts = frame[column], np.array([*names, ""], object)
    return pd.DataFrame(
        {
            "key_a": keys.iloc[a].reset_index(drop=True),
            "split_a": pd.Series(texts[sides[a]], dtype="str"),
            "key_b": keys.iloc[b].reset_index(drop=True),
            "split_b": pd.Series(texts[sides[b]], dtype="str"),
            "distance": hashes.unlike(a, b),
            "why": pd.Series(list(pairs.values()), dtype="str"),
        }
    )
