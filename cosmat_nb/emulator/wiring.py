"""The wire below HTTP: where to listen, and how to break a connection."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

__all__ = ["Wire", "WiredProtocol", "listen"]

_BACKLOG = 2048

_LOOK_SECONDS = 0.005


class WiredProtocol(H11Protocol):
    """Uvicorn's protocol, with each request's transport in its scope's state."""

    # Narrower than asyncio's own signature, as uvicorn's is.
    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note the transport where each request of this connection will find it."""
        super().connection_made(transport)
        self.app_state = {**self.app_state, "transport": transport}

    def _unsupported_upgrade_warning(self) -> None:
        # An upgrade is only offered, as HTTP/2 is by curl; no reason to print anything.
        pass


@dataclass(frozen=True, slots=True)
class Wire:
    """One request's way back: answers, pauses, and ends that HTTP does not know.

    Parameters
    ----------
    transport : asyncio.Transport
        Of the connection.
    receive, send : callable
        The two ends that ASGI gives.
    """

    transport: asyncio.Transport
    receive: Receive
    send: Send

    @classmethod
    def of(cls, scope: Scope, receive: Receive, send: Send) -> Wire:
        """Find the wire of a request that came through `WiredProtocol`."""
        return cls(scope["state"]["transport"], receive, send)

    async def send_head(self, status: int, headers: Mapping[str, str]) -> None:
        """Send the status and headers; their names keep their capitals."""
        raw = [(n.encode("latin-1"), v.encode("latin-1")) for n, v in headers.items()]
        await self.send(
            {"type": "http.response.start", "status": status, "headers": raw}
        )

    async def send_body(self, data: bytes, *, more: bool) -> None:
        """Send a piece of the body; the answer is over unless there is `more`."""
        await self.send({"type": "http.response.body", "body": data, "more_body": more})

    async def wait(self, seconds: float) -> bool:
        """Pause this request alone; return False, at once, when the client hangs up."""
        if seconds <= 0:
            return True
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._hung_up(), seconds)
            return False
        return True

    async def close(self) -> None:
        """Close in order once everything is sent, even if HTTP expects more."""
        self.transport.close()
        await self._hung_up()

    async def reset(self) -> None:
        """Tear the connection down once the client has what was sent so far."""
        plug = self.transport.get_extra_info("socket")
        while self._is_under_way(plug) and await self.wait(_LOOK_SECONDS):
            pass
        # Lingering for no time at all makes an end a reset instead of a farewell.
        linger = struct.pack("hh" if sys.platform == "win32" else "ii", 1, 0)
        with contextlib.suppress(OSError):  # the client was first
            plug.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.transport.abort()
        await self._hung_up()

    def _is_under_way(self, plug: socket.socket) -> bool:
        return self.transport.get_write_buffer_size() > 0 or _unsent(plug) > 0

    async def _hung_up(self) -> None:
        while (await self.receive())["type"] != "http.disconnect":
            pass


def _unsent(plug: socket.socket) -> int:
    """Bytes in the system's own buffer, which a reset would drop."""
    try:
        # Neither module is there on Windows.
        import fcntl  # noqa: PLC0415 - see above
        import termios  # noqa: PLC0415 - see above

        answer = fcntl.ioctl(plug.fileno(), termios.TIOCOUTQ, bytes(4))
    except (ImportError, OSError, ValueError):
        return 0
    return int.from_bytes(answer, sys.byteorder)


def listen(host: str, port: int) -> socket.socket:
    """Open a socket that listens.

    Parameters
    ----------
    host : str
        Interface, IPv4.
    port : int
        0 lets the system choose.

    Raises
    ------
    OptionsError
        When the port is in use or the interface is not this machine's.
    """
    # With the protocol named, asyncio sets TCP_NODELAY; without it, every small answer
    # waits some 40 ms for an acknowledgement.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if sys.platform != "win32":  # there it would let two servers share a port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        # Two sockets can be bound to one port; only one of them can listen.
        listener.listen(_BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = getattr(error, "strerror", None) or error
        raise OptionsError(
            f"cannot listen on {host} port {port}: {reason}; "
            "leave the port out to let the system choose"
        ) from None
    return listener
