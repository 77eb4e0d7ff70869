"""Addresses of pictures outside the bucket: ``detect-url``."""

from __future__ import annotations

import re
import socket
import unicodedata
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from cosmat_nb.errors import OptionsError
from cosmat_nb.places import shown_place
from cosmat_nb.wire.address import encode

__all__ = ["MAX_URL", "check_public", "check_url", "is_encoded", "origin_of"]

MAX_URL = 32_000
"""Longest encoded detect-url that is sent, characters: this package's own limit."""

_ENCODED_SCHEME = re.compile(r"https?%(?:25)*3a", re.IGNORECASE)
# No host has other ASCII: readers differ in what they make of \ and % in it.
_HOST = re.compile(r"[a-z0-9._\-\u0080-\U0010ffff]+|[0-9a-f:.]+(?:%\w+)?")
_HOME = (".localhost", ".local", ".internal", ".lan", ".home.arpa")
# The vendor's metadata of a machine, https://cloud.tencent.com/document/product/213/4934:
# an ordinary name, answered within its own network alone.
_INSIDE = frozenset({"metadata.tencentyun.com"})
_LAST_IPV4 = tuple(
    map(IPv6Network, ("::/96", "::ffff:0:0/96", "::ffff:0:0:0/96", "64:ff9b::/96"))
)
"""IPv4 in the last 32 bits: RFC 4291, 2.5.5 (compatible and mapped); RFC 6052, 2.1."""
_LOCAL_NAT64 = IPv6Network("64:ff9b:1::/48")
"""RFC 8215: not global, which older versions of Python do not know."""

_UNSEEN = re.compile(
    "[\u00ad\u034f\u180b-\u180d\u200b-\u200d\u2060\ufe00-\ufe0f\ufeff]"
)
"""What IDNA takes out of a name (RFC 3454, table B.1)."""

_PORTS = {"http": 80, "https": 443}


def check_url(url: object) -> str:
    """Return a picture address fit for ``detect-url``: whole, and not yet encoded.

    Parameters
    ----------
    url : object
        Expected: str, ``http://`` or ``https://`` with a host, no blanks in it.

    Raises
    ------
    OptionsError
        When it is something else, or already encoded. Its query is not repeated: it
        may hold a signature.

    Notes
    -----
    The vendor prints a thrice-encoded example, but its own clients send the address
    percent-encoded once and sign it raw; so it is passed raw here.

    Examples
    --------
    >>> check_url("https://www.example.com/abc.jpg")
    'https://www.example.com/abc.jpg'
    """
    shown = repr(shown_place(url)) if isinstance(url, str) else type(url).__name__
    if isinstance(url, str) and is_encoded(url):
        raise OptionsError(
            f"detect-url must be passed as it is, it is encoded on the way; got {shown}"
        )
    if isinstance(url, str) and " " in url and _is_address(url.replace(" ", "%20")):
        raise OptionsError(
            f"detect-url holds a blank: write it as %20, as browsers do; got {shown}"
        )
    if not isinstance(url, str) or not _is_address(url):
        raise OptionsError(f"detect-url must be an http(s) address; not {shown}")
    if "@" in urlsplit(url).netloc:
        raise OptionsError("detect-url may hold no user name and password")
    if len(encode(url)) > MAX_URL:
        raise OptionsError(f"detect-url of {len(url)} characters is too long")
    return url


def _is_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
        url.encode()
        known = parts.scheme in ("http", "https")
        whole = known and bool(_HOST.fullmatch(parts.hostname or ""))
        _ = parts.port  # reading it is what checks it
    except ValueError:
        return False
    # The parser drops line ends and blanks that would still be sent.
    return whole and url.isprintable() and " " not in url


def is_encoded(url: str) -> bool:
    """Whether an address is already percent-encoded, once or more.

    Examples
    --------
    >>> is_encoded("http%253A%252F%252Fwww.example.com%252Fabc.jpg")
    True
    """
    return _ENCODED_SCHEME.match(url) is not None


def check_public(url: str) -> str:
    """Return an address whose host may be reached from outside.

    Parameters
    ----------
    url : str
        As `check_url` returns it.

    Raises
    ------
    OptionsError
        When its host is this machine, a private network's, the vendor's metadata host,
        or a bare name. IPv6 forms of an IPv4 address count as that address.

    Notes
    -----
    The service fetches the picture: it can reach public addresses alone, and an
    address within its own network is not a user's to ask for.

    Examples
    --------
    >>> check_public("https://www.example.com/abc.jpg")
    'https://www.example.com/abc.jpg'
    """
    # Full-width digits and dots are plain ones to whoever looks the name up.
    host = unicodedata.normalize("NFKC", urlsplit(url).hostname or "")
    host = _UNSEEN.sub("", host).replace("\u3002", ".").rstrip(".").lower()
    number = _number(host)
    if number is not None:
        address = _meant(ip_address(number))
        private = address.is_multicast or not address.is_global
    else:
        private = "." not in host or host.endswith(_HOME) or host in _INSIDE
    if private:
        raise OptionsError(
            f"detect-url must be publicly reachable; {host} is this machine or a "
            "private network: put the picture in the bucket and use its key"
        )
    return url


def origin_of(url: str) -> str:
    """Scheme, host and port of an address, the port always written.

    Examples
    --------
    >>> origin_of("http://Example.com/a.jpg")
    'http://example.com:80'
    """
    parts = urlsplit(url)
    port = parts.port or _PORTS.get(parts.scheme, 0)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address that an IPv6 one leads to, or the address itself."""
    if isinstance(address, IPv4Address):
        return address
    if address in _LOCAL_NAT64:
        return IPv6Address("::1")
    if any(address in network for network in _LAST_IPV4):
        return IPv4Address(int(address) & 0xFFFF_FFFF)
    return address.sixtofour or address


def _number(host: str) -> str | None:
    try:
        return str(ip_address(host))
    except ValueError:
        pass
    try:
        # Clients also take 127.1, 0x7f000001 and 2130706433 for this machine.
        return str(IPv4Address(socket.inet_aton(host)))
    except OSError:
        return None
