"""The loop over a frame's distinct pictures: in threads, beside a bar, row by row.

Threads and not processes: decoders and most array operations let other threads run,
while each process starts with imports, holds libraries of its own, and loses what a
handle knows of its client, which fetches the sources. ``benchmarks/measuring.py``
shows time, start and memory of both.
"""

from __future__ import annotations

import operator
import os
import threading
import time
from dataclasses import dataclass
from functools import cache, partial
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.progress import Progress
from cosmat_nb.places import shown_text, whole_text

T = TypeVar("T")
R = TypeVar("R")

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Hashable,
        Iterable,
        Iterator,
        Sequence,
    )

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.frame.progress import Watcher

    Once: TypeAlias = Callable[[], tuple["R | None", str | None]]

__all__ = [
    "Task",
    "attempt",
    "check_workers",
    "once",
    "picture_of",
    "work_through",
]

MOST_WORKERS = 8
"""Default threads at most: each holds decoded pictures."""

GRACE = 2.0
"""Seconds that an interrupt waits for pictures at work; none is begun after it."""


@dataclass(frozen=True, slots=True)
class Task(Generic[T]):
    """What one row asks for.

    Attributes
    ----------
    group : hashable
        Tasks of one group are done by one thread, one after the other: they share what
        is costly to get.
    identity : hashable
        Equal tasks of a group are done once.
    value : object
        What is handed to the work; of equal tasks the first.
    """

    group: Hashable
    identity: Hashable
    value: T


def check_workers(workers: int | None) -> int:
    """Return how many threads are meant.

    Parameters
    ----------
    workers : int or None
        1 and up; None for as many as there are cores, `MOST_WORKERS` at most.

    Raises
    ------
    OptionsError
        When it is something else.

    Examples
    --------
    >>> check_workers(3)
    3
    """
    if workers is None:
        cores = getattr(os, "process_cpu_count", os.cpu_count)() or 1
        return min(int(cores), MOST_WORKERS)
    try:
        count = 0 if isinstance(workers, bool) else operator.index(workers)
    except TypeError:
        count = 0
    if count < 1:
        raise OptionsError(
            f"workers must be a whole number of threads from 1, or None; "
            f"not {workers!r}"
        )
    return count


def work_through(
    tasks: Sequence[Task[T] | None],
    work: Callable[[Sequence[T]], Iterator[R]],
    *,
    workers: int | None = None,
    show: bool | Watcher = True,
    unit: str = "picture",
) -> list[R | None]:
    """Do every distinct task once, in threads.

    A thread takes up a group when it is free, so no more groups are at work than there
    are threads, however many rows there are. An interrupt is raised within `GRACE`
    seconds; by then the threads have ended, but for one that still waits for an answer
    and ends with it.

    Parameters
    ----------
    tasks : sequence of Task or None
        One for each row.
    work : callable
        Takes the values of one group's distinct tasks, and yields a result for each in
        order. What it raises ends everything: a bad row is a result too.
    workers : int, optional
        As for `check_workers`.
    show : bool or Watcher, default True
        Whether progress is shown, see `find_watcher`; it counts distinct tasks.
    unit : str, default "picture"
        What a task is called there.

    Returns
    -------
    list
        One result for each row; None for None.

    Raises
    ------
    OptionsError
        As `check_workers` raises it.

    Examples
    --------
    >>> tasks = [Task("a", 1, "one"), None, Task("b", 1, "one more"), Task("a", 1, "")]
    >>> work_through(tasks, lambda group: map(len, group), show=False)
    [3, None, 8, 3]
    """
    threads = check_workers(workers)
    groups: dict[Hashable, dict[Hashable, T]] = {}
    for task in filter(None, tasks):
        groups.setdefault(task.group, {}).setdefault(task.identity, task.value)
    crew = _Crew(groups.items(), work)
    with Progress(sum(map(len, groups.values())), show=show, unit=unit) as bar:
        found = crew.run(min(threads, len(groups)), bar)
    return [None if t is None else found[t.group, t.identity] for t in tasks]


class _Crew(Generic[T, R]):
    """Threads that take groups from one list and hand back results one by one."""

    def __init__(
        self,
        groups: Iterable[tuple[Hashable, dict[Hashable, T]]],
        work: Callable[[Sequence[T]], Iterator[R]],
    ) -> None:
        self._left = iter(groups)
        self._work = work
        self._lock = threading.Lock()
        self._stop = threading.Event()
        self._done: SimpleQueue[Any] = SimpleQueue()

    def run(self, count: int, bar: Progress) -> dict[tuple[Hashable, Hashable], R]:
        threads = [
            threading.Thread(target=self._labor, name="cosmat-frame", daemon=True)
            for _ in range(count)
        ]
        found: dict[tuple[Hashable, Hashable], R] = {}
        try:
            for thread in threads:
                thread.start()
            while count:
                match self._done.get():
                    case None:
                        count -= 1
                    case BaseException() as error:
                        raise error
                    case key, result:
                        found[key] = result
                        bar.advance(1)
        finally:
            self._leave(threads)
        return found

    def _leave(self, threads: Sequence[threading.Thread]) -> None:
        self._stop.set()
        deadline = time.monotonic() + GRACE
        for thread in threads:
            if thread.ident is not None:
                thread.join(max(deadline - time.monotonic(), 0))

    def _labor(self) -> None:
        try:
            while (group := self._take()) is not None:
                self._finish(*group)
        except BaseException as error:  # noqa: BLE001 - the calling thread raises it
            self._done.put(error)
        self._done.put(None)

    def _take(self) -> tuple[Hashable, dict[Hashable, T]] | None:
        with self._lock:
            return None if self._stop.is_set() else next(self._left, None)

    def _finish(self, name: Hashable, group: dict[Hashable, T]) -> None:
        results = self._work(list(group.values()))
        for identity, result in zip(group, results, strict=True):
            self._done.put(((name, identity), result))
            if self._stop.is_set():
                return


def attempt(make: Callable[[], R]) -> tuple[R | None, str | None]:
    """Return what a function returns, or why it does not.

    Any exception is a reason: one picture must not cost the numbers of all others.

    Examples
    --------
    >>> attempt(lambda: 1 / 0)
    (None, 'ZeroDivisionError: division by zero')
    """
    try:
        return make(), None
    except Exception as error:  # noqa: BLE001 - told in the row
        return None, _describe(error)


def once(make: Callable[[], R]) -> Once[R]:
    """Return a function that makes its first `attempt` last.

    Examples
    --------
    >>> source = once(lambda: print("fetched"))
    >>> source(), source()
    fetched
    ((None, None), (None, None))
    """
    return cache(partial(attempt, make))


def picture_of(cutout: Cutout) -> Hashable:
    """Return what is equal for cutouts of one PNG: its file, or its bytes."""
    return (cutout.folder, cutout.sha256) if cutout.folder else cutout.data


def _describe(error: BaseException) -> str:
    # What a user's function raises may quote a signed link.
    text = shown_text(f"{type(error).__name__}: {error}")
    # No column of strings can hold half characters.
    return whole_text(text)
