"""How the defaults of `Thresholds` were chosen: false alarms, detection, distributions.

Every finding is looked for in three sorts of mattes:

- true ones: the drawn sample scenes with their exact alpha and colours; with
  ``../shared/data/eval`` beside the checkout also composites, whose alpha is exact, the
  lemur's, solved from a hand trimap, and another network's output (am2k, p3m). The
  foreground colours of these groups are estimated. What is found there is a false
  alarm or a property that the picture has: a dog that the frame cuts is cut off, a
  mug's handle encloses a hole. The pictures are named, so that everybody can look;
- harmless changes of them, which nobody should hear of;
- and the same mattes damaged on purpose by ``damages.py``. A damage counts as detected
  when one of the findings that it should raise is there; mattes that had it before are
  left out of that rate. Another engine's matte is no damage by itself: of those,
  the row says how many overlap too little.

The last table holds the quantiles of each number on all of them, which is where to look
before a bound is moved. From the root of the checkout::

    python benchmarks/findings.py [--eval FOLDER] [--scenes 24] [--processes 2]
"""

from __future__ import annotations

import argparse
import csv
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from damages import DAMAGES, HARMLESS, TRUE, Change, Subject
from PIL import Image

from cosmat_nb.emulator.samples import KINDS, draw_scene_parts
from cosmat_nb.images import decode_rgb
from cosmat_nb.matting.foreground import estimate_foreground
from cosmat_nb.metrics.findings import find_in_row
from cosmat_nb.metrics.judging import CHECKS
from cosmat_nb.metrics.measure import measure_cutout
from cosmat_nb.metrics.thresholds import Thresholds

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Pixels = NDArray[np.uint8]

EVAL = Path(__file__).resolve().parents[2] / "shared" / "data" / "eval"
GROUPS = ("scenes", "composites", "lemur", "am2k", "p3m")
NAMED = 5
QUANTILES = (0, 0.05, 0.25, 0.5, 0.75, 0.95, 1)
BORDER = (
    "((touch_top + touch_bottom) * matte_width + (touch_right + touch_left) * "
    "matte_height) / (2 * (matte_width + matte_height))"
)
NUMBERS = {
    "coverage": (
        "empty_coverage min_coverage max_coverage",
        ("a scrap of it", "subject at 0.12"),
    ),
    BORDER: ("max_border", ("background kept",)),
    "largest touch": ("max_touch", ("3-6 px cropped at a side",)),
    "dust": ("max_dust", ("20 specks",)),
    "dust_area / soft_area": ("max_dust_share", ("4 specks of 0.04 %",)),
    "holes": ("max_holes", ("8 holes of 0.2 %",)),
    "hole_area / hard_area": ("max_hole_share", ("1 hole of 8 %",)),
    "largest_part_share": ("min_largest_share", ("second subject",)),
    "halo": ("max_halo", ("half source colours", "source colours")),
    "edge_evidence": (
        "min_evidence",
        ("1 px tighter", "shifted by 2 %", "shifted by 5 %"),
    ),
    "edge_width / sqrt(soft_area)": ("max_edge_share", ("blurred by 2 %",)),
    "edge_width_p95 / sqrt(soft_area)": ("not used", ("blurred by 2 %",)),
    "centroid_offset": ("max_offset", ("in a corner",)),
    "agreement_iou": ("min_agreement", ("1 px tighter", "the colour engine's")),
}
"""What is tabulated: its bounds, and the changes shown beside the true mattes."""


@dataclass(frozen=True)
class Case:
    """A true matte or a change of it, its numbers and the findings in them."""

    group: str
    name: str
    change: str
    row: dict[str, float]
    found: frozenset[str]


def load(group: str, name: str) -> Subject:
    """Draw a scene by its index, or read a line of the manifest by its file names."""
    if group == "scenes":
        index = int(name)
        round_, kind = divmod(index, len(KINDS))
        parts = draw_scene_parts(index)
        mixed = parts.backdrop + parts.alpha[..., None] * (
            parts.foreground - parts.backdrop
        )
        picture, alpha, colors = (
            np.rint(each * 255).astype(np.uint8)
            for each in (mixed, parts.alpha, parts.foreground)
        )
        return _with(group, f"{list(KINDS)[kind]}-{round_ + 1}", picture, alpha, colors)
    image, truth = map(Path, name.split("|"))
    picture = decode_rgb(image.read_bytes())
    with Image.open(truth) as opened:
        alpha = np.asarray(opened.convert("L"))
    if alpha.shape != picture.shape[:2]:
        raise SystemExit(f"{image} is {picture.shape}, its matte {alpha.shape}")
    colors = estimate_foreground(picture, alpha / np.float32(255))
    return _with(group, image.stem, picture, alpha, colors)


def _with(
    group: str, name: str, picture: Pixels, alpha: Pixels, colors: Pixels
) -> Subject:
    # A cutout holds no colour where it is clear, and the picture's own where it is not.
    colors = np.where(alpha[..., None] == 255, picture, colors)
    return Subject(
        group, name, picture, alpha, np.where(alpha[..., None], colors, np.uint8(0))
    )


def measure(subject: Subject) -> dict[str, float]:
    """Measure every column against the picture."""
    rgba = np.dstack([subject.colors, subject.alpha])
    return measure_cutout(rgba, subject.picture).as_row()


