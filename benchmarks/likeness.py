"""How well copies are told from other pictures, and how long a split's search takes.

The default of ``distance`` in ``split_frame`` and ``find_leaks`` rests on two tables:

- **recall**: of copies of a picture that were changed, the share whose hash is within
  the distance: resized to a half, JPEG of quality 60, 5 % cut away (2.5 % on each side,
  or 5 % at two sides), 30 % brighter (clipped) or darker, mirrored;
- **false alarms**: of pairs of different pictures, how many are within the distance.

Pictures are drawn scenes, one of each kind but the empty studio (a kind drawn again has
other colours in the same pose, which the hash holds to be the same), and photographs
where there are some: ``../shared/data/eval`` and, for pairs alone, ``--more``. Pairs
within a group (cats and dogs, portraits, animals …) are also counted apart. Below, the
time to find clusters and leaks among ``--rows`` random hashes, one in a hundred of
them copied with ten bits changed, among equal ones, and among noisy copies of one.

From the root of the checkout::

    python benchmarks/likeness.py [--rows 100000] [--eval FOLDER] [--more FOLDER]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from PIL import Image, ImageEnhance, ImageOps

from cosmat_nb import images
from cosmat_nb.dataset.splits.leaks import find_leaks
from cosmat_nb.dataset.splits.likeness import DISTANCE, hash_picture, read_hashes
from cosmat_nb.dataset.splits.nearness import count_unlike, find_clusters, write_words
from cosmat_nb.emulator.samples import KINDS, draw_scenes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

EVAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "eval"
GROUPS = ("am2k", "kodak", "lemur", "p3m", "pets", "rembg_inputs")
DISTANCES = (5, 10, DISTANCE, 20, 25)
SIDE = 1200


def cut(image: Image.Image, start: float, end: float) -> Image.Image:
    """Cut shares of height and width away at top and left, and at bottom and right."""
    width, height = image.size
    box = (width * start, height * start, width * (1 - end), height * (1 - end))
    return image.crop(tuple(map(round, box)))


def compress(image: Image.Image) -> Image.Image:
    """Encode as JPEG of quality 60, and decode."""
    data = images.encode_jpeg(np.asarray(image), 60)
    return Image.fromarray(images.decode_rgb(data))


CHANGES = {
    "resized to 1/2": lambda i: i.resize((i.width // 2 or 1, i.height // 2 or 1)),
    "JPEG 60": compress,
    "cropped 5 %, centre": lambda i: cut(i, 0.025, 0.025),
    "cropped 5 %, corner": lambda i: cut(i, 0.05, 0.0),
    "brighter 30 %": lambda i: ImageEnhance.Brightness(i).enhance(1.3),
    "darker 30 %": lambda i: ImageEnhance.Brightness(i).enhance(0.7),
    "mirrored": ImageOps.mirror,
}


def find_pictures(folder: Path) -> Iterator[tuple[str, Image.Image]]:
    """Yield group and picture: drawn ones, and photographs where there are some."""
    for scene in draw_scenes(len(KINDS) - 1):
        yield "drawn", Image.fromarray(scene.picture)
    for group in GROUPS:
        for path in sorted((folder / group / "images").glob("*")):
            yield group, read(path)


def read(path: Path) -> Image.Image:
    """Read a photograph, shrunk to what a screen shows."""
    image = Image.fromarray(images.decode_rgb(path.read_bytes()))
    image.thumbnail((SIDE, SIDE))
    return image


def hash_all(pictures: list[Image.Image]) -> NDArray[np.bool_]:
    """Hash pictures; one without detail would be missing from the bits."""
    hashes = [hash_picture(np.asarray(picture)) for picture in pictures]
    rows, bits = read_hashes(hashes, "phash")
    if len(rows) != len(pictures):
        raise SystemExit(f"{len(pictures) - len(rows)} pictures have no detail")
    return bits


def show_recall(groups: list[str], pictures: list[Image.Image]) -> NDArray[np.bool_]:
    """Print the share of changed copies within each distance."""
    bits = hash_all(pictures)
    drawn = np.array(groups) == "drawn"
    heads = "".join(f"{f'<= {distance}':>8}" for distance in DISTANCES)
    print(f"{'recall':32}{'pictures':>9}{heads}{'median':>8}{'99 %':>7}")
    for name, change in CHANGES.items():
        unlike = (hash_all([change(each) for each in pictures]) != bits).sum(axis=1)
        for kind, these in (("drawn", unlike[drawn]), ("photographs", unlike[~drawn])):
            if len(these):
                found = "".join(f"{(these <= d).mean():8.1%}" for d in DISTANCES)
                middle, far = np.quantile(these, [0.5, 0.99])
                label = f"{name}, {kind}"
                print(f"{label:32}{len(these):9}{found}{middle:8.0f}{far:7.0f}")
    return bits


def show_alarms(label: str, unlike: NDArray[np.uint16]) -> None:
    """Print how many pairs of different pictures are within each distance."""
    if len(unlike):
        found = "".join(f"{int((unlike <= d).sum()):8}" for d in DISTANCES)
        print(f"{label:32}{len(unlike):9}{found}{unlike.min():8.0f} nearest")


def pair(bits: NDArray[np.bool_]) -> tuple[NDArray[np.uint16], tuple[object, object]]:
    """Return the distances of all pairs, and which they are."""
    words = write_words(bits)
    upper = np.triu_indices(len(bits), 1)
    return count_unlike(words, words)[upper], upper


def show_times(rows: int) -> None:
    """Print how long clusters and leaks take among random, equal and dense hashes."""
    rng = np.random.default_rng(0)
    bits = rng.random((rows, 128)) < 0.5
    copies = rows // 100
    bits[-copies:] = bits[:copies]
    bits[-copies:, rng.permutation(128)[:10]] ^= True
    noise = rng.random((rows, 128)) < 0.02
    sets = {
        f"random, {copies} copied": bits,
        "all equal": np.repeat(bits[:1], rows, axis=0),
        "noisy copies of one": bits[:1] ^ noise,
    }
    print(
        f"\n{f'{rows} hashes, distance {DISTANCE}':32}{'clusters':>9}{'s':>8}", end=""
    )
    print(f"{'pairs':>9}{'s':>8}")
    for name, table in sets.items():
        start = time.perf_counter()
        count = len(set(find_clusters(table, DISTANCE).tolist()))
        middle = time.perf_counter()
        hashes = [row.tobytes().hex() for row in np.packbits(table, axis=1)]
        sides = np.where(np.arange(rows) < rows // 2, "train", "test")
        frame = pd.DataFrame({"key": range(rows), "phash": hashes, "split": sides})
        pairs = len(find_leaks(frame, duplicates="phash"))
        end = time.perf_counter()
        print(f"{name:32}{count:9}{middle - start:8.1f}{pairs:9}{end - middle:8.1f}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the default distance does.")
    parser.add_argument("--eval", type=Path, default=EVAL)
    parser.add_argument("--more", type=Path, help="a folder of different photographs")
    parser.add_argument("--rows", type=int, default=100_000)
    asked = parser.parse_args()
    groups, pictures = map(list, zip(*find_pictures(asked.eval), strict=True))
    bits = show_recall(groups, pictures)
    unlike, (a, b) = pair(bits)
    names = np.array(groups)
    print(f"\n{'false alarms':32}{'pairs':>9}")
    for group in dict.fromkeys(groups):
        show_alarms(
            f"within {group}", unlike[(names[a] == group) & (names[b] == group)]
        )
    show_alarms("all", unlike)
    if asked.more:
        more = [read(path) for path in sorted(asked.more.glob("*"))]
        show_alarms(f"in {asked.more.name}", pair(hash_all(more))[0])
    show_times(asked.rows)


if __name__ == "__main__":
    main()
