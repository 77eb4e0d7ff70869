"""The index of a store: one SQLite file, opened with care."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.store.schema import SCHEMA, VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

__all__ = ["Database"]

_BUSY_SECONDS = 30.0
_LOOK_SECONDS = 0.02
_REASONS = {
    "SQLITE_FULL": (errno.ENOSPC, "the disk of the store is full"),
    "SQLITE_READONLY": (errno.EROFS, "the store is read-only"),
    "SQLITE_BUSY": (errno.EBUSY, "another process held the store for too long"),
    "SQLITE_CORRUPT": (errno.EIO, "the index of the store is damaged"),
    "SQLITE_NOTADB": (errno.EIO, "the index of the store is damaged"),
}


class Database:
    """A store's index; safe for threads, for processes and across a fork.

    Parameters
    ----------
    folder : Path
        The store's; exists. The index is ``index.sqlite`` in it.

    Raises
    ------
    OptionsError
        When the index cannot be opened, is damaged, is not one, or is newer than this
        version of the package.

    Notes
    -----
    Write-ahead log with ``synchronous=FULL``: a transaction is on disk when it returns,
    so neither a killed process nor a power cut takes it back. One connection for each
    process behind a lock: SQLite has one writer anyway, and a lock wakes the next
    thread at once where SQLite's own wait would poll.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / "index.sqlite"
        self._sessions: list[_Session] = []
        self._session()
        weakref.finalize(self, _close, self._sessions)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for queries, to one thread at a time.

        Raises
        ------
        OSError
            When the disk fails, saying what to do.
        """
        session = self._session()
        with session.lock:
            try:
                yield session.connection
            except sqlite3.Error as error:
                raise self._as_os_error(error) from error

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for one transaction: all of it happens, or nothing.

        Raises
        ------
        OSError
            When the disk is full or fails; nothing of the transaction stays.
        """
        with self.reading() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                connection.execute("COMMIT")
            finally:
                # A failed commit may have rolled back by itself.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _session(self) -> _Session:
        # A connection must not cross a fork, not even to be closed: it is left alone.
        if self._sessions and self._sessions[-1].pid == os.getpid():
            return self._sessions[-1]
        try:
            session = _Session(self.path)
        except sqlite3.Error as error:
            raise OptionsError(
                f"the index {self.path} cannot be opened: {error}; restore it from a "
                "copy, or choose another folder"
            ) from None
        self._sessions.append(session)
        return session

    def _as_os_error(self, error: sqlite3.Error) -> OSError:
        name = getattr(error, "sqlite_errorname", "")
        short = "_".join(name.split("_")[:2])
        number, reason = _REASONS.get(short, (errno.EIO, str(error)))
        return OSError(number, reason, str(self.path))


class _Session:
    """One process's connection."""

    def __init__(self, path: Path) -> None:
        self.pid = os.getpid()
        self.lock = threading.RLock()
        self.connection = sqlite3.connect(
            path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False
        )
        try:
            self._prepare(path)
        except BaseException:
            self.connection.close()
            raise

    def _prepare(self, path: Path) -> None:
        self._switch_to_log()
        self.connection.execute("PRAGMA synchronous = FULL")
        self.connection.execute("PRAGMA foreign_keys = ON")
        if self._version() == VERSION:
            return
        self.connection.execute("BEGIN IMMEDIATE")
        version = self._version()
        tables = self.connection.execute("SELECT count(*) FROM sqlite_master")
        if version > VERSION:
            raise OptionsError(
                f"the index {path} was made by a newer version of this package (its "
                f"tables are version {version}, this one knows {VERSION}): upgrade "
                "cosmat-nb, or choose another folder"
            )
        if version == 0:
            if tables.fetchone() != (0,):
                raise OptionsError(
                    f"{path} is a database of something else; choose another folder"
                )
            for statement in SCHEMA.split(";\n"):
                self.connection.execute(statement)
            self.connection.execute(f"PRAGMA user_version = {VERSION}")
        self.connection.execute("COMMIT")

    def _version(self) -> int:
        return int(self.connection.execute("PRAGMA user_version").fetchone()[0])

    def _switch_to_log(self) -> None:
        # The switch does not wait for other processes as other statements do.
        deadline = time.monotonic() + _BUSY_SECONDS
        while True:
            try:
                self.connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                busy = error.sqlite_errorcode == sqlite3.SQLITE_BUSY
                if not busy or time.monotonic() > deadline:
                    raise
                time.sleep(_LOOK_SECONDS)
            else:
                return


def _close(sessions: list[_Session]) -> None:
    for session in sessions:
        # A thread that is still at work at the very end keeps its connection.
        if session.pid == os.getpid() and session.lock.acquire(timeout=1):
            session.connection.close()
            session.lock.release()
