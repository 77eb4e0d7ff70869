"""Progress that is shown where it runs, and that may fail: the work goes on."""

from __future__ import annotations

import math
import sys
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, Protocol, Self, runtime_checkable

from cosmat_nb.batch.outcome import Status
from cosmat_nb.frame.bar import Bar
from cosmat_nb.frame.glance import Facts, Failure, Glance
from cosmat_nb.frame.lines import Lines
from cosmat_nb.places import shown_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType

    from cosmat_nb.batch.outcome import Outcome

__all__ = ["Progress", "Watcher", "find_watcher"]

_PANEL = "cosmat_nb.view.progress_panel", "CellPanel"
"""Who shows progress in a notebook: a room above this one, found by name."""

_LOOK_SECONDS = 0.1
_WINDOW_SECONDS = 10.0
_MOST_CODES = 6
_MOST_OF_WORDS = 300
_MOST_OF_CODE = 80


@runtime_checkable
class Watcher(Protocol):
    """Shows how far work has come; what it raises is not heard.

    It is told in the thread that called the verb, ten times a second at most. One
    watcher may be begun again, when a verb does two things one after the other.
    """

    def begin(self, glance: Glance) -> None:
        """Show that work has begun."""

    def look(self, glance: Glance) -> None:
        """Show how far it has come."""

    def end(self, glance: Glance, line: str) -> None:
        """Show that it is over, and the line that sums it up, if there is one.

        Told without a beginning, too, when there was nothing to do.
        """


class Progress:
    """Progress over paid work: what it raises is not worth a paid answer.

    Parameters
    ----------
    total : int
        What is to be done.
    show : bool or Watcher
        Whether it is shown, or by whom; see `find_watcher`.
    unit : str, default "picture"
        What it counts.
    facts : callable, optional
        Takes what is done so far and returns `Facts`; called when they are shown.
    """

    def __init__(
        self,
        total: int,
        *,
        show: bool | Watcher,
        unit: str = "picture",
        facts: Callable[[int], Facts] | None = None,
    ) -> None:
        self._total, self._unit, self._facts = total, unit, facts
        self._done, self._is_over = 0, False
        self._codes: Counter[str] = Counter()
        self._words: dict[str, str] = {}
        self._begun, self._looked = time.monotonic(), -math.inf
        self._marks = deque([(0.0, 0)])
        self._watcher: Watcher | None = None
        with suppress(Exception):
            self._watcher = find_watcher(show)
        if total:
            self._tell("begin")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._total:
            self.end("")

    def advance(self, count: int) -> None:
        """Move on by so many, and show it when it is time."""
        self._done += count
        if time.monotonic() >= self._looked + _LOOK_SECONDS:
            self._tell("look")

    def hear(self, outcomes: Iterable[tuple[str, Outcome]]) -> None:
        """Move on by outcomes, none too, and count those that failed."""
        count = 0
        for count, (_, outcome) in enumerate(outcomes, 1):  # noqa: B007 - used below
            if outcome.status in (Status.ERROR, Status.REFUSED):
                code = outcome.error_code or str(outcome.status)
                self._codes[code] += 1
                self._words[code] = outcome.error or ""
        self.advance(count)

    def end(self, line: str) -> None:
        """Show that it is over, and a line; a second time does nothing."""
        if not self._is_over:
            self._is_over = True
            self._tell("end", line)

    def _tell(self, verb: Literal["begin", "look", "end"], *line: str) -> None:
        if self._watcher is not None:
            with suppress(Exception):
                getattr(self._watcher, verb)(self._glance(), *line)
            self._looked = time.monotonic()

    def _glance(self) -> Glance:
        seconds = time.monotonic() - self._begun
        facts = Facts()
        if self._facts is not None:
            with suppress(Exception):
                facts = self._facts(self._done)
        state: Literal["running", "stopping"]
        state = "stopping" if facts.stopping else "running"
        if self._is_over:
            facts = Facts(saved=facts.saved)
        return Glance(
            total=self._total,
            done=self._done,
            unit=self._unit,
            seconds=seconds,
            rate=self._rate(seconds),
            failures=tuple(self._failures()),
            facts=facts,
            state="ended" if self._is_over else state,
        )

    def _rate(self, seconds: float) -> float:
        marks, done = self._marks, self._done
        if done > marks[-1][1]:
            marks.append((seconds, done))
        # What came last stays, however long ago: a rate falls and does not vanish.
        while len(marks) > 1 and marks[1][0] <= seconds - _WINDOW_SECONDS:
            if marks[1][1] == done:
                break
            marks.popleft()
        began, before = marks[0]
        if done == before or seconds <= began:
            return math.nan
        return (done - before) / (seconds - began)

    def _failures(self) -> Iterable[Failure]:
        for code, count in self._codes.most_common(_MOST_CODES):
            words = shown_text(self._words[code])[:_MOST_OF_WORDS]
            yield Failure(shown_text(code)[:_MOST_OF_CODE], count, words)


def find_watcher(show: bool | Watcher) -> Watcher | None:
    """Return who shows progress here, or None for nobody.

    Parameters
    ----------
    show : bool or Watcher
        True chooses: in a cell of a notebook a panel, in a terminal a bar, in logs
        lines. A notebook's other threads show nothing, as what they write would land
        in the cell that happens to run.

    Examples
    --------
    >>> find_watcher(False) is None
    True
    """
    if isinstance(show, Watcher):
        return show
    if not show:
        return None
    if _kernel() is not None:
        if threading.current_thread() is not threading.main_thread():
            return None
        with suppress(Exception):
            module, name = _PANEL
            panel: Watcher = getattr(import_module(module), name)()
            return panel
    return Bar() if sys.stderr is not None and sys.stderr.isatty() else Lines()


def _kernel() -> Any:
    # Whoever is in a notebook has IPython already; nobody else needs it.
    shell = getattr(sys.modules.get("IPython"), "get_ipython", lambda: None)()
    return getattr(shell, "kernel", None)
