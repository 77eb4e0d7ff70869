"""One row of a frame, large: its pictures, its numbers, and what was found in it."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.frame.working import attempt
from cosmat_nb.metrics.findings import find_in_row
from cosmat_nb.places import shown_place, shown_text
from cosmat_nb.view.panels import write_cell
from cosmat_nb.view.recent import Recent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd
    from numpy.typing import NDArray

    from cosmat_nb.frame.before import Sources

__all__ = ["Picture", "Slide", "SlideMaker"]

SIDE = 1024
"""Longer side of each picture, px."""

MOST_KEPT = 8
"""Slides and sources at hand: a reviewer goes to and fro, not far."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture on its way to a page.

    Attributes
    ----------
    data : bytes
        A WebP file.
    height, width : int
        Its size, px.
    """

    data: bytes = field(repr=False)
    height: int
    width: int

    @classmethod
    def of(cls, pixels: NDArray[np.uint8]) -> Picture:
        """Shrink and encode (H, W), (H, W, 3) or (H, W, 4) uint8."""
        small = images.thumbnail(pixels, SIDE)
        return cls(images.encode_webp(small), small.shape[0], small.shape[1])


@dataclass(frozen=True, slots=True, kw_only=True)
class Slide:
    """What a page shows of one row.

    Attributes
    ----------
    key : str
        Object key or address, as it may be shown.
    pictures : mapping of str to Picture
        ``before``, ``cutout`` and ``matte``, as far as they can be had.
    reasons : mapping of str to str
        Why others cannot be had; a picture that is not wanted is in neither.
    numbers : sequence of (str, str)
        Caption values behind their columns' names.
    findings : sequence of (str, str, str)
        Name, severity and message of each.
    """

    key: str
    pictures: Mapping[str, Picture] = field(default_factory=dict)
    reasons: Mapping[str, str] = field(default_factory=dict)
    numbers: Sequence[tuple[str, str]] = ()
    findings: Sequence[tuple[str, str, str]] = ()

    def words(self) -> dict[str, Any]:
        """Return all but the pictures' bytes, which follow in the same order."""
        return {
            "key": self.key,
            "pictures": [
                [name, picture.width, picture.height]
                for name, picture in self.pictures.items()
            ],
            "reasons": dict(self.reasons),
            "numbers": [list(each) for each in self.numbers],
            "findings": [list(each) for each in self.findings],
        }


class SlideMaker:
    """Makes slides of a frame's rows, in any thread, and keeps the last few.

    Parameters
    ----------
    frame : DataFrame
        With ``cutout``.
    sources : Sources
        Where source pictures come from.
    captions : sequence of str
        Columns to quote; those that the frame lacks are left out.
    column : str
        Names rows without a cutout.
    """

    def __init__(
        self,
        frame: pd.DataFrame,
        sources: Sources,
        captions: Sequence[str],
        column: str,
    ) -> None:
        self._frame, self._sources, self._column = frame, sources, column
        self._captions = [name for name in captions if name in frame.columns]
        self._slides: Recent[Slide] = Recent(MOST_KEPT)
        self._befores: Recent[tuple[Picture | None, str | None]] = Recent(MOST_KEPT)

    def make(self, row: int) -> Slide:
        """Return the slide of a row, by its position in the frame, from 0."""
        return self._slides.get(row) or self._slides.keep(row, self._make(row))

    def make_soon(self, row: int, seconds: float) -> Slide | None:
        """Return the slide of a row; None if it takes longer: a source may hang."""
        make = partial(attempt, partial(self.make, row))
        maker = threading.Thread(target=make, name="cosmat-review", daemon=True)
        maker.start()
        maker.join(seconds)
        return self._slides.get(row)

    def _make(self, row: int) -> Slide:
        cells = self._frame.iloc[row]
        cutout = cells["cutout"]
        numbers = [(name, write_cell(cells[name])) for name in self._captions]
        if not isinstance(cutout, Cutout):
            key, error = cells.get(self._column), cells.get("error")
            why = error if isinstance(error, str) and error else "no cutout"
            place = shown_place(key) if isinstance(key, str) else "–"
            reasons = {"cutout": shown_text(why)}
            return Slide(key=place, reasons=reasons, numbers=numbers)
        pictures, reasons = {}, {}
        for name, (picture, reason) in self._see(cutout):
            if picture is not None:
                pictures[name] = picture
            elif reason:
                reasons[name] = reason
        return Slide(
            key=shown_place(cutout.place),
            pictures=pictures,
            reasons=reasons,
            numbers=numbers,
            findings=_find(cells),
        )

    def _see(
        self, cutout: Cutout
    ) -> list[tuple[str, tuple[Picture | None, str | None]]]:
        seen = [("before", self._before(cutout))] if self._sources.wanted else []
        found, reason = attempt(partial(_encode, cutout))
        rgba, matte = found or (None, None)
        return [*seen, ("cutout", (rgba, reason)), ("matte", (matte, reason))]

    def _before(self, cutout: Cutout) -> tuple[Picture | None, str | None]:
        name = self._sources.identity(cutout)
        known = self._befores.get(name)
        return known or self._befores.keep(name, attempt(partial(self._fetch, cutout)))

    def _fetch(self, cutout: Cutout) -> Picture:
        return Picture.of(self._sources.read(cutout))


def _encode(cutout: Cutout) -> tuple[Picture, Picture]:
    rgba = cutout.rgba
    return Picture.of(rgba), Picture.of(np.ascontiguousarray(rgba[..., 3]))


def _find(cells: pd.Series) -> list[tuple[str, str, str]]:
    # Numbers of another kind than measure_frame's are no reason to show no picture.
    found, _ = attempt(partial(find_in_row, cells.to_dict()))
    return [(each.finding, each.severity.value, each.message) for each in found or ()]
