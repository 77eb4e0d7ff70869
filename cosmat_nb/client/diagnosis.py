"""What answers say of a client's surroundings: one finding a topic."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from cosmat_nb import errors
from cosmat_nb.client.complaints import (
    DENIED,
    MISSING_KEY,
    facts_of,
    find_complaint,
    has_no_code,
)
from cosmat_nb.client.finding import TOPICS, Finding
from cosmat_nb.client.server_time import TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.wire.address import Address

__all__ = [
    "Heard",
    "Moved",
    "blame",
    "doubt_refusals",
    "is_denied",
    "judge_clock",
    "judge_listing",
    "judge_matting",
]


_TELLABLE = 2.0
"""Seconds that answers and the whole seconds of their dates may take."""


class Moved(NamedTuple):
    """Where a redirect leads: a host and a region, each empty when it is not told."""

    host: str
    region: str


Heard: TypeAlias = Moved | errors.CosmatError | None
"""What came of a question; None is what was hoped for."""


def blame(heard: Heard) -> str:
    """Name the topic that a question failed on; empty when it did not."""
    if heard is None:
        return ""
    if isinstance(heard, Moved):
        return "reach" if heard.host and not heard.region else "region"
    if isinstance(heard, errors.OptionsError):
        return "credentials"
    if not isinstance(heard, errors.ServiceError):
        return "reach"
    topic = find_complaint(heard).topic
    return topic or ("reach" if heard.heals or has_no_code(heard) else "listing")


def judge_listing(heard: Heard, blamed: str, address: Address) -> dict[str, Finding]:
    """Judge the answer to a listing: what it proves, what it blames, what stays open.

    Parameters
    ----------
    heard : Heard
        What came.
    blamed : str
        From `blame`.
    address : Address
        Bucket and region that were asked for.

    Returns
    -------
    dict of str to Finding
        One for each of `TOPICS`.
    """
    passed = {
        "reach": "the service answers",
        "clock": "no signature was refused for its time",
        "credentials": "the service accepts the signature",
        "bucket": f"{address.bucket} is known to the service",
        "region": f"the bucket answers in {address.region}",
        "listing": "the keys may list the bucket",
    }
    unproven: tuple[str, ...] = ()
    if isinstance(heard, errors.OptionsError):
        unproven = ("reach", "clock")
    elif blamed in ("bucket", "region"):
        # The service may look for the bucket before it looks at the keys.
        unproven = ("credentials",)
    unknown = f"cannot be told: see {blamed}"
    found = {topic: Finding(topic, None, unknown) for topic in TOPICS}
    for topic in TOPICS[: TOPICS.index(blamed or "matting")]:
        if topic not in unproven:
            found[topic] = Finding(topic, True, passed[topic])
    if heard is not None:
        found[blamed] = _judge_refusal(heard, blamed)
    return found


def _judge_refusal(heard: Moved | errors.CosmatError, blamed: str) -> Finding:
    if isinstance(heard, Moved):
        return _judge_redirect(heard, blamed)
    if not isinstance(heard, errors.CallError):
        cure = "check the credentials, or the function that returns them"
        return Finding(blamed, False, str(heard), cure)
    if blamed == "listing" and is_denied(heard):
        words = "the keys may not list the bucket; matting does not need that"
        cure = 'to list, grant what client.required_policy(["list_objects"]) says'
        return Finding(blamed, None, words + facts_of(heard), cure)
    words, cure, _ = find_complaint(heard)
    if isinstance(heard, errors.TransportError):
        words = f"no answer: {words}"
    if blamed == "reach" and not cure:
        cure = "check the network, its proxy, the endpoint, and that the region exists"
    return Finding(blamed, False, words, cure)


def _judge_redirect(moved: Moved, blamed: str) -> Finding:
    if blamed == "reach":
        words = f"the answer leads to {moved.host}, which is no bucket's host"
        return Finding(blamed, False, words, "check the network's login page and proxy")
    if not moved.region:
        words = "the bucket answers elsewhere, and the service does not say where"
        return Finding(blamed, False, words, "look up its region in the console")
    words = f"the bucket answers in {moved.region}"
    words += f", at {moved.host}" if moved.host else ""
    return Finding(blamed, False, words, f"use the region {moved.region}")


def judge_clock(drift: float | None, found: Finding) -> Finding:
    """Judge by the difference of the clocks, seconds, where an answer told it."""
    if drift is None:
        return found
    side = "slow" if drift > 0 else "fast"
    words = f"this machine's clock is {abs(drift):.0f} s {side} by the service's"
    if abs(drift) < _TELLABLE:
        words = "this machine's clock goes by the service's"
    if abs(drift) > TOLERANCE:
        cure = "set it: signatures that are over 15 minutes off are refused"
        return Finding("clock", False, words, cure)
    return Finding("clock", True, words) if found.ok else found


def judge_matting(heard: Heard) -> Finding:
    """Judge the answer to a matting call for a missing key."""
    if not isinstance(heard, errors.CallError):
        words = f"cannot be told: {heard or 'a picture came for a key that is missing'}"
        return Finding("matting", None, words)
    if heard.code in MISSING_KEY:
        words = (
            f"a missing key was answered {heard.code}: rights and binding let the call "
            "pass, as far as a free call can tell"
        )
        return Finding("matting", True, words)
    words, cure, _ = find_complaint(heard)
    is_told = isinstance(heard, errors.ServiceError) and not has_no_code(heard)
    return Finding(
        "matting", False if is_told and not heard.heals else None, words, cure
    )


def doubt_refusals(found: Mapping[str, Finding]) -> dict[str, Finding]:
    """Say what else it may mean that listing and matting were denied alike."""
    matting, keys = found["matting"], found["credentials"]
    doubt = "without the right to list, a missing key may be answered so as well"
    return {
        "credentials": replace(
            keys,
            ok=None,
            words="cannot be told: all is denied, as for a token of other keys",
            cure="with temporary keys, check that the token came with them",
        ),
        "matting": replace(matting, words=f"{matting.words}; {doubt}"),
    }


def is_denied(heard: Heard) -> bool:
    """Whether the service says that there is no right."""
    return isinstance(heard, errors.CallError) and heard.code in DENIED
