"""Runs: stretches of rows on one side of a level, and the components they form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cosmat_nb.metrics.strips import Strip

__all__ = ["RunEnds", "Runs", "complement_runs", "join_runs", "label_runs", "run_ends"]

RunEnds = tuple["NDArray[np.int64]", "NDArray[np.int64]"]
"""Where runs start and where they stop, each in ascending order."""


@dataclass(frozen=True, slots=True, eq=False)
class Runs:
    """Stretches of pixels within rows, from top to bottom and left to right.

    A place is one number: ``row * (width + 1) + col``, so that the end of a row,
    ``col == width``, is not the start of the next.

    Attributes
    ----------
    height, width : int
        Size of the picture, px.
    starts, stops : ndarray of int64, shape (n,)
        Place of each run's first pixel, and place behind its last one.
    """

    height: int
    width: int
    starts: NDArray[np.int64]
    stops: NDArray[np.int64]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Pixels of each run, 1 and up."""
        return self.stops - self.starts

    @property
    def rows(self) -> NDArray[np.int64]:
        """Row of each run."""
        return self.starts // (self.width + 1)

    def columns(self, rows: NDArray[np.int64]) -> RunEnds:
        """First column and column behind the last one, of runs that lie in `rows`."""
        row_starts = rows * (self.width + 1)
        return self.starts - row_starts, self.stops - row_starts


def run_ends(strip: Strip, level: float) -> RunEnds:
    """Find where alpha rises to a level and where it falls below, in one strip.

    Parameters
    ----------
    strip : Strip
        Rows of a matte.
    level : float
        Smallest alpha inside a run, in the strip's own unit.

    Examples
    --------
    >>> from cosmat_nb.metrics.strips import walk_strips
    >>> strip, = walk_strips(np.array([[0, 9, 9, 0, 9]], np.uint8))
    >>> [places.tolist() for places in run_ends(strip, 9)]
    [[1, 4], [3, 5]]
    """
    steps, stride = strip.steps, strip.steps.width + 1
    crossing = np.flatnonzero((steps.before >= level) != (steps.after >= level))
    places = (steps.rows[crossing] + strip.top) * stride + steps.at[crossing]
    rising = steps.after[crossing] >= level
    filled_first = np.flatnonzero(steps.first >= level) + strip.top
    filled_last = np.flatnonzero(steps.last >= level) + strip.top
    return (
        _merge(places[rising], filled_first * stride),
        _merge(places[~rising], filled_last * stride + steps.width),
    )


def join_runs(ends: Sequence[RunEnds], height: int, width: int) -> Runs:
    """Put the runs of successive strips into one list."""
    starts, stops = (np.concatenate(places) for places in zip(*ends, strict=True))
    return Runs(height, width, starts, stops)


def complement_runs(runs: Runs) -> Runs:
    """Return the runs of all other pixels.

    Examples
    --------
    >>> others = complement_runs(Runs(2, 3, np.array([1]), np.array([2])))
    >>> others.starts.tolist(), others.stops.tolist()
    ([0, 2, 4], [1, 3, 7])
    """
    row_starts = np.arange(runs.height) * (runs.width + 1)
    starts = _merge(runs.stops, row_starts)
    stops = _merge(runs.starts, row_starts + runs.width)
    filled = np.flatnonzero(starts < stops)
    return Runs(runs.height, runs.width, starts[filled], stops[filled])


def label_runs(runs: Runs, *, corners: bool) -> tuple[int, NDArray[np.int64]]:
    """Find the components that runs form with runs of the rows next to them.

    Parameters
    ----------
    runs : Runs
        All runs of a picture.
    corners : bool
        Whether pixels that meet in a corner are joined (8-connected), or only those
        that share a side (4-connected).

    Returns
    -------
    count : int
        Number of components.
    labels : ndarray of int64, shape (n,)
        Component of each run, 0 to count - 1.

    Examples
    --------
    >>> stairs = Runs(2, 2, np.array([0, 4]), np.array([1, 5]))
    >>> [label_runs(stairs, corners=corners)[0] for corners in (True, False)]
    [1, 2]
    """
    below = runs.width + 1
    # A place one row down is that much further; the reach over corners moves it by 1.
    reach = int(corners)
    low = np.searchsorted(runs.stops, runs.starts + below - reach, "right")
    high = np.searchsorted(runs.starts, runs.stops + below + reach, "left")
    counts = np.maximum(high - low, 0)
    first = np.cumsum(counts) - counts
    upper = np.repeat(np.arange(counts.size), counts)
    lower = np.arange(upper.size) + np.repeat(low - first, counts)
    roots = _unite(counts.size, upper, lower)
    is_root = roots == np.arange(roots.size)
    labels = np.cumsum(is_root)[roots] - 1
    return int(np.count_nonzero(is_root)), labels


def _unite(
    size: int, ones: NDArray[np.int64], others: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Return the smallest member of every member's set once all pairs are united.

    Each round hangs every root below the smallest smaller root that a pair names; what
    is left are local minima, at most half of the roots, so rounds are few.
    """
    roots = np.arange(size)
    while ones.size:
        np.minimum.at(roots, np.maximum(ones, others), np.minimum(ones, others))
        while ((above := roots[roots]) != roots).any():
            roots = above
        ones, others = roots[ones], roots[others]
        apart = np.flatnonzero(ones != others)
        ones, others = ones[apart], others[apart]
    return roots


def _merge(places: NDArray[np.int64], more: NDArray[np.int64]) -> NDArray[np.int64]:
    if not more.size:
        return places
    return np.sort(np.concatenate([places, more]), kind="stable")
