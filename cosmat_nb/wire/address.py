"""Hosts, object keys and request targets: how a place in a bucket is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_plus, urlsplit

from cosmat_nb.errors import OptionsError, shown_place

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "MAX_KEY_BYTES",
    "Address",
    "check_key",
    "check_url",
    "encode",
    "parse_target",
    "quote_path",
    "write_target",
]

MAX_KEY_BYTES = 850
"""Longest object key, bytes of UTF-8 (vendor's object naming rules)."""

MAX_URL = 32_000
"""Longest encoded detect-url that is sent, characters: this package's own limit."""

_UNRESERVED = "-_.~"
_HOST = re.compile(
    r"(?P<bucket>[a-z0-9][a-z0-9-]*-[0-9]+)\.(?:cos|cos-internal|pic|ci)\."
    r"(?P<region>[a-z0-9-]+)\.(?:myqcloud\.com|tencentcos\.cn)"
)
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-[0-9]+")
_REGION = re.compile(r"[a-z]+-[a-z0-9-]*[a-z0-9]")
_MAX_HOST = 60
_FORBIDDEN = re.compile("[\x18-\x1b]")
_ENCODED_SCHEME = re.compile(r"https?%(?:25)*3a", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """A bucket in a region, and the host that stands for it.

    Parameters
    ----------
    bucket : str
        ``name-appid``: lower-case letters, digits and hyphens.
    region : str
        For example ``ap-guangzhou``.

    Raises
    ------
    OptionsError
        When a name breaks the vendor's naming rules.

    Examples
    --------
    >>> Address("examplebucket-1250000000", "ap-guangzhou").host
    'examplebucket-1250000000.cos.ap-guangzhou.myqcloud.com'
    """

    bucket: str
    region: str

    def __post_init__(self) -> None:
        if not isinstance(self.bucket, str) or not _BUCKET.fullmatch(self.bucket):
            raise OptionsError(
                "bucket must be name-appid in lower-case letters, digits and hyphens, "
                f"as examplebucket-1250000000; not {self.bucket!r}"
            )
        if not isinstance(self.region, str) or not _REGION.fullmatch(self.region):
            raise OptionsError(
                f"region must look like ap-guangzhou; not {self.region!r}"
            )
        if len(self.host) > _MAX_HOST:
            raise OptionsError(
                f"the bucket's host name may have {_MAX_HOST} characters; "
                f"{self.host} has {len(self.host)}"
            )

    @property
    def host(self) -> str:
        """The default host: the one that is signed."""
        return f"{self.bucket}.cos.{self.region}.myqcloud.com"

    @classmethod
    def from_host(cls, host: str) -> Address | None:
        """Read a ``Host`` header; None when it names no legal bucket (an IP, a CNAME).

        Parameters
        ----------
        host : str
            With or without a port. The families ``cos``, ``cos-internal``, ``pic``
            and ``ci`` under ``myqcloud.com`` and ``tencentcos.cn`` are known.
        """
        match = _HOST.fullmatch(host.partition(":")[0].lower())
        try:
            return cls(match["bucket"], match["region"]) if match else None
        except OptionsError:
            return None


def check_key(key: object) -> str:
    r"""Return an object key that the service will accept.

    Parameters
    ----------
    key : object
        Expected: str of 1 to 850 bytes UTF-8, no ``/`` or ``\`` in front, no
        characters U+0018 to U+001B, no ``.`` or ``..`` path segment.

    Raises
    ------
    OptionsError
        Saying which rule is broken.

    Notes
    -----
    The vendor's object naming rules; path segments ``.`` and ``..`` are refused
    because proxies and clients on the way rewrite them.

    Examples
    --------
    >>> check_key("samples/mug.jpg")
    'samples/mug.jpg'
    """
    if not isinstance(key, str) or not key:
        raise OptionsError(f"an object key must be a non-empty string; not {key!r}")
    try:
        size = len(key.encode())
    except UnicodeEncodeError:
        raise OptionsError(f"object key {key!r} holds half a surrogate pair") from None
    if size > MAX_KEY_BYTES:
        raise OptionsError(
            f"an object key may have {MAX_KEY_BYTES} bytes of UTF-8; "
            f"{key[:40]!r}… has {size}"
        )
    if key.startswith(("/", "\\")):
        raise OptionsError(f"an object key may not start with / or \\: {key!r}")
    if _FORBIDDEN.search(key):
        raise OptionsError(f"object key {key!r} holds a character U+0018 to U+001B")
    if {".", ".."} & set(key.split("/")):
        raise OptionsError(f"object key {key!r} holds a path segment . or ..")
    return key


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
    if isinstance(url, str) and _ENCODED_SCHEME.match(url):
        raise OptionsError(
            f"detect-url must be passed as it is, it is encoded on the way; got {shown}"
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
        whole = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
    # The parser drops line ends and blanks that would still be sent.
    return whole and url.isprintable() and " " not in url


def encode(text: str) -> str:
    """Percent-encode everything but letters, digits and ``-_.~``; upper-case hex."""
    return quote(text, safe=_UNRESERVED)


def quote_path(key: str) -> str:
    """Write the path of an object key (``""`` for the bucket itself).

    Examples
    --------
    >>> quote_path("p1/a b+c.jpg")
    '/p1/a%20b%2Bc.jpg'
    """
    return "/" + quote(key, safe=_UNRESERVED + "/")


def write_target(key: str, params: Mapping[str, str | None]) -> str:
    """Write a finished request target; a None value leaves the ``=`` out.

    Parameters
    ----------
    key : str
        Object key, ``""`` for the bucket itself.
    params : mapping of str to str or None
        Decoded query parameters, sent in this order.

    Examples
    --------
    >>> write_target("a b.jpg", {"ci-process": "AIPicMatting", "detect-url": "http://x"})
    '/a%20b.jpg?ci-process=AIPicMatting&detect-url=http%3A%2F%2Fx'
    """
    query = "&".join(
        encode(name) if value is None else f"{encode(name)}={encode(value)}"
        for name, value in params.items()
    )
    return quote_path(key) + (f"?{query}" if query else "")


def parse_target(target: str) -> tuple[str, dict[str, str]]:
    """Read a request target: the decoded object key and the decoded parameters.

    Parameters
    ----------
    target : str
        Path and query as they came over the wire.

    Returns
    -------
    key : str
        Without its leading ``/``; ``""`` for the bucket itself.
    params : dict of str to str
        A parameter without ``=`` has the value ``""``.

    Notes
    -----
    ``+`` is a space in the query and a plus in the path: the vendor's Python client
    form-encodes queries while signing the decoded value.

    Examples
    --------
    >>> parse_target("/a%2Bb+c.jpg?prefix=a+b")
    ('a+b+c.jpg', {'prefix': 'a b'})
    """
    path, _, query = target.partition("?")
    params = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name:
            params[unquote_plus(name)] = unquote_plus(value)
    return unquote(path.removeprefix("/"), errors="surrogateescape"), params
