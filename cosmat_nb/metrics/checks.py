"""What is accepted as an alpha matte, and what is said about anything else."""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt

from cosmat_nb.errors import OptionsError

__all__ = [
    "HARD",
    "NO_OFFSET",
    "VISIBLE",
    "alpha_level",
    "check_alpha",
    "check_pair",
    "opaque",
]

VISIBLE = 0.05
"""Alpha from which a pixel is visible: 13 and above in 8 bits."""

HARD = 0.5
"""Alpha from which a pixel is hard: 128 and above in 8 bits."""

NO_OFFSET = "take it from locate, which returns None where no translation fits"
"""What to do about an offset that is none."""


def check_alpha(alpha: object, name: str = "alpha") -> npt.NDArray[Any]:
    """Return the array when it can be measured as an alpha matte.

    Parameters
    ----------
    alpha : object
        Accepted: ndarray, shape (H, W), uint8 from 0 to 255 or any float from 0 to
        1, with at least one pixel.
    name : str, default "alpha"
        What the caller's argument is called, for the message.

    Returns
    -------
    ndarray, shape (H, W), uint8 or float
        The same values, not copied.

    Raises
    ------
    OptionsError
        When it is no such array or holds NaN.

    Examples
    --------
    >>> check_alpha(np.ones((2, 3, 4)))
    Traceback (most recent call last):
    cosmat_nb.errors.OptionsError: alpha must be an array (H, W) of uint8 (0 to 255) \
or float (0 to 1); got shape (2, 3, 4): pass one channel that has pixels, as \
rgba[..., 3]
    """
    expected = f"{name} must be an array (H, W) of uint8 (0 to 255) or float (0 to 1)"
    if not isinstance(alpha, np.ndarray):
        raise OptionsError(f"{expected}; got {type(alpha).__name__}")
    alpha = np.asarray(alpha)  # a mask would hide values from the checks below
    if alpha.ndim != 2 or not alpha.size:  # noqa: PLR2004 - rows and columns
        raise OptionsError(
            f"{expected}; got shape {alpha.shape}: pass one channel that has pixels, "
            f"as rgba[..., 3]"
        )
    if alpha.dtype == np.uint8:
        return alpha
    if alpha.dtype.kind != "f":
        raise OptionsError(
            f"{expected}; got dtype {alpha.dtype}: scale it to 0 to 1 and pass floats"
        )
    low, high = alpha.min(), alpha.max()
    # Written so that NaN, which compares false with everything, is refused too.
    if not (low >= 0 and high <= 1):
        raise OptionsError(
            f"{expected}; got {alpha.dtype} from {low} to {high}: divide 8-bit "
            f"values by 255, clip what overshoots, replace NaN"
        )
    return alpha


def opaque(alpha: npt.NDArray[Any]) -> int:
    """Return the alpha of an opaque pixel: 255 for uint8, 1 for floats.

    Examples
    --------
    >>> opaque(np.zeros((1, 1), np.uint8))
    255
    """
    return 255 if alpha.dtype == np.uint8 else 1


def alpha_level(share: float, one: int) -> float:
    """Return the smallest alpha that reaches a share of an opaque pixel's.

    Examples
    --------
    >>> alpha_level(VISIBLE, 255), alpha_level(HARD, 255), alpha_level(HARD, 1)
    (13, 128, 0.5)
    """
    return share if one == 1 else math.ceil(share * one)


def check_pair(
    pair: object, name: str, low: int | None = None, *, advice: str
) -> tuple[int, int]:
    """Return two whole numbers, rows before columns, or say what is wrong with them.

    Parameters
    ----------
    pair : object
        Accepted: a sequence of int; what follows the second is not read.
    name : str
        What the caller's argument is called, for the message.
    low : int, optional
        Smallest number.
    advice : str
        What to do otherwise.

    Raises
    ------
    OptionsError
        When it is something else.

    Examples
    --------
    >>> check_pair((3, 4, 3), "shape", 1, advice="")
    (3, 4)
    """
    numbers: list[int] = []
    if isinstance(pair, (Sequence, np.ndarray)):
        with suppress(TypeError):
            numbers = [operator.index(number) for number in pair[:2]]
    if len(numbers) < 2 or (low is not None and min(numbers) < low):  # noqa: PLR2004 - a pair
        least = "" if low is None else f" from {low}"
        raise OptionsError(
            f"{name} must be two whole numbers{least}, row and column; not "
            f"{pair!r:.80}: {advice}"
        )
    return numbers[0], numbers[1]
