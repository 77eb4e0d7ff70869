"""Which of many things are looked at, when all would take too long."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["even"]


def even(count: int, most: int) -> NDArray[np.int64]:
    """Pick at most `most` of `count` things, evenly spread and the same every time.

    Parameters
    ----------
    count : int
        How many there are, 0 and up.
    most : int
        How many to take, 1 and up.

    Returns
    -------
    ndarray of int64, shape (min(count, most),)
        Their places, rising, from 0 to count - 1.

    Examples
    --------
    >>> even(10, 4).tolist(), even(3, 4).tolist()
    ([0, 2, 5, 7], [0, 1, 2])
    """
    kept = min(count, most)
    return np.arange(kept, dtype=np.int64) * count // max(kept, 1)
