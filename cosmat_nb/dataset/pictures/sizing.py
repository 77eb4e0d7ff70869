"""A written picture's size, and where in it the whole of what was cut lies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from cosmat_nb.framing.pixels import resample, resize_plane

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cosmat_nb.dataset.example import Alpha
    from cosmat_nb.dataset.pictures.rendering import Size

__all__ = ["Sizing", "fit", "scale_alphas"]


@dataclass(frozen=True, slots=True)
class Sizing:
    """How a frame of pixels comes to lie on the picture that is written.

    Everything is resampled by one filter, Pillow's bicubic one, whose pixels are areas:
    picture and matte stay registered, and what lay at ``(row, col)`` of the frame,
    counted from the corner of its first pixel, lies at ``(top + row * rows / height,
    left + col * cols / width)``.

    Attributes
    ----------
    height, width : int
        Of the frame: the source or the cutout as it was, px.
    canvas : tuple of int
        Height and width of what is written, px.
    top, left : int
        Where the frame's first pixel lies on it, px.
    rows, cols : int
        Size of the frame there, px.
    """

    height: int
    width: int
    canvas: tuple[int, int]
    top: int
    left: int
    rows: int
    cols: int

    @property
    def scales(self) -> bool:
        """Whether anything is resampled."""
        return (self.rows, self.cols) != (self.height, self.width)

    @property
    def changes(self) -> bool:
        """Whether anything is resampled or lies on a larger canvas."""
        return self.scales or self.canvas != (self.rows, self.cols)

    @property
    def box(self) -> list[int]:
        """Where the frame lies: min_row, min_col, max_row, max_col, half-open, px."""
        return [self.top, self.left, self.top + self.rows, self.left + self.cols]

    def place(self, pixels: NDArray[Any], canvas: NDArray[Any]) -> NDArray[Any]:
        """Put resampled pixels into the canvas and return it."""
        top, left, bottom, right = self.box
        canvas[top:bottom, left:right] = pixels
        return canvas

    def scale_picture(
        self, pixels: NDArray[np.uint8], canvas: NDArray[np.uint8]
    ) -> NDArray[np.uint8]:
        """Bring (H, W, 3) uint8 to its size, on a canvas that is overwritten."""
        if self.scales:
            image = Image.fromarray(np.ascontiguousarray(pixels))
            size = (self.cols, self.rows)
            pixels = np.asarray(image.resize(size, Image.Resampling.BICUBIC))
        return self.place(pixels, canvas)

    def scale_rgba(self, rgba: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Bring straight (H, W, 4) uint8 to its size; nothing shows around it."""
        if self.scales:
            rgba = resample(rgba, self.rows, self.cols)
        return self.place(rgba, np.zeros((*self.canvas, 4), np.uint8))


def fit(size: Size, height: int, width: int) -> Sizing:
    """Return how a frame of a height and width, px, comes to the size asked for.

    Parameters
    ----------
    size : int or tuple of int or None
        As `Rendering` has it.
    height, width : int
        Of the frame, px.

    Examples
    --------
    >>> fit(100, 300, 200).canvas
    (100, 67)
    >>> fit((100, 100), 300, 200).box
    [0, 16, 100, 83]
    """
    if size is None:
        size = max(height, width)  # which shrinks nothing
    if isinstance(size, int):
        side = min(size, max(height, width))
        rows, cols = _inside(side, side, height, width)
        return Sizing(height, width, (rows, cols), 0, 0, rows, cols)
    rows, cols = _inside(*size, height, width)
    top, left = (size[0] - rows) // 2, (size[1] - cols) // 2
    return Sizing(height, width, size, top, left, rows, cols)


def _inside(high: int, wide: int, height: int, width: int) -> tuple[int, int]:
    """Return the largest rows and columns of a frame's proportions; halves go up."""
    if high * width <= wide * height:
        return high, min(wide, max(1, (2 * width * high + height) // (2 * height)))
    return min(high, max(1, (2 * height * wide + width) // (2 * width))), wide


def scale_alphas(
    alphas: Sequence[Alpha], sizing: Sizing, dtype: type[np.uint8 | np.uint16]
) -> tuple[Alpha, list[Alpha]]:
    """Bring mattes to their size and depth; the whole stays the sum of its parts.

    Not the parts are rounded but their sums from the first on, which leaves each part
    within a level of what it would be on its own.

    Parameters
    ----------
    alphas : sequence of (H, W) uint8 or uint16 array
        Shares of the same pixels: their sum is at most the dtype's largest value.
    sizing : Sizing
        Where they come to lie.
    dtype : numpy.uint8 or numpy.uint16
        Of what is returned.

    Returns
    -------
    tuple
        The whole, and the list of its parts, each of the canvas's size.
    """
    # One matte that stays as it is needs no arithmetic, and most are such.
    if len(alphas) == 1 and alphas[0].dtype == dtype and not sizing.changes:
        return alphas[0], [alphas[0]]
    total = np.zeros((sizing.height, sizing.width), np.float32)
    whole: Any = np.zeros(sizing.canvas, dtype)
    parts: list[Alpha] = []
    for alpha in alphas:
        total += alpha / np.float32(np.iinfo(alpha.dtype).max)
        plane = (
            resize_plane(total, sizing.rows, sizing.cols) if sizing.scales else total
        )
        levels = (plane.clip(0, 1) * np.iinfo(dtype).max).round()
        up_to = sizing.place(levels, np.zeros_like(whole))
        # The filter overshoots: a sum may seem to lose what a part has added.
        np.maximum(up_to, whole, out=up_to)
        parts.append(up_to - whole)
        whole = up_to
    return whole, parts
