"""How sure a mean difference is: bootstrap interval, paired test, correction."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.draws import (
    blocks,
    check_draws,
    numbers,
    pool,
    rescaled,
    shaped,
    table,
)

__all__ = [
    "FEWEST_PAIRS",
    "RESAMPLES",
    "Interval",
    "adjust_holm",
    "bootstrap_interval",
    "paired_test",
]

RESAMPLES = 9999
"""Resamples, and sign flips, unless told: p-values then resolve 0.0001."""

FEWEST_PAIRS = 6
"""Below, no interval: it would be much shorter than it says.

Nor could a test of so few sign flips come down to 0.05.
"""

_CONFIDENCE = 0.5, 0.999
_MOST_ENUMERATED = 20  # nonzero differences; half a million sums, 4 MB
_ROUNDING = 1e-12

Array = npt.NDArray[np.float64]


class Interval(NamedTuple):
    """Bounds of an interval: floats, or one value for each column.

    Attributes
    ----------
    low, high : float or ndarray of float64, shape (m,)
        In the unit of the differences; NaN where there is no interval.
    """

    low: Any
    high: Any


def bootstrap_interval(
    differences: npt.ArrayLike,
    *,
    confidence: float = 0.95,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Interval:
    """Bound a mean difference by the bias-corrected and accelerated bootstrap (BCa).

    Parameters
    ----------
    differences : array_like of float, shape (n,) or (n, m)
        One finite difference for each independent pair; m columns are resampled by the
        same draws.
    confidence : float, default 0.95
        Share of such intervals that are to hold the true mean, 0.5 to 0.999. With few
        pairs fewer do: the interval is shorter than it says.
    resamples : int, default 9999
        100 and up.
    seed : int, default 0
        Of the draws, 0 and up: the same seed gives the same bounds.

    Returns
    -------
    Interval
        NaN where too little can be learned of the spread: below 6 pairs, where it
        would be much shorter than it says, or when all differences are equal (within
        1e-12 of the largest).

    Raises
    ------
    OptionsError
        When a number is out of range, or a difference is not finite.

    Notes
    -----
    B. Efron, "Better bootstrap confidence intervals", JASA 82 (1987), 171-185: the
    bounds are the quantiles ``Phi(z0 + (z0 + z) / (1 - a (z0 + z)))`` of the
    resampled means. z0 is the normal quantile of the share of them below the mean,
    ties counting half; for a mean the acceleration a, by the jackknife, is
    ``sum(d**3) / (6 sum(d**2)**1.5)`` with d the deviations from it. More than 1000
    pairs are put together at random into 1000 sums, and these are resampled.

    Examples
    --------
    >>> low, high = bootstrap_interval([1.0, 2.0, 2.0, 3.0, 4.0, 6.0])
    >>> round(low, 2), round(high, 2)
    (2.0, 4.67)
    >>> bootstrap_interval([1.0, 2.0, 3.0])
    Interval(low=nan, high=nan)
    """
    columns, shape = table(differences)
    check_draws(resamples, seed)
    known = isinstance(confidence, (float, np.floating))
    if not (known and _CONFIDENCE[0] <= confidence <= _CONFIDENCE[1]):
        raise OptionsError(f"confidence must be 0.5 to 0.999; not {confidence!r:.40}")
    bounds = np.full((2, columns.shape[1]), np.nan)
    columns, exponents = rescaled(columns)
    varies = _find_spread(columns)
    if varies.any():
        varying = _pool_around_mean(columns[:, varies], seed)
        means = _resample_means(varying, resamples, seed)
        found = _bca_bounds(varying, means, confidence)
        bounds[:, varies] = np.ldexp(found, exponents[varies])
    return Interval(*(shaped(each, shape) for each in bounds))


def paired_test(
    differences: npt.ArrayLike, *, resamples: int = RESAMPLES, seed: int = 0
) -> Any:
    """Test whether a mean difference is zero, by flipping signs.

    The null hypothesis is that a difference could as well have had the other sign:
    which of the two results is called b would not matter. The test asks about the same
    mean that `bootstrap_interval` bounds, needs no ranks, and ties and zeros are no
    special case, as they are for Wilcoxon's test.

    Parameters
    ----------
    differences : array_like of float, shape (n,) or (n, m)
        One finite difference for each independent pair; every column is a test.
    resamples : int, default 9999
        Random flips where there are too many to try all of them, 100 and up.
    seed : int, default 0
        Of these, 0 and up.

    Returns
    -------
    float or ndarray of float64, shape (m,)
        Two-sided p-value: share of the flips whose sum is at least as far from 0 as
        the sum found, above 0 to 1. Exact with up to 20 differences that are not 0,
        whatever the seed. 1 when all are 0; NaN without any pair.

    Raises
    ------
    OptionsError
        When a number is out of range, or a difference is not finite.

    Notes
    -----
    R. A. Fisher, "The Design of Experiments" (1935), section 21. The sum found counts
    among the random ones, so that p is never 0 and the test keeps its level: Phipson
    and Smyth, Stat. Appl. Genet. Mol. Biol. 9 (2010), 39. So p is at least
    ``1 / (resamples + 1)``, and ``2 / 2**n`` where it is exact; `adjust_holm` takes it
    times the number of tests. More than 1000 pairs are put together at random into
    1000 sums, and these are flipped.

    Examples
    --------
    >>> paired_test([1.0, 2.0, 3.0])  # 2 of 8 flips: all signs alike
    0.25
    >>> paired_test([0.0, 0.0])
    1.0
    """
    columns, shape = table(differences)
    check_draws(resamples, seed)
    p = np.full(columns.shape[1], np.nan)
    if len(columns):
        columns, _ = rescaled(columns)
        few = np.count_nonzero(columns, axis=0) <= _MOST_ENUMERATED
        p[few] = [_enumerate_flips(column[column != 0]) for column in columns.T[few]]
        if not few.all():
            p[~few] = _draw_flips(pool(columns[:, ~few], seed), resamples, seed)
    return shaped(p, shape)


def adjust_holm(p: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Adjust the p-values of a family of tests, so that one error in it is unlikely.

    Parameters
    ----------
    p : array_like of float, shape (m,)
        0 to 1; NaN stands for a test that was not made and does not count.

    Returns
    -------
    ndarray of float64, shape (m,)
        The i-th smallest of m becomes the largest of ``(m - j + 1) p_j`` over j <= i,
        at most 1; NaN stays. Those below 0.05 hold a wrong rejection with at most 5 %
        probability, however the tests depend on each other.

    Raises
    ------
    OptionsError
        When `p` is no row of numbers from 0 to 1.

    Notes
    -----
    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian
    Journal of Statistics 6 (1979), 65-70.

    Examples
    --------
    >>> adjust_holm([0.01, 0.04, 0.03, np.nan]).round(10).tolist()
    [0.03, 0.06, 0.06, nan]
    """
    values = numbers(p, "p")
    if values.ndim != 1 or ((values < 0) | (values > 1)).any():
        raise OptionsError("p must be a row of numbers from 0 to 1, or NaN")
    adjusted = values.copy()
    made = np.flatnonzero(~np.isnan(values))
    order = made[np.argsort(values[made], kind="stable")]
    steps = np.arange(order.size, 0, -1) * values[order]
    adjusted[order] = np.minimum(np.maximum.accumulate(steps), 1)
    return adjusted


