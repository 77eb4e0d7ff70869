"""A channel: signed attempts go out over HTTP, whole replies come back in time."""

from __future__ import annotations

import os
from contextlib import contextmanager
from ipaddress import ip_address
from threading import Condition
from typing import TYPE_CHECKING

import httpx

from cosmat_nb import errors
from cosmat_nb.client.protocol import Attempt, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

__all__ = ["Channel", "check_endpoint"]

_HEADERS = {
    "User-Agent": "cosmat-nb/0.1.0",
    "Accept": "*/*",
    # PNG and JPEG do not shrink; asking for plain bytes keeps lengths meaningful.
    "Accept-Encoding": "identity",
}

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
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._endpoint = endpoint
        self._idle = idle
        self._direct = direct or _is_local(httpx.URL(endpoint).host)
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
            try:
                return self._exchange(request, attempt, deadline)
            except httpx.TransportError as error:
                reason = str(error) or f"no answer within {attempt.seconds:.1f} s"
                raise errors.TransportError(
                    f"{type(error).__name__} at {self._endpoint}: {reason}"
                ) from error

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

        try:
            request = self._http.build_request(
                attempt.method,
                self._endpoint + attempt.target,
                headers=attempt.headers,
                content=attempt.body or None,
                extensions={"timeout": timeouts, "trace": tighten},
            )
        except httpx.InvalidURL:
            # Its message may quote the address, and that a signature.
            raise errors.OptionsError(
                f"a request target of {len(attempt.target)} characters is too long"
            ) from None
        request.url = _QuietURL(request.url)
        return request

    def _exchange(
        self, request: httpx.Request, attempt: Attempt, deadline: float
    ) -> Reply:
        response = self._http.send(request, stream=True)
        body = bytearray()
        try:
            for block in response.iter_raw():
                body += block
                if self._elapsed() > deadline:
                    raise errors.TransportError(
                        f"no whole answer within {attempt.seconds:.1f} s"
                    )
        finally:
            response.close()
        return Reply(
            status=response.status_code, headers=response.headers, body=bytes(body)
        )

    def _open(self) -> httpx.Client:
        try:
            return httpx.Client(
                headers=_HEADERS,
                limits=httpx.Limits(max_keepalive_connections=self._idle),
                transport=self._transport,
                trust_env=not self._direct,
                # Certificates take 25 ms to load; plain HTTP without a proxy uses none.
                verify=self._endpoint.startswith("https:") or not self._direct,
            )
        except (ImportError, OSError, ValueError, httpx.InvalidURL):
            # The reason is left out: a proxy's address may hold a password.
            raise errors.OptionsError(
                "the proxy or the certificates that the environment names cannot be "
                "used: check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE"
            ) from None


class _QuietURL(httpx.URL):
    """Shows no query: httpx logs addresses, and a detect-url may hold a signature."""

    def __str__(self) -> str:
        return super().__str__().partition("?")[0]

    def __repr__(self) -> str:
        return f"URL({str(self)!r})"


def check_endpoint(endpoint: str) -> str:
    """Return an endpoint without its last slash: scheme, host and port, no more.

    Raises
    ------
    OptionsError
        When it is something else. Its text is not repeated where it may hold a
        password.
    """
    try:
        url = httpx.URL(endpoint)
    except (httpx.InvalidURL, TypeError) as error:
        raise errors.OptionsError(f"endpoint cannot be read: {error}") from None
    if url.userinfo:
        raise errors.OptionsError("endpoint may hold no user name and password")
    bare = f"{url.scheme}://{url.netloc.decode('ascii')}"
    if (
        url.scheme not in ("http", "https")
        or not url.host
        or url not in (bare, bare + "/")
    ):
        raise errors.OptionsError(
            f"endpoint must look like http://127.0.0.1:8791; not {endpoint!r}"
        )
    return bare


def _is_local(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified
