"""Ball and bear."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.emulator.scenes.drawing import Canvas, Layer
from cosmat_nb.emulator.scenes.materials import flat, planks, printed, surface, tint
from cosmat_nb.emulator.scenes.shapes import (
    box,
    circle,
    ellipse,
    everywhere,
    move,
    shell,
    strand,
    union,
)
from cosmat_nb.emulator.scenes.stage import BLACK, Product, paper, pick, shadow

if TYPE_CHECKING:
    from cosmat_nb.emulator.scenes.materials import Color
    from cosmat_nb.emulator.scenes.shapes import Point

__all__ = ["ball", "plush"]

# Middle and radius of the balls a bear is made of: legs, trunk, arms, ears, head.
_LIMBS = (
    ((-0.36, -0.17), 0.085),
    ((-0.36, 0.17), 0.085),
    ((0.22, 0.0), 0.24),
    ((0.41, -0.17), 0.10),
    ((0.41, 0.17), 0.10),
    ((0.12, -0.25), 0.085),
    ((0.12, 0.25), 0.085),
    ((-0.18, 0.0), 0.235),
)
_HAIRS = 2800  # a ball, times its radius


def ball(rng: np.random.Generator) -> Product:
    """Make a ball on a wooden floor."""
    rubber = pick(rng, (0.88, 0.42, 0.14), (0.80, 0.20, 0.22), (0.20, 0.42, 0.75))
    seams = union(
        shell(move(circle(0.42), (0, -0.52)), 0.011),
        shell(move(circle(0.42), (0, 0.52)), 0.011),
        box(0.0055, 1),
        box(1, 0.0055),
    )
    turn = float(rng.uniform(0.2, 0.7))
    place = (-0.02, float(rng.uniform(-0.08, 0.04)))
    paint = printed(rubber, move(seams, place, turn), (0.10, 0.08, 0.08))
    subject = [Layer(move(circle(0.3), place), surface(paint, gloss=0.32), relief=0.3)]
    shade = move(ellipse(0.25, 0.31), (place[0] + 0.1, place[1] + 0.13))
    ground = [
        Layer(everywhere, planks(rng, (0.66, 0.46, 0.29))),
        Layer(shade, flat(BLACK), opacity=0.62, softness=0.1),
    ]
    return Product(Canvas(560, 760), ground, subject)


def plush(rng: np.random.Generator) -> Product:
    """Make a plush bear, all over fine fur."""
    wool = pick(rng, (0.62, 0.42, 0.26), (0.60, 0.55, 0.52), (0.74, 0.47, 0.42))
    subject = []
    for place, radius in _LIMBS:
        body = Layer(
            move(circle(radius), place), surface(wool, gloss=0.0), relief=radius
        )
        subject += [body, *_fur(rng, place, radius, wool)]
    muzzle, dark = move(ellipse(0.085, 0.105), (-0.12, 0)), surface(BLACK, gloss=0.8)
    subject += [
        Layer(muzzle, surface(tint(wool, 0.5), gloss=0.0), softness=0.01, relief=0.08),
        Layer(move(ellipse(0.027, 0.037), (-0.165, 0)), dark, relief=0.027),
        Layer(move(circle(0.023), (-0.235, -0.085)), dark, relief=0.023),
        Layer(move(circle(0.023), (-0.235, 0.085)), dark, relief=0.023),
    ]
    ground = paper(rng, (0.80, 0.87, 0.92), (0.93, 0.88, 0.80), (0.84, 0.90, 0.84))
    return Product(Canvas(720, 600), [ground, *shadow((0.5, 0), 0.27)], subject)


def _fur(
    rng: np.random.Generator, place: Point, radius: float, wool: Color
) -> list[Layer]:
    """Cover a ball with hairs; those on its rim stand off it, the outer ones first."""
    count = int(_HAIRS * radius)
    shares = np.sort(np.sqrt(rng.uniform(0, 1, count)))[::-1]
    turns = rng.uniform(0, 2 * np.pi, count)
    return [
        _hair(rng, place, radius, wool, float(share), float(turn))
        for share, turn in zip(shares, turns, strict=True)
    ]


def _hair(
    rng: np.random.Generator,
    place: Point,
    radius: float,
    wool: Color,
    share: float,
    turn: float,
) -> Layer:
    down, right = share * float(np.sin(turn)), share * float(np.cos(turn))
    base = (place[0] + radius * down * 0.97, place[1] + radius * right * 0.97)
    length = float(rng.uniform(0.02, 0.05))
    lean = rng.normal(0, 0.3, 2)
    tip = (
        base[0] + length * float(down + lean[0] + 0.25),
        base[1] + length * float(right + lean[1]),
    )
    light = 0.2 - 0.45 * max(0.0, down * 0.7 + right * 0.55) - 0.25 * share**3
    shade = flat(tint(wool, float(np.clip(light + rng.normal(0, 0.12), -0.8, 0.5))))
    bend, width = float(rng.normal(0, 0.008)), float(rng.uniform(0.004, 0.007))
    return Layer(strand(base, tip, bend, width), shade, opacity=0.8)
