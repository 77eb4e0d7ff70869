"""Cutouts, frames and backgrounds for tests of composed scenes."""

from __future__ import annotations

import numpy as np
import pandas as pd

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.dataset.compose.composing import compose
from cosmat_nb.dataset.compose.recipe import Recipe

WALL = np.add.outer(np.arange(90), np.arange(120)).astype(np.uint8)
WALL = np.stack([WALL, WALL[::-1], WALL[:, ::-1]], axis=-1)
"""A background whose every part looks different, 90 × 120 px."""

SMALL = Recipe(size=(60, 80), shadow=None)


def cutout_of(rgba, place="a.png"):
    """A cutout in memory that shows these pixels."""
    png = images.encode_png(rgba)
    return cm.Cutout(
        place=place,
        options=cm.MattingOptions(),
        data=png,
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=not rgba[..., 3].any(),
        nbytes=len(png),
    )


def paint(seed, height=40, width=30):
    """A blob with a soft edge and colours of its own, never touching its canvas."""
    rng = np.random.default_rng(seed)
    rows, cols = np.mgrid[:height, :width] + 0.5
    far = np.hypot(rows / height - 0.5, cols / width - 0.5)
    rgba = rng.integers(0, 256, (height, width, 4), np.uint8)
    rgba[..., 3] = np.rint(255 * ((0.45 - far) * 8).clip(0, 1))
    return rgba


def frame_of(count=6, splits=(), **columns):
    """A frame of blobs with keys ``k0`` … and, if asked, splits in turn."""
    keys = [f"k{number}" for number in range(count)]
    frame = pd.DataFrame(
        {
            "key": keys,
            "cutout": [cutout_of(paint(n), key) for n, key in enumerate(keys)],
            **columns,
        }
    )
    if splits:
        frame["split"] = [splits[n % len(splits)] for n in range(count)]
    return frame


def one_scene(frame=None, backgrounds=WALL, recipe=SMALL, **more):
    """The first scene of a frame."""
    frame = frame_of() if frame is None else frame
    made = compose(frame, backgrounds, recipe, count=1, progress=False, **more)
    return made.scene[0]
