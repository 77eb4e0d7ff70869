"""Ranges that numbers are drawn from."""

from __future__ import annotations

import math
import operator
from typing import TYPE_CHECKING, TypeAlias

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from random import Random

__all__ = ["Range", "check_counts", "check_number", "check_range", "pick"]

Range: TypeAlias = tuple[float, float]


def check_number(name: str, value: object, low: float, high: float) -> float:
    """Return a number from `low` to `high`.

    Raises
    ------
    OptionsError
        When it is another, or no number.

    Examples
    --------
    >>> check_number("cut", 0, 0, 0.9)
    0.0
    """
    try:
        number = math.nan if isinstance(value, (bool, str)) else float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not low <= number <= high:
        raise OptionsError(f"{name} must be {low:g} to {high:g}; not {value!r:.60}")
    return number


def check_range(name: str, value: object, low: float, high: float) -> Range:
    """Return two numbers, the lower one first, both from `low` to `high`.

    Raises
    ------
    OptionsError
        When they are others.

    Examples
    --------
    >>> check_range("scale", [0.2, 1], 0, 1)
    (0.2, 1.0)
    """
    first, last = _two(name, value)
    pair = (check_number(name, first, low, high), check_number(name, last, low, high))
    if pair[0] > pair[1]:
        raise OptionsError(f"{name} must name its lower end first; not {value!r:.60}")
    return pair


def check_counts(name: str, value: object, low: int, high: int) -> tuple[int, int]:
    """Return two whole numbers, both from `low` to `high`, in any order.

    Raises
    ------
    OptionsError
        When they are others.

    Examples
    --------
    >>> check_counts("size", (480, 640), 1, 1000)
    (480, 640)
    """
    try:
        pair = tuple(map(operator.index, _two(name, value)))  # type: ignore[arg-type]
    except TypeError:
        pair = (low - 1,)
    if not all(low <= number <= high for number in pair):
        raise OptionsError(
            f"{name} must be two whole numbers, {low} to {high}; not {value!r:.60}"
        )
    return pair[0], pair[1]


def pick(random: Random, ends: Range) -> float:
    """Draw a number between two, evenly.

    Examples
    --------
    >>> from random import Random
    >>> pick(Random(0), (2.0, 2.0))
    2.0
    """
    low, high = ends
    return min(low + (high - low) * random.random(), high)


def _two(name: str, value: object) -> tuple[object, object]:
    try:
        first, last = value[:]  # type: ignore[index]
    except (TypeError, ValueError):
        raise OptionsError(f"{name} must be two numbers; not {value!r:.60}") from None
    return first, last
