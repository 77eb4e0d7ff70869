"""A bar in a terminal."""

from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

from tqdm import tqdm

if TYPE_CHECKING:
    from cosmat_nb.frame.glance import Glance

__all__ = ["Bar"]


class _Bar(tqdm):  # type: ignore[type-arg]  # in stubs alone
    """A bar with a lock of this process alone.

    tqdm's own is shared with every child made by a fork: one that is killed while it
    holds the lock would stop the batches of its parent for ever.
    """

    monitor_interval = 0


def _renew_lock() -> None:
    _Bar.set_lock(threading.RLock())


_renew_lock()
if hasattr(os, "register_at_fork"):
    # Whoever holds the lock during a fork does not live in the child to give it back.
    os.register_at_fork(after_in_child=_renew_lock)


class Bar:
    """A `Watcher` that draws a bar on standard error, and writes a line below it."""

    def __init__(self) -> None:
        self._bar: _Bar | None = None

    def begin(self, glance: Glance) -> None:
        """Draw the empty bar."""
        self._bar = _Bar(total=glance.total, unit=glance.unit, dynamic_ncols=True)

    def look(self, glance: Glance) -> None:
        """Draw it anew."""
        if self._bar is not None:
            words = ", ".join(filter(None, (glance.failed, *glance.facts[:1])))
            self._bar.set_postfix_str(words, refresh=False)
            self._bar.update(glance.done - self._bar.n)

    def end(self, glance: Glance, line: str) -> None:
        """Leave the bar as it is, and write the line."""
        if self._bar is not None:
            bar, self._bar = self._bar, None
            bar.set_postfix_str(glance.failed, refresh=False)
            bar.update(glance.done - bar.n)
            bar.close()
        if line:
            _Bar.write(line)
