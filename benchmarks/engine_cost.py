"""What cutting one picture costs: seconds on one thread, and peak memory.

Pictures are drawn: scenes of `cosmat_nb.emulator.samples` with a crisp edge (mug),
fur (plush) and blades of grass before a busy backdrop (grass-pot), brought to a square
of the wanted size. Seconds are CPU time, the best of some rounds, all taking turns.

Memory is the peak resident size of a fresh process that loads a picture and cuts it
once, less that of one that only imports: so picture, weights and answer count. Linux
tells it as ``VmHWM``; a child's ``ru_maxrss`` would begin at its parent's.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from peers import NAMES, make_peers, our_engine
from PIL import Image

from cosmat_nb.emulator.samples import KINDS, draw_scene_parts
from cosmat_nb.images import decode_rgb, encode_jpeg
from cosmat_nb.matting.edges import refine_alpha
from cosmat_nb.matting.engine import cut_out
from cosmat_nb.matting.foreground import estimate_foreground
from cosmat_nb.matting.models import MODELS
from cosmat_nb.matting.network import Network

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from numpy.typing import NDArray

SCENES = ("plush", "mug", "grass-pot")
STATUS = Path("/proc/self/status")
CHAIN, NOTHING = "whole chain", "nothing"
OURS = ("cosmat", "network")  # parts of the chain, which is shown


def draw_square(kind: str, megapixels: float) -> NDArray[np.uint8]:
    """Draw a scene as a square photograph through JPEG."""
    parts = draw_scene_parts(list(KINDS).index(kind))
    share = parts.alpha[..., None]
    mixed = 255 * (share * parts.foreground + (1 - share) * parts.backdrop)
    side = round((megapixels * 1e6) ** 0.5)
    image = Image.fromarray(np.rint(np.clip(mixed, 0, 255)).astype(np.uint8))
    square = image.resize((side, side), Image.Resampling.BICUBIC)
    return decode_rgb(encode_jpeg(np.asarray(square)))


def take_turns(ways: Mapping[str, Callable[[], object]], rounds: int) -> list[float]:
    """Return the least CPU milliseconds of each way, a first round left out."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds + 1):
        for name, way in ways.items():
            start = time.process_time()
            way()
            spent[name].append(1e3 * (time.process_time() - start))
    return [min(times[1:]) for times in spent.values()]


def show_networks(teacher: Path, rounds: int) -> None:
    """Print what the networks cost on pictures of their own size, and the ratio."""
    networks = [our_engine().network]
    if teacher.is_file():
        networks.append(Network(teacher, MODELS["u2netp"]))
    ways = {}
    for network in networks:
        side = network.model.side
        small = draw_square("plush", side * side / 1e6)
        ways[f"{network.model.name}, {side} px"] = partial(network.matte, small)
    times = take_turns(ways, 4 * rounds)
    shown = [f"{name} {each:.1f} ms" for name, each in zip(ways, times, strict=True)]
    if len(times) > 1:
        shown.append(f"ratio {times[0] / times[1]:.3f}")
    print("\nnetworks on pictures of their own size:", "; ".join(shown))


def name_ways(
    picture: NDArray[np.uint8], names: tuple[str, ...], teacher: Path
) -> dict[str, Callable[[], object]]:
    """Return our chain and its parts, and the alpha of others, ready to be called."""
    engine = our_engine()
    coarse = engine.network.matte(picture)
    alpha = refine_alpha(picture, coarse)
    others = make_peers(tuple(n for n in names if n not in OURS), teacher)
    return {
        "network": partial(engine.network.matte, picture),
        "edges": partial(refine_alpha, picture, coarse),
        "colours": partial(estimate_foreground, picture, alpha),
        CHAIN: partial(cut_out, picture, engine),
    } | {f"{name}, alpha": partial(peer, picture) for name, peer in others.items()}


def show_seconds(
    names: tuple[str, ...], teacher: Path, sizes: list[float], rounds: int
) -> None:
    """Print CPU milliseconds; of sizes but the first, one scene for fewer rounds."""
    print(f"\nCPU ms on one thread, best of {rounds}; of large pictures one run")
    for place, megapixels in enumerate(sizes):
        for kind in SCENES[: 1 if place else None]:
            ways = name_ways(draw_square(kind, megapixels), names, teacher)
            if (place, kind) == (0, SCENES[0]):
                show_heads(ways)
            times = take_turns(ways, 1 if place else rounds)
            show_row(f"{kind}, {megapixels:g} MP", times)


def show_memory(names: tuple[str, ...], teacher: Path, sizes: list[float]) -> None:
    """Print the peak of each engine on pictures of some sizes, MB."""
    if not STATUS.is_file():
        print("\npeak memory: skipped, only Linux tells it")
        return
    print("\npeak MB beyond the imports: picture, weights, work and answer")
    made = make_peers(tuple(n for n in names if n not in OURS), teacher)
    show_heads(ways := (CHAIN, *made))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "picture.npy")
        for megapixels in sizes:
            np.save(file, draw_square(SCENES[0], megapixels))
            least = ask_peak(NOTHING, file, teacher)
            peaks = [ask_peak(name, file, teacher) - least for name in ways]
            show_row(f"{SCENES[0]}, {megapixels:g} MP", peaks)


def show_heads(names: Iterable[str]) -> None:
    """Print the head of a table."""
    print("\n| picture | " + " | ".join(names := list(names)) + " |")
    print("|---" * (len(names) + 1) + "|")


def show_row(name: str, values: Iterable[float]) -> None:
    """Print a line of whole numbers."""
    print(f"| {name} | " + " | ".join(f"{value:.0f}" for value in values) + " |")


def ask_peak(name: str, file: Path, teacher: Path) -> float:
    """Return the peak of a fresh process, MB."""
    call = [sys.executable, __file__, name, str(file), str(teacher)]
    told = subprocess.run(call, check=True, capture_output=True, text=True)
    return float(told.stdout)


def main() -> None:
    """Be the fresh process: cut one picture, or only import, and tell the peak."""
    name, file, teacher = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    import onnxruntime  # noqa: F401, PLC0415 - so that its import never counts

    if name in NAMES:
        make_peers((name,), teacher)[name](np.load(file))
    elif name != NOTHING:
        cut_out(np.load(file), our_engine())
    lines = dict(line.split(":", 1) for line in STATUS.read_text().splitlines())
    print(int(lines["VmHWM"].split()[0]) * 1024 / 1e6)


if __name__ == "__main__":
    main()
