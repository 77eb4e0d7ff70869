"""Rings with fewer corners that stay apart and uncrossed, each on its side."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.dataset.shapes.touching import expand, find_touching, sort_into_cells

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Indices = NDArray[np.int64]

__all__ = ["simplify"]


@dataclass(frozen=True, slots=True, eq=False)
class _Chains:
    """Stretches of rings between successive corners that are kept."""

    firsts: Indices
    lasts: Indices  # may be the point behind a ring's last, which is its first again


def simplify(
    points: Indices,
    starts: Indices,
    fixed: NDArray[np.bool_],
    fences: Indices,
    tolerance: float,
) -> NDArray[np.bool_]:
    """Choose the corners to keep.

    Every corner that is left out lies within the tolerance of the line that takes its
    place. Chains of corners are split at the farthest one until that is so (Ramer 1972,
    doi:10.1016/S0146-664X(72)80017-0; Douglas and Peucker 1973,
    doi:10.3138/FM57-6770-U75U-7727), and on where lines would touch each other or would
    leave another ring on their wrong side; so all rings keep three corners at least and
    enclose the rings they did.

    Parameters
    ----------
    points : (N, 2) int64 array
        Corners of all rings, one ring after the other; no two lines touch.
    starts : (n + 1,) int64 array
        Where each ring begins, and N.
    fixed : (N,) bool array
        Corners that are kept in any case.
    fences : (m, 2) int64 array
        Corners that are joined by lines no ring may touch but there.
    tolerance : float
        In the unit of `points`, above 0.

    Returns
    -------
    (N,) bool array
        Which corners are kept.

    Examples
    --------
    >>> stairs = np.array([[0, 0], [0, 9], [1, 9], [1, 8], [2, 8], [2, 0]])
    >>> none, free = np.zeros((0, 2), int), np.zeros(6, bool)
    >>> simplify(stairs, np.array([0, 6]), free, none, 1.0).tolist()
    [True, False, True, False, False, True]
    """
    closed = _Closed.of(points, starts)
    kept = np.zeros(len(closed.points), np.bool_)
    kept[closed.places[fixed]] = True
    kept[closed.firsts] = kept[closed.seams] = True
    doubtful = np.ones(
        kept.size, np.bool_
    )  # where a chain starts that may have to split
    while True:
        _split(closed, kept, doubtful, tolerance)
        chains = _find_chains(closed, kept)
        wrong = _find_wrong(closed, chains, closed.places[fences], tolerance)
        if not wrong.size:
            return kept[closed.places]
        wrong_chains = _Chains(chains.firsts[wrong], chains.lasts[wrong])
        farthest, _ = _find_farthest(closed.points, wrong_chains)
        kept[farthest] = True
        doubtful[:] = False
        doubtful[farthest] = doubtful[wrong_chains.firsts] = True


@dataclass(frozen=True, slots=True, eq=False)
class _Closed:
    """Rings whose first corner is there again as their last."""

    points: Indices
    places: Indices  # of each original corner
    firsts: Indices
    seams: Indices  # where the first corners are again
    rings: Indices  # ring of each point

    @classmethod
    def of(cls, points: Indices, starts: Indices) -> _Closed:
        sizes = np.diff(starts)
        rings = np.repeat(np.arange(sizes.size), sizes + 1)
        firsts = starts[:-1] + np.arange(sizes.size)
        seams = firsts + sizes
        places = np.arange(len(points)) + np.repeat(np.arange(sizes.size), sizes)
        closed = np.empty((rings.size, 2), np.int64)
        closed[places] = points
        closed[seams] = points[starts[:-1]]
        return cls(closed, places, firsts, seams, rings)

    def unify(self, places: Indices) -> Indices:
        """Return places with each ring's seam replaced by its first corner."""
        names = np.arange(len(self.points))
        names[self.seams] = self.firsts
        return names[places]


def _find_chains(closed: _Closed, kept: NDArray[np.bool_]) -> _Chains:
    places = np.flatnonzero(kept)
    inside = closed.rings[places[:-1]] == closed.rings[places[1:]]
    return _Chains(places[:-1][inside], places[1:][inside])


def _split(
    closed: _Closed,
    kept: NDArray[np.bool_],
    doubtful: NDArray[np.bool_],
    tolerance: float,
) -> None:
    """Keep the farthest corner of every chain that strays, until none does."""
    while True:
        chains = _find_chains(closed, kept)
        tried = doubtful[chains.firsts] & (chains.lasts - chains.firsts > 1)
        if not tried.any():
            return
        firsts, lasts = chains.firsts[tried], chains.lasts[tried]
        farthest, distances = _find_farthest(closed.points, _Chains(firsts, lasts))
        # A whole ring that starts and ends in one corner is no line yet.
        loops = (closed.points[firsts] == closed.points[lasts]).all(axis=1)
        strays = (distances > tolerance) | loops
        kept[farthest[strays]] = True
        doubtful[:] = False
        doubtful[farthest[strays]] = doubtful[firsts[strays]] = True


