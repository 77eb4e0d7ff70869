"""Numbers of a folder of cutouts: threads against processes, wall time and memory.

Pictures are drawn, cut exactly and kept as the store keeps them: RGBA, one PNG each,
noise in the colours so that they compress like photographs. Then, each in a process of
its own that does nothing else:

- `measure_frame` with one, two and four threads;
- the same work in a pool of one, two and four processes, which get handles and return
  rows;

all without sources, and with sources that are read from files. Times are the best of
``--repeat`` rounds after one that warms up; "start" is what it takes until the
processes of a pool stand ready, everything imported. Memory is the largest sum of
what the process and its children hold (proportional set size, Linux), beyond what the
process held before, sampled every 20 ms.

From the root of the checkout::

    python benchmarks/measuring.py [--pictures 48] [--repeat 2]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.metrics.alignment import lies_on
from cosmat_nb.metrics.measure import measure_cutout

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SIDE = (1000, 1000)
WORKERS = (1, 2, 4)


def draw(number: int) -> tuple[np.ndarray, np.ndarray]:
    """Draw a soft star on a striped ground: the source and the exact cutout, 1 MP."""
    rng = np.random.default_rng(number)
    rows, cols = np.mgrid[: SIDE[0], : SIDE[1]].astype(np.float32)
    rows, cols = rows - rng.integers(400, 600), cols - rng.integers(400, 600)
    reach = 300 + 40 * np.sin(np.arctan2(rows, cols) * rng.integers(3, 12))
    alpha = np.clip((reach - np.hypot(rows, cols)) / 4, 0, 1)[..., None]
    grain = rng.normal(0, 6, (*SIDE, 3))
    front = 120 + 60 * np.sin(cols / 37)[..., None] + grain
    back = 90 + 50 * np.sin((rows + cols) / 91)[..., None] + grain
    source = np.uint8(np.clip(alpha * front + (1 - alpha) * back, 0, 255))
    colors = np.where(alpha > 0, np.clip(front, 0, 255), 0)
    return source, np.uint8(np.rint(np.dstack([colors, 255 * alpha])))


def keep(folder: Path, count: int) -> None:
    """Write sources and cutouts."""
    store = cm.Store(folder)
    names = []
    for number in range(count):
        source, rgba = draw(number)
        (folder / f"{number}.jpg").write_bytes(images.encode_jpeg(source))
        names.append(store.keep(images.encode_png(rgba)))
    (folder / "names.json").write_text(json.dumps(names), encoding="utf-8")


def handles(folder: Path) -> list[cm.Cutout]:
    """Return the handles that a frame would hold."""
    names = json.loads((folder / "names.json").read_text(encoding="utf-8"))
    return [
        cm.Cutout(
            place=f"{number}.jpg",
            options=cm.MattingOptions(),
            folder=folder,
            sha256=name,
            height=SIDE[0],
            width=SIDE[1],
            is_empty=False,
            nbytes=0,
        )
        for number, name in enumerate(names)
    ]


def fetch(folder: Path, key: str) -> bytes:
    """Read a source as a client would fetch it."""
    return (folder / key).read_bytes()


def measure_one(folder: Path | None, cutout: cm.Cutout) -> dict[str, float]:
    """Do in another process what `measure_frame` does for a row."""
    rgba = cutout.rgba
    if folder is None:
        return measure_cutout(rgba).as_row()
    source = images.decode_rgb(fetch(folder, cutout.place))
    assert lies_on(source, rgba)
    return measure_cutout(rgba, source).as_row()


def stand_ready(_: int) -> None:
    """Have everything imported."""
    time.sleep(0.05)


@contextmanager
def crew(kind: str, workers: int) -> Iterator[Callable[[Path, bool], None]]:
    """Give the way to measure all cutouts of a folder, with sources or without."""
    if kind == "threads":

        def in_threads(folder: Path, sources: bool) -> None:
            table = cm.measure_frame(
                pd.DataFrame({"cutout": handles(folder)}),
                before=partial(fetch, folder) if sources else False,
                workers=workers,
                progress=False,
            )
            assert table.measure_error.isna().all()

        yield in_threads
        return
    with ProcessPoolExecutor(workers, get_context("spawn")) as pool:
        list(pool.map(stand_ready, range(4 * workers)))

        def in_processes(folder: Path, sources: bool) -> None:
            one = partial(measure_one, folder if sources else None)
            assert len(list(pool.map(one, handles(folder)))) == len(handles(folder))

        yield in_processes


def family() -> list[int]:
    """Return this process and its children."""
    here = Path("/proc/self/task")
    children = [
        int(child)
        for task in here.iterdir()
        for child in (task / "children").read_text(encoding="utf-8").split()
    ]
    return [os.getpid(), *children]


def held() -> float:
    """Return what the family holds, MB; nan where the system does not tell."""
    total = 0
    try:
        for process in family():
            rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="utf-8")
            total += int(rollup.split("\nPss:")[1].split()[0])
    except (OSError, IndexError):
        return float("nan")
    return total / 1000


class Memory:
    """The most that is held while it is entered."""

    def __enter__(self) -> Self:
        """Begin to look."""
        self.before = self.most = held()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop looking."""
        self._end.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._end.wait(0.02):
            self.most = max(self.most, held())


def trial(kind: str, workers: int, folder: Path, repeat: int) -> dict[str, float]:
    """Measure one crew, in a process that does nothing else."""
    told = {}
    begun = time.perf_counter()
    before = held()
    with crew(kind, workers) as measure:
        told["start"] = time.perf_counter() - begun
        measure(folder, False)
        for name, sources in (("plain", False), ("sources", True)):
            seconds = []
            for _ in range(repeat):
                begun = time.perf_counter()
                measure(folder, sources)
                seconds.append(time.perf_counter() - begun)
            told[name] = min(seconds)
            # Looking costs time, so it has a round of its own.
            with Memory() as memory:
                measure(folder, sources)
            told[f"{name} MB"] = memory.most - before
    return told


def main() -> None:
    """Draw, measure and print."""
    parser = argparse.ArgumentParser(description="Threads against processes.")
    parser.add_argument("--pictures", type=int, default=48)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--trial", nargs=3)
    asked = parser.parse_args()
    if asked.trial:
        kind, workers, folder = asked.trial
        print(json.dumps(trial(kind, int(workers), Path(folder), asked.repeat)))
        return
    print(
        f"{asked.pictures} cutouts of 1 MP; {os.cpu_count()} cores, "
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    )
    columns = "start s", "ms each", "speed-up", "MB", "ms each", "speed-up", "MB"
    print(f"{'':12}{'':>10}{'without sources':>30}{'with sources':>30}")
    print(f"{'':12}" + "".join(f"{name:>10}" for name in columns))
    with tempfile.TemporaryDirectory() as folder:
        keep(Path(folder), asked.pictures)
        show_all(folder, asked.pictures, asked.repeat)


def show_all(folder: str, pictures: int, repeat: int) -> None:
    """Print one line for each crew."""
    first: dict[str, float] = {}
    for kind in ("threads", "processes"):
        for workers in WORKERS:
            command = [sys.executable, __file__, "--repeat", str(repeat), "--trial"]
            command += [kind, str(workers), folder]
            told = json.loads(subprocess.check_output(command))
            first = first or told
            line = f"{workers} {kind:10}{told['start']:10.2f}"
            for name in ("plain", "sources"):
                line += f"{told[name] / pictures * 1000:10.1f}"
                line += f"{first[name] / told[name]:10.2f}{told[f'{name} MB']:10.0f}"
            print(line)


if __name__ == "__main__":
    main()
