"""Parts, holes and edges of pixels: what is counted on a grid, not averaged."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import ndimage

__all__ = ["edge_length", "euler_number", "part_sizes"]

_STRIP = 64  # rows of gradient held at a time: they stay in the processor's cache


def part_sizes(hard: npt.NDArray[np.bool_]) -> npt.NDArray[np.int64]:
    """Count the pixels of every 8-connected component.

    Parameters
    ----------
    hard : ndarray of bool, shape (H, W)
        True inside the components.

    Returns
    -------
    ndarray of int64, shape (parts,)
        Sizes, px, 1 and up, in no promised order; empty when nothing is True.

    Examples
    --------
    >>> part_sizes(np.eye(3, 4, dtype=bool)).tolist()
    [3]
    """
    labels, _ = ndimage.label(hard, np.ones((3, 3), np.bool_))
    return np.bincount(labels.ravel())[1:].astype(np.int64)


def euler_number(hard: npt.NDArray[np.bool_]) -> int:
    """Count components minus holes: vertices - edges + faces of closed unit squares.

    Squares that meet in a corner are joined there, so components are 8-connected
    and holes, components of False enclosed by True, are 4-connected (Gray 1971, IEEE
    Transactions on Computers C-20, 551-561). False goes on beyond the border, so
    what reaches it is no hole.

    Parameters
    ----------
    hard : ndarray of bool, shape (H, W)
        True inside the components.

    Returns
    -------
    int
        Any whole number; 0 when nothing is True.

    Examples
    --------
    >>> ring = np.ones((3, 3), dtype=bool)
    >>> ring[1, 1] = False
    >>> euler_number(ring)
    0
    """
    squares = np.pad(hard, 1)
    level_edges = squares[1:] | squares[:-1]
    upright_edges = squares[:, 1:] | squares[:, :-1]
    vertices = level_edges[:, 1:] | level_edges[:, :-1]
    edges = np.count_nonzero(level_edges) + np.count_nonzero(upright_edges)
    return int(np.count_nonzero(vertices) - edges + np.count_nonzero(hard))


def edge_length(alpha: npt.NDArray[Any]) -> float:
    """Integrate the magnitude of the gradient: the mean length of the level lines.

    That the two are the same is the coarea formula (Fleming and Rishel 1960, Archiv
    der Mathematik 11, 218-222). The gradient of a cell of 2x2 pixels is the mean of
    its differences, which gives hard edges along rows, columns and diagonals their
    true length; lines one pixel thin along a diagonal get half of theirs. The
    border of the array is no edge: cells that hang over it count by the part that
    lies inside, with the outermost pixels going on outwards.

    Parameters
    ----------
    alpha : ndarray, shape (H, W), uint8 or any float, H and W at least 1
        Values in any unit.

    Returns
    -------
    float
        Length times unit, px, 0 and up; 0 when all values are equal.

    Examples
    --------
    >>> edge_length(np.array([[0, 255, 255], [0, 255, 255]], np.uint8)) / 255
    2.0
    """
    pixels = np.pad(alpha, 1, mode="edge")
    by_row = np.empty(pixels.shape[0] - 1)
    for start in range(0, by_row.size, _STRIP):
        cells = _cell_gradients(pixels[start : start + _STRIP + 1].astype(np.float64))
        ends = (cells[:, 0] + cells[:, -1]) / 2
        by_row[start : start + _STRIP] = cells.sum(axis=1) - ends
    return float(by_row.sum() - (by_row[0] + by_row[-1]) / 2)


def _cell_gradients(pixels: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    down, right = pixels[1:] - pixels[:-1], pixels[:, 1:] - pixels[:, :-1]
    down, right = down[:, 1:] + down[:, :-1], right[1:] + right[:-1]
    magnitude: npt.NDArray[np.float64] = np.sqrt(down * down + right * right) / 2
    return magnitude
