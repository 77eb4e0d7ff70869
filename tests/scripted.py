"""A server on loopback that answers each request as its script says, byte by byte."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from dataclasses import dataclass, field
from email.utils import formatdate
from enum import Enum

import numpy as np

from cosmat_nb import images
from cosmat_nb.client.blocking import MattingClient
from cosmat_nb.client.clock import Clock
from cosmat_nb.client.retry import Retry
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.credentials import Credentials
from cosmat_nb.wire.documents import ErrorDocument

ADDRESS = Address("examplebucket-1250000000", "ap-guangzhou")
KEYS = Credentials("scripted-id", "scripted-key")
NOW = 1_700_000_000.0
"""Unix seconds at which every `Time` starts: 2023-11-14 22:13:20 UTC."""

PNG = images.encode_png(np.full((2, 3, 4), 200, np.uint8))
OPAQUE = images.encode_png(np.full((2, 3, 3), 200, np.uint8))
REASONS = {200: "OK", 204: "No Content", 503: "Slow Down"}


class End(Enum):
    """How a connection ends: politely, or torn down; at once, before any request."""

    CLOSE = 1
    RESET = 2
    RESET_AT_ONCE = 3


def answer(status=200, body=b"", headers=(), *, length=None, version="1.1"):
    """Write a whole HTTP answer; `length` may lie, and "" leaves it out."""
    length = len(body) if length is None else length
    lines = [f"HTTP/{version} {status} {REASONS.get(status, 'Reason')}"]
    lines += [f"{name}: {value}" for name, value in dict(headers).items()]
    if length != "":
        lines.append(f"Content-Length: {length}")
    return "\r\n".join([*lines, "x-cos-request-id: REQ", "", ""]).encode() + body


def refusal(status, code, message="Please.", headers=()):
    """Write an answer with the service's error document."""
    return answer(status, ErrorDocument(code=code, message=message).to_xml(), headers)


GOOD = answer(200, PNG, {"Content-Type": "image/png"})
SLOW_DOWN = refusal(503, "SlowDown")
BROKEN = refusal(500, "InternalError")


@dataclass(frozen=True)
class Heard:
    """One request as it came: its first line, its headers in order, its body."""

    line: str
    headers: list[tuple[str, str]] = field(repr=False)
    body: bytes
    connection: int

    def __getitem__(self, name):
        """Return the one header of that name, in any case."""
        (value,) = [v for n, v in self.headers if n.lower() == name.lower()]
        return value

    @property
    def target(self):
        return self.line.split(" ")[1]


class Scripted:
    """Answers the n-th request with the n-th part of its script.

    A part is bytes to send, an `End`, a number of seconds to dawdle, or a list of them.
    """

    def __init__(self, *script):
        self.heard = []
        self._script = [part if isinstance(part, list) else [part] for part in script]
        self._lock = threading.Lock()
        self._over = threading.Event()
        self._open = set()

    def __enter__(self):
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.endpoint = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()
        return self

    def __exit__(self, *_):
        self._over.set()
        # A listener that is shut down wakes the thread that accepts on it.
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join()

    def client(self, **settings):
        """Make a client of this server that waits by no clock but a fast one."""
        settings = {"clock": Time().clock, "retry": Retry(draw=lambda: 0.5)} | settings
        credentials = settings.pop("credentials", KEYS)
        return MattingClient(ADDRESS, credentials, endpoint=self.endpoint, **settings)

    def _accept(self):
        number = 0
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._serve, args=(connection, number))
                self._threads.append(thread)
                thread.start()
                number += 1

    def _serve(self, connection, number):
        with self._lock:
            self._open.add(connection)
            at_once = self._script[:1] == [[End.RESET_AT_ONCE]]
            if at_once:
                self._script.pop(0)
        with (
            contextlib.suppress(OSError),
            connection,
            connection.makefile("rb") as file,
        ):
            if at_once:
                _tear(connection)
                return
            while (heard := _hear(file, number)) and not self._over.is_set():
                with self._lock:
                    self.heard.append(heard)
                    part = self._script.pop(0) if self._script else [answer(418)]
                for step in part:
                    if not self._play(connection, step):
                        return

    def _play(self, connection, step):
        if isinstance(step, bytes):
            connection.sendall(step)
        elif isinstance(step, End):
            if step is End.RESET:
                _tear(connection)
            return False
        else:
            self._over.wait(step)
        return True


def _hear(file, number):
    line = file.readline().decode("latin-1").rstrip("\r\n")
    headers = []
    while row := file.readline().decode("latin-1").rstrip("\r\n"):
        headers.append(tuple(row.split(": ", 1)))
    lengths = [int(v) for n, v in headers if n.lower() == "content-length"]
    body = file.read(lengths[0]) if lengths else b""
    return Heard(line, headers, body, number) if line else None


def _tear(connection):
    # Lingering for no time at all makes close send a reset instead of a farewell.
    linger = struct.pack("ii", 1, 0)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    connection.shutdown(socket.SHUT_RD)


class Time:
    """A clock that moves only when somebody sleeps, and notes how long."""

    def __init__(self):
        self.seconds = 0.0
        self.slept = []
        self.clock = Clock(
            now=lambda: NOW + self.seconds,
            elapsed=lambda: self.seconds,
            sleep=self.sleep,
        )

    def sleep(self, seconds):
        self.slept.append(seconds)
        self.seconds += seconds


def http_date(seconds):
    """Write the date so many seconds after `NOW` as HTTP does."""
    return formatdate(NOW + seconds, usegmt=True)
