"""How far a stretch of work has come, in one value and in words."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, NamedTuple

__all__ = ["Facts", "Failure", "Glance"]

_MINUTE, _HOUR = 60, 3600
_FEW = 10


class Failure(NamedTuple):
    """Pictures that failed alike.

    Attributes
    ----------
    code : str
        The service's error code, or an error's class name.
    pictures : int
        How many they are.
    words : str
        What the last of them said, without secrets.
    """

    code: str
    pictures: int
    words: str


class Facts(NamedTuple):
    """What work tells of itself beside its numbers.

    Attributes
    ----------
    money : str, default ""
        What it has cost so far; empty for work that is not paid.
    saved : str, default ""
        What the store spared.
    note : str, default ""
        What it is doing.
    stopping : bool, default False
        Whether it was told to stop.
    """

    money: str = ""
    saved: str = ""
    note: str = ""
    stopping: bool = False


_NO_FACTS = Facts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Glance:
    """How far work has come.

    Attributes
    ----------
    total, done : int
        What there is to do, and what is done.
    unit : str, default "picture"
        What is counted.
    seconds : float, default 0
        Since it began.
    rate : float
        Done in a second, over the last few; NaN while that is not known.
    failures : tuple of Failure, default ()
        Those that failed, the most frequent first.
    facts : Facts
        Money, and what it is doing.
    state : {"running", "stopping", "ended"}
        Whether it goes on.

    Examples
    --------
    >>> glance = Glance(total=400, done=128, rate=8.24)
    >>> print(glance)
    128 of 400 pictures · 8.2 pictures/s · about 34 s left
    """

    total: int
    done: int
    unit: str = "picture"
    seconds: float = 0.0
    rate: float = math.nan
    failures: tuple[Failure, ...] = ()
    facts: Facts = _NO_FACTS
    state: Literal["running", "stopping", "ended"] = "running"

    def __str__(self) -> str:
        return " · ".join(filter(None, [*self.numbers, self.failed, *self.facts[:3]]))

    @property
    def numbers(self) -> tuple[str, ...]:
        """What is done, how fast, and how long it will take; or how long it took."""
        if self.state == "ended":
            return (self.counted, _spell(self.seconds))
        return tuple(filter(None, (self.counted, self.pace, self.left)))

    @property
    def counted(self) -> str:
        """How many of how many are done."""
        return f"{self.done:,} of {self.total:,} {self.unit}{'s' * (self.total != 1)}"

    @property
    def pace(self) -> str:
        """How many a second or, where that is little, a minute."""
        if math.isnan(self.rate):
            return ""
        if self.rate >= 1:
            return f"{_figure(self.rate)} {self.unit}s/s"
        return f"{_figure(self.rate * _MINUTE)} {self.unit}s/min"

    @property
    def left(self) -> str:
        """How long the rest will take, were it to go on as in the last seconds."""
        goes_on = self.state == "running" and self.done < self.total
        if not (goes_on and self.rate > 0):
            return ""
        return f"about {_spell((self.total - self.done) / self.rate, whole=True)} left"

    @property
    def failed(self) -> str:
        """How many failed; empty when none did."""
        count = sum(failure.pictures for failure in self.failures)
        return f"{count:,} failed" if count else ""


def _figure(value: float) -> str:
    return f"{value:.1f}" if value < _FEW else f"{value:,.0f}"


def _spell(seconds: float, *, whole: bool = False) -> str:
    if seconds < _MINUTE:
        return f"{max(math.ceil(seconds), 1)} s" if whole else f"{seconds:.1f} s"
    if seconds < _HOUR:
        return f"{seconds / _MINUTE:.0f} min"
    hours, rest = divmod(seconds, _HOUR)
    return f"{hours:,.0f} h {rest // _MINUTE:02.0f} min"
