"""How well the embedded engine cuts, and how fast: IoU, MAE, seconds a megapixel.

IoU is taken of alpha over 0.5 (two empty mattes count 1), MAE is the mean of
``|alpha - truth|`` over the pixels that the truth decides. Pictures of three kinds:

- the twelve drawn sample scenes, whose alpha is exact; the ball, the grass pot and the
  vase stand before busy backdrops, the others on plain paper; the means leave out the
  scene without a subject;
- with ``../shared/data/eval`` beside the checkout, composites with exact alpha on plain
  and on busy backdrops, photographs with hand masks (kodak; pets, whose palette masks
  leave index 255 undecided), one alpha solved from a hand trimap (lemur);
- and, set apart, pictures whose "truth" is another network's output (am2k, p3m): there
  the numbers are agreement, not quality.

Time is the CPU time of ``cut_out``, alpha and foreground colours, on a decoded picture
with numerical libraries held to one thread; the best of ``--repeat`` runs a picture.
Seconds a megapixel: a group's seconds over its pixels. From the root of the checkout::

    python benchmarks/cutting.py [--engine color] [--eval FOLDER] [--repeat 2]
"""

from __future__ import annotations

import argparse
import csv
import os
import platform
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from cosmat_nb.emulator.samples import draw_scenes
from cosmat_nb.images import decode_rgb, encode_jpeg
from cosmat_nb.matting.engine import ENGINES, cut_out, get_engine

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cosmat_nb.matting.engine import Engine

BUSY = {"ball", "grass-pot", "vase"}
EVAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "eval"
UNDECIDED = 255
SILVER = {"am2k", "p3m"}
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")


@dataclass(frozen=True)
class Score:
    """What one picture gave: errors, seconds, megapixels."""

    iou: float
    mae: float
    seconds: float
    megapixels: float


def score(
    picture: NDArray[np.uint8],
    truth: NDArray[np.float64],
    engine: Engine,
    repeat: int,
    decided: NDArray[np.bool_] | None = None,
) -> Score:
    """Cut one picture `repeat` times and compare its alpha with the truth."""
    spent = []
    for _ in range(repeat):
        start = time.process_time()
        rgba = cut_out(picture, engine)
        spent.append(time.process_time() - start)
    alpha = rgba[..., 3] / 255
    inside = np.ones(truth.shape, bool) if decided is None else decided
    alpha, truth = alpha[inside], truth[inside]
    ours, theirs = alpha > 0.5, truth > 0.5
    either = int((ours | theirs).sum())
    return Score(
        iou=int((ours & theirs).sum()) / either if either else 1.0,
        mae=float(np.abs(alpha - truth).mean()),
        seconds=min(spent),
        megapixels=rgba.shape[0] * rgba.shape[1] / 1e6,
    )


def score_file(folder: Path, row: dict[str, str], engine: Engine, repeat: int) -> Score:
    """Score one line of the manifest."""
    picture = decode_rgb((folder / row["image"]).read_bytes())
    with Image.open(folder / row["gt"]) as image:
        indexed = image.mode == "P"
        mask = np.asarray(image if indexed else image.convert("L"))
    if mask.shape != picture.shape[:2]:
        raise SystemExit(f"{row['image']} is {picture.shape}, its mask {mask.shape}")
    if indexed:
        decided = mask != UNDECIDED
        truth = ((mask > 0) & decided).astype(np.float64)
        return score(picture, truth, engine, repeat, decided)
    return score(picture, mask / 255, engine, repeat)


def group_of(row: dict[str, str]) -> str:
    """Name the group of a picture, composites by their backdrop."""
    if row["group"] != "composites":
        return row["group"]
    return "composites, " + Path(row["image"]).stem.rpartition("_")[2]


def show_head(name: str) -> None:
    """Print the names of the columns."""
    print(f"\n{name:22}{'pictures':>8}{'IoU':>8}{'MAE':>9}{'s/pic':>8}{'s/Mpx':>8}")


def show_row(name: str, scores: Sequence[Score], note: str = "") -> None:
    """Print one line of means."""
    seconds = sum(each.seconds for each in scores)
    print(
        f"{name:22}{len(scores):8d}{fmean(each.iou for each in scores):8.3f}"
        f"{fmean(each.mae for each in scores):9.4f}{seconds / len(scores):8.2f}"
        f"{seconds / sum(each.megapixels for each in scores):8.2f}  {note}".rstrip()
    )


def show_scenes(engine: Engine, repeat: int) -> None:
    """Measure the drawn scenes."""
    show_head("drawn scenes")
    plain: list[Score] = []
    busy: list[Score] = []
    for scene in draw_scenes():
        truth = scene.alpha.astype(np.float64)
        # As the emulator's bucket holds it: through JPEG.
        picture = decode_rgb(encode_jpeg(scene.picture))
        each = score(picture, truth, engine, repeat)
        show_row(scene.name, [each], "busy" if scene.name in BUSY else "")
        if scene.alpha.any():
            (busy if scene.name in BUSY else plain).append(each)
    show_row("mean, plain backdrop", plain)
    show_row("mean, busy backdrop", busy)


def read_manifest(folder: Path) -> Iterator[dict[str, str]]:
    """Yield the pictures that have a ground truth."""
    with (folder / "manifest.csv").open(newline="", encoding="utf-8") as file:
        yield from (row for row in csv.DictReader(file) if row["gt"])


def show_eval(folder: Path, engine: Engine, repeat: int) -> None:
    """Measure the held-out pictures by group, silver truth last."""
    groups: dict[str, list[dict[str, str]]] = {}
    for row in read_manifest(folder):
        groups.setdefault(group_of(row), []).append(row)
    show_head("held-out pictures")
    for name in sorted(groups, key=lambda name: (name in SILVER, name)):
        scores = [score_file(folder, row, engine, repeat) for row in groups[name]]
        kind = groups[name][0]["gt_kind"].partition(":")[0].partition("(")[0]
        show_row(name, scores, kind)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Quality and speed of the engine.")
    parser.add_argument("--engine", default="color", choices=sorted(ENGINES))
    parser.add_argument("--eval", type=Path, default=EVAL)
    parser.add_argument("--repeat", type=int, default=2)
    asked = parser.parse_args()
    if not ONE_THREAD.items() <= os.environ.items():
        # The libraries read this once, when they load: start over with it set.
        again = [sys.executable, *sys.argv]
        os.execve(sys.executable, again, {**os.environ, **ONE_THREAD})
    engine = get_engine(asked.engine)
    print(
        f"engine {engine.name} {engine.version}; {os.cpu_count()} cores, one used; "
        f"{platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, numpy {np.__version__}"
    )
    cut_out(np.full((64, 64, 3), 200, np.uint8), engine)
    show_scenes(engine, asked.repeat)
    if (asked.eval / "manifest.csv").is_file():
        show_eval(asked.eval, engine, asked.repeat)
    else:
        print(f"\nheld-out pictures: skipped, no manifest.csv in {asked.eval}")


if __name__ == "__main__":
    main()
