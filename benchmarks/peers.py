"""Engines that are measured beside each other: ours, its parts, and others' ways.

- ``cosmat``: the default engine, the network and its edges;
- ``network``: the same network, its matte stretched to the picture;
- ``color``: colours alone, what the package had before it had a network;
- ``grabcut``: OpenCV's GrabCut, five rounds from a centred rectangle with a margin of
  10 % on every side, on at most 512 px of the longer side, its mask stretched. Larger
  would take longer still, smaller cuts worse;
- ``teacher``: U²-Netp, which ours learnt from, its matte stretched with Lanczos
  windows, which is rembg's way (but for an answer of nothing, see `Network.matte`);
- ``teacher-edges``: the same network with our edges.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from color_engine import ColorEngine
from PIL import Image

from cosmat_nb.images import thumbnail
from cosmat_nb.matting.engine import get_engine
from cosmat_nb.matting.models import MODELS
from cosmat_nb.matting.network import Network
from cosmat_nb.matting.neural import NeuralEngine

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Peer = Callable[[NDArray[np.uint8]], NDArray[np.float32]]

TEACHER = Path(__file__).resolve().parents[2] / "shared" / "models/u2netp-fp16.onnx"
NAMES = ("cosmat", "network", "color", "grabcut", "teacher", "teacher-edges")
_GRABCUT_SIDE, _GRABCUT_MARGIN, _GRABCUT_ROUNDS = 512, 0.1, 5


class Attentive(Network):
    """A network that does not look again at the picture it has just seen."""

    _seen: tuple[NDArray[np.uint8], NDArray[np.float32]] | None = None

    def matte(self, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Answer as `Network.matte`."""
        if self._seen is None or self._seen[0] is not picture:
            self._seen = picture, super().matte(picture)
        return self._seen[1]


def our_engine() -> NeuralEngine:
    """Return the default engine, and see that it is a network."""
    engine = get_engine()
    if not isinstance(engine, NeuralEngine):
        raise SystemExit(f"the default engine is {engine.name}, no network")
    return engine


def make_peers(
    names: tuple[str, ...], teacher: Path, kind: type[Network] = Network
) -> dict[str, Peer]:
    """Return what estimates alpha, by name; without the teacher's file less of them."""
    default = our_engine().network
    network = kind(default.path, default.model)
    other = kind(teacher, MODELS["u2netp"])
    made: dict[str, Peer] = {
        "cosmat": NeuralEngine(network).estimate_alpha,
        "network": partial(stretch_matte, network),
        "color": ColorEngine().estimate_alpha,
        "grabcut": grab_cut,
        "teacher": partial(stretch_matte, other),
        "teacher-edges": NeuralEngine(other).estimate_alpha,
    }
    present = teacher.is_file()
    return {
        name: made[name] for name in names if present or not name.startswith("teacher")
    }


def stretch_matte(network: Network, picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Stretch a network's matte to the picture and do nothing else."""
    return stretch(network.matte(picture), picture.shape)


def stretch(matte: NDArray[np.float32], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Bring a matte to the height and width of `shape` with Lanczos windows."""
    image = Image.fromarray(matte).resize(shape[1::-1], Image.Resampling.LANCZOS)
    return np.clip(np.asarray(image), 0, 1)


def grab_cut(picture: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Cut with OpenCV's GrabCut, which is told no more than a rectangle."""
    small = np.ascontiguousarray(thumbnail(picture, _GRABCUT_SIDE)[..., ::-1])
    height, width = small.shape[:2]
    top, left = int(_GRABCUT_MARGIN * height), int(_GRABCUT_MARGIN * width)
    box = (left, top, width - 2 * left, height - 2 * top)
    mask = np.zeros((height, width), dtype=np.uint8)
    models = np.zeros((1, 65)), np.zeros((1, 65))
    cv2.setRNGSeed(0)
    cv2.grabCut(small, mask, box, *models, _GRABCUT_ROUNDS, cv2.GC_INIT_WITH_RECT)
    kept = (mask == cv2.GC_FGD) | (mask == cv2.GC_PR_FGD)
    return stretch(kept.astype(np.float32), picture.shape)
