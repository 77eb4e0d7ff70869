"""A bar that may fail: a batch goes on without it."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from tqdm.auto import tqdm

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["Progress"]


class _Bar(tqdm):  # type: ignore[type-arg]  # in stubs alone
    """A bar with a lock of this process alone.

    tqdm's own is shared with every child made by a fork: one that is killed while it
    holds the lock would stop the batches of its parent for ever.
    """

    monitor_interval = 0


_Bar.set_lock(threading.RLock())


class Progress:
    """A progress bar over paid work: what it raises is not worth a paid answer.

    Parameters
    ----------
    total : int
        Calls to be made.
    show : bool
        Whether there is a bar at all.
    unit : str, default "picture"
        What it counts.
    """

    def __init__(self, total: int, *, show: bool, unit: str = "picture") -> None:
        self._show = show
        self._bar: _Bar | None = None
        if show and total:
            with suppress(Exception):
                self._bar = _Bar(total=total, unit=unit)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            with suppress(Exception):
                self._bar.close()

    def advance(self, count: int) -> None:
        """Move on by so many pictures."""
        if self._bar is not None:
            with suppress(Exception):
                self._bar.update(count)

    def end(self, line: str) -> None:
        """Close the bar and write a line below it."""
        self.__exit__(None, None, None)
        if self._show:
            with suppress(Exception):
                _Bar.write(line)
