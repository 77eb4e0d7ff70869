"""Conn: how much of a matte hangs loose from what two mattes have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from cosmat_nb.metrics.window import marked_window

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["STEPS", "THETA", "connectivity_differences"]

STEPS = 10
"""Number of thresholds: 0.1, 0.2 ... 1, a step of 0.1."""

THETA = 0.15
"""Alpha above the connected level that is forgiven (Rhemann et al. 2009)."""

# Thresholds are decimals, which floats of 32 bits miss by up to 6e-8.
_ROUNDING = 1e-6


def connectivity_differences(
    alpha: NDArray[np.float64], reference: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Compare how firmly each pixel is connected in two mattes; the sum is Conn.

    For each threshold t the source region is the largest 4-connected component of
    the pixels with alpha >= t in both mattes. The level l of a pixel is the last
    threshold up to which it has been in every source region, 0 when it is not in
    the first. With ``d = alpha - l`` its connectedness is
    ``phi = 1 - d if d >= 0.15 else 1``.

    Parameters
    ----------
    alpha, reference : ndarray of float64, shape (H, W)
        The two mattes, 0 to 1.

    Returns
    -------
    ndarray of float64, shape (H, W)
        ``|phi(alpha) - phi(reference)|``, 0 to 1. The same when the two are swapped:
        source regions, and so levels, come from the smaller of both values.

    Notes
    -----
    ``Conn = sum(|phi(alpha) - phi(reference)|)`` with theta = 0.15 and power p = 1:
    C. Rhemann et al., "A perceptually motivated online benchmark for image matting",
    CVPR 2009; levels as in the evaluation code of Deep Image Matting (Xu et al.
    2017), with which most tables are made. The paper's own definition differs: its
    one source region is where both mattes are opaque, each matte has levels of its
    own, and d is weighted by the distance to what is connected. That code computes
    the distances and never uses them; neither are they used here.

    Where codes that are in use differ, this one

    - compares with ``>=`` throughout. Thresholds from ``numpy.arange(0, 1.1, 0.1)``
      lie above 0.3, 0.6 and 0.7, so that in many ports a pixel of 153 / 255 = 0.6
      misses the threshold 0.6; here differences below 1e-6 are rounding, and 8 bits
      are compared exactly;
    - takes all largest components where several are equally large. Others take the
      one whose first pixel comes first, down the columns in MATLAB and along the
      rows elsewhere, and change when the picture is mirrored;
    - has no source region where no pixel reaches a threshold in both mattes: all
      levels end below it. GFM's code passes over such thresholds, which gives what
      was connected until then the level 1;
    - joins pixels along rows and columns only, as MATLAB's call with 4 does, not
      across corners.

    Two mattes that share nothing above 0.1 have all levels at 0, and one component
    that outgrows another at a higher threshold takes the source region with it.

    Levels are found only where the mattes differ (elsewhere the result is 0), inside
    the box of what they share, and once for thresholds that give the same pixels:
    hard mattes are labelled once, soft ones nine times at most.

    Examples
    --------
    >>> reference = np.array([[1, 1, 1, 0, 0, 0]], float)
    >>> alpha = np.array([[1, 1, 1, 0, 0.5, 0.1]])
    >>> connectivity_differences(alpha, reference)
    array([[0. , 0. , 0. , 0. , 0.5, 0. ]])
    """
    differing = alpha != reference
    found, true = alpha[differing], reference[differing]
    levels = _connected_levels(_shared_steps(alpha, reference), differing)
    differences = np.zeros(alpha.shape)
    differences[differing] = np.abs(_loose(found - levels) - _loose(true - levels))
    return differences


def _loose(gap: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(gap >= THETA - _ROUNDING, gap, 0.0)


def _shared_steps(
    alpha: NDArray[np.float64], reference: NDArray[np.float64]
) -> NDArray[np.int8]:
    """Count the thresholds that each pixel reaches in both mattes."""
    shared = np.minimum(alpha, reference)
    # In place: a picture of 12 megapixels takes 96 MB for every copy.
    shared += _ROUNDING
    shared *= STEPS
    return shared.astype(np.int8)


def _connected_levels(
    steps: NDArray[np.int8], wanted: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """Return the level of each wanted pixel, in the order of ``steps[wanted]``."""
    reached = np.zeros(np.count_nonzero(wanted), np.int8)
    box = marked_window(steps > 0)
    inside = np.zeros(steps.shape, np.bool_)
    inside[box] = True
    reached[inside[wanted]] = _climb(steps[box], np.flatnonzero(wanted[box]))
    return reached / STEPS


def _climb(steps: NDArray[np.int8], wanted: NDArray[np.intp]) -> NDArray[np.int8]:
    reached = np.zeros(wanted.size, np.int8)
    held = np.arange(wanted.size)
    # The last threshold is left out: both mattes are 1 only where they do not differ.
    for step in range(1, STEPS):
        # Without a pixel that ends below this step, the source region is as before.
        if step == 1 or (steps == step - 1).any():
            held = held[_largest(steps >= step, wanted[held])]
            if not held.size:
                break
        reached[held] = step
    return reached


def _largest(mask: NDArray[np.bool_], at: NDArray[np.intp]) -> NDArray[np.bool_]:
    """Tell which of the pixels lie in a largest component of a mask."""
    labels, count = ndimage.label(mask)
    if not count:
        return np.zeros(at.shape, np.bool_)
    sizes = np.bincount(labels.ravel())
    sizes[0] = 0
    largest: NDArray[np.bool_] = (sizes == sizes.max())[labels.ravel()[at]]
    return largest
