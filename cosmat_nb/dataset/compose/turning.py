"""Pixels with alpha, turned by any angle."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["turn", "turned_size"]

_ONE = 255
_RGB = 3
_NOISE = 1e-9  # px that rounding may add to a whole number
_RIM = 2  # px on either side: what the bicubic filter spreads an edge over


def turned_size(rows: int, cols: int, degrees: float) -> tuple[int, int]:
    """Return height and width of the array that holds a turned box, px.

    Examples
    --------
    >>> turned_size(30, 40, 0.0), turned_size(30, 40, 30.0)
    ((30, 40), (50, 54))
    """
    if not degrees:
        return rows, cols
    cos, sin = map(abs, _direction(degrees))
    return (
        math.ceil(rows * cos + cols * sin - _NOISE) + 2 * _RIM,
        math.ceil(rows * sin + cols * cos - _NOISE) + 2 * _RIM,
    )


def turn(rgba: NDArray[np.uint8], degrees: float) -> NDArray[np.uint8]:
    """Turn a picture about its middle, without a fringe.

    Colours are multiplied by alpha before and divided by it afterwards, as in
    `cosmat_nb.framing.pixels.resample`; the filter is Pillow's bicubic one.

    Parameters
    ----------
    rgba : (H, W, 4) uint8 array
        Straight colours.
    degrees : float
        Counter-clockwise, -90 to 90.

    Returns
    -------
    ndarray, ``turned_size(H, W, degrees)`` and 4, uint8
        Straight colours, (0, 0, 0, 0) where nothing shows.

    Examples
    --------
    >>> turn(np.full((30, 40, 4), 255, np.uint8), 30.0).shape
    (50, 54, 4)
    """
    if not degrees:
        return rgba
    alpha = rgba[..., 3].astype(np.float32)
    alpha /= _ONE
    opacity = _turn_plane(alpha, degrees)
    made = np.zeros((*opacity.shape, 4), np.uint8)
    made[..., 3] = (opacity.clip(0, 1) * _ONE).round()
    shows = made[..., 3] > 0
    for channel in range(_RGB):
        turned = _turn_plane(alpha * rgba[..., channel], degrees)
        made[shows, channel] = (turned[shows] / opacity[shows]).round().clip(0, _ONE)
    return made


def _turn_plane(plane: NDArray[np.float32], degrees: float) -> NDArray[np.float32]:
    # Pillow's filter repeats the last pixel at a border, so the border is made empty.
    image = Image.fromarray(np.pad(plane, _RIM))
    height, width = turned_size(plane.shape[0], plane.shape[1], degrees)
    cos, sin = _direction(degrees)
    across = (image.width - cos * width + sin * height) / 2
    down = (image.height - sin * width - cos * height) / 2
    turned = image.transform(
        (width, height),
        Image.Transform.AFFINE,
        (cos, -sin, across, sin, cos, down),
        Image.Resampling.BICUBIC,
    )
    return np.asarray(turned)


def _direction(degrees: float) -> tuple[float, float]:
    return math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
