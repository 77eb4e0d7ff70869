"""Where the subject lies on its canvas: box, centring, cropping, padding.

Every function returns a new array and takes any RGBA dtype. An empty matte has
no box: centring and cropping hand it back as it is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.options import MattingOptions, Padding

__all__ = [
    "TRANSPARENT",
    "Box",
    "center_subject",
    "crop_to_subject",
    "lay_out",
    "pad_canvas",
    "subject_box",
    "subject_margins",
]

TRANSPARENT = (0, 0, 0, 0)
"""RGBA of canvas that shows nothing."""

Pixels = TypeVar("Pixels", bound=np.generic)


class Box(NamedTuple):
    """Bounding box, half-open: `max_row` and `max_col` are just outside, px."""

    min_row: int
    min_col: int
    max_row: int
    max_col: int

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns, px."""
        return self.max_row - self.min_row, self.max_col - self.min_col


def subject_box(alpha: NDArray[Pixels]) -> Box | None:
    """Find the smallest box around everything that shows.

    Parameters
    ----------
    alpha : (H, W) array
        Any dtype; a pixel shows when alpha > 0.

    Returns
    -------
    Box or None
        None for an empty matte.

    Examples
    --------
    >>> alpha = np.zeros((5, 8))
    >>> alpha[1:3, 4:8] = 0.5
    >>> subject_box(alpha)
    Box(min_row=1, min_col=4, max_row=3, max_col=8)
    """
    shows = alpha > 0  # type: ignore[operator]
    rows = np.flatnonzero(shows.any(axis=1))
    cols = np.flatnonzero(shows.any(axis=0))
    if not rows.size:
        return None
    return Box(int(rows[0]), int(cols[0]), int(rows[-1]) + 1, int(cols[-1]) + 1)


def subject_margins(alpha: NDArray[Pixels]) -> tuple[int, int, int, int] | None:
    """Measure how far the subject's box is from each side of the canvas.

    Parameters
    ----------
    alpha : (H, W) array
        As in `subject_box`.

    Returns
    -------
    tuple of int or None
        Top, right, bottom, left, px; None for an empty matte.

    Examples
    --------
    >>> alpha = np.zeros((5, 8))
    >>> alpha[1:3, 4:8] = 0.5
    >>> subject_margins(alpha)
    (1, 0, 2, 4)
    """
    box = subject_box(alpha)
    if box is None:
        return None
    height, width = alpha.shape
    return box.min_row, width - box.max_col, height - box.max_row, box.min_col


def crop_to_subject(rgba: NDArray[Pixels]) -> NDArray[Pixels]:
    """Cut the canvas down to the subject's box.

    Parameters
    ----------
    rgba : (H, W, 4) array
        Any dtype.

    Returns
    -------
    (h, w, 4) array
        The box alone; the whole canvas when the matte is empty.

    Examples
    --------
    >>> rgba = np.zeros((5, 8, 4), dtype=np.uint8)
    >>> rgba[1:3, 4:8] = 255
    >>> crop_to_subject(rgba).shape
    (2, 4, 4)
    """
    box = subject_box(rgba[..., 3])
    return rgba.copy() if box is None else _inside(rgba, box).copy()


def center_subject(rgba: NDArray[Pixels]) -> NDArray[Pixels]:
    """Move the subject's box to the middle of the same canvas.

    Nothing is lost: the box always fits the canvas it came from. Where a margin
    cannot be halved, the odd pixel goes to the bottom and to the right.

    Parameters
    ----------
    rgba : (H, W, 4) array
        Any dtype.

    Returns
    -------
    (H, W, 4) array
        Transparent around the box.

    Examples
    --------
    >>> rgba = np.zeros((5, 9, 4), dtype=np.uint8)
    >>> rgba[0:2, 0:3] = 255
    >>> subject_box(center_subject(rgba)[..., 3])
    Box(min_row=1, min_col=3, max_row=3, max_col=6)
    """
    subject = crop_to_subject(rgba)
    height, width = subject.shape[:2]
    top, left = (rgba.shape[0] - height) // 2, (rgba.shape[1] - width) // 2
    centered = np.zeros_like(rgba)
    centered[top : top + height, left : left + width] = subject
    return centered


def pad_canvas(
    rgba: NDArray[Pixels],
    padding: Padding,
    fill: tuple[int, int, int, int] = TRANSPARENT,
) -> NDArray[Pixels]:
    """Enlarge the canvas around the picture.

    Parameters
    ----------
    rgba : (H, W, 4) array
        Any dtype.
    padding : Padding
        ``(dx, dy)``, px: dx on the left and on the right each, dy at the top and at
        the bottom each. The service's order, columns first.
    fill : tuple of int, default transparent
        RGBA of the new pixels.

    Returns
    -------
    (H + 2 dy, W + 2 dx, 4) array
        The picture in the middle.

    Examples
    --------
    >>> from cosmat_nb.options import Padding
    >>> pad_canvas(np.zeros((5, 9, 4), dtype=np.uint8), Padding(20, 10)).shape
    (25, 49, 4)
    """
    dx, dy = padding
    height, width = rgba.shape[:2]
    padded = np.zeros((height + 2 * dy, width + 2 * dx, 4), dtype=rgba.dtype)
    if any(fill):
        padded[:] = fill
    padded[dy : dy + height, dx : dx + width] = rgba
    return padded


def lay_out(rgba: NDArray[Pixels], options: MattingOptions) -> NDArray[Pixels]:
    """Centre and pad a cutout as the service is taken to do it.

    Parameters
    ----------
    rgba : (H, W, 4) array
        A cutout without layout options; any dtype.
    options : MattingOptions
        Its ``center`` and ``padding``.

    Returns
    -------
    (H + 2 dy, W + 2 dx, 4) array
        The picture that options with this layout should bring.

    Notes
    -----
    That padding is added on both sides is documented. That centring keeps the canvas
    and comes before padding, and that padding is transparent, is assumed: the vendor's
    page is silent (see `cosmat_nb.emulator.assumptions.Assumptions`).

    Examples
    --------
    >>> from cosmat_nb.options import MattingOptions
    >>> rgba = np.zeros((5, 9, 4), dtype=np.uint8)
    >>> rgba[0:2, 0:3] = 255
    >>> laid_out = lay_out(rgba, MattingOptions(center=True, padding=(2, 0)))
    >>> laid_out.shape, subject_box(laid_out[..., 3])
    ((5, 13, 4), Box(min_row=1, min_col=5, max_row=3, max_col=8))
    """
    placed = center_subject(rgba) if options.center else rgba
    return pad_canvas(placed, options.padding)


def _inside(rgba: NDArray[Pixels], box: Box) -> NDArray[Pixels]:
    return rgba[box.min_row : box.max_row, box.min_col : box.max_col]
