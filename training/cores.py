"""How many threads to compute with while others want the cores too."""

from __future__ import annotations

import os
import time
from pathlib import Path

import torch

__all__ = ["Cores"]

_STAT = Path("/proc/stat")
_FREE = 0.8
_HELD = 0.85
_IDLE_FIELDS = (4, 5)


class Cores:
    """Two threads when the cores are free, one when they are not.

    Threads of one computation wait for the slowest: with a busy neighbour a niced
    second thread makes every step several times slower than one thread alone
    (seen: 7 s a step of 16 pictures against 0.6 s). So a thread is added when that
    many cores stood idle during the last step, and all but one are given up when the
    process did not get the processor time that its threads could have used.

    Parameters
    ----------
    most : int
        Upper bound of threads.
    """

    def __init__(self, most: int) -> None:
        self.most, self.threads = most, 1
        torch.set_num_threads(1)
        self._mark = self._now()

    def _now(self) -> tuple[float, float, float]:
        if not _STAT.exists():
            return time.monotonic(), time.process_time(), 0.0
        fields = _STAT.read_text(encoding="ascii").split("\n", 1)[0].split()
        ticks = sum(int(fields[place]) for place in _IDLE_FIELDS)
        idle = ticks / os.sysconf("SC_CLK_TCK")
        return time.monotonic(), time.process_time(), idle

    def adapt(self) -> None:
        """Look at the time since the last call and set torch's threads."""
        last, self._mark = self._mark, self._now()
        wall, used, idle = (
            new - old for new, old in zip(self._mark, last, strict=True)
        )
        wall = max(wall, 1e-3)
        if self.threads > 1 and used / wall < _HELD * self.threads:
            self._set(1)
        elif self.threads < self.most and idle / wall > _FREE:
            self._set(self.threads + 1)

    def _set(self, threads: int) -> None:
        self.threads = threads
        torch.set_num_threads(threads)
