"""How much matting the emulator takes on before it asks to slow down."""

from __future__ import annotations

import math
from dataclasses import dataclass

from cosmat_nb.errors import OptionsError

__all__ = ["Rate", "Turnstile"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """Limits of matting requests; what is beyond is refused with 503 ``SlowDown``.

    A refused request is not processed, not billed, and uses up no entry of a plan of
    faults or latencies. Other requests are not limited.

    Parameters
    ----------
    per_second : float, optional
        Requests a second in the long run, over 0; by default any number.
    burst : int, optional
        Requests that may come at once after a pause, from 1; by default those of one
        second.
    concurrent : int, optional
        Requests processed at a time, from 1; by default any number. A request counts
        from its last byte to the first one of its answer, latency included.
    retry_after : int, optional
        ``Retry-After`` of the refusals, whole seconds; by default they have none.

    Raises
    ------
    OptionsError
        When a number is too low or no number, or `burst` limits nothing.

    Notes
    -----
    The vendor documents ``SlowDown`` and limits of requests a second, and not how they
    are counted: that it is done by a token bucket is assumed. The bucket holds `burst`
    tokens and starts full, gains `per_second` tokens a second, and each request that
    passes takes one; a refused one takes none.

    Examples
    --------
    >>> Rate(per_second=2.5).depth
    3
    """

    per_second: float | None = None
    burst: int | None = None
    concurrent: int | None = None
    retry_after: int | None = None

    def __post_init__(self) -> None:
        speed = self.per_second
        if speed is not None and not 0 < speed < math.inf:
            raise OptionsError(f"per_second must be over 0; not {speed!r}")
        for name, least in (("burst", 1), ("concurrent", 1), ("retry_after", 0)):
            value = getattr(self, name)
            if value is not None and (not isinstance(value, int) or value < least):
                raise OptionsError(
                    f"{name} must be a whole number from {least}; not {value!r}"
                )
        if self.burst is not None and speed is None:
            raise OptionsError("burst needs per_second")

    @property
    def depth(self) -> int:
        """Tokens that the bucket holds: `burst`, or those of one second, rounded up."""
        return self.burst or math.ceil(self.per_second or 1)


class Turnstile:
    """Lets requests pass as a `Rate` says. One thread's: the server's loop.

    Parameters
    ----------
    rate : Rate

    Examples
    --------
    >>> turnstile = Turnstile(Rate(per_second=1, burst=2))
    >>> [turnstile.enter(now) for now in (10.0, 10.0, 10.5, 11.0)]
    [True, True, False, True]
    """

    def __init__(self, rate: Rate) -> None:
        self._rate = rate
        self._inside = 0
        self._tokens, self._filled = float(rate.depth), -math.inf

    def enter(self, now: float) -> bool:
        """Let a request pass at `now`, seconds from any fixed moment, or refuse it."""
        rate = self._rate
        if rate.concurrent is not None and self._inside >= rate.concurrent:
            return False
        if rate.per_second is not None:
            gained = (now - self._filled) * rate.per_second
            self._tokens = min(self._tokens + gained, float(rate.depth))
            self._filled = now
            if self._tokens < 1:
                return False
            self._tokens -= 1
        self._inside += 1
        return True

    def leave(self) -> None:
        """Count a request that had passed as processed."""
        self._inside -= 1
