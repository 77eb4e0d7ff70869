"""The levels of a matte: which there are and how many pixels have each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from cosmat_nb.metrics.strips import Steps

__all__ = ["Levels", "add_levels", "strip_levels"]

_LEVELS = 256


@dataclass(frozen=True, slots=True, eq=False)
class Levels:
    """What a matte's values come to, wherever they lie.

    Attributes
    ----------
    counts : ndarray of int64, shape (256,)
        Pixels at each of the 8-bit levels; floats are rounded to them.
    soft : int
        Pixels with 0 < alpha < 1, before any rounding.
    band : int or float
        Sum of alpha * (1 - alpha) in units of 1 / one^2, with `one` as below.
    """

    counts: NDArray[np.int64]
    soft: int
    band: float

    @property
    def entropy(self) -> float:
        """Shannon entropy of the levels, bits, 0 to 8."""
        filled = self.counts[self.counts > 0]
        if filled.size == 1:
            return 0.0
        share = filled / filled.sum()
        return float(-(share * np.log2(share)).sum())


def strip_levels(steps: Steps, one: int) -> Levels:
    """Count the levels of one strip's rows.

    Parameters
    ----------
    steps : Steps
        Where alpha changes.
    one : int
        Alpha of an opaque pixel: 255, or 1 for floats.

    Examples
    --------
    >>> from cosmat_nb.metrics.strips import walk_strips
    >>> strip, = walk_strips(np.array([[0, 0, 51]], np.uint8))
    >>> levels = strip_levels(strip.steps, 255)
    >>> levels.counts[[0, 51]].tolist(), levels.soft, levels.band / 255**2
    ([2, 1], 1, 0.16)
    """
    before, after, last = (
        side if one > 1 else np.rint(side * (_LEVELS - 1)).astype(np.intp)
        for side in (steps.before, steps.after, steps.last)
    )
    counts = steps.width * np.bincount(last, minlength=_LEVELS)
    # Doubles hold these counts exactly.
    counts += np.bincount(before, steps.at, _LEVELS).astype(np.int64)
    counts -= np.bincount(after, steps.at, _LEVELS).astype(np.int64)
    if one > 1:
        levels = np.arange(_LEVELS)
        soft = counts[1:-1].sum()
        return Levels(counts, int(soft), int(counts @ (levels * (one - levels))))
    soft = _sum_over_pixels(steps, lambda a: ((a > 0) & (a < one)).astype(np.int64))
    band = _sum_over_pixels(steps, lambda a: a * (one - a))
    return Levels(counts, int(soft), band)


def add_levels(parts: Iterable[Levels]) -> Levels:
    """Add the levels of disjoint strips."""
    counts, soft, band = zip(*((p.counts, p.soft, p.band) for p in parts), strict=True)
    return Levels(np.sum(counts, axis=0), sum(soft), max(sum(band), 0))


def _sum_over_pixels(
    steps: Steps, value: Callable[[NDArray[Any]], NDArray[Any]]
) -> float:
    rises = value(steps.after) - value(steps.before)
    total: float = (
        steps.width * value(steps.last).sum() - (rises * steps.at).sum()
    ).item()
    return total
