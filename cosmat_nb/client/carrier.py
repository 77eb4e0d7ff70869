"""Carriers: the ways in which an attempt can travel, and which one it takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import httpx

from cosmat_nb import errors
from cosmat_nb.client.direct import DirectCarrier
from cosmat_nb.client.sending import (
    build_request,
    late,
    open_pool,
    pool_settings,
    proxy_applies,
    translated,
)
from cosmat_nb.client.steps import Attempt, Reply

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

__all__ = ["Carrier", "HttpxCarrier", "open_carrier"]

_SHORTEST = 0.001
"""A socket's timeout may not be 0 or less: that would mean "do not wait at all"."""


class Carrier(Protocol):
    """Takes attempts to one endpoint and brings their replies, for many threads."""

    def carry(self, attempt: Attempt, deadline: float) -> Reply:
        """Send one attempt and read its reply to the end."""
        ...

    def close(self) -> None:
        """Disconnect; nothing is in flight."""
        ...


def open_carrier(
    endpoint: str,
    *,
    idle: int,
    direct: bool,
    elapsed: Callable[[], float],
    transport: httpx.BaseTransport | None = None,
) -> Carrier:
    """Open what fits: httpx for a proxy or a transport, else connections of our own.

    Parameters
    ----------
    endpoint, idle, direct, elapsed, transport
        As in `cosmat_nb.client.channel.Channel`.

    Raises
    ------
    OptionsError
        When the environment names a proxy or certificates that cannot be used.
    """
    with open_pool():
        if transport is None and not proxy_applies(endpoint, direct=direct):
            return DirectCarrier(endpoint, idle=idle, elapsed=elapsed)
        settings = pool_settings(endpoint, idle, direct=direct)
        http = httpx.Client(transport=transport, **settings)
    return HttpxCarrier(http, endpoint, elapsed)


class HttpxCarrier:
    """Carries attempts by httpx, which knows proxies.

    Parameters
    ----------
    http : httpx.Client
        Closed with the carrier.
    endpoint : str
        Scheme, host and port.
    elapsed : callable
        Seconds from any fixed moment, for deadlines.

    Notes
    -----
    A deadline is looked at before each step of a request and after each piece of the
    body. A server that sends pieces and then falls silent can so hold an attempt for
    up to twice its time; headers that come byte by byte can hold it longer.
    """

    def __init__(
        self, http: httpx.Client, endpoint: str, elapsed: Callable[[], float]
    ) -> None:
        self._http = http
        self._endpoint = endpoint
        self._elapsed = elapsed

    def close(self) -> None:
        """Disconnect."""
        self._http.close()

    def carry(self, attempt: Attempt, deadline: float) -> Reply:
        """Send one attempt and read its reply to the end."""
        request = self._build(attempt, deadline)
        with attempt.idle(), translated(attempt, self._endpoint):
            return self._exchange(request, attempt, deadline)

    def _build(self, attempt: Attempt, deadline: float) -> httpx.Request:
        timeouts = httpx.Timeout(attempt.seconds).as_dict()

        def tighten(event: str, facts: Mapping[str, object]) -> None:
            # Each step of a request would else get the whole time anew.
            del event, facts
            left = max(deadline - self._elapsed(), _SHORTEST)
            timeouts.update(dict.fromkeys(("connect", "read", "write"), left))

        extensions = {"timeout": timeouts, "trace": tighten}
        return build_request(self._http, self._endpoint, attempt, extensions)

    def _exchange(
        self, request: httpx.Request, attempt: Attempt, deadline: float
    ) -> Reply:
        response = self._http.send(request, stream=True)
        body = bytearray()
        try:
            for block in response.iter_raw():
                body += block
                attempt.check_length(response.status_code, len(body))
                if self._elapsed() > deadline:
                    raise errors.TransportError(late(attempt))
        finally:
            response.close()
        return Reply(
            status=response.status_code, headers=response.headers, body=bytes(body)
        )
