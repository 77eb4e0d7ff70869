"""What the network is asked to minimise."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

__all__ = ["matting_loss"]

_EDGE = 4.0
_SIDE_WEIGHT = 0.25
_L1_WEIGHT = 1.5
_SHRINK = 4
_WINDOW = 7


def edge_weight(alpha: Tensor) -> Tensor:
    """Return 1 far from edges and up to 1 + 4 near them (F3Net, Wei et al. 2020)."""
    small = functional.avg_pool2d(alpha, _SHRINK, ceil_mode=True)
    mean = functional.avg_pool2d(
        small, _WINDOW, 1, _WINDOW // 2, count_include_pad=False
    )
    mean = functional.interpolate(
        mean, size=alpha.shape[-2:], mode="bilinear", align_corners=False
    )
    return 1 + _EDGE * (mean - alpha).abs()


def structure_terms(logits: Tensor, alpha: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return edge-weighted cross entropy, soft IoU loss and mean absolute error.

    Parameters
    ----------
    logits, alpha : Tensor, (N, 1, H, W)
        ``alpha`` in [0, 1].

    Examples
    --------
    >>> import torch
    >>> sure = torch.full((1, 1, 32, 32), 20.0)
    >>> [round(float(term), 3) for term in structure_terms(sure, torch.ones_like(sure))]
    [0.0, 0.0, 0.0]
    """
    weight = edge_weight(alpha)
    entropy = functional.binary_cross_entropy_with_logits(
        logits, alpha, reduction="none"
    )
    answer = torch.sigmoid(logits)
    both = (weight * torch.minimum(answer, alpha)).sum((1, 2, 3))
    either = (weight * torch.maximum(answer, alpha)).sum((1, 2, 3))
    overlap = (both + 1) / (either + 1)
    return (
        (weight * entropy).sum() / weight.sum(),
        1 - overlap.mean(),
        (answer - alpha).abs().mean(),
    )


def matting_loss(outputs: list[Tensor], alpha: Tensor) -> tuple[Tensor, list[float]]:
    """Return the loss over all outputs and the three terms of the finest one.

    Parameters
    ----------
    outputs : list of Tensor
        Logits from fine to coarse; coarse ones are compared with averaged alpha.
    alpha : Tensor, (N, 1, H, W)
    """
    entropy, overlap, absolute = structure_terms(outputs[0], alpha)
    total = entropy + overlap + _L1_WEIGHT * absolute
    for logits in outputs[1:]:
        target = functional.interpolate(alpha, size=logits.shape[-2:], mode="area")
        side_entropy, side_overlap, _ = structure_terms(logits, target)
        total = total + _SIDE_WEIGHT * (side_entropy + side_overlap)
    return total, [float(term.detach()) for term in (entropy, overlap, absolute)]
