"""Request targets that carry their own signature: links that anyone can open."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosmat_nb.wire.address import write_target
from cosmat_nb.wire.signature import sign

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.wire.credentials import Credentials

__all__ = ["TOKEN", "presigned_target"]

TOKEN = "x-cos-security-token"  # noqa: S105 - a name, not a token
"""Header, and in a link the parameter, that carries the token of temporary keys."""


def presigned_target(
    credentials: Credentials,
    key: str,
    params: Mapping[str, str],
    *,
    host: str,
    period: tuple[int, int],
) -> str:
    """Write path and query of a link for ``GET``.

    Parameters
    ----------
    credentials : Credentials
        Whose right the link hands on; the token of temporary keys goes with it.
    key : str
        Object key.
    params : mapping of str to str
        What is asked, as ``ci-process``; all of it is signed.
    host : str
        Host that the link will be opened at; signed.
    period : tuple of int
        First and last second of its life, Unix seconds.

    Examples
    --------
    >>> from cosmat_nb.wire.credentials import Credentials
    >>> keys = Credentials("test-id", "test-key")
    >>> target = presigned_target(keys, "a.jpg", {}, host="x.com", period=(0, 60))
    >>> target[:55]
    '/a.jpg?q-sign-algorithm=sha1&q-ak=test-id&q-sign-time=0'
    """
    asked = dict(params)
    if credentials.token:
        asked[TOKEN] = credentials.token
    signed = sign(credentials, "GET", f"/{key}", asked, {"host": host}, period)
    return write_target(key, {**asked, **signed.fields})
