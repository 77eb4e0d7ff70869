"""Checks that every verb makes on a frame before anything is sent."""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any

import pandas as pd

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["add_columns", "check_column", "check_free", "describe_cell"]


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
        names = ", ".join(map(str, frame.columns)) or "no columns at all"
        raise OptionsError(
            f"expected one column {column!r}, found {count or 'none'} among: {names}; "
            f"{remedy}"
        )
    values = frame[column]
    assert isinstance(values, pd.Series)
    return values


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
            f"the frame already has {', '.join(clash)}, which would be replaced: "
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
