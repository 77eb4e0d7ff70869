"""Answers every GET on loopback at once with one PNG: the far end of ``batch.py``.

A process of its own: it reads the PNG from standard input, prints its port and serves
until it is terminated. Each answer carries its number in a text chunk, so that no two
are the same bytes.
"""

from __future__ import annotations

import asyncio
import itertools
import subprocess
import sys
import zlib
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb import images
from cosmat_nb.emulator.samples import draw_scenes

if TYPE_CHECKING:
    from collections.abc import Iterator

_END_CHUNK = 12
_SIDE = 527  # px: makes a cutout of about 90 kB


def draw_cutout() -> bytes:
    """Return a PNG like an answer: the first drawn scene, cut exactly."""
    (scene,) = draw_scenes(1)
    alpha = np.rint(scene.alpha * 255).astype(np.uint8)
    rgba = np.dstack([scene.picture, alpha])
    rgba[alpha == 0] = 0
    return images.encode_png(images.thumbnail(rgba, _SIDE))


class NullServer(asyncio.Protocol):
    """Answers the requests of one connection, in order.

    Parameters
    ----------
    png : bytes
        A whole PNG.
    numbers : iterator of int
        Shared by all connections.
    """

    def __init__(self, png: bytes, numbers: Iterator[int]) -> None:
        self._png, self._end = png[:-_END_CHUNK], png[-_END_CHUNK:]
        self._numbers = numbers
        self._heard = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the way back."""
        assert isinstance(transport, asyncio.WriteTransport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Answer each request whose blank line has come; a GET has no body."""
        *requests, self._heard = (self._heard + data).split(b"\r\n\r\n")
        for _ in requests:
            self._answer(b"%012d" % next(self._numbers))

    def _answer(self, number: bytes) -> None:
        text = b"tEXtComment\0" + number
        chunk = (len(text) - 4).to_bytes(4) + text + zlib.crc32(text).to_bytes(4)
        body = self._png + chunk + self._end
        head = (
            b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n"
            b"Content-Length: %d\r\nx-cos-request-id: %s\r\n\r\n" % (len(body), number)
        )
        self._transport.write(head + body)


async def serve(png: bytes) -> None:
    """Serve on a port chosen by the system, and print it."""
    numbers = itertools.count()
    server = await asyncio.get_running_loop().create_server(
        lambda: NullServer(png, numbers), "127.0.0.1", 0
    )
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


@contextmanager
def null_server(png: bytes) -> Iterator[int]:
    """Start the process; yields its port, terminates it at the end."""
    pipe = subprocess.PIPE
    command = [sys.executable, __file__]
    with subprocess.Popen(command, stdin=pipe, stdout=pipe) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        try:
            server.stdin.write(png)
            server.stdin.close()
            yield int(server.stdout.readline())
        finally:
            server.terminate()


if __name__ == "__main__":
    asyncio.run(serve(sys.stdin.buffer.read()))
