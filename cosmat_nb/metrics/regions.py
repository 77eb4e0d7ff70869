"""How far two hard mattes cover the same pixels and have the same boundary."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy import ndimage

from cosmat_nb.metrics.checks import HARD
from cosmat_nb.metrics.window import marked_window

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["BOUNDARY_SHARE", "RegionErrors", "region_errors"]

BOUNDARY_SHARE = 0.008
"""Tolerance of `RegionErrors.boundary_f`, share of the diagonal."""


class RegionErrors(NamedTuple):
    """Agreement of two mattes at the hard level, alpha >= 0.5; 1 is the best.

    Attributes
    ----------
    iou : float
        Pixels that are hard in both over pixels that are hard in either, 0 to 1
        (Jaccard 1912). 1 when neither matte has a hard pixel.
    dice : float
        Pixels that are hard in both over the mean of the two hard areas, 0 to 1
        (Dice 1945); always ``2 * iou / (1 + iou)``. 1 when neither matte has a hard
        pixel.
    boundary_f : float
        Harmonic mean of precision and recall of the boundary within a tolerance of
        0.008 of the picture's diagonal, rounded up to whole px, 0 to 1. 1 when
        neither matte has a boundary, which includes a full matte beside an empty
        one: `iou` tells these apart. 0 when only one of them has a boundary.
    """

    iou: float
    dice: float
    boundary_f: float


def region_errors(
    alpha: NDArray[np.float64], reference: NDArray[np.float64]
) -> RegionErrors:
    """Compare the hard pixels of a matte with those of a reference.

    Parameters
    ----------
    alpha : ndarray of float64, shape (H, W)
        The matte, 0 to 1, checked by the caller.
    reference : ndarray of float64, shape (H, W)
        What it should be, 0 to 1, checked by the caller.

    Returns
    -------
    RegionErrors
        The same whichever of the two is the reference.

    Notes
    -----
    The boundary is the set of corners between pixels at which hard pixels and others
    meet. The picture's frame is no boundary: beyond it the outermost pixels go on.
    Precision is the share of the matte's corners that have one of the reference's
    within the tolerance, recall the other way round, both by exact Euclidean
    distance and without one-to-one matching. Measure and tolerance are those of
    DAVIS (Perazzi et al. 2016, CVPR, 724-732), which simplifies the matching of
    Martin, Fowlkes and Malik (2004, IEEE PAMI 26, 530-549). The DAVIS code looks for
    corners only below and to the right of each pixel, and so leaves out those on
    the upper and the left side of the picture; here all four sides are alike, so
    that mirroring changes nothing. Where both boundaries keep off these two sides
    the numbers are the same.

    Examples
    --------
    >>> reference = np.zeros((40, 40))
    >>> reference[10:30, 10:30] = 1
    >>> alpha = np.roll(reference, 5, axis=1)
    >>> [round(value, 6) for value in region_errors(alpha, reference)]
    [0.6, 0.75, 0.45]
    """
    hard, truth = alpha >= HARD, reference >= HARD
    both = int(np.count_nonzero(hard & truth))
    areas = int(np.count_nonzero(hard)) + int(np.count_nonzero(truth))
    return RegionErrors(
        iou=both / (areas - both) if areas else 1.0,
        dice=2 * both / areas if areas else 1.0,
        boundary_f=_boundary_f(_corners(hard), _corners(truth), _reach(hard.shape)),
    )


def _reach(shape: tuple[int, ...]) -> int:
    # Rounded up, so that the smallest picture still has 1 px, one step on its grid.
    return math.ceil(BOUNDARY_SHARE * math.hypot(*shape))


def _corners(hard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Mark corners of pixels at which hard ones and others meet, (H + 1, W + 1)."""
    pixels = np.pad(hard, 1, mode="edge")
    down = pixels[1:] ^ pixels[:-1]
    right = pixels[:-1, 1:] ^ pixels[:-1, :-1]
    # Equal sides and an equal upper pair leave the lower pair no choice.
    corners: NDArray[np.bool_] = down[:, 1:] | down[:, :-1] | right
    return corners


def _boundary_f(found: NDArray[np.bool_], true: NDArray[np.bool_], reach: int) -> float:
    if not (found.any() or true.any()):
        return 1.0
    if not (found.any() and true.any()):
        return 0.0
    # No corner outside this box can be the nearest of one inside.
    box = marked_window(found | true)
    precision = _share_near(found[box], true[box], reach)
    recall = _share_near(true[box], found[box], reach)
    both = precision + recall
    return 2 * precision * recall / both if both else 0.0


def _share_near(
    corners: NDArray[np.bool_], others: NDArray[np.bool_], reach: int
) -> float:
    """Return the share of the corners that have one of the others within reach."""
    distance = ndimage.distance_transform_edt(~others)
    return float(np.count_nonzero(distance[corners] <= reach) / corners.sum())
