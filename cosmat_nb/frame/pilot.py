"""A pilot: a few rows that stand for all, to be paid for first."""

from __future__ import annotations

import hashlib
import heapq
import operator
from collections import defaultdict
from typing import TYPE_CHECKING, Any

import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.places import shown_place

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from collections.abc import Set as AbstractSet

__all__ = ["pilot_frame"]

_EXTENSIONS = {"jpg": "jpeg", "jpeg": "jpeg", "png": "png"}
_TALL = 1.25
"""Height over width from which a picture counts as tall, and its inverse as wide."""

_MOST_FOLDERS = 50
"""With more, nearly every row would be a stratum of its own."""

Level = str | int
Stratum = tuple[Level, ...]


def pilot_frame(
    frame: pd.DataFrame, n: int = 20, *, column: str = "key", seed: int = 0
) -> pd.DataFrame:
    """Choose a few rows that stand for all. Sends nothing.

    Run them first: their cutouts stay in the store and are not paid again, and
    `plan_frame` knows from them how many bytes and seconds the rest will take.

    Parameters
    ----------
    frame : DataFrame
        One picture a row. Left as it is.
    n : int, default 20
        How many rows; all distinct pictures where there are not more.
    column : str, default "key"
        Holds object keys and addresses.
    seed : int, default 0
        Another one chooses other rows.

    Returns
    -------
    DataFrame
        Rows of `frame`, in its order and with its index; of several rows of one
        picture the first, and none whose key is no string.

    Raises
    ------
    OptionsError
        For no such column, and for an `n` below 1.

    Notes
    -----
    Rows are put into strata by quartile of ``size``, by ``height`` over ``width``
    (wide, square, tall), where the frame has these columns with numbers in them, by
    extension and by folder; where there are more than `n` folders, or 50, by the first
    part of the key, and where there are still more, not by folder. Strata get rows in
    proportion to their own, and at least one each; when `n` is too small for that,
    those come first that show a quartile, shape, extension or folder not yet seen.
    Within a stratum a hash of seed and key decides, so that neither the order of rows
    nor other rows change it much.

    Examples
    --------
    >>> frame = pd.DataFrame({"key": ["a/1.jpg", "a/2.jpg", "b/3.png", "a/4.jpg"]})
    >>> list(pilot_frame(frame, 2).key.str[0])
    ['a', 'b']
    """
    values = check_column(frame, column, "pass column=")
    wanted = _check_n(n)
    first = _first_rows(values.tolist())
    strata = _strata(frame.iloc[list(first.values())], list(first), wanted)
    members: dict[Stratum, list[str]] = defaultdict(list)
    for key, stratum in zip(first, strata, strict=True):
        members[stratum].append(key)
    shares = _shares({stratum: len(keys) for stratum, keys in members.items()}, wanted)
    chosen = [
        first[key]
        for stratum, share in shares.items()
        for key in sorted(members[stratum], key=lambda key: _draw(seed, key))[:share]
    ]
    return frame.iloc[sorted(chosen)]


def _check_n(n: object) -> int:
    try:
        count = operator.index(n)  # type: ignore[arg-type]
    except TypeError:
        count = 0
    if isinstance(n, bool) or count < 1:
        raise OptionsError(f"n must be a whole number from 1 on; not {n!r:.40}")
    return count


def _first_rows(values: Sequence[object]) -> dict[str, int]:
    first: dict[str, int] = {}
    for row, value in enumerate(values):
        if isinstance(value, str):
            first.setdefault(value, row)
    return first


def _draw(seed: int, key: str) -> bytes:
    text = f"{seed}:{key}".encode("utf-8", "surrogatepass")
    return hashlib.blake2b(text, digest_size=16).digest()


def _strata(rows: pd.DataFrame, keys: list[str], wanted: int) -> list[Stratum]:
    paths = [shown_place(key) for key in keys]
    columns: list[Sequence[Level]] = [
        _quartiles(rows),
        _shapes(rows),
        [_extension(path) for path in paths],
        _folders(paths, min(wanted, _MOST_FOLDERS)),
    ]
    return list(zip(*columns, strict=True))


def _numbers(rows: pd.DataFrame, name: str) -> pd.Series:
    if list(rows.columns).count(name) != 1:
        return pd.Series(float("nan"), index=range(len(rows)))
    values: Any = pd.to_numeric(rows[name].reset_index(drop=True), errors="coerce")
    return pd.Series(values.astype("float64"))


def _quartiles(rows: pd.DataFrame) -> list[int]:
    sizes = _numbers(rows, "size")
    above = [sizes > sizes.quantile(share) for share in (0.25, 0.5, 0.75)]
    quartiles = sum((each.astype("int64") for each in above), start=0)
    return pd.Series(quartiles, dtype="int64").where(sizes.notna(), -1).tolist()


def _shapes(rows: pd.DataFrame) -> list[int]:
    ratio = _numbers(rows, "height") / _numbers(rows, "width")
    shapes = (ratio >= _TALL).astype("int64") - (ratio <= 1 / _TALL).astype("int64")
    return shapes.where(ratio.notna(), -2).tolist()


def _extension(path: str) -> Level:
    name = path.rpartition("/")[2]
    return _EXTENSIONS.get(name.rpartition(".")[2].lower(), "other")


def _folders(paths: list[str], most: int) -> list[Level]:
    for folders in (
        [path.rpartition("/")[0] for path in paths],
        [path.partition("/")[0] if "/" in path else "" for path in paths],
    ):
        if len(set(folders)) <= most:
            return list(folders)
    return [""] * len(paths)


def _shares(sizes: Mapping[Stratum, int], wanted: int) -> dict[Stratum, int]:
    total = sum(sizes.values())
    if wanted >= total:
        return dict(sizes)
    shares = dict.fromkeys(_cover(sizes, wanted), 1)
    # Whoever is furthest below its part gets the next one.
    lacking = [
        (share - wanted * sizes[stratum] / total, stratum)
        for stratum, share in shares.items()
        if share < sizes[stratum]
    ]
    heapq.heapify(lacking)
    for _ in range(wanted - len(shares)):
        over, stratum = heapq.heappop(lacking)
        shares[stratum] += 1
        if shares[stratum] < sizes[stratum]:
            heapq.heappush(lacking, (over + 1, stratum))
    return shares


def _cover(sizes: Mapping[Stratum, int], most: int) -> list[Stratum]:
    """Return up to `most` strata: first what shows a level not yet seen, then large."""
    left = sorted(sizes, key=lambda stratum: (-sizes[stratum], stratum))
    if len(left) <= most:
        return left
    chosen: list[Stratum] = []
    seen: set[tuple[int, Level]] = set()
    while len(chosen) < most:
        best = max(left, key=lambda stratum: _news(stratum, seen))
        if not _news(best, seen):
            break
        left.remove(best)
        chosen.append(best)
        seen.update(enumerate(best))
    return chosen + left[: most - len(chosen)]


def _news(stratum: Stratum, seen: AbstractSet[tuple[int, Level]]) -> int:
    return sum(level not in seen for level in enumerate(stratum))
