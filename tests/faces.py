"""One blocking face for both clients, so that one suite judges them alike."""

from __future__ import annotations

import asyncio
import inspect
from contextlib import contextmanager
from functools import partial

from cosmat_nb.client.asynchronous import AsyncMattingClient
from cosmat_nb.client.blocking import MattingClient

FACES = ("blocking", "awaiting")


class Awaited:
    """An awaiting client whose every call is run to its end on a loop of its own."""

    def __init__(self, client, runner):
        self._client, self._runner = client, runner

    def __repr__(self):
        return repr(self._client)

    def __getattr__(self, name):
        value = getattr(self._client, name)
        return partial(self._call, value) if inspect.ismethod(value) else value

    def _call(self, method, *arguments, **named):
        found = method(*arguments, **named)
        if inspect.isasyncgen(found):
            return self._read(found)
        return self._runner.run(found) if inspect.iscoroutine(found) else found

    def _read(self, pages):
        async def read_next():
            return await anext(pages, self)

        while (page := self._runner.run(read_next())) is not self:
            yield page


@contextmanager
def open_client(face, address, credentials, **settings):
    """Open a client of either kind as a blocking one."""
    if face == "blocking":
        with MattingClient(address, credentials, **settings) as client:
            yield client
        return
    with asyncio.Runner() as runner:
        client = Awaited(AsyncMattingClient(address, credentials, **settings), runner)
        try:
            yield client
        finally:
            client.close()
