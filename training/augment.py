"""Random changes to batches of pictures: place, colour, light, blur, noise, JPEG."""

from __future__ import annotations

import io
import math

import numpy as np
import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

__all__ = ["Dice", "blur", "degrade", "jitter", "light", "warp", "warp_cutout"]

_GREY = (0.299, 0.587, 0.114)
_TURNED = 0.4


class Dice:
    """One seeded source of chance for a whole run; its state is checkpointed.

    Examples
    --------
    >>> Dice(1).uniform(0, 1, 2).shape
    torch.Size([2])
    """

    def __init__(self, seed: int) -> None:
        self.generator = torch.Generator().manual_seed(seed)

    def uniform(self, low: float, high: float, *shape: int) -> Tensor:
        """Return float32 values in [low, high)."""
        return low + (high - low) * torch.rand(*shape, generator=self.generator)

    def normal(self, *shape: int) -> Tensor:
        """Return standard normal float32 values."""
        return torch.randn(*shape, generator=self.generator)

    def number(self, low: float, high: float) -> float:
        """Return one value in [low, high)."""
        return float(self.uniform(low, high, 1))

    def signs(self, count: int) -> Tensor:
        """Return -1 or 1, each half the time, float32."""
        return torch.where(self.uniform(-1, 1, count) < 0, -1.0, 1.0)

    def happens(self, chance: float) -> bool:
        """Return True with this chance."""
        return self.number(0, 1) < chance

    def pick(self, weights: Tensor, count: int) -> Tensor:
        """Return ``count`` row numbers, int64, drawn with replacement."""
        return torch.multinomial(
            weights, count, replacement=True, generator=self.generator
        )


def warp(pictures: Tensor, transform: Tensor, size: int, *, border: str) -> Tensor:
    """Resample by an affine map from output to input places.

    Parameters
    ----------
    pictures : Tensor, (N, C, H, W)
    transform : Tensor, (N, 2, 3)
        In the units of ``torch.nn.functional.affine_grid``: -1 to 1, x before y.
    size : int
        Side of the answer, px.
    border : str
        ``"zeros"``, ``"border"`` or ``"reflection"``.

    Returns
    -------
    Tensor, (N, C, size, size)
    """
    shape = [len(pictures), 1, size, size]
    grid = functional.affine_grid(transform, shape, align_corners=False)
    return functional.grid_sample(
        pictures, grid, mode="bilinear", padding_mode=border, align_corners=False
    )


def warp_cutout(cutouts: Tensor, transform: Tensor, size: int) -> Tensor:
    """Resample colours and matte at once; outside the old frame alpha is zero.

    Parameters
    ----------
    cutouts : Tensor, (N, 4, H, W)
        Colours carried past the frame by their last value, so that no dark line
        appears along a cut.
    transform : Tensor, (N, 2, 3)
    size : int

    Returns
    -------
    Tensor, (N, 4, size, size)
    """
    shape = [len(cutouts), 1, size, size]
    grid = functional.affine_grid(transform, shape, align_corners=False)
    moved = functional.grid_sample(
        cutouts, grid, mode="bilinear", padding_mode="border", align_corners=False
    )
    depth = (1 - grid.abs().amax(3)) * (cutouts.shape[-1] / 2)
    moved[:, 3] *= (depth + 0.5).clamp(0, 1)
    return moved


def window_transform(dice: Dice, count: int, *, low: float, high: float) -> Tensor:
    """Return maps that look at a random window, mirrored half the time.

    Parameters
    ----------
    low, high : float
        Share of the picture's side that is seen; above 1 the border shows.
    """
    zoom = dice.uniform(low, high, count)
    stretch = torch.exp(0.08 * dice.normal(count))
    angle = 0.10 * dice.normal(count) * (dice.uniform(0, 1, count) < _TURNED)
    mirror = dice.signs(count)
    room = (1 - zoom).abs()
    cols, rows = dice.uniform(-1, 1, 2, count) * room
    cosine, sine = torch.cos(angle) * zoom, torch.sin(angle) * zoom
    first = torch.stack([cosine * stretch * mirror, -sine, cols], 1)
    second = torch.stack([sine * mirror, cosine / stretch, rows], 1)
    return torch.stack([first, second], 1)


def jitter(dice: Dice, pictures: Tensor, strength: float) -> Tensor:
    """Change exposure, contrast, colour cast, saturation and gamma picture by picture.

    Parameters
    ----------
    pictures : Tensor, (N, 3, H, W), 0 to 1
    strength : float
        0 leaves the pictures as they are; 1 is strong.
    """
    count = len(pictures)
    gains = torch.exp(strength * 0.25 * dice.normal(count, 1, 1, 1))
    gains = gains * torch.exp(strength * 0.08 * dice.normal(count, 3, 1, 1))
    contrast = torch.exp(strength * 0.25 * dice.normal(count, 1, 1, 1))
    saturation = (1 + strength * 0.45 * dice.normal(count, 1, 1, 1)).clamp(0, 2)
    gamma = torch.exp(strength * 0.15 * dice.normal(count, 1, 1, 1))
    mean = pictures.mean((1, 2, 3), keepdim=True)
    changed = ((pictures - mean) * contrast + mean) * gains
    grey = (changed * torch.tensor(_GREY).view(1, 3, 1, 1)).sum(1, keepdim=True)
    changed = grey + (changed - grey) * saturation
    return changed.clamp(1e-4, 1) ** gamma


def light(dice: Dice, pictures: Tensor) -> Tensor:
    """Multiply by a smooth field, as a lamp or a window would."""
    field = 0.22 * dice.normal(len(pictures), 1, 3, 3)
    size = pictures.shape[-1]
    smooth = functional.interpolate(
        field, size=(size, size), mode="bicubic", align_corners=False
    )
    return (pictures * torch.exp(smooth)).clamp(0, 1)


def blur(pictures: Tensor, cells: int) -> Tensor:
    """Return the pictures as seen through ``cells`` x ``cells`` pixels."""
    size = pictures.shape[-1]
    small = functional.interpolate(pictures, size=(cells, cells), mode="area")
    return functional.interpolate(
        small, size=(size, size), mode="bilinear", align_corners=False
    )


def compress(picture: Tensor, quality: int) -> Tensor:
    """Return a ``(3, H, W)`` picture after a trip through JPEG."""
    pixels = (picture.permute(1, 2, 0).clamp(0, 1) * 255).round().byte().numpy()
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=quality)
    with Image.open(stream) as decoded:
        answer = torch.from_numpy(np.array(decoded))
    return answer.permute(2, 0, 1).float() / 255


def degrade(dice: Dice, pictures: Tensor) -> Tensor:
    """Blur, add noise, take the colour away or compress, each on some pictures.

    Parameters
    ----------
    pictures : Tensor, (N, 3, S, S), 0 to 1
        Changed in place and returned.
    """
    size = pictures.shape[-1]
    for place, picture in enumerate(pictures):
        changed = picture
        if dice.happens(0.2):
            cells = math.ceil(size * dice.number(0.35, 0.9))
            changed = blur(changed[None], cells)[0]
        if dice.happens(0.3):
            changed = changed + dice.number(0, 0.06) * dice.normal(3, size, size)
        if dice.happens(0.04):
            grey = changed.mean(0, keepdim=True)
            changed = grey.expand(3, -1, -1)
        if dice.happens(0.25):
            changed = compress(changed, int(dice.number(18, 92)))
        pictures[place] = changed.clamp(0, 1)
    return pictures
