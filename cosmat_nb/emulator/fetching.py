"""Pictures by address: the emulator's own links, and an allow-list of other places."""

from __future__ import annotations

import http.client
import io
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast
from urllib.parse import quote, unquote, urljoin, urlsplit

from cosmat_nb.emulator.messages import Incoming
from cosmat_nb.emulator.refusal import Redirect, Refusal
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import parse_target
from cosmat_nb.wire.host import BucketHost
from cosmat_nb.wire.url import check_url, is_encoded, origin_of

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from cosmat_nb.emulator.assumptions import Assumptions

__all__ = ["Fetcher"]

_MOST_DECODINGS = 3
_MOST_REDIRECTS = 5
_OK = 200
_AS_SENT = "".join(map(chr, range(33, 127)))
_REDIRECTS = frozenset({301, 302, 303, 307, 308})


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetcher:
    """Fetches what a ``detect-url`` names, and nothing that it may not.

    Attributes
    ----------
    open_link : callable
        Answers a request to the emulator itself, its signature checked when it has one.
    origins : frozenset of str
        Other places that may be fetched from, as ``http://127.0.0.1:8000``. Fetching
        any address that a request names would open this machine's network.
    assumptions : Assumptions
        How open points are played.
    """

    open_link: Callable[[Incoming], bytes] = field(repr=False)
    origins: frozenset[str]
    assumptions: Assumptions

    def fetch(self, url: str, asked: Incoming) -> bytes:
        """Return the picture at an address.

        Parameters
        ----------
        url : str
            As decoded once from the query.
        asked : Incoming
            The request: links to the place where it came in are our own.

        Raises
        ------
        Refusal
            The assumed code for what cannot be fetched; also when it is not there
            within ``assumptions.url_seconds``, all redirects together.
        """
        url = self._read(url)
        deadline = time.monotonic() + self.assumptions.url_seconds
        for _ in range(_MOST_REDIRECTS + 1):
            parts = urlsplit(url)
            own = parts.netloc in (asked.server, asked.host)
            if own or BucketHost.parse(parts.netloc):
                return self._open_own(url, asked.server)
            # Each place anew: a redirect may lead to one that is not allowed.
            if origin_of(url) not in self.origins:
                raise self._refusal("it is on no host that this may fetch from")
            status, data, onward = self._download(url, deadline)
            if status == _OK:
                return data
            follows = self.assumptions.url_redirects == "follow" and onward
            if not follows or status not in _REDIRECTS:
                raise self._refusal(f"it answered {status}")
            url = self._read(_join(url, onward))
        raise self._refusal("it redirects too often")

    def _read(self, url: str) -> str:
        if self.assumptions.encoded_url == "decode":
            for _ in range(_MOST_DECODINGS):
                url = unquote(url) if is_encoded(url) else url
        try:
            return check_url(url)
        except OptionsError as error:
            raise Refusal("InvalidArgument", f"{error}.") from None

    def _open_own(self, url: str, server: str) -> bytes:
        parts = urlsplit(url)
        key, params = parse_target(f"{parts.path}?{parts.query}")
        link = Incoming(
            method="GET",
            key=key,
            params=params,
            headers={"host": parts.netloc},
            server=server,
        )
        try:
            return self.open_link(link)
        except (Redirect, Refusal) as refusal:
            raise self._refusal(f"the link answers {refusal}") from None

    def _download(self, url: str, deadline: float) -> tuple[int, bytes, str]:
        parts = urlsplit(url)
        kind = {
            "http": http.client.HTTPConnection,
            "https": http.client.HTTPSConnection,
        }
        connection = kind[parts.scheme](parts.hostname or "", parts.port)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        try:
            connection.timeout = _left(deadline)
            connection.request("GET", quote(target, safe=_AS_SENT))
            line = cast("socket.socket", _Line(connection.sock, deadline))
            answer = http.client.HTTPResponse(line, method="GET")
            answer.begin()
            data: bytes = answer.read(self.assumptions.limits.max_bytes + 1)
        except (OSError, ValueError, http.client.HTTPException) as error:
            raise self._refusal(f"{type(error).__name__}") from None
        finally:
            connection.close()
        if answer.length and len(data) <= self.assumptions.limits.max_bytes:
            raise self._refusal(f"{answer.length} bytes of it are missing")
        return answer.status, data, answer.headers.get("location", "")

    def _refusal(self, reason: str) -> Refusal:
        code = self.assumptions.foreign_url
        return Refusal(code, f"The picture of detect-url cannot be fetched: {reason}.")


class _Line(io.RawIOBase):
    """What comes over a socket until a deadline, however slowly it drips."""

    def __init__(self, sock: socket.socket, deadline: float) -> None:
        self._sock = sock
        self._deadline = deadline

    def makefile(self, _mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def readable(self) -> bool:
        return True

    def readinto(self, block: memoryview) -> int:  # type: ignore[override]
        self._sock.settimeout(_left(self._deadline))
        return self._sock.recv_into(block)


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


def _join(url: str, onward: str) -> str:
    try:
        return urljoin(url, onward)
    except ValueError:
        return onward  # no address: refused as such
