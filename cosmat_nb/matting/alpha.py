"""What a picture's colours say of alpha, place by place, at the network's own size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Planes = NDArray[np.float32]

__all__ = ["fit_colors"]

_REACH = 5  # half width of a window, network pixels; 3 to 8 serve about as well
_NOISE = 1e-3  # variance of colour that means nothing: 3 % of the range, squared
_FLAT = 1e-4  # variance of the matte below which no edge is near
_PAIRS = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))


def fit_colors(picture: Planes, coarse: Planes) -> Planes:
    """Fit, round every place, the line through colour space along which alpha grows.

    Within a window foreground F and backdrop B are taken for one colour each, with
    noise. The direction is that of a guided filter, ``a = cov(I)^-1 cov(I, matte)``
    (K. He, J. Sun, X. Tang, "Guided Image Filtering", PAMI 2013, equation 19), which
    is Fisher's between F and B. Its length is not: of a coarse matte, blurred, colour
    explains only a share R², and regression shrinks the slope by that share. Dividing
    by it makes F read 1 and B read 0 again, for a matte that is right on the mean: of
    the pixels it gives 0.3, three in ten are foreground.

    Parameters
    ----------
    picture : (h, w, 3) float32 array in [0, 1]
        The picture at the coarse matte's size.
    coarse : (h, w) float32 array in [0, 1]
        The network's matte.

    Returns
    -------
    (h, w, 5) float32 array
        Slopes for red, green and blue and an offset, so that ``slopes . I + offset``
        is alpha as colour has it; and how far to believe that rather than the matte,
        in [0, 1]: R² where the matte is in doubt, 0 where it is sure.

    Examples
    --------
    An edge that the network drew soft is hard in the picture; colour reads it so:

    >>> picture = np.zeros((9, 16, 3), dtype=np.float32)
    >>> picture[:, 8:] = 1
    >>> coarse = np.clip((np.arange(16, dtype=np.float32) - 5.5) / 4, 0, 1)
    >>> line = fit_colors(picture, np.tile(coarse, (9, 1)))[4]
    >>> told = (line[:, :3] * picture[4]).sum(axis=1) + line[:, 3]
    >>> np.clip(told, 0, 1)[6:10].round(1).tolist()
    [0.0, 0.0, 1.0, 1.0]
    """
    colors = np.moveaxis(picture, 2, 0)
    means, spread, shared, variance = _moments(colors, coarse)
    slopes = _solve(spread, shared)
    explained = (slopes * shared).sum(axis=0) / variance
    # Where nothing is explained nothing is trusted, so this bound only avoids 0 / 0.
    explained = np.clip(explained, 1e-3, 1)
    slopes /= explained
    offset = means[3] - (slopes * means[:3]).sum(axis=0)
    trust = explained * _doubt(coarse)
    return np.stack([*slopes, offset, trust], axis=2)


def _doubt(coarse: Planes) -> Planes:
    """How open the matte is, the trimap's unknown with a soft rim, in [0, 1].

    A matte's variance is at most m (1 - m), m its mean over a pixel and its neighbours:
    under 0.02 (m of 0.02 or 0.98) nothing is open, over 0.12 everything.
    """
    mean = ndimage.uniform_filter(coarse, 3, mode="nearest")
    open_to: Planes = np.clip(10 * mean * (1 - mean) - np.float32(0.2), 0, 1)
    return open_to


def _moments(colors: Planes, coarse: Planes) -> tuple[Planes, Planes, Planes, Planes]:
    """Means, the six covariances of colour, those with the matte, its variance."""
    products = [colors[one] * colors[two] for one, two in _PAIRS]
    layers = np.stack([*colors, coarse, *products, *(colors * coarse), coarse * coarse])
    size = (0, 2 * _REACH + 1, 2 * _REACH + 1)
    mean = ndimage.uniform_filter(layers, size, mode="nearest")
    spread = mean[4:10]
    for place, (one, two) in enumerate(_PAIRS):
        spread[place] -= mean[one] * mean[two]
        spread[place] += _NOISE * (one == two)
    shared = mean[10:13] - mean[:3] * mean[3]
    variance = np.maximum(mean[13] - mean[3] * mean[3], 0) + np.float32(_FLAT)
    return mean[:4], spread, shared, variance


def _solve(spread: Planes, shared: Planes) -> Planes:
    """Solve the symmetric 3 by 3 system of every place, by its cofactors."""
    rr, rg, rb, gg, gb, bb = spread
    first = np.stack([gg * bb - gb * gb, rb * gb - rg * bb, rg * gb - rb * gg])
    determinant = rr * first[0] + rg * first[1] + rb * first[2]
    middle, last = (rr * bb - rb * rb, rg * rb - rr * gb), rr * gg - rg * rg
    solved = np.stack(
        [
            first[0] * shared[0] + first[1] * shared[1] + first[2] * shared[2],
            first[1] * shared[0] + middle[0] * shared[1] + middle[1] * shared[2],
            first[2] * shared[0] + middle[1] * shared[1] + last * shared[2],
        ]
    )
    solved /= determinant
    return solved
