"""Cutouts made by hand, and examples rendered of them."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.dataset.pictures.render import render_cutout
from cosmat_nb.dataset.pictures.rendering import Rendering
from cosmat_nb.options import MattingOptions


def make_cutout(rgba, *, png=None, place="a/mug.jpg", **options):
    """Wrap straight (H, W, 4) uint8, or a PNG of it, as the service's answer."""
    png = png or images.encode_png(rgba)
    return Cutout(
        place=place,
        options=MattingOptions(**options),
        data=png,
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=not rgba[..., 3].any(),
        nbytes=len(png),
    )


def draw_photograph(height=40, width=60):
    """Draw noise, (H, W, 3) uint8, on which every place looks different."""
    return np.random.default_rng(7).integers(0, 256, (height, width, 3), np.uint8)


def cut_disc(photograph, center=(22, 25), radius=12):
    """Cut a disc with an edge 4 px wide, (H, W, 4) uint8; nothing is left around it."""
    rows, cols = np.ogrid[: photograph.shape[0], : photograph.shape[1]]
    away = np.hypot(rows - center[0], cols - center[1])
    alpha = (255 * ((radius + 2 - away) / 4).clip(0, 1)).round().astype(np.uint8)
    return np.dstack([np.where(alpha[..., None] > 0, photograph, 0), alpha])


def to_file(pixels, kind, **settings):
    """Encode an array, or an image, by Pillow."""
    image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)
    file = io.BytesIO()
    image.save(file, kind, **settings)
    return file.getvalue()


def read_image(example):
    """Open the picture of an example, as Pillow does."""
    image = Image.open(io.BytesIO(example.image.data))
    image.load()
    return image


def pixels_of(example):
    """The picture of an example, as an array."""
    return np.asarray(read_image(example))


def unread():
    """Stand in for a source that nobody may ask for."""
    raise AssertionError("the source was read")


def render(cutout, source=None, **settings):
    """Render a cutout; `source` is a file's bytes, or a function."""
    read = (
        source if callable(source) else (unread if source is None else lambda: source)
    )
    return render_cutout(
        cutout,
        Rendering(**settings),
        read,
        name="mug",
        split="train",
        category="mug",
        facts={"license": "CC0-1.0"},
    )
