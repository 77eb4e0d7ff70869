"""What the core and a driver say to each other: attempts, waits, replies, answers."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar

from cosmat_nb import errors

__all__ = [
    "FIRST_ERROR",
    "MAX_DOCUMENT",
    "Answer",
    "Attempt",
    "Question",
    "Reply",
    "Steps",
    "Wait",
]

T = TypeVar("T")

FIRST_ERROR = 300
"""Lowest HTTP status that is no success."""

MAX_DOCUMENT = 8 << 20
"""Longest document that is read, bytes; the longest listing has about 2 MB."""


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
    max_bytes : int or None
        Longest body that is read; None for any.
    """

    about: str
    read: Callable[[Reply], T]
    method: str = "GET"
    key: str = ""
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    accepts: tuple[int, ...] = ()
    max_bytes: int | None = MAX_DOCUMENT


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Generic[T]):
    """A value, and what it took to get it."""

    value: T
    request_id: str | None
    attempts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One signed request for a driver to send within `seconds`.

    Of its answer a driver reads at most `max_bytes`, and `MAX_DOCUMENT` of a refusal.
    While it waits for the other side it is inside of `idle`.
    """

    method: str
    target: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    seconds: float
    max_bytes: int | None = None
    idle: Callable[[], AbstractContextManager[None]] = field(
        default=nullcontext, repr=False, compare=False
    )

    def check_length(self, status: int, length: int) -> None:
        """Refuse a body that goes on for too long.

        Raises
        ------
        TransportError
            One that does not heal.
        """
        most = self.max_bytes if status < FIRST_ERROR else MAX_DOCUMENT
        if most is not None and length > most:
            raise errors.TransportError(
                f"an answer of more than {most} bytes", heals=False, status=status
            )


@dataclass(frozen=True, slots=True)
class Wait:
    """Seconds for a driver to wait."""

    seconds: float


Steps: TypeAlias = Generator[Attempt | Wait, Reply | None, T]
"""A call under way: what a driver is asked to do, and the value in the end."""
