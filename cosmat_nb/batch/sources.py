"""Sources: the distinct pictures that a frame names, and what it tells of them."""

from __future__ import annotations

import math
from itertools import repeat
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable


__all__ = ["Source", "Sources", "read_sources"]


class Source(NamedTuple):
    """One picture to be matted.

    Attributes
    ----------
    place : str
        Object key or address.
    identity : str
        Its ETag without quotes; empty where it is unknown.
    nbytes : int or None
        Size of its file; None where it is unknown.
    """

    place: str
    identity: str = ""
    nbytes: int | None = None


class Sources(NamedTuple):
    """The distinct pictures of some rows.

    Attributes
    ----------
    of : dict of str to Source
        By place, in the order in which they come first.
    rows : int
        How many rows were read.
    unnamed : int
        Rows whose cell is no string.
    conflicts : int
        Rows whose ETag is another one than an earlier row of the same place has;
        the first known one counts.
    """

    of: dict[str, Source]
    rows: int
    unnamed: int
    conflicts: int

    @property
    def duplicates(self) -> int:
        """Rows that name a picture which an earlier row names."""
        return self.rows - self.unnamed - len(self.of)


def read_sources(
    values: Iterable[object],
    etags: Iterable[object] | None = None,
    sizes: Iterable[object] | None = None,
) -> Sources:
    """Fold rows into distinct pictures.

    Parameters
    ----------
    values : iterable
        Object keys and addresses; what is no string is counted and left out.
    etags : iterable, optional
        As many; quotes are dropped, and what is no string is unknown.
    sizes : iterable, optional
        As many, bytes; what is no number is unknown.

    Returns
    -------
    Sources
        For each place the first ETag and the first size that are known.

    Examples
    --------
    >>> folded = read_sources(["a.jpg", None, "a.jpg"], [None, None, '"5d41"'])
    >>> folded.of["a.jpg"].identity, folded.duplicates, folded.unnamed
    ('5d41', 1, 1)
    """
    of: dict[str, Source] = {}
    rows = unnamed = conflicts = 0
    columns = repeat(None) if etags is None else etags, sizes or repeat(None)
    for value, etag, size in zip(values, *columns, strict=False):
        rows += 1
        if not isinstance(value, str):
            unnamed += 1
            continue
        identity, nbytes = _identity(etag), _bytes(size)
        known = of.get(value)
        if known is None:
            # Strings of numpy and members of enums become plain ones.
            place = value if type(value) is str else "".join(value)
            of[place] = Source(place, identity, nbytes)
            continue
        conflicts += bool(identity and known.identity not in ("", identity))
        first = known.nbytes if known.nbytes is not None else nbytes
        of[known.place] = Source(known.place, known.identity or identity, first)
    return Sources(of, rows, unnamed, conflicts)


def _identity(etag: object) -> str:
    return etag.strip().strip('"') if isinstance(etag, str) else ""


def _bytes(size: object) -> int | None:
    if type(size) is int:
        return size
    if type(size) is float and math.isfinite(size):
        return int(size)
    return None
