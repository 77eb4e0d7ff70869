"""What bootstrap and sign flips share: numbers made safe, pairs pooled, blocks."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "blocks",
    "check_draws",
    "numbers",
    "pool",
    "rescaled",
    "shaped",
    "table",
]

MOST_DRAWN = 1000
"""Pairs that are drawn or flipped one by one; more of them are pooled."""

_FEWEST_RESAMPLES = 100
_CELLS = 2**22  # of a block of resamples: 32 MiB

Array = npt.NDArray[np.float64]


def numbers(values: npt.ArrayLike, name: str) -> Array:
    """Return what a caller passed as float64.

    Raises
    ------
    OptionsError
        When it holds something else than numbers.
    """
    try:
        return np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise OptionsError(
            f"{name} must be numbers, in rows of one length; got a "
            f"{type(values).__name__} of something else"
        ) from None


def table(differences: npt.ArrayLike) -> tuple[Array, tuple[int, ...]]:
    """Return differences as columns, and the shape that a result of theirs has.

    Raises
    ------
    OptionsError
        When they are not finite, or of neither shape (n,) nor (n, m).

    Examples
    --------
    >>> columns, shape = table([1.0, 2.0, 4.0])
    >>> columns.shape, shape
    ((3, 1), ())
    """
    array = numbers(differences, "differences")
    if array.ndim not in (1, 2) or not np.isfinite(array).all():
        raise OptionsError(
            "differences must be finite numbers of shape (n,) or (n, m); got shape "
            f"{array.shape}, {np.count_nonzero(~np.isfinite(array))} of them not "
            "finite: leave out the pairs that have no number"
        )
    return array if array.ndim > 1 else array[:, None], array.shape[1:]


def check_draws(resamples: int, seed: int) -> None:
    """Make sure that resamples are 100 and up, and the seed 0 and up.

    Raises
    ------
    OptionsError
        Naming what is not.
    """
    for name, number, least in (
        ("resamples", resamples, _FEWEST_RESAMPLES),
        ("seed", seed, 0),
    ):
        try:
            known = operator.index(number) >= least
        except TypeError:
            known = False
        if not known:
            raise OptionsError(
                f"{name} must be a whole number from {least}; not {number!r:.40}"
            )


def rescaled(columns: Array) -> tuple[Array, npt.NDArray[np.intc]]:
    """Bring each column to a largest size from 0.5 to 1, so that cubes stay finite.

    Parameters
    ----------
    columns : ndarray of float64, shape (n, m)
        Finite.

    Returns
    -------
    tuple
        The columns divided by powers of two, exact but for what is less than 1e-300 of
        the largest, and the exponents: `numpy.ldexp` with them is the way back.

    Examples
    --------
    >>> columns, exponents = rescaled(np.array([[1e308, 3.0], [1e308, -6.0]]))
    >>> columns[:, 1].tolist(), exponents.tolist()
    ([0.375, -0.75], [1024, 3])
    >>> np.ldexp(columns.mean(axis=0), exponents).tolist()
    [1e+308, -1.5]
    """
    exponents = np.frexp(np.abs(columns).max(axis=0, initial=0))[1]
    return np.ldexp(columns, -exponents), exponents


def pool(columns: Array, seed: int) -> Array:
    """Sum up pairs at random, so that `MOST_DRAWN` sums stand for more of them.

    Sums of independent pairs are independent, and symmetric around 0 where the pairs
    are, so a test that flips sums keeps its level. What is lost is precision: the
    spread of k sums is known to about ``1 / sqrt(2 k)`` of itself.

    Parameters
    ----------
    columns : ndarray of float64, shape (n, m)
        One row a pair.
    seed : int
        Decides which pairs come together, in all columns the same.

    Returns
    -------
    ndarray of float64, shape (min(n, MOST_DRAWN), m)
        Each row the sum of as many pairs as any other, give or take one.

    Examples
    --------
    >>> sums = pool(np.ones((2500, 1)), seed=0)
    >>> sums.shape, sums.sum().item(), sums.min().item(), sums.max().item()
    ((1000, 1), 2500.0, 2.0, 3.0)
    """
    pairs = len(columns)
    if pairs <= MOST_DRAWN:
        return columns
    order = np.random.default_rng((seed, pairs)).permutation(pairs)
    starts = np.arange(MOST_DRAWN) * pairs // MOST_DRAWN
    sums: Array = np.add.reduceat(columns[order], starts)
    return sums


def blocks(resamples: int, pairs: int) -> Iterator[slice]:
    """Cut resamples into runs whose draws take bounded memory.

    Examples
    --------
    >>> [run.stop - run.start for run in blocks(9999, 1000)]
    [4194, 4194, 1611]
    """
    step = max(_CELLS // pairs, 1)
    for start in range(0, resamples, step):
        yield slice(start, min(start + step, resamples))


def shaped(values: Array, shape: tuple[int, ...]) -> Any:
    """Return one value for each column, or the only one as a float."""
    return values if shape else values.item()
