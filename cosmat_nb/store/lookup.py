"""Answers found in the index, and their files looked at."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from cosmat_nb.cutout import Cutout
from cosmat_nb.store.files import is_whole
from cosmat_nb.wire.results import StoredPicture

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cosmat_nb.store.answer_key import AnswerKey

__all__ = ["find_answers"]

_COLUMNS = (
    "asked, identity, sha256, nbytes, height, width, is_empty, request_id, attempts, "
    "saved_as, etag, location, format, quality, kept, id"
)
_AGE = itemgetter(-2, -1)


def find_answers(
    connection: sqlite3.Connection,
    folder: Path,
    keys: Sequence[AnswerKey],
    asked: Sequence[bytes],
    source: Callable[[str], bytes] | None = None,
) -> list[Cutout | StoredPicture | None]:
    """Look up some hundred keys in one query.

    Parameters
    ----------
    connection : sqlite3.Connection
        Of the index.
    folder : Path
        The store's.
    keys, asked : sequence of AnswerKey, sequence of bytes
        And each key's ``asked``.
    source : callable, optional
        For the cutouts' own `source`.

    Returns
    -------
    list of Cutout, StoredPicture or None
        In the order of `keys`. None where nothing is stored, and where the file of a
        stored answer is missing or has another length.
    """
    rows: dict[bytes, list[tuple[Any, ...]]] = {}
    marks = ",".join("?" * len(asked))
    for row in connection.execute(
        f"SELECT {_COLUMNS} FROM answer WHERE asked IN ({marks})",  # noqa: S608 - marks only
        asked,
    ):
        rows.setdefault(row[0], []).append(row)
    text = str(folder)
    return [
        _answer(key, rows[name], folder, text, source) if name in rows else None
        for key, name in zip(keys, asked, strict=True)
    ]


def _answer(
    key: AnswerKey,
    rows: list[tuple[Any, ...]],
    folder: Path,
    text: str,
    source: Callable[[str], bytes] | None,
) -> Cutout | StoredPicture | None:
    for row in _fitting(rows, key.identity):
        answer = _read(key, row, folder, text, source)
        if answer is not None:
            return answer
    return None


def _fitting(rows: list[tuple[Any, ...]], identity: str) -> list[tuple[Any, ...]]:
    if len(rows) == 1:
        return rows if rows[0][1] in ("", identity) or not identity else []
    rows = sorted(rows, key=_AGE, reverse=True)
    if not identity:
        return rows
    exact = [row for row in rows if row[1] == identity]
    return exact + [row for row in rows if row[1] == ""]


def _read(
    key: AnswerKey,
    row: tuple[Any, ...],
    folder: Path,
    text: str,
    source: Callable[[str], bytes] | None,
) -> Cutout | StoredPicture | None:
    _, _, sha256, nbytes, height, width, is_empty, request_id, attempts, *told, _, _ = (
        row
    )
    if key.saved_as:
        saved_as, etag, location, kind, quality = told
        return StoredPicture(
            key=str(saved_as).partition("/")[2],
            location=location,
            etag=etag,
            size=nbytes,
            format=kind,
            height=height,
            width=width,
            quality=quality,
        )
    if not is_whole(text, sha256, nbytes):
        return None
    return Cutout(
        place=key.place,
        options=key.options,
        height=height,
        width=width,
        is_empty=bool(is_empty),
        nbytes=nbytes,
        request_id=request_id,
        service=key.service,
        attempts=attempts,
        folder=folder,
        sha256=sha256,
        source=None if key.address_hash else source,
    )
