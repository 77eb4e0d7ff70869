"""Reading one reply: its value, or an error that shows no secret and ends."""

from __future__ import annotations

import re
from copy import copy
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Generic, TypeVar

from cosmat_nb import errors
from cosmat_nb.client.steps import FIRST_ERROR, Attempt, Question, Reply
from cosmat_nb.wire.codes import service_error
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.scrubbing import MASK, Scrubber

if TYPE_CHECKING:
    from cosmat_nb.wire.credentials import Credentials

__all__ = ["Reader"]

T = TypeVar("T")

_QUERY = re.compile(r"(\?|%(?:25)*3f)\S+", re.IGNORECASE)
_MOST, _MOST_OF_SERVICE, _MOST_OF_CODE = 2000, 500, 80


@dataclass(frozen=True, slots=True)
class Reader(Generic[T]):
    """Reads the reply to one attempt.

    Attributes
    ----------
    question : Question
        What was asked.
    scrubber : Scrubber
        Knows what was sent and must not be shown: a service may quote it.
    """

    question: Question[T]
    scrubber: Scrubber = field(repr=False)

    @classmethod
    def of(
        cls, question: Question[T], attempt: Attempt, credentials: Credentials
    ) -> Reader[T]:
        """Make the reader of an attempt signed with these credentials."""
        secrets = (
            credentials.secret_id,
            credentials.secret_key,
            credentials.token,
            attempt.headers["Authorization"].rpartition("=")[2],
        )
        return cls(question, Scrubber(secrets))

    def read(self, reply: Reply) -> T:
        """Return the value.

        Raises
        ------
        ServiceError
            For a refusal.
        ProtocolError
            When the reply is not what was asked for.
        """
        status = reply.status
        if status < FIRST_ERROR or status in self.question.accepts:
            return self.question.read(reply)
        number = self._shown(reply.headers.get("x-errno", ""), _MOST_OF_CODE)
        message, name = f"answered HTTP {status}", ""
        if reply.body:
            try:
                document = ErrorDocument.from_xml(reply.body)
            except errors.ProtocolError:
                message += " without an error document"
            else:
                message = self._shown(document.message, _MOST_OF_SERVICE) or message
                name = document.code
        raise service_error(name, message, number=number, status=status)

    def finish(
        self, error: errors.CallError, reply: Reply | None, attempts: int
    ) -> errors.CallError:
        """Complete an error with the facts of its call."""
        finished = copy(error)
        about = self.question.about
        finished.message = f"{about}: {self._shown(error.message, _MOST)}"
        finished.args = (finished.message,)
        finished.code = self._shown(error.code, _MOST_OF_CODE)
        finished.attempts = attempts
        if reply is not None:
            finished.status = reply.status
            finished.request_id = self._shown(reply.request_id or "", _MOST_OF_CODE)
            finished.request_id = finished.request_id or None
        if isinstance(finished, errors.ServiceError):
            finished.number = self._shown(finished.number, _MOST_OF_CODE)
        return finished

    def _shown(self, text: str, most: int) -> str:
        # What a server writes may move a terminal's cursor, and have no end.
        # Cut at first for speed; a half of a secret at this end is cut off later.
        told = self.scrubber.text(text[: 4 * most])
        if "?" in self.question.params.get("detect-url", ""):
            # The query of a picture's address may hold another signature.
            told = _QUERY.sub(rf"\1{MASK}", told)
        plain = "".join(sign if sign.isprintable() else " " for sign in told)
        return plain if len(plain) <= most else f"{plain[:most]}…"
