"""Renew matting.json: matting errors of drawn pictures, by code that is not ours.

Run by hand, with an environment of its own, from the project's folder::

    python -m venv oracle
    oracle/bin/pip install pymatting==1.1.16 pysodmetrics==1.6.2 scikit-image==0.25.2
    oracle/bin/python tests/oracles/renew_matting.py

Nothing here imports the package. Who vouches for what:

- ``exact``: the definitions written once more, pixel by pixel, in rational numbers
  (Grad in floats, as one dense filter of 81 taps). The second opinion on everything.
- ``scipy``: Grad from `gaussian_filter` with first order, brought to the benchmark's
  scale by the norm of its own impulse response.
- ``scikit-image``: MSE, and Conn on top of `measure.label`.
- ``pymatting``: it has no SAD, MSE, Grad or Conn. It does have what a trimap needs:
  the unknown band comes from its `distance_transform` and `trimap_split`.
- ``pysodmetrics``: MAE, which it defines for hard references only.

The drawings are made of whole numbers, so that tests redraw them bit for bit; tests
import this file, so each tool is imported where it is asked.
"""

import json
import math
from fractions import Fraction
from importlib import metadata
from pathlib import Path

import numpy as np

HEIGHT, WIDTH = 56, 72
RADIUS = 12
TOOLS = ("numpy", "scipy", "scikit-image", "pymatting", "pysodmetrics")


