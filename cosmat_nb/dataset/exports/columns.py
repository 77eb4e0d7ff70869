"""The columns of a frame that an export reads, checked."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cosmat_nb.dataset.exports.draft import Columns
from cosmat_nb.dataset.manifest import FIELDS
from cosmat_nb.dataset.splits.identity import is_missing
from cosmat_nb.dataset.splits.parts import SPLIT, check_parts
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column, check_free
from cosmat_nb.frame.measuring import ERROR as MEASURED
from cosmat_nb.metrics.findings import find_in_row
from cosmat_nb.metrics.judging import COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["ADDED", "read_columns"]

ADDED = ("example", "export_error")
"""Columns that an export adds."""

_TAKEN = frozenset({*FIELDS, *ADDED, "item", "image", "alpha", "mask", "trimap"})
_TABLE = re.compile("(?:[a-z]+_)?file_name")


def read_columns(
    frame: pd.DataFrame,
    *,
    column: str,
    key: str,
    split: str | None,
    category: str | None,
    columns: Sequence[str] | None,
) -> Columns:
    """Read what counts of a frame; the arguments are those of `write_dataset`.

    Raises
    ------
    OptionsError
        When a column is missing, or has the name of one of ours; when a split cannot
        be a folder.
    """
    values = check_column(frame, column, "pass column=").tolist()
    check_free(frame, ADDED)
    if split == SPLIT and SPLIT not in frame.columns:
        split = None
    splits = _named(frame, split, "pass split=")
    if splits is not None:
        check_parts({str(cell): None for cell in splits if not is_missing(cell)})
    return Columns(
        values=values,
        keys=check_column(frame, key, "pass key=").tolist(),
        splits=splits,
        categories=_named(frame, category, "pass category="),
        statuses=_found(frame, "status"),
        etags=_found(frame, "etag"),
        findings=_read_findings(frame),
        licenses=_found(frame, "license"),
        users={
            name: check_column(frame, name, "see columns=").tolist()
            for name in _check_users(columns)
        },
    )


def _named(frame: pd.DataFrame, name: str | None, remedy: str) -> list[Any] | None:
    return None if name is None else check_column(frame, name, remedy).tolist()


def _found(frame: pd.DataFrame, *names: str) -> list[Any] | None:
    name = next((name for name in names if name in frame.columns), None)
    return _named(frame, name, "name it once")


def _read_findings(frame: pd.DataFrame) -> list[Any] | None:
    given = _found(frame, "findings", "problems")
    if given is not None or MEASURED not in frame.columns:
        return given
    names = [name for name in COLUMNS if list(frame.columns).count(name) == 1]
    rows = zip(*(frame[name].tolist() for name in names), strict=True)
    return [
        [each.finding for each in find_in_row(dict(zip(names, row, strict=True)))]
        for row in rows
    ]


def _check_users(columns: Sequence[str] | None) -> list[str]:
    if columns is None:
        return []
    if isinstance(columns, str):
        raise OptionsError(f"columns must be a list of names, as [{columns!r}]")
    try:
        names = list(columns)
    except TypeError:
        raise OptionsError(
            f"columns must be a list of names; not {columns!r:.60}"
        ) from None
    for name in names:
        if not isinstance(name, str):
            raise OptionsError(f"a column must be named by text; not {name!r:.60}")
        if name in _TAKEN or _TABLE.fullmatch(name):
            raise OptionsError(
                f"a data set has {name!r} of its own: rename the column to take it "
                "along"
            )
    return list(dict.fromkeys(names))
