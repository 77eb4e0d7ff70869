"""The pictures that cutouts were cut out of, fetched when a number needs them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cosmat_nb import images
from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.alignment import Offset, lies_on, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    import numpy as np
    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.options import MattingOptions

__all__ = ["NOT_FOUND", "Sources", "find_offset"]

NOT_FOUND = (
    "the cutout is found in it nowhere, or in several places alike: it was replaced "
    "since, or scaled, or its colours tell no place"
)
"""Why a source is of no use though it was fetched."""


@dataclass(frozen=True, slots=True)
class Sources:
    """Where the source pictures come from, if they are wanted at all.

    Parameters
    ----------
    before : bool or callable
        True: from where each cutout remembers (`Cutout.before`). A callable: takes
        ``cutout.place``, returns the file's bytes, and is called from several threads;
        ``client.fetch`` is one. False: nothing is fetched.

    Raises
    ------
    OptionsError
        When it is something else.
    """

    before: bool | Callable[[str], bytes]

    def __post_init__(self) -> None:
        if not (isinstance(self.before, bool) or callable(self.before)):
            raise OptionsError(
                "before must be True, False or a function from key to bytes, as "
                f"client.fetch; not {type(self.before).__name__}"
            )

    @property
    def wanted(self) -> bool:
        """Whether a source picture is to be had."""
        return self.before is not False

    def identity(self, cutout: Cutout) -> Hashable:
        """Return what is equal for cutouts of one source picture.

        The same key may lie in several buckets, so a client of its own is another
        source; without sources all cutouts are alike.
        """
        if self.before is True:
            # A bound method is made anew each time it is taken from its client.
            return cutout.place, id(getattr(cutout.source, "__self__", cutout.source))
        return cutout.place if self.wanted else None

    def read(self, cutout: Cutout) -> NDArray[np.uint8]:
        """Fetch and decode the source of a cutout, (H, W, 3) uint8, turned upright.

        Raises
        ------
        CosmatError
            When it cannot be had, or is no picture.
        Exception
            Whatever the user's function raises.
        """
        if isinstance(self.before, bool):
            return cutout.before()
        return images.decode_rgb(self.fetch(cutout))

    def fetch(self, cutout: Cutout) -> bytes:
        """Fetch the file of a cutout's source.

        Raises
        ------
        CosmatError
            When it cannot be had, or is not wanted.
        Exception
            Whatever the user's function raises.
        """
        fetch = cutout.source if isinstance(self.before, bool) else self.before
        if fetch is None or not self.wanted:
            raise OptionsError(
                f"the source of {cutout!r} is not at hand: pass before=client.fetch, "
                "or a function of your own from its place to a file's bytes"
            )
        data = fetch(cutout.place)
        if not isinstance(data, bytes):
            raise OptionsError(
                f"before must return a file's bytes; got {type(data).__name__}"
            )
        return data


def find_offset(
    before: NDArray[np.uint8], rgba: NDArray[np.uint8], options: MattingOptions
) -> Offset | None:
    """Return where a source lies on its cutout's canvas; None when that is not found.

    Parameters
    ----------
    before : (H, W, 3) uint8 array
        The source.
    rgba : (H', W', 4) uint8 array
        The cutout.
    options : MattingOptions
        What it was asked for: only centring and padding move it.
    """
    moved = options.center or any(options.padding)
    if not moved and (not rgba[..., 3].any() or lies_on(before, rgba)):
        return Offset(0, 0)
    return locate(before, rgba)
