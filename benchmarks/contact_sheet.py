"""Contact sheets: a picture, our cutout and the teacher's, side by side for the eye.

Three pictures each: the photograph, the default engine's cutout and that of U²-Netp
stretched (rembg's way), both over a checkerboard; under them the name and, where the
truth is known, the IoU at 0.5 of either. Shown are

- all of ``rembg_inputs`` in ``../shared/data/eval`` and 30 others, spread evenly over
  the manifest's pictures with a truth;
- with ``--worst``, the 30 pictures with a truth on which our IoU is lowest;
- with ``--drawn``, one scene of our own drawing for each kind: one sheet, small enough
  for the README.

Sheets go to ``build/contact-sheet``, which git ignores: only the drawn one may become
part of the repository.

From the root of the checkout, with the ``test`` extra::

    python benchmarks/contact_sheet.py [--worst] [--drawn] [--count 30] [--out FOLDER]
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from held_out import EVAL, GOLD, SILVER, draw_cases, read_case, read_rows
from peers import TEACHER, make_peers
from PIL import Image, ImageDraw, ImageFont

from cosmat_nb.images import decode_rgb, over_checkerboard, thumbnail
from cosmat_nb.matting.foreground import estimate_foreground

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from held_out import Case
    from numpy.typing import NDArray

OUT = Path(__file__).resolve().parents[1] / "build" / "contact-sheet"
FONT = Path(mpl.get_data_path(), "fonts", "ttf", "DejaVuSans.ttf")
WAYS = ("cosmat", "teacher")
GAP, LINE, POINTS = 6, 15, 11


@dataclass(frozen=True)
class Layout:
    """How large pictures are shown, px, and how many strips of them make a sheet."""

    side: int
    columns: int
    rows: int

    @property
    def width(self) -> int:
        """Width of a strip, px: three pictures."""
        return 3 * (self.side + GAP) + GAP


@dataclass(frozen=True)
class Strip:
    """What is shown of one picture."""

    pictures: tuple[NDArray[np.uint8], ...]
    name: str
    ious: tuple[float, ...]

    @property
    def words(self) -> str:
        """What is written about the cutouts."""
        both = zip(WAYS, self.ious or ("",) * len(WAYS), strict=True)
        return "   ".join(f"{way} {iou:.3f}" if iou != "" else way for way, iou in both)


def cut_small(
    picture: NDArray[np.uint8], alpha: NDArray[np.float32], side: int
) -> NDArray[np.uint8]:
    """Cut at full size, shrink, and lay over a checkerboard."""
    rgba = np.dstack([estimate_foreground(picture, alpha), np.rint(alpha * 255)])
    return over_checkerboard(thumbnail(rgba.astype(np.uint8), side))


def overlap(case: Case, alpha: NDArray[np.float32]) -> float:
    """Return the IoU at 0.5 over decided pixels; 1 when both are empty."""
    ours, theirs = alpha[case.decided] > 0.5, case.truth[case.decided] > 0.5
    either = int((ours | theirs).sum())
    return int((ours & theirs).sum()) / either if either else 1.0


def make_strips(
    shown: Iterator[tuple[str, NDArray[np.uint8], Case | None]],
    teacher: Path,
    side: int,
) -> Iterator[Strip]:
    """Cut each picture both ways."""
    peers = make_peers(WAYS, teacher)
    for name, picture, case in shown:
        mattes = [peers[way](picture) for way in WAYS]
        cut = [cut_small(picture, alpha, side) for alpha in mattes]
        ious = () if case is None else tuple(overlap(case, each) for each in mattes)
        yield Strip((thumbnail(picture, side), *cut), name, ious)


def find_shown(
    folder: Path, count: int, *, plain: bool
) -> Iterator[tuple[str, NDArray[np.uint8], Case | None]]:
    """Go through the pictures without a truth, if wanted, and `count` evenly spread."""
    rows = read_rows(folder)
    for row in rows:
        if plain and not row["gt"]:
            picture = decode_rgb((folder / row["image"]).read_bytes())
            yield Path(row["image"]).stem, picture, None
    known = [row for row in rows if row["gt"] and row["group"] in groups_kept()]
    count = min(count, len(known))
    for place in range(count):
        case = read_case(folder, known[place * len(known) // count])
        yield f"{case.group}: {case.name}", case.picture, case


def groups_kept() -> set[str]:
    """Return the manifest's own names of the groups."""
    return {group.partition("-")[0] for group in (*GOLD, *SILVER)}


