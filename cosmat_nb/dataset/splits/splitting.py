"""Rows of a frame dealt out to the parts of a split, the same today and next year."""

from __future__ import annotations

import warnings
from collections import Counter
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb.dataset.splits.identity import check_seed, digest_cells, is_missing
from cosmat_nb.dataset.splits.likeness import DISTANCE, check_distance
from cosmat_nb.dataset.splits.likes import read_groups, read_likes
from cosmat_nb.dataset.splits.nearness import join_rows
from cosmat_nb.dataset.splits.parts import SPLIT, Parts, check_part, check_parts
from cosmat_nb.dataset.splits.quotas import Unit, fill_quotas
from cosmat_nb.errors import CosmatWarning
from cosmat_nb.frame.columns import add_columns, check_column

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cosmat_nb.dataset.splits.likes import Likes

__all__ = ["split_frame"]


def split_frame(
    frame: pd.DataFrame,
    fractions: Mapping[str, float],
    *,
    column: str = "key",
    group: str | Sequence[str] | None = None,
    stratify: str | None = None,
    duplicates: str | None = None,
    distance: int = DISTANCE,
    seed: int = 0,
) -> pd.DataFrame:
    """Split rows into parts, so that none leaks into another.

    **Stable.** Which part a row is in follows from its key, or its group, and the seed
    alone: rows that are added, left out or shuffled move no other, and shares are
    reached about as closely as by tossing dice. A row that has a ``split`` already
    keeps it, and new rows that belong to it follow.

    **Not so stable** with `stratify` or `duplicates`, which look at other rows: a new
    row may take an old one's place in a quota, or join two clusters into one. There,
    stability comes from rows that carry their ``split``: split what was split before
    together with what is new.

    Parameters
    ----------
    frame : DataFrame
        A row a picture. Left as it is.
    fractions : mapping of str to float
        Name to share, as ``{"train": 0.8, "val": 0.1, "test": 0.1}``: above 0, 1
        together. Names as `check_parts` takes them.
    column : str, default "key"
        What names a row: texts, numbers or dates. Rows of one key stay together. A link
        that was signed anew is another key.
    group : str or sequence of str, optional
        Columns of groups, as of products or shoots, that are never torn. A row without
        a group is on its own.
    stratify : str, optional
        Column of strata, as of categories, each of which gets its shares by quota, see
        `fill_quotas`: exact to less than one row where nothing holds rows together and
        none was split before. Rows that keep their split count. Rows without a stratum
        are one stratum.
    duplicates : str, optional
        Column of perceptual hashes, as `hash_frame` makes them. Near-duplicates, and
        near-duplicates of these, stay together, and so do rows that agree in
        ``pixels_sha256``, if the frame has it. A row without a hash is on its own.
    distance : int, default 15
        Bits in which hashes of near-duplicates differ at most, up to a quarter of all.
    seed : int, default 0
        Another seed, another split.

    Returns
    -------
    DataFrame
        Same index, order and columns, and ``split``: a name of `fractions` or the one
        that was there. It is missing only where a row has neither key nor group and
        nothing else puts it with others.

    Warns
    -----
    CosmatWarning
        When a split gets no row at all, as may happen with few rows or groups.

    Raises
    ------
    OptionsError
        When shares, names, columns, distance or seed cannot be used.

    Notes
    -----
    A key's or group's BLAKE2b digest, see `digest_cells`, falls into the stretch of one
    part; a cluster goes by the smallest digest of its groups, or of its keys where it
    has no group. Rows split before that should be together and are not stay where they
    are: `find_leaks` tells of them, and new ones go where most of them are.

    Examples
    --------
    >>> frame = pd.DataFrame({"key": ["a.jpg", "b.jpg", "c.jpg", "d.jpg"]})
    >>> split_frame(frame, {"train": 0.5, "test": 0.5}).split.tolist()
    ['train', 'train', 'test', 'train']
    """
    parts, seed = Parts.read(fractions), check_seed(seed)
    check_distance(distance)
    groups = read_groups(group)
    likes = read_likes(frame, column, groups, duplicates, distance)
    clusters = _join(likes, len(frame))
    draws = _draw(frame, [column, *groups], seed, clusters)
    kept = _read_kept(frame, parts)
    homes = _find_homes(clusters, kept, parts)
    sides = [old or homes.get(at) for old, at in zip(kept, clusters, strict=True)]
    if stratify is None:
        dealt = {cluster: parts.pick(draw) for cluster, draw in draws.items()}
    else:
        strata = _read_strata(frame, stratify, seed)
        dealt = _deal(zip(clusters, strata, sides, strict=True), draws, parts)
    found = [old or dealt.get(at) for old, at in zip(sides, clusters, strict=True)]
    _warn_of_empty([name for name in fractions if name not in found], len(found))
    return _with_split(frame, found)


