"""One picture of a data set with its labels, in memory while it is written."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    Alpha = NDArray[np.uint8] | NDArray[np.uint16]

__all__ = ["SUBJECT", "Drawn", "Example", "ImageFile", "Subject", "hard_mask"]

SUBJECT = "subject"
"""Category of everything where no column says what it is."""


@dataclass(frozen=True, slots=True)
class ImageFile:
    """An encoded picture.

    Attributes
    ----------
    data : bytes
        The whole file.
    suffix : str
        ``.jpg``, ``.png`` or ``.webp``.
    height, width : int
        Size as a viewer shows it, px; the file's EXIF orientation turns nothing.
    """

    data: bytes = field(repr=False)
    suffix: str
    height: int
    width: int


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """One thing in a picture: its share of every pixel.

    Attributes
    ----------
    alpha : ndarray, (H, W) uint8 or uint16
        How much of each pixel it covers as seen, 0 to the dtype's largest value.
    category : str
        What it is.
    key : str
        Object key or address of the picture that it was cut out of.
    """

    alpha: Alpha
    category: str
    key: str


@dataclass(frozen=True, slots=True, eq=False)
class Drawn:
    """A composed scene as pixels, with what each of them belongs to.

    Attributes
    ----------
    image : ndarray, (H, W, 3) uint8
        The scene.
    alpha : ndarray, (H, W) uint8 or uint16
        Alpha matte of all subjects together: the sum of theirs, exactly.
    subjects : tuple of Subject
        Each with its visible share, in the order in which they were laid down, back
        to front. None where the scene has none: a background alone.
    """

    image: NDArray[np.uint8]
    alpha: Alpha
    subjects: tuple[Subject, ...]


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Example:
    """One picture with its labels and where it comes from.

    Attributes
    ----------
    name : str
        Safe file name without a suffix, unlike any other of the data set, without a dot
        and without a folder.
    split : str
        ``"train"`` …; empty where nothing is split.
    image : ImageFile
        The picture.
    alpha : ndarray, (H, W) uint8 or uint16
        Alpha matte of all subjects together, of the picture's size.
    subjects : tuple of Subject
        Each on its own, in the order in which they were laid down; one for a cutout.
    facts : mapping of str to JSON value
        What the manifest tells of it.
    """

    name: str
    split: str
    image: ImageFile
    alpha: Alpha
    subjects: tuple[Subject, ...]
    facts: Mapping[str, Any]


def hard_mask(alpha: Alpha) -> NDArray[np.bool_]:
    """Return where a matte is at least half opaque, (H, W) bool.

    Examples
    --------
    >>> hard_mask(np.array([[0, 127, 128, 255]], np.uint8))
    array([[False, False,  True,  True]])
    """
    mask: NDArray[np.bool_] = alpha > np.iinfo(alpha.dtype).max // 2
    return mask
