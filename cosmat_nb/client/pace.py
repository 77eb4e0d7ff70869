"""How many attempts a batch has in flight: as many as the service bears."""

from __future__ import annotations

import math
import threading
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from cosmat_nb.client.clock import Clock
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pace", "Slot", "Verdict"]

Verdict: TypeAlias = Literal["good", "throttled", "failed"]
"""What came of an attempt; see `Pace.release`."""

_START = 4
"""Level at first."""

_HOLD_ROUNDS, _HOLD_ANSWERS = 16, 32
"""Good answers since the last reduction, before more than the knee is tried."""

_PROBE = 0.25
"""Rise of the level in the first round of a probe."""

_SOON_ROUNDS, _SOON_ANSWERS = 2, 6
"""A throttled attempt after fewer good ones than these two together is soon."""

_SHARE_SOON, _SHARE_LATE = 0.8, 0.95
"""Where the knee of a rate is, as a share of the level that was too much."""

_BORNE = 2
"""Good answers beside as many others that speak against a limit of concurrency."""

_EVEN, _LOOSE = 1.5, 2.0
"""With this times the level and so much more, attempts of a round trip are spread."""

_WINDOW = 50
"""Answers whose typical latency is looked at, or two rounds where that is more."""

_RISE, _HELPED = 2.0, 0.75
"""Times the usual latency that are trouble; share of that when half the load helped."""

_LEAST_SECONDS = 0.2
"""Shorter latencies count as this: on loopback a rise means nothing."""

_FIRST_SECONDS = 1.0
"""Latency while none is known, as in RFC 6298."""

_LONGEST_REST, _LONGEST_PAUSE = 20.0, 60.0
"""Seconds between attempts at the lowest level; longest ``Retry-After`` that counts."""


class Slot(NamedTuple):
    """Leave to have one attempt in flight.

    Attributes
    ----------
    number : int
        Attempts so far, this one included.
    began : float
        By the clock of the pace, seconds.
    in_flight : int
        Attempts in flight then, this one included.
    """

    number: int
    began: float
    in_flight: int


