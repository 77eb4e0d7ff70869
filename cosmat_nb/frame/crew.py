"""Threads that work through a batch, and stop when told to."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from cosmat_nb.frame.outcome import Outcome

__all__ = ["Crew", "counted_interrupts"]

_LOOK_SECONDS = 0.1


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


class Crew:
    """Calls for each place in threads; what was answered is in `outcomes`.

    Parameters
    ----------
    call : callable
        Makes the outcome of one place; raises nothing.
    places : iterable of str
        Distinct.
    workers : int
        Calls in flight.

    Attributes
    ----------
    outcomes : dict of str to Outcome
        Filled by the threads themselves, as soon as a place is answered.
    begun : set of str
        Places whose call has begun, answered or not.
    reason : str
        Why places were left out; empty while none are.
    """

    def __init__(
        self, call: Callable[[str], Outcome], places: Iterable[str], workers: int
    ) -> None:
        self.outcomes: dict[str, Outcome] = {}
        self.begun: set[str] = set()
        self.reason = ""
        self._call = call
        self._stop = threading.Event()
        self._waiting: SimpleQueue[str] = SimpleQueue()
        for place in places:
            self._waiting.put(place)
        # Daemons, so that a second interrupt leaves at once.
        self._threads = [
            threading.Thread(target=self._work, name="cosmat-batch", daemon=True)
            for _ in range(min(workers, self._waiting.qsize()))
        ]

    def run(self, report: Callable[[int], object], interrupts: list[int]) -> None:
        """Work until all is done or stopped.

        Parameters
        ----------
        report : callable
            Told now and then, and at the end, how many places are answered.
        interrupts : list of int
            Grows with every keyboard interrupt. The first lets the calls in flight be
            answered, since they are paid; a second does not wait for them.
        """
        try:
            for thread in self._threads:
                thread.start()
            for thread in self._threads:
                while thread.is_alive() and len(interrupts) <= 1:
                    thread.join(_LOOK_SECONDS)
                    report(len(self.outcomes))
                    if interrupts:
                        self._end("interrupted")
            report(len(self.outcomes))
        finally:
            # Whatever ended the wait, nothing more is paid for behind its back.
            self._stop.set()

    def _work(self) -> None:
        while not self._stop.is_set():
            try:
                place = self._waiting.get_nowait()
            except Empty:
                return
            self.begun.add(place)
            outcome = self._call(place)
            self.outcomes[place] = outcome
            if outcome.dooms:
                self._end(f"the batch stopped: {outcome.error}")

    def _end(self, reason: str) -> None:
        if not self._stop.is_set():
            self.reason = reason
            self._stop.set()
