"""What is accepted as pixels with colours, and what is said about anything else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["check_picture"]


def check_picture(pixels: object, name: str, channels: int) -> NDArray[np.uint8]:
    """Return the array when it is a picture of 8-bit colours.

    Parameters
    ----------
    pixels : object
        Accepted: ndarray of uint8, shape (H, W, channels), with at least one pixel.
    name : str
        What the caller's argument is called, for the message.
    channels : int
        3 for RGB, 4 for RGBA.

    Returns
    -------
    ndarray of uint8, shape (H, W, channels)
        The same values, not copied.

    Raises
    ------
    OptionsError
        When it is no such array.

    Examples
    --------
    >>> check_picture(np.zeros((2, 3), np.uint8), "source", 3)
    Traceback (most recent call last):
    cosmat_nb.errors.OptionsError: source must be an array (H, W, 3) of uint8; got \
uint8 of shape (2, 3): pass 8-bit RGB pixels
    """
    expected = f"{name} must be an array (H, W, {channels}) of uint8"
    if not isinstance(pixels, np.ndarray):
        raise OptionsError(f"{expected}; got {type(pixels).__name__}")
    plain = np.asarray(pixels)
    shape = plain.shape
    if plain.dtype != np.uint8 or shape[2:] != (channels,) or not plain.size:
        raise OptionsError(
            f"{expected}; got {plain.dtype} of shape {shape}: pass 8-bit "
            f"{'RGBA'[:channels]} pixels"
        )
    return plain
