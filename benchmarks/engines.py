"""How well engines cut, how fast, and in how much memory: ours beside others.

Engines are those of `peers.py`, pictures those of `held_out.py`: photographs and
composites with masks made by hand or exact alpha (only with ``../shared/data/eval``
beside the checkout); apart from them, pictures whose truth is another network's output;
and scenes drawn by our own code from a seed that training has not seen. Of each picture
and engine, over the pixels that the truth decides, alpha rounded to 8 bits:

- ``IoU`` of alpha and truth over 0.5; two empty mattes count 1;
- ``MAE``, the mean of ``|alpha - truth|``;
- ``SAD``, its sum in thousands, at the picture's own size;
- ``boundary``, its mean within 1.5 % of the longer side around the truth's contour;
- ``failures``, pictures with an IoU below one half.

Tables hold means over pictures. Beside them stands how much better or worse our default
is than the teacher stretched, with a 95 % bootstrap interval of the mean difference.
Then what engines cost, as `engine_cost.py` tells; and, when ``--float32`` names the
weights before they were rounded, what storing them in 16 bits changes. There are no
8-bit weights: the file is small enough without. Numerical libraries are held to one
thread. Needs the ``test`` extra. From the root of the checkout::

    python benchmarks/engines.py [--only pets] [--engines cosmat,teacher] [--rounds 3]
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections import defaultdict
from dataclasses import dataclass, fields
from importlib.metadata import version
from itertools import chain
from math import isfinite, isnan, nan
from pathlib import Path
from statistics import fmean
from typing import TYPE_CHECKING

import cv2
import numpy as np
from engine_cost import show_memory, show_networks, show_seconds
from held_out import EVAL, GOLD, GROUPS, SILVER, draw_cases, read_cases, read_rows
from peers import NAMES, TEACHER, Attentive, make_peers, our_engine

from cosmat_nb.matting.network import Network
from cosmat_nb.metrics.resampling import FEWEST_PAIRS, bootstrap_interval

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from held_out import Case
    from numpy.typing import NDArray

    Results = Mapping[str, Mapping[str, list["Score"]]]

ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
COST = "cost"
LEEWAY = {"composites-plain": 0.0, "composites-scene": 0.0, "pets": 0.0}
MOST_LEEWAY = 0.02


@dataclass(frozen=True)
class Score:
    """How far one matte is from the truth; the names head the tables."""

    iou: float
    mae: float
    sad_k: float
    boundary: float
    failures: float


HEADS = {
    "iou": "IoU at 0.5",
    "mae": "MAE",
    "sad_k": "SAD, thousands",
    "boundary": "boundary error",
    "failures": "share of pictures with IoU below 0.5",
}


def score(case: Case, band: NDArray[np.bool_], alpha: NDArray[np.float32]) -> Score:
    """Compare a matte with the truth of its picture."""
    rounded = np.rint(alpha * 255) / np.float32(255)
    ours, theirs = rounded[case.decided] > 0.5, case.truth[case.decided] > 0.5
    either = int((ours | theirs).sum())
    iou = int((ours & theirs).sum()) / either if either else 1.0
    off = np.abs(rounded - case.truth)
    return Score(
        iou=iou,
        mae=float(off[case.decided].mean()),
        sad_k=float(off[case.decided].sum(dtype=np.float64) / 1000),
        boundary=float(off[band].mean()) if band.any() else nan,
        failures=float(iou < 0.5),
    )


def score_all(cases: Iterator[Case], names: tuple[str, ...], teacher: Path) -> Results:
    """Estimate every matte once; return scores by group and engine."""
    peers = make_peers(names, teacher, Attentive)
    found: dict[str, dict[str, list[Score]]] = {}
    for case in cases:
        band = case.contour_band()
        group = found.setdefault(case.group, defaultdict(list))
        for name, peer in peers.items():
            group[name].append(score(case, band, peer(case.picture)))
    return found


def find_cases(folder: Path, only: list[str], drawn: int) -> Iterator[Case]:
    """Go through the pictures of the groups that are asked for."""
    scenes = draw_cases(drawn) if any(each.startswith("drawn") for each in only) else ()
    return chain(read_cases(folder, only), (c for c in scenes if c.group in only))


def show_table(results: Results, groups: list[str], measure: str) -> None:
    """Print the means of one measure, a row for each group."""
    names = list(next(iter(results.values())))
    print(f"\n{HEADS[measure]}\n\n| pictures | n | " + " | ".join(names) + " |")
    print("|---" * (len(names) + 2) + "|")
    places = 1 if measure == "sad_k" else 2 if measure == "failures" else 3
    for group in groups:
        means = [
            fmean(getattr(each, measure) for each in results[group][name])
            for name in names
        ]
        count = len(results[group][names[0]])
        cells = " | ".join(f"{m:.{places}f}" if isfinite(m) else "–" for m in means)
        print(f"| {group} | {count} | {cells} |")


def show_differences(results: Results, groups: list[str]) -> None:
    """Print how our default differs from the teacher stretched, and how surely."""
    print("\ncosmat less teacher: mean difference [95 % interval]; goals\n")
    print("| pictures | IoU | goal | boundary error | goal |\n|---|---|---|---|---|")
    for group in groups:
        ours, theirs = results[group]["cosmat"], results[group]["teacher"]
        both = list(zip(ours, theirs, strict=True))
        iou = [one.iou - other.iou for one, other in both]
        boundary = [one.boundary - other.boundary for one, other in both]
        least = 0 - LEEWAY.get(group, MOST_LEEWAY)
        met = fmean(iou) >= least, fmean(boundary) < 0
        goals = ["reached" if each else "missed" for each in met]
        if isnan(fmean(boundary)):
            goals[1] = "–"
        print(
            f"| {group} | {with_interval(iou)} | at least {least:.2f}: {goals[0]} "
            f"| {with_interval(boundary)} | below 0: {goals[1]} |"
        )


def with_interval(differences: list[float]) -> str:
    """Write a mean with its bootstrap interval, where pictures are enough for one."""
    if not np.isfinite(differences).all():
        return "–"
    mean = f"{fmean(differences):+.3f}"
    if len(differences) < FEWEST_PAIRS:
        return mean
    low, high = bootstrap_interval(differences, seed=0)
    return f"{mean} [{low:+.3f}, {high:+.3f}]"


def show_results(results: Results) -> None:
    """Print all tables, silver truth and drawn scenes under their own heads."""
    parts = {
        "exact alpha and hand masks": GOLD,
        "silver: agreement with another network, not quality": SILVER,
        "scenes drawn by our own code": [g for g in GROUPS if g.startswith("drawn")],
    }
    for head, members in parts.items():
        groups = [group for group in members if group in results]
        if not groups:
            continue
        print(f"\n## {head}")
        for field in fields(Score):
            show_table(results, groups, field.name)
        if {"cosmat", "teacher"} <= set(results[groups[0]]):
            show_differences(results, groups)


def show_storage(file: Path, cases: Iterator[Case]) -> None:
    """Print what storing the weights in 16 bits changes in the network's mattes."""
    stored = our_engine().network
    exact = Network(file, stored.model)
    most, means, bytes_ = 0.0, [], (stored.path.stat().st_size, file.stat().st_size)
    for case in cases:
        off = np.abs(stored.matte(case.picture) - exact.matte(case.picture))
        most = max(most, float(off.max()))
        means.append(float(off.mean()))
    print(
        f"\nweights of {bytes_[0]} bytes beside float32 ones of {bytes_[1]}: over "
        f"{len(means)} mattes, mean difference {fmean(means):.6f}, largest {most:.4f}"
    )


