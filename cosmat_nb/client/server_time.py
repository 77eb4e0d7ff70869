"""The service's time: this machine's clock, corrected where it is badly off."""

from __future__ import annotations

from threading import Lock
from typing import TYPE_CHECKING

from cosmat_nb.errors import tell
from cosmat_nb.wire.dates import parse_date

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ServerTime"]

TOLERANCE = 300.0
"""Difference that no signature fails for, seconds: the service tolerates 15 minutes."""


class ServerTime:
    """Tells the time that signatures are dated by; safe between threads.

    Parameters
    ----------
    now : callable
        Unix seconds by this machine's clock.

    Examples
    --------
    >>> time = ServerTime(lambda: 1000.0)
    >>> time.hear("Thu, 01 Jan 1970 00:16:42 GMT")
    >>> time.now(), time.drift
    (1000.0, 2.0)
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self._clock = now
        self._lock = Lock()
        self._offset = 0.0
        self._heard: tuple[str, float] | None = None

    def now(self) -> float:
        """Unix seconds, corrected."""
        return self._clock() + self._offset

    def hear(self, date: str | None) -> None:
        """Note the ``Date`` header of an answer that just came."""
        if date:
            self._heard = date, self._clock()

    @property
    def drift(self) -> float | None:
        """Seconds that the service's clock was ahead of this machine's; or None.

        As of the last answer; None before one came that told its date.
        """
        if self._heard is None:
            return None
        date, heard_at = self._heard
        told = parse_date(date)
        return None if told is None else told.timestamp() - heard_at

    def correct(self, signed_at: float) -> bool:
        """Adopt the service's time after it refused a signature for its date.

        Parameters
        ----------
        signed_at : float
            What `now` said when the refused attempt was signed.

        Returns
        -------
        bool
            Whether an attempt signed anew will be dated otherwise.
        """
        drift = self.drift
        if drift is None:
            return False
        with self._lock:
            is_new = abs(drift - self._offset) > TOLERANCE
            if is_new:
                self._offset = drift
        if is_new:
            side = "slow" if drift > 0 else "fast"
            tell(
                f"this machine's clock is {abs(drift):.0f} s {side} by the service's; "
                "signatures are corrected, set the clock"
            )
        return abs(self.now() - signed_at) > TOLERANCE
