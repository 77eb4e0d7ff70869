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

_START = 4  # level at first
_HOLD_ROUNDS, _HOLD_ANSWERS = 16, 32  # good answers before more than the knee is tried
_PROBE = 0.25  # rise of the level in the first round of a probe
_SOON, _LATE = 0.93, 0.95  # knee of a rate: share of a level that surprised, or probed
_MEMORY, _SIGMAS = 64, 2.5  # answers remembered; deviations that chance does not reach
_CHANCE, _TOO_MANY = 0.35, 3  # a trial with this share and so many more has failed
_SHORTEST_TRIAL, _LONGEST_TRIAL, _TRIALS = 12, 64, 1.5  # answers; times those before
_SLIGHT, _SMALL = 0.003, 0.07  # shares: as good as none; believed after one trial
_MOST_SKIPS = 7  # reductions without a trial after trials that found nothing
_BORNE = 2  # good answers beside as many others that speak against concurrency
_EVEN, _LOOSE = 1.5, 2.0  # attempts of a round trip are spread: level times and plus
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
    The level is the number of attempts in flight or, under a limit of attempts per
    second, what evenly spread beginnings keep on the average; only then it can be
    below 1. A round is as many good answers as the level.

    - Each good answer adds 1 up to the knee, a round doubles (slow start, RFC 5681).
      There the level stays for 16 rounds, then rises ever faster (the plateau and the
      probe of CUBIC, RFC 9438). A level that is not used up does not rise (RFC 7661).
    - More throttled than chance explains halves the level, once a round trip; the knee
      is just below. What was too much is a number in flight, unless as many had gone
      well: then it is a rate.
    - A reduction that was no probe's is tried: the level stays at half. A limit
      throttles nothing there. What is throttled at the same share, if it is much at a
      quarter too, is chance: that share is borne from then on, and the level restored.
    - The typical latency of 50 answers, or two rounds, at twice the lowest one halves
      too (by Little's law, as Netflix's concurrency-limits); if half the load does not
      help, larger pictures were the reason, and the level returns.
    - No attempt begins before ``Retry-After`` is over, 60 s at most. The lowest level
      is one attempt in 2 s.

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
        # The first attempt that knows of the last reduction; the last one that used
        # the level up; good and throttled answers since the reduction.
        self._mark = self._last_full = self._goods = self._bads = 0
        self._paused_until = self._last_began = -math.inf
        self._seconds, self._known = _FIRST_SECONDS, 0
        # Seconds of a round under a limit of rate; 0 under one of concurrency.
        self._round = 0.0
        # Good answers by the number in flight, since the last reduction and before it.
        self._borne = self._borne_before = [0] * (most + 1)
        # Share that is throttled by chance; how much was of late.
        self._chance = self._lately = 0.0
        # Answers at half the level that judge a reduction, and what was before it.
        self._skips = self._backoff = 0
        self._trial, self._before = 0, (0.0, 0.0, 0.0, 0.0)
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
            self._lately -= self._lately / _MEMORY
            self._borne[slot.in_flight] += 1
            if self._trial:
                self._judge()
            elif self._last_full >= slot.number:
                self._grow()
        if is_good or seconds > _RISE * self._usual:
            self._hear_seconds(seconds)

    def _grow(self) -> None:
        level = self._level
        if level < self._knee:
            level = min(level + min(level, 1.0), self._knee)
        else:
            hold = max(_HOLD_ROUNDS * level, _HOLD_ANSWERS)
            rounds = (self._goods - hold) / max(level, 4.0)
            if rounds > 0:
                level += _PROBE * (1 + rounds) * min(level / 4, 1 / level)
        self._level = min(level, self._most)

    def _hear_throttled(self, in_flight: int) -> None:
        self._bads += 1
        self._lately += 1 - self._lately / _MEMORY
        if self._trial:
            if self._bads < _TOO_MANY + _CHANCE * self._goods:
                self._judge()
            else:
                self._reduce(in_flight)
            return
        expected = _MEMORY * self._chance
        if self._lately > expected + _SIGMAS * math.sqrt(expected):
            self._reduce(in_flight)

    def _reduce(self, in_flight: int) -> None:
        level, knee, goods = self._level, self._knee, self._goods
        tried = level if self._round else min(level, in_flight)
        is_rate = bool(self._known) and (
            in_flight == 1 or self._count_borne(in_flight) >= _BORNE
        )
        expects = level > knee and not self._chance
        before = level, knee, self._round, 0.0
        answers = goods + self._bads
        if goods:
            knee = (_LATE if expects else _SOON) * tried if is_rate else in_flight - 1
        if is_rate:
            self._round = self._round or self._seconds
        elif goods:
            self._round = 0.0
        retried = self._trial
        self._shrink(tried / 2, knee)
        if goods and not expects and not retried:
            if self._skips and not self._chance:
                self._skips -= 1
            else:
                self._before = before
                self._trial = int(
                    min(_LONGEST_TRIAL, max(_SHORTEST_TRIAL, _TRIALS * answers))
                )

    def _judge(self) -> None:
        answers = self._goods + self._bads
        if answers < self._trial:
            return
        share, known, first = self._bads / answers, self._chance, self._before[3]
        self._trial = self._goods = self._bads = 0
        if share > max(2 * known, first / 2):
            self._confirm(share, first)
            return
        self._chance = (known + share) / 2 if known > _SLIGHT else 0.0
        if not share:
            self._backoff = min(2 * self._backoff + 1, _MOST_SKIPS)
            self._skips = self._backoff

    def _confirm(self, share: float, first: float) -> None:
        level, knee, round_, _ = self._before
        if first or share <= _SMALL:
            self._level, self._knee, self._round = level, math.inf, round_
            self._chance = (first + share) / 2 if first else share
            self._lately = _MEMORY * self._chance
            self._backoff = 0
        else:
            self._before = level, knee, round_, share
            self._shrink(self._level / 2, self._knee)
            self._trial = int(max(_SHORTEST_TRIAL, 4 / share))

    def _count_borne(self, in_flight: int) -> int:
        return sum(self._borne[in_flight:]) + sum(self._borne_before[in_flight:])

    def _shrink(self, level: float, knee: float) -> None:
        least = min(1.0, self._seconds / _LONGEST_REST) if self._round else 1.0
        self._level, self._knee = max(level, least), max(knee, least)
        self._mark, self._goods, self._bads = self._number + 1, 0, 0
        self._trial, self._lately = 0, 0.0
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
