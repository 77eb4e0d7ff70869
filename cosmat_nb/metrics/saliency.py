"""What salient object detection reports: structure, alignment, weighted F."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cosmat_nb.metrics.checks import HARD
from cosmat_nb.metrics.weighted_f import weighted_f

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SaliencyScores", "saliency_scores"]

_LEVELS = 255


class SaliencyScores(NamedTuple):
    """Scores of a soft matte against the hard pixels of a reference; 1 is the best.

    Attributes
    ----------
    s_measure : float
        Structure measure, 0 to 1: half object-aware and half region-aware
        similarity (Fan et al. 2017, their alpha = 0.5).
    e_measure : float
        Enhanced-alignment measure, 0 to 1, mean over the matte's 255 hard versions
        (Fan et al. 2018).
    weighted_f : float
        Weighted F-measure, 0 to 1, beta^2 = 1 (Margolin et al. 2014), defined in
        `cosmat_nb.metrics.weighted_f`.
    """

    s_measure: float
    e_measure: float
    weighted_f: float


def saliency_scores(
    alpha: NDArray[np.float64], reference: NDArray[np.float64]
) -> SaliencyScores:
    """Score a matte as salient object detection does.

    Parameters
    ----------
    alpha : ndarray of float64, shape (H, W)
        The matte, 0 to 1, checked by the caller. It is used as it is: toolboxes that
        stretch each prediction to 0 to 1 first cannot see that a matte is faint.
    reference : ndarray of float64, shape (H, W)
        What it should be, 0 to 1, checked by the caller; hard where >= 0.5, as these
        measures know no soft reference. A soft matte therefore scores below 1 even
        against itself.

    Returns
    -------
    SaliencyScores
        1, 1 and 1 for a hard matte that equals the reference. Where the reference
        has no hard pixel, S is the mean of 1 - alpha and E the mean share of
        pixels that are not hard; where it is hard everywhere, S is the mean of alpha
        and E the mean share of hard pixels.

    Notes
    -----
    S (Fan, Cheng, Liu, Li and Borji 2017, ICCV, 4548-4557) follows the authors' code:
    the picture is cut in four below and to the right of the pixel that holds the
    reference's centroid, halves rounded up, and a block in which both are constant
    scores 1. That pixel goes to the upper left block, so mirroring can change S;
    transposing cannot. Blocks without pixels count nothing.

    E (Fan, Gong, Cao, Ren, Cheng and Borji 2018, IJCAI, 698-704) is defined for two
    hard mattes. The column is the mean over the thresholds 1/255, ..., 255/255, with
    alpha rounded to 8 bits: unlike the adaptive value it needs no threshold to be
    chosen, unlike the largest it uses every level, and it is what benchmarks of fine
    cutouts print beside S and weighted F (DIS5K: Qin et al. 2022, ECCV). Two
    parts of the published code are left out, so that a perfect matte scores 1: the
    division by N - 1 instead of N pixels, and threshold 0, at which every matte is
    full. With a reference neither empty nor full, the published mean is
    ``(255 * e_measure + 0.25) / 256 * N / (N - 1)``.

    Examples
    --------
    >>> reference = np.zeros((6, 8))
    >>> reference[2:4, 2:6] = 1
    >>> saliency_scores(reference, reference)
    SaliencyScores(s_measure=1.0, e_measure=1.0, weighted_f=1.0)
    >>> [round(value, 4) for value in saliency_scores(0.6 * reference, reference)]
    [0.9164, 0.7, 0.8053]
    """
    truth = reference >= HARD
    return SaliencyScores(
        s_measure=_s_measure(alpha, truth),
        e_measure=_e_measure(alpha, truth),
        weighted_f=weighted_f(alpha, truth),
    )


def _s_measure(alpha: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    share = float(truth.mean())
    if share in (0.0, 1.0):
        return float(alpha.mean() if share else 1 - alpha.mean())
    objects = share * _object_score(alpha[truth])
    objects += (1 - share) * _object_score(1 - alpha[~truth])
    return max(0.0, (objects + _region_score(alpha, truth)) / 2)


def _object_score(values: NDArray[np.float64]) -> float:
    mean = float(values.mean())
    spread = float(values.std(ddof=1)) if values.size > 1 else 0.0
    return 2 * mean / (mean**2 + 1 + spread)


def _region_score(alpha: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    row, col = (_cut(truth.sum(axis=axis)) for axis in (1, 0))
    blocks = [
        (rows, cols)
        for rows in (slice(None, row), slice(row, None))
        for cols in (slice(None, col), slice(col, None))
    ]
    scores = [alpha[at].size * _block_score(alpha[at], truth[at]) for at in blocks]
    return sum(scores) / alpha.size


def _cut(sums: NDArray[np.int64]) -> int:
    """Return the number of lines up to the centroid's, halves rounded up."""
    # Whole numbers, because a mean of floats can miss a half.
    total, moment = int(sums.sum()), int(np.arange(sums.size) @ sums)
    return (2 * moment + total) // (2 * total) + 1


def _block_score(alpha: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Compare means, variances and covariance, as SSIM without its constants."""
    if not alpha.size:
        return 0.0
    flat, plain = np.ptp(alpha) == 0, truth.all() or not truth.any()
    # Asked of the values: rounding can give constants a variance.
    if flat or plain:
        return 1.0 if flat and plain else 0.0
    mean, share = float(alpha.mean()), float(truth.mean())
    off = alpha - mean
    # Sums of squares: the divisor N - 1 of the three cancels.
    covariance = float(off[truth].sum())
    spreads = float(np.vdot(off, off)) + alpha.size * share * (1 - share)
    return 4 * mean * share * covariance / ((mean**2 + share**2) * spreads)


def _e_measure(alpha: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    levels = np.rint(alpha * _LEVELS).astype(np.uint8)
    inside, outside = _counts_above(levels[truth]), _counts_above(levels[~truth])
    area, rest = np.count_nonzero(truth), truth.size - np.count_nonzero(truth)
    if not area:
        return float((rest - outside).mean() / rest)
    if not rest:
        return float(inside.mean() / area)
    # A threshold leaves four kinds of pixels, and those of a kind align alike.
    found, share = (inside + outside) / truth.size, area / truth.size
    aligned = (
        inside * _alignment(1 - found, 1 - share)
        + outside * _alignment(1 - found, -share)
        + (area - inside) * _alignment(-found, 1 - share)
        + (rest - outside) * _alignment(-found, -share)
    )
    return float(aligned.mean() / truth.size)


def _counts_above(levels: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Count the values that are at least 1, 2, ..., 255, shape (255,)."""
    counts = np.bincount(levels, minlength=_LEVELS + 1)[::-1]
    return counts.cumsum()[_LEVELS - 1 :: -1]


def _alignment(found: NDArray[np.float64], true: float) -> NDArray[np.float64]:
    aligned = 2 * found * true / (found**2 + true**2)
    enhanced: NDArray[np.float64] = (1 + aligned) ** 2 / 4
    return enhanced
