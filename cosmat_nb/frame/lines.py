"""Lines in a log, few of them."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cosmat_nb.frame.glance import Glance

__all__ = ["Lines"]

_SECONDS = 10.0
_SHARE = 0.1
_SOONEST = 1.0
"""Seconds between lines at least: a quick batch writes its first and its last."""


class Lines:
    """A `Watcher` that writes lines to standard error.

    One at the start, one each 10 s or 10 %, and one at the end; the line that sums a
    batch up goes to standard output.
    """

    def __init__(self) -> None:
        self._seconds, self._done = 0.0, 0

    def begin(self, glance: Glance) -> None:
        """Write what there is to do."""
        self._write(glance)

    def look(self, glance: Glance) -> None:
        """Write how far it is, when that has not been told for long."""
        waited = glance.seconds - self._seconds
        further = glance.done - self._done >= _SHARE * glance.total
        if waited >= _SECONDS or (further and waited >= _SOONEST):
            self._write(glance)

    def end(self, glance: Glance, line: str) -> None:
        """Write what became of it."""
        if line:
            print(line, flush=True)  # noqa: T201 - what it is for
        else:
            self._write(glance)

    def _write(self, glance: Glance) -> None:
        self._seconds, self._done = glance.seconds, glance.done
        sys.stderr.write(f"cosmat: {glance}\n")
        sys.stderr.flush()
