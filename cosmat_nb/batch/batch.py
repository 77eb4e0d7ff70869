"""A batch at work: threads that fetch calls, make them and deliver outcomes."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from cosmat_nb.batch.baton import Baton
from cosmat_nb.batch.caller import Caller
from cosmat_nb.batch.desk import Desk
from cosmat_nb.batch.halt import Halt
from cosmat_nb.batch.outcome import Outcome, Status, error_text
from cosmat_nb.batch.turnstile import Post
from cosmat_nb.client.pace import Pace
from cosmat_nb.client.quota import RetryQuota
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosmat_nb.batch.resolving import Resolved
    from cosmat_nb.batch.work import Work
    from cosmat_nb.store.run import Run

__all__ = ["Batch"]

_LOOK_SECONDS = 0.1
_MOST_WAITING = 256


class Batch:
    """Makes calls in threads until all are answered or it is stopped.

    It works from the moment it is made. Its threads are daemons, so that one may leave
    at once; as long as the process lives they still keep what is answered.

    Parameters
    ----------
    work : Work
        What is asked, of whom, where it is kept and what it may cost.
    calls : iterator of Resolved
        The pictures; read as they are needed.
    deadline : float, optional
        Seconds from now after which nothing new is sent.

    Attributes
    ----------
    halt : Halt
        Whether and why it was stopped.
    run : str
        Its name in the ledger.
    error : Exception or None
        The first that a call ended with.
    failure : Exception or None
        What ended the batch from outside of a call: reading `calls`, the store.
    """

    def __init__(
        self, work: Work, calls: Iterator[Resolved], deadline: float | None = None
    ) -> None:
        most = work.asking.client.concurrency
        run = _open_run(work)
        self.run = run.id
        self.error: BaseException | None = None
        self.failure: BaseException | None = None
        self.halt = Halt(deadline)
        self._source = work.asking.source
        self._flying: set[str] = set()
        self._outcomes: deque[tuple[str, Outcome]] = deque()
        self._over = threading.Event()
        self._post = Post(run, Pace(most), RetryQuota(most), self.halt, Baton())
        self._caller = Caller(work.asking, self._post, self._deliver)
        self._desk = Desk(work, calls, self._post, self._deliver)
        self._threads = [
            threading.Thread(target=self._work, name="cosmat-batch", daemon=True)
            for _ in range(most)
        ]
        try:
            for thread in self._threads:
                thread.start()
        except BaseException:
            # Those that run already must not pay for a batch that nobody holds.
            self.stop("its threads could not be started")
            raise
        finally:
            self._start_foreman()

    def _start_foreman(self) -> None:
        foreman = threading.Thread(target=self._end, name="cosmat-foreman", daemon=True)
        try:
            foreman.start()
        except RuntimeError:
            # The system gives no thread: what runs has been stopped, so this is short.
            self._end()

    @property
    def is_over(self) -> bool:
        """Whether every call has ended and every outcome was polled."""
        return self._over.is_set() and not self._outcomes

    @property
    def at_work(self) -> int:
        """Calls that a thread is at: in flight, waiting for a slot or for a retry."""
        return len(self._flying)

    @property
    def in_flight(self) -> int:
        """Requests that were sent and have no answer yet."""
        return self._post.pace.in_flight

    @property
    def pause(self) -> float:
        """Seconds for which nothing is sent from now on, as the service asked."""
        return self._post.pace.pause

    def stop(self, reason: str) -> None:
        """Send nothing new; what is in flight is still answered and kept."""
        if self._over.is_set():
            return
        self.halt.stop(reason)
        self._post.pace.stop()

    def leave(self) -> None:
        """Stop, and return once what is in flight is kept."""
        self.stop("it was left")
        while self._flying and not self._over.is_set():
            self.poll(_LOOK_SECONDS)

    def poll(self, seconds: float) -> list[tuple[str, Outcome]]:
        """Return the outcomes that came, with their places.

        Parameters
        ----------
        seconds : float
            How long to wait; less when all calls have ended.
        """
        self._over.wait(seconds)
        return [self._outcomes.popleft() for _ in range(len(self._outcomes))]

    def unanswered(self, place: str) -> Outcome:
        """Return the outcome of a place for which none was delivered."""
        if place in self._flying:
            return Outcome(
                status=Status.ERROR,
                error_code="BatchInterrupted",
                error="sent, and its answer not waited for: it may have been billed; "
                "if it still comes, the store has it",
                heals=True,
                attempts=1,
                source=self._source,
            )
        return Outcome(
            status=Status.SKIPPED,
            error_code=self.halt.code or None,
            error=f"not sent: {self.halt.reason}",
            heals=True,
        )

    def _work(self) -> None:
        try:
            while (task := self._desk.next()) is not None:
                self._flying.add(task.call.place)
                with self._post.baton:
                    self._caller.make(task)
                self._desk.done()
        except BaseException as error:  # noqa: BLE001 - a thread has nobody else to tell
            self._fail(error)

    def _end(self) -> None:
        for thread in self._threads:
            if thread.ident is not None:
                thread.join()
        try:
            self._desk.close()
            self._post.run.close()
        except Exception as error:  # noqa: BLE001 - likewise
            self._fail(error)
        finally:
            self._over.set()

    def _fail(self, error: BaseException) -> None:
        self.failure = self.failure or error
        self.stop(f"the batch stopped: {error_text(error)}")

    def _deliver(
        self, place: str, outcome: Outcome, error: BaseException | None = None
    ) -> None:
        self._flying.discard(place)
        # Handles are light; a reader who takes his time still bounds them.
        while len(self._outcomes) > _MOST_WAITING and not self.halt:
            self.halt.wait(_LOOK_SECONDS)
        self._outcomes.append((place, outcome))
        self.error = self.error or error
        if outcome.dooms:
            self.stop(f"the batch stopped: {outcome.error}")
        elif self._post.quota.all_failing:
            self.stop(f"the service fails again and again, at last: {outcome.error}")


def _open_run(work: Work) -> Run:
    try:
        return work.store.open_run(work.asking.service)
    except OSError as error:
        raise OptionsError(
            f"{work.store!r} cannot be written, so nothing was sent: "
            f"{error.strerror or error}; was it moved or removed, or is the disk full? "
            "Open it anew with cm.Store(...)"
        ) from None