def parse() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Engines, beside each other.")
    parser.add_argument("--eval", type=Path, default=EVAL, help="folder of photographs")
    parser.add_argument("--teacher", type=Path, default=TEACHER, help="U²-Netp, ONNX")
    parser.add_argument(
        "--float32", type=Path, help="our weights before rounding, ONNX"
    )
    parser.add_argument("--only", nargs="+", choices=(*GROUPS, COST))
    parser.add_argument("--engines", default=",".join(NAMES), metavar="A,B")
    parser.add_argument("--drawn", type=int, default=24, help="how many scenes")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--megapixels", type=float, nargs="+", default=[1, 12])
    asked = parser.parse_args()
    asked.only = asked.only or [*GROUPS, COST]
    asked.engines = tuple(asked.engines.split(","))
    if unknown := set(asked.engines) - set(NAMES):
        parser.error(f"engines are {', '.join(NAMES)}; not {', '.join(unknown)}")
    return asked


def show_head(asked: argparse.Namespace) -> None:
    """Print what was measured with, and what is left out."""
    engine = our_engine()
    print(
        f"engine {engine.name} {engine.version}; one of {os.cpu_count()} cores;",
        end=" ",
    )
    names = ("numpy", "scipy", "onnxruntime", "opencv-python-headless")
    print(
        f"Python {platform.python_version()}",
        *map("{} {}".format, names, map(version, names)),
        sep=", ",
    )
    if not read_rows(asked.eval):
        print(f"photographs and composites: skipped, no manifest.csv in {asked.eval}")
    if not asked.teacher.is_file():
        print(f"the teacher: skipped, no file {asked.teacher}")
    if asked.float32 is None:
        print("weights before rounding: skipped, no --float32 FILE given")


def main() -> None:
    """Measure and print."""
    asked = parse()
    if not ONE_THREAD.items() <= os.environ.items():
        # The libraries read this once, when they load: start over with it set.
        again = [sys.executable, *sys.argv]
        os.execve(sys.executable, again, {**os.environ, **ONE_THREAD})
    cv2.setNumThreads(1)
    show_head(asked)
    if COST in asked.only:
        show_memory(asked.engines, asked.teacher, asked.megapixels)
        show_networks(asked.teacher, asked.rounds)
        show_seconds(asked.engines, asked.teacher, asked.megapixels, asked.rounds)
    cases = find_cases(asked.eval, asked.only, asked.drawn)
    if results := score_all(cases, asked.engines, asked.teacher):
        show_results(results)
    if asked.float32 is not None:
        show_storage(asked.float32, find_cases(asked.eval, asked.only, asked.drawn))


if __name__ == "__main__":
    main()
