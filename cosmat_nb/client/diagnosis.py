"""What answers say of a client's surroundings: one finding a topic."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias
from urllib.parse import urlsplit

from cosmat_nb import errors
from cosmat_nb.client.server_time import TOLERANCE
from cosmat_nb.wire.codes import Code, find_code
from cosmat_nb.wire.host import BucketHost

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.wire.address import Address

__all__ = [
    "ABOUT",
    "TOPICS",
    "Finding",
    "Heard",
    "judge_listing",
    "judge_matting",
    "judge_redirect",
]

ABOUT = "check"
"""What the questions of a check-up are about: stands before each error's message."""

TOPICS = ("reach", "clock", "credentials", "bucket", "region", "listing", "matting")
"""What is looked at, in this order."""

_MARKS = MappingProxyType({True: "ok", False: "FAIL", None: "?"})
_TELLABLE = 2.0  # Seconds that answers and the whole seconds of their dates may take.
_NAME = re.compile("[A-Za-z0-9.-]{0,255}")


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

    @property
    def mark(self) -> str:
        """``ok``, ``FAIL`` or ``?``."""
        return _MARKS[self.ok]

    def __str__(self) -> str:
        line = f"{self.mark:<4}  {self.topic:<11}  {self.words}"
        return f"{line}\n{'':19}to do: {self.cure}" if self.cure else line


Heard: TypeAlias = Finding | errors.CosmatError | None
"""What came of a question: a redirect's finding, an error, or what was hoped for."""


def judge_listing(
    heard: Heard, address: Address, drift: float | None
) -> dict[str, Finding]:
    """Judge the answer to a listing: what it proves, what it blames, what stays open.

    `drift` is how slow this machine's clock is, seconds; None where no answer told it.
    Returned is one finding for each of `TOPICS`.
    """
    failed = None if heard is None else _judge_refusal(heard)
    blamed = failed.topic if failed else "matting"
    unproven: tuple[str, ...] = ()
    if isinstance(heard, errors.OptionsError):
        unproven = ("reach", "clock")
    elif blamed in ("bucket", "region"):
        # The service may look for the bucket before it looks at the keys.
        unproven = ("credentials",)
    passed = {
        "reach": "the service answers",
        "clock": "no signature was refused for its time",
        "credentials": "the service accepts the signature",
        "bucket": f"{address.bucket} is known to the service",
        "region": f"the bucket answers in {address.region}",
        "listing": "the keys may list the bucket",
    }
    unknown = f"cannot be told: see {blamed}"
    found = {topic: Finding(topic, None, unknown) for topic in TOPICS}
    for topic in TOPICS[: TOPICS.index(blamed)]:
        if topic not in unproven:
            found[topic] = Finding(topic, True, passed[topic])
    if failed:
        found[blamed] = failed
    if found["reach"].ok and drift is not None:
        found["clock"] = _judge_clock(drift, found["clock"])
    return found


def judge_redirect(headers: Mapping[str, str]) -> Finding:
    """Tell where a redirect leads: to another region, or off the service."""
    try:
        host = urlsplit(headers.get("location", "")).hostname or ""
    except ValueError:
        host = ""
    named = BucketHost.parse(host)
    region = named.region if named else headers.get("x-cos-bucket-region", "")
    # Only names are shown: an address may hold a signature.
    host, region = (name if _NAME.fullmatch(name) else "" for name in (host, region))
    if region:
        words = f"the bucket answers in {region}{', at ' if host else ''}{host}"
        return Finding("region", False, words, f"use the region {region}")
    if host:
        words = f"the answer leads to {host}, which is no bucket's host"
        return Finding(
            "reach", False, words, "check the network's login page and proxy"
        )
    words = "the bucket answers elsewhere, and the service does not say where"
    return Finding("region", False, words, "look up its region in the console")


def _judge_refusal(heard: Finding | errors.CosmatError) -> Finding:
    if isinstance(heard, Finding):
        return heard
    if not isinstance(heard, errors.CallError):
        cure = "check the credentials, or the function that returns them"
        return Finding("credentials", False, str(heard), cure)
    topic = _code_of(heard).topic
    words, cure = _explain(heard)
    if topic in TOPICS:
        return Finding(topic, False, words, cure)
    if topic == "rights":
        told = "the keys may not list the bucket; matting does not need that"
        words, _ = _explain(heard, told)
        cure = 'to list, grant what client.required_policy(["list_objects"]) says'
        return Finding("listing", None, words, cure)
    if heard.heals or _is_nameless(heard):
        cure = cure or "check the network, its proxy, the endpoint and the region"
        return Finding("reach", False, words, cure)
    return Finding("listing", False, words, cure)


def _judge_clock(drift: float, found: Finding) -> Finding:
    side = "slow" if drift > 0 else "fast"
    words = f"this machine's clock is {abs(drift):.0f} s {side} by the service's"
    if abs(drift) < _TELLABLE:
        words = "this machine's clock goes by the service's"
    if abs(drift) > TOLERANCE:
        cure = "set it: signatures that are over 15 minutes off are refused"
        return Finding("clock", False, words, cure)
    return Finding("clock", True, words) if found.ok else found


def judge_matting(heard: Heard, listed: Heard) -> dict[str, Finding]:
    """Judge the answer to a matting call for a missing key.

    Where it is denied as the listing was, the credentials are in doubt as well.
    """
    if not isinstance(heard, errors.CallError):
        words = f"cannot be told: {heard or 'a picture came for a key that is missing'}"
        return {"matting": Finding("matting", None, words)}
    code = _code_of(heard)
    topic = code.topic
    if topic == "object":
        words = (
            f"a missing key was answered {code.name}: rights and binding let the call "
            "pass, as far as a free call can tell"
        )
        return {"matting": Finding("matting", True, words)}
    ok = None if heard.heals or _is_nameless(heard) else False
    matting = Finding("matting", ok, *_explain(heard))
    if not topic == _code_of(listed).topic == "rights":
        return {"matting": matting}
    doubt = "without the right to list, a missing key may be answered so as well"
    words = "cannot be told: all is denied, as for a token of other keys"
    cure = "with temporary keys, check that the token came with them"
    return {
        "credentials": Finding("credentials", None, words, cure),
        "matting": replace(matting, words=f"{matting.words}; {doubt}"),
    }


def _explain(error: errors.CallError, meaning: str = "") -> tuple[str, str]:
    """Return what is wrong and what to do; without a meaning, in the service's words.

    Code, status and request id follow in brackets, for the vendor's support.
    """
    code = _code_of(error)
    told = error.message.removeprefix(f"{ABOUT}: ").removesuffix(f"; {code.cure}")
    words, cure = meaning or code.meaning or told, code.cure
    if isinstance(error, errors.TransportError):
        words = f"no answer: {words}"
    elif error.heals and isinstance(error, errors.ServiceError):
        words, cure = "the service has trouble of its own", cure or "check again later"
    if code.meaning and code.name not in ("", error.code):
        words += f" (number {code.name})"
    words += str(error).removeprefix(error.message)
    return words, cure


def _code_of(heard: Heard) -> Code:
    if not isinstance(heard, errors.ServiceError):
        return Code("", 0, errors.ServiceError)
    return find_code(heard.code, heard.status or 0, heard.number, heard.message)


def _is_nameless(error: errors.CallError) -> bool:
    """Whether no error code was named: the answer may not be the service's at all."""
    return error.code == type(error).__name__
