"""Pixels with alpha, resampled and laid over a colour."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["lay_over", "resample", "resize_plane"]

Plane = TypeVar("Plane", np.uint8, np.float32)

_ONE = 255  # alpha of an opaque pixel
_RGB = 3


def resample(rgba: NDArray[np.uint8], rows: int, cols: int) -> NDArray[np.uint8]:
    """Resample a picture with alpha, so that what is hidden leaves no fringe.

    Colours are multiplied by alpha before and divided by it afterwards (Porter and
    Duff 1984, SIGGRAPH, 253-259). The filter is Pillow's bicubic one, which widens
    when it shrinks; it has one negative lobe on either side, so that no second outline
    appears outside the subject, as Lanczos' would draw.

    Parameters
    ----------
    rgba : (H, W, 4) uint8 array
        Straight colours.
    rows, cols : int
        Size of the result, px, 1 and up.

    Returns
    -------
    (rows, cols, 4) uint8 array
        Straight colours, (0, 0, 0, 0) where nothing shows.

    Examples
    --------
    >>> rgba = np.zeros((2, 4, 4), np.uint8)
    >>> rgba[:, 2:] = 200, 10, 0, 255
    >>> resample(rgba, 1, 2)[0, 1].tolist()
    [200, 10, 0, 234]
    """
    if rgba.shape[:2] == (rows, cols):
        return np.where(rgba[..., 3:] > 0, rgba, np.uint8(0))
    alpha = rgba[..., 3].astype(np.float32)
    alpha /= _ONE
    opacity = resize_plane(alpha, rows, cols)
    made: NDArray[np.uint8] = np.zeros((rows, cols, 4), np.uint8)
    made[..., 3] = (opacity.clip(0, 1) * _ONE).round()
    shows = made[..., 3] > 0
    for channel in range(_RGB):
        color = (
            resize_plane(alpha * rgba[..., channel], rows, cols)[shows] / opacity[shows]
        )
        made[shows, channel] = color.round().clip(0, 255)
    return made


def resize_plane(values: NDArray[Plane], rows: int, cols: int) -> NDArray[Plane]:
    """Resample one plane, (H, W) uint8 or float32, by Pillow's bicubic filter.

    Floats may overshoot by a little; uint8 ends at 0 and 255.

    Examples
    --------
    >>> resize_plane(np.array([[0, 0, 255, 255]], np.uint8), 1, 2).tolist()
    [[21, 234]]
    """
    image = Image.fromarray(np.ascontiguousarray(values))
    return np.asarray(image.resize((cols, rows), Image.Resampling.BICUBIC))


def lay_over(rgba: NDArray[np.uint8], color: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Lay straight (H, W, 4) uint8 over one colour; alpha is 255 all over then.

    Examples
    --------
    >>> lay_over(np.array([[[9, 9, 9, 0]]], np.uint8), (255, 0, 0)).tolist()
    [[[255, 0, 0, 255]]]
    """
    alpha = rgba[..., 3:].astype(np.uint16)
    behind = np.array(color, np.uint16)
    mixed = (rgba[..., :_RGB] * alpha + behind * (_ONE - alpha) + _ONE // 2) // _ONE
    laid = np.full_like(rgba, _ONE)
    laid[..., :_RGB] = mixed
    return laid
