"""One row of a frame as small pictures: before, matte, cutout."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import CosmatError, OptionsError
from cosmat_nb.places import shown_place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

__all__ = ["NUMBERS", "Panels", "make_panels"]

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
    before: Callable[[str], bytes] | None = None,
    captions: tuple[str, ...] = NUMBERS,
) -> Iterator[Panels]:
    """Make the panels of every row, one at a time.

    Parameters
    ----------
    frame : DataFrame
        A result frame: ``cutout`` and ``status``; ``key`` names rows without a cutout.
    side : int
        Longer side of each picture, px.
    before : callable, optional
        Fetches the source picture of a key, as ``client.fetch``; by default the way
        that each cutout remembers.
    captions : tuple of str
        Columns to quote; those that the frame lacks are left out.

    Raises
    ------
    OptionsError
        When the frame has no column ``cutout``.
    """
    if "cutout" not in frame.columns:
        raise OptionsError(
            "expected a frame with a column 'cutout'; make it with matte_frame"
        )
    known = [name for name in captions if name in frame.columns]
    for _, row in frame.iterrows():
        numbers = {name: _written(row[name]) for name in known}
        status = str(row.get("status", "ok"))
        cutout = row["cutout"]
        if isinstance(cutout, Cutout):
            yield _seen(cutout, status, numbers, side, before)
        else:
            note = _written(row.get("error") or "no cutout")
            # A key column may hold addresses, and their queries signatures.
            key = row.get("key")
            place = shown_place(key) if isinstance(key, str) else "–"
            yield Panels(place=place, status=status, note=note)


def _seen(
    cutout: Cutout,
    status: str,
    numbers: Mapping[str, str],
    side: int,
    before: Callable[[str], bytes] | None,
) -> Panels:
    picture, note = None, ""
    try:
        source = images.decode_rgb(before(cutout.place)) if before else cutout.before()
        picture = images.thumbnail(source, side)
    except CosmatError as error:
        note = str(error)
    try:
        rgba = cutout.rgba
    except CosmatError as error:
        return Panels(place=cutout.place, status=status, note=str(error))
    return Panels(
        place=cutout.place,
        status=status,
        note=note,
        numbers=numbers,
        before=picture,
        matte=images.thumbnail(np.ascontiguousarray(rgba[..., 3]), side),
        cutout=images.over_checkerboard(images.thumbnail(rgba, side)),
    )


def _written(value: Any) -> str:
    if value is None or (pd.api.types.is_scalar(value) and pd.isna(value)):
        return "–"
    return f"{value:.3f}" if isinstance(value, float) else str(value)
