"""Pictures of a gallery: thumbnails made on demand and kept, one row seen large."""

from __future__ import annotations

import operator
import threading
import time
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from cosmat_nb import images
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.working import attempt, check_workers, once, picture_of
from cosmat_nb.view.pair import lay_pair
from cosmat_nb.view.thumbs import thumbnail_of

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterable

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.frame.before import Sources

__all__ = ["Source", "Thumbnails", "check_side", "encode_large"]

SIDES = (64, 320)
"""Least and largest side of a tile's picture, px."""

MOST_KEPT = 2000
"""Thumbnails kept, some 3 kB each."""

LARGE_SIDE = 960
"""Longer side of a picture in the detail of a row, px."""


class Thumbnails:
    """Small pictures of cutouts, each made once and kept while there is room.

    Parameters
    ----------
    side : int
        Longer side, px.
    most : int
        How many are kept; those not asked for longest go first.
    """

    def __init__(self, side: int, most: int = MOST_KEPT) -> None:
        self.side = side
        self._most = most
        self._kept: OrderedDict[Hashable, bytes | str] = OrderedDict()
        self._lock = threading.Lock()

    def make(self, cutouts: Iterable[Cutout], seconds: float) -> None:
        """Make what is not at hand, until the time is over; a few at least.

        A page shows what there is and asks again for the rest, unless its reader has
        gone on to another place.
        """
        deadline = time.monotonic() + seconds
        missing = {picture_of(each): each for each in cutouts if self.get(each) is None}
        names = list(missing)
        workers = check_workers(None)
        with ThreadPoolExecutor(workers) as pool:
            for start in range(0, len(names), workers):
                group = [missing[name] for name in names[start : start + workers]]
                for each, found in zip(group, pool.map(self._make, group), strict=True):
                    self._keep(picture_of(each), found)
                if time.monotonic() > deadline:
                    break

    def get(self, cutout: Cutout) -> bytes | str | None:
        """Return a WebP file, or why there is none; None while it is not made."""
        name = picture_of(cutout)
        with self._lock:
            if name in self._kept:
                self._kept.move_to_end(name)
            return self._kept.get(name)

    def _make(self, cutout: Cutout) -> bytes | str:
        found, reason = attempt(partial(thumbnail_of, cutout, self.side))
        return str(reason) if found is None else found

    def _keep(self, name: Hashable, found: bytes | str) -> None:
        with self._lock:
            self._kept[name] = found
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)


class Source:
    """The picture that one cutout was cut out of, fetched once.

    Parameters
    ----------
    sources : Sources
        Where pictures come from.
    cutout : Cutout
        What was cut out of it.
    """

    def __init__(self, sources: Sources, cutout: Cutout) -> None:
        wanted = sources.wanted
        self._cutout = cutout
        self._read = once(partial(sources.read, cutout) if wanted else _refuse)
        self._lock = threading.Lock()

    def read(self) -> tuple[NDArray[np.uint8] | None, str | None]:
        """Return the picture, (H, W, 3) uint8, or why there is none."""
        with self._lock:
            return self._read()

    def encode(self) -> tuple[bytes, bytes, str]:
        """Return it and the cutout as WebP, one laid over the other, and what to say.

        Raises
        ------
        CosmatError
            When one of them cannot be had, and why.
        """
        pixels, reason = self.read()
        if pixels is None:
            raise OptionsError(str(reason))
        pair = lay_pair(pixels, self._cutout)
        return encode_large(pair.before), encode_large(pair.cutout), pair.note


def encode_large(pixels: NDArray[np.uint8]) -> bytes:
    """Encode (H, W, 3 or 4) uint8 as WebP of at most `LARGE_SIDE` px a side."""
    return images.encode_webp(images.thumbnail(pixels, LARGE_SIDE))


def check_side(side: int) -> int:
    """Return the longer side of a tile's picture, px.

    Raises
    ------
    OptionsError
        When it is no whole number within `SIDES`.
    """
    try:
        found = 0 if isinstance(side, bool) else operator.index(side)
    except TypeError:
        found = 0
    low, high = SIDES
    if not low <= found <= high:
        raise OptionsError(f"side must be {low} to {high} px; not {side!r:.60}")
    return found


def _refuse() -> NDArray[np.uint8]:
    raise OptionsError("before=False: nothing is fetched")
