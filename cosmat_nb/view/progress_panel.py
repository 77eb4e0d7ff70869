"""How far a batch is, in a notebook: a panel with a stop button."""

from __future__ import annotations

import html
import re
import threading
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import traitlets
from IPython import get_ipython
from IPython.display import display

from cosmat_nb.places import whole_text
from cosmat_nb.view.widget import LiveView, read_static

if TYPE_CHECKING:
    from cosmat_nb.frame.glance import Failure, Glance

__all__ = ["CellPanel", "ProgressPanel"]

_KERNEL = re.compile(r"kernel-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json")
"""The file that a Jupyter server hands to a kernel that it can interrupt."""

_TRACK = "height:8px;border-radius:4px;background:#8884;max-width:720px;margin:8px 0"
_FILL = "height:8px;border-radius:4px;background:#1976d2"
_CELL = "text-align:left;vertical-align:top;padding:2px 16px 2px 0"


class ProgressPanel(LiveView):
    """Shows how far a batch is, and stops it; a `Watcher` that the user has placed.

    ``progress=True`` shows one by itself. Make one for a batch in a thread of your own,
    which may not write into the notebook: display it, then hand it over.

    Attributes
    ----------
    glance : dict
        What is shown: see `Glance`.
    kernel : str or None
        Whom the stop button interrupts; empty when the page cannot know, None when
        an interrupt would not reach the batch.

    Examples
    --------
    >>> panel = ProgressPanel()
    >>> panel
    Progress(nothing yet)
    """

    _esm = read_static("progress.js")
    _css = read_static("progress.css")

    glance = traitlets.Dict().tag(sync=True)
    kernel = traitlets.Unicode(None, allow_none=True).tag(sync=True)

    def begin(self, glance: Glance) -> None:
        """Show that work has begun in this thread."""
        self.kernel = _find_kernel()
        self.look(glance)

    def look(self, glance: Glance) -> None:
        """Show how far it has come."""
        self._show(glance, "")

    def end(self, glance: Glance, line: str) -> None:
        """Show that it is over."""
        self._show(glance, line)

    def static_html(self) -> str:
        """Return the numbers as they are now."""
        shown = self.glance
        if not shown:
            return f"<div>{html.escape(self.static_text())}</div>"
        share = 100 * shown["done"] / max(shown["total"], 1)
        words = [shown["line"] or " · ".join(shown["numbers"]), *shown["money"]]
        told = "".join(f"<div>{html.escape(each)}</div>" for each in words)
        return (
            f'<div class="cosmat-progress" style="margin:4px 0;font-size:13px">'
            f'<div style="{_TRACK}">'
            f'<div style="{_FILL};width:{share:.1f}%"></div></div>'
            f"{told}{_tabulate(shown['failures'])}</div>"
        )

    def static_text(self) -> str:
        """Return how many are done."""
        if not self.glance:
            return "Progress(nothing yet)"
        shown = self.glance
        failed = sum(count for _, count, _ in shown["failures"])
        failures = f", {failed:,} failed" if failed else ""
        return f"Progress({shown['numbers'][0]}{failures})"

    def _show(self, glance: Glance, line: str) -> None:
        self.glance = {
            "done": glance.done,
            "total": glance.total,
            "unit": glance.unit,
            "state": glance.state,
            "numbers": list(glance.numbers),
            "money": [each for each in glance.facts[:2] if each],
            "note": glance.facts.note,
            "failures": [
                [whole_text(code), count, whole_text(words)]
                for code, count, words in glance.failures
            ],
            "line": line,
        }


class CellPanel:
    """A `Watcher`: a panel below the cell that runs, which leaves its numbers there.

    At the end plain HTML takes the place of the widget, so that a notebook that is
    saved, exported or opened without trust shows what the batch came to.
    """

    def __init__(self) -> None:
        self._panel: ProgressPanel | None = None
        self._handle: Any = None

    def begin(self, glance: Glance) -> None:
        """Show the panel."""
        self._panel = ProgressPanel()
        self._panel.begin(glance)
        self._handle = display(self._panel, display_id=True)  # type: ignore[no-untyped-call]

    def look(self, glance: Glance) -> None:
        """Renew what it shows."""
        if self._panel is not None:
            self._panel.look(glance)

    def end(self, glance: Glance, line: str) -> None:
        """Put the numbers in its place."""
        panel, handle = self._panel or ProgressPanel(), self._handle
        panel.end(glance, line)
        twins = {"text/plain": panel.static_text(), "text/html": panel.static_html()}
        if handle is None:
            display(twins, raw=True)  # type: ignore[no-untyped-call]
        else:
            handle.update(twins, raw=True)
        panel.layout.close()
        panel.close()
        self._panel = self._handle = None


def _tabulate(failures: list[Failure]) -> str:
    if not failures:
        return ""
    rows = "".join(
        f'<tr><td style="{_CELL}">{html.escape(code)}</td>'
        f'<td style="{_CELL};text-align:right">{count:,}</td>'
        f'<td style="{_CELL}">{html.escape(words)}</td></tr>'
        for code, count, words in failures
    )
    titles = "".join(
        f'<th style="{_CELL}">{title}</th>' for title in ("error", "pictures", "last")
    )
    return f"<table><tr>{titles}</tr>{rows}</table>"


def _find_kernel() -> str | None:
    kernel = getattr(get_ipython(), "kernel", None)
    in_main = threading.current_thread() is threading.main_thread()
    if kernel is None or not in_main:
        return None
    file = PurePath(str(getattr(kernel.parent, "connection_file", "")))
    found = _KERNEL.fullmatch(file.name)
    return found[1] if found else ""
