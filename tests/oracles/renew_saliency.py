"""Renew saliency.json: what PySODMetrics and PyMatting say about drawn pictures.

Run by hand, in an environment of its own that holds both::

    python -m venv oracles
    oracles/bin/pip install pysodmetrics==1.6.2 pymatting==1.1.16
    oracles/bin/python tests/oracles/renew_saliency.py

The tests draw the same pictures again; only whole numbers are used, so that every
machine draws the same bits.
"""

from __future__ import annotations

import base64
import json
import warnings
from importlib.metadata import version
from pathlib import Path

import numpy as np

ROWS, COLS = np.ogrid[:40, :52]
GOLDEN = Path(__file__).with_name("saliency.json")


def disc(row, col, square, slope, top=255):
    """Draw a soft disc, (40, 52) uint8: the larger `slope`, the harder its edge.

    Its squared radius is no sum of two squares, so that no pixel has level 128.
    """
    inside = square - (ROWS - row) ** 2 - (COLS - col) ** 2
    return np.clip(128 + slope * inside // 8, 0, top).astype(np.uint8)


def box(top, left, bottom, right, level=255):
    """Draw a half-open box, (40, 52) uint8."""
    alpha = np.zeros((40, 52), np.uint8)
    alpha[top:bottom, left:right] = level
    return alpha


def noise(seed):
    """Draw levels that look random, (40, 52) uint8."""
    mixed = ROWS * 7919 + COLS * 104729 + (ROWS * COLS + seed) * 31
    return (mixed * mixed % 65521 % 256).astype(np.uint8)


def draw_pairs():
    """Draw a matte and its reference by name.

    Every matte has levels 0 and 255, so that stretching it to them changes nothing,
    and no reference has its centroid half-way between two pixels.
    """
    truth = disc(20, 25, 147, 200)
    ring = disc(19, 25, 223, 200) - disc(19, 25, 67, 200)
    elbow = np.maximum(box(8, 8, 30, 16), box(22, 8, 30, 40))
    return {
        "soft disc": (disc(20, 25, 147, 8), truth),
        "shifted disc": (disc(17, 29, 123, 12), truth),
        "hard box": (box(10, 12, 30, 40), box(12, 10, 31, 39)),
        "noise": (noise(5), truth),
        "noise on ring": (noise(3), ring),
        "elbow": (np.maximum(elbow // 3 * 2, noise(9) // 4) | box(9, 9, 10, 10), elbow),
        "at the edge": (disc(2, 44, 223, 9), disc(0, 45, 195, 200)),
        "two parts": (
            np.maximum(disc(10, 12, 47, 22), disc(28, 36, 83, 15)),
            np.maximum(disc(11, 13, 47, 200), disc(28, 38, 67, 200)),
        ),
        "one pixel": (disc(21, 30, 23, 50), box(22, 31, 23, 32)),
        "one pixel missing": (255 - box(5, 5, 6, 6), 255 - box(5, 7, 6, 8)),
        "nearly all": (255 - box(0, 0, 40, 1), box(10, 10, 21, 21)),
        "missed": (box(0, 0, 2, 2), box(10, 10, 21, 21)),
        "empty reference": (disc(20, 25, 39, 30), box(0, 0, 0, 0)),
        "full reference": (disc(20, 25, 447, 3), box(0, 0, 40, 52)),
    }


def draw_differing_pairs():
    """Draw the pairs on which PySODMetrics decides otherwise, by what it is about."""
    truth = disc(20, 25, 147, 200)
    return {
        "faint": (disc(20, 25, 147, 8, top=140) // 2 + 20, truth),
        "half a pixel": (disc(20, 24, 83, 15), box(12, 20, 29, 30)),
        "last column": (box(5, 45, 30, 52), box(5, 51, 30, 52)),
        "level 128": (disc(20, 25, 147, 8), np.minimum(truth, 128)),
        "translucent": (box(0, 0, 40, 52, 7), box(3, 3, 12, 12) | box(28, 39, 37, 48)),
        "nothing at all": (box(0, 0, 0, 0), box(0, 0, 0, 0)),
    }


def draw_cutout(seed):
    """Draw a smooth picture with a soft disc for alpha, (40, 52, 4) uint8."""
    rgba = np.empty((40, 52, 4), np.uint8)
    for channel in range(3):
        rgba[..., channel] = (
            (40 * channel + (3 + seed) * ROWS + (5 - channel) * COLS) % 509 // 2
        )
    rgba[..., 3] = disc(18 + seed, 25 - seed, 171, 8)
    return rgba


def score(pred, truth, *, normalize):
    """Return PySODMetrics' numbers for one pair; None where it has NaN."""
    import py_sod_metrics as sod  # noqa: PLC0415 - tests only draw

    judges = {"s": sod.Smeasure(), "e": sod.Emeasure(), "w": sod.WeightedFmeasure()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for judge in judges.values():
            judge.step(pred, truth, normalize=normalize)
    found = {
        "s_measure": judges["s"].get_results()["sm"],
        "e_mean": judges["e"].get_results()["em"]["curve"].mean(),
        "weighted_f": judges["w"].get_results()["wfm"],
    }
    return {k: None if np.isnan(v) else float(v) for k, v in found.items()}


def score_pairs(pairs):
    """Score each pair as it is, and after the normalisation PySODMetrics prefers."""
    return {
        name: {
            "as_it_is": score(pred / 255, truth >= 128, normalize=False),
            "normalized": score(pred, truth, normalize=True),
        }
        for name, (pred, truth) in pairs.items()
    }


def composite():
    """Blend two cutouts with PyMatting and estimate the first one's foreground."""
    from pymatting import (  # noqa: PLC0415 - tests only draw
        blend,
        estimate_foreground_ml,
    )

    first, second = (draw_cutout(seed) / 255 for seed in (0, 2))
    mads = {}
    for bits in range(8):
        color = np.array([bits & 1, bits >> 1 & 1, bits >> 2], float)
        back = np.broadcast_to(color, (40, 52, 3))
        over = [blend(p[..., :3], back, p[..., 3]) for p in (first, second)]
        name = ",".join(str(int(255 * level)) for level in color)
        mads[name] = float(np.abs(over[0] - over[1]).mean())
    scene = blend(first[..., :3], np.full((40, 52, 3), 0.1), first[..., 3])
    pixels = estimate_foreground_ml(scene, first[..., 3])
    pixels = np.rint(255 * np.clip(pixels, 0, 1)).astype(np.uint8)
    return {"mad": mads, "foreground": base64.b85encode(pixels.tobytes()).decode()}


if __name__ == "__main__":
    golden = {
        "versions": {
            name: version(name) for name in ("pysodmetrics", "pymatting", "numpy")
        },
        "agreeing": score_pairs(draw_pairs()),
        "differing": score_pairs(draw_differing_pairs()),
        "composite": composite(),
    }
    GOLDEN.write_text(json.dumps(golden, indent=1) + "\n", encoding="utf-8")
