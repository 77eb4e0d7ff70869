"""The thread that serves an application on loopback."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import uvicorn

from cosmat_nb.emulator.wiring import WiredProtocol, listen
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from cosmat_nb.emulator.app import EmulatorApp

__all__ = ["Serving"]

_START_SECONDS = 10.0
_STOP_SECONDS = 10


class Serving:
    """An application being served, from a thread with an event loop of its own.

    Parameters
    ----------
    app : EmulatorApp
        What answers.
    host : str
        Interface to listen on.
    port : int
        Port; 0 lets the system choose.

    Attributes
    ----------
    port : int
        The one it listens on.

    Raises
    ------
    OptionsError
        When the port is in use or the interface is not this machine's.
    """

    def __init__(self, app: EmulatorApp, host: str, port: int) -> None:
        listener = listen(host, port)
        self.port: int = listener.getsockname()[1]
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=WiredProtocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=_STOP_SECONDS,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [listener]},
            name="cosmat-emulator",
            daemon=True,
        )
        self._thread.start()
        deadline = time.monotonic() + _START_SECONDS
        while not self._server.started:
            if not self._thread.is_alive() or time.monotonic() > deadline:
                raise OptionsError("the emulator's server did not start")
            time.sleep(0.002)

    def stop(self) -> None:
        """Stop listening; requests in flight are answered first, for 10 s at most."""
        self._server.should_exit = True
        self._thread.join()