class Pace:
    """Slots for the attempts of a batch, as many as the service bears; thread-safe.

    Parameters
    ----------
    most : int
        Attempts in flight at most, from 1.
    clock : Clock
        Only its `elapsed` is used.

    Raises
    ------
    OptionsError
        When `most` is no whole number from 1.

    Notes
    -----
    The level is the number of attempts in flight, one by one limited or, once the
    service has shown a limit of attempts per second, kept on the average by evenly
    spread beginnings; only then it can be below 1. A round is as many good answers as
    the level.

    - From 4, each good answer adds 1, so a round doubles the level (slow start:
      V. Jacobson, "Congestion Avoidance and Control", SIGCOMM 1988; RFC 5681). A level
      that is not used up does not rise (RFC 7661).
    - A throttled attempt halves the level, once a round trip: only attempts that began
      after the last reduction count (RFC 5681). Just below what was too much is the
      knee. It stays when nothing went well since the last reduction, as in an outage,
      and does not fall for attempts that are throttled rarely, as by chance.
    - Up to the knee each good answer adds 1 again. There the level stays for 16 rounds
      and 32 answers, then rises ever faster in search of a new limit: the plateau and
      the convex probe of CUBIC (RFC 9438, section 4), in rounds instead of seconds.
    - What was too much is a number in flight unless as many had gone well since the
      reduction before the last, or it was one attempt: then it is a rate. Under either
      limit beginnings are spread, so that they do not come in bursts (as RFC 9002,
      section 7.7).
    - The typical latency (geometric mean) of 50 answers, or of two rounds, at twice the
      lowest one is trouble too. By Little's law the service then works on level × usual
      / risen attempts and the rest waits in line: that is the knee, as in the gradient
      of Netflix's concurrency-limits. When half the load does not help, larger pictures
      were the reason: then that latency is the usual one, and the level returns.
    - No attempt begins before the ``Retry-After`` of a throttled answer is over, 60 s
      at most. The lowest level is one attempt in 20 s.

    Examples
    --------
    >>> pace = Pace(16)
    >>> for _ in range(4):
    ...     pace.release(pace.acquire(), "good")
    >>> pace.level
    8
    """

    def __init__(self, most: int, *, clock: Clock = Clock()) -> None:
        if not isinstance(most, int) or most < 1:
            raise OptionsError(f"most must be a whole number from 1; not {most!r}")
        self._most = most
        self._elapsed: Callable[[], float] = clock.elapsed
        self._changed = threading.Condition(threading.Lock())
        self._is_stopped = False
        self._level, self._knee = float(min(most, _START)), math.inf
        self._in_flight = self._number = 0
        # The first attempt that knows of the last reduction; good answers of such; the
        # last attempt that used the level up.
        self._mark = self._goods = self._last_full = 0
        self._paused_until = self._last_began = -math.inf
        self._seconds, self._known = _FIRST_SECONDS, 0
        # Seconds of a round under a limit of rate; 0 under one of concurrency.
        self._round = 0.0
        # Good answers by the number in flight, since the last reduction and before it.
        self._borne = self._borne_before = [0] * (most + 1)
        self._usual, self._risen, self._level_before = math.inf, 0.0, 0.0
        self._logs: list[float] = []

    @property
    def level(self) -> int:
        """Attempts that may be in flight now, on the average; in [1, `most`]."""
        return max(1, int(self._level))

    def acquire(self) -> Slot | None:
        """Wait for a slot; None once the pace is stopped."""
        with self._changed:
            while not self._is_stopped:
                slot = self._take()
                if isinstance(slot, Slot):
                    return slot
                self._changed.wait(None if slot == math.inf else slot)
        return None

    def ask(self) -> Slot | float:
        """Return a slot, or the seconds to wait before asking again; never wait.

        Infinite means: not before an attempt is released.
        """
        with self._changed:
            return self._take()

    def release(self, slot: Slot, verdict: Verdict, retry_after: float = 0.0) -> None:
        """Give a slot back and say what came of its attempt.

        Parameters
        ----------
        slot : Slot
            From `acquire`; each is given back once.
        verdict : {"good", "throttled", "failed"}
            Good: a matte came. Throttled: any 503, and 429. Failed: all else, as a
            picture that is refused or a connection that is lost; it changes the level
            only where it took very long, as a deadline does.
        retry_after : float, default 0
            Seconds that a throttled answer asked for.
        """
        with self._changed:
            now = self._elapsed()
            self._in_flight -= 1
            if verdict == "throttled":
                pause = min(retry_after, _LONGEST_PAUSE)
                self._paused_until = max(self._paused_until, now + pause)
                if slot.number >= self._mark:
                    self._hear_throttled(slot.in_flight)
            else:
                self._hear_answer(slot, now - slot.began, is_good=verdict == "good")
            self._changed.notify(max(1, int(self._level) - self._in_flight))

    def stop(self) -> None:
        """Give no more slots, and wake all who wait for one."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()

    def _take(self) -> Slot | float:
        now, level = self._elapsed(), self._level
        gap = self._round / level
        if not gap and self._knee < math.inf:
            gap = self._seconds / (_EVEN * level + _LOOSE)
        soonest = max(self._paused_until, self._last_began + gap)
        if now < soonest:
            return soonest - now
        # Under a limit of rate, the gap holds back: room for latencies as they vary.
        slots = min(int(2 * level) + 2, self._most) if self._round else int(level)
        if self._in_flight >= slots:
            return math.inf
        self._last_began = now
        self._in_flight += 1
        self._number += 1
        if now < soonest + gap if self._round else self._in_flight >= slots - 1:
            self._last_full = self._number
        return Slot(self._number, now, self._in_flight)

    def _hear_answer(self, slot: Slot, seconds: float, *, is_good: bool) -> None:
        if is_good:
            self._known = min(self._known + 1, 32)
            self._seconds += (seconds - self._seconds) / self._known
        if slot.number < self._mark:
            return
        if is_good:
            self._goods += 1
            self._borne[slot.in_flight] += 1
            if self._last_full >= slot.number:
                self._grow()
        if is_good or seconds > _RISE * self._usual:
            self._hear_seconds(seconds)

    def _grow(self) -> None:
        level = self._level
        if level < self._knee:
            level = min(level + 1, self._knee)
        else:
            hold = max(_HOLD_ROUNDS * level, _HOLD_ANSWERS)
            rounds = (self._goods - hold) / max(level, 1.0)
            if rounds > 0:
                level += _PROBE * (1 + rounds) * min(level, 1 / level)
        self._level = min(level, self._most)

    def _hear_throttled(self, in_flight: int) -> None:
        tried = self._level if self._round else min(self._level, in_flight)
        is_rate = in_flight == 1 or self._count_borne(in_flight) >= _BORNE
        knee = self._knee
        if self._goods:
            is_soon = self._goods < _SOON_ROUNDS * tried + _SOON_ANSWERS
            falls = is_soon or knee == math.inf
            share = _SHARE_SOON if falls else _SHARE_LATE
            below = share * tried if is_rate else in_flight - 1
            knee = below if falls else max(knee, below)
        if is_rate:
            self._round = self._round or self._seconds
        elif self._goods:
            self._round = 0.0
        self._shrink(tried / 2, knee)

    def _count_borne(self, in_flight: int) -> int:
        return sum(self._borne[in_flight:]) + sum(self._borne_before[in_flight:])

    def _shrink(self, level: float, knee: float) -> None:
        least = min(1.0, self._seconds / _LONGEST_REST) if self._round else 1.0
        self._level, self._knee = max(level, least), max(knee, least)
        self._mark, self._goods = self._number + 1, 0
        self._borne_before, self._borne = self._borne, [0] * (self._most + 1)
        self._logs.clear()

    def _hear_seconds(self, seconds: float) -> None:
        self._logs.append(math.log(max(seconds, _LEAST_SECONDS)))
        if len(self._logs) < max(_WINDOW, 2 * self._level):
            return
        typical = math.exp(sum(self._logs) / len(self._logs))
        self._logs.clear()
        if self._risen and typical > _HELPED * self._risen:
            self._usual, self._risen = typical, 0.0
            self._knee = max(self._knee, self._level_before)
        elif typical > _RISE * self._usual and self._level > 1:
            self._risen, self._level_before = typical, self._level
            self._shrink(self._level / 2, self._level * self._usual / typical)
        else:
            self._usual, self._risen = min(self._usual, typical), 0.0
