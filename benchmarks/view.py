"""What views cost: time in the kernel, time to the first picture, bytes on the way.

- `grid`: 24 stored cutouts of 1 megapixel, drawn with grain like photographs; the
  first time, with thumbnails at hand, and with source pictures fetched from an
  emulator on loopback besides. Wall time of the call and its HTML; medians.
- `gallery`: 10 000 rows of the same cutouts in a real JupyterLab, headless Chromium:
  from the command to run the cell until a thumbnail is painted, once without any
  thumbnail at hand and once with them, and what the page received until then.
- `explore`: a cutout of 2 megapixels on a bare page: from the slider's motion until
  the canvas holds every pixel of the preview.

From the root of the checkout, with Chromium installed::

    python benchmarks/view.py [--only grid] [--repeat 9]
"""

from __future__ import annotations

import argparse
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

import cosmat_nb as cm
from cosmat_nb import images
from cosmat_nb.view.explorer.explorer import Explorer
from cosmat_nb.view.explorer.preview import show_cutout
from cosmat_nb.view.grid.grid import grid

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[1]
SIDE = (1000, 1000)
COUNT = 24
ROWS = 10_000

TABLE = """
import pandas as pd, numpy as np
import cosmat_nb as cm
from cosmat_nb.view.gallery.gallery import gallery
frame = pd.read_pickle({path!r})
frame = pd.concat([frame] * {times}, ignore_index=True).head({rows})
frame["coverage"] = np.random.default_rng(0).random(len(frame))
"""

# Counts pictures of the page's own making, frame by frame as they are painted.
FIRST_PICTURE = """
() => new Promise((resolve) => {
  const begun = performance.now();
  jupyterapp.commands.execute("notebook:run-cell");
  const look = () => {
    const seen = [...document.querySelectorAll(".jp-OutputArea-output img")].filter(
      (each) => each.complete && each.naturalWidth > 0 && each.src.startsWith("blob:"));
    if (seen.length) requestAnimationFrame(() => resolve(performance.now() - begun));
    else requestAnimationFrame(look);
  };
  look();
})
"""

SLIDE = """
() => {
  const slider = document.querySelector("input[type=range]");
  const canvas = document.querySelector(".cosmat-explorer-stage canvas");
  const times = [];
  for (let value = 10; value <= 1000; value += 45) {
    const begun = performance.now();
    slider.value = String(value);
    slider.dispatchEvent(new Event("input", { bubbles: true }));
    // Reading one pixel waits until all of them are drawn.
    canvas.getContext("2d").getImageData(0, 0, 1, 1);
    times.push(performance.now() - begun);
  }
  return times;
}
"""


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


def keep_all(folder: Path, client: cm.MattingClient) -> pd.DataFrame:
    """Put sources into the bucket, cutouts into a store, and return a frame."""
    store = cm.Store(folder)
    rows = []
    for number in range(COUNT):
        source, rgba = draw(number)
        key = f"{number}.jpg"
        client.put(key, images.encode_jpeg(source))
        cutout = cm.Cutout(
            place=key,
            options=cm.MattingOptions(),
            folder=folder,
            sha256=store.keep(images.encode_png(rgba)),
            height=SIDE[0],
            width=SIDE[1],
            is_empty=False,
            nbytes=0,
        )
        coverage = float(rgba[..., 3].mean() / 255)
        rows.append({"key": key, "cutout": cutout, "coverage": coverage})
    return pd.DataFrame(rows).assign(status="ok", parts=1, holes=0)


def take(call: Callable[[], object], repeat: int) -> float:
    """Return the median time of a call, ms."""
    times = []
    for _ in range(repeat):
        begun = time.perf_counter()
        call()
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


