"""Where a cutout lies on its source: the translation, and the way back."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.checks import NO_OFFSET, check_pair
from cosmat_nb.metrics.pictures import check_picture
from cosmat_nb.metrics.probes import sample_cutout
from cosmat_nb.metrics.registration import find_subject
from cosmat_nb.metrics.window import marked_window

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray

__all__ = ["Offset", "lies_on", "locate", "place_back"]


class Offset(NamedTuple):
    """Where the source's pixel (0, 0) lies in a cutout, px; either may be negative.

    ``cutout[r + row, c + col]`` shows ``source[r, c]``.
    """

    row: int
    col: int


def locate(before: NDArray[np.uint8], cutout: NDArray[np.uint8]) -> Offset | None:
    """Find the translation from a source to its cutout, exactly or not at all.

    Parameters
    ----------
    before : ndarray of uint8, shape (H, W, 3)
        The source, upright.
    cutout : ndarray of uint8, shape (h, w, 4)
        Its cutout, of the same scale; moved, padded or cropped by whole pixels.

    Returns
    -------
    Offset or None
        ``cutout[r + row, c + col]`` shows ``before[r, c]``. None when nothing is
        visible, when no translation fits, and when several fit alike.

    Raises
    ------
    OptionsError
        When an array has another shape or dtype.

    Notes
    -----
    Everything visible (alpha > 0) comes from inside the source, which bounds the
    translations. One fits when three in four of up to 3072 opaque pixels, and of up
    to 1024 soft ones, agree within 8 levels, mean of the channels: another JPEG
    decoder is a few off. The opaque ones that agree must also have half of the
    texture, or else a plain body would carry any pattern on it. A soft pixel agrees
    when it shows the source's own colour. Where no single translation fits so, the
    background's part may have been taken out, and it agrees when the source's colour
    can be its own mixed with any other.

    What the sizes imply is tried first: no move where they are equal, the same
    padding on both sides where the cutout is larger by even numbers. It is taken when
    the colours are so exact that no other translation can be clearly better, and all
    nearby ones, up to 16 px, are clearly worse; "clearly" means by six standard
    errors. Otherwise all translations are compared by a Fourier transform of the
    source, reduced to half a million pixels (four where the subject would be too
    small to see); the best minima, of up to 512, are refined pixel by pixel. The best
    one is taken when every other one, its neighbours included, is clearly worse.

    Where several fit alike there is no guess. A subject of one flat colour, on ground
    of that same colour, cannot be told: the answer is None, even where nothing has
    moved. So it is for stripes along themselves, for glass that could be a mixture
    anywhere, and for a faint subject in a large noisy area of its colour. One thing is
    assumed: where the sizes imply a translation and it is exact as above, a perfect
    repetition of the subject more than 16 px away, as in a tiled picture, is not
    looked for.

    Examples
    --------
    >>> before = np.random.default_rng(0).integers(0, 256, (40, 50, 3), np.uint8)
    >>> cutout = np.zeros((40, 50, 4), np.uint8)
    >>> cutout[10:30, 5:25, :3], cutout[10:30, 5:25, 3] = before[15:35, 25:45], 255
    >>> locate(before, cutout)
    Offset(row=-5, col=-20)
    """
    before = check_picture(before, "before", 3)
    cutout = check_picture(cutout, "cutout", 4)
    window = marked_window(cutout[..., 3])
    subject = cutout[window]
    if not subject.size:
        return None
    top, left = (side.start for side in window)
    span = Offset(*np.subtract(before.shape[:2], subject.shape[:2]).tolist())
    if min(span) < 0:
        return None
    likely = [
        (top - row, left - col)
        for row, col in _likely(before.shape, cutout.shape)
        if 0 <= top - row <= span.row and 0 <= left - col <= span.col
    ]
    found = find_subject(before, subject, likely)
    return None if found is None else Offset(top - found[0], left - found[1])


def lies_on(before: NDArray[np.uint8], cutout: NDArray[np.uint8]) -> bool:
    """Whether a cutout shows its source pixel for pixel, as far as colours tell.

    That other translations would fit as well does not matter here, as it does for
    `locate`: a white thing on a white wall lies on it.

    Parameters
    ----------
    before : ndarray of uint8, shape (H, W, 3)
        The source, upright.
    cutout : ndarray of uint8, shape (h, w, 4)
        Its cutout.

    Returns
    -------
    bool
        False when the shapes differ or the colours do not fit, as Notes of `locate`
        define it; of a cutout without opaque pixels colours that were cleaned prove
        nothing. An empty one lies on any source of its shape.

    Raises
    ------
    OptionsError
        When an array has another shape or dtype.

    Examples
    --------
    >>> white = np.full((4, 5, 4), 255, np.uint8)
    >>> lies_on(white[..., :3], white), lies_on(white[..., :3] - 99, white)
    (True, False)
    """
    before = check_picture(before, "before", 3)
    cutout = check_picture(cutout, "cutout", 4)
    if before.shape[:2] != cutout.shape[:2]:
        return False
    copied, cleaned = sample_cutout(cutout)
    if copied.fit(before, (0, 0)):
        return True
    return cleaned.prove and cleaned.fit(before, (0, 0))


def _likely(before: tuple[int, ...], cutout: tuple[int, ...]) -> list[Offset]:
    """Return what the sizes imply: no move, or the same padding on both sides."""
    rows, cols = cutout[0] - before[0], cutout[1] - before[1]
    padded = min(rows, cols) >= 0 and rows % 2 == cols % 2 == 0
    return [Offset(rows // 2, cols // 2)] if padded else []


def place_back(
    pixels: NDArray[Any], offset: tuple[int, int], shape: tuple[int, int]
) -> NDArray[Any]:
    """Put a cutout, or one channel of it, back on the source's canvas.

    Parameters
    ----------
    pixels : ndarray, shape (h, w) or (h, w, channels), any dtype
        Cutout or its alpha. It is not changed.
    offset : Offset or tuple of int
        Row and column, px, of the source's pixel (0, 0) in the cutout.
    shape : tuple of int
        Rows and columns of the source, px, 1 and up; more numbers are not read, so
        that ``before.shape`` does.

    Returns
    -------
    ndarray, shape (H, W) or (H, W, channels), dtype of `pixels`
        A new array: what falls outside is cut, what is missing is 0.

    Raises
    ------
    OptionsError
        When an argument is no such array or pair; an offset of None is what `locate`
        returns where no translation fits.

    Examples
    --------
    >>> alpha = np.array([[1, 2], [3, 4]])
    >>> place_back(alpha, Offset(1, -1), (2, 3))
    array([[0, 3, 4],
           [0, 0, 0]])
    """
    if not isinstance(pixels, np.ndarray) or pixels.ndim not in {2, 3}:
        raise OptionsError(
            f"pixels must be an array (H, W) or (H, W, channels); got "
            f"{getattr(pixels, 'shape', type(pixels).__name__)}"
        )
    height, width = check_pair(shape, "shape", 1, advice="pass before.shape")
    offset = check_pair(offset, "offset", advice=NO_OFFSET)
    placed = np.zeros((height, width, *pixels.shape[2:]), pixels.dtype)
    rows, from_rows = _overlap(pixels.shape[0], offset[0], height)
    cols, from_cols = _overlap(pixels.shape[1], offset[1], width)
    placed[rows, cols] = pixels[from_rows, from_cols]
    return placed


def _overlap(length: int, shift: int, side: int) -> tuple[slice, slice]:
    """Cut one axis: where the pixels come to lie, and which of them do."""
    start, stop = max(0, -shift), max(0, -shift, min(side, length - shift))
    return slice(start, stop), slice(start + shift, stop + shift)
