"""Grown things, most of them before a busy backdrop."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.emulator.scenes.drawing import Canvas, Layer
from cosmat_nb.emulator.scenes.materials import (
    bricks,
    flat,
    noise,
    planks,
    printed,
    ramp,
    rolled,
    surface,
    tint,
)
from cosmat_nb.emulator.scenes.outlines import turned
from cosmat_nb.emulator.scenes.shapes import (
    blend,
    box,
    capsule,
    circle,
    ellipse,
    everywhere,
    meet,
    move,
    strand,
    union,
)
from cosmat_nb.emulator.scenes.stage import Product, paper, pick, shadow

if TYPE_CHECKING:
    from cosmat_nb.emulator.scenes.materials import Color, Paint
    from cosmat_nb.emulator.scenes.shapes import Field, Point

__all__ = ["fruit", "grass_pot", "vase"]

_GARDEN = (
    (0.55, 0.68, 0.30),
    (0.18, 0.30, 0.17),
    (0.93, 0.88, 0.62),
    (0.40, 0.55, 0.30),
    (0.78, 0.60, 0.40),
)
_PETALS = (
    (0.95, 0.75, 0.25),
    (0.93, 0.45, 0.52),
    (0.96, 0.94, 0.90),
    (0.72, 0.50, 0.82),
)
_VASE = ((-0.12, 0.09), (-0.09, 0.07), (0.02, 0.075), (0.2, 0.2))
_VASE_FOOT = ((0.3, 0.215), (0.5, 0.13), (0.53, 0.12))
_STEMS = ((-0.27, 0.33), (-0.1, 0.43), (0.1, 0.37), (0.28, 0.28))  # lean, height


def fruit(rng: np.random.Generator) -> Product:
    """Make three apples and a lemon, side by side."""
    skins = [(0.76, 0.14, 0.13), (0.56, 0.70, 0.20), (0.90, 0.55, 0.12)]
    rng.shuffle(skins)
    subject, shades = [], []
    places = [((0.03, -0.30), 0.165), ((-0.02, 0.08), 0.185), ((0.10, 0.42), 0.15)]
    for (place, size), skin in zip(places, skins, strict=True):
        subject += _apple(rng, place, size, skin)
        shades += shadow((place[0] + size * 0.9, place[1]), size * 0.85, 0.42)
    flesh = blend(ellipse(0.088, 0.115), ellipse(0.025, 0.155), 0.04)
    lemon = move(flesh, (0.16, -0.08), 0.25)
    subject.append(Layer(lemon, surface((0.95, 0.80, 0.18), gloss=0.3), relief=0.1))
    shades += shadow((0.245, -0.08), 0.11, 0.42)
    ground = paper(rng, (0.84, 0.88, 0.92), (0.93, 0.91, 0.87), (0.86, 0.85, 0.90))
    return Product(Canvas(560, 800), [ground, *shades], subject)


def _apple(
    rng: np.random.Generator, place: Point, size: float, skin: Color
) -> list[Layer]:
    row, col = place
    lobe = ellipse(size * 0.92, size * 0.72)
    left, right = (move(lobe, (0, side * size * 0.3)) for side in (-1, 1))
    body = move(blend(left, right, size * 0.3), place)
    dip = move(ellipse(size * 0.07, size * 0.2), (row - size * 0.8, col))
    top = (row - size * 1.25, col + size * 0.12)
    stem = strand((row - size * 0.7, col), top, size * 0.15, size * 0.14)
    disc = circle(size * 0.5)
    leaf = meet(*(move(disc, (side * size * 0.38, 0)) for side in (-1, 1)))
    leaf = move(leaf, (row - size * 1.02, col + size * 0.33), -0.5)
    peel = surface(_apple_skin(rng, row, size, skin), gloss=0.42)
    return [
        Layer(body, peel, relief=size * 0.85),
        Layer(dip, flat(tint(skin, -0.6)), 0.7, softness=size * 0.09),
        Layer(stem, flat((0.30, 0.20, 0.11))),
        Layer(leaf, surface((0.30, 0.52, 0.18), gloss=0.25), relief=size * 0.12),
    ]


def _apple_skin(
    rng: np.random.Generator, row: float, size: float, skin: Color
) -> Paint:
    speckle = noise(rng, 26, 26)
    own = np.array(skin, dtype=np.float32)
    blush = np.array([-0.2, -0.5, 0.2], dtype=np.float32)

    def paint(y: Field, x: Field) -> Field:
        flush = np.clip((y - row) / size * 0.25 + 0.08 * speckle(y, x), -0.4, 0.4)
        shown: Field = np.clip(own * (1 + flush[..., None] * blush), 0, 1)
        return shown

    return paint


def grass_pot(rng: np.random.Generator) -> Product:
    """Make a pot of grass, hundreds of fine blades, in a garden out of focus."""
    clay = pick(rng, (0.78, 0.42, 0.28), (0.86, 0.84, 0.80), (0.33, 0.42, 0.50))
    pot = [(0.2, 0.185), (0.52, 0.135), (0.535, 0.122)]
    rim = [(0.165, 0.203), (0.17, 0.207), (0.23, 0.203), (0.235, 0.198)]
    subject = [
        *(_blade(rng) for _ in range(260)),
        Layer(turned(pot), rolled(surface(clay, gloss=0.15), pot)),
        Layer(turned(rim), rolled(surface(tint(clay, 0.1), gloss=0.15), rim)),
    ]
    backdrop = [*_garden(rng), *shadow((0.53, 0), 0.15, 0.6)]
    return Product(Canvas(780, 580), backdrop, subject)


def _blade(rng: np.random.Generator) -> Layer:
    start = float(rng.uniform(-0.145, 0.145))
    lean = start * 1.9 + float(rng.normal(0, 0.14))
    tall = float(rng.uniform(0.22, 0.62)) - 0.3 * abs(lean)
    green = (float(rng.uniform(0.25, 0.5)), float(rng.uniform(0.48, 0.7)), 0.16)
    tip, width = (0.18 - tall, start + lean * 0.6), float(rng.uniform(0.007, 0.014))
    blade = strand((0.2, start), tip, lean * 0.7, width)
    return Layer(blade, flat(tint(green, float(rng.uniform(-0.35, 0.1)))))


def _garden(rng: np.random.Generator) -> list[Layer]:
    """Make a garden out of focus above a wooden sill."""
    leaves = ramp((0.34, 0.42, 0.30), (0.62, 0.66, 0.42), -0.7, 0.4)
    sill = move(box(0.4, 2), (0.82, 0))
    return [
        Layer(everywhere, lambda spot: leaves(spot.y, spot.x)),
        *(_light_disc(rng) for _ in range(70)),
        Layer(sill, planks(rng, (0.52, 0.38, 0.27), width=0.31), softness=0.008),
    ]


def _light_disc(rng: np.random.Generator) -> Layer:
    place = (float(rng.uniform(-0.75, 0.42)), float(rng.uniform(-0.6, 0.6)))
    tone = flat(pick(rng, *_GARDEN))
    disc = move(circle(float(rng.uniform(0.03, 0.13))), place)
    opacity, softness = rng.uniform(0.15, 0.5), rng.uniform(0.008, 0.05)
    return Layer(disc, tone, float(opacity), softness=float(softness))


def vase(rng: np.random.Generator) -> Product:
    """Make a vase of four flowers on a table before a brick wall."""
    glaze = pick(rng, (0.16, 0.36, 0.58), (0.86, 0.83, 0.76), (0.20, 0.46, 0.40))
    outline = [*_VASE, *_VASE_FOOT]
    waves = [move(box(0.012, 1), (row, 0)) for row in (0.16, 0.2, 0.4)]
    paint = printed(glaze, union(*waves), tint(glaze, 0.6))
    subject = []
    for lean, tall in _STEMS:
        subject += _flower(rng, (-0.1, lean * 0.2), (-0.12 - tall, lean))
    subject += [
        Layer(turned(outline), rolled(surface(paint, gloss=0.5), outline)),
        Layer(move(ellipse(0.014, 0.088), (-0.12, 0)), flat(tint(glaze, -0.6))),
    ]
    top = move(box(0.3, 2), (0.78, 0))
    table = Layer(top, planks(rng, (0.50, 0.34, 0.22), width=0.4))
    wall = Layer(everywhere, bricks(rng, (0.62, 0.33, 0.26), (0.66, 0.62, 0.57)))
    return Product(
        Canvas(800, 600), [wall, table, *shadow((0.53, 0), 0.16, 0.6)], subject
    )


def _flower(rng: np.random.Generator, base: Point, head: Point) -> list[Layer]:
    color = pick(rng, *_PETALS)
    turns = np.arange(9) * (2 * np.pi / 9) + rng.uniform(0, 1)
    heart = surface((0.55, 0.34, 0.12), gloss=0.1)
    return [
        *_stem(base, head),
        *(_petal(rng, color, head, float(turn)) for turn in turns),
        Layer(move(circle(0.026), head), heart, relief=0.026),
    ]


def _stem(base: Point, head: Point) -> list[Layer]:
    green = surface((0.27, 0.46, 0.20), gloss=0.15)
    side = 1 if head[1] > 0 else -1
    middle = (base[0] * 0.5 + head[0] * 0.5, base[1] * 0.5 + head[1] * 0.5)
    leaf = move(
        ellipse(0.022, 0.07), (middle[0], middle[1] + side * 0.055), -side * 0.6
    )
    return [
        Layer(capsule(base, head, 0.007, 0.005), green, relief=0.006),
        Layer(leaf, green, relief=0.03),
    ]


def _petal(rng: np.random.Generator, color: Color, head: Point, turn: float) -> Layer:
    at = (head[0] + 0.05 * float(np.sin(turn)), head[1] + 0.05 * float(np.cos(turn)))
    shade = tint(color, float(rng.uniform(-0.15, 0.1)))
    petal = move(ellipse(0.020, 0.042), at, turn)
    return Layer(petal, surface(shade, gloss=0.05), relief=0.025)
