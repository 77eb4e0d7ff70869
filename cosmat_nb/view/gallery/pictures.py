"""Pictures of a gallery: thumbnails made on demand and kept, one row seen large."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING

from cosmat_nb import images
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.working import attempt, check_workers, once, picture_of
from cosmat_nb.view.pair import lay_pair
from cosmat_nb.view.recent import Recent
from cosmat_nb.view.thumbs import thumbnail_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.frame.before import Sources

__all__ = ["SIDES", "Before", "Thumbnails", "encode_large"]

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
        self._kept: Recent[bytes | str] = Recent(most)

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
                    self._kept.keep(picture_of(each), found)
                if time.monotonic() > deadline:
                    break

    def get(self, cutout: Cutout) -> bytes | str | None:
        """Return a WebP file, or why there is none; None while it is not made."""
        return self._kept.get(picture_of(cutout))

    def _make(self, cutout: Cutout) -> bytes | str:
        found, reason = attempt(partial(thumbnail_of, cutout, self.side))
        return str(reason) if found is None else found


class Before:
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

        Without it both are empty, and what to say is why.

        Raises
        ------
        CosmatError
            When the cutout cannot be had.
        """
        pixels, reason = self.read()
        if pixels is None:
            return b"", b"", str(reason)
        pair = lay_pair(pixels, self._cutout)
        return encode_large(pair.before), encode_large(pair.cutout), pair.note


def encode_large(pixels: NDArray[np.uint8]) -> bytes:
    """Encode (H, W, 3 or 4) uint8 as WebP of at most `LARGE_SIDE` px a side."""
    return images.encode_webp(images.thumbnail(pixels, LARGE_SIDE))


def _refuse() -> NDArray[np.uint8]:
    raise OptionsError("before=False: nothing is fetched")
