"""What was found for the rows of a frame, as columns on its right."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import pandas as pd

from cosmat_nb.frame.columns import add_columns

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = ["add_rows", "told"]

T = TypeVar("T")


def told(
    cells: Sequence[object], rows: Sequence[tuple[T, str | None] | None]
) -> list[tuple[T, str | None] | tuple[dict[str, object], str | None]]:
    """Give every row that was no task a reason, unless its cell is empty."""
    return [row or ({}, _unlike(cell)) for cell, row in zip(cells, rows, strict=True)]


def _unlike(cell: object) -> str | None:
    if pd.api.types.is_scalar(cell) and pd.isna(cell):  # type: ignore[call-overload]
        return None
    return f"OptionsError: expected a Cutout; got {type(cell).__name__}"


def add_rows(
    frame: pd.DataFrame,
    rows: Sequence[tuple[Mapping[str, object], str | None]],
    dtypes: Mapping[str, str],
    error: str,
) -> pd.DataFrame:
    """Return a frame with what was found for each row on the right.

    Parameters
    ----------
    frame : DataFrame
        The user's frame.
    rows : sequence of tuple
        Numbers by column, and why some or all are missing.
    dtypes : mapping of str to str
        The columns, with a type of each that has missing values.
    error : str
        The column of reasons.
    """
    numbers = pd.DataFrame(
        [row[0] for row in rows], index=frame.index, columns=list(dtypes)
    )
    why = pd.Series([row[1] for row in rows], index=frame.index, dtype="str")
    return add_columns(frame, numbers.astype(dtypes).assign(**{error: why}))
