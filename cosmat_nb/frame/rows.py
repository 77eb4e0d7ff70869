"""Between a frame's rows and a batch: sources read from it, outcomes written to it."""

from __future__ import annotations

from operator import attrgetter
from typing import TYPE_CHECKING

import pandas as pd

from cosmat_nb.batch.sources import read_sources
from cosmat_nb.frame.columns import check_column

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosmat_nb.batch.outcome import Outcome
    from cosmat_nb.batch.sources import Sources

__all__ = ["RESULT_COLUMNS", "frame_sources", "outcome_frame"]

RESULT_COLUMNS = (
    "status",
    "cutout",
    "stored",
    "error_code",
    "error",
    "heals",
    "request_id",
    "attempts",
    "seconds",
    "source",
)
"""Columns that `matte_frame` adds, in this order."""

_DTYPES = {
    "cutout": "object",
    "stored": "object",
    "heals": "bool",
    "attempts": "int64",
    "seconds": "float64",
}


def frame_sources(frame: pd.DataFrame, column: str, etag: str = "etag") -> Sources:
    """Read a frame's keys, and its ETags and sizes where it has such columns.

    Parameters
    ----------
    frame : DataFrame
        The user's frame.
    column : str
        Holds object keys and addresses.
    etag : str, default "etag"
        Holds ETags; a frame without it is no error. Sizes are looked for in ``size``,
        which counts when it holds numbers; both as `list_frame` makes them.

    Raises
    ------
    OptionsError
        As `check_column` raises it.
    """
    values = check_column(frame, column, "pass column=").tolist()
    etags, sizes = (
        check_column(frame, name, "name it once").tolist()
        if name in frame.columns and name != column
        else None
        for name in (etag, "size")
    )
    return read_sources(values, etags, sizes)


def outcome_frame(outcomes: Sequence[Outcome], index: pd.Index) -> pd.DataFrame:
    """Make the result columns, with their types also for no rows."""
    rows = map(attrgetter(*RESULT_COLUMNS), outcomes)
    columns = dict(zip(RESULT_COLUMNS, zip(*rows, strict=True), strict=False))
    # Before its version 3, pandas would keep members of an enumeration in a column.
    columns["status"] = tuple(map(str, columns.get("status", ())))
    return pd.DataFrame(
        {
            name: pd.Series(
                list(columns.get(name, ())),
                index=index,
                dtype=_DTYPES.get(name, "str"),
            )
            for name in RESULT_COLUMNS
        },
        index=index,
    )
