"""Parts, holes and dust: components of a matte, with how much each holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.metrics.runs import complement_runs, label_runs

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.metrics.runs import Runs

__all__ = [
    "DUST_SHARE",
    "Components",
    "component_sizes",
    "find_components",
    "find_holes",
]

DUST_SHARE = 0.001
"""A component with fewer pixels than this share of the largest one is dust."""


@dataclass(frozen=True, slots=True, eq=False)
class Components:
    """The 8-connected components of a level's pixels.

    Attributes
    ----------
    area : int
        Pixels of all components, px.
    largest : int
        Pixels of the largest one, px; 0 when there is none.
    count : int
        Components that are not dust.
    dust : int
        Components that are.
    dust_area : int
        Their pixels, px.
    box : tuple of int or None
        ``(min_row, min_col, max_row, max_col)``, half-open, of all that is not
        dust; None when there is no component.
    """

    area: int
    largest: int
    count: int
    dust: int
    dust_area: int
    box: tuple[int, int, int, int] | None


def find_components(runs: Runs) -> Components:
    """Find the components of a level's pixels and tell dust from parts.

    Examples
    --------
    >>> from cosmat_nb.metrics.runs import Runs
    >>> find_components(Runs(2, 5, np.array([1, 10]), np.array([3, 11])))
    Components(area=3, largest=2, count=2, dust=0, dust_area=0, box=(0, 1, 2, 5))
    """
    if not runs.starts.size:
        return Components(0, 0, 0, 0, 0, None)
    labels, sizes = component_sizes(runs, corners=True)
    area, largest = int(sizes.sum()), int(sizes.max())
    dusty = sizes < DUST_SHARE * largest
    dust, dust_area = int(np.count_nonzero(dusty)), int(sizes[dusty].sum())
    box = _box(runs, ~dusty[labels])
    return Components(area, largest, sizes.size - dust, dust, dust_area, box)


def find_holes(hard: Runs, smallest: float) -> tuple[int, int]:
    """Count the 4-connected components of other pixels that hard ones enclose.

    Parameters
    ----------
    hard : Runs
        Runs of the hard pixels.
    smallest : float
        Pixels that a hole has at least, px.

    Returns
    -------
    count, area : int
        Holes, and their pixels, px.

    Examples
    --------
    >>> from cosmat_nb.metrics.runs import Runs
    >>> ring = Runs(3, 3, np.array([0, 4, 6, 8]), np.array([3, 5, 7, 11]))
    >>> find_holes(ring, smallest=1)
    (1, 1)
    """
    others = complement_runs(hard)
    if not hard.starts.size or not others.starts.size:
        return 0, 0
    labels, sizes = component_sizes(others, corners=False)
    rows = others.rows
    first, stop = others.columns(rows)
    at_border = (rows == 0) | (rows == hard.height - 1)
    at_border |= (first == 0) | (stop == hard.width)
    holes = sizes >= smallest
    holes[labels[at_border]] = False
    return int(np.count_nonzero(holes)), int(sizes[holes].sum())


def component_sizes(
    runs: Runs, *, corners: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the component of every run and the pixels of every component.

    Examples
    --------
    >>> from cosmat_nb.metrics.runs import Runs
    >>> runs = Runs(1, 5, np.array([0, 3]), np.array([2, 4]))
    >>> sorted(component_sizes(runs, corners=True)[1].tolist())
    [1, 2]
    """
    count, labels = label_runs(runs, corners=corners)
    # Doubles hold every count of pixels exactly.
    sizes = np.bincount(labels, weights=runs.lengths, minlength=count)
    return labels, sizes.astype(np.int64)


def _box(runs: Runs, kept: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    rows = runs.rows
    first, stop = runs.columns(rows)
    kept_rows = rows[kept]
    return (
        int(kept_rows[0]),
        int(first[kept].min()),
        int(kept_rows[-1]) + 1,
        int(stop[kept].max()),
    )
