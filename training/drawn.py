"""The emulator's drawn scenes as training pictures: hair, glass, thin parts, shadows.

Run where the package is installed: ``python -m training.drawn 480``. The seeds start
far from those that the tests and the samples of the package use.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from PIL import Image

from cosmat_nb.emulator.samples import KINDS, draw_scene_parts

__all__ = ["draw_bank"]

SIDE = 288
FOLDER = Path(__file__).parent / "runs" / "drawn"

_FIRST_SEED = 100_000


def draw_bank(folder: Path, count: int) -> None:
    """Fill a folder with ``photos.npy``, ``foregrounds.npy`` and ``mattes.npy``.

    Parameters
    ----------
    folder : Path
    count : int
        Scenes; the kinds come in turn, each scene with a seed of its own. One kind has
        no subject, so its alpha is zero.
    """
    folder.mkdir(parents=True, exist_ok=True)
    shape = (count, SIDE, SIDE, 3)
    photos = open_memmap(folder / "photos.npy", "w+", np.uint8, shape)
    fronts = open_memmap(folder / "foregrounds.npy", "w+", np.uint8, shape)
    mattes = open_memmap(folder / "mattes.npy", "w+", np.uint8, shape[:3])
    for place in range(count):
        parts = draw_scene_parts(place % len(KINDS), _FIRST_SEED + place)
        alpha = parts.alpha[..., None]
        picture = alpha * parts.foreground + (1 - alpha) * parts.backdrop
        photos[place] = _stretch(picture)
        fronts[place] = _stretch(parts.foreground)
        mattes[place] = _stretch(parts.alpha)
    for array in (photos, fronts, mattes):
        array.flush()


def _stretch(values: np.ndarray) -> np.ndarray:
    pixels = np.rint(values * 255).clip(0, 255).astype(np.uint8)
    return np.asarray(
        Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX)
    )


if __name__ == "__main__":
    draw_bank(FOLDER, int(sys.argv[1]))
