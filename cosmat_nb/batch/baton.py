"""One thread at a time works on an answer, while the others wait for theirs."""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Baton"]


class Baton:
    """Held by the thread that signs, sends, reads or checks; put down to wait.

    Threads that all want the interpreter take it from each other at every file, hash
    and packet, and switching costs more than they gain by it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()

    def __enter__(self) -> None:
        self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    @contextmanager
    def put_down(self) -> Iterator[None]:
        """Let others have it inside the block."""
        self._lock.release()
        try:
            yield
        finally:
            self._lock.acquire()
