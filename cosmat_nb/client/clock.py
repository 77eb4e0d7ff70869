"""Time as a client lives by it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Clock"]


@dataclass(frozen=True, slots=True)
class Clock:
    """The three faces of time; tests replace them.

    The awaiting client sleeps by its event loop instead of `sleep`.

    Parameters
    ----------
    now : callable, default ``time.time``
        Unix seconds, for signatures.
    elapsed : callable, default ``time.monotonic``
        Seconds from any fixed moment, for deadlines.
    sleep : callable, default ``time.sleep``
        Waits for so many seconds.
    """

    now: Callable[[], float] = time.time
    elapsed: Callable[[], float] = time.monotonic
    sleep: Callable[[float], None] = time.sleep
