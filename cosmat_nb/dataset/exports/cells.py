"""Cells of a frame as JSON values, without secrets."""

from __future__ import annotations

import math
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from uuid import UUID

import numpy as np
import pandas as pd

from cosmat_nb.dataset.splits.identity import is_missing
from cosmat_nb.errors import OptionsError
from cosmat_nb.places import shown_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

__all__ = ["clean_text", "find_kind", "to_json"]


def to_json(value: Any) -> Any:
    """Return a cell as a JSON value; what is missing or no number becomes None.

    Parameters
    ----------
    value : object
        Text, a number, a flag, a time, a path, an identifier, a member of an
        enumeration, an array; or a list, tuple, set or mapping of these. Addresses in
        texts lose what may be a secret; durations are seconds.

    Raises
    ------
    OptionsError
        When it is anything else.

    Examples
    --------
    >>> to_json([np.float32(0.5), float("nan"), "https://me:pw@a.com/b.jpg?sign=1"])
    [0.5, None, 'https://a.com/b.jpg']
    """
    if not isinstance(value, str) and is_missing(value):
        return None
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    raise OptionsError(f"JSON cannot hold a {type(value).__name__}")


def clean_text(text: str) -> str:
    r"""Return a text without the secrets of addresses in it; without any, as it is.

    Examples
    --------
    >>> clean_text("  two\nlines "), clean_text("at https://a.com/?sign=5aed now")
    ('  two\nlines ', 'at https://a.com/ now')
    """
    shown = shown_text(text)
    harmless = shown == " ".join(line.strip() for line in text.splitlines())
    return text if harmless else shown


def find_kind(values: Iterable[Any]) -> str:
    """Tell what JSON values of a column are, `None` aside.

    One of ``boolean``, ``integer``, ``number``, ``string``; ``json`` for all others.

    Examples
    --------
    >>> find_kind([1, None, 2.5]), find_kind([None]), find_kind([True, 1])
    ('number', 'json', 'json')
    """
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return "number"
    names = {bool: "boolean", int: "integer", float: "number", str: "string"}
    return names.get(kinds.pop(), "json") if len(kinds) == 1 else "json"


def _finite(value: Any) -> float | None:
    return float(value) if math.isfinite(value) else None


def _listed(values: Iterable[Any]) -> list[Any]:
    return [to_json(each) for each in values]


def _timed(value: Any) -> Any:
    # As integers, which is how NumPy itself lists them, they would not be times.
    if isinstance(value, np.ndarray):
        return [_timed(each) for each in value]
    kind = pd.Timestamp if value.dtype.kind == "M" else pd.Timedelta
    return to_json(kind(value))


def _arrayed(value: Any) -> Any:
    return _timed(value) if value.dtype.kind in "mM" else to_json(value.tolist())


def _mapped(values: Mapping[Any, Any]) -> dict[str, Any]:
    return {clean_text(str(name)): to_json(each) for name, each in values.items()}


_WRITERS: tuple[tuple[Any, Callable[[Any], Any]], ...] = (
    (np.floating | Decimal, _finite),
    (np.ndarray | np.generic, _arrayed),
    (Enum, lambda value: to_json(value.value)),
    (bool | int, lambda value: value),
    (float, _finite),
    (str, clean_text),
    (date | time, lambda value: value.isoformat()),
    (timedelta, lambda value: value.total_seconds()),
    (UUID, str),
    (PurePath, lambda value: clean_text(value.as_posix())),
    (dict, _mapped),
    (list | tuple, _listed),
    # A set has no order of its own, and the same data set has the same bytes.
    (set | frozenset, lambda value: sorted(_listed(value), key=repr)),
)
"""How values of each type are written; the first that fits counts."""
