"""What one call of the emulator costs beyond cutting the picture.

Measured in one run, one call after another over one kept-alive connection of the
standard library's ``http.client``, taking turns; medians over all calls:

- ``plain``: a bare ASGI application on uvicorn, set up as the emulator's server is,
  that answers a fixed 90 kB: what HTTP costs here with nothing behind it;
- ``object``: the emulator answers a stored object of the same bytes: signature
  verified, headers and CRC made;
- ``matte``: the emulator cuts a picture; beside it ``cutting``, the same picture cut
  and encoded by the same code without any HTTP, in the same process.

Overhead is ``object - plain`` and ``matte - cutting``; the second holds the HTTP of
``plain`` as well. The engine is a cheap one, so that the difference is not lost in the
noise of a long cut. Signing is done before the clock starts.

From the root of the checkout::

    python benchmarks/emulator.py [--calls 400]
"""

from __future__ import annotations

import argparse
import http.client
import os
import platform
import socket
import statistics
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import uvicorn
from null_server import draw_cutout

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.emulator.cutting import Cutter
from cosmat_nb.wire.address import write_target
from cosmat_nb.wire.signature import sign

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray
    from starlette.types import Receive, Scope, Send

HEIGHT, WIDTH = 96, 128
WARM_UP = 50


class WhiteEngine:
    """Cuts away white: as cheap as an engine can be."""

    name = "white"
    version = "1"

    def estimate_alpha(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return alpha 1 wherever a pixel is darker than nearly white."""
        return (picture.min(axis=2) < 240).astype(np.float32)


def draw_picture() -> bytes:
    """Draw a dark box on white, JPEG."""
    picture = np.full((HEIGHT, WIDTH, 3), 255, np.uint8)
    picture[24:72, 32:96] = (200, 30, 40)
    return images.encode_jpeg(picture)


class PlainServer:
    """A bare application on a uvicorn set up like the emulator's."""

    def __init__(self, body: bytes) -> None:
        self._listener = socket.socket(
            socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP
        )
        self._listener.bind(("127.0.0.1", 0))
        self._body = body
        config = uvicorn.Config(
            self._answer,
            interface="asgi3",
            loop="asyncio",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
        )
        self._server = uvicorn.Server(config)

    async def _answer(self, _: Scope, __: Receive, send: Send) -> None:
        headers = [(b"Content-Length", str(len(self._body)).encode())]
        start = {"type": "http.response.start", "status": 200, "headers": headers}
        await send(start)
        await send({"type": "http.response.body", "body": self._body})

    def __enter__(self) -> str:
        thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True
        )
        thread.start()
        while not self._server.started:
            time.sleep(0.002)
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True


def caller(
    netloc: str, emulator: cm.Emulator, key: str, params: dict[str, str]
) -> Callable[[], None]:
    """Return a function that makes one call; the request is signed beforehand."""
    host, now = emulator.address.host, int(time.time())
    signed = sign(
        emulator.credentials,
        "GET",
        f"/{key}",
        params,
        {"host": host},
        (now - 60, now + 3600),
    )
    connection = http.client.HTTPConnection(netloc, timeout=60)
    target = write_target(key, params)
    headers = {"Host": host, "Authorization": signed.header}

    def call() -> None:
        connection.request("GET", target, headers=headers)
        answer = connection.getresponse()
        body = answer.read()
        assert answer.status == 200, body

    return call


def measure(ways: dict[str, Callable[[], None]], calls: int) -> dict[str, float]:
    """Median milliseconds of each way, calls in turns."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(WARM_UP + calls):
        for name, call in ways.items():
            start = time.perf_counter()
            call()
            if number >= WARM_UP:
                spent[name].append(1e3 * (time.perf_counter() - start))
    return {name: statistics.median(times) for name, times in spent.items()}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--calls", type=int, default=400)
    calls = parser.parse_args().calls
    png, picture = draw_cutout(), draw_picture()
    cutter = Cutter(engine=WhiteEngine(), assumptions=cm.Assumptions())

    def cut() -> None:
        cutter.encode(cutter.cut(picture), cm.MattingOptions())

    with cm.Emulator(engine=WhiteEngine()) as emulator, PlainServer(png) as plain:
        emulator.bucket.put("cut.png", png, "image/png")
        emulator.bucket.put("box.jpg", picture, "image/jpeg")
        netloc = emulator.endpoint.removeprefix("http://")
        options = cm.MattingOptions().parameters
        ways = {
            "plain": caller(plain, emulator, "cut.png", {}),
            "object": caller(netloc, emulator, "cut.png", {}),
            "matte": caller(netloc, emulator, "box.jpg", options),
            "cutting": cut,
        }
        took = measure(ways, calls)
    print(
        f"{calls} calls each, Python {platform.python_version()}, "
        f"{os.cpu_count()} cores; medians, ms"
    )
    for name, milliseconds in took.items():
        print(f"  {name:8} {milliseconds:6.2f}")
    print(f"object and plain answer {len(png) / 1e3:.0f} kB")
    print(f"object - plain   {took['object'] - took['plain']:6.2f} ms, verified")
    print(f"matte - cutting  {took['matte'] - took['cutting']:6.2f} ms, HTTP included")
    print(f"object / plain   {took['object'] / took['plain']:6.2f}")


if __name__ == "__main__":
    main()
