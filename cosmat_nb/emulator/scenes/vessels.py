"""Mug and bottle: things to drink from, on plain paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cosmat_nb.emulator.scenes.drawing import Canvas, Layer
from cosmat_nb.emulator.scenes.materials import (
    flat,
    printed,
    ramp,
    rolled,
    surface,
    tint,
)
from cosmat_nb.emulator.scenes.outlines import turned
from cosmat_nb.emulator.scenes.shapes import (
    box,
    cut,
    ellipse,
    meet,
    move,
    shell,
    union,
)
from cosmat_nb.emulator.scenes.stage import Product, paper, pick, shadow

if TYPE_CHECKING:
    import numpy as np

__all__ = ["glass_bottle", "mug"]


def mug(rng: np.random.Generator) -> Product:
    """Make a mug with a stripe, whose handle leaves a hole."""
    glaze = pick(rng, (0.12, 0.38, 0.52), (0.72, 0.22, 0.16), (0.16, 0.36, 0.26))
    outline = [
        (-0.27, 0.222),
        (-0.24, 0.225),
        (0.19, 0.21),
        (0.25, 0.195),
        (0.268, 0.165),
    ]
    grip = move(shell(ellipse(0.135, 0.125), 0.052), (-0.04, 0.225))
    handle = cut(grip, move(box(0.5, 0.2), (0, 0.01)))
    stripe = move(box(0.028, 0.5), (0.09, 0))
    paint = printed(glaze, stripe, tint(glaze, 0.72))
    subject = [
        Layer(handle, surface(glaze, gloss=0.55), relief=0.024),
        Layer(turned(outline), rolled(surface(paint, gloss=0.6), outline)),
        Layer(move(ellipse(0.036, 0.222), (-0.268, 0)), surface(tint(glaze, 0.35))),
        Layer(
            move(ellipse(0.027, 0.204), (-0.264, 0)),
            surface(ramp(tint(glaze, -0.62), tint(glaze, -0.2), -0.29, -0.24)),
        ),
    ]
    walls = (0.93, 0.87, 0.78), (0.88, 0.90, 0.92), (0.95, 0.85, 0.80)
    ground = paper(rng, *walls)
    return Product(Canvas(560, 720), [ground, *shadow((0.262, 0), 0.2)], subject)


def glass_bottle(rng: np.random.Generator) -> Product:
    """Make a bottle of coloured glass, translucent but for its label."""
    tone = pick(rng, (0.10, 0.42, 0.30), (0.16, 0.36, 0.58), (0.55, 0.30, 0.10))
    outline = [(-0.5, 0.058), (-0.32, 0.06), (-0.2, 0.085), (-0.1, 0.165)]
    outline += [(0.0, 0.19), (0.52, 0.19), (0.56, 0.165)]
    glass = turned(outline)
    label = move(box(0.13, 0.3, 0.01), (0.25, 0))
    text = union(
        move(box(0.018, 0.085), (0.19, 0)),
        move(box(0.005, 0.11), (0.25, 0)),
        move(box(0.005, 0.08), (0.275, 0)),
        move(box(0.005, 0.095), (0.3, 0)),
    )
    paint = printed((0.94, 0.88, 0.72), text, tint(tone, -0.4))
    subject = [
        Layer(glass, rolled(surface(tone, gloss=0.35), outline), opacity=0.5),
        Layer(meet(shell(glass, 0.034), glass), flat(tint(tone, -0.45)), 0.55, 0.012),
        Layer(meet(move(box(0.4, 1), (0.44, 0)), glass), flat(tone), opacity=0.38),
        Layer(meet(label, glass), rolled(surface(paint, gloss=0.05), outline)),
        Layer(
            move(box(0.055, 0.068, 0.012), (-0.515, 0)),
            surface((0.16, 0.15, 0.15), gloss=0.5, metal=0.3),
            relief=0.06,
        ),
    ]
    ground = paper(rng, (0.90, 0.92, 0.93), (0.94, 0.91, 0.86), (0.86, 0.91, 0.94))
    glow = Layer(move(ellipse(0.05, 0.16), (0.585, 0.12)), flat(tone), 0.35, 0.06)
    cast = [*shadow((0.56, 0), 0.18), glow]
    return Product(Canvas(760, 540), [ground, *cast], subject)
