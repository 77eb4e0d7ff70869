"""A check-up: what stands between a client and its first matte."""

from __future__ import annotations

import html
import re
import secrets
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from cosmat_nb import errors
from cosmat_nb.client import questions
from cosmat_nb.client.complaints import ABOUT
from cosmat_nb.client.diagnosis import (
    Heard,
    Moved,
    blame,
    doubt_refusals,
    is_denied,
    judge_clock,
    judge_listing,
    judge_matting,
)
from cosmat_nb.client.finding import TOPICS, Finding
from cosmat_nb.client.protocol import Question, Reply, Speaker, Steps
from cosmat_nb.options import MattingOptions, Operation
from cosmat_nb.wire.address import check_key
from cosmat_nb.wire.codes import CODES, service_error
from cosmat_nb.wire.documents import ErrorDocument
from cosmat_nb.wire.host import BucketHost

if TYPE_CHECKING:
    from cosmat_nb.wire.address import Address

__all__ = ["TOPICS", "Checkup", "Finding", "examine"]

ATTEMPTS = 2
"""Most requests for each question: a mended clock or a renewed key takes two."""

PATIENCE = MappingProxyType({"attempt_seconds": 10.0, "call_seconds": 15.0})
"""Longest that one of the two questions may take, seconds."""

_MOVED = (301, 302, 307)
_REFUSALS = range(400, 500)
_NAME = re.compile("[A-Za-z0-9.-]{0,255}")


@dataclass(frozen=True, slots=True, repr=False)
class Checkup:
    """Findings of a client's ``check(prefix, operation)``, shown as plain lines.

    It asks for a list of one key and for the matte of a key that does not exist, so it
    cuts nothing; that such a call is free is assumed, see `examine`. What it looks at
    it tells and does not raise.

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
            f"<tr><td>{each.mark}</td><th>{html.escape(each.topic)}</th>"
            f"<td style='text-align:left'>{html.escape(each.words)}</td>"
            f"<td style='text-align:left'>{html.escape(each.cure)}</td></tr>"
            for each in self.findings
        )
        return f"<table><caption>asked: {html.escape(self.who)}</caption>{rows}</table>"


def examine(
    speaker: Speaker,
    address: Address,
    who: str,
    *,
    prefix: str = "",
    operation: Operation = Operation.GENERAL,
) -> Steps[Checkup]:
    """Ask for one listed key and for the matte of a missing one; judge the answers.

    Parameters
    ----------
    speaker : Speaker
        Asks each at most twice and with `PATIENCE`. What it learns of the clock stays.
    address : Address
        Bucket and region.
    who : str
        As in `Checkup`.
    prefix : str, default ""
        What the listed and the missing key start with, for rights limited to it.
    operation : Operation
        Which matting is asked for: each needs a right of its own.

    Raises
    ------
    OptionsError
        When `prefix` breaks the naming rules. Credentials that cannot be used are a
        finding; other errors of a function that fetches them are passed on.

    Notes
    -----
    Assumed: the matting call costs nothing because it fails. Only a sibling's page
    (AssessQuality) says that fees arise on successful calls. Both are requests that
    the storage service counts as any other. Open: whether the service looks for the
    key before rights and binding; if so, a missing key proves neither.
    """
    missing = check_key(f"{prefix}cosmat-check-{secrets.token_hex(16)}.jpg")
    limits = {
        name: min(most, getattr(speaker.retry, name)) for name, most in PATIENCE.items()
    }
    brief = replace(speaker, retry=replace(speaker.retry, attempts=ATTEMPTS, **limits))
    listed = yield from _hear(brief, _list_one(prefix))
    blamed = blame(listed)
    found = judge_listing(listed, blamed, address)
    if found["reach"].ok:
        found["clock"] = judge_clock(speaker.time.drift, found["clock"])
    if blamed in ("", "listing"):
        matted = yield from _hear(brief, _matte_none(missing, operation))
        found["matting"] = judge_matting(matted)
        if is_denied(listed) and is_denied(matted):
            found |= doubt_refusals(found)
    return Checkup(who, tuple(found[topic] for topic in TOPICS))


def _hear(speaker: Speaker, question: Question[Heard]) -> Steps[Heard]:
    try:
        answer = yield from speaker.ask(question)
    except (errors.CallError, errors.OptionsError) as error:
        return error
    return answer.value


def _list_one(prefix: str) -> Question[Heard]:
    listing = questions.list_page(prefix, "", page_size=1)

    def read(reply: Reply) -> Heard:
        if reply.status in _MOVED:
            return _read_redirect(reply)
        listing.read(reply)
        return None

    return Question(about=ABOUT, read=read, params=listing.params, accepts=_MOVED)


def _read_redirect(reply: Reply) -> Moved:
    region = reply.headers.get("x-cos-bucket-region", "")
    try:
        host = urlsplit(reply.headers.get("location", "")).hostname or ""
    except ValueError:
        host = ""
    named = BucketHost.parse(host)
    region = named.region if named else region
    # Only names are shown: an address may hold a signature.
    return Moved(*(text if _NAME.fullmatch(text) else "" for text in (host, region)))


def _matte_none(key: str, operation: Operation) -> Question[Heard]:
    options = MattingOptions(operation=operation)
    # Refusals are read here because an error keeps a name and drops its X-ErrNo.
    return Question(
        about=ABOUT,
        read=_read_refusal,
        key=key,
        params=options.parameters,
        accepts=tuple(_REFUSALS),
    )


def _read_refusal(reply: Reply) -> Heard:
    if reply.status not in _REFUSALS:
        return None
    try:
        document = ErrorDocument.from_xml(reply.body)
    except errors.ProtocolError:
        document = ErrorDocument(code="", message=f"answered HTTP {reply.status}")
    number = reply.headers.get("x-errno", "")
    return service_error(
        number if number in CODES else document.code or number,
        document.message,
        status=reply.status,
        request_id=reply.request_id,
    )
