"""Rings with fewer corners, each about as large as it was."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.dataset.shapes.rle import expand

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

__all__ = ["simplify"]

_SHARE = 0.25
_LONGEST = 500  # corners of a chain, so that spirals take no time beyond their length


def simplify(
    points: Indices, starts: Indices, fixed: NDArray[np.bool_], tolerance: float
) -> NDArray[np.bool_]:
    """Choose the corners to keep.

    Every corner that is left out lies within the tolerance of the line that takes its
    place. Chains of corners are split at the farthest one until that is so (Ramer 1972,
    doi:10.1016/S0146-664X(72)80017-0; Douglas and Peucker 1973,
    doi:10.3138/FM57-6770-U75U-7727). A ring whose area would become another by more
    than a quarter keeps all its corners, so none vanishes.

    Parameters
    ----------
    points : (N, 2) int64 array
        Corners of all rings, one ring after the other.
    starts : (n + 1,) int64 array
        Where each ring begins, and N.
    fixed : (N,) bool array
        Corners that are kept in any case.
    tolerance : float
        In the unit of `points`, above 0.

    Returns
    -------
    (N,) bool array
        Which corners are kept.

    Examples
    --------
    >>> step = [[0, 0], [0, 20], [1, 20], [1, 40], [30, 40], [30, 0]]
    >>> simplify(np.array(step), np.array([0, 6]), np.zeros(6, bool), 1.0).tolist()
    [True, False, False, True, True, True]
    """
    # A ring's first corner is there again as its last.
    closed = np.insert(points, starts[1:], points[starts[:-1]], axis=0)
    rings = np.arange(starts.size - 1)
    places = np.arange(len(points)) + np.repeat(rings, np.diff(starts))
    kept = np.zeros(len(closed), np.bool_)
    kept[places[fixed]] = kept[starts[:-1] + rings] = kept[starts[1:] + rings] = True
    kept[places[::_LONGEST]] = True
    stops = np.flatnonzero(kept)
    _split(closed, kept, stops[:-1], stops[1:], tolerance)
    chosen = kept[places]
    before = _measure_areas(points, starts)
    after = _measure_areas(points[chosen], np.append(0, np.cumsum(chosen))[starts])
    changed = np.abs(after - before) > _SHARE * np.abs(before)
    chosen |= np.repeat(changed, np.diff(starts))
    return chosen


def _split(
    points: Indices,
    kept: NDArray[np.bool_],
    firsts: Indices,
    lasts: Indices,
    tolerance: float,
) -> None:
    """Keep the farthest corner of every chain that strays, until none does."""
    while True:
        longer = lasts - firsts > 1
        firsts, lasts = firsts[longer], lasts[longer]
        if not firsts.size:
            return
        farthest, distances = _find_farthest(points, firsts, lasts)
        strays = distances > tolerance
        farthest = farthest[strays]
        kept[farthest] = True
        firsts = np.concatenate([firsts[strays], farthest])
        lasts = np.concatenate([farthest, lasts[strays]])


def _find_farthest(
    points: Indices, firsts: Indices, lasts: Indices
) -> tuple[Indices, NDArray[np.float64]]:
    """Return the corner within each chain farthest from its line, and how far."""
    counts = lasts - firsts - 1
    chain, step = expand(counts)
    places = firsts[chain] + step + 1
    from_first = points[places] - points[firsts[chain]]
    along = (points[lasts] - points[firsts])[chain]
    square = np.maximum((along**2).sum(axis=1), 1)
    shares = np.clip((from_first * along).sum(axis=1) / square, 0.0, 1.0)
    distances = np.hypot(*(from_first - along * shares[:, None]).T)
    largest = np.maximum.reduceat(distances, np.cumsum(counts) - counts)
    hits = np.flatnonzero(distances == largest[chain])
    return places[hits[np.searchsorted(chain[hits], np.arange(counts.size))]], largest


def _measure_areas(points: Indices, starts: Indices) -> Indices:
    """Return the signed area of each ring, doubled."""
    after = np.roll(points, -1, axis=0)
    after[starts[1:] - 1] = points[starts[:-1]]
    turns = points[:, 1] * after[:, 0] - points[:, 0] * after[:, 1]
    areas: Indices = np.add.reduceat(turns, starts[:-1])
    return areas
