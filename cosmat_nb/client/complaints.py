"""What the service complains of, in plain words: what is wrong and what to do."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb import errors
from cosmat_nb.wire.codes import is_over

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ABOUT",
    "DENIED",
    "MISSING_KEY",
    "Complaint",
    "facts_of",
    "find_complaint",
    "has_no_code",
]

ABOUT = "check"
"""What the questions of a check-up are about: stands before each error's message."""

DENIED = frozenset({"AccessDenied", "-46661", "-60936"})
"""Codes of a missing right."""

MISSING_KEY = frozenset({"NoSuchKey", "-46628", "-6101", "-60950"})
"""Codes that say no more than that an object is missing."""


class Complaint(NamedTuple):
    """What is wrong.

    Attributes
    ----------
    words, cure : str
        In plain words; the cure may be empty.
    topic : str
        What it concerns whichever call was refused; empty when that depends on it.
    """

    words: str
    cure: str = ""
    topic: str = ""


_BIND = "bind the bucket to Cloud Infinite in the console"
_MISMATCH = Complaint(
    "the secret key does not fit the secret id",
    "check the secret key; a proxy that rewrites requests has the same effect",
    "credentials",
)
_CLOCK = Complaint(
    "the service calls the time of a signature over",
    "set this machine's clock: the service tolerates 15 minutes",
    "clock",
)
_RIGHTS = Complaint(
    "the keys may not call matting here, or the bucket is not bound to Cloud Infinite",
    f'grant what client.required_policy(["matte"]) says; if that is granted, {_BIND}',
)
_BILL = Complaint("the account has an unpaid bill", "pay it, then check again")

_COMPLAINTS: Mapping[str, Complaint] = MappingProxyType(
    {
        "SignatureDoesNotMatch": _MISMATCH,
        "-46618": _MISMATCH,
        "-60932": _MISMATCH,
        "InvalidAccessKeyId": Complaint(
            "the service does not know the secret id, or the token is not its own",
            "check secret id and token, and in the console that the key is in use",
            "credentials",
        ),
        "ExpiredToken": Complaint(
            "the temporary keys are over", "fetch new temporary keys", "credentials"
        ),
        "-60948": Complaint(
            "the service refuses the account", "check the account", "credentials"
        ),
        "NoSuchBucket": Complaint(
            "there is no such bucket in this region",
            "check the bucket's name, and its region in the console",
            "bucket",
        ),
        "InvalidBucketName": Complaint(
            "the service does not take the bucket's name",
            "check the bucket's name: name-appid",
            "bucket",
        ),
        **dict.fromkeys(DENIED, _RIGHTS),
        "NoProcessAuthority": Complaint(
            "the keys have no right to image processing",
            "let the account's owner allow Cloud Infinite for these keys",
        ),
        "-104": Complaint("the bucket is not bound to Cloud Infinite", _BIND),
        "AIBucketUnBinded": Complaint(
            "AI content recognition is off for the bucket",
            "switch it on for the bucket in the console",
        ),
        "PaymentRequired": _BILL,
        "-162": _BILL,
    }
)


def find_complaint(error: errors.CallError) -> Complaint:
    """Say what an error means; an unknown code keeps the service's own words.

    Examples
    --------
    >>> from cosmat_nb.wire.codes import service_error
    >>> find_complaint(service_error("-104", "refused")).words
    'the bucket is not bound to Cloud Infinite [-104]'
    """
    if is_over(error.code, error.message):
        found = _CLOCK
    elif error.code in _COMPLAINTS:
        found = _COMPLAINTS[error.code]
    elif isinstance(error, errors.ServiceError) and error.heals:
        found = Complaint("the service has trouble of its own", "check again later")
    else:
        found = Complaint(_printable(error.message.removeprefix(f"{ABOUT}: ")))
    return found._replace(words=found.words + facts_of(error))


def facts_of(error: errors.CallError) -> str:
    """Code, HTTP status and request id in brackets, for the vendor's support."""
    facts = [] if has_no_code(error) else [error.code]
    facts += [f"HTTP {error.status}"] if error.status else []
    facts += [f"request {error.request_id}"] if error.request_id else []
    return _printable(f" [{', '.join(facts)}]") if facts else ""


def has_no_code(error: errors.CallError) -> bool:
    """Whether the answer named no error code: it may not be the service's at all."""
    return error.code == type(error).__name__


def _printable(text: str) -> str:
    # What a server writes may hold what moves a terminal's cursor.
    return "".join(sign if sign.isprintable() else " " for sign in text)