def _warn_of_empty(names: Sequence[str], count: int) -> None:
    if names and count:
        warnings.warn(
            f"split {', '.join(names)} got none of {count} rows: pass more rows, "
            "stratify= for exact shares, or another seed=",
            CosmatWarning,
            stacklevel=3,
        )


def _join(likes: Iterable[Likes], count: int) -> list[int]:
    """Give rows that stay together one number, whatever the reason."""
    links = [np.zeros((2, 0), np.intp)]
    for each in likes:
        rows = np.flatnonzero(each.numbers >= 0)
        _, first, number = np.unique(
            each.numbers[rows], return_index=True, return_inverse=True
        )
        links.append(np.stack((rows, rows[first[number.reshape(-1)]])))
    if not count:
        return []
    clusters: list[int] = join_rows(count, *np.concatenate(links, axis=1)).tolist()
    return clusters


def _draw(
    frame: pd.DataFrame, columns: Sequence[str], seed: int, clusters: Sequence[int]
) -> dict[int, int]:
    """Draw a number for each cluster: by its groups, else by its keys."""
    draws: dict[int, int] = {}
    for names in (columns[1:], columns[:1]):
        found: dict[int, int] = {}
        for name in names:
            cells = check_column(frame, name, "name it once").tolist()
            digests = digest_cells(cells, seed, name)
            for cluster, digest in zip(clusters, digests, strict=True):
                if digest is not None:
                    found[cluster] = min(digest, found.get(cluster, digest))
        draws = {**found, **draws}
    return draws


def _read_kept(frame: pd.DataFrame, parts: Parts) -> list[str | None]:
    if SPLIT not in frame.columns:
        return [None] * len(frame)
    cells = check_column(frame, SPLIT, "name it once").tolist()
    kept = [None if is_missing(cell) else check_part(cell) for cell in cells]
    check_parts([*parts.names, *filter(None, kept)])
    return kept


def _find_homes(
    clusters: Sequence[int], kept: Sequence[str | None], parts: Parts
) -> dict[int, str]:
    """Find where most rows of a cluster are that have a split."""
    votes: dict[int, Counter[str]] = {}
    for cluster, part in zip(clusters, kept, strict=True):
        if part is not None:
            votes.setdefault(cluster, Counter())[part] += 1
    ranks = {name: rank for rank, name in enumerate(reversed(parts.names))}
    return {
        cluster: max(count, key=lambda part: (count[part], ranks.get(part, -1), part))
        for cluster, count in votes.items()
    }


def _read_strata(frame: pd.DataFrame, column: str, seed: int) -> list[int]:
    cells = check_column(frame, column, "pass stratify=").tolist()
    return [-1 if d is None else d for d in digest_cells(cells, seed, column)]


def _deal(
    rows: Iterable[tuple[int, int, str | None]],
    draws: Mapping[int, int],
    parts: Parts,
) -> dict[int, str]:
    """Fill the quotas of all strata; rows outside the parts are not theirs."""
    held: dict[tuple[int, str | None], Counter[int]] = {}
    for cluster, stratum, side in rows:
        if side in parts.names or (side is None and cluster in draws):
            held.setdefault((cluster, side), Counter())[stratum] += 1
    units = [Unit(draws.get(at, 0), count, side) for (at, side), count in held.items()]
    filled = fill_quotas(units, parts)
    return {at: part for (at, side), part in zip(held, filled, strict=True) if not side}


def _with_split(frame: pd.DataFrame, sides: Sequence[str | None]) -> pd.DataFrame:
    cells: list[Any] = list(sides)
    column = pd.Series(cells, frame.index, dtype="str", name=SPLIT)
    if SPLIT not in frame.columns:
        return add_columns(frame, column.to_frame())
    others = list(frame.columns)
    place = others.index(SPLIT)
    result = add_columns(frame.drop(columns=SPLIT), column.to_frame())
    return result[[*others[:place], SPLIT, *others[place + 1 :]]]
