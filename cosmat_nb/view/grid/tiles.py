"""What a grid shows of each row: two thumbnails and a few words."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.frame.before import Sources
from cosmat_nb.frame.working import Task, attempt, once, picture_of, work_through
from cosmat_nb.places import shown_place, shown_text
from cosmat_nb.view.thumbs import thumbnail_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

__all__ = ["Tile", "make_tiles"]

# Sources are mostly waited for, so more threads than cores are of use.
_WORKERS = 8
_BEFORE_QUALITY = 70
_LONGEST = 120
_MISSING = "–"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tile:
    """One row of a grid.

    Attributes
    ----------
    place : str
        Object key or address, as it may be shown.
    status : str
        As in the result frame.
    note : str
        Why a picture is missing; empty if none is.
    numbers : mapping of str to str
        Caption values by column name.
    pictures : mapping of str to bytes
        WebP files by what they show: ``before``, ``cutout`` or ``matte``.
    """

    place: str
    status: str
    note: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    pictures: Mapping[str, bytes] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class _Looks:
    """How the pictures of a row are made."""

    sources: Sources
    side: int
    view: str
    insist: bool

    def of(self, cutouts: Sequence[Cutout]) -> Iterator[tuple[dict[str, bytes], str]]:
        """Yield pictures and note of cutouts that share a source."""
        read = once(partial(self._before, cutouts[0]))
        for cutout in cutouts:
            seen, reason = attempt(partial(self._seen, cutout))
            if seen is None:
                yield {}, str(reason)
            elif not self._is_wanted(cutout):
                yield {self.view: seen}, ""
            else:
                before, reason = read()
                if before is None:
                    yield {self.view: seen}, f"source: {reason}"
                else:
                    yield {"before": before, self.view: seen}, ""

    def _is_wanted(self, cutout: Cutout) -> bool:
        return self.sources.wanted and (self.insist or cutout.source is not None)

    def _before(self, cutout: Cutout) -> bytes:
        small = images.thumbnail(self.sources.read(cutout), self.side)
        return images.encode_webp(small, _BEFORE_QUALITY)

    def _seen(self, cutout: Cutout) -> bytes:
        small = thumbnail_of(cutout, self.side)
        if self.view == "cutout":
            return small
        alpha = images.decode_rgba(small)[..., 3]
        return images.encode_webp(np.ascontiguousarray(alpha))


def make_tiles(
    frame: pd.DataFrame,
    *,
    side: int,
    view: str,
    before: bool | Callable[[str], bytes] | None,
    captions: Sequence[str],
) -> list[Tile]:
    """Make a tile of every row; each source is fetched once, in threads.

    Parameters
    ----------
    frame : DataFrame
        With a column ``cutout``.
    side : int
        Longer side of each picture, px.
    view : str
        ``cutout`` or ``matte``.
    before : bool or callable, optional
        As for `grid`.
    captions : sequence of str
        Columns to quote, all in the frame.

    Raises
    ------
    OptionsError
        When `before` is something else.
    """
    sources = Sources(True if before is None else before)
    looks = _Looks(sources, side, view, insist=before is not None)
    cutouts = list(frame["cutout"])
    tasks = [
        Task(sources.identity(each), picture_of(each), each)
        if isinstance(each, Cutout)
        else None
        for each in cutouts
    ]
    found = work_through(tasks, looks.of, workers=_WORKERS, show=False)
    names = list(frame.columns)
    wanted = dict.fromkeys(("status", "key", "error", *captions))
    rows = frame[[n for n in wanted if names.count(n) == 1]].to_dict("records")
    return [
        _tile(row, cutout, made, captions)
        for row, cutout, made in zip(rows, cutouts, found, strict=True)
    ]


def _tile(
    row: Mapping[Any, Any],
    cutout: object,
    made: tuple[dict[str, bytes], str] | None,
    captions: Sequence[str],
) -> Tile:
    status = row.get("status")
    status = _clip(shown_text(status)) if isinstance(status, str) else None
    words = {_clip(shown_text(name)): _written(row[name]) for name in captions}
    if made is None or not isinstance(cutout, Cutout):
        key, error = row.get("key"), row.get("error")
        reason = error if isinstance(error, str) and error else "no cutout"
        place = shown_place(key) if isinstance(key, str) else _MISSING
        note = _clip(shown_text(reason))
        words = {name: text for name, text in words.items() if text != _MISSING}
        status = status or "error"
        return Tile(place=_tail(place), status=status, note=note, numbers=words)
    pictures, note = made
    return Tile(
        place=_tail(shown_place(cutout.place)),
        status=status or "ok",
        note=_clip(note),
        numbers=words,
        pictures=pictures,
    )


def _written(value: Any) -> str:
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return _MISSING
    if not isinstance(value, (float, np.floating)):
        return _clip(shown_text(str(value)))
    number = float(value)
    # No number but 0 is written as 0.
    plain = number == 0 or 1e-3 <= abs(number) < 1e6  # noqa: PLR2004 - fits a caption
    return f"{number:.3f}" if plain else f"{number:.3g}"


def _clip(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _tail(place: str) -> str:
    # Keys of a set begin alike and end differently.
    return place if len(place) <= _LONGEST else f"…{place[1 - _LONGEST :]}"
