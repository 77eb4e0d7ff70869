"""Keyboard interrupts, counted instead of raised."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["counted_interrupts"]


@contextmanager
def counted_interrupts() -> Iterator[list[int]]:
    """Collect keyboard interrupts in a list instead of raising them.

    An exception could come between an answer and its row; a list is looked at when
    nothing can be lost. Only the main thread is ever interrupted: in any other one, and
    where interrupts are ignored, this changes nothing.
    """
    caught: list[int] = []
    handler = signal.getsignal(signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    if not (in_main and callable(handler)):
        yield caught
        return
    signal.signal(signal.SIGINT, lambda number, _: caught.append(number))
    try:
        yield caught
    finally:
        signal.signal(signal.SIGINT, handler)
