"""What comes in and what goes out: one request and one answer, without sockets."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosmat_nb.wire.host import BucketHost

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Incoming", "Outgoing", "read_utf8"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """One request as it came over the wire.

    Attributes
    ----------
    method : str
        Upper case.
    key : str
        Decoded object key, ``""`` for the bucket.
    params : mapping of str to str
        Decoded query.
    headers : mapping of str to str
        Names in lower case; each byte of a value is one character.
    body : bytes
        The whole body.
    server : str
        Host and port at which it arrived; empty when unknown.
    """

    method: str
    key: str
    params: Mapping[str, str] = field(default_factory=dict, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes = field(default=b"", repr=False)
    server: str = ""

    @property
    def host(self) -> str:
        """The ``Host`` header."""
        return self.headers.get("host", "")

    @property
    def named(self) -> BucketHost | None:
        """The bucket that the host names; None for an IP or a domain of one's own."""
        return BucketHost.parse(self.host)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One answer, without the headers that every answer has.

    Attributes
    ----------
    status : int
        HTTP status.
    headers : mapping of str to str
        In the service's own spelling.
    body : bytes
        The whole body.
    billed : int
        Matting calls that the vendor would charge for it.
    """

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    billed: int = 0


def read_utf8(value: str) -> str:
    r"""Read the bytes of a header's value as UTF-8, where that is what they are.

    Parameters
    ----------
    value : str
        One character a byte, as HTTP hands it on.

    Examples
    --------
    >>> read_utf8("\xe4\xb8\xad"), read_utf8("caf\xe9")
    ('中', 'café')
    """
    try:
        return value.encode("latin-1").decode()
    except UnicodeError:
        return value
