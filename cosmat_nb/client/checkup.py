"""A check-up: what stands between a client and its first matte."""

from __future__ import annotations

import html
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from cosmat_nb import errors
from cosmat_nb.client import questions
from cosmat_nb.client.diagnosis import (
    ABOUT,
    TOPICS,
    Finding,
    Heard,
    judge_listing,
    judge_matting,
    judge_redirect,
)
from cosmat_nb.client.steps import Question, Reply, Steps
from cosmat_nb.options import MattingOptions, Operation
from cosmat_nb.wire.address import check_key

if TYPE_CHECKING:
    from cosmat_nb.client.protocol import Speaker
    from cosmat_nb.wire.address import Address

__all__ = ["MISSING", "Checkup", "examine"]

MISSING = "cosmat-check/this-object-does-not-exist.jpg"
"""Key of the matte that is asked for, below the prefix."""

ATTEMPTS = 2
"""Most requests for each question: a mended clock or a renewed key takes two."""

PATIENCE = MappingProxyType({"attempt_seconds": 10.0, "call_seconds": 15.0})
"""Longest that one of the two questions may take, seconds."""

_MOVED = (301, 302, 307)


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

    The missing key is always `MISSING`, so that a replay can answer a check-up. Put
    no object there: it would be cut, and billed, by every check-up.
    """
    missing = check_key(f"{prefix}{MISSING}")
    limits = {
        name: min(most, getattr(speaker.retry, name)) for name, most in PATIENCE.items()
    }
    brief = replace(speaker, retry=replace(speaker.retry, attempts=ATTEMPTS, **limits))
    listed = yield from _hear(brief, _list_one(prefix))
    found = judge_listing(listed, address, speaker.time.drift)
    if found["region"].ok:
        matted = yield from _hear(brief, _matte_none(missing, operation))
        found |= judge_matting(matted, listed)
    return Checkup(who, tuple(found[topic] for topic in TOPICS))


def _hear(speaker: Speaker, question: Question[Heard]) -> Steps[Heard]:
    try:
        speaker.keys.current()
    except errors.OptionsError as error:
        return error
    try:
        answer = yield from speaker.ask(question)
    except errors.CallError as error:
        return error
    return answer.value


def _list_one(prefix: str) -> Question[Heard]:
    listing = questions.list_page(prefix, "", page_size=1)

    def read(reply: Reply) -> Heard:
        if reply.status in _MOVED:
            return judge_redirect(reply.headers)
        listing.read(reply)
        return None

    return Question(about=ABOUT, read=read, params=listing.params, accepts=_MOVED)


def _matte_none(key: str, operation: Operation) -> Question[Heard]:
    params = MattingOptions(operation=operation).parameters
    return Question(about=ABOUT, read=lambda _: None, key=key, params=params)
