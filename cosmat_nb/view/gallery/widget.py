"""The widget behind a gallery: settings and selection, both ways."""

from __future__ import annotations

import threading
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.working import attempt
from cosmat_nb.view.before_after import BeforeAfter
from cosmat_nb.view.gallery.answers import show_detail, show_rows, write_first_page
from cosmat_nb.view.gallery.choice import choose, find_positions, mark
from cosmat_nb.view.gallery.order import (
    ANY,
    NONE,
    Wanted,
    arrange,
    check_bounds,
    check_name,
)
from cosmat_nb.view.gallery.pictures import Before, Thumbnails
from cosmat_nb.view.widget import LiveView, read_static

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import pandas as pd
    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.frame.before import Sources
    from cosmat_nb.view.gallery.rows import Rows

__all__ = ["Gallery"]

_MOST_ASKED = 200  # no page shows more at once


class Gallery(LiveView):
    """A virtual list of cutouts; `gallery` makes it.

    The page gets words and thumbnails of the rows that it asks for, and no others.

    Attributes
    ----------
    sort : str
        Column to sort by; empty for the frame's order.
    descending : bool
        Whether the largest come first; what is missing comes last either way.
    text, status, finding : str
        Filters: part of the key, a status, a finding's name or ``"any"`` or ``"none"``.
    ranges : dict of str to pair
        Filters: ``{"coverage": (0.1, None)}``, least and largest, both included.
    opened_position : int
        Position in the frame of the row that is open; -1 when none is.
    message : str
        What went wrong last, as the page shows it.
    selected, shown : DataFrame
        The rows that are selected, and those that the filters leave.
    opened : BeforeAfter or None
        The opened row before and after.
    """

    _esm = read_static(
        "stage.js",
        "gallery_space.js",
        "gallery_tiles.js",
        "gallery_tools.js",
        "gallery_detail.js",
        "gallery_list.js",
        "gallery.js",
    )
    _css = read_static("stage.css", "gallery.css")

    total = traitlets.Int(0, read_only=True).tag(sync=True)
    shown_count = traitlets.Int(0, read_only=True).tag(sync=True)
    version = traitlets.Int(0, read_only=True).tag(sync=True)
    side = traitlets.Int(160, read_only=True).tag(sync=True)
    captions = traitlets.List(traitlets.Unicode(), read_only=True).tag(sync=True)
    metrics = traitlets.List(traitlets.Any(), read_only=True).tag(sync=True)
    statuses = traitlets.List(traitlets.Any(), read_only=True).tag(sync=True)
    kinds = traitlets.List(traitlets.Any(), read_only=True).tag(sync=True)
    selection = traitlets.Bytes(b"", read_only=True).tag(sync=True)
    sort = traitlets.Unicode("").tag(sync=True)
    descending = traitlets.Bool(False).tag(sync=True)
    text = traitlets.Unicode("").tag(sync=True)
    status = traitlets.Unicode("").tag(sync=True)
    finding = traitlets.Unicode("").tag(sync=True)
    ranges = traitlets.Dict().tag(sync=True)
    opened_position = traitlets.Int(-1).tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)

    def __init__(self, rows: Rows, sources: Sources, side: int) -> None:
        self._rows = rows
        self._sources = sources
        self._thumbnails = Thumbnails(side)
        self._order = np.arange(len(rows))
        self._chosen = np.zeros(len(rows), bool)
        self._lock = threading.RLock()
        self._counting, self._trouble = False, ""
        self._before: tuple[int, Before | None] = (-1, None)
        self._opened: tuple[int, BeforeAfter | None] = (-1, None)
        super().__init__()
        facts = {
            "total": len(rows),
            "shown_count": len(rows),
            "side": side,
            "captions": list(rows.captions),
            "metrics": [list(metric) for metric in rows.metrics.values()],
            "statuses": [list(each) for each in Counter(rows.statuses).items()],
        }
        with self.hold_sync():
            for name, value in facts.items():
                self.set_trait(name, value)
            self._choose(self._chosen)
        if rows.badges.are_complete:
            self._count_findings()
        self.on_msg(self._receive)

    @property
    def shown(self) -> pd.DataFrame:
        """The rows that the filters leave, in the order shown."""
        return self._rows.frame.iloc[self._order]

    @property
    def selected(self) -> pd.DataFrame:
        """The selected rows, in the frame's order and under its index.

        Assign index labels, or a frame that has them; a label that is there twice
        selects both rows.
        """
        return self._rows.frame.iloc[np.flatnonzero(self._chosen)]

    @selected.setter
    def selected(self, labels: Any) -> None:
        self._choose(mark(find_positions(self._rows.frame.index, labels), self.total))

    @property
    def selected_positions(self) -> tuple[int, ...]:
        """The same as positions in the frame, counted from 0; can be assigned too."""
        return tuple(np.flatnonzero(self._chosen).tolist())

    @selected_positions.setter
    def selected_positions(self, positions: Iterable[int]) -> None:
        self._choose(mark(positions, self.total))

    @property
    def opened(self) -> BeforeAfter | None:
        """The opened row before and after; None when none with a cutout is open.

        Raises
        ------
        OptionsError
            When its source picture cannot be had, and why.
        """
        position = self.opened_position
        cutout = self._rows.cutout(position) if position >= 0 else None
        if cutout is None:
            return None
        if self._opened[0] != position:
            before, reason = self._before_of(position, cutout).read()
            if before is None:
                raise OptionsError(f"no picture before {cutout!r}: {reason}")
            self._opened = position, BeforeAfter(before, cutout)
        return self._opened[1]

    def static_html(self) -> str:
        """Return the first rows shown, as HTML with their pictures inside."""
        return write_first_page(self._rows, self._order, self._thumbnails)

    def static_text(self) -> str:
        """Return how many rows there are."""
        shown, total = self.shown_count, self.total
        return f"Gallery({shown} of {total} rows, {self._chosen.sum()} selected)"

    @traitlets.validate("sort")
    def _check_sort(self, proposal: Any) -> str:
        return check_name("sort", proposal["value"], ["", *self._rows.metrics])

    @traitlets.validate("status")
    def _check_status(self, proposal: Any) -> str:
        return check_name("status", proposal["value"], ["", *self._rows.statuses])

    @traitlets.validate("finding")
    def _check_finding(self, proposal: Any) -> str:
        if proposal["value"]:
            self._count_findings()
        kinds: list[Any] = self.kinds
        names = ["", ANY, NONE, *(kind[0] for kind in kinds)]
        return check_name("finding", proposal["value"], names)

    @traitlets.validate("ranges")
    def _check_ranges(self, proposal: Any) -> dict[str, list[float | None]]:
        metrics = self._rows.metrics.values()
        known = [metric.name for metric in metrics if metric.kind == "number"]
        return {
            check_name("ranges", name, known): check_bounds(name, bounds)
            for name, bounds in proposal["value"].items()
        }

    @traitlets.validate("opened_position")
    def _check_opened(self, proposal: Any) -> int:
        position: int = proposal["value"]
        if not -1 <= position < len(self._rows):
            raise traitlets.TraitError(
                f"opened_position must be -1 to {len(self._rows) - 1}; not {position}"
            )
        return position

    @traitlets.observe("sort", "descending", "text", "status", "finding", "ranges")
    def _arrange(self, _change: Any) -> None:
        with self._lock, self.hold_sync():
            self._order = arrange(
                self._rows,
                Wanted(
                    sort=self.sort,
                    descending=self.descending,
                    text=self.text,
                    status=self.status,
                    finding=self.finding,
                    ranges=self.ranges,
                ),
            )
            self.set_trait("shown_count", len(self._order))
            self.set_trait("version", self.version + 1)

    def _receive(self, _widget: Any, content: dict[str, Any], _buffers: Any) -> None:
        answers: dict[str, Callable[[dict[str, Any]], None]] = {
            "range": self._answer_range,
            "select": self._answer_select,
            "detail": self._answer_detail,
        }
        _, reason = attempt(lambda: answers[content["kind"]](content))
        self.message = reason or self._trouble

    def _answer_range(self, content: dict[str, Any]) -> None:
        with self._lock:
            version, order, names = self.version, self._order, self._quoted()
        if content["version"] == version:
            places = [int(place) for place in content["places"]][:_MOST_ASKED]
            positions = {p: int(order[p]) for p in places if 0 <= p < len(order)}
            items, buffers = show_rows(self._rows, self._thumbnails, positions, names)
            # Every view of this gallery hears the answer, and only one has asked.
            asked = {"version": version, "asker": content.get("asker")}
            self.send({"kind": "range", "items": items} | asked, buffers)
        if not (self._counting or self._rows.badges.are_complete):
            # Only now: the first rows are on their way, and need not wait for the rest.
            self._counting = True
            _start(self._count_findings)

    def _answer_select(self, content: dict[str, Any]) -> None:
        with self._lock:
            if content["version"] == self.version:
                self._choose(choose(self._chosen, self._order, content))

    def _answer_detail(self, content: dict[str, Any]) -> None:
        position = int(content["position"])
        cutout = self._rows.cutout(position)
        fetching = cutout is not None and self._sources.wanted
        detail, large = show_detail(self._rows, position)
        self.send(detail | {"fetching": fetching}, [large])
        if cutout is not None and fetching:
            # A source may take seconds, in which the kernel has other things to do.
            _start(partial(self._send_before, position, cutout))

    def _count_findings(self) -> None:
        kinds, reason = attempt(self._rows.badges.count)
        self.set_trait("kinds", [list(kind) for kind in kinds or ()])
        self._trouble = self.message = f"findings: {reason}" if reason else ""

    def _send_before(self, position: int, cutout: Cutout) -> None:
        pictures, reason = attempt(self._before_of(position, cutout).encode)
        before, after, note = pictures or (b"", b"", reason)
        content = {"kind": "before", "position": position, "note": note}
        self.send(content | {"picture": bool(before)}, [before, after])

    def _before_of(self, position: int, cutout: Cutout) -> Before:
        with self._lock:
            if self._before[0] != position or self._before[1] is None:
                self._before = position, Before(self._sources, cutout)
            found = self._before[1]
        assert found is not None
        return found

    def _choose(self, chosen: NDArray[np.bool_]) -> None:
        self._chosen = chosen
        self.set_trait("selection", np.packbits(chosen, bitorder="little").tobytes())

    def _quoted(self) -> list[str]:
        return list(dict.fromkeys([*self.captions, *filter(None, [self.sort])]))


def _start(act: Callable[[], None]) -> None:
    threading.Thread(target=act, name="cosmat-gallery", daemon=True).start()
