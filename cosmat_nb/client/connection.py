"""One connection: bytes go out and come in until a moment, and not a step later."""

from __future__ import annotations

import socket
import ssl
from contextlib import nullcontext
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

__all__ = ["Connection", "ConnectionFailure", "Place"]

T = TypeVar("T")

_NOT_READY = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class ConnectionFailure(Exception):  # noqa: N818 - as in the errors' own words
    """A connection that was not made, or is of no more use.

    Attributes
    ----------
    kind : str
        What failed, in the words that httpx has for it, as ``ReadTimeout``.
    reason : str
        Of the system; ``""`` when time ran out.
    """

    def __init__(self, kind: str, reason: str = "") -> None:
        super().__init__(kind, reason)
        self.kind, self.reason = kind, reason


class Place(NamedTuple):
    """Where a connection leads.

    Attributes
    ----------
    host : str
        Name or address, ASCII.
    port : int
        TCP port.
    tls : ssl.SSLContext or None
        Checks the server's certificate; None for plain HTTP.
    """

    host: str
    port: int
    tls: ssl.SSLContext | None


class Connection:
    """A connected socket whose every step ends at `deadline`.

    Parameters
    ----------
    place : Place
        Where to.
    deadline : float
        As `elapsed` tells time; set anew for each use.
    elapsed : callable
        Seconds from any fixed moment.

    Attributes
    ----------
    idle : callable
        Makes the context in which it waits for the other side.

    Raises
    ------
    ConnectionFailure
        Here and in every method: ``ConnectError``, ``ConnectTimeout`` and so on.

    Notes
    -----
    The system's look-up of a name knows no deadline. Several addresses of one name
    share the time: a dead one leaves the next its part.
    """

    def __init__(
        self, place: Place, deadline: float, elapsed: Callable[[], float]
    ) -> None:
        self.deadline = deadline
        self.idle_since = 0.0
        self.idle: Callable[[], AbstractContextManager[None]] = nullcontext
        self._elapsed = elapsed
        try:
            self._socket = self._connect(place)
        except TimeoutError:
            raise ConnectionFailure("ConnectTimeout") from None
        except (OSError, ValueError, OverflowError) as error:
            raise ConnectionFailure("ConnectError", str(error)) from None
        # What is there is read at once; only who must wait pays for a timeout.
        self._socket.settimeout(0)

    @property
    def is_stale(self) -> bool:
        """Whether the other side closed it, or says what nobody asked for."""
        try:
            # Past the layer of TLS, which has nothing to say about a closed socket.
            socket.socket.recv(self._socket, 1, socket.MSG_PEEK)
        except BlockingIOError:
            return isinstance(self._socket, ssl.SSLSocket) and bool(
                self._socket.pending()
            )
        except OSError:
            return True
        return True

    def close(self) -> None:
        """Disconnect."""
        self._socket.close()

    def send(self, head: bytes, body: bytes) -> bool:
        """Send a request; False when the other side stopped listening.

        It may have answered all the same.
        """
        try:
            for part in (head, body):
                rest = memoryview(part)
                while rest:
                    rest = rest[self._send_some(rest) :]
        except TimeoutError:
            raise ConnectionFailure("WriteTimeout") from None
        except OSError:
            return False
        return True

    def receive(self, most: int) -> bytes:
        """Return up to `most` bytes as soon as there are some; none at the end."""
        return self._when_ready(lambda: self._socket.recv(most))

    def receive_into(self, view: memoryview) -> int:
        """Fill the first bytes of a view and return how many; 0 at the end."""
        return self._when_ready(lambda: self._socket.recv_into(view))

    def _send_some(self, rest: memoryview) -> int:
        self._check_time()
        try:
            return self._socket.send(rest)
        except _NOT_READY:
            return self._wait(lambda: self._socket.send(rest))

    def _when_ready(self, read: Callable[[], T]) -> T:
        try:
            while True:
                self._check_time()
                try:
                    return read()
                except _NOT_READY:
                    self._wait(self._peek)
        except OSError as error:
            raise _read_failure(error) from None

    def _wait(self, act: Callable[[], T]) -> T:
        woke = self._elapsed()
        try:
            with self.idle():
                self._set_timeout()
                try:
                    return act()
                finally:
                    woke = self._elapsed()
        finally:
            # The time it took to come back from idling is not the other side's.
            self.deadline += self._elapsed() - woke
            self._socket.settimeout(0)

    def _peek(self) -> None:
        # Past the layer of TLS, which may want more than it has for one byte.
        socket.socket.recv(self._socket, 1, socket.MSG_PEEK)

    def _check_time(self) -> None:
        if self._elapsed() >= self.deadline:
            raise TimeoutError

    def _set_timeout(self, share: int = 1) -> None:
        left = self.deadline - self._elapsed()
        if left <= 0:
            raise TimeoutError
        self._socket.settimeout(left / share)

    def _connect(self, place: Place) -> socket.socket:
        found = socket.getaddrinfo(place.host, place.port, type=socket.SOCK_STREAM)
        for others, (family, kind, number, _, address) in zip(
            reversed(range(len(found))), found, strict=True
        ):
            self._socket = socket.socket(family, kind, number)
            try:
                self._set_timeout(share=1 + others)
                self._socket.connect(address)
                self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                return self._secured(place)
            except BaseException as error:
                self._socket.close()
                if not others or not isinstance(error, OSError):
                    raise
        raise OSError("the name has no address")

    def _secured(self, place: Place) -> socket.socket:
        if place.tls is None:
            return self._socket
        self._set_timeout()
        return place.tls.wrap_socket(self._socket, server_hostname=place.host)


def _read_failure(error: OSError) -> ConnectionFailure:
    if isinstance(error, TimeoutError):
        return ConnectionFailure("ReadTimeout")
    return ConnectionFailure("ReadError", str(error))
