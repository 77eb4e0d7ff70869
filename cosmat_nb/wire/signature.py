"""Request signatures of COS: made by the client, checked by the emulator.

The algorithm is the vendor's "Request Signature" page; the encoding of names and
values is as the vendor's own clients do it. See the functions for each step.
"""

from __future__ import annotations

import hashlib
import hmac
from enum import StrEnum
from typing import TYPE_CHECKING

from cosmat_nb.wire.authorization import Authorization
from cosmat_nb.wire.canonical import canonical, join_string

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.wire.credentials import Credentials

__all__ = [
    "Verdict",
    "sign",
    "sign_key",
    "signature",
    "string_to_sign",
    "verify",
]

MAX_SKEW = 900
"""Clock difference that the service tolerates, seconds (vendor's error list)."""


def sign_key(secret_key: str, key_time: str) -> str:
    """Derive the key of one period: hex HMAC-SHA1 of ``start;end``, Unix seconds."""
    return _hmac(secret_key, key_time)


def string_to_sign(key_time: str, text: str) -> str:
    """Write the string to sign from the period and the ``HttpString``."""
    digest = hashlib.sha1(_bytes(text)).hexdigest()  # noqa: S324 - the service's choice
    return f"sha1\n{key_time}\n{digest}\n"


def signature(key: str, key_time: str, text: str) -> str:
    """Sign an ``HttpString`` with the derived key: 40 hex digits."""
    return _hmac(key, string_to_sign(key_time, text))


def sign(
    credentials: Credentials,
    method: str,
    path: str,
    params: Mapping[str, str],
    headers: Mapping[str, str],
    period: tuple[int, int],
) -> Authorization:
    """Sign a request: everything in `params` and `headers` is covered.

    Parameters
    ----------
    credentials : Credentials
        The key pair.
    method : str
        HTTP method.
    path : str
        Decoded path with its leading ``/``.
    params, headers : mapping of str to str
        Decoded names and values, each sent exactly so.
    period : tuple of int
        First and last second of validity, Unix seconds.

    Returns
    -------
    Authorization
        Its ``header`` is sent, or its ``fields`` as query of a presigned link.

    Examples
    --------
    >>> from cosmat_nb.wire.credentials import Credentials
    >>> keys = Credentials("test-id", "test-key")
    >>> signed = sign(keys, "GET", "/a.jpg", {}, {"host": "x.com"}, (0, 60))
    >>> signed.header[:49]
    'q-sign-algorithm=sha1&q-ak=test-id&q-sign-time=0;'
    """
    key_time = f"{period[0]};{period[1]}"
    header_list, header_text = canonical(headers)
    param_list, param_text = canonical(params)
    text = join_string(method, path, param_text, header_text)
    return Authorization(
        secret_id=credentials.secret_id,
        key_time=key_time,
        header_list=header_list,
        param_list=param_list,
        signature=signature(sign_key(credentials.secret_key, key_time), key_time, text),
    )


class Verdict(StrEnum):
    """What `verify` found."""

    VALID = "valid"
    MISMATCH = "mismatch"
    EXPIRED = "expired"
    NOT_YET = "not yet valid"


def verify(
    authorization: Authorization, secret_key: str, text: str, now: float
) -> Verdict:
    """Check a signature as the service does.

    Parameters
    ----------
    authorization : Authorization
        What came with the request.
    secret_key : str
        The key that belongs to its id.
    text : str
        The ``HttpString`` of the request, from `Authorization.text`.
    now : float
        Unix seconds.

    Returns
    -------
    Verdict
        A mismatch is told before the period is looked at. A signature counts as not
        yet valid when it starts more than `MAX_SKEW` seconds ahead.

    Examples
    --------
    >>> from cosmat_nb.wire.credentials import Credentials
    >>> keys = Credentials("test-id", "test-key")
    >>> signed = sign(keys, "GET", "/a.jpg", {}, {"host": "x.com"}, (0, 60))
    >>> text = signed.text("GET", "/a.jpg", {}, {"host": "x.com"})
    >>> verify(signed, "test-key", text, now=30.0)
    <Verdict.VALID: 'valid'>
    >>> verify(signed, "test-key", text, now=61.0)
    <Verdict.EXPIRED: 'expired'>
    """
    key = sign_key(secret_key, authorization.key_time)
    expected = signature(key, authorization.key_time, text)
    if not hmac.compare_digest(expected.encode(), _bytes(authorization.signature)):
        return Verdict.MISMATCH
    start, end = authorization.period
    if now > end:
        return Verdict.EXPIRED
    return Verdict.NOT_YET if start > now + MAX_SKEW else Verdict.VALID


def _hmac(key: str, message: str) -> str:
    return hmac.new(_bytes(key), _bytes(message), hashlib.sha1).hexdigest()


def _bytes(text: str) -> bytes:
    return text.encode(errors="surrogateescape")
