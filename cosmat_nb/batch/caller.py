"""One call of a batch: made, judged, kept, and its outcome delivered."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

from cosmat_nb.batch.outcome import Outcome, Status
from cosmat_nb.batch.turnstile import Turnstile, WithheldError
from cosmat_nb.client.gate import through
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import CallError, ResultMissingError
from cosmat_nb.places import is_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cosmat_nb.batch.asking import Asking
    from cosmat_nb.batch.desk import Task
    from cosmat_nb.batch.resolving import Resolved
    from cosmat_nb.batch.turnstile import Post
    from cosmat_nb.client.blocking import MattingClient
    from cosmat_nb.store.answer_key import AnswerKey
    from cosmat_nb.wire.results import StoredPicture, UploadResult

__all__ = ["Caller", "answered"]


class Deliver(Protocol):
    """Takes a place, its outcome, and the error where it has one."""

    def __call__(
        self, place: str, outcome: Outcome, error: BaseException | None = None
    ) -> None: ...


class Caller:
    """Makes claimed calls, in any thread.

    Parameters
    ----------
    asking : Asking
        What is asked, of whom.
    post : Post
        What all calls of the batch share.
    deliver : callable
        Told of the outcome once the answer is kept.
    """

    def __init__(self, asking: Asking, post: Post, deliver: Deliver) -> None:
        self._asking, self._post, self._deliver = asking, post, deliver
        self._source = asking.source

    def make(self, task: Task) -> None:
        """Make a call and see to its outcome; raises nothing."""
        gate, start = Turnstile(self._post, task.ticket), time.monotonic()
        try:
            answer = self._ask(task.call, through(self._asking.client, gate))
        except BaseException as error:  # noqa: BLE001 - what came of it must reach the frame
            self._fail(task, gate, time.monotonic() - start, error)
            return
        seconds = time.monotonic() - start
        if isinstance(answer, Cutout):
            self._keep(task, seconds, answer)
        else:
            self._keep_stored(task, seconds, answer)

    def _ask(self, call: Resolved, client: MattingClient) -> Cutout | UploadResult:
        if self._asking.save_as is not None:
            results = {_result(key): key.options for key in call.missing}
            return client.matte_stored(call.place, results)
        (key,) = call.missing
        ask = client.matte_url if is_address(call.place) else client.matte
        return ask(call.place, key.options)

    def _keep(self, task: Task, seconds: float, cutout: Cutout) -> None:
        def done(kept: Cutout | OSError) -> None:
            if isinstance(kept, OSError):
                self._deliver(place, _unkept(finish(cutout), kept), kept)
            else:
                self._deliver(place, finish(kept))

        def finish(answer: Cutout) -> Outcome:
            return answered(
                self._asking,
                task.call,
                [answer],
                source=self._source,
                attempts=answer.attempts,
                seconds=seconds,
            )

        place = task.call.place
        # It may wait for the disk or for a reader, and the others must not.
        with self._post.baton.put_down():
            try:
                self._post.run.keep(task.ticket, cutout, done, seconds=seconds)
            except OSError as error:
                done(error)

    def _keep_stored(self, task: Task, seconds: float, answer: UploadResult) -> None:
        pictures = _pictures(answer, task.call)
        outcome = answered(
            self._asking,
            task.call,
            pictures,
            source=self._source,
            attempts=answer.attempts,
            seconds=seconds,
            request_id=answer.request_id,
        )

        self._write_down(task, pictures, outcome)

    def _write_down(
        self,
        task: Task,
        pictures: Sequence[StoredPicture | None],
        outcome: Outcome,
        error: BaseException | None = None,
    ) -> None:
        def done(kept: object) -> None:
            if isinstance(kept, OSError):
                self._deliver(task.call.place, _unkept(outcome, kept), kept)
            else:
                self._deliver(task.call.place, outcome, error)

        # It waits for the disk, and the others need not.
        with self._post.baton.put_down():
            self._post.run.keep_stored(
                task.ticket,
                pictures,
                done,
                request_id=outcome.request_id,
                attempts=outcome.attempts,
                seconds=outcome.seconds,
            )

    def _fail(
        self, task: Task, gate: Turnstile, seconds: float, error: BaseException
    ) -> None:
        outcome = Outcome(status=Status.ERROR).failed(error)
        if isinstance(error, WithheldError):
            outcome = replace(outcome, status=Status.SKIPPED, heals=True)
        elif not isinstance(error, CallError):
            # The place was good: keys, client or store are not, for all other rows too.
            outcome = replace(outcome, status=Status.ERROR, dooms=True, heals=True)
        if gate.attempts:
            fate = gate.fate._replace(code=outcome.error_code or "")
            self._post.run.settle(task.ticket, *fate)
            outcome = replace(
                outcome, attempts=gate.attempts, seconds=seconds, source=self._source
            )
        if isinstance(error, ResultMissingError) and error.result.objects:
            made = _pictures(error.result, task.call)
            outcome = replace(outcome, stored=tuple(filter(None, made)))
            self._write_down(task, made, outcome, error)
            return
        self._post.run.release(task.ticket)
        with self._post.baton.put_down():
            self._deliver(task.call.place, outcome, error)


def answered(
    asking: Asking,
    call: Resolved,
    new: Sequence[Any] = (),
    *,
    source: str = "store",
    attempts: int = 0,
    seconds: float = math.nan,
    request_id: str | None = None,
) -> Outcome:
    """Return the outcome of a picture whose answers are all there.

    Parameters
    ----------
    asking : Asking
        What was asked, of whom.
    call : Resolved
        The picture, and what the store had.
    new : sequence of Cutout or StoredPicture
        What it lacked, in the order in which it was asked for.
    source, attempts, seconds, request_id
        As in `Outcome`; the id by default the answer's own.
    """
    left = iter(new)
    results = [next(left) if old is None else old for old in call.found]
    status, cutout, stored = Status.OK, None, ()
    if asking.save_as is not None:
        stored = tuple(results)
    else:
        (cutout,) = results
        status = Status.EMPTY if cutout.is_empty else Status.OK
        request_id = request_id or cutout.request_id
    return Outcome(
        status=status,
        cutout=cutout,
        stored=stored,
        request_id=request_id,
        attempts=attempts,
        seconds=seconds,
        source=source,
    )


def _unkept(outcome: Outcome, error: Exception) -> Outcome:
    # The answer is paid: it stays in memory, and the batch stops before the next.
    return replace(
        outcome,
        error=f"answered, but not kept by the store: {error}",
        error_code=type(error).__name__,
        dooms=True,
    )


def _result(key: AnswerKey) -> str:
    return key.saved_as.partition("/")[2]


def _pictures(answer: UploadResult, call: Resolved) -> list[StoredPicture | None]:
    # The vendor's own example tells another key than its location.
    made = {unquote(each.location.partition("/")[2]): each for each in answer.objects}
    made |= {each.key: each for each in answer.objects}
    return [made.get(_result(key)) for key in call.missing]
