"""The emulator's gate: who may pass, told as the service tells it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosmat_nb.emulator.refusal import Refusal
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.authorization import Authorization
from cosmat_nb.wire.signature import Verdict, string_to_sign, verify

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.wire.credentials import Credentials

__all__ = ["Incoming", "check_bucket", "check_signature"]


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
        Names in lower case.
    body : bytes
        The whole body.
    """

    method: str
    key: str
    params: Mapping[str, str] = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)

    @property
    def host(self) -> str:
        """The ``Host`` header."""
        return self.headers.get("host", "")


def check_bucket(incoming: Incoming, address: Address) -> None:
    """Refuse a host that names another bucket; a plain host means the default bucket.

    Raises
    ------
    Refusal
        ``NoSuchBucket``.
    """
    asked = Address.from_host(incoming.host)
    if asked not in (None, address):
        raise Refusal("NoSuchBucket", "The specified bucket does not exist.")


def check_signature(incoming: Incoming, credentials: Credentials, now: float) -> None:
    """Refuse a request that is not signed as it should be.

    Parameters
    ----------
    incoming : Incoming
        Signed in its ``Authorization`` header or, presigned, in its query.
    credentials : Credentials
        The one key pair that may pass.
    now : float
        Unix seconds.

    Raises
    ------
    Refusal
        With the code, and on a mismatch the details, that the vendor documents.
    """
    authorization = _authorization(incoming)
    if authorization.secret_id != credentials.secret_id:
        raise Refusal(
            "InvalidAccessKeyId",
            "The Access Key Id you provided does not exist in our records.",
        )
    if "pic-operations" in incoming.headers.keys() - set(authorization.header_list):
        raise Refusal("AccessDenied", "Auth sign header must include Pic-Operations")
    _check_token(incoming, credentials)
    texts = [
        authorization.text(
            incoming.method, f"/{incoming.key}", incoming.params, headers
        )
        for headers in _header_forms(incoming)
    ]
    verdicts = {
        verify(authorization, credentials.secret_key, text, now) for text in texts
    }
    if Verdict.VALID in verdicts:
        return
    if Verdict.EXPIRED in verdicts:
        raise Refusal("AccessDenied", "Request has expired")
    if Verdict.NOT_YET in verdicts:
        raise Refusal(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time "
            "is too large.",
        )
    raise Refusal(
        "SignatureDoesNotMatch",
        "The Signature you specified is invalid.",
        {
            "StringToSign": string_to_sign(authorization.key_time, texts[0]),
            "FormatString": texts[0],
        },
    )


def _authorization(incoming: Incoming) -> Authorization:
    header = incoming.headers.get("authorization")
    try:
        if header:
            return Authorization.from_header(header)
        if "q-signature" in incoming.params:
            return Authorization.from_fields(incoming.params)
    except OptionsError as error:
        raise Refusal("AccessDenied", f"Access Denied: {error}.") from None
    raise Refusal("AccessDenied", "Access Denied.")


def _check_token(incoming: Incoming, credentials: Credentials) -> None:
    name = "x-cos-security-token"
    token = incoming.headers.get(name) or incoming.params.get(name, "")
    if token != credentials.token:
        # The code for a token that is not the key's is assumed.
        raise Refusal("InvalidAccessKeyId", "The security token is not this key's.")


def _header_forms(incoming: Incoming) -> list[Mapping[str, str]]:
    # Some clients send a port in Host and sign the host without it.
    bare = incoming.host.rpartition(":")[0]
    forms = [incoming.headers]
    if bare:
        forms.append({**incoming.headers, "host": bare})
    return forms
