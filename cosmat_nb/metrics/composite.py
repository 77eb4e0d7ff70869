"""How wrong a cutout looks where it will be used: over other backgrounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.columns import Columns
from cosmat_nb.metrics.pictures import check_picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

__all__ = ["BACKGROUNDS", "ColorErrors", "compare_colors"]

BACKGROUNDS: Mapping[str, tuple[int, int, int]] = MappingProxyType(
    {
        "white": (255, 255, 255),
        "black": (0, 0, 0),
        "red": (255, 0, 0),
        "green": (0, 255, 0),
        "blue": (0, 0, 255),
        "cyan": (0, 255, 255),
        "magenta": (255, 0, 255),
        "yellow": (255, 255, 0),
    }
)
"""The corners of the colour cube: no other plain background shows a larger error."""

_ONE = 255
_CHANNELS = 3
_STRIP = 1 << 15  # pixels held at a time: they stay in the processor's cache


@dataclass(frozen=True, slots=True, kw_only=True)
class ColorErrors(Columns):
    """Errors of a cutout's colours and alpha together, against a reference.

    The order of fields is that of columns. What does not exist is None here and
    NaN in `as_row`. A composite of colour F and alpha a over the background B is
    ``a * F + (1 - a) * B`` with channels from 0 to 1, not rounded to 8 bits.

    Attributes
    ----------
    composite_mad : float
        Mean absolute difference of the two composites over the worst of the
        backgrounds, over all pixels and the three channels, 0 to 1. With the
        default backgrounds no other plain background gives more.
    worst_background : str or None
        Name of the background with the largest mean absolute difference; among
        equals the first. None when no background shows a difference.
    composite_mad_mean : float
        Mean of the mean absolute difference over all the backgrounds, 0 to 1.
    composite_mse_e3 : float
        Mean squared difference of the composites over `worst_background`, times
        1000, 0 to 1000.
    foreground_mad : float or None
        Mean absolute difference of the colours themselves, 0 to 1, weighted by the
        reference's alpha over the pixels where the cutout's alpha is above 0. None
        when there is no such pixel.
    """

    composite_mad: float
    worst_background: str | None
    composite_mad_mean: float
    composite_mse_e3: float
    foreground_mad: float | None


def compare_colors(
    rgba: NDArray[np.uint8],
    reference: NDArray[np.uint8],
    *,
    backgrounds: Mapping[str, tuple[int, int, int]] = BACKGROUNDS,
) -> ColorErrors:
    """Compare a cutout with a reference, colours and alpha together.

    Parameters
    ----------
    rgba : ndarray of uint8, shape (H, W, 4)
        The cutout: straight colours, not multiplied by alpha, and alpha, 0 to 255.
    reference : ndarray of uint8, shape (H, W, 4)
        What it should be, in the same form and of the same size.
    backgrounds : mapping of str to tuple of int, default `BACKGROUNDS`
        Name and red, green and blue, 0 to 255, of each plain background.

    Returns
    -------
    ColorErrors
        One value per column, each defined and with its unit in that class.

    Raises
    ------
    OptionsError
        When the pictures are not two arrays of that dtype and of equal shape with
        at least one pixel, or `backgrounds` is empty or holds anything else than
        colours.

    Notes
    -----
    The difference of two composites is ``P - d * B``, with P the difference of the
    colours times alpha and d that of the alphas. For each channel the sum of its
    absolute values is convex in B, and so is that of its squares; both are largest at
    an end of 0 to 255. The largest error over all 2^24 plain backgrounds is therefore
    found at one of the eight corners of the colour cube, which are `BACKGROUNDS`: a
    subject that is nearly white, grey or green cannot hide. Sums are exact; only
    the last division is rounded.

    Colours where the cutout's alpha is 0 are never seen and services leave anything
    there, so `foreground_mad` does not count them; that the subject is missing there
    is what the composites show.

    Examples
    --------
    >>> reference = np.full((1, 2, 4), 255, np.uint8)
    >>> rgba = reference.copy()
    >>> rgba[0, 1, 3] = 0
    >>> errors = compare_colors(rgba, reference)
    >>> errors.composite_mad, errors.worst_background, errors.foreground_mad
    (0.5, 'black', 0.0)
    """
    rgba = check_picture(rgba, "rgba", 4)
    reference = check_picture(reference, "reference", 4)
    if rgba.shape != reference.shape:
        raise OptionsError(
            f"rgba and reference must have equal shapes; got {rgba.shape} and "
            f"{reference.shape}: put the smaller one on the larger one's canvas first"
        )
    colors = _check_backgrounds(backgrounds)
    absolute, squared, off, weight = _sum_differences(rgba, reference, colors)
    worst = int(absolute.argmax())
    values = _CHANNELS * rgba[..., 0].size
    return ColorErrors(
        composite_mad=int(absolute[worst]) / (values * _ONE**2),
        worst_background=list(backgrounds)[worst] if absolute[worst] else None,
        composite_mad_mean=int(absolute.sum()) / (absolute.size * values * _ONE**2),
        composite_mse_e3=1000 * int(squared[worst]) / (values * _ONE**4),
        foreground_mad=off / (weight * _CHANNELS * _ONE) if weight else None,
    )


def _check_backgrounds(backgrounds: object) -> NDArray[np.int32]:
    """Return the colours as rows, shape (n, 3)."""
    expected = "backgrounds must be a mapping of names to colours (red, green, blue)"
    if not (isinstance(backgrounds, Mapping) and backgrounds):
        raise OptionsError(
            f"{expected} with at least one; got {backgrounds!r}: leave it out to use "
            f"the corners of the colour cube"
        )
    for name, color in backgrounds.items():
        if not (isinstance(name, str) and _is_color(color)):
            raise OptionsError(
                f"{expected}, whole numbers from 0 to 255; got {color!r} for {name!r}: "
                f"write white as (255, 255, 255)"
            )
    return np.array([tuple(color) for color in backgrounds.values()], np.int32)


def _is_color(color: object) -> bool:
    if not isinstance(color, Sequence) or len(color) != _CHANNELS:
        return False
    return all(level in range(_ONE + 1) for level in color)


def _sum_differences(
    rgba: NDArray[np.uint8], reference: NDArray[np.uint8], colors: NDArray[np.int32]
) -> tuple[NDArray[np.int64], NDArray[np.int64], int, int]:
    """Sum what the columns are made of, in units of 1/255 of a level.

    Returns
    -------
    absolute, squared : ndarray of int64, shape (n,)
        Sums over pixels and channels of the composites' differences.
    off, weight : int
        Sums of the colours' differences times the reference's alpha, and of that
        alpha, where the cutout has any.
    """
    # Squares are below 2^32 each: 64 bits hold the sum of any picture in memory.
    absolute, squared = np.zeros((2, len(colors)), np.int64)
    off = weight = 0
    for found, true in _strips(rgba, reference):
        alpha, beta = found[3], true[3]
        seen = beta * (alpha > 0)
        weight += int(seen.sum(dtype=np.int64))
        for channel in range(_CHANNELS):
            off += int(np.abs(found[channel] - true[channel]) @ seen)
            over_black = alpha * found[channel] - beta * true[channel]
            # Eight corners have two levels a channel: each is worked out once.
            levels, at = np.unique(colors[:, channel], return_inverse=True)
            sums = [_sums(over_black - (alpha - beta) * level) for level in levels]
            both = np.array(sums, np.int64)[at]
            absolute += both[:, 0]
            squared += both[:, 1]
    return absolute, squared, off, weight


def _sums(difference: NDArray[np.int64]) -> tuple[int, int]:
    return int(np.abs(difference).sum()), int(difference @ difference)


def _strips(
    rgba: NDArray[np.uint8], reference: NDArray[np.uint8]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Yield both pictures in strips of pixels, channels first, shape (4, n)."""
    pair = [pixels.reshape(-1, 4) for pixels in (rgba, reference)]
    for start in range(0, len(pair[0]), _STRIP):
        strips = [pixels[start : start + _STRIP].T for pixels in pair]
        found, true = (np.ascontiguousarray(strip, np.int64) for strip in strips)
        yield found, true
