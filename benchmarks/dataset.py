"""What writing a data set costs, held against encoding alone.

Drawn sample scenes, enlarged to 1 megapixel with grain like photographs; their
cutouts lie in a store and their sources in memory, so that no network is in the
numbers. Two threads everywhere, one run, medians of `--repeat`:

- `write_dataset` into an empty folder, for each format and picture;
- *encoding*: the same encoders make the same files from pixels that are at hand; a
  photograph whose file is kept is not encoded;
- *with decoding*: the same, after decoding each cutout and its source.

Nothing is encoded of a photograph that is kept, which leaves grey mattes alone: there
the first ratio says little, and the second says what the rest costs.

From the root of the checkout, with pyarrow for Parquet::

    python benchmarks/dataset.py [--count 24] [--repeat 5]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.dataset.example import hard_mask
from cosmat_nb.dataset.formats.registry import FORMATS
from cosmat_nb.dataset.pictures.encoding import (
    decode_alpha,
    encode_alpha,
    encode_mask,
    encode_picture,
)
from cosmat_nb.dataset.pictures.trimap import draw_trimap
from cosmat_nb.emulator.samples import draw_scenes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    Pixels = tuple[NDArray[np.uint8], NDArray[np.uint8]]

PIXELS = 1_000_000
THREADS = 2
RADIUS = 12
RENDERINGS = {
    "photograph kept": (cm.Rendering(), None),
    "photograph as PNG": (cm.Rendering(file="png"), "png"),
    "cutout as WebP": (cm.Rendering(image="cutout", file="webp"), "webp"),
    "composite as JPEG": (cm.Rendering(image="composite"), "jpeg"),
}
"""Which pictures are written, and as what they are encoded, if they are."""

ROLES = {
    "folder": ("alpha", "mask", "trimap"),
    "coco": ("alpha",),
    "yolo": ("alpha",),
    "webdataset": ("alpha", "mask"),
    "parquet": ("alpha", "mask"),
}
"""Grey pictures that each format writes of an example."""


def make_pictures(count: int, store: cm.Store) -> tuple[pd.DataFrame, dict[str, bytes]]:
    """Return a frame of stored cutouts, and the files of their sources by key."""
    rows, sources = [], {}
    for scene in draw_scenes(count):
        height, width = scene.alpha.shape
        scale = (PIXELS / (height * width)) ** 0.5
        size = round(width * scale), round(height * scale)
        picture = np.asarray(Image.fromarray(scene.picture).resize(size))
        matte = Image.fromarray(np.rint(scene.alpha * 255).astype(np.uint8))
        noise = np.random.default_rng(len(rows)).normal(0, 3, picture.shape)
        picture = np.rint(np.clip(picture + noise, 0, 255)).astype(np.uint8)
        key = f"{scene.name}.jpg"
        sources[key] = images.encode_jpeg(picture)
        shown = images.decode_rgb(sources[key])
        rgba = np.dstack([shown, np.asarray(matte.resize(size))])
        rgba[rgba[..., 3] == 0] = 0
        rows.append({"key": key, "cutout": keep(key, rgba, store)})
    return pd.DataFrame(rows), sources


def keep(key: str, rgba: NDArray[np.uint8], store: cm.Store) -> cm.Cutout:
    """Return a cutout whose PNG the store keeps."""
    png = images.encode_png(rgba)
    return cm.Cutout(
        place=key,
        options=cm.MattingOptions(),
        height=rgba.shape[0],
        width=rgba.shape[1],
        is_empty=not rgba[..., 3].any(),
        nbytes=len(png),
        folder=store.folder,
        sha256=store.keep(png),
    )


def work(tasks: Iterable[Callable[[], object]]) -> float:
    """Do tasks in two threads; return seconds."""
    begun = time.perf_counter()
    with ThreadPoolExecutor(THREADS) as pool:
        for each in [pool.submit(task) for task in tasks]:
            each.result()
    return time.perf_counter() - begun


def encode(pixels: Pixels, form: str, kind: str | None) -> None:
    """Make an example's files of pixels at hand; kind is its picture's, if any."""
    image, alpha = pixels
    if kind:
        encode_picture(image, kind)
    encode_alpha(alpha)
    if "mask" in ROLES[form]:
        encode_mask(hard_mask(alpha))
    if "trimap" in ROLES[form]:
        encode_alpha(draw_trimap(alpha, RADIUS))


def decode(cutout: cm.Cutout, source: bytes | None) -> None:
    """Decode what an example is made from."""
    images.decode_rgba(cutout.png)
    if source:
        images.decode_rgb(source)


def export(
    frame: pd.DataFrame, sources: dict[str, bytes], form: str, rendering: cm.Rendering
) -> tuple[float, list[Pixels]]:
    """Write a data set into an empty folder; return seconds, and what it shows."""
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        cm.write_dataset(
            frame,
            Path(folder) / "set",
            form,
            rendering=rendering,
            before=sources.__getitem__,
            workers=THREADS,
            progress=False,
        )
        seconds = time.perf_counter() - begun
        items = cm.read_dataset(Path(folder) / "set")["item"]
        return seconds, [(each.image, decode_alpha(each.alpha_png)) for each in items]


def measure(
    frame: pd.DataFrame, sources: dict[str, bytes], form: str, name: str, repeat: int
) -> str:
    """Return a line of the table."""
    rendering, kind = RENDERINGS[name]
    wanted = sources if rendering.image == "source" else {}
    cutouts = [*zip(frame["cutout"], frame["key"], strict=True)]
    times: list[tuple[float, float, float]] = []
    for _ in range(repeat):
        took, pixels = export(frame, sources, form, rendering)
        encoding = work(partial(encode, each, form, kind) for each in pixels)
        decoding = work(partial(decode, cut, wanted.get(key)) for cut, key in cutouts)
        times.append((took, encoding, encoding + decoding))
    took, encoding, both = map(statistics.median, zip(*times, strict=True))
    return (
        f"{form:10}  {name:18}{len(frame) / took:8.1f}{took / len(frame) * 1000:8.1f}"
        f"{took / encoding:10.2f}{took / both:10.2f}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=24)
    parser.add_argument("--repeat", type=int, default=5)
    asked = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    print(f"{asked.count} pictures of 1 megapixel, {THREADS} threads, medians")
    print()
    print(f"{'':30}{'per s':>8}{'ms each':>8}{'encoding':>10}{'+decoding':>10}")
    with tempfile.TemporaryDirectory() as folder:
        frame, sources = make_pictures(asked.count, cm.Store(folder))
        for name in RENDERINGS:
            for form in FORMATS:
                print(measure(frame, sources, form, name, asked.repeat), flush=True)


if __name__ == "__main__":
    main()
