"""What stands before every attempt of a batch: pace, retries, ledger, budget."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from cosmat_nb.client.retry import parse_retry_after
from cosmat_nb.client.steps import FIRST_ERROR
from cosmat_nb.errors import (
    CosmatError,
    OptionsError,
    ProtocolError,
    TransportError,
)
from cosmat_nb.wire.documents import ErrorDocument

if TYPE_CHECKING:
    from collections.abc import Callable

    from cosmat_nb.batch.baton import Baton
    from cosmat_nb.batch.halt import Halt
    from cosmat_nb.client.pace import Pace, Slot, Verdict
    from cosmat_nb.client.quota import RetryQuota
    from cosmat_nb.client.steps import Attempt, Reply
    from cosmat_nb.store.claims import Ticket
    from cosmat_nb.store.run import Run

__all__ = ["Fate", "Post", "Turnstile", "WithheldError"]

_THROTTLED = (429, 503)
_SERVER_ERROR = 500
_MOST_OF_CODE = 80


class WithheldError(CosmatError):
    """An attempt that a batch does not send."""


class Fate(NamedTuple):
    """What the ledger is told of one attempt.

    Attributes
    ----------
    billed : {"yes", "no", "unknown"}
        A whole answer is billed; a refusal is not (documented for a sibling
        operation, assumed for matting); without an answer nobody here can know.
    status : int or None
        HTTP status.
    code : str
        The service's error code, or an error's class name.
    request_id : str or None
        The service's name for the request.
    """

    billed: str
    status: int | None = None
    code: str = ""
    request_id: str | None = None

    @classmethod
    def of(cls, reply: Reply) -> Fate:
        """Return the fate of an attempt that was answered."""
        if reply.status < FIRST_ERROR:
            return cls("yes", reply.status, request_id=reply.request_id)
        code = ""
        with suppress(ProtocolError):
            code = ErrorDocument.from_xml(reply.body).code[:_MOST_OF_CODE]
        # Without the service's own words an error is a gateway's: what became of the
        # request behind it, nobody here can know.
        own = code or reply.status < _SERVER_ERROR
        return cls("no" if own else "unknown", reply.status, code, reply.request_id)


@dataclass(frozen=True, slots=True)
class Post:
    """What all calls of a batch share.

    Attributes
    ----------
    run : Run
        The batch in the store: claims, ledger, answers.
    pace : Pace
        How many attempts are in flight.
    quota : RetryQuota
        How many may be made again.
    halt : Halt
        Whether the batch has stopped.
    baton : Baton
        Held by a thread while it makes a call, but not while it waits.
    """

    run: Run
    pace: Pace
    quota: RetryQuota
    halt: Halt
    baton: Baton


class Turnstile:
    """The gate of one call, see `cosmat_nb.client.gate`.

    Parameters
    ----------
    post : Post
        The batch's own.
    ticket : Ticket
        The claim; its first intent is in the ledger already.

    Attributes
    ----------
    attempts : int
        Attempts that were sent.
    fate : Fate
        Of the last one.
    """

    __slots__ = ("_post", "_ticket", "attempts", "fate")

    def __init__(self, post: Post, ticket: Ticket) -> None:
        self._post, self._ticket = post, ticket
        self.attempts = 0
        self.fate = Fate("no", code="NotSent")

    def send(self, attempt: Attempt, onward: Callable[[Attempt], Reply]) -> Reply:
        """Send an attempt once it is its turn and the ledger knows of it.

        Raises
        ------
        WithheldError
            When the batch has stopped, or too much of it fails.
        BudgetExceededError
            When another attempt would cost too much.
        """
        post = self._post
        if self.attempts and not (post.halt or post.quota.spend()):
            raise WithheldError("too much fails: nothing is tried again for now")
        slot = self._take_slot()
        if slot is None:
            raise WithheldError(f"not sent: {post.halt.reason}")
        verdict: Literal["good", "refused", "throttled", "failed"] = "failed"
        wait = 0.0
        try:
            self._write_down()
            reply = onward(replace(attempt, idle=post.baton.put_down))
            self.fate = Fate.of(reply)
            verdict, wait = _judge(reply.status), _asked_to_wait(reply)
        except TransportError as error:
            billed = "no" if error.unsent else "unknown"
            self.fate = Fate(billed, error.status, error.code)
            raise
        except OptionsError:
            # Refused on this side: a closed client, a target too long to be written.
            self.fate = Fate("no", code="NotSent")
            raise
        else:
            return reply
        finally:
            pace: Verdict = "failed" if verdict == "refused" else verdict
            post.pace.release(slot, pace, wait)
            post.quota.hear(verdict)

    def sleep(self, seconds: float) -> None:
        """Wait before the next attempt, unless the batch stops."""
        with self._post.baton.put_down():
            self._post.halt.wait(seconds)

    def _take_slot(self) -> Slot | None:
        pace = self._post.pace
        slot: Slot | float | None = pace.ask()
        if isinstance(slot, float):
            with self._post.baton.put_down():
                slot = pace.acquire()
        if slot is not None and self._post.halt:
            pace.release(slot, "failed")
            return None
        return slot

    def _write_down(self) -> None:
        if self.attempts:
            self._post.run.settle(self._ticket, *self.fate)
            with self._post.baton.put_down():
                self._post.run.intend(self._ticket)
        self.attempts += 1
        self.fate = Fate("unknown", code="Interrupted")


def _judge(status: int) -> Literal["good", "refused", "throttled", "failed"]:
    if status in _THROTTLED:
        return "throttled"
    if status < FIRST_ERROR:
        return "good"
    return "refused" if status < _SERVER_ERROR else "failed"


def _asked_to_wait(reply: Reply) -> float:
    return parse_retry_after(reply.headers.get("retry-after"), time.time())
