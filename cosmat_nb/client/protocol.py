"""The protocol core: one generator that signs, judges answers, waits or stops.

It does no input or output. A driver takes what it yields, an `Attempt` to send or a
`Wait` to sit out, and sends back the `Reply` or throws in the `TransportError`. So the
blocking and the awaiting client are two short drivers over one set of rules.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeAlias, TypeVar

from cosmat_nb import errors
from cosmat_nb.client.pace import Clock, Retry, parse_retry_after
from cosmat_nb.wire.address import write_target
from cosmat_nb.wire.codes import is_over, service_error
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.presign import TOKEN
from cosmat_nb.wire.signature import sign

if TYPE_CHECKING:
    from cosmat_nb.client.keyring import Keyring
    from cosmat_nb.client.server_time import ServerTime
    from cosmat_nb.wire.credentials import Credentials

__all__ = ["Answer", "Attempt", "Question", "Reply", "Speaker", "Steps", "Wait"]

T = TypeVar("T")

SKEW_SECONDS = 60
"""A signature starts this long ago, so that a slightly fast clock does no harm."""

LIFE_SECONDS = 900
"""A signature ends this far ahead; each attempt is signed anew."""

_FIRST_ERROR = 300
_ENCODED_QUERY = re.compile(r"%(?:25)*3f\S*", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer, read to its end.

    Attributes
    ----------
    status : int
        HTTP status.
    headers : mapping of str to str
        Looked up in any case.
    body : bytes
        The whole body.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)

    @property
    def request_id(self) -> str | None:
        """The service's name for the request."""
        return self.headers.get("x-cos-request-id")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """What is asked, and how its answer is read.

    Attributes
    ----------
    about : str
        The call in words; error messages start with it.
    read : callable
        Turns a 2xx reply into a value; raises `ProtocolError` when it cannot.
    method, key : str
        HTTP method and object key, ``""`` for the bucket.
    params, headers : mapping of str to str
        All of them are signed.
    body : bytes
        Request body.
    accepts : tuple of int
        Statuses beyond 2xx that are answers too, as 304.
    """

    about: str
    read: Callable[[Reply], T]
    method: str = "GET"
    key: str = ""
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    accepts: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """A value, and what it took to get it."""

    value: T
    request_id: str | None
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One signed request for a driver to send within `seconds`."""

    method: str
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    seconds: float


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds for a driver to wait."""

    seconds: float


Steps: TypeAlias = Generator[Attempt | Wait, Reply | None, T]
"""A call under way: what a driver is asked to do, and the value in the end."""


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
            credentials = self.keys.current()
            left = deadline - elapsed()
            if left <= 0:
                raise failure
            sent += 1
            reply: Reply | None = None
            signed_at = self.time.now()
            try:
                seconds = min(retry.attempt_seconds, left)
                reply = yield self._attempt(question, credentials, signed_at, seconds)
                assert reply is not None, "a driver answers an attempt with a reply"
                self.time.hear(reply.headers.get("date"))
                return Answer(
                    value=_read(question, reply),
                    request_id=reply.request_id,
                    attempts=sent,
                )
            except errors.CallError as error:
                failure = _finished(error, question, reply, sent)
                if not mended and self._mend(error, credentials, signed_at):
                    mended = True
                    if sent < retry.attempts:
                        continue
            wait = retry.wait_after(sent, self._asked_to_wait(reply))
            is_last = sent >= retry.attempts or elapsed() + wait >= deadline
            if is_last or not failure.heals:
                raise failure
            yield Wait(wait)

    def _mend(
        self, error: errors.CallError, credentials: Credentials, signed_at: float
    ) -> bool:
        if error.code == "ExpiredToken":
            return self.keys.renew(credentials)
        # A HEAD is refused without words: what is left to compare are the dates.
        wordless = error.code == errors.AccessDeniedError.__name__
        late = wordless or is_over(error.code, error.message)
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


def _read(question: Question[T], reply: Reply) -> T:
    status = reply.status
    if status < _FIRST_ERROR or status in question.accepts:
        return question.read(reply)
    number = reply.headers.get("x-errno", "")
    message = f"answered HTTP {status}"
    if not reply.body:
        raise service_error("", message, number=number, status=status)
    try:
        document = ErrorDocument.from_xml(reply.body)
    except errors.ProtocolError:
        message += " without an error document"
        raise service_error("", message, number=number, status=status) from None
    raise service_error(
        document.code, document.message or message, number=number, status=status
    )


def _finished(
    error: errors.CallError, question: Question[T], reply: Reply | None, attempts: int
) -> errors.CallError:
    message = error.message
    # The service may quote a picture's address, and its query may hold a signature.
    query = question.params.get("detect-url", "").partition("?")[2]
    if query:
        message = _ENCODED_QUERY.sub("…", message.replace(query, "…"))
    finished = type(error)(
        f"{question.about}: {message}",
        code=error.code,
        status=reply.status if reply else None,
        request_id=reply.request_id if reply else None,
        attempts=attempts,
        heals=error.heals,
        dooms=error.dooms,
    )
    finished.__cause__ = error.__cause__
    return finished
