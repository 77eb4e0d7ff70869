"""A review: keep, reject or redo, one cutout at a time, kept in a file."""

from __future__ import annotations

import html
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import traitlets

from cosmat_nb import images
from cosmat_nb.errors import CosmatError, OptionsError
from cosmat_nb.frame.verdict_log import VERDICTS
from cosmat_nb.frame.verdicts import (
    apply_verdicts,
    tabulate_decisions,
)
from cosmat_nb.frame.working import attempt
from cosmat_nb.places import shown_text
from cosmat_nb.view.page import html_thumbnail
from cosmat_nb.view.review.slides import Slide, SlideMaker
from cosmat_nb.view.widget import LiveView, read_static

if TYPE_CHECKING:
    import pandas as pd

    from cosmat_nb.frame.decisions import Decisions
    from cosmat_nb.frame.verdict_log import Decision

__all__ = ["Review"]

BACKGROUNDS = ("light", "dark", "white", "black")
VIEWS = ("all", "before", "cutout", "matte")
_AT_WORK = 3
_NEAR = 4
_LISTED = 20
_TWIN_SIDE = 240
_TWIN_SECONDS = 3
_NOTHING = "nothing to keep: there is no cutout; reject or redo it"


class Review(LiveView):
    """A page that shows one cutout at a time; made by `review`.

    Attributes
    ----------
    position : int
        Which picture is shown, from 0.
    total : int
        How many there are.
    progress : dict of str to int
        How many have each verdict.
    view : str
        ``all``, ``before``, ``cutout`` or ``matte``.
    background : str
        Behind the cutout: ``light``, ``dark``, ``white`` or ``black``.
    message : str
        What went wrong last; empty when it went well.
    table : DataFrame
        The frame with the verdicts as they stand in the file now.

    Methods
    -------
    decide(verdict, note="")
        Decide on the picture that is shown, as its key does.
    """

    _esm = read_static("stage.js", "review.js")
    _css = read_static("review.css")

    position = traitlets.Int(0).tag(sync=True)
    total = traitlets.Int(0).tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)
    view = traitlets.Enum(VIEWS, "all").tag(sync=True)
    background = traitlets.Enum(BACKGROUNDS, "light").tag(sync=True)
    message = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self, frame: pd.DataFrame, slides: SlideMaker, decisions: Decisions, column: str
    ) -> None:
        self._frame, self._slides, self._column = frame, slides, column
        self._decisions = decisions
        self._lock = threading.RLock()
        self._room = threading.BoundedSemaphore(_AT_WORK)
        super().__init__(total=len(decisions.subjects), progress=decisions.count())
        self.position = decisions.next_open(-1) or 0
        self.message = self._greet()
        self.on_msg(self._receive)

    @property
    def table(self) -> pd.DataFrame:
        """The frame with ``verdict``, ``note``, ``reviewer`` and ``decided_at``.

        This reviewer's verdicts as they stand in the file now; `merge_reviews` and
        `apply_verdicts` bring those of several.
        """
        with self._lock:
            self._decisions.refresh()
            self.progress = self._decisions.count()
            decided = tabulate_decisions(self._decisions.standing)
        return apply_verdicts(self._frame, decided, column=self._column)

    @property
    def row(self) -> pd.Series:
        """The row of the frame that is shown."""
        return self._frame.iloc[self._decisions.rows[self.position]]

    def decide(self, verdict: str, note: str = "") -> None:
        """Decide on the picture that is shown, as its key does, and go on to the next.

        Parameters
        ----------
        verdict : {"keep", "reject", "redo"}
            On disk when this returns.
        note : str
            Why.

        Raises
        ------
        OptionsError
            For another verdict, or when there is no cutout to keep.
        OSError
            When the file cannot be written; nothing is decided then.
        """
        if verdict not in VERDICTS:
            raise OptionsError(
                f"verdict must be one of {VERDICTS}; not {verdict!r:.40}"
            )
        with self._lock:
            self._decide(self.position, verdict, note)

    def static_text(self) -> str:
        """Return how far the review has come."""
        return f"Review({self._summary()})"

    def static_html(self) -> str:
        """Return the picture shown, how far the review is, and the last decisions."""
        with self._lock:
            decided = list(self._decisions.by_place().items())[-_LISTED:]
        rows = "".join(_html_row(decision) for _, decision in reversed(decided))
        head = "<tr><th>key</th><th>verdict</th><th>note</th></tr>"
        table = f"<table><thead>{head}</thead><tbody>{rows}</tbody></table>"
        told = f"<p>Review: {self._summary()}</p>{table if rows else ''}"
        return f"{self._write_picture()}{told}"

    def _write_picture(self) -> str:
        row = self._decisions.rows[self.position]
        slide = self._slides.make_soon(row, _TWIN_SECONDS)
        return "" if slide is None else _html_slide(slide)

    @traitlets.validate("position")
    def _check_position(self, proposal: dict[str, Any]) -> int:
        return max(min(int(proposal["value"]), self.total - 1), 0)

    def _receive(self, _: Any, content: dict[str, Any], __: list[memoryview]) -> None:
        # What a callback raises would be seen in no page.
        try:
            with self._lock:
                self._act(content)
        except (CosmatError, LookupError, OSError, TypeError, ValueError) as error:
            self._fail(error)

    def _act(self, content: dict[str, Any]) -> None:
        match content:
            case {"kind": "want", "places": [*places]}:
                for place in places[:_AT_WORK]:
                    self._start(int(place))
            case {"kind": "decide", "place": int(place), "verdict": str(verdict)}:
                self._decide(place, verdict, str(content.get("note", "")))
            case {"kind": "note", "place": int(place), "note": str(note)}:
                self._decide(place, None, note)
            case {"kind": "undo"}:
                self._undo()
            case {"kind": "jump"}:
                self._jump()
            case _:
                raise ValueError(f"the page asked what nobody knows: {content!r:.80}")

    def _decide(self, place: int, verdict: str | None, note: str) -> None:
        known = self._decisions.by_place().get(place)
        if place not in range(self.total) or verdict not in (None, *VERDICTS):
            raise ValueError(f"no verdict {verdict!r:.20} on picture {place}")
        if verdict == "keep" and not self._decisions.has_cutout(place):
            raise OptionsError(_NOTHING)
        given = verdict or (known.verdict if known else None)
        decision = self._decisions.decide(place, given, note)
        words = f"{verdict} for" if verdict else "note for"
        text = f"Saved: {words} {decision.subject.key}."
        if self._decisions.next_open(-1) is None:
            text += " Every picture has a verdict."
        self._tell(place, text, answers="decide" if verdict else "note")
        # Last, since a page takes no key while it waits to be told.
        if verdict is not None:
            self.position = place + 1

    def _undo(self) -> None:
        undone = self._decisions.undo()
        if undone is None:
            self.send({"kind": "told", "text": "Nothing to undo."})
            return
        place, last = undone
        self.position = place
        what = last.verdict or "note"
        self._tell(place, f"Undone: {what} for {last.subject.key}.", answers="undo")

    def _jump(self) -> None:
        place = self._decisions.next_open(self.position)
        if place is None:
            self.send({"kind": "told", "text": "Every picture has a verdict."})
        else:
            self.position = place

    def _tell(self, place: int, text: str, *, answers: str) -> None:
        self.message = ""
        self.progress = self._decisions.count()
        said = self._said(place)
        self.send({"kind": "saved", "answers": answers, "text": text, **said})

    def _said(self, place: int) -> dict[str, Any]:
        known = self._decisions.by_place().get(place)
        verdict, note = (known.verdict, known.note) if known else (None, "")
        return {"place": place, "verdict": verdict or "", "note": note}

    def _start(self, place: int) -> None:
        if not 0 <= place < self.total:
            return
        # A fetch may hang for long: it must not hold up the end of the kernel.
        threading.Thread(
            target=self._show, args=(place,), name="cosmat-review", daemon=True
        ).start()

    def _show(self, place: int) -> None:
        with self._room:
            # The reader has gone on, and would ask again on the way back.
            if abs(place - self.position) > _NEAR:
                return
            slide, reason = attempt(
                partial(self._slides.make, self._decisions.rows[place])
            )
            if slide is None:
                key = self._decisions.subjects[place].key
                slide = Slide(key=key, reasons={"cutout": str(reason)})
            with self._lock:
                said = self._said(place)
            pictures = [each.data for each in slide.pictures.values()]
            self.send({"kind": "row", **said, **slide.words()}, pictures)

    def _fail(self, error: Exception) -> None:
        self.message = f"Not saved: {_describe(error)}"
        self.send({"kind": "failed"})

    def _summary(self) -> str:
        with self._lock:
            counts = self._decisions.count()
        words = ", ".join(f"{count} {verdict}" for verdict, count in counts.items())
        return f"{sum(counts.values())} of {self.total} decided: {words}"

    def _greet(self) -> str:
        decisions = self._decisions
        if decisions.by_place() or not decisions.others:
            return ""
        names = ", ".join(repr(name) for name in decisions.others)
        return f"This file has verdicts of {names}; pass reviewer= to go on as one."


def _describe(error: Exception) -> str:
    if isinstance(error, OSError):
        return f"the file of verdicts cannot be written: {error.strerror or error}"
    return shown_text(str(error) or type(error).__name__)


def _html_slide(slide: Slide) -> str:
    pictures = "".join(
        '<div style="display:inline-block;margin:0 8px 0 0;vertical-align:top">'
        f"{html_thumbnail(images.decode_rgba(picture.data), _TWIN_SIDE, alt=alt)}</div>"
        for alt, picture in (
            (f"before: {slide.key}", slide.pictures.get("before")),
            (f"cutout of {slide.key}", slide.pictures.get("cutout")),
        )
        if picture is not None
    )
    words = ": ".join(filter(None, (slide.key, *slide.reasons.values())))
    return f"<div>{pictures}</div><p>{html.escape(words)}</p>"


def _html_row(decision: Decision) -> str:
    words = (decision.subject.key, decision.verdict or "–", decision.note)
    return f"<tr>{''.join(f'<td>{html.escape(word)}</td>' for word in words)}</tr>"
