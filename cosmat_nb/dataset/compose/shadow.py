"""The soft shadow that a subject throws on the ground it stands on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from PIL import Image

from cosmat_nb.dataset.compose.ranges import Range, check_range, pick
from cosmat_nb.framing.pixels import resize_plane
from cosmat_nb.matting.layout import subject_box

if TYPE_CHECKING:
    from random import Random

    from numpy.typing import NDArray

__all__ = ["Cast", "Shade", "Shadow", "throw_shadow"]

_ONE = 255  # alpha of an opaque pixel
_CONTACT = 0.4  # blur of the dark line under the subject, of the whole shadow's
_FOOT = 0.12  # lowest share of the subject, which makes that line
_LINE = 0.3  # height of that line, of the whole shadow's
_REACH = 3  # standard deviations after which a blur has ended


class Cast(NamedTuple):
    """One scene's light, the same for all of its subjects; shares of their heights.

    Attributes
    ----------
    strength : float
        How much the ground is darkened where the shadow is full, 0 to 1.
    length : float
        How far up the picture the shadow of the subject's top falls.
    offset : float
        How far to the right it falls; to the left below 0.
    blur : float
        Standard deviation of the Gaussian blur.
    """

    strength: float
    length: float
    offset: float
    blur: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Shadow:
    """Ranges that each scene's shadow is drawn from, evenly: (lowest, highest).

    Parameters
    ----------
    strength : tuple of float, default (0.4, 0.65)
        How much the ground is darkened where the shadow is full, 0 to 1.
    length : tuple of float, default (0.1, 0.25)
        Height of the shadow as a share of the subject's, 0 to 1.
    offset : tuple of float, default (-0.4, 0.4)
        How far to the right the shadow of the subject's top falls, as a share of the
        subject's height, -2 to 2.
    blur : tuple of float, default (0.025, 0.06)
        Standard deviation of the blur as a share of the subject's height, 0 to 0.5.

    Raises
    ------
    OptionsError
        When a range is none or leaves these bounds.

    Examples
    --------
    >>> Shadow(strength=(0.2, 0.3)).blur
    (0.025, 0.06)
    """

    strength: Range = (0.4, 0.65)
    length: Range = (0.1, 0.25)
    offset: Range = (-0.4, 0.4)
    blur: Range = (0.025, 0.06)

    def __post_init__(self) -> None:
        bounds = {"strength": (0, 1), "length": (0, 1), "offset": (-2, 2)}
        for name, (low, high) in {**bounds, "blur": (0, 0.5)}.items():
            ends = check_range(f"shadow {name}", getattr(self, name), low, high)
            object.__setattr__(self, name, ends)

    def draw(self, random: Random) -> Cast:
        """Draw the shadow of one scene."""
        return Cast(
            *(pick(random, ends) for ends in (self.strength, self.length)),
            *(pick(random, ends) for ends in (self.offset, self.blur)),
        )


class Shade(NamedTuple):
    """A shadow and where it lies.

    Attributes
    ----------
    plane : (h, w) float32 array in [0, 1]
        How much of the light is kept away, before the strength.
    row, col : int
        Its first pixel, counted from the first pixel of the subject's array, px.
    """

    plane: NDArray[np.float32]
    row: int
    col: int


def throw_shadow(alpha: NDArray[np.uint8], cast: Cast) -> Shade:
    """Return the shadow of a standing subject on level ground.

    The matte is laid down: shrunk in height to ``length``, leaned to the side by
    ``offset`` at its top, its foot on the ground line, and blurred. Under the foot lies
    a narrower, sharper copy of the lowest part of the subject: without it a thing seems
    to float.

    Parameters
    ----------
    alpha : (H, W) uint8 array
        The subject as it stands in the scene; its lowest row that shows is its foot.
    cast : Cast
        The light.

    Returns
    -------
    Shade
        Larger than the subject by what the blur needs; of one pixel, 0, for an empty
        matte.

    Examples
    --------
    >>> alpha = np.full((40, 10), 255, np.uint8)
    >>> shade = throw_shadow(alpha, Cast(0.5, 0.25, 0.0, 0.0))
    >>> shade.row + np.flatnonzero(shade.plane[:, 9] > 0.5)
    array([30, 31, 32, 33, 34, 35, 36, 37, 38, 39])
    """
    box = subject_box(alpha)
    if box is None:
        return Shade(np.zeros((1, 1), np.float32), 0, 0)
    subject = alpha[box.min_row : box.max_row, box.min_col : box.max_col]
    height, width = subject.shape
    lean, sigma = cast.offset * height, cast.blur * height
    # Two pixels more than the blur needs: a slanted edge ends between pixels.
    reach = int(_REACH * sigma) + 2
    side = int(abs(lean)) + 1 + reach
    rows = max(round(cast.length * height), 1)
    plane = np.zeros((rows + 2 * reach, width + 2 * side), np.float32)
    plane[reach : reach + rows] = _lean(_flatten(subject, rows), lean, side)
    foot = subject[-max(round(_FOOT * height), 1) :]
    line = np.zeros_like(plane)
    # Thinner than its blur is wide, the line would fade away.
    flat = _flatten(foot, max(round(rows * _LINE), round(2 * sigma * _CONTACT), 1))
    low = reach + rows
    line[low - flat.shape[0] : low, side : side + width] = flat
    shade = np.maximum(_blur(plane, sigma), _blur(line, sigma * _CONTACT))
    # A blurred edge is half as dark; lower by its blur, it is dark at the foot.
    drop = round(sigma * _CONTACT)
    return Shade(shade, box.max_row - low + drop, box.min_col - side)


def _flatten(alpha: NDArray[np.uint8], rows: int) -> NDArray[np.float32]:
    plane = alpha.astype(np.float32)
    plane /= _ONE
    return resize_plane(plane, rows, alpha.shape[1]).clip(0, 1)


def _lean(flat: NDArray[np.float32], lean: float, side: int) -> NDArray[np.float32]:
    rows, cols = flat.shape
    wide = np.zeros((rows, cols + 2 * side), np.float32)
    wide[:, side : side + cols] = flat
    # Pillow reads the source at (col + shift, row); the lowest row stays in place.
    per_row = lean / rows
    found = Image.fromarray(wide).transform(
        (wide.shape[1], rows),
        Image.Transform.AFFINE,
        (1, per_row, -per_row * rows, 0, 1, 0),
        Image.Resampling.BILINEAR,
    )
    return np.asarray(found)


def _blur(plane: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    from scipy import ndimage  # noqa: PLC0415 - heavy

    blurred: NDArray[np.float32] = ndimage.gaussian_filter(
        plane, sigma, mode="constant", truncate=_REACH
    )
    return blurred