def measure_grid(repeat: int) -> None:
    """Print what a grid of 24 pictures costs."""
    with (
        tempfile.TemporaryDirectory() as name,
        cm.connect_emulator(cm.Emulator()) as client,
    ):
        frame = keep_all(Path(name, "store"), client)

        def alone() -> str:
            return grid(frame, by="coverage", before=False)._repr_html_()

        def pairs() -> str:
            return grid(frame, by="coverage", before=client.fetch)._repr_html_()

        first = take(alone, 1)
        print(f"grid of {COUNT}, first time        {first:7.1f} ms")
        for words, call in (("thumbnails at hand", alone), ("with sources", pairs)):
            took, size = take(call, repeat), len(call().encode()) / 1000
            print(f"grid of {COUNT}, {words:18} {took:7.1f} ms, {size:.0f} kB")


def measure_gallery(repeat: int) -> None:
    """Print when a gallery of 10 000 rows shows a picture, and what it received."""
    from chromium import Chromium  # noqa: PLC0415 - the path is set by then
    from laboratory import Lab  # noqa: PLC0415 - the path is set by then

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "lab").mkdir()
        with cm.connect_emulator(cm.Emulator()) as client:
            frame = keep_all(folder / "store", client)
        frame.to_pickle(folder / "frame.pkl")
        times = -(-ROWS // COUNT)
        table = TABLE.format(path=str(folder / "frame.pkl"), times=times, rows=ROWS)
        with (
            Lab.start(folder / "lab") as lab,
            Chromium.start(folder / "chromium") as chromium,
        ):
            for number in range(repeat):
                lab.write(f"{number}.ipynb", table, "gallery(frame)")
                with chromium.new_page() as page:
                    received = listen(page)
                    lab.open(page, f"{number}.ipynb")
                    page.evaluate("jupyterapp.commands.execute('notebook:run-cell')")
                    lab.wait_for(f"{number}.ipynb", "len(frame)", str(ROWS), 60)
                    page.evaluate("() => { panel.content.activeCellIndex = 1; }")
                    received.clear()
                    took = page.evaluate(FIRST_PICTURE)
                    page.wait_for_timeout(500)
                    size = sum(received) / 1000
                at_hand = "nothing" if number == 0 else "thumbnails"
                print(
                    f"gallery of {ROWS} rows, {at_hand:10} at hand: first picture "
                    f"{took:5.0f} ms, {size:.0f} kB received"
                )


def listen(page: object) -> list[int]:
    """Note the size of every message that a page receives over web sockets."""
    sizes: list[int] = []
    page.on(
        "websocket",
        lambda socket: socket.on("framereceived", lambda data: sizes.append(len(data))),
    )
    return sizes


def measure_explorer() -> None:
    """Print how long it takes from the slider's motion to the preview."""
    from chromium import Chromium, mount  # noqa: PLC0415 - the path is set by then

    pixels = np.zeros((1250, 1600, 4), np.uint8)
    pixels[200:900, 300:1500] = (40, 120, 200, 255)
    png = images.encode_png(pixels)
    cutout = cm.Cutout(
        place="a.jpg",
        options=cm.MattingOptions(),
        data=png,
        height=1250,
        width=1600,
        is_empty=False,
        nbytes=len(png),
    )
    facts, picture = show_cutout(cutout)
    state = {"shown": "a.jpg", "count": 1, "facts": facts, "picture": picture}
    with (
        tempfile.TemporaryDirectory() as name,
        Chromium.start(Path(name)) as chromium,
        chromium.new_page() as page,
    ):
        mount(page, Explorer, **state)
        page.locator(".cosmat-explorer-stage canvas").wait_for()
        times = page.evaluate(SLIDE)
    print(
        f"preview of 2 megapixels: median {statistics.median(times):.1f} ms, "
        f"largest {max(times):.1f} ms"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", choices=("grid", "gallery", "explorer"))
    parser.add_argument("--repeat", type=int, default=9)
    arguments = parser.parse_args()
    # The kernel of the JupyterLab that is started imports this checkout too.
    os.environ["PYTHONPATH"] = str(ROOT)
    sys.path.insert(0, str(ROOT / "tests" / "browser"))
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores")
    if arguments.only in (None, "grid"):
        measure_grid(arguments.repeat)
    if arguments.only in (None, "explorer"):
        measure_explorer()
    if arguments.only in (None, "gallery"):
        measure_gallery(min(arguments.repeat, 4))


if __name__ == "__main__":
    main()
