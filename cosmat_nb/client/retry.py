"""How often a call is tried, and how long a client waits before it asks again."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosmat_nb.errors import OptionsError
from cosmat_nb.wire.dates import parse_date

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Retry", "parse_retry_after"]

MAX_SECONDS = 86_400
"""Longest deadline and wait: a day. Sockets take no timeout of years."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often, how late and how long one call may be tried.

    Before the attempt after attempt *n* a client waits a random time between 0 and
    ``min(longest, base * 2 ** (n - 1))`` seconds ("full jitter"); a ``Retry-After``
    of the service is added to it.

    Parameters
    ----------
    attempts : int, default 4
        Most requests a call may send. Each one may be billed.
    base, longest : float, default 0.5 and 20
        Scale and cap of the waits, seconds.
    attempt_seconds, call_seconds : float, default 60 and 180
        Deadline of one request, and of the call with all its waits.
    draw : callable, default ``random.random``
        Returns a float in [0, 1).

    Raises
    ------
    OptionsError
        When there is less than one attempt, or a time is not positive or over a day.

    Notes
    -----
    Full jitter: M. Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog,
    2015.

    Examples
    --------
    >>> Retry(base=1.0, draw=lambda: 0.5).wait_after(3)
    2.0
    """

    attempts: int = 4
    base: float = 0.5
    longest: float = 20.0
    attempt_seconds: float = 60.0
    call_seconds: float = 180.0
    draw: Callable[[], float] = field(default=random.random, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.attempts, int) or self.attempts < 1:
            raise OptionsError(
                f"attempts must be a whole number from 1; not {self.attempts!r}"
            )
        for name in ("base", "longest", "attempt_seconds", "call_seconds"):
            if not 0 < getattr(self, name) <= MAX_SECONDS:
                raise OptionsError(
                    f"{name} must be over 0 and at most {MAX_SECONDS} seconds; "
                    f"not {getattr(self, name)}"
                )

    def wait_after(self, attempt: int, retry_after: float = 0.0) -> float:
        """Seconds to wait after attempt number `attempt` (from 1) failed."""
        # The exponent is capped: 2.0 ** 1024 would overflow.
        widest = min(self.longest, self.base * 2.0 ** min(attempt - 1, 64))
        return retry_after + self.draw() * widest


def parse_retry_after(value: str | None, now: float) -> float:
    """Read a ``Retry-After`` header.

    Parameters
    ----------
    value : str or None
        Whole seconds or an HTTP date (RFC 9110, section 10.2.3).
    now : float
        Unix seconds.

    Returns
    -------
    float
        Seconds to wait, 0 or more; 0 when the header is missing or unreadable.

    Examples
    --------
    >>> parse_retry_after("7", now=0.0)
    7.0
    >>> parse_retry_after("Thu, 01 Jan 1970 00:01:00 GMT", now=15.0)
    45.0
    """
    if not value:
        return 0.0
    if value.isascii() and value.isdigit():
        return float(value)
    date = parse_date(value)
    return max(0.0, date.timestamp() - now) if date else 0.0
