"""How many attempts a batch has in flight: as many as the service bears."""

from __future__ import annotations

import math
import threading
from collections import deque
from typing import TYPE_CHECKING, Literal, NamedTuple, TypeAlias

from cosmat_nb.client.clock import Clock
from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["Pace", "Slot", "Verdict"]

Verdict: TypeAlias = Literal["good", "throttled", "failed"]
"""What came of an attempt; see `Pace.release`."""

_START = 4  # level at first
_TOLERANCE, _SURPRISE = 0.07, 5.0  # throttled share that is borne; so many above it
_LONE, _LONE_TOLERANCE = 0.4, 0.25  # what is borne from this level up to 1
_ROUNDS, _ANSWERS = 4, 16  # attempts that tell the share: rounds, and at least
_SEVERAL = 2  # levels from here are never lowered below 1
_ABOVE, _BELOW = 0.35, 0.93  # of in flight, the knee is not above; share of the good
_HOLD_ROUNDS, _REPAID, _LONGEST_HOLD = 16, 33, 250  # good answers before a probe
_PROBE, _STEPS = 0.25, 8.0  # rise of the level in the first round of a probe
_EVEN, _LOOSE = 1.5, 1.0  # attempts of a round trip are spread: level times and plus
_WINDOW = 50  # answers whose typical latency is looked at, or two rounds
_RISE, _HELPED = 2.0, 0.75  # latency that is trouble; share left when half load helped
_LEAST_SECONDS = 0.2  # shorter latencies count as this: loopback means nothing
_FIRST_SECONDS = 0.05  # latency while none is known
_LONGEST_REST, _LONGEST_PAUSE = 2.0, 60.0  # seconds; the second bounds Retry-After


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
    The level is the number of attempts in flight; below 1, a share of the time. A round
    is as many good answers as the level.

    - Each good answer adds 1 up to the knee, a round doubles (slow start, RFC 5681).
      There the level stays for 16 rounds, and until 33 good answers make up for each
      throttled one, 250 at most; then it rises ever faster (the plateau and the probe
      of CUBIC, RFC 9438). A level that is not used up does not rise (RFC 7661).
    - A throttled attempt's slot rests for as long as a good one takes. So the throttled
      share is that by which a limit is overstepped, be it of attempts at a time or a
      second. 7 % are borne; 5 attempts more than that (a cumulative sum: E. S. Page,
      Biometrika 41, 1954) set the knee to what went well, and the level to half of it.
    - Below 1 are limits of less than one attempt a round trip; the lowest level is one
      attempt in 2 s. From 0.4 to 1, 25 % are borne: chance is no reason to crawl.
    - The typical latency of 50 answers, or two rounds, at twice the lowest one halves
      too (by Little's law, as Netflix's concurrency-limits); if half the load does not
      help, larger pictures were the reason, and the level returns.
    - No attempt begins before ``Retry-After`` is over, 60 s at most.

    Examples
    --------
    >>> pace = Pace(16)
    >>> slots = [pace.acquire() for _ in range(4)]
    >>> for slot in slots:
    ...     pace.release(slot, "good")
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
        self._resting: deque[float] = deque()
        # The first attempt that knows of the last reduction; the last one that used
        # the level up; good answers since the reduction, and how many a probe needs.
        self._mark = self._last_full = self._goods = 0
        self._hold = 0.0
        # Throttled attempts above the tolerance; of late, attempts begun, throttled
        # ones, and the sum of how many were in flight with those.
        self._excess = self._tries = self._bads = self._heights = 0.0
        self._paused_until = self._last_began = -math.inf
        self._seconds, self._known = _FIRST_SECONDS, 0
        self._usual, self._risen, self._level_before = math.inf, 0.0, 0.0
        self._logs: list[float] = []

    @property
    def level(self) -> int:
        """Attempts that may be in flight now, on the average; in [1, `most`]."""
        return max(1, int(self._level))

    @property
    def in_flight(self) -> int:
        """Attempts in flight now."""
        return self._in_flight

    @property
    def pause(self) -> float:
        """Seconds until ``Retry-After`` is over; 0 when nobody asked for a wait."""
        return max(self._paused_until - self._elapsed(), 0.0)

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
                self._resting.append(slot.began + self._seconds)
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
        now, level, resting = self._elapsed(), self._level, self._resting
        gap = self._seconds / level
        if level >= 1:
            gap = 0.0 if self._knee == math.inf else gap / (_EVEN + _LOOSE / level)
        soonest = max(self._paused_until, self._last_began + gap)
        if now < soonest:
            return soonest - now
        while resting and resting[0] <= now:
            resting.popleft()
        used = self._in_flight + len(resting)
        # Below 1 the gap holds back: room for latencies as they vary.
        slots = int(level) if level >= 1 else min(_SEVERAL, self._most)
        if used >= slots:
            return resting[0] - now if resting else math.inf
        self._last_began = now
        self._in_flight += 1
        self._number += 1
        if used + 2 >= slots:
            self._last_full = self._number
        self._count(level)
        return Slot(self._number, now, self._in_flight)

    def _count(self, level: float) -> None:
        kept = 1 - 1 / max(_ROUNDS * level, _ANSWERS)
        self._tries = self._tries * kept + 1
        self._bads *= kept
        self._heights *= kept
        borne = _LONE_TOLERANCE if _LONE < level < 1 else _TOLERANCE
        # A round's throttled answers come before its good ones: credit for one round.
        self._excess = max(self._excess - borne, -borne * level)

    def _hear_throttled(self, in_flight: int) -> None:
        self._bads += 1
        self._heights += in_flight
        self._excess += 1
        if self._excess > _SURPRISE:
            self._reduce()

    def _reduce(self) -> None:
        level, knee = self._level, self._knee
        if self._goods:
            knee = max(level * (1 - self._bads / self._tries), level / 2)
            if level >= _SEVERAL:
                higher = math.ceil(self._heights / self._bads - 1 - _ABOVE)
                knee = max(1.0, higher, math.floor(_BELOW * knee))
        owed = max(self._hold - self._goods, 0.0) + _REPAID * self._bads
        self._hold = min(owed, _LONGEST_HOLD)
        least = 1.0 if level >= _SEVERAL else min(1.0, self._seconds / _LONGEST_REST)
        lower = min(level, knee) / (2 if level >= _SEVERAL or not self._goods else 1)
        self._shrink(max(lower, least), max(knee, least))

    def _shrink(self, level: float, knee: float) -> None:
        self._level, self._knee = level, knee
        self._mark, self._goods = self._number + 1, 0
        self._excess = self._tries = self._bads = self._heights = 0.0
        self._logs.clear()

    def _hear_answer(self, slot: Slot, seconds: float, *, is_good: bool) -> None:
        if is_good:
            self._known = min(self._known + 1, 32)
            self._seconds += (seconds - self._seconds) / self._known
        if slot.number < self._mark:
            return
        if is_good:
            self._goods += 1
            if self._last_full >= slot.number:
                self._grow()
        if is_good or seconds > _RISE * self._usual:
            self._hear_seconds(seconds)

    def _grow(self) -> None:
        level = self._level
        if level < self._knee:
            level = min(level + min(level, 1.0), self._knee)
        else:
            hold = max(_HOLD_ROUNDS * level, self._hold)
            rounds = (self._goods - hold) / max(level, _STEPS)
            if rounds > 0:
                level += _PROBE * (1 + rounds) * min(level / _STEPS, 1 / level)
        self._level = min(level, self._most)

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
            knee = self._level * self._usual / typical
            self._shrink(max(self._level / 2, 1.0), max(knee, 1.0))
        else:
            self._usual, self._risen = min(self._usual, typical), 0.0
