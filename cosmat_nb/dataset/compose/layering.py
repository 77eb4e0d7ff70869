"""Layers laid over one another, in whole numbers, so that labels add up."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Alpha = NDArray[np.uint8] | NDArray[np.uint16]

__all__ = ["Laid", "mix", "share_out"]

_ONE = 255
_RGB = 3


class Laid(NamedTuple):
    """A subject's pixels and where they lie in a scene.

    Attributes
    ----------
    rgba : (h, w, 4) uint8 array
        Straight colours; wholly inside the frame.
    row, col : int
        First pixel in the scene.
    """

    rgba: NDArray[np.uint8]
    row: int
    col: int

    @property
    def window(self) -> tuple[slice, slice]:
        """The rows and columns of the scene that it covers."""
        height, width = self.rgba.shape[:2]
        return slice(self.row, self.row + height), slice(self.col, self.col + width)


def share_out(
    layers: Sequence[Laid], size: tuple[int, int], largest: int
) -> tuple[list[Alpha], Alpha]:
    r"""Return what each layer is seen of, and all layers together.

    Parameters
    ----------
    layers : sequence of Laid
        From back to front.
    size : tuple of int
        Height and width of the scene, px.
    largest : int
        Alpha of an opaque pixel in the result: 255 for uint8, 65535 for uint16.

    Returns
    -------
    shares : list of (H, W) arrays
        Visible alpha of each layer, in their order; they sum to `total` exactly.
    total : (H, W) array
        Alpha of all layers.

    Notes
    -----
    With alphas :math:`a_1 \ldots a_n` from back to front, layer k is seen by
    :math:`a_k \prod_{j>k} (1 - a_j)`, and all together by
    :math:`1 - \prod_j (1 - a_j)` (Porter and Duff 1984, SIGGRAPH, 253-259). From front
    to back the totals :math:`1 - \prod_{j \ge k} (1 - a_j)` are rounded to whole
    numbers, and a share is the difference of two of them. So shares sum exactly, a
    total is off by half a level at most, a share by one, and where nothing lies in
    front of it a layer keeps its own alpha.

    Examples
    --------
    >>> half = Laid(np.full((1, 1, 4), 128, np.uint8), 0, 0)
    >>> shares, total = share_out([half, half], (1, 1), 255)
    >>> [int(share[0, 0]) for share in shares], int(total[0, 0])
    ([64, 128], 192)
    """
    kind = np.uint8 if largest == _ONE else np.uint16
    through = np.ones(size)
    total = np.zeros(size, kind)
    shares = []
    for layer in reversed(layers):
        window = layer.window
        through[window] *= 1 - layer.rgba[..., 3] / _ONE
        reached = np.rint(largest * (1 - through[window])).astype(kind)
        share = np.zeros(size, kind)
        share[window] = reached - total[window]
        total[window] = reached
        shares.append(share)
    return shares[::-1], total


def mix(
    background: NDArray[np.uint8],
    layers: Sequence[Laid],
    shares: Sequence[Alpha],
    largest: int,
) -> NDArray[np.uint8]:
    r"""Return the picture that background, colours and shares make.

    Parameters
    ----------
    background : (H, W, 3) uint8 array
        What lies behind all layers.
    layers : sequence of Laid
        Their colours.
    shares : sequence of (H, W) arrays
        As `share_out` returns them.
    largest : int
        What a full share is.

    Returns
    -------
    (H, W, 3) uint8 array
        :math:`I = \sum_k s_k F_k + (1 - \sum_k s_k) B`, rounded once, in the values as
        they are stored (sRGB) and not in linear light: the matting equation is solved
        in them by the field's data sets, methods and viewers, so only so do the labels
        give the picture back.

    Examples
    --------
    >>> red = Laid(np.array([[[255, 0, 0, 128]]], np.uint8), 0, 0)
    >>> white = np.full((1, 1, 3), 255, np.uint8)
    >>> mix(white, [red], [np.array([[128]], np.uint8)], 255).tolist()
    [[[255, 127, 127]]]
    """
    # 65535 levels of alpha by 255 of colour stay below 2 ** 31.
    levels = background.astype(np.int32) * np.int32(largest)
    for layer, share in zip(layers, shares, strict=True):
        window = layer.window
        behind = background[window].astype(np.int32)
        lighter = layer.rgba[..., :_RGB] - behind
        levels[window] += share[window].astype(np.int32)[..., None] * lighter
    levels += largest // 2
    levels //= largest
    mixed: NDArray[np.uint8] = levels.astype(np.uint8)
    return mixed
