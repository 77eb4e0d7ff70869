"""Length and width of a matte's edge, from the gradients of its cells."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.metrics.checks import HARD, alpha_level

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cosmat_nb.metrics.strips import Cells

__all__ = ["Gradients", "cell_gradients", "edge_length", "width_percentile"]


@dataclass(frozen=True, slots=True, eq=False)
class Gradients:
    """How steep alpha is in the cells of one strip.

    The gradient of a cell of 2x2 pixels is the mean of its two differences along the
    rows and along the columns.

    Attributes
    ----------
    length : float
        Sum of its magnitudes, px; cells that hang over the picture's border count half.
    slopes : ndarray of float64, shape (n,)
        Its magnitude, 1/px, 0 to 1, in the cells inside the picture that alpha = 0.5
        runs through: they hold hard and other pixels. 0 where the differences cancel.
    """

    length: float
    slopes: NDArray[np.float64]


def cell_gradients(cells: Cells, height: int, width: int, one: int) -> Gradients:
    """Take the gradients of one strip's cells.

    Parameters
    ----------
    cells : Cells
        The cells of one strip.
    height, width : int
        Size of the picture, px.
    one : int
        Alpha of an opaque pixel: 255, or 1 for floats.

    Examples
    --------
    >>> from cosmat_nb.metrics.strips import walk_strips
    >>> strip, = walk_strips(np.array([[0, 255], [0, 255]], np.uint8))
    >>> gradients = cell_gradients(strip.cells, 2, 2, one=255)
    >>> gradients.length, gradients.slopes.tolist()
    (2.0, [1.0])
    """
    falling = cells.bottom_right - cells.top_left
    rising = cells.top_right - cells.bottom_left
    # Down and right are (falling -+ rising) / 2: the same length, turned and stretched.
    slopes = np.sqrt((falling * falling + rising * rising) / (2 * one**2))
    inside = cells.inside(height, width)
    crossed = cells.crossed(alpha_level(HARD, one))
    length = slopes.sum() - slopes[~inside].sum() / 2
    return Gradients(float(length), slopes[inside & crossed])


def edge_length(gradients: Sequence[Gradients]) -> float:
    """Integrate the magnitude of the gradient: the mean length of the level lines.

    That the two are the same is the coarea formula (Fleming and Rishel 1960, Archiv
    der Mathematik 11, 218-222). Taken over cells of 2x2 pixels it gives hard edges
    along rows, columns and diagonals their true length; lines one pixel thin along a
    diagonal get half of theirs. The border of the picture is no edge: cells that hang
    over it count by the half that lies inside, with the outermost pixels going on
    outwards.

    Parameters
    ----------
    gradients : sequence of Gradients
        Of all strips.

    Returns
    -------
    float
        Length, px, 0 and up; 0 when all values are equal, or differ by less than the
        root of the smallest double.

    Examples
    --------
    >>> edge_length([Gradients(1.5, np.ones(1)), Gradients(0.5, np.ones(0))])
    2.0
    """
    return sum(part.length for part in gradients)


def width_percentile(gradients: Sequence[Gradients], share: float) -> float | None:
    """Return the width that the edge does not exceed at a share of its cells.

    The width is 1 / |gradient| where alpha = 0.5 runs through: how far alpha would take
    from 0 to 1 if it went on as steeply as it does there. So faint tails of a soft edge
    do not count, and a linear ramp of 2 px or more has its width wherever it lies.

    Parameters
    ----------
    gradients : sequence of Gradients
        Of all strips.
    share : float
        Above 0 to 1.

    Returns
    -------
    float or None
        The smallest width, px, 1 and up, such that at least that share of the cells
        is no wider. Cells whose differences cancel have none and are left out; None
        when no other is left.

    Examples
    --------
    >>> part = Gradients(1.5, np.array([1, 0.5]))
    >>> [width_percentile([part], share) for share in (0.5, 0.6)]
    [1.0, 2.0]
    """
    slopes = np.concatenate([part.slopes for part in gradients])
    slopes = slopes[slopes > 0]
    if not slopes.size:
        return None
    # The steepest come last; as many as share asks for are at least as steep.
    place = slopes.size - math.ceil(share * slopes.size)
    return float(1 / np.partition(slopes, place)[place])
