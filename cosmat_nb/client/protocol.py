"""The protocol core: one generator that signs, judges answers, waits or stops.

It does no input or output. A driver takes what it yields, an `Attempt` to send or a
`Wait` to sit out, and sends back the `Reply` or throws in the `TransportError`. So the
blocking and the awaiting client are two short drivers over one set of rules.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from cosmat_nb import errors
from cosmat_nb.client.clock import Clock
from cosmat_nb.client.reading import Reader
from cosmat_nb.client.retry import Retry, parse_retry_after
from cosmat_nb.client.steps import (
    Answer,
    Attempt,
    Question,
    Reply,
    Steps,
    Wait,
)
from cosmat_nb.wire.address import write_target
from cosmat_nb.wire.codes import is_over
from cosmat_nb.wire.presign import TOKEN
from cosmat_nb.wire.signature import sign

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.client.keyring import Keyring
    from cosmat_nb.client.server_time import ServerTime
    from cosmat_nb.wire.credentials import Credentials

__all__ = ["Speaker"]

T = TypeVar("T")

SKEW_SECONDS = 60
"""A signature starts this long ago, so that a slightly fast clock does no harm."""

LIFE_SECONDS = 900
"""A signature ends this far ahead; each attempt is signed anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """Who speaks: host, credentials, patience.

    Attributes
    ----------
    host : str
        Sent as ``Host`` and signed.
    keys : Keyring
        The credentials to sign the next attempt with.
    time : ServerTime
        By which attempts are dated.
    retry : Retry
        How often and how long.
    clock : Clock
        By which deadlines are kept.
    """

    host: str
    keys: Keyring = field(repr=False)
    time: ServerTime = field(repr=False)
    retry: Retry = Retry()
    clock: Clock = field(default=Clock(), repr=False)

    def ask(self, question: Question[T]) -> Steps[Answer[T]]:
        """Run one call: attempt, judge, then answer, wait and try again, or stop.

        A clock that is badly off and keys that are over are mended once a call.

        Raises
        ------
        CallError
            The last failure, with the number of attempts.
        OptionsError
            When the credentials or a header cannot be used.
        """
        retry, elapsed = self.retry, self.clock.elapsed
        deadline = elapsed() + retry.call_seconds
        sent, mended = 0, False
        failure: errors.CallError = errors.TransportError(
            f"{question.about}: no time was left when the credentials came", attempts=0
        )
        while True:
            credentials = self._current(failure, sent)
            left = deadline - elapsed()
            if left <= 0:
                raise failure
            sent += 1
            reply: Reply | None = None
            signed_at = self.time.now()
            try:
                seconds = min(retry.attempt_seconds, left)
                attempt = self._attempt(question, credentials, signed_at, seconds)
                reader = Reader.of(question, attempt, credentials)
                reply = yield attempt
                assert reply is not None, "a driver answers an attempt with a reply"
                self.time.hear(reply.headers.get("date"))
                value = reader.read(reply)
                return Answer(value=value, request_id=reply.request_id, attempts=sent)
            except errors.CallError as error:
                failure = reader.finish(error, reply, sent)
                mends = not mended and self._mend(error, credentials, signed_at)
                mended = mended or mends
                if mends and sent < retry.attempts:
                    continue
            except errors.CosmatError as error:
                if sent == 1:
                    raise
                # Nothing more can be sent; what was sent may have been billed.
                raise failure from error
            wait = retry.wait_after(sent, self._asked_to_wait(reply))
            is_last = sent >= retry.attempts or elapsed() + wait >= deadline
            if is_last or not failure.heals:
                raise failure
            yield Wait(wait)

    def _current(self, failure: errors.CallError, sent: int) -> Credentials:
        try:
            return self.keys.current()
        except Exception as error:
            if not sent:
                raise
            # What was sent may have been billed: the call's own failure tells of it.
            raise failure from error

    def _mend(
        self, error: errors.CallError, credentials: Credentials, signed_at: float
    ) -> bool:
        if error.code == "ExpiredToken":
            return self.keys.renew(credentials)
        # A HEAD is refused without words: what is left to compare are the dates.
        wordless = error.code == errors.AccessDeniedError.__name__
        number = getattr(error, "number", "")
        late = wordless or is_over(error.code, error.message, number)
        return late and self.time.correct(signed_at)

    def _attempt(
        self,
        question: Question[T],
        credentials: Credentials,
        signed_at: float,
        seconds: float,
    ) -> Attempt:
        headers = {"Host": self.host, **question.headers}
        if credentials.token:
            headers[TOKEN] = credentials.token
        now = int(signed_at)
        signed = sign(
            credentials,
            question.method,
            f"/{question.key}",
            question.params,
            headers,
            (now - SKEW_SECONDS, now + LIFE_SECONDS),
        )
        return Attempt(
            method=question.method,
            target=write_target(question.key, question.params),
            headers=_check_headers({**headers, "Authorization": signed.header}),
            body=question.body,
            seconds=seconds,
            max_bytes=question.max_bytes,
        )

    def _asked_to_wait(self, reply: Reply | None) -> float:
        value = reply.headers.get("retry-after") if reply else None
        return parse_retry_after(value, self.time.now())


def _check_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        # What HTTP cannot carry would be quoted by the error of a lower layer.
        if not (value.isascii() and value.isprintable() and value == value.strip()):
            raise errors.OptionsError(
                f"header {name} must be printable ASCII without blanks around it"
            )
    return headers
