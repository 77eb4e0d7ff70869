"""The answers of a store as a frame."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from cosmat_nb.options import MattingOptions
from cosmat_nb.store.database import Database
from cosmat_nb.store.files import content_path
from cosmat_nb.store.table import MICROSECONDS, build_table

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["answers_frame"]

_DTYPES = {
    "service": "str",
    "sandbox": "bool",
    "bucket": "str",
    "place": "str",
    "identity": "str",
    "rule": "str",
    "operation": "str",
    "center": "bool",
    "padding": "object",
    "sha256": "str",
    "path": "str",
    "nbytes": "Int64",
    "height": "Int64",
    "width": "Int64",
    "is_empty": "boolean",
    "etag": "str",
    "saved_as": "str",
    "request_id": "str",
    "attempts": "Int64",
    "seconds": "float64",
    "kept": MICROSECONDS,
}

_QUERY = """
SELECT service, sandbox, bucket, place, identity, rule, coalesce(sha256, ''), nbytes,
    height, width, is_empty, etag, saved_as, request_id, attempts, seconds,
    CAST(round(kept * 1e6) AS INTEGER)
FROM answer ORDER BY id
"""


def answers_frame(folder: Path) -> pd.DataFrame:
    """Return one row an answer, in the order in which they came.

    Parameters
    ----------
    folder : Path
        The store's.

    Returns
    -------
    DataFrame
        Whose and of what: ``service``, ``sandbox`` (an emulator's), ``bucket``,
        ``place``, ``identity`` (ETag of the source, empty where unknown). What was
        asked: ``rule``, ``operation``, ``center``, ``padding`` as (dx, dy) px. What
        came: ``sha256`` and ``path`` of the file, ``nbytes``, ``height`` and ``width``
        px, ``is_empty``; or ``saved_as`` and ``etag`` of a result in the bucket, whose
        ``path`` is empty. How: ``request_id``, ``attempts``, ``seconds`` and ``kept``
        (UTC).

    Raises
    ------
    OSError
        When the disk fails.
    """
    root = str(folder)

    @cache
    def options(rule: str) -> tuple[object, ...]:
        asked = MattingOptions.from_rule(rule)
        return str(asked.operation), asked.center, asked.padding

    with Database(folder).reading() as connection:
        rows = connection.execute(_QUERY).fetchall()
    return build_table(
        (
            (
                *row[:6],
                *options(row[5]),
                row[6],
                content_path(root, row[6]) if row[6] else "",
                *row[7:],
            )
            for row in rows
        ),
        _DTYPES,
    )