def draw_disc(row, col, radius, blur):
    """Draw a disc whose edge is a ramp over `blur` square pixels."""
    rows, cols = np.ogrid[:HEIGHT, :WIDTH]
    inside = radius * radius - (rows - row) ** 2 - (cols - col) ** 2
    return np.clip(128 + inside * 255 // blur, 0, 255).astype(np.uint8)


def draw_hash(seed, levels, step):
    """Draw levels that look random: multiples of `step`."""
    rows, cols = np.ogrid[:HEIGHT, :WIDTH]
    mixed = (rows * 73 + cols * 179 + seed) ** 2 // 64 + rows * cols * 7
    return (mixed % levels * step).astype(np.uint8)


def draw_pairs():
    """Draw every pair of a matte and its reference by name, (H, W) uint8."""
    disc = draw_disc(19, 24, 11, 90)
    islands = np.maximum(disc, draw_disc(7, 43, 4, 30))
    rows, cols = np.ogrid[:HEIGHT, :WIDTH]
    stairs = np.where((rows - cols) % 16 == 0, 255, disc).astype(np.uint8)
    bars = np.where(cols % 13 < 6, 255, 0) + 0 * rows
    hard = np.where(draw_disc(20, 26, 12, 4) >= 128, 255, 0).astype(np.uint8)
    return {
        "moved": (draw_disc(20, 26, 11, 120), disc),
        "islands": (islands, disc),
        "lost": (disc, islands),
        "cut off": (draw_disc(3, 2, 14, 60), draw_disc(1, 0, 15, 90)),
        "diagonals": (stairs, islands),
        "noise": (draw_hash(5, 256, 1), draw_hash(11, 256, 1)),
        "thresholds": (draw_hash(1, 6, 51), np.maximum(draw_hash(3, 6, 51), 51)),
        "equal parts": (bars.astype(np.uint8), np.full((HEIGHT, WIDTH), 230, np.uint8)),
        "ghost": (disc // 5, disc),
        "empty": (disc, np.zeros((HEIGHT, WIDTH), np.uint8)),
        "hard": (draw_disc(18, 25, 12, 200), hard),
    }


def draw_trimap():
    """Draw a trimap of stripes, (H, W) uint8 in {0, 128, 255}."""
    rows, cols = np.ogrid[:HEIGHT, :WIDTH]
    known = np.where((rows + cols) % 2, 255, 0)
    return np.where((rows + 2 * cols) % 5 < 2, 128, known).astype(np.uint8)


def pixels():
    """List every pixel as (row, col)."""
    return [(row, col) for row in range(HEIGHT) for col in range(WIDTH)]


def neighbours(row, col):
    """List the up to four pixels beside one."""
    beside = [(row - 1, col), (row + 1, col), (row, col - 1), (row, col + 1)]
    return [(r, c) for r, c in beside if 0 <= r < HEIGHT and 0 <= c < WIDTH]


def largest_parts(inside):
    """Return the pixels of all largest 4-connected components of a set."""
    left, parts = set(inside), []
    while left:
        part = {left.pop()}
        front = list(part)
        while front:
            fresh = [at for at in neighbours(*front.pop()) if at in left]
            left.difference_update(fresh)
            part.update(fresh)
            front.extend(fresh)
        parts.append(part)
    size = max(map(len, parts), default=0)
    return set().union(*(part for part in parts if len(part) == size))


def exact_levels(found, true):
    """Return the connected level of every pixel as a fraction."""
    level, held = dict.fromkeys(pixels(), Fraction(0)), set(pixels())
    both = {at: int(min(found[at], true[at])) for at in pixels()}
    for step in range(1, 11):
        # v / 255 >= step / 10 in whole numbers.
        held &= largest_parts(at for at in pixels() if 10 * both[at] >= 255 * step)
        level.update(dict.fromkeys(held, Fraction(step, 10)))
    return level


def exact_conn(found, true):
    """Return |phi - phi*| of every pixel."""
    level = exact_levels(found, true)

    def loose(matte, at):
        gap = Fraction(int(matte[at]), 255) - level[at]
        return gap if gap >= Fraction(15, 100) else 0

    return {at: abs(loose(found, at) - loose(true, at)) for at in pixels()}


def exact_magnitude(matte):
    """Filter with 81 taps at once; the border is replicated by clamping indices."""
    sigma = 1.4
    half = math.ceil(sigma * math.sqrt(-2 * math.log(math.sqrt(2 * math.pi) * 0.014)))
    taps = {
        (i, j): -j * math.exp(-(i * i + j * j) / (2 * sigma**2))
        for i in range(-half, half + 1)
        for j in range(-half, half + 1)
    }
    norm = math.sqrt(math.fsum(tap * tap for tap in taps.values()))
    values = matte.tolist()

    def respond(row, col, turn):
        terms = []
        for (i, j), tap in taps.items():
            down, right = (j, i) if turn else (i, j)
            r = min(max(row - down, 0), HEIGHT - 1)
            c = min(max(col - right, 0), WIDTH - 1)
            terms.append(tap * values[r][c] / 255)
        return math.fsum(terms) / norm

    return {at: math.hypot(respond(*at, 0), respond(*at, 1)) for at in pixels()}


def exact_maps(found, true):
    """Return difference, Grad and Conn of every pixel."""
    found_slope, true_slope = exact_magnitude(found), exact_magnitude(true)
    return (
        {at: Fraction(abs(int(found[at]) - int(true[at])), 255) for at in pixels()},
        {at: (found_slope[at] - true_slope[at]) ** 2 for at in pixels()},
        exact_conn(found, true),
    )


def summed(maps, inside):
    """Return the five errors over a set of pixels, under the names of their columns."""
    difference, grad, conn = maps
    total = sum(difference[at] for at in inside)
    squares = sum(difference[at] ** 2 for at in inside)
    return {
        "sad_k": float(total / 1000),
        "mse_e3": float(1000 * squares / len(inside)),
        "mad_e3": float(1000 * total / len(inside)),
        "grad_k": math.fsum(grad[at] for at in inside) / 1000,
        "conn_k": float(sum(conn[at] for at in inside) / 1000),
    }


def named_unknown(errors, inside):
    """Name errors of a band as columns of the band."""
    share = len(inside) / (HEIGHT * WIDTH)
    return {"unknown_share": share, **{f"unknown_{k}": v for k, v in errors.items()}}


def exact_band(true):
    """Return the pixels within `RADIUS` of a soft one or of an edge's two sides."""
    seeds = [
        at
        for at in pixels()
        if 0 < true[at] < 255
        or any((true[at] >= 128) != (true[by] >= 128) for by in neighbours(*at))
    ]
    return [
        (row, col)
        for row, col in pixels()
        if any((row - r) ** 2 + (col - c) ** 2 <= RADIUS**2 for r, c in seeds)
    ], seeds


def scipy_grad(found, true):
    """Return Grad by derivatives of SciPy's own Gaussian."""
    from scipy.ndimage import gaussian_filter  # noqa: PLC0415 - not in tests

    def respond(matte, order):
        return gaussian_filter(matte, 1.4, order=order, mode="nearest", radius=4)

    def magnitude(matte):
        return np.hypot(respond(matte / 255, (0, 1)), respond(matte / 255, (1, 0)))

    impulse = np.zeros((19, 19))
    impulse[9, 9] = 1
    squared_norm = np.sum(respond(impulse, (0, 1)) ** 2)
    difference = magnitude(found) - magnitude(true)
    return float(np.sum(difference**2) / squared_norm / 1000)


def skimage_conn(found, true):
    """Return Conn on top of scikit-image's labels, in floats."""
    from skimage.measure import label, regionprops  # noqa: PLC0415 - not in tests

    level, held = np.zeros(found.shape), np.ones(found.shape, bool)
    for step in range(1, 11):
        labels = label(
            10 * np.minimum(found, true, dtype=int) >= 255 * step, connectivity=1
        )
        parts = regionprops(labels)
        size = max((part.area for part in parts), default=0)
        largest = [part.label for part in parts if part.area == size]
        held &= np.isin(labels, largest)
        level[held] = step / 10
    gaps = found / 255 - level, true / 255 - level
    loose = [np.where(gap >= 0.15, gap, 0) for gap in gaps]
    return float(np.abs(loose[0] - loose[1]).sum() / 1000)


def skimage_errors(found, true):
    """Return what scikit-image has."""
    from skimage.metrics import mean_squared_error  # noqa: PLC0415 - not in tests

    return {
        "mse_e3": float(1000 * mean_squared_error(true / 255, found / 255)),
        "conn_k": skimage_conn(found, true),
    }


def pymatting_band(true, seeds):
    """Return the unknown band by PyMatting's distances and its reading of trimaps."""
    from pymatting.util.distance import distance_transform  # noqa: PLC0415 - not in tests
    from pymatting.util.util import trimap_split  # noqa: PLC0415 - not in tests

    away = np.ones(true.shape, bool)
    away[tuple(zip(*seeds, strict=True))] = False
    trimap = (true >= 128).astype(float)
    trimap[distance_transform(away) <= RADIUS] = 0.5
    # It refuses trimaps without background or foreground; two rows below give both.
    trimap = np.vstack([trimap, np.zeros(WIDTH), np.ones(WIDTH)])
    unknown = trimap_split(trimap, flatten=False)[3][:HEIGHT]
    return [at for at in pixels() if unknown[at]]


def sod_errors(found, true):
    """Return what PySODMetrics has, for a hard reference."""
    from py_sod_metrics import MAE  # noqa: PLC0415 - not in tests

    measure = MAE()
    measure.step(found / 255, true >= 128, normalize=False)
    return {"mae": float(measure.get_results()["mae"])}


def measure_pair(found, true):
    """Return every tool's numbers for one pair."""
    maps, trimap = exact_maps(found, true), draw_trimap()
    unknown = [at for at in pixels() if trimap[at] == 128]
    band, seeds = exact_band(true)
    tools = {
        "exact": summed(maps, pixels()),
        "exact, trimap": named_unknown(summed(maps, unknown), unknown),
        "scipy": {"grad_k": scipy_grad(found, true)},
        "scikit-image": skimage_errors(found, true),
    }
    if seeds:
        near = pymatting_band(true, seeds)
        assert near == band
        tools["pymatting"] = named_unknown(summed(maps, near), near)
    if set(np.unique(true)) == {0, 255}:
        tools["pysodmetrics"] = sod_errors(found, true)
    return tools


def main():
    """Write matting.json beside this file."""
    golden = {
        "versions": {tool: metadata.version(tool) for tool in TOOLS},
        "pictures": {name: measure_pair(*pair) for name, pair in draw_pairs().items()},
    }
    path = Path(__file__).with_name("matting.json")
    path.write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
