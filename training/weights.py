"""Averaged weights and files that are either whole or absent."""

from __future__ import annotations

import copy
import os
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

if TYPE_CHECKING:
    from pathlib import Path

    from training.model import MattingNet

__all__ = ["Average", "load_half", "save_half", "save_whole"]

_DECAY = 0.998


class Average:
    """Exponential moving average of all weights and norms' statistics.

    Parameters
    ----------
    network : MattingNet
        The network to follow; ``network`` of this object is a copy.
    """

    def __init__(self, network: MattingNet) -> None:
        self.network = copy.deepcopy(network).eval()

    @torch.no_grad()
    def update(self, network: MattingNet, step: int) -> None:
        """Move towards ``network``; quickly during the first steps."""
        decay = min(_DECAY, (1 + step) / (10 + step))
        live = network.state_dict()
        for name, values in self.network.state_dict().items():
            if values.is_floating_point():
                values.lerp_(live[name], 1 - decay)
            else:
                values.copy_(live[name])


def save_whole(path: Path, content: dict[str, Any]) -> None:
    """Write a checkpoint beside its place, then move it there in one step."""
    beside = path.with_suffix(".part")
    torch.save(content, beside)
    os.replace(beside, path)  # noqa: PTH105 - the same rename, atomic on POSIX


def save_half(path: Path, network: MattingNet) -> None:
    """Write weights as float16 and norms' running statistics as float32, ``.npz``."""
    arrays = {}
    for name, values in network.state_dict().items():
        if values.is_floating_point():
            exact = "running" in name
            arrays[name] = values.numpy().astype(np.float32 if exact else np.float16)
    beside = path.with_suffix(".part")
    with beside.open("wb") as stream:
        np.savez_compressed(stream, **arrays)
    os.replace(beside, path)  # noqa: PTH105 - the same rename, atomic on POSIX


def load_half(path: Path, network: MattingNet) -> None:
    """Read what :func:`save_half` wrote into ``network``."""
    with np.load(path) as arrays:
        state = {
            name: torch.from_numpy(arrays[name].astype(np.float32))
            for name in arrays.files
        }
    network.load_state_dict({**network.state_dict(), **state})
