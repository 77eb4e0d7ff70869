"""Buckets, object keys and request targets: how a place in a bucket is written."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote, unquote_plus

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "MAX_KEY_BYTES",
    "Address",
    "check_bucket",
    "check_key",
    "encode",
    "parse_target",
    "quote_path",
    "write_target",
]

MAX_KEY_BYTES = 850
"""Longest object key, bytes of UTF-8 (vendor's object naming rules)."""

_UNRESERVED = "-_.~"
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")
_BUCKET = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?-[0-9]+")
_REGION = re.compile(r"[a-z]+-[a-z0-9-]*[a-z0-9]")
_MAX_HOST = 60
_FORBIDDEN = re.compile("[\x18-\x1b]")
_ORIGIN = re.compile("^https?://[^/?]*")


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
        check_bucket(self.bucket)
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


def check_bucket(name: object) -> str:
    """Return a bucket's name, ``name-appid``.

    Raises
    ------
    OptionsError
        When it breaks the vendor's naming rules.
    """
    if not isinstance(name, str) or not _BUCKET.fullmatch(name):
        raise OptionsError(
            "bucket must be name-appid in lower-case letters, digits and hyphens, "
            f"as examplebucket-1250000000; not {name!r}"
        )
    return name


def check_key(key: object) -> str:
    r"""Return an object key that the service will accept.

    Parameters
    ----------
    key : object
        Expected: str of 1 to 850 bytes UTF-8, no ``/`` or ``\`` in front, no
        characters U+0018 to U+001B, no ``..`` path segment and no ``.`` as the last.

    Raises
    ------
    OptionsError
        Saying which rule is broken.

    Notes
    -----
    The vendor's object naming rules; these path segments are refused because proxies
    and clients on the way rewrite them.

    Examples
    --------
    >>> check_key("samples/mug.jpg")
    'samples/mug.jpg'
    """
    if not isinstance(key, str) or not key:
        # A whole picture may have come in the key's place.
        came = "an empty one" if isinstance(key, str) else type(key).__name__
        raise OptionsError(f"an object key must be a non-empty string; not {came}")
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
    segments = key.split("/")
    if ".." in segments or segments[-1] == ".":
        raise OptionsError(f"object key {key!r} holds a path segment .. or ends in .")
    # Strings of numpy and members of enums become plain text.
    return key if type(key) is str else "".join(key)


def encode(text: str) -> str:
    """Percent-encode everything but letters, digits and ``-_.~``; upper-case hex."""
    # Most names and values are plain, and looking is cheaper than quoting.
    return text if _PLAIN.fullmatch(text) else quote(text, safe=_UNRESERVED)


def quote_path(key: str) -> str:
    """Write the path of an object key (``""`` for the bucket itself).

    Examples
    --------
    >>> quote_path("p1/a b+c.jpg")
    '/p1/a%20b%2Bc.jpg'
    """
    # HTTP clients take ./ out of a path; written so, as the vendor's do, it stays.
    return "/" + quote(key, safe=_UNRESERVED + "/").replace("./", ".%2F")


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
        Path and query as they came over the wire; what takes the server for a proxy
        puts scheme and host in front of them (RFC 9112, section 3.2.2), passed over.

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
    path, _, query = _ORIGIN.sub("", target).partition("?")
    params = {}
    for part in query.split("&") if query else ():
        name, _, value = part.partition("=")
        if name:
            params[unquote_plus(name)] = unquote_plus(value)
    return unquote(path.removeprefix("/"), errors="surrogateescape"), params
