"""Where the threads of a batch fetch their work: pictures claimed, call by call."""

from __future__ import annotations

import threading
from collections import deque
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.errors import BudgetExceededError
from cosmat_nb.store.claims import Busy, Found, Job, Refusal, Ticket

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cosmat_nb.batch.caller import Deliver
    from cosmat_nb.batch.resolving import Resolved
    from cosmat_nb.batch.turnstile import Post
    from cosmat_nb.batch.work import Work

__all__ = ["Desk", "Task"]

MOST = 16
"""Calls claimed in one transaction at most, and not more than may be in flight: what a
kill leaves of them counts as perhaps billed.
"""

_LOOK_SECONDS = 0.2


class Task(NamedTuple):
    """A call that this batch alone may make now."""

    call: Resolved
    ticket: Ticket


class Desk:
    """Hands out claimed calls to threads; asks the store for a group at a time.

    Parameters
    ----------
    work : Work
        What calls may cost, and what needs no call.
    calls : iterator of Resolved
        The pictures; read as they are needed.
    post : Post
        What all calls of the batch share.
    deliver : callable
        Told of outcomes that need no call.
    """

    def __init__(
        self, work: Work, calls: Iterator[Resolved], post: Post, deliver: Deliver
    ) -> None:
        self._work, self._calls, self._deliver = work, calls, deliver
        self._run, self._halt = post.run, post.halt
        self._group = min(MOST, work.asking.client.concurrency)
        self._ready: deque[Task] = deque()
        self._again: deque[Resolved] = deque()
        self._out, self._broke = 0, ""
        self._changed = threading.Condition()

    def next(self) -> Task | None:
        """Return the next call, or None when there is none or the batch stops."""
        with self._changed:
            while not self._halt:
                if self._ready:
                    self._out += 1
                    return self._ready.popleft()
                if not self._refill():
                    return None
            return None

    def done(self) -> None:
        """Say that a call that was handed out has ended."""
        with self._changed:
            self._out -= 1
            if self._again:
                self._changed.notify_all()

    def close(self) -> None:
        """Give back what was claimed and not handed out."""
        with self._changed:
            while self._ready:
                self._run.release(self._ready.popleft().ticket)

    def _refill(self) -> bool:
        """Claim a group, or wait a while; False when nothing is left to wait for."""
        group = [] if self._broke else list(islice(self._calls, self._group))
        idle = False
        if not group:
            if not self._again:
                return False
            idle = self._broke != "" and not self._out
            if not idle:
                # Others ask for these, or what is in flight may turn out to be free.
                self._changed.wait(_LOOK_SECONDS)
            if self._halt:
                return False
            count = min(self._group, len(self._again))
            group = [self._again.popleft() for _ in range(count)]
        self._broke = ""
        self._claim([call for call in group if not self._known(call)])
        if self._broke and idle and not self._ready:
            self._halt.stop(self._broke, BudgetExceededError.__name__)
        return True

    def _known(self, call: Resolved) -> bool:
        outcome = self._work.known(call)
        if outcome is not None:
            self._deliver(call.place, outcome)
        return outcome is not None

    def _claim(self, group: list[Resolved]) -> None:
        if not group:
            return
        jobs = [Job(call.missing) for call in group]
        answers = self._run.claim(jobs, self._work.budget, self._work.price)
        for call, answer in zip(group, answers, strict=True):
            match answer:
                case Ticket():
                    self._ready.append(Task(call, answer))
                case Found():
                    # Told at the next look, or what is still missing is claimed.
                    self._again.append(self._work.refreshed(call))
                case Busy():
                    self._again.append(call)
                case Refusal():
                    self._again.append(call)
                    self._broke = answer.reason
