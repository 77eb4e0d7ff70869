"""Measures on held-out pictures, and a contact sheet for the eye."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional

from training.augment import Dice
from training.data import Scenes, held_out_cast

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from training.bank import Bank
    from training.model import MattingNet

__all__ = ["HeldOut", "measure", "predict", "write_sheet"]

_SIDE = 256
_COMPOSITES = 96
_BATCH = 16
_SEED = 20_000
_CELL = 128


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Validation pictures, made once a run.

    Attributes
    ----------
    photos, photo_alpha : Tensor
        The ``val`` split with the teacher's mattes: agreement, not truth.
    composites, composite_alpha : Tensor
        Validation subjects pasted on held-out backgrounds.
    judged, judged_alpha : Tensor
        Crowded scenes and crops of validation pictures, as the teacher judged them.
    """

    photos: Tensor
    photo_alpha: Tensor
    composites: Tensor
    composite_alpha: Tensor
    judged: Tensor
    judged_alpha: Tensor

    @classmethod
    def from_bank(cls, bank: Bank) -> HeldOut:
        """Return the held-out pictures of a bank, the same every time."""
        scenes = Scenes(bank, held_out_cast(bank), Dice(_SEED))
        made = scenes.batch(_COMPOSITES, _SIDE, composites=1.0)
        return cls(*_read(bank, bank.val_photos), *made, *_read(bank, bank.val_judged))


def _read(bank: Bank, rows: NDArray[np.int64]) -> tuple[Tensor, Tensor]:
    photos = torch.from_numpy(bank.photos[rows]).permute(0, 3, 1, 2).float() / 255
    alpha = torch.from_numpy(bank.mattes[rows])[:, None].float() / 255
    return _shrink(photos), _shrink(alpha)


def _shrink(pictures: Tensor) -> Tensor:
    return functional.interpolate(
        pictures, size=(_SIDE, _SIDE), mode="bilinear", align_corners=False
    )


@torch.no_grad()
def predict(network: MattingNet, photos: Tensor) -> Tensor:
    """Return alpha for ``(N, 3, H, W)`` photographs, batch by batch."""
    network.eval()
    return torch.cat([network.matte(part) for part in photos.split(_BATCH)])


def measure(answer: Tensor, alpha: Tensor) -> tuple[float, float]:
    """Return mean absolute error and mean IoU at 0.5 over pictures.

    A picture without a subject counts 0 in the IoU, whatever is answered.

    Examples
    --------
    >>> import torch
    >>> measure(torch.ones(1, 1, 2, 2), torch.ones(1, 1, 2, 2))
    (0.0, 1.0)
    """
    ours, theirs = answer > 0.5, alpha > 0.5  # noqa: PLR2004 - the measure's name
    both = (ours & theirs).sum((1, 2, 3))
    either = (ours | theirs).sum((1, 2, 3)).clamp_min(1)
    return float((answer - alpha).abs().mean()), float((both / either).mean())


def write_sheet(path: Path, photos: Tensor, alpha: Tensor, answer: Tensor) -> None:
    """Write columns of photograph, wanted matte and answer, ten to a row."""
    cells = torch.cat([photos, alpha.expand_as(photos), answer.expand_as(photos)], 2)
    small = functional.interpolate(cells, size=(3 * _CELL, _CELL), mode="area")
    lines = [torch.cat(list(part), 2) for part in small.split(10)]
    wide = max(line.shape[2] for line in lines)
    lines = [functional.pad(line, (0, wide - line.shape[2])) for line in lines]
    pixels = (torch.cat(lines, 1).permute(1, 2, 0) * 255).byte().numpy()
    Image.fromarray(pixels).save(path)
