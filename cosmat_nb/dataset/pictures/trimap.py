"""A trimap drawn from a matte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.dataset.example import hard_mask
from cosmat_nb.metrics.trimap import unknown_band

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.dataset.example import Alpha

__all__ = ["draw_trimap"]

_UNKNOWN, _FOREGROUND = 128, 255


def draw_trimap(alpha: Alpha, radius: int) -> NDArray[np.uint8]:
    """Draw the trimap of a matte, (H, W) uint8: 0, 128 where it is in doubt, 255.

    Parameters
    ----------
    alpha : (H, W) uint8 or uint16 array
        The matte.
    radius : int
        How far soft pixels and edges are widened, px; see
        `cosmat_nb.metrics.trimap.unknown_band`.

    Examples
    --------
    >>> draw_trimap(np.array([[0, 0, 0, 255, 255, 255]], np.uint8), 1)
    array([[  0, 128, 128, 128, 128, 255]], dtype=uint8)
    """
    soft = alpha if alpha.dtype == np.uint8 else alpha / np.float64(65535)
    trimap = hard_mask(alpha) * np.uint8(_FOREGROUND)
    trimap[unknown_band(soft, radius)] = _UNKNOWN
    return trimap
