"""What all ways of sending need: endpoints, targets, pools of httpx, their errors."""

from __future__ import annotations

from contextlib import contextmanager
from http.cookiejar import CookieJar, DefaultCookiePolicy
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any
from urllib.request import getproxies, proxy_bypass

import httpx

from cosmat_nb import errors

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterator

    from cosmat_nb.client.steps import Attempt

__all__ = [
    "HEADERS",
    "build_request",
    "check_endpoint",
    "check_target",
    "late",
    "open_pool",
    "pool_settings",
    "proxy_applies",
    "translated",
    "trusted",
]

MAX_ADDRESS = 65_536
"""Longest endpoint and target together, characters; httpx takes no more."""

HEADERS = {
    "User-Agent": "cosmat-nb",
    "Accept": "*/*",
    # PNG and JPEG do not shrink; asking for plain bytes keeps lengths meaningful.
    "Accept-Encoding": "identity",
}
"""Sent with every attempt."""


def proxy_applies(endpoint: str, *, direct: bool) -> bool:
    """Whether the environment names a proxy for this endpoint.

    Read as `urllib.request` reads ``HTTP_PROXY``, ``HTTPS_PROXY``, ``ALL_PROXY`` and
    ``NO_PROXY``, or the settings of the system.

    Parameters
    ----------
    endpoint, direct
        As in `cosmat_nb.client.channel.Channel`.
    """
    url = httpx.URL(endpoint)
    if direct or _is_local(url.host):
        return False
    proxies = getproxies()
    named = proxies.get(url.scheme) or proxies.get("all")
    host = url.netloc.decode("ascii")
    return bool(named) and not proxy_bypass(host)


def trusted() -> ssl.SSLContext:
    """Return the certificates that servers are checked by.

    Those that ``SSL_CERT_FILE`` or ``SSL_CERT_DIR`` name, else those of certifi.
    """
    return httpx.create_ssl_context()


def pool_settings(endpoint: str, idle: int, *, direct: bool) -> dict[str, Any]:
    """Arguments of a pool of connections, blocking or awaiting; see `Channel`."""
    direct = direct or _is_local(httpx.URL(endpoint).host)
    is_secure = endpoint.startswith("https:")
    return {
        "headers": HEADERS,
        # A cookie of one answer would go out, unsigned, with every later call.
        "cookies": CookieJar(DefaultCookiePolicy(allowed_domains=[])),
        "limits": httpx.Limits(max_keepalive_connections=idle),
        "trust_env": not direct,
        # Certificates take 25 ms to load; plain HTTP without a proxy uses none. Without
        # `trust_env` httpx would not look at those that the environment names.
        "verify": trusted() if direct and is_secure else is_secure or not direct,
    }


def check_target(endpoint: str, target: str) -> None:
    """Refuse a target that no request line holds.

    Raises
    ------
    OptionsError
        Which does not quote it: it may hold a signature.
    """
    if len(endpoint) + len(target) > MAX_ADDRESS:
        raise errors.OptionsError(_too_long(target))
    if not (target.isascii() and target.isprintable()) or " " in target:
        raise errors.OptionsError("a request target must be printable ASCII")


def _too_long(target: str) -> str:
    return f"a request target of {len(target)} characters is too long"


@contextmanager
def open_pool() -> Iterator[None]:
    """Say what to check when a pool cannot be opened."""
    try:
        yield
    except (ImportError, OSError, ValueError, httpx.InvalidURL):
        # The reason is left out: a proxy's address may hold a password.
        raise errors.OptionsError(
            "the proxy or the certificates that the environment names cannot be "
            "used: check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY and SSL_CERT_FILE"
        ) from None


def build_request(
    http: httpx.Client | httpx.AsyncClient,
    endpoint: str,
    attempt: Attempt,
    extensions: dict[str, Any],
) -> httpx.Request:
    """Write an attempt as a request that shows no query.

    Raises
    ------
    OptionsError
        When it is too long to be written.
    """
    try:
        request = http.build_request(
            attempt.method,
            endpoint + attempt.target,
            headers=attempt.headers,
            content=attempt.body or None,
            extensions=extensions,
        )
    except httpx.InvalidURL:
        # Its message may quote the address, and that a signature.
        raise errors.OptionsError(_too_long(attempt.target)) from None
    request.url = _QuietURL(request.url)
    return request


@contextmanager
def translated(attempt: Attempt, endpoint: str) -> Iterator[None]:
    """Turn what httpx raises into a `TransportError`."""
    try:
        yield
    except httpx.TransportError as error:
        reason = str(error) or late(attempt)
        unsent = isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout))
        raise errors.TransportError(
            f"{type(error).__name__} at {endpoint}: {reason}", unsent=unsent
        ) from None  # the cause holds the request, and that the token


def late(attempt: Attempt) -> str:
    """Words for a deadline that passed."""
    return f"no whole answer within {attempt.seconds:.1f} s"


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
