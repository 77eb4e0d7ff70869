"""The direct way: a pool of connections to one endpoint, on sockets."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import httpx

from cosmat_nb import errors
from cosmat_nb.client.connection import Connection, ConnectionFailure, Place
from cosmat_nb.client.framing import Frame, FramingError
from cosmat_nb.client.sending import HEADERS, check_target, late, trusted
from cosmat_nb.client.steps import Attempt, Reply

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["DirectCarrier"]

IDLE_SECONDS = 5.0
"""Connections that lay idle for longer are not used again: servers close them, and an
attempt that crosses with that may be billed. The time is that of httpx."""

_WITH_LENGTH = ("POST", "PUT", "PATCH")


class DirectCarrier:
    """Carries attempts over connections of its own; safe between threads.

    Parameters
    ----------
    endpoint : str
        Scheme, host and port.
    idle : int
        Most connections kept open between attempts; the newest is used first.
    elapsed : callable
        Seconds from any fixed moment, for deadlines.

    Raises
    ------
    OptionsError
        When the environment names certificates that cannot be used.

    Notes
    -----
    Redirects are not followed, cookies not kept, nothing is unpacked.
    """

    def __init__(
        self, endpoint: str, *, idle: int, elapsed: Callable[[], float]
    ) -> None:
        self._endpoint = endpoint
        self._place = _place(endpoint)
        self._most_idle = idle
        self._elapsed = elapsed
        # Its two ends need no lock, and a lock could be held at a fork.
        self._idle: deque[Connection] = deque()
        self._is_closed = False

    def close(self) -> None:
        """Disconnect what is idle; what is in flight disconnects when it is over."""
        self._is_closed = True
        self._drop(0)

    def carry(self, attempt: Attempt, deadline: float) -> Reply:
        """Send one attempt and read its reply to the end.

        Raises
        ------
        TransportError
            When no whole reply came until the deadline.
        OptionsError
            When the request is too long to be written.
        """
        check_target(self._endpoint, attempt.target)
        try:
            connection = self._open(deadline, attempt)
        except ConnectionFailure as failure:
            raise self._error(failure, attempt, unsent=True) from None
        lasts = False
        try:
            reply, lasts = _exchange(connection, attempt)
        except (ConnectionFailure, FramingError) as failure:
            raise self._error(failure, attempt) from None
        finally:
            if lasts:
                self._put_back(connection)
            else:
                connection.close()
        return reply

    def _open(self, deadline: float, attempt: Attempt) -> Connection:
        while self._idle:
            try:
                connection = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            idle_for = self._elapsed() - connection.idle_since
            if idle_for <= IDLE_SECONDS and not connection.is_stale:
                connection.deadline, connection.idle = deadline, attempt.idle
                return connection
            connection.close()
        with attempt.idle():
            connection = Connection(self._place, deadline, self._elapsed)
        connection.idle = attempt.idle
        return connection

    def _put_back(self, connection: Connection) -> None:
        connection.idle_since = self._elapsed()
        self._idle.append(connection)
        self._drop(0 if self._is_closed else self._most_idle)

    def _drop(self, most: int) -> None:
        while len(self._idle) > most:
            try:
                self._idle.popleft().close()
            except IndexError:
                return

    def _error(
        self,
        failure: ConnectionFailure | FramingError,
        attempt: Attempt,
        *,
        unsent: bool = False,
    ) -> errors.TransportError:
        kind, reason = "RemoteProtocolError", str(failure)
        if isinstance(failure, ConnectionFailure):
            kind, reason = failure.kind, failure.reason or late(attempt)
        return errors.TransportError(
            f"{kind} at {self._endpoint}: {reason}", unsent=unsent
        )


def _exchange(connection: Connection, attempt: Attempt) -> tuple[Reply, bool]:
    # Kept in no variable: reports of errors show those, and it is signed.
    listened = connection.send(_write_head(attempt), attempt.body)
    frame = Frame(connection)
    found = frame.read_head()
    body, lasts = frame.read_body(
        found,
        lambda length: attempt.check_length(found.status, length),
        is_head=attempt.method == "HEAD",
    )
    reply = Reply(status=found.status, headers=found.headers, body=body)
    return reply, lasts and listened


def _write_head(attempt: Attempt) -> bytes:
    headers = {**attempt.headers}
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    if attempt.body or attempt.method in _WITH_LENGTH:
        headers["Content-Length"] = str(len(attempt.body))
    lines = [f"{attempt.method} {attempt.target} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _place(endpoint: str) -> Place:
    url = httpx.URL(endpoint)
    is_secure = url.scheme == "https"
    return Place(
        url.raw_host.decode("ascii"),
        url.port or (443 if is_secure else 80),
        trusted() if is_secure else None,
    )
