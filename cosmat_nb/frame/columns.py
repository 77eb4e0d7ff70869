"""Checks that every verb makes on a frame before anything is sent."""

from __future__ import annotations

from copy import deepcopy
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.places import shown_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

__all__ = [
    "add_columns",
    "check_column",
    "check_free",
    "check_numbers",
    "describe_cell",
]

_MOST = 5  # names that an error lists besides those that were meant
_LONGEST = 60  # of a name in an error


def check_column(frame: pd.DataFrame, column: str, remedy: str) -> pd.Series:
    """Return one column of a frame.

    Parameters
    ----------
    frame : DataFrame
        The user's frame.
    column : str
        Its name.
    remedy : str
        What to do when it is missing.

    Raises
    ------
    OptionsError
        When `frame` is no frame, has columns of several levels, or has the column not
        at all or twice.
    """
    if not isinstance(frame, pd.DataFrame):
        raise OptionsError(f"expected a DataFrame; got {type(frame).__name__}")
    if frame.columns.nlevels != 1:
        raise OptionsError("expected one level of column names; flatten frame.columns")
    count = list(frame.columns).count(column)
    if count != 1:
        near = [] if count else _find_near(column, frame)
        meant = f" (did you mean {', '.join(near)}?)" if near else ""
        others = [name for name in map(_shown, frame.columns) if name not in near]
        names = _listed([*near, *others], len(near) + _MOST) or "no columns at all"
        raise OptionsError(
            f"expected one column {shown_text(repr(column))}, found {count or 'none'}"
            f"{meant} among: {names}; {remedy}"
        )
    values = frame[column]
    assert isinstance(values, pd.Series)
    return values


def check_numbers(frame: pd.DataFrame, column: str, remedy: str) -> NDArray[np.float64]:
    """Return one column of numbers or flags, (N,) float64; NaN where one is missing.

    The arguments are those of `check_column`.

    Raises
    ------
    OptionsError
        As `check_column`, and when the column holds something else.
    """
    values = check_column(frame, column, remedy)
    try:
        numbers = values.astype("Float64").to_numpy("float64", na_value=np.nan)
    except (TypeError, ValueError):
        raise OptionsError(
            f"column {shown_text(repr(column))} must hold numbers to be drawn; got "
            f"{values.dtype}"
        ) from None
    return np.asarray(numbers, np.float64)


def check_free(frame: pd.DataFrame, names: Iterable[str]) -> None:
    """Make sure that a verb's own columns would not replace the user's.

    Raises
    ------
    OptionsError
        Naming the columns that clash.
    """
    clash = [name for name in names if name in frame.columns]
    if clash:
        raise OptionsError(
            f"the frame already has {_listed(clash, _MOST)}, which would be replaced: "
            "rename them, or drop what an earlier run added"
        )


def add_columns(frame: pd.DataFrame, columns: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with more columns on the right.

    Parameters
    ----------
    frame : DataFrame
        The user's frame. Left as it is; the name of its columns' axis and its
        ``attrs`` are in the result too.
    columns : DataFrame
        The verb's own columns, over the same index.
    """
    result: pd.DataFrame = pd.concat([frame, columns], axis=1)
    result.columns.name = frame.columns.name
    result.attrs = deepcopy(frame.attrs)
    return result


def describe_cell(value: Any) -> str:
    """Say why a cell names no picture; the value itself may hold a signature."""
    missing = pd.api.types.is_scalar(value) and pd.isna(value)
    kind = "empty" if missing else type(value).__name__
    return f"an object key must be a string; this cell is {kind}"


def _find_near(column: object, frame: pd.DataFrame) -> list[str]:
    if not isinstance(column, str):
        return []
    names = dict.fromkeys(map(_shown, frame.columns))
    return get_close_matches(_shown(column), names)


def _shown(name: object) -> str:
    text = shown_text(str(name))
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"


def _listed(names: Sequence[str], most: int) -> str:
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more
