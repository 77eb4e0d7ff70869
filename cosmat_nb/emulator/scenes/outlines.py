"""Outlines drawn as smooth curves through a few points."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cosmat_nb.emulator.scenes.shapes import Field, Point, Shape

__all__ = ["between", "curve", "turned"]

_STEP = 1e-3  # half the distance over which slopes are measured, short sides


def curve(points: Sequence[Point]) -> Callable[[Field], Field]:
    """Draw a smooth function through ``(position, value)`` points.

    Between points it never passes them (F. Fritsch and R. Carlson, "Monotone
    Piecewise Cubic Interpolation", 1980); outside them it keeps the end values.

    Examples
    --------
    >>> curve([(0, 1), (1, 3)])(np.array([0, 0.5, 9])).tolist()
    [1.0, 2.0, 3.0]
    """
    from scipy.interpolate import PchipInterpolator  # noqa: PLC0415 - heavy

    at, values = np.array(points, dtype=np.float64).T
    smooth = PchipInterpolator(at, values)
    table = np.linspace(at[0], at[-1], 1024)
    heights = smooth(table)
    return lambda where: np.interp(where, table, heights).astype(np.float32)


def turned(points: Sequence[Point]) -> Shape:
    """Make the outline of a turned object from its ``(y, half width)`` points.

    Examples
    --------
    >>> tube = turned([(-1, 0.5), (1, 0.5)])
    >>> float(tube(np.float32(0), np.float32(2)))
    1.5
    """
    width = curve(points)
    top, bottom = points[0][0], points[-1][0]

    def distance(y: Field, x: Field) -> Field:
        slope = (width(y + _STEP) - width(y - _STEP)) / (2 * _STEP)
        side = (np.abs(x) - width(y)) / np.hypot(np.float32(1), slope)
        signed: Field = np.maximum.reduce([side, top - y, y - bottom])
        return signed.astype(np.float32)

    return distance


def between(upper: Sequence[Point], lower: Sequence[Point]) -> Shape:
    """Fill from an upper to a lower curve of ``(x, y)`` points, left to right.

    Examples
    --------
    >>> band = between([(-1, 0), (1, 0)], [(-1, 2), (1, 2)])
    >>> float(band(np.float32(0.5), np.float32(0)))
    -0.5
    """
    top, bottom = curve(upper), curve(lower)
    left = max(upper[0][0], lower[0][0])
    right = min(upper[-1][0], lower[-1][0])

    def distance(y: Field, x: Field) -> Field:
        rise = (top(x + _STEP) - top(x - _STEP)) / (2 * _STEP)
        fall = (bottom(x + _STEP) - bottom(x - _STEP)) / (2 * _STEP)
        above = (top(x) - y) / np.hypot(np.float32(1), rise)
        below = (y - bottom(x)) / np.hypot(np.float32(1), fall)
        ends = np.maximum(left - x, x - right)
        signed: Field = np.maximum.reduce([above, below, ends])
        return signed.astype(np.float32)

    return distance
