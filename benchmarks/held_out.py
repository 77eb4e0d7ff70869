"""Pictures with a known matte: drawn by our own code, or kept beside the checkout.

The second kind lies in ``../shared/data/eval``, is only measured on, and is named by
its ``manifest.csv``. Composites are two groups, by their backdrop. Masks with a palette
leave index 255 undecided. ``am2k`` and ``p3m`` are silver: their truth is another
network's output, so numbers there are agreement, not quality.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from cosmat_nb.emulator.samples import KINDS, draw_scenes
from cosmat_nb.images import decode_rgb, encode_jpeg

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from numpy.typing import NDArray

EVAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "eval"
GOLD = ("composites-plain", "composites-scene", "kodak", "pets", "lemur")
SILVER = ("am2k", "p3m")
DRAWN = ("drawn-plain", "drawn-busy", "drawn-nothing")
GROUPS = (*GOLD, *SILVER, *DRAWN)
BUSY = ("ball", "grass-pot", "vase")
SEED = 7  # training draws from 100000 on, and the engine's tests elsewhere
REACH = 0.015  # half width of the band around the contour, of the longer side
_UNDECIDED = 255


@dataclass(frozen=True)
class Case:
    """One picture, (H, W, 3) uint8, and what is known of its alpha.

    `truth` is (H, W) float32 in [0, 1]; it counts where `decided`.
    """

    group: str
    name: str
    picture: NDArray[np.uint8]
    truth: NDArray[np.float32]
    decided: NDArray[np.bool_]

    def contour_band(self) -> NDArray[np.bool_]:
        """Mark decided pixels near the truth's contour at 0.5.

        Where masks leave the contour undecided, near is near that zone.
        """
        reach = REACH * max(self.truth.shape)
        near = np.zeros(self.truth.shape, dtype=bool)
        for side in (self.truth > 0.5, self.truth <= 0.5):
            sure = (side & self.decided).astype(np.uint8)
            away = cv2.distanceTransform(sure, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
            near |= (away > 0) & (away - 0.5 <= reach)
        return near


def draw_cases(count: int) -> Iterator[Case]:
    """Draw scenes and pass them through JPEG, as the emulator's bucket holds them."""
    for place, scene in enumerate(draw_scenes(count, SEED)):
        kind = list(KINDS)[place % len(KINDS)]
        where = "busy" if kind in BUSY else "plain"
        yield Case(
            f"drawn-{where if scene.alpha.any() else 'nothing'}",
            scene.name,
            decode_rgb(encode_jpeg(scene.picture)),
            scene.alpha,
            np.ones(scene.alpha.shape, dtype=bool),
        )


def read_rows(folder: Path) -> list[dict[str, str]]:
    """Read the manifest; empty when it is absent."""
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        return []
    with manifest.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def group_of(row: dict[str, str]) -> str:
    """Name the group of a picture, composites by their backdrop."""
    if row["group"] != "composites":
        return row["group"]
    return "composites-" + Path(row["image"]).stem.rpartition("_")[2]


def read_case(folder: Path, row: dict[str, str]) -> Case:
    """Read a picture of the manifest and its mask."""
    picture = decode_rgb((folder / row["image"]).read_bytes())
    with Image.open(folder / row["gt"]) as image:
        indexed = image.mode == "P"
        mask = np.asarray(image if indexed else image.convert("L"))
    if mask.shape != picture.shape[:2]:
        raise SystemExit(f"{row['image']} is {picture.shape}, its mask {mask.shape}")
    decided = (mask != _UNDECIDED) if indexed else np.ones(mask.shape, dtype=bool)
    truth = (mask > 0) & decided if indexed else mask / np.float32(255)
    name = Path(row["image"]).stem
    return Case(group_of(row), name, picture, truth.astype(np.float32), decided)


def read_cases(folder: Path, groups: Collection[str]) -> Iterator[Case]:
    """Read the pictures of some groups that have a truth."""
    for row in read_rows(folder):
        if row["gt"] and group_of(row) in groups:
            yield read_case(folder, row)