def _find_spread(columns: Array) -> npt.NDArray[np.bool_]:
    if len(columns) < FEWEST_PAIRS:
        return np.zeros(columns.shape[1], np.bool_)
    varies: npt.NDArray[np.bool_]
    varies = np.ptp(columns, axis=0) > _ROUNDING * np.abs(columns).max(axis=0)
    return varies


def _pool_around_mean(columns: Array, seed: int) -> Array:
    # Sums of a pair more or less would differ by the mean, and look like spread.
    mean: Array = columns.mean(axis=0)
    sums = pool(columns - mean, seed)
    return mean + sums * (len(sums) / len(columns))


def _resample_means(columns: Array, resamples: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    pairs = len(columns)
    means = np.empty((resamples, columns.shape[1]))
    for block in blocks(resamples, pairs):
        size = block.stop - block.start
        drawn = rng.integers(0, pairs, (size, pairs))
        drawn += pairs * np.arange(size)[:, None]
        times = np.bincount(drawn.ravel(), minlength=size * pairs)
        means[block] = times.reshape(size, pairs) @ columns / pairs
    return means


def _bca_bounds(columns: Array, means: Array, confidence: float) -> Array:
    from scipy.special import ndtr, ndtri  # noqa: PLC0415 - heavy

    mean = columns.mean(axis=0)
    deviation = columns - mean
    # Sums that are equal on paper differ by their rounding, and must count as ties.
    rounding = _ROUNDING * np.abs(columns).max(axis=0)
    below = (means < mean - rounding).mean(axis=0)
    share = (below + (means <= mean + rounding).mean(axis=0)) / 2
    least = 0.5 / len(means)
    z0 = ndtri(np.clip(share, least, 1 - least))
    a = (deviation**3).sum(axis=0) / (6 * (deviation**2).sum(axis=0) ** 1.5)
    z = z0 + ndtri([[(1 - confidence) / 2], [(1 + confidence) / 2]])
    quantiles = ndtr(z0 + z / (1 - a * z))
    bounds = map(np.quantile, means.T, quantiles.T)
    return np.stack(list(bounds), axis=1)


def _enumerate_flips(differences: Array) -> float:
    # Flipping all signs changes no distance from 0, so the first one may stay.
    sums = differences[:1] if differences.size else np.zeros(1)
    for difference in differences[1:]:
        sums = np.concatenate([sums + difference, sums - difference])
    return float(_as_far(sums, differences.sum(), np.abs(differences).sum()).mean())


def _draw_flips(columns: Array, resamples: int, seed: int) -> Array:
    rng = np.random.default_rng(seed)
    found, size = columns.sum(axis=0), np.abs(columns).sum(axis=0)
    count = np.ones(columns.shape[1])
    for block in blocks(resamples, len(columns)):
        shape = block.stop - block.start, len(columns)
        signs = 2.0 * rng.integers(0, 2, shape, dtype=np.int8) - 1
        count += _as_far(signs @ columns, found, size).sum(axis=0)
    return count / (resamples + 1)


def _as_far(sums: Array, found: Any, size: Any) -> npt.NDArray[np.bool_]:
    far: npt.NDArray[np.bool_] = np.abs(sums) >= np.abs(found) - _ROUNDING * size
    return far