def draw_sheet(strips: Sequence[Strip], layout: Layout) -> Image.Image:
    """Draw the strips of one sheet, each line of them as high as its tallest."""
    font = ImageFont.truetype(str(FONT), POINTS)
    starts = range(0, len(strips), layout.columns)
    lines = [strips[start : start + layout.columns] for start in starts]
    depths = [max(strip.pictures[0].shape[0] for strip in line) for line in lines]
    height = sum(depths) + len(lines) * (2 * LINE + 2 * GAP)
    sheet = Image.new("RGB", (layout.columns * layout.width, height), "white")
    pen = ImageDraw.Draw(sheet)
    top = GAP
    for line, depth in zip(lines, depths, strict=True):
        for column, strip in enumerate(line):
            left = column * layout.width + GAP
            for number, pixels in enumerate(strip.pictures):
                place = (left + number * (layout.side + GAP), top)
                sheet.paste(Image.fromarray(pixels), place)
            pen.text((left, top + depth), strip.name, "black", font)
            pen.text((left, top + depth + LINE), strip.words, "dimgray", font)
        top += depth + 2 * LINE + 2 * GAP
    return sheet


def write_sheets(
    strips: Iterator[Strip], layout: Layout, out: Path, name: str, quality: int
) -> None:
    """Write one JPEG after the other, and tell their sizes."""
    out.mkdir(parents=True, exist_ok=True)
    number = 0
    while part := list(islice(strips, layout.columns * layout.rows)):
        number += 1
        file = out / f"{name}-{number}.jpg"
        draw_sheet(part, layout).save(file, quality=quality, optimize=True)
        print(f"{file}: {len(part)} pictures, {file.stat().st_size} bytes")


def main() -> None:
    """Read the command line and draw."""
    parser = argparse.ArgumentParser(description="Cutouts side by side, as JPEG.")
    parser.add_argument("--eval", type=Path, default=EVAL, help="folder of photographs")
    parser.add_argument("--teacher", type=Path, default=TEACHER, help="U²-Netp, ONNX")
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--count", type=int, help="pictures with a truth; all: 999")
    parser.add_argument("--worst", action="store_true", help="lowest IoU of ours first")
    parser.add_argument("--drawn", action="store_true", help="our own scenes instead")
    asked = parser.parse_args()
    if not asked.teacher.is_file():
        raise SystemExit(f"no teacher at {asked.teacher}; name it with --teacher")
    if asked.drawn:
        cases = draw_cases(asked.count or 12)
        layout = Layout(side=112, columns=3, rows=4)
        scenes = ((case.name, case.picture, case) for case in cases)
        strips = make_strips(scenes, asked.teacher, layout.side)
        write_sheets(strips, layout, asked.out, "drawn", 80)
        return
    if not read_rows(asked.eval):
        raise SystemExit(f"no manifest.csv in {asked.eval}; see --eval and --drawn")
    layout = Layout(side=200, columns=3, rows=5)
    every = 999 if asked.worst else asked.count or 30
    shown = find_shown(asked.eval, every, plain=not asked.worst)
    strips = make_strips(shown, asked.teacher, layout.side)
    if asked.worst:
        worst = sorted(strips, key=lambda strip: strip.ious)
        strips = iter(worst[: asked.count or 30])
    write_sheets(strips, layout, asked.out, "worst" if asked.worst else "all", 85)


if __name__ == "__main__":
    main()
