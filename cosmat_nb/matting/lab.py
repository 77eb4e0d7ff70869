"""sRGB to CIE Lab, the space in which colour distances are measured."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["to_lab"]

_RGB_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_KNEE = 0.04045  # below it the sRGB curve is straight
_WHITE = (0.95047, 1.0, 1.08883)


def to_lab(picture: NDArray[np.generic]) -> NDArray[np.float32]:
    """Convert sRGB to CIE L*a*b* under D65.

    Parameters
    ----------
    picture : (..., 3) array, 0 to 255
        sRGB (IEC 61966-2-1).

    Returns
    -------
    (..., 3) float32 array
        L* 0 to 100; a* and b* about -128 to 128 (CIE 15:2004, section 8.2.1).

    Examples
    --------
    >>> to_lab(np.array([255, 0, 0])).round().tolist()
    [53.0, 80.0, 67.0]
    """
    encoded = np.asarray(picture, dtype=np.float32) / np.float32(255)
    linear = np.where(
        encoded > _KNEE, ((encoded + 0.055) / 1.055) ** 2.4, encoded / 12.92
    )
    to_xyz = np.array(_RGB_TO_XYZ, dtype=np.float32).T / np.array(
        _WHITE, dtype=np.float32
    )
    ratio = linear @ to_xyz
    straight = (24389 / 27 * ratio + 16) / 116
    root = np.where(ratio > 216 / 24389, np.cbrt(ratio), straight)
    x, y, z = np.moveaxis(root, -1, 0)
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)
