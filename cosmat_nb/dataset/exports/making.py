"""Units made: cutouts and scenes in, files and records out."""

from __future__ import annotations

import json
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from cosmat_nb.cutout import Cutout
from cosmat_nb.dataset.exports.journal import Done
from cosmat_nb.dataset.manifest import dump_json, order_record
from cosmat_nb.dataset.pictures.render import render_cutout, render_drawn
from cosmat_nb.frame.working import attempt

if TYPE_CHECKING:
    from collections.abc import (
        Callable,
        Hashable,
        Iterable,
        Iterator,
        Mapping,
        Sequence,
    )
    from concurrent.futures import Future

    from cosmat_nb.dataset.example import Example
    from cosmat_nb.dataset.exports.draft import Draft, Unit
    from cosmat_nb.dataset.exports.export import Export
    from cosmat_nb.dataset.files import Files
    from cosmat_nb.dataset.formats.format import Format
    from cosmat_nb.dataset.manifest import Record
    from cosmat_nb.dataset.pictures.rendering import Rendering
    from cosmat_nb.frame.before import Sources

__all__ = ["Maker"]

V = TypeVar("V")
R = TypeVar("R")


@dataclass(frozen=True, slots=True, eq=False)
class Maker:
    """Makes units, in any thread.

    Attributes
    ----------
    export : Export
        Where they go.
    format : Format
        How they are laid out.
    rendering : Rendering
        What is written of each cutout.
    sources : Sources
        Where photographs come from.
    done : dict of str to Done
        What was made, by unit.
    reasons : dict of int to str
        Why rows could not be, by position.
    renderers : int
        Threads that render examples of one unit ahead of its writing; 1 for none.
    """

    export: Export
    format: Format
    rendering: Rendering
    sources: Sources
    done: dict[str, Done] = field(default_factory=dict)
    reasons: dict[int, str] = field(default_factory=dict)
    renderers: int = 1

    def group(self, unit: Unit) -> Hashable:
        """Return what is equal for units of one photograph, which is fetched once."""
        value = unit.drafts[0].value
        if self.format.unit_size > 1 or not isinstance(value, Cutout):
            return unit.name
        shared = self.sources.wanted and self.rendering.needs_source
        return self.sources.identity(value) if shared else unit.name

    def make(self, units: Sequence[Unit]) -> Iterator[None]:
        """Make units one after the other; what became of each is noted.

        Raises
        ------
        OSError
            When the disk is full or fails.
        """
        reader = _Reader(self.sources)
        for unit in units:
            self._make(unit, reader)
            yield None

    def _make(self, unit: Unit, reader: _Reader) -> None:
        told: list[tuple[Draft, Mapping[str, Any]]] = []
        examples = self._render(unit, reader, told)
        first = next(examples, None)
        if first is None:
            return
        files = self.export.files()
        write = partial(self._write, chain([first], examples), unit.name, files)
        records, reason = attempt(write)
        if isinstance(records, OSError):
            raise records
        if records is None:
            # What there is of the unit belongs to no record, and goes at the end.
            for draft in unit.drafts:
                self.reasons.setdefault(draft.row, reason or "")
            return
        pairs = zip(told, records, strict=True)
        done = Done(
            [_record(draft, facts, each) for (draft, facts), each in pairs],
            dict(files.written),
        )
        self.export.keep(done)
        self.done[unit.name] = done

    def _write(
        self, examples: Iterable[Example], unit: str, files: Files
    ) -> list[Record] | OSError:
        try:
            return self.format.write_unit(examples, unit, files)
        except OSError as error:
            # The disk is no fault of a row: it ends the export.
            return error

    def _render(
        self,
        unit: Unit,
        reader: _Reader,
        told: list[tuple[Draft, Mapping[str, Any]]],
    ) -> Iterator[Example]:
        render = partial(self._try_one, reader)
        results = _map_ahead(render, unit.drafts, self.renderers)
        for draft, (example, reason) in zip(unit.drafts, results, strict=True):
            if example is None:
                self.reasons[draft.row] = reason or ""
            else:
                told.append((draft, example.facts))
                yield example

    def _try_one(
        self, reader: _Reader, draft: Draft
    ) -> tuple[Example | None, str | None]:
        return attempt(partial(self._render_one, draft, reader))

    def _render_one(self, draft: Draft, reader: _Reader) -> Example:
        facts = {**draft.facts, "trimap_radius": self.rendering.trimap_radius}
        names: dict[str, Any] = {"name": draft.name, "split": draft.split}
        if not isinstance(draft.value, Cutout):
            drawn = draft.value.draw()
            return render_drawn(drawn, self.rendering, facts=facts, **names)
        read = partial(reader.read, draft.value)
        names["category"] = draft.category
        return render_cutout(draft.value, self.rendering, read, facts=facts, **names)


class _Reader:
    """Fetches photographs, in any thread; the last one stays for its next cutout."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources
        self._last: tuple[Hashable, bytes] | None = None

    def read(self, cutout: Cutout) -> bytes:
        identity = self._sources.identity(cutout)
        # Held here: another thread may put its own in place at any moment.
        last = self._last
        if last is None or last[0] != identity:
            last = self._last = identity, self._sources.fetch(cutout)
        return last[1]


def _map_ahead(
    work: Callable[[V], R], values: Iterable[V], threads: int
) -> Iterator[R]:
    """Work on values in threads, one more than those ahead, and yield in order."""
    if threads == 1:
        yield from map(work, values)
        return
    with ThreadPoolExecutor(threads, "cosmat-render") as pool:
        ahead: deque[Future[R]] = deque()
        for value in values:
            ahead.append(pool.submit(work, value))
            if len(ahead) > threads:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()


def _record(
    draft: Draft, facts: Mapping[str, Any], told: Mapping[str, Any]
) -> dict[str, Any]:
    known = {name: value for name, value in facts.items() if name != "trimap_radius"}
    names = {"name": draft.name, "split": draft.split}
    record = {**known, **names, **told, "fingerprint": draft.fingerprint}
    # As it is when it is read again: without tuples.
    read: dict[str, Any] = json.loads(dump_json(order_record(record)))
    return read
