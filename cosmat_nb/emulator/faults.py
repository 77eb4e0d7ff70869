"""What can go wrong between a client and the emulator, and when it does."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, field, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, get_args

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.codes import CODES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from cosmat_nb.emulator.messages import Incoming

__all__ = ["Fault", "Faults", "is_matting"]

Spoil = Literal["", "truncate", "empty matte", "no results"]
End = Literal["", "reset at once", "reset", "close"]
Concern = Literal["matting", "all"]

_MESSAGES = {
    "SlowDown": "Please reduce your request rate.",
    "InternalError": "We encountered an internal error. Please try again.",
    "RequestTimeTooSkewed": "The difference between the request time and the current "
    "time is too large.",
    "ExpiredToken": "The provided token has expired.",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Fault:
    """What goes wrong with one request. Made by the methods that name a kind.

    Fields may be joined by `dataclasses.replace`, as a refusal that is also slow.

    Parameters
    ----------
    code : str
        The request is refused with this error code, and not processed.
    retry_after : int, optional
        ``Retry-After`` of the refusal, seconds.
    skew : float
        The answer's ``Date`` is this many seconds ahead, or behind.
    spoil : {"", "truncate", "empty matte", "no results"}
        What becomes of a good answer before it is sent.
    end : {"", "reset at once", "reset", "close"}
        How the connection ends: well, reset before the request is processed, or reset
        or closed while it is answered.
    missing : int
        Bytes at the end of the body that are cut off or not sent.
    delay : float
        Seconds before the first byte of the answer.
    piece, pause : int and float
        The body comes in pieces of so many bytes with so many seconds between them; 0
        bytes: at once.

    Raises
    ------
    OptionsError
        When a word is unknown, or a number is negative or no number.

    Examples
    --------
    >>> Fault.throttle(retry_after=2)
    Fault(code='SlowDown', retry_after=2)
    """

    code: str = ""
    retry_after: int | None = None
    skew: float = 0.0
    spoil: Spoil = ""
    end: End = ""
    missing: int = 0
    delay: float = 0.0
    piece: int = 0
    pause: float = 0.0

    def __post_init__(self) -> None:
        if self.code not in ("", *CODES):
            raise OptionsError(
                f"code must be one of the service's, as SlowDown; not {self.code!r}"
            )
        _check_word("spoil", self.spoil, get_args(Spoil))
        _check_word("end", self.end, get_args(End))
        if not math.isfinite(self.skew):
            raise OptionsError(f"skew must be seconds; not {self.skew!r}")
        for name in ("delay", "pause"):
            if not 0 <= getattr(self, name) < math.inf:
                raise OptionsError(
                    f"{name} must be 0 seconds or more; not {getattr(self, name)!r}"
                )
        for name in ("retry_after", "missing", "piece"):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < 0):
                raise OptionsError(f"{name} must be a whole number; not {value!r}")

    def __repr__(self) -> str:
        told = [
            f"{each.name}={getattr(self, each.name)!r}"
            for each in fields(self)
            if getattr(self, each.name) != each.default
        ]
        return f"Fault({', '.join(told)})"

    @property
    def message(self) -> str:
        """Text of the refusal's error document."""
        return _MESSAGES.get(self.code, "The emulator was told to refuse this request.")

    @classmethod
    def refuse(cls, code: str) -> Fault:
        """Refuse with any of the service's codes; the HTTP status follows from it."""
        return cls(code=code)

    @classmethod
    def throttle(cls, retry_after: int | None = None) -> Fault:
        """Refuse with 503 ``SlowDown``; `retry_after` in whole seconds."""
        return cls(code="SlowDown", retry_after=retry_after)

    @classmethod
    def fail(cls) -> Fault:
        """Refuse with 500 ``InternalError``."""
        return cls(code="InternalError")

    @classmethod
    def skew_clock(cls, seconds: float = 600.0) -> Fault:
        """Refuse with 403 ``RequestTimeTooSkewed``; ``Date`` is so many seconds ahead.

        The emulator's own clock stays right: a client that then signs by the ``Date``
        of over 15 minutes is refused again. For a clock that is off for good, give the
        emulator another `now`.
        """
        return cls(code="RequestTimeTooSkewed", skew=seconds)

    @classmethod
    def expire_token(cls) -> Fault:
        """Refuse with 400 ``ExpiredToken``."""
        return cls(code="ExpiredToken")

    @classmethod
    def reset_at_once(cls) -> Fault:
        """Reset the connection before anything is processed."""
        return cls(end="reset at once")

    @classmethod
    def reset_midway(cls, missing: int = 20) -> Fault:
        """Reset after the headers and all but the last bytes of the body."""
        return cls(end="reset", missing=missing)

    @classmethod
    def reset_after(cls) -> Fault:
        """Reset after the whole answer."""
        return cls(end="reset")

    @classmethod
    def fall_short(cls, missing: int = 20) -> Fault:
        """Promise a length, send so many bytes less and close the connection."""
        return cls(end="close", missing=missing)

    @classmethod
    def truncate(cls, missing: int = 20) -> Fault:
        """Answer well with a PNG that lacks its last bytes."""
        return cls(spoil="truncate", missing=missing)

    @classmethod
    def empty_matte(cls) -> Fault:
        """Answer with a PNG of the right size whose alpha is 0 everywhere; billed."""
        return cls(spoil="empty matte")

    @classmethod
    def no_results(cls) -> Fault:
        """Answer ``Pic-Operations`` with a document that lists no object."""
        return cls(spoil="no results")

    @classmethod
    def slow_start(cls, seconds: float) -> Fault:
        """Send the first byte so many seconds late."""
        return cls(delay=seconds)

    @classmethod
    def slow_body(cls, pause: float, piece: int = 4096) -> Fault:
        """Send the body in pieces, bytes, with a pause between them, seconds."""
        return cls(piece=piece, pause=pause)


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """Which requests go wrong: a frozen plan, the same for the same order of requests.

    Parameters
    ----------
    script : sequence of Fault or None
        One entry a request, None for one that goes well.
    odds : mapping of Fault to float
        Probability of each fault, in [0, 1], once the script is over.
    seed : int, default 0
        Draws other faults by the same odds.
    requests : {"matting", "all"}
        Which requests are concerned; others go well and use up no entry.

    Raises
    ------
    OptionsError
        When an entry is no fault, or the odds are no probabilities.

    Examples
    --------
    >>> plan = Faults(script=[Fault.fail(), None])
    >>> [plan.pick(number) for number in range(3)]
    [Fault(code='InternalError'), None, None]
    >>> Faults(odds={Fault.fail(): 1.0}).pick(7)
    Fault(code='InternalError')
    """

    script: Sequence[Fault | None] = ()
    odds: Mapping[Fault, float] = field(default_factory=dict, hash=False)
    seed: int = 0
    requests: Concern = "matting"

    def __post_init__(self) -> None:
        # What a plan is made from may change later; the plan must not.
        object.__setattr__(self, "script", tuple(self.script))
        object.__setattr__(self, "odds", MappingProxyType(dict(self.odds)))
        _check_word("requests", self.requests, get_args(Concern))
        for entry in (*self.script, *self.odds):
            if not isinstance(entry, Fault | None):
                raise OptionsError(f"expected a Fault; got {entry!r}")
        shares = list(self.odds.values())
        if not all(0 <= share <= 1 for share in shares) or math.fsum(shares) > 1:
            raise OptionsError(
                f"odds must be in [0, 1] each and together; not {shares!r}"
            )

    def concerns(self, incoming: Incoming) -> bool:
        """Whether a request uses up an entry."""
        return self.requests == "all" or is_matting(incoming)

    def pick(self, number: int) -> Fault | None:
        """Return what goes wrong with a request concerned, counted from 0."""
        if number < len(self.script):
            return self.script[number]
        # Drawn by number, not one after the other: no state, so nothing to share.
        draw = random.Random(f"{self.seed}:{number}").random()  # noqa: S311 - no secret
        for fault, share in self.odds.items():
            draw -= share
            if draw < 0:
                return fault
        return None


def is_matting(incoming: Incoming) -> bool:
    """Whether a request asks for a matte, in its query or in ``Pic-Operations``."""
    return "ci-process" in incoming.params or "pic-operations" in incoming.headers


def _check_word(name: str, value: object, words: Iterable[str]) -> None:
    if value not in (known := tuple(words)):
        shown = ", ".join(known).strip(", ")
        raise OptionsError(f"{name} must be one of {shown}; not {value!r}")
