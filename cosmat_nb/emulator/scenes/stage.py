"""Where a product stands: paper, shadows, and the product itself."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cosmat_nb.emulator.scenes.drawing import Canvas, Layer
from cosmat_nb.emulator.scenes.materials import flat, studio, tint
from cosmat_nb.emulator.scenes.shapes import everywhere, move

if TYPE_CHECKING:
    from cosmat_nb.emulator.scenes.materials import Color
    from cosmat_nb.emulator.scenes.shapes import Point, Shape

__all__ = ["BLACK", "Product", "empty_studio", "paper", "pick", "shadow", "turn_layers"]

BLACK = (0.04, 0.03, 0.05)


class Product(NamedTuple):
    """What a scene is made of.

    Attributes
    ----------
    canvas : Canvas
        Size.
    backdrop : list of Layer
        Everything that is not the subject, shadows included; first the ground.
    subject : list of Layer
        What a cutout should hold; empty for a scene without a subject.
    """

    canvas: Canvas
    backdrop: list[Layer]
    subject: list[Layer]


def pick(rng: np.random.Generator, *colors: Color) -> Color:
    """Choose one of the colours, each as likely."""
    return colors[int(rng.integers(len(colors)))]


def paper(rng: np.random.Generator, *walls: Color) -> Layer:
    """Hang seamless studio paper of one of these colours."""
    wall = pick(rng, *walls)
    return Layer(everywhere, studio(wall, tint(wall, 0.25)))


def shadow(at: Point, half_width: float, strength: float = 0.45) -> list[Layer]:
    """Cast a wide soft shadow on the floor and a darker one where the thing stands."""
    row, col = at
    wide = _spread((row + 0.004, col + 0.03), half_width * 0.9)
    close = _spread(at, half_width * 0.86)
    return [
        Layer(wide, flat(BLACK), opacity=strength * 0.75, softness=half_width * 0.6),
        Layer(close, flat(BLACK), opacity=strength, softness=half_width * 0.14),
    ]


def turn_layers(layers: list[Layer], angle: float) -> list[Layer]:
    """Turn layers about the middle of the canvas by `angle`, radians, clockwise."""
    return [replace(layer, shape=move(layer.shape, (0, 0), angle)) for layer in layers]


def empty_studio(rng: np.random.Generator) -> Product:
    """Make a studio in which nothing stands."""
    ground = paper(rng, (0.86, 0.88, 0.90), (0.92, 0.88, 0.83), (0.83, 0.87, 0.83))
    return Product(Canvas(480, 720), [ground], [])


def _spread(at: Point, half_width: float) -> Shape:
    """Lay a disc on the floor, seen from the side: six times wider than high."""
    row, col = np.array(at, dtype=np.float32)
    return lambda y, x: np.hypot(6 * (y - row), x - col) - np.float32(half_width)
