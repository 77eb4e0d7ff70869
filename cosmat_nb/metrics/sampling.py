"""Which of many things are looked at, when all would take too long, and how."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["even", "look_up"]


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


def look_up(
    pixels: NDArray[np.uint8], rows: NDArray[Any], cols: NDArray[Any]
) -> NDArray[np.uint8]:
    """Return the pixels at some places, as ``pixels[rows, cols]`` does, only sooner.

    Parameters
    ----------
    pixels : ndarray of uint8, shape (H, W, channels)
        An array that is not in C order is copied first.
    rows, cols : ndarray of int, the same shape
        From 0 to H - 1 and to W - 1.

    Returns
    -------
    ndarray of uint8, shape of `rows` and then (channels,)

    Examples
    --------
    >>> pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    >>> look_up(pixels, np.array([1]), np.array([0])).tolist()
    [[6, 7, 8]]
    """
    _, width, channels = pixels.shape
    flat = pixels.reshape(-1, channels)
    seen: NDArray[np.uint8] = flat.take(rows * width + cols, axis=0)
    return seen
