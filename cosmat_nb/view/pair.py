"""A picture and its cutout, laid over each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.alignment import lies_on, locate, place_back
from cosmat_nb.places import shown_place, whole_text

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["EMPTY", "UNPLACED", "Pair", "brief", "decode_picture", "lay_pair"]

UNPLACED = "where the cutout lies on the picture cannot be told: both are scaled to fit"
"""Note of a pair whose pictures could not be laid over each other."""

EMPTY = "empty: the cutout has no subject"
"""Note of a pair whose cutout is transparent all over."""

_PICTURE = ("bytes of a picture file", "an array (H, W, 3 or 4) of uint8")
_CUTOUT = ("a Cutout", "an array (H, W, 4) of uint8")


class Pair(NamedTuple):
    """What is shown before and after.

    Attributes
    ----------
    before : ndarray, (H, W, 3 or 4) uint8
        On the cutout's canvas, transparent where it does not reach; as it was given
        where it could not be laid there.
    cutout : ndarray, (H, W, 4) uint8
        Straight colours.
    place : str
        Object key or address as it may be shown; empty for arrays.
    note : str
        How before was moved, or that it could not be, or that there is no subject;
        empty if it lay right.
    """

    before: NDArray[np.uint8]
    cutout: NDArray[np.uint8]
    place: str
    note: str


def lay_pair(before: object, cutout: object) -> Pair:
    """Decode a picture and its cutout, and lay one onto the other.

    Parameters
    ----------
    before : ndarray, bytes or None
        (H, W, 3 or 4) uint8, or a picture file. None: fetched by ``cutout.before()``.
    cutout : Cutout or ndarray
        A cutout, or (H, W, 4) uint8.

    Returns
    -------
    Pair
        By the translation that `locate` finds.

    Raises
    ------
    OptionsError
        When an argument is something else, or the source is not to be had.
    ImageError
        When bytes are not a picture.
    CallError
        When the source cannot be fetched.

    Examples
    --------
    >>> picture = np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8)
    >>> cutout = np.zeros((50, 60, 4), np.uint8)
    >>> cutout[15:35, 20:50, :3], cutout[15:35, 20:50, 3] = picture[10:30, 20:50], 255
    >>> lay_pair(picture, cutout).note
    'before is moved 5 px down, to lie on the cutout'
    """
    if isinstance(cutout, Cutout):
        rgba, place = cutout.rgba, whole_text(shown_place(cutout.place))
        before = cutout.before() if before is None else before
    else:
        rgba, place = _check(cutout, "cutout", {4}, _CUTOUT), ""
    if before is None:
        raise OptionsError("a cutout given as an array has no source: pass before, too")
    picture, note = _lay_before(decode_picture(before, "before"), rgba)
    return Pair(picture, rgba, place, note if rgba[..., 3].any() else EMPTY)


def decode_picture(picture: object, name: str) -> NDArray[np.uint8]:
    """Return the pixels of an array or of a picture file, turned upright.

    Parameters
    ----------
    picture : ndarray or bytes
        (H, W, 3 or 4) uint8, handed back as it is, or a file, which becomes RGBA.
    name : str
        What the caller's argument is called, for the message.

    Raises
    ------
    OptionsError
        When it is neither.
    ImageError
        When the bytes are not a picture.
    """
    if isinstance(picture, bytes):
        return images.decode_rgba(picture, upright=True)
    return _check(picture, name, {3, 4}, _PICTURE)


def brief(value: object) -> str:
    """Name a value that was not expected, without all its pixels."""
    if isinstance(value, np.ndarray):
        return f"an array {value.shape} of {value.dtype}"
    if isinstance(value, (str, int, float)):
        return repr(value)
    return type(value).__name__


def _lay_before(
    before: NDArray[np.uint8], cutout: NDArray[np.uint8]
) -> tuple[NDArray[np.uint8], str]:
    """Lay the picture onto the cutout's canvas; also return what to say about it."""
    colors = np.ascontiguousarray(before[..., :3])
    if lies_on(colors, cutout):
        return before, ""
    offset = locate(colors, cutout)
    if offset is None:
        return before, UNPLACED
    row, col = offset
    placed = place_back(_with_alpha(before), (-row, -col), cutout.shape[:2])
    return placed, _tell_move(row, col)


def _with_alpha(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    rgba = np.full((*pixels.shape[:2], 4), 255, np.uint8)
    rgba[..., : pixels.shape[2]] = pixels
    return rgba


def _tell_move(row: int, col: int) -> str:
    ways = (
        f"{abs(row)} px {'down' if row > 0 else 'up'}" if row else "",
        f"{abs(col)} px {'right' if col > 0 else 'left'}" if col else "",
    )
    told = " and ".join(filter(None, ways))
    return f"before is moved {told}, to lie on the cutout" if told else ""


def _check(
    pixels: object, name: str, channels: set[int], accepted: tuple[str, ...]
) -> NDArray[np.uint8]:
    if isinstance(pixels, np.ndarray) and pixels.dtype == np.uint8 and pixels.size:
        rows_columns_channels = 3
        if pixels.ndim == rows_columns_channels and pixels.shape[2] in channels:
            return pixels
    raise OptionsError(f"{name} must be {' or '.join(accepted)}; got {brief(pixels)}")
