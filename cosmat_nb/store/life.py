"""What shows that a run is alive: its row, its lock file, its pending folder."""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.store.lock import Lock, is_held

if TYPE_CHECKING:
    import sqlite3
    from pathlib import Path

    from cosmat_nb.store.database import Database

__all__ = ["Life", "is_alive", "lock_path", "mark_ended"]


def lock_path(folder: Path, run: str) -> Path:
    """Return the lock file that a run holds while it is alive."""
    return folder / "runs" / f"{run}.lock"


def is_alive(folder: Path, run: str) -> bool:
    """Whether a run's process lives and has not ended it."""
    return is_held(lock_path(folder, run))


class Life:
    """A run from its first moment to its last.

    Parameters
    ----------
    database : Database
        The store's index.
    folder : Path
        The store's.
    service : str
        Who answers.
    start : float
        Now, seconds since 1970.

    Attributes
    ----------
    id : str
        Begins with the time of its start (UTC).
    incoming : Path
        Where its answers are until they are named.

    Raises
    ------
    OSError
        When the disk is full or cannot lock files; nothing stays.
    """

    def __init__(
        self, database: Database, folder: Path, service: str, start: float
    ) -> None:
        # Whoever can see the run finds it locked, so its lock comes first.
        self.id, self._lock = _take_new(folder, start)
        self.incoming = folder / "incoming" / self.id
        self._pid = os.getpid()
        try:
            self.incoming.mkdir(parents=True)
            row = (self.id, start, None, socket.gethostname(), self._pid, service)
            with database.writing() as connection:
                connection.execute("INSERT INTO run VALUES(?, ?, ?, ?, ?, ?)", row)
        except BaseException:
            self.end()
            raise

    def check_process(self) -> None:
        """Refuse to go on in a child made by a fork, where its threads are missing.

        Raises
        ------
        OptionsError
            Saying whose it is.
        """
        if os.getpid() != self._pid:
            raise OptionsError(
                f"the run {self.id} belongs to the process that opened it: open one "
                "in each process"
            )

    def end(self) -> None:
        """Remove its folder, unless answers are pending in it, and drop its lock."""
        with suppress(OSError):
            self.incoming.rmdir()
        self._lock.drop()


def _take_new(folder: Path, start: float) -> tuple[str, Lock]:
    stamp = datetime.fromtimestamp(start, UTC).strftime("%Y%m%dT%H%M%S")
    while True:
        run = f"{stamp}-{secrets.token_hex(6)}"
        lock = Lock(lock_path(folder, run))
        lock.path.parent.mkdir(exist_ok=True)
        # Somebody who opens the store may take the new file for a dead run's.
        if lock.take():
            return run, lock


def mark_ended(connection: sqlite3.Connection, run: str, at: float) -> None:
    """End a run's claims, and the run itself where it has not ended before."""
    connection.execute("DELETE FROM claim WHERE run = ?", (run,))
    query = "UPDATE run SET ended = ? WHERE id = ? AND ended IS NULL"
    connection.execute(query, (at, run))
