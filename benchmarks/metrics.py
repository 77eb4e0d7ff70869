"""What the columns of one cutout cost, beside decoding its PNG and scikit-image.

Sample scenes (mug: crisp edges, plush: fur, glass-bottle: a translucent body) are
drawn, their foreground, backdrop and alpha scaled up to 1, 4 and 12 megapixels, grain
of 1.5 levels is laid over the colours, and the cutout is saved as RGBA by Pillow at its
default level. Measured in one run, taking turns, medians over the rounds:

- ``decode``: Pillow reads the PNG from memory;
- ``cutout``: ``measure_cutout(rgba)``, every column that needs no other picture, the
  colour residue included;
- ``source``: ``measure_cutout(rgba, source)``, edge evidence and halo as well;
- ``table``: ``regionprops_table(label(alpha >= 128))`` of scikit-image with seven
  properties, given alpha as a contiguous array (once a size: it is slow).

Times are CPU time of the one thread that runs (no part uses another), so that other
work on the machine counts less. Memory is tracemalloc's peak during ``measure_alpha``
and during ``measure_cutout(rgba)``, which numpy reports to, in bytes a pixel beyond the
arrays passed in. Below the scenes, mattes that no camera makes: white noise.

Needs the ``test`` extra. From the root of the checkout::

    python benchmarks/metrics.py [--rounds 7] [--megapixels 1 4 12]
"""

from __future__ import annotations

import argparse
import io
import os
import platform
import statistics
import time
import tracemalloc
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image
from skimage.measure import label, regionprops_table

from cosmat_nb.emulator.samples import KINDS, draw_scene_parts
from cosmat_nb.metrics.measure import measure_alpha, measure_cutout

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

SCENES = ("mug", "plush", "glass-bottle")
PROPERTIES = (
    *("area", "bbox", "centroid", "eccentricity"),
    *("euler_number", "orientation", "solidity"),
)
GRAIN = 1.5


@dataclass(frozen=True)
class Picture:
    """A cutout, its PNG, and the picture it was cut from."""

    png: bytes
    rgba: NDArray[np.uint8]
    source: NDArray[np.uint8]

    @property
    def megapixels(self) -> float:
        """Size of the picture."""
        return float(self.rgba.shape[0] * self.rgba.shape[1] / 1e6)


def draw(name: str, megapixels: float) -> Picture:
    """Draw a scene and scale it to a size."""
    parts = draw_scene_parts(list(KINDS).index(name))
    height, width = parts.alpha.shape
    scale = (megapixels * 1e6 / (height * width)) ** 0.5
    size = (round(width * scale), round(height * scale))
    foreground, backdrop, alpha = (
        np.asarray(Image.fromarray(to_bytes(layer * 255)).resize(size))
        for layer in parts
    )
    grain = np.random.default_rng(0).normal(0, GRAIN, foreground.shape)
    share = (alpha / np.float32(255))[..., None]
    mixed = foreground * share + backdrop * (1 - share) + grain
    colors = to_bytes(foreground + grain) * (alpha > 0)[..., None]
    rgba = np.dstack([colors, alpha])
    file = io.BytesIO()
    Image.fromarray(rgba).save(file, "PNG")
    return Picture(file.getvalue(), rgba, to_bytes(mixed))


def to_bytes(pixels: NDArray[Any]) -> NDArray[np.uint8]:
    """Round to 8 bits."""
    return np.rint(np.clip(pixels, 0, 255)).astype(np.uint8)


def decode(png: bytes) -> None:
    """Decode a PNG from memory."""
    with Image.open(io.BytesIO(png)) as image:
        image.load()


def tabulate(alpha: NDArray[np.uint8]) -> object:
    """Measure seven properties of every part with scikit-image."""
    return regionprops_table(label(alpha >= 128), properties=PROPERTIES)


def take_turns(
    ways: Mapping[str, Callable[[], object]], rounds: int
) -> dict[str, float]:
    """Return the median CPU milliseconds of each way, a first round left out."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            start = time.thread_time()
            way()
            spent[name].append((time.thread_time() - start) * 1e3)
    return {name: statistics.median(times[1:]) for name, times in spent.items()}


def peak(work: Callable[[], object]) -> int:
    """Return the most bytes held at once during some work."""
    tracemalloc.start()
    work()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def compare(picture: Picture, rounds: int) -> dict[str, float]:
    """Return milliseconds a megapixel, ratios and bytes a pixel of one picture."""
    rgba, source = picture.rgba, picture.source
    alpha = np.ascontiguousarray(rgba[..., 3])
    times = take_turns(
        {
            "decode": lambda: decode(picture.png),
            "cutout": lambda: measure_cutout(rgba),
            "source": lambda: measure_cutout(rgba, source),
        },
        rounds,
    )
    table = take_turns({"table": lambda: tabulate(alpha)}, rounds=1)["table"]
    cells = {name: spent / picture.megapixels for name, spent in times.items()}
    return cells | {
        "table": table / picture.megapixels,
        "cutout/decode": times["cutout"] / times["decode"],
        "source/decode": times["source"] / times["decode"],
        "table/cutout": table / times["cutout"],
        "B/px": peak(lambda: measure_alpha(alpha)) / alpha.size,
        "B/px cutout": peak(lambda: measure_cutout(rgba)) / alpha.size,
    }


def show(name: str, cells: Mapping[str, float]) -> None:
    """Print one row of the table."""
    shown = (f"{value:>14.2f}" for value in cells.values())
    print(f"{name:<22}", *shown, sep="")


def show_noise(rounds: int) -> None:
    """Print what a matte costs that has no two equal neighbours, and its halves."""
    noise = np.random.default_rng(0).integers(0, 256, (1000, 1000), dtype=np.uint8)
    for name, alpha in (
        ("noise of 256 levels", noise),
        ("noise of 0 and 255", np.where(noise < 128, np.uint8(0), np.uint8(255))),
        ("empty", np.zeros_like(noise)),
    ):

        def work(alpha: NDArray[np.uint8] = alpha) -> object:
            return measure_alpha(alpha)

        spent = take_turns({"alpha": work}, rounds)["alpha"]
        print(f"{name:<22}{spent:8.1f} ms/MP {peak(work) / alpha.size:8.1f} B/px")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 4, 12])
    args = parser.parse_args()
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores;", end=" ")
    names = ("numpy", "scipy", "pillow", "scikit-image")
    print(", ".join(f"{name} {version(name)}" for name in names))
    print(f"CPU ms per megapixel, medians of {args.rounds} interleaved rounds\n")
    headed, rows = False, []
    for megapixels in args.megapixels:
        for name in SCENES:
            picture = draw(name, megapixels)
            cells = compare(picture, args.rounds)
            if not headed:
                print(f"{'':<22}", *(f"{key:>14}" for key in cells), sep="")
                headed = True
            height, width = picture.rgba.shape[:2]
            show(f"{name} {width}x{height}", cells)
            rows.append(cells)
    show("median", {key: statistics.median(r[key] for r in rows) for key in rows[0]})
    print()
    show_noise(min(args.rounds, 3))


if __name__ == "__main__":
    main()
