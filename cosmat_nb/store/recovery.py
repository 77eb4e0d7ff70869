"""What dead runs leave behind: their answers are kept, their claims are freed."""

from __future__ import annotations

import hashlib
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import ProtocolError
from cosmat_nb.options import MattingOptions
from cosmat_nb.store.answer_key import AnswerKey
from cosmat_nb.store.answer_row import cutout_row, write_answers
from cosmat_nb.store.files import content_path, sync_folder
from cosmat_nb.store.journal import Settlement, write_outcomes
from cosmat_nb.store.life import lock_path, mark_ended
from cosmat_nb.store.lock import Lock
from cosmat_nb.store.lookup import find_answers
from cosmat_nb.wire.png import inspect_png

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable

    from cosmat_nb.store.database import Database

__all__ = ["adopt", "recover", "recover_run"]


def recover(database: Database, folder: Path) -> None:
    """Recover every run that is over and has left something behind.

    Parameters
    ----------
    database : Database
        The store's index.
    folder : Path
        The store's.

    Raises
    ------
    OSError
        When the disk is full or fails; what is not recovered waits for the next time.
    """
    with database.reading() as connection:
        rows = connection.execute("SELECT id FROM run WHERE ended IS NULL").fetchall()
    runs = {run for (run,) in rows}
    with suppress(FileNotFoundError):
        runs.update(os.listdir(folder / "incoming"))  # noqa: PTH208 - names are wanted
    # A kill in a run's first or last moment leaves nothing but its lock file.
    runs.update(path.stem for path in (folder / "runs").glob("*.lock"))
    for run in sorted(runs):
        recover_run(database, folder, run)


def recover_run(database: Database, folder: Path, run: str) -> bool:
    """Keep the answers of a dead run, settle their intents, end its claims.

    Its other intents stay open in the ledger: they may have been billed. May be done
    again, be killed in the middle, and be tried by two processes at once.

    Parameters
    ----------
    database : Database
        The store's index.
    folder : Path
        The store's.
    run : str
        Its id.

    Returns
    -------
    bool
        False when it is alive, or another process is recovering it right now.

    Raises
    ------
    OSError
        When the disk is full or fails.
    """
    lock = Lock(lock_path(folder, run))
    lock.path.parent.mkdir(exist_ok=True)
    if not lock.take():
        return False
    try:
        incoming = folder / "incoming" / run
        adopt(database, folder, run, sorted(incoming.glob("*.png")))
        with database.writing() as connection:
            mark_ended(connection, run, time.time())
        with suppress(OSError):
            (folder / "incoming" / run).rmdir()
    finally:
        lock.drop()
    return True


@dataclass(frozen=True, slots=True)
class _Pending:
    path: Path
    intent: int
    sha256: str
    height: int
    width: int
    is_empty: bool
    nbytes: int
    at: float


def adopt(
    database: Database, folder: Path, run: str, paths: Iterable[str | Path]
) -> None:
    """Index what is pending and name it; files that were cut short are removed.

    Parameters
    ----------
    database : Database
        The store's index.
    folder : Path
        The store's.
    run : str
        Whose files they are.
    paths : iterable of str or Path
        Files of its folder, each named by its intent.

    Raises
    ------
    OSError
        When the disk is full or fails; what is not adopted stays pending.
    """
    # One after the other: a picture each is enough memory.
    found = [pending for pending in map(_read, map(Path, paths)) if pending]
    if not found:
        return
    sync_folder(found[0].path.parent)
    with database.writing() as connection:
        for pending in found:
            _index(connection, folder, run, pending)
    for pending in found:
        target = content_path(folder, pending.sha256)
        os.makedirs(os.path.dirname(target), exist_ok=True)  # noqa: PTH103, PTH120 - text
        os.replace(pending.path, target)  # noqa: PTH105 - text
        sync_folder(os.path.dirname(target))  # noqa: PTH120 - text


def _read(path: Path) -> _Pending | None:
    """Look at a pending file; one that was cut is removed."""
    with path.open("r+b") as file:
        png = file.read()
        try:
            info = inspect_png(png)
        except ProtocolError:
            info = None
        else:
            os.fsync(file.fileno())
        at = os.fstat(file.fileno()).st_mtime
    if info is None or not path.stem.isdigit():
        path.unlink()
        return None
    return _Pending(
        path=path,
        intent=int(path.stem),
        sha256=hashlib.sha256(png).hexdigest(),
        height=info.height,
        width=info.width,
        is_empty=info.is_empty,
        nbytes=len(png),
        at=at,
    )


def _index(
    connection: sqlite3.Connection, folder: Path, run: str, pending: _Pending
) -> None:
    row = connection.execute(
        "SELECT service, bucket, place, rule, identity, address_hash, saved_as, "
        "attempt FROM intent WHERE id = ? AND run = ?",
        (pending.intent, run),
    ).fetchone()
    if row is None:
        return
    service, bucket, place, rule, identity, address_hash, saved_as, attempts = row
    key = AnswerKey(
        service=service,
        bucket=bucket,
        place=place,
        options=MattingOptions.from_rule(rule),
        identity=identity,
        address_hash=address_hash,
        saved_as=saved_as,
    )
    outcome = Settlement(pending.intent, pending.at, "yes", 200, "", None)
    write_outcomes(connection, [outcome])
    # Another run may have asked again since, where its files were out of sight.
    if find_answers(connection, folder, [key], [key.asked]) != [None]:
        return
    cutout = Cutout(
        place=place,
        options=key.options,
        height=pending.height,
        width=pending.width,
        is_empty=pending.is_empty,
        nbytes=pending.nbytes,
        attempts=attempts,
        folder=folder,
        sha256=pending.sha256,
    )
    row = cutout_row(key, cutout, intent=pending.intent, kept=pending.at)
    write_answers(connection, [row])
