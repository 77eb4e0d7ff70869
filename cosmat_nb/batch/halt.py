"""How a batch is told to stop."""

from __future__ import annotations

import math
import threading
import time
from typing import Any

from cosmat_nb.errors import OptionsError

__all__ = ["Halt", "check_deadline"]


class Halt:
    """Stops a batch once, with a reason; nothing new is sent after that.

    Parameters
    ----------
    deadline : float, optional
        Seconds from now after which it stops by itself.

    Attributes
    ----------
    reason : str
        Why; empty while the batch goes on.
    code : str
        Class name of the error that rows not sent show; often empty.
    """

    def __init__(self, deadline: float | None = None) -> None:
        self._deadline = deadline
        self._end = time.monotonic() + (math.inf if deadline is None else deadline)
        self.reason = self.code = ""
        self._lock = threading.Lock()
        self._event = threading.Event()

    def __bool__(self) -> bool:
        if time.monotonic() >= self._end and not self._event.is_set():
            self.stop(f"the deadline of {self._deadline:g} s has passed")
        return self._event.is_set()

    def stop(self, reason: str, code: str = "") -> None:
        """Stop; the first reason stands."""
        with self._lock:
            if not self._event.is_set():
                self.reason, self.code = reason, code
                self._event.set()

    def wait(self, seconds: float) -> None:
        """Wait, and no longer than until the batch stops."""
        self._event.wait(seconds)


def check_deadline(deadline: Any) -> None:
    """Refuse what is no number of seconds.

    Raises
    ------
    OptionsError
        Saying what came.
    """
    is_number = isinstance(deadline, (int, float)) and not isinstance(deadline, bool)
    if deadline is not None and not (is_number and 0 <= deadline < math.inf):
        raise OptionsError(f"deadline must be seconds from 0 on; not {deadline!r:.40}")
