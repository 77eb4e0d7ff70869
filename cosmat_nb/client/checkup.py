"""A check-up: what stands between a client and its first matte, asked without one."""

from __future__ import annotations

import html
import re
import secrets
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from cosmat_nb import errors
from cosmat_nb.client import matting, questions
from cosmat_nb.client.protocol import Question, Reply, Speaker, Steps
from cosmat_nb.client.server_time import TOLERANCE
from cosmat_nb.options import MattingOptions, Operation
from cosmat_nb.wire.address import check_key
from cosmat_nb.wire.codes import CODES, find_code, is_over, service_error
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.host import BucketHost
from cosmat_nb.wire.operations import MattingQuery

if TYPE_CHECKING:
    from cosmat_nb.wire.address import Address

__all__ = ["TOPICS", "Checkup", "Finding", "examine"]

T = TypeVar("T")

TOPICS = ("reach", "clock", "credentials", "bucket", "region", "listing", "matting")
"""What is looked at, in this order."""

PATIENCE = MappingProxyType({"attempt_seconds": 10.0, "call_seconds": 15.0})
"""Longest that one of the two questions may take, seconds."""

_MARKS = MappingProxyType({True: "ok", False: "FAIL", None: "?"})
_MOVED = (301, 302, 307)
_REFUSED = tuple(range(400, 500))
_HOST = re.compile("[A-Za-z0-9.-]{1,255}")

_NO_KEY = frozenset({"NoSuchKey", "-46628", "-6101", "-60950"})
"""Ways to say that a picture is missing."""

_KEYS = frozenset(
    {
        "ExpiredToken",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "-46618",
        "-60932",
        "-60938",
        "-60948",
    }
)
_BUCKETS = frozenset({"NoSuchBucket", "InvalidBucketName"})

_BIND = "bind the bucket to Cloud Infinite in the console"
_MISMATCH = (
    "the secret key does not fit the secret id",
    "check the secret key; a proxy that rewrites requests has the same effect",
)
_RIGHTS = (
    "the keys may not call matting here, or the bucket is not bound to Cloud Infinite",
    f'grant what client.required_policy(["matte"]) says; if that is granted, {_BIND}',
)
_BILL = ("the account has an unpaid bill", "pay it, then check again")
_PLAIN = MappingProxyType(
    {
        "SignatureDoesNotMatch": _MISMATCH,
        "-46618": _MISMATCH,
        "-60932": _MISMATCH,
        "InvalidAccessKeyId": (
            "the service does not know the secret id, or its token is another key's",
            "check the secret id, the token if there is one, and that the key is in use",
        ),
        "ExpiredToken": ("the temporary keys are over", "fetch new temporary keys"),
        "NoSuchBucket": (
            "there is no such bucket in this region",
            "check the bucket's name and its region",
        ),
        "AccessDenied": _RIGHTS,
        "-46661": _RIGHTS,
        "-60936": _RIGHTS,
        "NoProcessAuthority": (
            "the keys have no right to image processing",
            "let the account's owner allow it (Cloud Infinite) for these keys",
        ),
        "-104": ("the bucket is not bound to Cloud Infinite", _BIND),
        "AIBucketUnBinded": (
            "AI content recognition is off for the bucket",
            "switch it on for the bucket in the console",
        ),
        "PaymentRequired": _BILL,
        "-162": _BILL,
    }
)
"""Codes in plain words: what is wrong, what to do. Others keep the service's words."""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found on one topic.

    Attributes
    ----------
    topic : str
        One of `TOPICS`.
    ok : bool or None
        None when it cannot be told, or is missing and not needed for matting.
    words : str
        What was found.
    cure : str
        What to do; may be empty.
    """

    topic: str
    ok: bool | None
    words: str
    cure: str = ""

    def __str__(self) -> str:
        line = f"{_MARKS[self.ok]:<4}  {self.topic:<11}  {self.words}"
        return f"{line}\n{'':19}to do: {self.cure}" if self.cure else line


@dataclass(frozen=True, slots=True, repr=False)
class Checkup:
    """Findings of a check-up, shown as plain lines.

    Attributes
    ----------
    who : str
        Who was asked: the emulator or the cloud, and for which bucket.
    findings : tuple of Finding
        One for each of `TOPICS`.

    Examples
    --------
    >>> Checkup("the cloud", (Finding("reach", False, "no answer", "plug it in"),))
    asked: the cloud
    FAIL  reach        no answer
                       to do: plug it in
    """

    who: str
    findings: tuple[Finding, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed; what cannot be told is no failure."""
        return all(finding.ok is not False for finding in self.findings)

    def __str__(self) -> str:
        return "\n".join([f"asked: {self.who}", *map(str, self.findings)])

    __repr__ = __str__

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr>"
            + "".join(
                f"<td style='text-align:left'>{html.escape(text)}</td>"
                for text in (_MARKS[each.ok], each.topic, each.words, each.cure)
            )
            + "</tr>"
            for each in self.findings
        )
        return f"<table><caption>asked: {html.escape(self.who)}</caption>{rows}</table>"


@dataclass(frozen=True, slots=True)
class _Moved:
    """Where a redirect leads: a host and a region, each empty when it is not told."""

    host: str
    region: str


def examine(
    speaker: Speaker,
    address: Address,
    who: str,
    *,
    prefix: str = "",
    operation: Operation = Operation.GENERAL,
) -> Steps[Checkup]:
    """Ask for one listed key and for the matte of a missing one, and judge the answers.

    Parameters
    ----------
    speaker : Speaker
        Asks twice at most for each, for `PATIENCE`; what it learns of the clock stays.
    address : Address
        Bucket and region.
    who : str
        As in `Checkup`.
    prefix : str, default ""
        What the listed and the missing key start with, for keys limited to it.
    operation : Operation
        Each needs a right of its own.

    Raises
    ------
    OptionsError
        When `prefix` breaks the naming rules. Unusable credentials are a finding; what
        a function that fetches them raises itself is passed on.

    Notes
    -----
    Assumed: that the refused matting call costs nothing. Only the page of a sibling
    operation says that fees arise on successful calls. Ordinary requests are counted
    by the storage service as always. Open: in which order the service looks at key,
    rights and binding, so a missing key proves rights only as far as it goes.
    """
    missing = check_key(f"{prefix}cosmat-check-{secrets.token_hex(16)}.jpg")
    patience = {
        name: min(most, getattr(speaker.retry, name)) for name, most in PATIENCE.items()
    }
    brief = replace(speaker, retry=replace(speaker.retry, attempts=2, **patience))
    listed = yield from _attempt(brief, _list_one(prefix))
    blamed = _blame(listed)
    first = _judge_listing(listed, blamed, address)
    if blamed in ("", "listing"):
        matte = yield from _attempt(brief, _matte_none(missing, operation))
        matted = _judge_matting(matte)
        if blamed and matted.ok is False:
            matted = replace(matted, words=f"{matted.words}; listing is refused as well")
    else:
        matted = Finding("matting", None, _unsettled(blamed))
    clock = _judge_clock(speaker.time.drift, blamed, listed)
    return Checkup(who, (first[0], clock, *first[1:], matted))
