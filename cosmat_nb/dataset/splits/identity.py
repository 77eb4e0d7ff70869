"""What stands for a key or a group when a draw is made: the same on every machine."""

from __future__ import annotations

import datetime as dt
import hashlib
import math
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["check_seed", "digest_cells", "is_missing"]

_BYTES = 8


def check_seed(seed: object) -> int:
    """Return a seed as an int.

    Raises
    ------
    OptionsError
        When it is no whole number.

    Examples
    --------
    >>> check_seed(7)
    7
    """
    if isinstance(seed, (int, np.integer)) and not isinstance(seed, bool):
        return int(seed)
    raise OptionsError(f"seed must be a whole number; not {seed!r}")


def is_missing(cell: object) -> bool:
    """Whether a cell names nothing: None, NaN, NA, NaT or an empty text.

    Examples
    --------
    >>> is_missing(""), is_missing(None), is_missing(0)
    (True, True, False)
    """
    if isinstance(cell, str):
        return not cell
    return bool(pd.api.types.is_scalar(cell) and pd.isna(cell))  # type: ignore[call-overload]


def digest_cells(cells: Iterable[object], seed: int, column: str) -> list[int | None]:
    """Draw a number for each cell: equal cells draw equal, missing ones none.

    BLAKE2b (RFC 7693) of the cell, keyed with the seed, 64 bits. Unlike Python's
    ``hash`` it is the same in every process and on every platform. Texts are taken
    whole, as UTF-8; 1, 1.0 and True are one number; dates are as ISO 8601 writes them.

    Parameters
    ----------
    cells : iterable
        Texts, bytes, numbers, dates and times, and missing ones, see `is_missing`.
    seed : int
        Another seed, other draws.
    column : str
        What an error calls them.

    Returns
    -------
    list of int or None
        Each in [0, 2**64).

    Raises
    ------
    OptionsError
        When a cell is something else.

    Examples
    --------
    >>> a, b, none = digest_cells(["a.jpg", "b.jpg", None], 0, "key")
    >>> a == b, none is None, 0 <= a < 2**64
    (False, True, True)
    """
    # A keyed state costs a block of hashing, and is copied for next to nothing.
    keyed = hashlib.blake2b(
        key=hashlib.sha256(str(seed).encode()).digest(), digest_size=_BYTES
    )
    known: dict[bytes, int] = {}
    draw = partial(_draw, keyed, known)
    return [
        None if is_missing(cell) else draw(_as_bytes(cell, column)) for cell in cells
    ]


def _draw(keyed: hashlib.blake2b, known: dict[bytes, int], data: bytes) -> int:
    if data not in known:
        state = keyed.copy()
        state.update(data)
        known[data] = int.from_bytes(state.digest(), "big")
    return known[data]


def _as_bytes(cell: Any, column: str) -> bytes:
    if isinstance(cell, np.generic):
        cell = cell.item()
    match cell:
        case str():
            return b"s" + cell.encode("utf-8", "surrogatepass")
        case bytes():
            return b"b" + cell
        case int():
            return b"n%d" % cell
        case float() if math.isfinite(cell) and cell.is_integer():
            return b"n%d" % int(cell)
        case float():
            return b"n" + repr(cell).encode()
        case dt.date():
            return b"d" + cell.isoformat().encode()
    raise OptionsError(
        f"column {column!r} must hold texts, numbers or dates, so that rows are told "
        f"apart alike everywhere; one cell is a {type(cell).__name__}: use astype(str)"
    )
