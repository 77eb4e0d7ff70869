"""A channel: signed attempts go out over HTTP, whole replies come back in time."""

from __future__ import annotations

import os
from contextlib import contextmanager
from threading import Condition
from typing import TYPE_CHECKING

import httpx

from cosmat_nb import errors
from cosmat_nb.client.sending import (
    build_request,
    late,
    open_pool,
    pool_settings,
    translated,
)
from cosmat_nb.client.steps import Attempt, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from cosmat_nb.client.recording import Recorder

__all__ = ["Channel"]

_SHORTEST = 0.001
"""A socket's timeout may not be 0 or less: that would mean "do not wait at all"."""


class Channel:
    """One pool of connections to one endpoint, shared by threads.

    A process that was forked opens a pool of its own: two processes on one connection
    would read each other's answers.

    Parameters
    ----------
    endpoint : str
        Scheme, host and port, as ``http://127.0.0.1:8791``.
    idle : int
        Most connections kept open between calls.
    direct : bool
        Whether to ignore the environment's proxies; they are always ignored for this
        machine's own addresses, to which a proxy has no way.
    elapsed : callable
        Seconds from any fixed moment, for deadlines.
    recorder : Recorder, optional
        Keeps every exchange.
    transport : httpx.BaseTransport, optional
        Replaces the network; for tests.

    Raises
    ------
    OptionsError
        When the environment names a proxy or certificates that cannot be used.

    Notes
    -----
    An attempt's deadline is looked at before each step of a request and after each
    piece of the body. A server that sends pieces and then falls silent can so hold an
    attempt for up to twice its time; headers that come byte by byte can hold it longer.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        idle: int,
        direct: bool,
        elapsed: Callable[[], float],
        recorder: Recorder | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._recorder = recorder
        self._endpoint = endpoint
        self._idle = idle
        self._direct = direct
        self._elapsed = elapsed
        self._transport = transport
        self._is_closed = False
        self._adopt()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed

    def close(self) -> None:
        """Take no more attempts, let those in flight be answered, then disconnect."""
        self._is_closed = True
        try:
            # A connection closed under a reading thread would leave it waiting.
            if self._owner == os.getpid():
                with self._landed:
                    self._landed.wait_for(lambda: self._flying <= 0)
        finally:
            self._http.close()

    def send(self, attempt: Attempt) -> Reply:
        """Send one attempt and read its reply to the end.

        Raises
        ------
        TransportError
            When no whole reply came in time.
        OptionsError
            When the channel is closed, or the request is too long to be written.
        """
        deadline = self._elapsed() + attempt.seconds
        with self._flight():
            request = self._build(attempt, deadline)
            with translated(attempt, self._endpoint):
                reply = self._exchange(request, attempt, deadline)
            if self._recorder is not None:
                self._recorder.keep(attempt, reply)
            return reply

    @contextmanager
    def _flight(self) -> Iterator[None]:
        if self._owner != os.getpid():
            self._adopt()
        with self._landed:
            if self._is_closed:
                raise errors.OptionsError("the client is closed; connect again")
            self._flying += 1
        try:
            yield
        finally:
            with self._landed:
                self._flying -= 1
                self._landed.notify_all()

    def _adopt(self) -> None:
        self._http = self._open()
        self._landed, self._flying = Condition(), 0
        self._owner = os.getpid()

    def _build(self, attempt: Attempt, deadline: float) -> httpx.Request:
        timeouts = httpx.Timeout(attempt.seconds).as_dict()

        def tighten(event: str, facts: Mapping[str, object]) -> None:
            # Each step of a request would else get the whole time anew.
            del event, facts
            left = max(deadline - self._elapsed(), _SHORTEST)
            timeouts.update(dict.fromkeys(("connect", "read", "write"), left))

        extensions = {"timeout": timeouts, "trace": tighten}
        return build_request(self._http, self._endpoint, attempt, extensions)

    def _exchange(
        self, request: httpx.Request, attempt: Attempt, deadline: float
    ) -> Reply:
        response = self._http.send(request, stream=True)
        body = bytearray()
        try:
            for block in response.iter_raw():
                body += block
                attempt.check_length(response.status_code, len(body))
                if self._elapsed() > deadline:
                    raise errors.TransportError(late(attempt))
        finally:
            response.close()
        return Reply(
            status=response.status_code, headers=response.headers, body=bytes(body)
        )

    def _open(self) -> httpx.Client:
        with open_pool():
            return httpx.Client(
                transport=self._transport,
                **pool_settings(self._endpoint, self._idle, direct=self._direct),
            )
