"""Made things on plain paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.emulator.scenes.drawing import Canvas, Layer
from cosmat_nb.emulator.scenes.materials import facing, flat, printed, surface, tint
from cosmat_nb.emulator.scenes.outlines import between
from cosmat_nb.emulator.scenes.shapes import (
    blend,
    box,
    capsule,
    circle,
    ellipse,
    meet,
    move,
    polygon,
    shell,
    union,
)
from cosmat_nb.emulator.scenes.stage import (
    BLACK,
    Product,
    paper,
    pick,
    shadow,
    turn_layers,
)

if TYPE_CHECKING:
    from cosmat_nb.emulator.scenes.drawing import Material
    from cosmat_nb.emulator.scenes.materials import Color, Paint
    from cosmat_nb.emulator.scenes.shapes import Field, Point, Shape

__all__ = ["gift_box", "scissors", "sneaker", "watch"]

_CREAM = (0.96, 0.95, 0.92)
_MIDDLE_GREY = 1.5  # sum of the three parts of a colour


def sneaker(rng: np.random.Generator) -> Product:
    """Make a laced shoe with a white sole."""
    cloth = pick(rng, (0.83, 0.24, 0.22), (0.17, 0.30, 0.62), (0.10, 0.45, 0.42))
    lining = move(ellipse(0.035, 0.115), (-0.175, -0.265), 0.28)
    subject = [
        Layer(lining, surface(tint(cloth, -0.6))),
        *_shoe_upper(cloth),
        *_shoe_laces(),
        *_shoe_sole(cloth),
    ]
    ground = paper(rng, (0.80, 0.84, 0.80), (0.90, 0.83, 0.74), (0.80, 0.83, 0.90))
    return Product(Canvas(540, 780), [ground, *shadow((0.21, 0), 0.46)], subject)


def _shoe_upper(cloth: Color) -> list[Layer]:
    top = [(-0.46, -0.05), (-0.42, -0.24), (-0.36, -0.225), (-0.27, -0.16)]
    top += [(-0.16, -0.165), (-0.1, -0.185), (0.06, -0.08), (0.26, -0.01)]
    top += [(0.42, 0.035), (0.49, 0.13)]
    upper = between(top, [(-0.46, 0.15), (0.49, 0.15)])
    toe = meet(upper, move(circle(0.21), (0.19, 0.42)))
    heel = meet(upper, move(box(0.3, 0.075, 0.04), (-0.1, -0.46)))
    swoosh = between(
        [(-0.3, 0.04), (-0.1, 0.045), (0.24, -0.01)],
        [(-0.3, 0.045), (-0.18, 0.1), (0.0, 0.085), (0.24, -0.005)],
    )
    return [
        Layer(upper, surface(cloth, gloss=0.12), relief=0.14),
        Layer(heel, surface(tint(cloth, -0.35), gloss=0.2), relief=0.06),
        Layer(toe, surface(_CREAM, gloss=0.3), relief=0.09),
        Layer(swoosh, surface(_CREAM, gloss=0.2), relief=0.01),
    ]


def _shoe_laces() -> list[Layer]:
    cotton = surface(_CREAM, gloss=0.1)
    starts = [(-0.165, -0.07), (-0.12, 0.0), (-0.08, 0.065), (-0.05, 0.13)]
    return [
        Layer(
            capsule((row, col), (row + 0.075, col - 0.055), 0.0105),
            cotton,
            relief=0.011,
        )
        for row, col in starts
    ]


def _shoe_sole(cloth: Color) -> list[Layer]:
    top = [(-0.47, 0.12), (-0.2, 0.135), (0.2, 0.135), (0.47, 0.10), (0.5, 0.09)]
    low = [(-0.47, 0.2), (-0.3, 0.212), (0.3, 0.212), (0.44, 0.2), (0.5, 0.14)]
    line = between(
        [(-0.465, 0.172), (0.2, 0.182), (0.485, 0.15)],
        [(-0.465, 0.182), (0.2, 0.192), (0.485, 0.16)],
    )
    return [
        Layer(between(top, low), surface(_CREAM, gloss=0.25), relief=0.045),
        Layer(line, flat(tint(cloth, -0.1))),
    ]


def gift_box(rng: np.random.Generator) -> Product:
    """Make a wrapped box with ribbon and bow, seen from above a corner."""
    card = pick(rng, (0.20, 0.50, 0.47), (0.85, 0.52, 0.38), (0.36, 0.30, 0.55))
    ribbon = pick(rng, (0.86, 0.16, 0.22), (0.95, 0.78, 0.30), (0.93, 0.92, 0.90))
    silk = surface(ribbon, gloss=0.45)
    subject = [*_box_sides(card, silk), *_box_lid(card, silk), *_bow(silk)]
    ground = paper(rng, (0.93, 0.90, 0.88), (0.87, 0.90, 0.94), (0.95, 0.92, 0.82))
    foot = polygon((0.26, -0.27), (0.2, 0.0), (0.24, 0.36), (0.365, 0.1))
    cast = [
        Layer(move(foot, (0.01, 0.03)), flat(BLACK), 0.4, softness=0.07),
        Layer(foot, flat(BLACK), 0.45, softness=0.02),
    ]
    return Product(Canvas(640, 640), [ground, *cast], subject)


def _box_sides(card: Color, silk: Material) -> list[Layer]:
    wall = surface(card, gloss=0.08)
    front = polygon((-0.12, -0.30), (-0.06, 0.10), (0.36, 0.09), (0.27, -0.275))
    side = polygon((-0.06, 0.10), (-0.14, 0.34), (0.23, 0.32), (0.36, 0.09))
    band = polygon((-0.155, -0.13), (-0.143, -0.06), (0.317, -0.052), (0.305, -0.11))
    band_side = polygon((-0.165, 0.21), (-0.19, 0.27), (0.272, 0.25), (0.304, 0.19))
    return [
        Layer(front, facing(wall, 0.1, -0.35)),
        Layer(side, facing(wall, 0.1, 0.95)),
        Layer(band, facing(silk, 0.1, -0.3)),
        Layer(band_side, facing(silk, 0.1, 0.8)),
    ]


def _box_lid(card: Color, silk: Material) -> list[Layer]:
    cap = surface(tint(card, 0.12), gloss=0.08)
    front = polygon((-0.19, -0.32), (-0.125, 0.10), (-0.02, 0.10), (-0.09, -0.32))
    side = polygon((-0.125, 0.10), (-0.215, 0.36), (-0.125, 0.36), (-0.02, 0.10))
    top = polygon((-0.19, -0.32), (-0.265, -0.06), (-0.215, 0.36), (-0.125, 0.10))
    band = polygon((-0.156, -0.13), (-0.243, 0.13), (-0.238, 0.19), (-0.145, -0.06))
    return [
        Layer(front, facing(cap, 0.0, -0.45)),
        Layer(side, facing(cap, 0.1, 0.9)),
        Layer(top, facing(cap, -0.75, -0.25)),
        Layer(band, facing(silk, -0.7, -0.2)),
    ]


def _bow(silk: Material) -> list[Layer]:
    knot = (-0.20, 0.01)
    ring = shell(ellipse(0.045, 0.105), 0.034)
    tails = [
        Layer(capsule(knot, end, 0.012, 0.022), silk, relief=0.02)
        for end in [(-0.10, -0.13), (-0.115, 0.16)]
    ]
    loops = [
        Layer(move(ring, (-0.255, side * 0.10), side * 0.5), silk, relief=0.03)
        for side in (-1, 1)
    ]
    return [
        *tails,
        *loops,
        Layer(move(ellipse(0.032, 0.042), knot), silk, relief=0.03),
    ]


def scissors(rng: np.random.Generator) -> Product:
    """Make open scissors, turned, with a hole in each grip."""
    grip = pick(rng, (0.82, 0.22, 0.18), (0.14, 0.40, 0.56), (0.93, 0.62, 0.14))
    steel = surface((0.80, 0.82, 0.85), gloss=0.5, metal=0.85)
    plastic = surface(grip, gloss=0.5)
    blade = polygon((-0.44, -0.004), (-0.42, 0.012), (0.08, 0.032), (0.08, -0.03))
    subject = []
    for side in (-1, 1):
        loop = move(shell(ellipse(0.125, 0.085), 0.042), (0.30, side * 0.05))
        shank = capsule((0.05, 0), (0.19, side * 0.012), 0.026, 0.03)
        turn = side * 0.26
        subject += [
            Layer(move(blade, (0, 0), turn), steel, relief=0.03),
            Layer(move(blend(shank, loop, 0.05), (0, 0), -turn), plastic, relief=0.024),
        ]
    subject.append(Layer(circle(0.02), steel, relief=0.02))
    shades = [
        Layer(move(layer.shape, (0.022, 0.02)), flat(BLACK), 0.34, softness=0.018)
        for layer in subject
    ]
    ground = paper(rng, (0.93, 0.90, 0.84), (0.83, 0.89, 0.92), (0.92, 0.86, 0.87))
    angle = float(rng.uniform(0.5, 0.8))
    cast = turn_layers(shades, angle)
    return Product(Canvas(600, 600), [ground, *cast], turn_layers(subject, angle))


def watch(rng: np.random.Generator) -> Product:
    """Make a wrist watch whose strap runs out of the frame on both sides."""
    leather = pick(rng, (0.45, 0.24, 0.12), (0.12, 0.14, 0.18), (0.20, 0.30, 0.24))
    dial = pick(rng, (0.97, 0.93, 0.80), (0.10, 0.16, 0.28))
    ink = tint(dial, -0.85 if sum(dial) > _MIDDLE_GREY else 0.85)
    strap = union(
        polygon((-1, -0.10), (-1, 0.10), (-0.2, 0.145), (-0.2, -0.145)),
        polygon((0.2, -0.145), (0.2, 0.145), (1, 0.10), (1, -0.10)),
    )
    subject = [
        Layer(strap, surface(leather, gloss=0.12), relief=0.05),
        Layer(_stitches(), flat(tint(leather, 0.55))),
        *_watch_case(),
        Layer(circle(0.212), surface(tint(dial, -0.3), gloss=0.1)),
        Layer(circle(0.205), surface(_dial(dial, ink), gloss=0.0)),
        *_hands(rng, ink),
    ]
    shades = [
        Layer(move(strap, (0.02, 0.03)), flat(BLACK), 0.4, softness=0.035),
        Layer(move(circle(0.26), (0.03, 0.035)), flat(BLACK), 0.4, softness=0.04),
    ]
    ground = paper(rng, (0.87, 0.84, 0.80), (0.80, 0.85, 0.88), (0.90, 0.89, 0.87))
    lean = float(rng.uniform(-0.25, 0.25))
    cast = turn_layers(shades, lean)
    return Product(Canvas(720, 560), [ground, *cast], turn_layers(subject, lean))


def _stitches() -> Shape:
    """Sew two dashed seams along the strap."""
    stitch, pitch = box(0.011, 0.0025), np.float32(0.036)

    def distance(y: Field, x: Field) -> Field:
        within = (y - pitch * np.round(y / pitch)).astype(np.float32)
        seam = np.float32(0.121) - np.float32(0.046) * np.abs(y)
        return stitch(within, np.abs(x) - seam)

    return distance


def _watch_case() -> list[Layer]:
    steel = surface((0.78, 0.78, 0.80), gloss=0.6, metal=0.8)
    lugs = [
        Layer(capsule((-0.26, col), (0.26, col), 0.028), steel, relief=0.028)
        for col in (-0.165, 0.165)
    ]
    crown = Layer(move(box(0.03, 0.03, 0.01), (0, 0.275)), steel, relief=0.03)
    return [*lugs, crown, Layer(circle(0.255), steel, relief=0.05)]


def _dial(dial: Color, ink: Color) -> Paint:
    long, short = box(0.007, 0.02), box(0.004, 0.012)
    marks = []
    for hour in range(12):
        mark, turn = short if hour % 3 else long, hour * np.pi / 6
        marks.append(move(mark, _on_circle(0.18, turn), turn))
    return printed(dial, union(*marks), ink)


def _hands(rng: np.random.Generator, ink: Color) -> list[Layer]:
    hour, minute = rng.uniform(0, 2 * np.pi, 2)
    ends = [(0.1, hour, 0.009), (0.16, minute, 0.006)]
    hands = [
        capsule((0, 0), _on_circle(length, turn), width, width * 0.6)
        for length, turn, width in ends
    ]
    return [Layer(shape, flat(ink)) for shape in (*hands, circle(0.013))]


def _on_circle(radius: float, turn: float) -> Point:
    return radius * float(np.sin(turn)), radius * float(np.cos(turn))