def _find_farthest(
    points: Indices, chains: _Chains
) -> tuple[Indices, NDArray[np.float64]]:
    """Return the corner within each chain farthest from its line, and how far, px."""
    counts = chains.lasts - chains.firsts - 1
    chain, step = expand(counts)
    places = chains.firsts[chain] + step + 1
    distances = _measure(points, places, chains.firsts[chain], chains.lasts[chain])
    begins = np.cumsum(counts) - counts
    largest = np.maximum.reduceat(distances, begins)
    hits = np.flatnonzero(distances == largest[chain])
    first_hits = hits[np.searchsorted(chain[hits], np.arange(counts.size))]
    return places[first_hits], largest


def _measure(
    points: Indices, places: Indices, firsts: Indices, lasts: Indices
) -> NDArray[np.float64]:
    """Return how far points are from the segments between two others."""
    from_first = points[places] - points[firsts]
    along = points[lasts] - points[firsts]
    square = np.maximum((along**2).sum(axis=1), 1)
    shares = np.clip((from_first * along).sum(axis=1) / square, 0.0, 1.0)
    gaps = from_first - along * shares[:, None]
    distances: NDArray[np.float64] = np.hypot(gaps[:, 0], gaps[:, 1])
    return distances


def _find_wrong(
    closed: _Closed, chains: _Chains, fences: Indices, tolerance: float
) -> Indices:
    """Return the chains whose lines touch another one or have swept over a ring."""
    longer = chains.lasts - chains.firsts > 1
    ends = np.stack([chains.firsts, closed.unify(chains.lasts)], axis=1)
    ends = np.concatenate([ends, fences])
    watched = np.zeros(len(ends), np.bool_)
    watched[: longer.size] = longer
    spans = np.abs(closed.points[ends[:, 1]] - closed.points[ends[:, 0]]).max(axis=1)
    cell = max(int(np.median(spans)), 4)
    touching = find_touching(closed.points, ends, watched, cell)
    touching = touching[touching < longer.size]
    touching = touching[longer[touching]]
    swept = _find_swept(closed, chains, np.flatnonzero(longer), tolerance, cell)
    return np.union1d(touching, swept)


def _find_swept(
    closed: _Closed, chains: _Chains, longer: Indices, tolerance: float, cell: int
) -> Indices:
    """Return the chains with another ring's first corner between them and their line.

    That corner stays where it is, and rings that do not touch lie wholly on one side.
    """
    if closed.firsts.size == 1 or not longer.size:
        return longer[:0]
    lines = closed.points[
        np.stack([chains.firsts[longer], chains.lasts[longer]], axis=1)
    ]
    corners = closed.points[closed.firsts]
    both = np.concatenate([lines, np.stack([corners, corners], axis=1)])
    places, cells = sort_into_cells(both, cell, int(np.ceil(tolerance)))
    is_corner = places >= longer.size
    begin, end = (
        np.searchsorted(cells, cells[is_corner], side) for side in ("left", "right")
    )
    of_corner, step = expand(end - begin)
    line = places[begin[of_corner] + step]
    corner = places[is_corner][of_corner] - longer.size
    near = line < longer.size
    pairs = np.unique(line[near] * corners.shape[0] + corner[near])
    line, corner = np.divmod(pairs, corners.shape[0])
    first, last = chains.firsts[longer[line]], chains.lasts[longer[line]]
    other = closed.rings[first] != corner
    line, first, last = line[other], first[other], last[other]
    swept = _are_within(closed.points, first, last, corners[corner[other]])
    found: Indices = longer[np.unique(line[swept])]
    return found


def _are_within(
    points: Indices, firsts: Indices, lasts: Indices, targets: Indices
) -> NDArray[np.bool_]:
    """Return whether rays from targets cross chains and their lines odd times."""
    counts = lasts - firsts + 1
    pair, step = expand(counts)
    place = firsts[pair] + step
    after = np.where(place == lasts[pair], firsts[pair], place + 1)
    rows, cols = (points[place] - targets[pair]).T
    rows_after, cols_after = (points[after] - targets[pair]).T
    crossed = (rows <= 0) != (rows_after <= 0)
    turn = cols * (rows_after - rows) - rows * (cols_after - cols)
    crossed &= (turn > 0) == (rows_after > rows)
    times = np.bincount(pair[crossed], minlength=firsts.size)
    within: NDArray[np.bool_] = times % 2 == 1
    return within
