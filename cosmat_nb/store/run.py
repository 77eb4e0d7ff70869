"""A run: one batch's dealings with the store, from the claim to the kept answer."""

from __future__ import annotations

import hashlib
import logging
import os
import threading
import time
from typing import TYPE_CHECKING, Self

from cosmat_nb.errors import OptionsError
from cosmat_nb.store.arrival import arrive, arrive_stored
from cosmat_nb.store.claiming import Claimant
from cosmat_nb.store.flusher import Flusher
from cosmat_nb.store.journal import Journal, Settlement
from cosmat_nb.store.life import Life, mark_ended
from cosmat_nb.store.recovery import adopt, recover_run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.store.budget import Budget
    from cosmat_nb.store.claims import Busy, Found, Job, Refusal, Ticket
    from cosmat_nb.store.database import Database
    from cosmat_nb.store.price import Price
    from cosmat_nb.wire.results import StoredPicture

__all__ = ["Run"]

logger = logging.getLogger(__name__)

_BILLED = ("yes", "no", "unknown")


class Run:
    """One batch: claims what it asks for, writes down what it sends, keeps answers.

    Safe for threads; not for a child made by a fork. A run that is not closed, because
    its process was killed, is a dead run: the next opening of the store keeps what it
    had received, and other runs may ask for the rest.

    Parameters
    ----------
    database, folder : Database, Path
        The store's.
    service, clock
        As in `Store.open_run`.

    Attributes
    ----------
    id : str
        Begins with the time of its start (UTC).
    """

    def __init__(
        self,
        database: Database,
        folder: Path,
        service: str,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._database, self._folder, self._clock = database, folder, clock
        self._life = Life(database, folder, service, clock())
        self.id = self._life.id
        self._journal = Journal(database, self.id)
        self._flusher = Flusher(self._journal, folder, self._life.incoming, self._end)

    def __repr__(self) -> str:
        return f"Run({self.id!r})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def claim(
        self,
        jobs: Sequence[Job],
        budget: Budget | None = None,
        price: Price | None = None,
    ) -> list[Ticket | Found | Busy | Refusal]:
        """Ask for the right to make some calls, all in one transaction.

        Parameters
        ----------
        jobs : sequence of Job
            Calls to be made; 16 at a time cost little each.
        budget, price : Budget, Price, optional
            Is never passed, whoever else spends from it; and what a call costs.

        Returns
        -------
        list of Ticket, Found, Busy or Refusal
            For each job. A `Ticket` comes with its first attempt's intent, committed:
            send it, or `release` it.

        Raises
        ------
        OSError
            When the disk is full or fails; nothing is claimed then.
        """
        self._life.check_process()
        asked = [[key.asked for key in job.keys] for job in jobs]
        while True:
            with self._journal.writing() as connection:
                claimant = Claimant(connection, self._folder, self.id, self._clock())
                dead = claimant.dead_among(asked)
                if not dead:
                    return claimant.decide(jobs, asked, budget, price)
            for run in dead:
                recover_run(self._database, self._folder, run)

    def intend(self, ticket: Ticket) -> None:
        """Write down another attempt before it is sent.

        An attempt before it that was not settled is so now, as ``unknown``.

        Raises
        ------
        BudgetExceededError
            When it would pass the budget: it must not be sent.
        OSError
            When the disk is full or fails: likewise.
        """
        self._life.check_process()
        if not ticket.settled:
            self.settle(ticket, "unknown")
        asked = [key.asked for key in ticket.job.keys]
        with self._journal.writing() as connection:
            claimant = Claimant(connection, self._folder, self.id, self._clock())
            new = claimant.again(ticket, asked)
        ticket.intent, ticket.attempt = new.intent, new.attempt
        ticket.charge, ticket.settled = new.charge, False

    def settle(
        self,
        ticket: Ticket,
        billed: str,
        status: int | None = None,
        code: str = "",
        request_id: str | None = None,
    ) -> None:
        """Tell what became of a ticket's attempt; only the first telling counts.

        Parameters
        ----------
        ticket : Ticket
            Whose last intent it is.
        billed : {"yes", "no", "unknown"}
            What is not billed is given back to the budgets.
        status, code, request_id
            The service's; for a code also an error's class name.

        Raises
        ------
        OptionsError
            For another word.
        """
        if billed not in _BILLED:
            raise OptionsError(f"billed must be one of {_BILLED}; not {billed!r}")
        if ticket.settled:
            return
        ticket.settled = True
        row = Settlement(ticket.intent, self._clock(), billed, status, code, request_id)
        self._journal.settle(row, ticket.charge)
        self._flusher.wake()

    def keep(
        self,
        ticket: Ticket,
        cutout: Cutout,
        on_kept: Callable[[Cutout | OSError], object],
        *,
        status: int = 200,
        etag: str = "",
        seconds: float | None = None,
    ) -> None:
        """Keep the answer of a call; the ticket is used up.

        When this returns, the answer survives the death of the process; once `on_kept`
        is called, a power cut too.

        Parameters
        ----------
        ticket, cutout : Ticket, Cutout
            Of the call, and its answer, in memory.
        on_kept : callable
            Called from another thread with the cutout whose file keeps it, or with the
            error that prevented it.
        status, etag, seconds
            As of the answer; seconds from the first request on.

        Raises
        ------
        OSError
            When the disk is full or fails; the attempt is settled as billed, and
            `on_kept` is not called.
        """
        self._life.check_process()
        assert cutout.data is not None, "an answer comes in memory"
        sha256 = hashlib.sha256(cutout.data).hexdigest()
        kept = cutout.kept_in(self._folder, sha256)
        outcome = self._use_up(ticket, status, cutout.request_id)

        def done(error: OSError | None) -> None:
            on_kept(error or kept)

        pending = f"{self._life.incoming}{os.sep}{ticket.intent}.png"
        try:
            arrival = arrive(
                ticket, outcome, kept, cutout.data, pending, done, etag, seconds
            )
        except OSError:
            self._journal.settle(outcome, ticket.charge)
            self.release(ticket)
            raise
        self._flusher.put(arrival)

    def keep_stored(
        self,
        ticket: Ticket,
        pictures: Sequence[StoredPicture | None],
        on_kept: Callable[[tuple[StoredPicture | None, ...] | OSError], object],
        *,
        status: int = 200,
        request_id: str | None = None,
        attempts: int = 1,
        seconds: float | None = None,
    ) -> None:
        """Write down results that stay in the bucket; the ticket is used up.

        When this returns they are on disk, or have failed to be.

        Parameters
        ----------
        ticket : Ticket
            Of the call.
        pictures : sequence of StoredPicture or None
            One for each key of the job; None for a result that the answer lacks.
        on_kept : callable
            Called from another thread with `pictures`, or with the error that
            prevented it.
        status, request_id, attempts, seconds
            As of the answer.
        """
        self._life.check_process()
        outcome = self._use_up(ticket, status, request_id)
        told, is_over = tuple(pictures), threading.Event()

        def done(error: OSError | None) -> None:
            try:
                on_kept(error or told)
            finally:
                is_over.set()

        arrival = arrive_stored(ticket, outcome, told, done, attempts, seconds)
        self._flusher.put(arrival)
        # There is no file that a killed run would leave to be adopted.
        is_over.wait()

    def release(self, ticket: Ticket) -> None:
        """Give a ticket back that brought no answer: others may ask now.

        An attempt that was not settled is taken as never sent, which costs nothing:
        settle before releasing whatever may have left.
        """
        self.settle(ticket, "no", code="NotSent")
        self._journal.free(key.asked for key in ticket.job.keys)
        self._flusher.wake()

    def close(self) -> None:
        """Write all there is and end every claim; a second time does nothing.

        Attempts that are not settled stay open in the ledger. Raises nothing: what the
        disk refuses is adopted later. An answer may still be kept afterwards.
        """
        self._life.check_process()
        self._flusher.close()

    def _end(self) -> None:
        try:
            adopt(self._database, self._folder, self.id, self._flusher.left)
            self._flusher.sync_names()
            with self._journal.writing() as connection:
                mark_ended(connection, self.id, self._clock())
        except OSError as error:
            # Its claims stay: whoever meets them adopts what is pending before.
            logger.warning("%r could not be ended: %s", self, error)
        self._life.end()

    def _use_up(
        self, ticket: Ticket, status: int, request_id: str | None
    ) -> Settlement:
        ticket.settled = True
        return Settlement(ticket.intent, self._clock(), "yes", status, "", request_id)
