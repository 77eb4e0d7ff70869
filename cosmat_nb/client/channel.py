"""A channel: signed attempts go out, whole replies come back, until it is closed."""

from __future__ import annotations

import logging
import os
from contextlib import contextmanager
from functools import partial
from threading import Condition
from typing import TYPE_CHECKING

from cosmat_nb import errors
from cosmat_nb.client.carrier import open_carrier

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from cosmat_nb.client.carrier import Carrier
    from cosmat_nb.client.recording import Recorder
    from cosmat_nb.client.steps import Attempt, Reply

__all__ = ["Channel"]

logger = logging.getLogger(__name__)


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
        self._elapsed = elapsed
        self._open = partial(
            open_carrier,
            endpoint,
            idle=idle,
            direct=direct,
            elapsed=elapsed,
            transport=transport,
        )
        self._is_closed = False
        self._adopt()

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed

    def close(self, *, patient: bool = True) -> None:
        """Take no more attempts, let those in flight be answered, then disconnect.

        Parameters
        ----------
        patient : bool, default True
            Whether to wait for what is in flight; else it is left to itself.
        """
        self._is_closed = True
        try:
            # A connection closed under a reading thread would leave it waiting.
            if self._owner == os.getpid():
                with self._landed:
                    if self._flying > 0 and not patient:
                        return
                    self._landed.wait_for(lambda: self._flying <= 0)
            self._carrier.close()
        except KeyboardInterrupt:
            self._carrier.close()
            raise

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
            # Without its query: a detect-url may hold a signature.
            path = attempt.target.partition("?")[0]
            logger.debug("%s %s", attempt.method, path)
            reply = self._carrier.carry(attempt, deadline)
            logger.debug("%s %s: HTTP %d", attempt.method, path, reply.status)
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
        self._carrier: Carrier = self._open()
        self._landed, self._flying = Condition(), 0
        self._owner = os.getpid()
