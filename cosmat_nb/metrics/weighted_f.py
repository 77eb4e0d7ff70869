"""The weighted F-measure: errors count by where they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from cosmat_nb.metrics.window import marked_window

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["weighted_f"]

_RADIUS = 3  # px: the window of the dependency between pixels is 7 x 7
_SIGMA = 5.0  # px: its Gaussian
_HALVING = 5.0  # px from the reference over which an error's extra weight halves


def weighted_f(alpha: NDArray[np.float64], truth: NDArray[np.bool_]) -> float:
    """Compute the weighted F-measure of a matte, beta^2 = 1.

    An error inside the reference counts no more than the mean error around it, so
    that a lone wrong pixel weighs less than a missing piece. An error outside it
    counts 1 at the reference and up to 2 far from it.

    Parameters
    ----------
    alpha : ndarray of float64, shape (H, W)
        The matte, 0 to 1, checked by the caller.
    truth : ndarray of bool, shape (H, W)
        True where the reference is hard.

    Returns
    -------
    float
        0 to 1; 1 for a matte that equals the reference. Without a hard pixel in the
        reference: 1 when alpha is 0 everywhere, else 0.

    Notes
    -----
    Margolin, Zelnik-Manor and Tal 2014, CVPR, 248-255, as in their code: a 7 x 7
    Gaussian of sigma 5 px, zeros beyond the picture, and in the window pixels outside
    the reference stand for their nearest pixel inside it. Because of the zeros a miss
    at the frame of the picture counts less than the same miss elsewhere. Among
    equally near pixels the one that SciPy's distance transform finds is taken, so
    that mirroring a picture whose errors vary along the boundary can change the
    score a little; where they do not vary it cannot.

    Two things differ: no tiny number is added to the denominators, and an empty
    reference, for which the paper has no value, gives 1 for an empty matte.

    Examples
    --------
    >>> truth = np.zeros((9, 9), dtype=bool)
    >>> truth[3:6, 3:6] = True
    >>> weighted_f(truth * 1.0, truth), round(weighted_f(truth * 0.5, truth), 6)
    (1.0, 0.666667)
    """
    if not truth.any():
        return 0.0 if alpha.any() else 1.0
    # With what the 7 x 7 window sees around it.
    rows, cols = (
        slice(max(side.start - _RADIUS, 0), side.stop + _RADIUS)
        for side in marked_window(truth | (alpha > 0))
    )
    alpha, truth = alpha[rows, cols], truth[rows, cols]
    distance, nearest = ndimage.distance_transform_edt(~truth, return_indices=True)
    missed = _missed(1 - alpha, truth, nearest)
    outside = ~truth
    extra = 2 - np.exp2(-distance[outside] / _HALVING)
    area = int(np.count_nonzero(truth))
    hits, false = area - missed, float(alpha[outside] @ extra)
    # Harmonic mean of recall, hits / area, and precision, hits / (hits + false).
    return max(0.0, 2 * hits / (hits + false + area))


def _missed(
    lack: NDArray[np.float64],
    truth: NDArray[np.bool_],
    nearest: NDArray[np.int32],
) -> float:
    """Sum the errors inside the reference, each at most the mean around it."""
    steps = np.arange(-_RADIUS, _RADIUS + 1)
    kernel = np.exp(-(steps**2) / (2 * _SIGMA**2))
    kernel /= kernel.sum()
    around = lack[tuple(nearest)]
    for axis in (0, 1):
        around = ndimage.correlate1d(around, kernel, axis, mode="constant")
    return float(np.minimum(lack, around)[truth].sum())
