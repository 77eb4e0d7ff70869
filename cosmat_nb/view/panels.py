"""One row of a frame as small pictures: before, matte, cutout."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.frame.before import Sources
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.working import attempt
from cosmat_nb.places import shown_place, shown_text

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Mapping

    from numpy.typing import NDArray

__all__ = ["NUMBERS", "Panels", "make_panels", "write_cell"]

NUMBERS = ("coverage", "soft_fraction", "parts", "holes", "edge_width")
"""Columns that captions show, where a frame has them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panels:
    """Small pictures of one row, and its words.

    Attributes
    ----------
    place : str
        Object key or address.
    status : str
        As in the result frame.
    note : str
        Why there is no cutout, or no picture before it; empty if there are both.
    numbers : mapping of str to str
        Caption values by column name.
    before, matte, cutout : ndarray or None
        (H, W, 3), (H, W) and (H, W, 3) uint8; the cutout lies on a checkerboard.
    """

    place: str
    status: str
    note: str = ""
    numbers: Mapping[str, str] = field(default_factory=dict)
    before: NDArray[np.uint8] | None = field(default=None, repr=False)
    matte: NDArray[np.uint8] | None = field(default=None, repr=False)
    cutout: NDArray[np.uint8] | None = field(default=None, repr=False)


def make_panels(
    frame: pd.DataFrame,
    *,
    side: int,
    before: bool | Callable[[str], bytes] | None = None,
    captions: tuple[str, ...] = NUMBERS,
) -> Iterator[Panels]:
    """Make the panels of every row, one at a time.

    Each source picture is fetched once for all rows that it belongs to, when the first
    of them is made. What cannot be had is told in the note of its row.

    Parameters
    ----------
    frame : DataFrame
        A result frame: ``cutout`` and ``status``; ``key`` names rows without a cutout.
    side : int
        Longer side of each picture, px.
    before : bool or callable, optional
        Fetches the source picture of a key, as ``client.fetch``; by default, or True,
        the way that each cutout remembers. False fetches nothing.
    captions : tuple of str
        Columns to quote; those that the frame lacks are left out.

    Raises
    ------
    OptionsError
        When the frame has no column ``cutout``, or `before` is something else.
    """
    check_column(frame, "cutout", "make it with matte_frame")
    known = [name for name in captions if name in frame.columns]
    fetched = _Fetched(Sources(True if before is None else before), side)
    for _, row in frame.iterrows():
        numbers = {name: write_cell(row[name]) for name in known}
        status = str(row.get("status", "ok"))
        cutout = row["cutout"]
        if isinstance(cutout, Cutout):
            yield _seen(cutout, status, numbers, fetched)
        else:
            error = row.get("error")
            note = error if isinstance(error, str) and error else "no cutout"
            # A key column may hold addresses, and their queries signatures.
            key = row.get("key")
            place = shown_place(key) if isinstance(key, str) else "–"
            yield Panels(place=place, status=status, note=note)


class _Fetched:
    """Source pictures made small, each fetched once, also when it cannot be had."""

    def __init__(self, sources: Sources, side: int) -> None:
        self.side = side
        self._sources = sources
        self._known: dict[Hashable, tuple[NDArray[np.uint8] | None, str | None]] = {}

    def of(self, cutout: Cutout) -> tuple[NDArray[np.uint8] | None, str | None]:
        """Return the picture that a cutout was cut out of, or why there is none."""
        if not self._sources.wanted:
            return None, None
        name = self._sources.identity(cutout)
        if name not in self._known:
            self._known[name] = attempt(partial(self._fetch, cutout))
        return self._known[name]

    def _fetch(self, cutout: Cutout) -> NDArray[np.uint8]:
        return images.thumbnail(self._sources.read(cutout), self.side)


def _seen(
    cutout: Cutout, status: str, numbers: Mapping[str, str], fetched: _Fetched
) -> Panels:
    place = shown_place(cutout.place)
    pictures, reason = attempt(partial(_shrink, cutout, fetched.side))
    if pictures is None:
        return Panels(place=place, status=status, note=str(reason))
    before, reason = fetched.of(cutout)
    matte, rgba = pictures
    return Panels(
        place=place,
        status=status,
        note=f"source: {reason}" if reason else "",
        numbers=numbers,
        before=before,
        matte=matte,
        cutout=images.over_checkerboard(rgba),
    )


def _shrink(cutout: Cutout, side: int) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    rgba = cutout.rgba
    matte = np.ascontiguousarray(rgba[..., 3])
    return images.thumbnail(matte, side), images.thumbnail(rgba, side)


def write_cell(value: Any) -> str:
    """Write a cell of a frame as a caption quotes it; signatures of links are hidden.

    Examples
    --------
    >>> write_cell(0.98765), write_cell(3), write_cell(None)
    ('0.988', '3', '–')
    """
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return "–"
    if isinstance(value, (float, np.floating)):
        return f"{value:.3f}"
    return shown_text(str(value))
