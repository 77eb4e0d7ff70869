"""Moments of a matte: how much there is, where its middle is, which way it lies."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from cosmat_nb.metrics.strips import Strip

__all__ = ["Moments", "add_moments", "strip_moments"]

_WIDEST = 1 << 17  # columns up to which a strip's sums fit 64 bits
_EQUAL = 1e-9
_ROUNDING = 64 * 2.0**-52


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over all pixels of alpha times powers of row and column.

    They are exact whole numbers for 8 bits, in units of 1 / 255, up to 131 072 columns,
    and rounded sums of doubles otherwise.

    Attributes
    ----------
    mass : int or float
        Sum of alpha.
    row, col : int or float
        Sums of alpha times row and times column.
    row_row, row_col, col_col : int or float
        Sums of alpha times the products of two of them.
    """

    mass: float
    row: float
    col: float
    row_row: float
    row_col: float
    col_col: float

    @property
    def centroid(self) -> tuple[float, float]:
        """Mean row and column, px; only for a mass above 0."""
        return max(self.row / self.mass, 0.0), max(self.col / self.mass, 0.0)

    @property
    def spread(self) -> tuple[float, float, float]:
        """Central second moments (row, row-col, col), px^2, of unit squares.

        Each pixel is a square of side 1, whose own variance is 1 / 12 along either
        axis: an h x w rectangle has h^2 / 12 and w^2 / 12.
        """
        mass, row, col = self.mass, self.row, self.col
        pairs = (
            (self.row_row, row, row),
            (self.row_col, row, col),
            (self.col_col, col, col),
        )
        if isinstance(mass, int):
            # Divided last, so that the differences are exact.
            rows, mixed, cols = ((p * mass - m * n) / mass**2 for p, m, n in pairs)
        else:
            # Divided first: the square of a faint mass would be 0.
            rows, mixed, cols = (
                p / mass - (m / mass) * (n / mass) for p, m, n in pairs
            )
        return max(rows, 0) + 1 / 12, mixed, max(cols, 0) + 1 / 12

    @property
    def elongation(self) -> float:
        """Major over minor axis, 1 and up; only for a mass above 0."""
        rows, mixed, cols = self.spread
        gap = math.hypot(cols - rows, 2 * mixed)
        # The product of both axes over the larger one, which does not cancel.
        larger = (rows + cols + gap) / 2
        return max(larger / math.sqrt(max(rows * cols - mixed * mixed, 1 / 144)), 1.0)

    @property
    def orientation(self) -> float | None:
        """Angle of the major axis, degrees in (-90, 90]; None when there is none."""
        rows, mixed, cols = self.spread
        gap = math.hypot(cols - rows, 2 * mixed)
        rounding = _ROUNDING * (self.row_row + self.col_col) / self.mass
        if gap <= _EQUAL * (rows + cols) + rounding:
            return None
        # Rows grow downwards; adding zero turns -0.0, and so -90 degrees, around.
        angle = math.degrees(math.atan2(-2 * mixed + 0.0, cols - rows)) / 2
        return angle if angle > -90 else 90.0  # noqa: PLR2004 - degrees


def strip_moments(strip: Strip) -> Moments:
    """Sum over the rows of one strip, rows and columns counted in the picture.

    Examples
    --------
    >>> from cosmat_nb.metrics.strips import walk_strips
    >>> strip, = walk_strips(np.array([[0, 2, 4]], np.uint8))
    >>> strip_moments(strip)
    Moments(mass=6, row=0, col=10, row_row=0, row_col=0, col_col=18)
    """
    steps, top = strip.steps, strip.top
    exact = steps.last.dtype.kind != "f" and steps.width <= _WIDEST
    kind = np.int64 if exact else np.float64
    # Columns count from the first step: doubles lose what far ones have in common.
    origin = int(steps.at.min(initial=steps.width))
    lines = np.arange(steps.last.size, dtype=kind)
    # The fall at each step and at each row's end, less what lies before the origin.
    parts = (
        _falls(by.astype(kind), at.astype(kind), rows.astype(kind))
        for by, at, rows in (
            (steps.before - steps.after, steps.at - origin, steps.rows),
            (steps.last, np.full(lines.size, steps.width - origin), lines),
            (-steps.first, np.full(lines.size, -origin), lines),
        )
    )
    sums = [sum(column).item() for column in zip(*parts, strict=True)]
    mass, row, row_row = sums[:3]
    # Both are even, and the last one a multiple of 6, so whole numbers stay whole.
    twice_col, twice_row_col, six_col_col = sums[3:]
    col, row_col, col_col = (
        (twice_col // 2, twice_row_col // 2, six_col_col // 6)
        if exact
        else (twice_col / 2, twice_row_col / 2, six_col_col / 6)
    )
    col_col += 2 * origin * col + origin * origin * mass
    col, row_col = col + origin * mass, row_col + origin * row
    return Moments(
        mass,
        row + top * mass,
        col,
        row_row + 2 * top * row + top * top * mass,
        row_col + top * col,
        col_col,
    )


def add_moments(parts: Iterable[Moments]) -> Moments:
    """Add the moments of disjoint strips.

    Examples
    --------
    >>> add_moments([Moments(1, 2, 3, 4, 5, 6), Moments(1, 1, 1, 1, 1, 1)])
    Moments(mass=2, row=3, col=4, row_row=5, row_col=6, col_col=7)
    """
    rows = [(p.mass, p.row, p.col, p.row_row, p.row_col, p.col_col) for p in parts]
    return Moments(*(sum(sums) for sums in zip(*rows, strict=True)))


def _falls(by: NDArray[Any], at: NDArray[Any], rows: NDArray[Any]) -> tuple[Any, ...]:
    # Of 1, 2 * col and 6 * col^2, summed over the columns from 0 to at - 1.
    # Not as products of vectors: those start threads of their own.
    none, one = by * at, by * (at * (at - 1))
    terms = none, none * rows, none * rows * rows, one, one * rows, one * (2 * at - 1)
    return tuple(term.sum() for term in terms)
