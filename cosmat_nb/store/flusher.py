"""Answers on their way to the disk: one thread writes them down in groups."""

from __future__ import annotations

import errno
import logging
import os
import threading
from typing import TYPE_CHECKING

from cosmat_nb.store.answer_row import write_answers
from cosmat_nb.store.files import content_path, sync_folder
from cosmat_nb.store.journal import write_outcomes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cosmat_nb.store.arrival import Arrival
    from cosmat_nb.store.journal import Journal

__all__ = ["Flusher"]

logger = logging.getLogger(__name__)

MOST_WAITING = 64
"""Answers that wait for the disk before `Flusher.put` waits too."""

LINGER_SECONDS = 0.02
"""How long the first answer of a group waits for others to share a commit with."""

RETRY_SECONDS = 0.5
"""How long to leave a disk alone that failed."""

_ENOUGH = 32


class Flusher:
    """One thread that syncs, indexes and names what arrives.

    A group is synced, then indexed in one transaction, then moved to its names; only
    then its claims end. So whatever the moment of a kill, an answer whose pending file
    was complete is either in place, or still pending and adopted at the next opening,
    and nobody asks for it in between.

    Parameters
    ----------
    journal : Journal
        Carries the transactions.
    folder, incoming : Path
        The store's, and the run's own for pending files.
    end : callable
        Called by the thread when all is written and it was told to close.

    Attributes
    ----------
    left : list of str
        Pending files that could not be indexed or named.
    """

    def __init__(
        self,
        journal: Journal,
        folder: Path,
        incoming: Path,
        end: Callable[[], object],
    ) -> None:
        self._journal = journal
        self._folder = str(folder)
        self._incoming = str(incoming)
        self._end = end
        self._waiting: list[Arrival] = []
        self._held = 0
        self._changed = threading.Condition()
        self._hurry = threading.Event()
        self._broken = False
        self._closing = False
        self._ended = False
        self._flushing = threading.Lock()
        self._made: set[str] = set()
        self.left: list[str] = []
        # A daemon, so that a second interrupt leaves at once.
        self._thread = threading.Thread(
            target=self._work, name="cosmat-store", daemon=True
        )
        self._thread.start()

    def put(self, arrival: Arrival) -> None:
        """Hand an answer over; waits while too many do, writes itself when late."""
        with self._changed:
            while self._held >= MOST_WAITING and not self._ended:
                self._changed.wait()
            if not self._ended:
                self._waiting.append(arrival)
                self._held += 1
                if len(self._waiting) == 1:
                    self._changed.notify_all()
                if len(self._waiting) >= _ENOUGH:
                    self._hurry.set()
                return
        self._flush([arrival])

    def wake(self) -> None:
        """Have what was noted in the journal written soon."""
        with self._changed:
            if not self._ended:
                self._changed.notify_all()
                return
        self._flush([])

    def close(self) -> None:
        """Write all there is and return when it is on disk or has failed."""
        with self._changed:
            self._closing = True
            self._hurry.set()
            self._changed.notify_all()
        self._thread.join()

    def _work(self) -> None:
        while True:
            with self._changed:
                while not (self._waiting or self._closing or self._journal.waits):
                    self._changed.wait()
            if not self._closing:
                self._hurry.wait(RETRY_SECONDS if self._broken else LINGER_SECONDS)
            with self._changed:
                group, self._waiting = self._waiting, []
                last = self._closing and not group
                if not self._closing:
                    self._hurry.clear()
            self._flush(group)
            with self._changed:
                self._held -= len(group)
                if last and not self._waiting:
                    self._ended = True
                self._changed.notify_all()
            if self._ended:
                self._end()
                return

    def _flush(self, group: Sequence[Arrival]) -> None:
        with self._flushing:
            failed: dict[int, OSError] = {}
            ready = [a for a in group if _attempt(self._sync, a, failed)]
            try:
                if any(arrival.pending for arrival in ready):
                    sync_folder(self._incoming)
                self._index(ready)
                self._broken = False
            except Exception as error:  # noqa: BLE001 - the thread must live on
                self._broken = True
                failed.update((id(arrival), _as_os_error(error)) for arrival in ready)
                ready = []
            for arrival in ready:
                if _attempt(self._place, arrival, failed):
                    self._journal.free(arrival.asked)
        for arrival in group:
            if arrival.pending and id(arrival) in failed:
                self.left.append(arrival.pending)
            _tell(arrival, failed.get(id(arrival)))

    def _index(self, arrivals: Sequence[Arrival]) -> None:
        if not arrivals and not self._journal.waits:
            return
        with self._journal.writing() as connection:
            rows = [row for arrival in arrivals for row in arrival.rows]
            write_answers(connection, rows)
            write_outcomes(connection, [arrival.outcome for arrival in arrivals])

    @staticmethod
    def _sync(arrival: Arrival) -> None:
        if arrival.descriptor is None:
            return
        try:
            os.fsync(arrival.descriptor)
        finally:
            os.close(arrival.descriptor)

    def _place(self, arrival: Arrival) -> None:
        if not arrival.pending:
            return
        target = content_path(self._folder, arrival.sha256)
        folder = os.path.dirname(target)  # noqa: PTH120 - a Path a row is slow
        if folder not in self._made:
            os.makedirs(folder, exist_ok=True)  # noqa: PTH103 - likewise
            self._made.add(folder)
        os.replace(arrival.pending, target)  # noqa: PTH105 - likewise

    def sync_names(self) -> None:
        """Sync every folder in which the run has named a file."""
        for folder in self._made:
            sync_folder(folder)


def _attempt(
    step: Callable[[Arrival], None], arrival: Arrival, failed: dict[int, OSError]
) -> bool:
    try:
        step(arrival)
    except OSError as error:
        failed[id(arrival)] = error
        return False
    return True


def _as_os_error(error: Exception) -> OSError:
    return error if isinstance(error, OSError) else OSError(errno.EIO, str(error))


def _tell(arrival: Arrival, error: OSError | None) -> None:
    try:
        arrival.done(error)
    except Exception:
        # The other answers are owed to others.
        logger.exception("what was to be told of a kept answer failed")