def agreement(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> float:
    """Intersection over union of the hard pixels; two empty mattes count 1."""
    ours, theirs = first >= 128, second >= 128
    either = int((ours | theirs).sum())
    return int((ours & theirs).sum()) / either if either else 1.0


def judge_changes(job: tuple[str, str]) -> list[Case]:
    """Measure and judge one picture's true matte and all changes of it."""
    subject = load(*job)
    changes = [*HARMLESS, *DAMAGES] if subject.alpha.any() else []
    cases = []
    for change in (TRUE, *changes):
        changed = change.make(subject)
        if changed is None:
            continue
        row = measure(changed)
        comparable = change.comparable and changed.alpha.shape == subject.alpha.shape
        if comparable and change is not TRUE:
            row["agreement_iou"] = agreement(subject.alpha, changed.alpha)
        found = frozenset(each.finding for each in find_in_row(row))
        cases.append(Case(subject.group, subject.name, change.name, row, found))
    return cases


def find_jobs(scenes: int, folder: Path) -> list[tuple[str, str]]:
    """List what can be measured: a group, and a scene's index or two file names."""
    jobs = [("scenes", str(index)) for index in range(scenes)]
    manifest = folder / "manifest.csv"
    if not manifest.is_file():
        print(f"photographs and composites: skipped, no manifest.csv in {folder}")
        return jobs
    with manifest.open(newline="", encoding="utf-8") as file:
        return jobs + [
            (line["group"], f"{folder / line['image']}|{folder / line['gt']}")
            for line in csv.DictReader(file)
            if line["group"] in GROUPS
        ]


def show_truths(cases: list[Case]) -> None:
    """Print what is found in true mattes."""
    true = [case for case in cases if case.change == TRUE.name]
    sizes = Counter(case.group for case in true)
    groups = [group for group in GROUPS if sizes[group]]
    heads = [f"{group} ({sizes[group]})" for group in groups]
    print(f"\n{'found in true mattes':20}" + "".join(f"{head:>16}" for head in heads))
    for check in CHECKS:
        having = [case for case in true if check.name in case.found]
        counts = Counter(case.group for case in having)
        names = [case.name for case in having]
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        print(
            f"{check.name:20}"
            + "".join(f"{counts[group]:16d}" for group in groups)
            + f"  {', '.join(names[:NAMED])}{more}".rstrip()
        )


def show_changes(cases: list[Case]) -> None:
    """Print what each change adds to the findings of the true matte."""
    true = {(c.group, c.name): c.found for c in cases if c.change == TRUE.name}
    print(f"\n{'harmless change':30}{'mattes':>8}  findings that it adds")
    for change in HARMLESS:
        these = [case for case in cases if case.change == change.name]
        added = Counter(name for c in these for name in c.found - true[c.group, c.name])
        told = ", ".join(f"{name} {count}" for name, count in added.most_common())
        print(f"{change.name:30}{len(these):8d}  {told or 'none'}")
    print(f"\n{'damage':30}{'mattes':>8}{'found':>8}{'rate':>8}  as")
    for change in DAMAGES:
        show_damage(change, cases, true)


def show_damage(
    change: Change, cases: list[Case], true: dict[tuple[str, str], frozenset[str]]
) -> None:
    """Print how often a damage is found where it was not before."""
    wanted = set(change.expected)
    these = [c for c in cases if c.change == change.name]
    these = [c for c in these if not wanted & true[c.group, c.name]]
    found = sum(bool(wanted & case.found) for case in these)
    rate = f"{found / len(these):8.1%}" if these else f"{'–':>8}"
    expected = " or ".join(change.expected)
    print(f"{change.name:30}{len(these):8d}{found:8d}{rate}  {expected}")


def show_numbers(cases: list[Case]) -> None:
    """Print the quantiles of each number on true and changed mattes."""
    table = pd.DataFrame([{**case.row, "change": case.change} for case in cases])
    table = table[table["soft_area"] > 0]
    touches = [f"touch_{side}" for side in ("top", "right", "bottom", "left")]
    bounds = {name: getattr(Thresholds(), name) for name in Thresholds.__slots__}
    heads = "".join(f"{quantile:>9.0%}" for quantile in QUANTILES)
    print(f"\n{'quantiles':34}{'mattes':>8}{heads}")
    for number, (held, changes) in NUMBERS.items():
        largest = number == "largest touch"
        values = table[touches].max(axis=1) if largest else table.eval(number)
        told = ", ".join(f"{k} {v:g}" for k, v in bounds.items() if k in held.split())
        print(f"{number}  [{told or held}]")
        for change in (TRUE.name, *changes):
            these = values[table["change"] == change].dropna()
            if len(these):
                written = "".join(f"{v:9.4f}" for v in these.quantile(QUANTILES))
                print(f"    {change:30}{len(these):8d}{written}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="What the default thresholds do.")
    parser.add_argument("--eval", type=Path, default=EVAL)
    parser.add_argument("--scenes", type=int, default=24)
    parser.add_argument("--processes", type=int, default=2)
    asked = parser.parse_args()
    jobs = find_jobs(asked.scenes, asked.eval)
    with ProcessPoolExecutor(asked.processes) as pool:
        cases = [case for found in pool.map(judge_changes, jobs) for case in found]
    print(f"{len(jobs)} true mattes, {len(cases)} mattes measured; {Thresholds()}")
    show_truths(cases)
    show_changes(cases)
    show_numbers(cases)


if __name__ == "__main__":
    main()
