"""Ledger rows and freed claims that can wait, carried by the next transaction."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.store.tally import Charge, Tally

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Iterable, Iterator

    from cosmat_nb.store.database import Database

__all__ = ["Journal", "Settlement", "write_outcomes"]


class Settlement(NamedTuple):
    """The outcome of one intent, a row of the ledger."""

    intent: int
    at: float
    billed: str
    status: int | None
    code: str
    request_id: str | None


@dataclass(slots=True)
class _Notes:
    outcomes: list[Settlement] = field(default_factory=list)
    refunds: list[tuple[Settlement, Charge]] = field(default_factory=list)
    freed: list[tuple[bytes, str]] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.outcomes or self.refunds or self.freed)


class Journal:
    """A run's transactions; each takes along what was noted before it.

    Parameters
    ----------
    database : Database
        The store's index.
    run : str
        The run's id.
    """

    def __init__(self, database: Database, run: str) -> None:
        self._database = database
        self._run = run
        self._lock = threading.Lock()
        self._notes = _Notes()

    @property
    def waits(self) -> bool:
        """Whether anything is noted that no transaction has taken along."""
        return bool(self._notes)

    def settle(self, settlement: Settlement, charge: Charge) -> None:
        """Note an outcome; what is not billed is given back to the budgets."""
        with self._lock:
            if settlement.billed == "no":
                self._notes.refunds.append((settlement, charge))
            else:
                self._notes.outcomes.append(settlement)

    def free(self, asked: Iterable[bytes]) -> None:
        """Note that the run no longer claims these keys."""
        with self._lock:
            self._notes.freed.extend((name, self._run) for name in asked)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Lend the connection for one transaction that takes the notes along.

        Raises
        ------
        OSError
            When the disk is full or fails; nothing is written, and the notes wait on.
        """
        taken = _Notes()
        try:
            with self._database.writing() as connection:
                # Behind the database's lock: a later transaction never overtakes.
                with self._lock:
                    taken, self._notes = self._notes, taken
                _write(connection, taken)
                yield connection
        except BaseException:
            with self._lock:
                self._notes.outcomes[:0] = taken.outcomes
                self._notes.refunds[:0] = taken.refunds
                self._notes.freed[:0] = taken.freed
            raise


def write_outcomes(
    connection: sqlite3.Connection, outcomes: Iterable[Settlement]
) -> None:
    """Close intents that are still open; those that are closed stay as they are."""
    connection.executemany(
        "INSERT OR IGNORE INTO outcome VALUES(?, ?, ?, ?, ?, ?)", outcomes
    )


def _write(connection: sqlite3.Connection, notes: _Notes) -> None:
    write_outcomes(connection, notes.outcomes)
    connection.executemany("DELETE FROM claim WHERE asked = ? AND run = ?", notes.freed)
    if not notes.refunds:
        return
    tally = Tally(connection)
    for settlement, charge in notes.refunds:
        # Given back once, however often an interrupted transaction is made again.
        row = connection.execute(
            "INSERT OR IGNORE INTO outcome VALUES(?, ?, ?, ?, ?, ?)", settlement
        )
        if row.rowcount == 1:
            tally.add(charge, -1)
    tally.write()
