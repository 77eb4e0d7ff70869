"""A batch and a service that throttles, event by event on a clock that takes no time.

The service answers after some latency, and throttles at once beyond a number of
attempts at a time or a token bucket, or by chance. The batch always has more to ask.
"""

from __future__ import annotations

import heapq
import math
import random
from dataclasses import dataclass, field

from cosmat_nb.client.clock import Clock
from cosmat_nb.client.pace import Pace, Slot
from cosmat_nb.emulator.rate import Rate, Turnstile


class Hand:
    """A clock that is moved by hand."""

    def __init__(self):
        self.now = 1000.0
        self.clock = Clock(elapsed=lambda: self.now)


@dataclass
class Service:
    """A service with limits, the batch that asks it, and what came of it.

    Latencies are log-normal with a median and a spread; a throttled answer is `quick`.
    `chance` is throttled at random, and everything within `outage`. Half-way `rate`
    becomes `stricter`; `slower` gives a factor of latency by time and load.
    """

    rate: Rate = field(default_factory=Rate)
    most: int = 64
    median: float = 1.6
    spread: float = 0.0
    quick: float = 0.05
    seed: int = 0
    slower: object = None
    stricter: object = None
    chance: float = 0.0
    outage: tuple = (0.0, 0.0)
    events: list = field(default_factory=list)

    def run(self, seconds):
        """Simulate so long; collect (time, verdict, in flight, level)."""
        hand, source = Hand(), random.Random(self.seed)
        pace, turnstile = Pace(self.most, clock=hand.clock), Turnstile(self.rate)
        begun, flying, start, changed = 0, [], hand.now, self.stricter is None
        while hand.now < start + seconds:
            if not changed and hand.now >= start + seconds / 2:
                turnstile._rate, changed = self.stricter, True
            wait = 0.0
            while isinstance(slot := pace.ask(), Slot):
                begun += 1
                is_out = self.outage[0] <= hand.now - start < self.outage[1]
                passes = not is_out and source.random() >= self.chance
                passes = passes and turnstile.enter(hand.now)
                took = self.median * math.exp(self.spread * source.gauss(0, 1))
                if self.slower is not None:
                    took *= self.slower(hand.now - start, len(flying) + 1)
                verdict = "good" if passes else "throttled"
                end = hand.now + (took if passes else self.quick)
                heapq.heappush(flying, (end, begun, slot, verdict))
                assert len(flying) <= self.most
            wait = hand.now + slot + 1e-9
            if not flying or wait < flying[0][0]:
                assert wait < math.inf, "nothing is in flight, and nothing may begin"
                hand.now = wait
                continue
            hand.now, _, slot, verdict = heapq.heappop(flying)
            turnstile.leave() if verdict == "good" else None
            pace.release(slot, verdict)
            assert 1 <= pace.level <= self.most
            now = hand.now - start
            self.events.append((now, verdict, slot.in_flight, pace.level))
        self.seconds = seconds
        return self

    def count(self, verdict="good", first=0.5, last=1.0):
        """Answers of a kind between two shares of the time."""
        low, high = first * self.seconds, last * self.seconds
        return sum(low <= at < high and it == verdict for at, it, *_ in self.events)

    def speed(self, first=0.5, last=1.0):
        """Good answers a second between two shares of the time."""
        return self.count("good", first, last) / (last - first) / self.seconds

    def throttled(self, first=0.5, last=1.0):
        """Throttled share of the answers between two shares of the time."""
        bad = self.count("throttled", first, last)
        return bad / max(1, bad + self.count("good", first, last))

    @property
    def mean(self):
        """Mean latency of the log-normal law, seconds."""
        return self.median * math.exp(self.spread**2 / 2)

    @property
    def best(self):
        """Good answers a second with `most` always in flight and no limit."""
        passes = 1 - self.chance
        return self.most * passes / (passes * self.mean + self.chance * self.quick)
