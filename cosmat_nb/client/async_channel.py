"""A channel for those who await: signed attempts go out, whole replies come back."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
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
    from collections.abc import AsyncIterator

    from cosmat_nb.client.recording import Recorder

__all__ = ["AsyncChannel"]


class AsyncChannel:
    """One pool of connections to one endpoint, of one event loop.

    Parameters
    ----------
    endpoint, idle, direct, recorder
        As in `cosmat_nb.client.channel.Channel`.
    transport : httpx.AsyncBaseTransport, optional
        Replaces the network; for tests.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        idle: int,
        direct: bool,
        recorder: Recorder | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self._recorder = recorder
        self._endpoint = endpoint
        self._landed, self._flying = asyncio.Condition(), 0
        self._is_closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        with open_pool():
            self._http = httpx.AsyncClient(
                transport=transport, **pool_settings(endpoint, idle, direct=direct)
            )

    @property
    def is_closed(self) -> bool:
        """Whether `close` was called."""
        return self._is_closed

    async def close(self) -> None:
        """Take no more attempts, let those in flight be answered, then disconnect."""
        self._is_closed = True
        if self._is_elsewhere():
            return  # its sockets close when they are collected
        try:
            async with self._landed:
                await self._landed.wait_for(lambda: self._flying <= 0)
        finally:
            await self._http.aclose()

    async def send(self, attempt: Attempt) -> Reply:
        """Send one attempt and read its reply to the end.

        Raises
        ------
        TransportError
            When no whole reply came in time.
        OptionsError
            When the channel is closed, or the request is too long to be written.
        """
        timeouts = httpx.Timeout(attempt.seconds).as_dict()
        async with self._flight():
            request = build_request(
                self._http, self._endpoint, attempt, {"timeout": timeouts}
            )
            with translated(attempt, self._endpoint):
                try:
                    async with asyncio.timeout(attempt.seconds):
                        reply = await self._exchange(request, attempt)
                except TimeoutError:
                    raise errors.TransportError(late(attempt)) from None
            if self._recorder is not None:
                keeping = asyncio.to_thread(self._recorder.keep, attempt, reply)
                await asyncio.shield(keeping)
            return reply

    async def _exchange(self, request: httpx.Request, attempt: Attempt) -> Reply:
        response = await self._http.send(request, stream=True)
        body = bytearray()
        try:
            async for block in response.aiter_raw():
                body += block
                attempt.check_length(response.status_code, len(body))
        finally:
            await response.aclose()
        return Reply(
            status=response.status_code, headers=response.headers, body=bytes(body)
        )

    @asynccontextmanager
    async def _flight(self) -> AsyncIterator[None]:
        if self._is_closed:
            raise errors.OptionsError("the client is closed; connect again")
        if self._is_elsewhere():
            raise errors.OptionsError(
                "an awaiting client stays in the event loop that first used it: make "
                "another one in this loop"
            )
        self._flying += 1
        try:
            yield
        finally:
            self._flying -= 1
            async with self._landed:
                self._landed.notify_all()

    def _is_elsewhere(self) -> bool:
        # A connection cannot be awaited in another loop than the one it was made in.
        loop = asyncio.get_running_loop()
        self._loop = self._loop or loop
        return self._loop is not loop
