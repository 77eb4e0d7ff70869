"""The emulator's gate: who may pass, told as the service tells it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from cosmat_nb.emulator.faults import is_matting
from cosmat_nb.emulator.messages import read_utf8
from cosmat_nb.emulator.refusal import Redirect, Refusal
from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.address import Address
from cosmat_nb.wire.authorization import Authorization
from cosmat_nb.wire.host import ANYWHERE
from cosmat_nb.wire.presign import TOKEN
from cosmat_nb.wire.signature import Verdict, string_to_sign, verify

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from cosmat_nb.emulator.messages import Incoming
    from cosmat_nb.wire.credentials import Credentials

__all__ = ["check_signature", "find_bucket"]


_CI_TOKEN = "x-ci-security-token"  # noqa: S105 - a name, not a token
_VENDORS = (".myqcloud.com", ".tencentcos.cn")


def find_bucket(
    incoming: Incoming,
    address: Address,
    names: Collection[str],
    foreign_region: str,
    acceleration: str,
) -> str:
    """Find the bucket that a host names; a plain host means the default bucket.

    Parameters
    ----------
    incoming : Incoming
        Its host may be of any family, with or without a port.
    address : Address
        The default bucket and the one region.
    names : collection of str
        All buckets, the default one among them.
    foreign_region : {"NoSuchBucket", "redirect"}
        As in `Assumptions`.
    acceleration : {"serve", "refuse"}
        As in `Assumptions`.

    Returns
    -------
    str
        ``name-appid``.

    Raises
    ------
    Refusal
        ``NoSuchBucket``, also for a host of the vendor's that names no bucket, as the
        one that lists all buckets; ``InvalidUrl`` for a picture on the host of the job
        interfaces, as observed by others.
    Redirect
        For another region's host, where that is assumed.
    """
    named = incoming.named
    if named is None:
        if incoming.host.partition(":")[0].lower().endswith(_VENDORS):
            raise _no_bucket()
        return address.bucket
    elsewhere = named.region not in (address.region, ANYWHERE)
    if elsewhere and foreign_region == "redirect" and named.bucket in names:
        raise Redirect(Address(named.bucket, address.region).host)
    if elsewhere or named.bucket not in names:
        raise _no_bucket()
    fast = named.region == ANYWHERE and acceleration == "refuse"
    picture = incoming.key and "ci-process" in incoming.params
    if (fast and is_matting(incoming)) or (named.family == "ci" and picture):
        raise Refusal("InvalidUrl", "The specified URL is not served by this host.")
    return named.bucket


def check_signature(
    incoming: Incoming, credentials: Credentials, now: float, wrong_token: str
) -> None:
    """Refuse a request that is not signed as it should be.

    Parameters
    ----------
    incoming : Incoming
        Signed in its ``Authorization`` header or, presigned, in its query.
    credentials : Credentials
        The one key pair that may pass.
    now : float
        Unix seconds.
    wrong_token : str
        Code for a token that is not the key's, as in `Assumptions`.

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
    _check_token(incoming, credentials, wrong_token)
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
        raise Refusal("AccessDenied", "Request has expired", _server_time(now))
    if Verdict.NOT_YET in verdicts:
        raise Refusal(
            "RequestTimeTooSkewed",
            "The difference between the request time and the current time "
            "is too large.",
            _server_time(now),
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


def _check_token(incoming: Incoming, credentials: Credentials, code: str) -> None:
    headers, params = incoming.headers, incoming.params
    token = headers.get(TOKEN) or headers.get(_CI_TOKEN) or params.get(TOKEN, "")
    if token != credentials.token:
        raise Refusal(code, "The security token is not this key's.")


def _header_forms(incoming: Incoming) -> Iterator[Mapping[str, str]]:
    as_text = {name: read_utf8(value) for name, value in incoming.headers.items()}
    yield as_text
    # Clients sign text; beyond ASCII some send it as UTF-8, others as Latin-1.
    if as_text != incoming.headers:
        yield incoming.headers
    # Some clients send a port in Host and sign the host without it.
    host, _, port = incoming.host.rpartition(":")
    if host and port.isdigit():
        yield {**as_text, "host": host}


def _server_time(now: float) -> dict[str, str]:
    # In browsers the vendor's clients see this element, and not the header Date; that
    # these refusals carry it is assumed.
    moment = datetime.fromtimestamp(now, UTC)
    return {"ServerTime": moment.strftime("%Y-%m-%dT%H:%M:%SZ")}


def _no_bucket() -> Refusal:
    return Refusal("NoSuchBucket", "The specified bucket does not exist.")
