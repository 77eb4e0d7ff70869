"""The smallest window of a picture that holds what is marked in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["marked_window"]


def marked_window(marked: NDArray[np.generic]) -> tuple[slice, slice]:
    """Return the rows and columns of the smallest box of all that is not 0.

    Parameters
    ----------
    marked : ndarray, shape (H, W)
        Any dtype.

    Returns
    -------
    tuple of slice
        What ``marked[...]`` takes; both are empty when no pixel is marked.

    Examples
    --------
    >>> marked_window(np.array([[0, 0, 0], [0, 9, 9]], np.uint8))
    (slice(1, 2, None), slice(1, 3, None))
    """
    rows, cols = (np.flatnonzero(marked.any(axis=axis)) for axis in (1, 0))
    if not rows.size:
        return slice(0, 0), slice(0, 0)
    return (
        slice(int(rows[0]), int(rows[-1]) + 1),
        slice(int(cols[0]), int(cols[-1]) + 1),
    )
