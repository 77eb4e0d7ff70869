"""One answer as a row of the index."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cosmat_nb.store.answer_key import rule_of

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.store.answer_key import AnswerKey
    from cosmat_nb.wire.results import StoredPicture

__all__ = ["cutout_row", "stored_row", "write_answers"]

_COLUMNS = (
    "asked, identity, service, sandbox, bucket, place, rule, saved_as, sha256, nbytes, "
    "height, width, is_empty, etag, location, format, quality, request_id, attempts, "
    "seconds, intent, kept"
)
_MARKS = ", ".join("?" * len(_COLUMNS.split(", ")))
_INSERT = f"INSERT OR REPLACE INTO answer({_COLUMNS}) VALUES({_MARKS})"

_REPLACED = (
    "DELETE FROM answer WHERE saved_as = ? AND saved_as <> '' AND service = ? "
    "AND (asked <> ? OR identity <> ?)"
)

Row = tuple[Any, ...]


def write_answers(connection: sqlite3.Connection, rows: Iterable[Row]) -> None:
    """Put answers into the index; each replaces an older one to the same question."""
    rows = list(rows)
    # An object has one content: what it answered before it was replaced, it does not.
    replaced = [(row[7], row[2], row[0], row[1]) for row in rows if row[7]]
    connection.executemany(_REPLACED, replaced)
    connection.executemany(_INSERT, rows)


def cutout_row(
    key: AnswerKey,
    cutout: Cutout,
    *,
    intent: int,
    kept: float,
    etag: str = "",
    seconds: float | None = None,
) -> Row:
    """Return the row of a cutout whose file is kept."""
    return (
        *_asked(key),
        cutout.sha256,
        cutout.nbytes,
        cutout.height,
        cutout.width,
        int(cutout.is_empty),
        etag,
        "",
        "png",
        None,
        cutout.request_id,
        cutout.attempts,
        seconds,
        intent,
        kept,
    )


def stored_row(
    key: AnswerKey,
    picture: StoredPicture,
    *,
    intent: int,
    kept: float,
    request_id: str | None = None,
    attempts: int = 1,
    seconds: float | None = None,
) -> Row:
    """Return the row of a result that stays in the bucket."""
    return (
        *_asked(key),
        "",
        picture.size,
        picture.height,
        picture.width,
        None,
        picture.etag,
        picture.location,
        picture.format,
        picture.quality,
        request_id,
        attempts,
        seconds,
        intent,
        kept,
    )


def _asked(key: AnswerKey) -> Row:
    return (
        key.asked,
        key.identity,
        key.service,
        int(key.sandbox),
        key.bucket,
        key.place,
        rule_of(key.options),
        key.saved_as,
    )
