"""What the colours of a cutout tell about its matte: residue, evidence, halo."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.metrics.evidence import measure_evidence
from cosmat_nb.metrics.halo import measure_halo
from cosmat_nb.metrics.pictures import check_picture

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["measure_evidence", "measure_halo", "measure_residue"]

_STRIP = 1 << 16  # pixels looked at together: they stay in the processor's cache
_OPAQUE = 1 << 24  # RGBA read as one little-endian number: alpha counts these


def measure_residue(rgba: NDArray[np.uint8]) -> float | None:
    """Measure how much colour is left under alpha 0.

    Nobody sees it, until a program drops alpha, scales the picture without
    weighting by alpha, or the file is larger than it need be.

    Parameters
    ----------
    rgba : ndarray of uint8, shape (H, W, 4)
        Cutout, alpha not multiplied in. It is not changed.

    Returns
    -------
    float or None
        Share of the pixels with alpha 0 whose colour is not black, 0 to 1. None when
        no pixel has alpha 0.

    Raises
    ------
    OptionsError
        When `rgba` is no such array.

    Examples
    --------
    >>> rgba = np.zeros((2, 3, 4), np.uint8)
    >>> rgba[0] = (9, 9, 9, 255)
    >>> rgba[1, 0, 2] = 1
    >>> round(measure_residue(rgba), 3)
    0.333
    """
    rgba = check_picture(rgba, "rgba", 4)
    clear = black = 0
    rows = max(1, _STRIP // rgba.shape[1])
    for start in range(0, len(rgba), rows):
        strip = np.ascontiguousarray(rgba[start : start + rows])
        # The order of bytes is named, so that alpha is the high one on any machine.
        packed = strip.view("<u4")
        clear += int(np.count_nonzero(packed < _OPAQUE))
        black += int(np.count_nonzero(packed == 0))
    return (clear - black) / clear if clear else None
