"""Colours of surfaces: studio light, textures, backdrops."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from scipy import ndimage

from cosmat_nb.emulator.scenes.outlines import curve

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cosmat_nb.emulator.scenes.drawing import Material, Spot
    from cosmat_nb.emulator.scenes.shapes import Field, Point, Shape

__all__ = [
    "Color",
    "Paint",
    "bricks",
    "facing",
    "flat",
    "noise",
    "planks",
    "printed",
    "ramp",
    "rolled",
    "studio",
    "surface",
    "tint",
]

Color: TypeAlias = tuple[float, float, float]
Paint: TypeAlias = "Callable[[Field, Field], Field]"

# Studio light: direction of the key light, then lamps as row, column, half sizes.
_KEY = (-0.56, -0.46, 0.69)
_KEY_BOX = (-0.52, -0.55, 0.34, 0.16)
_FILL_BOX = (-0.10, 0.80, 0.55, 0.06)
_LAMP_EDGE = 0.16  # as wide as a soft box fades
_INK_EDGE = 0.003  # likewise print, short sides


def flat(color: Color) -> Material:
    """Make one colour without light."""
    return lambda spot: np.broadcast_to(_rgb(color), (*spot.y.shape, 3))


def tint(color: Color, amount: float) -> Color:
    """Lighten (amount > 0, to white at 1) or darken (< 0, to black at -1) a colour.

    Examples
    --------
    >>> tint((0.5, 0.0, 1.0), 0.5)
    (0.75, 0.5, 1.0)
    """
    end = 1.0 if amount > 0 else 0.0
    red, green, blue = (part + (end - part) * abs(amount) for part in color)
    return red, green, blue


def surface(
    paint: Color | Paint, *, gloss: float = 0.3, metal: float = 0.0
) -> Material:
    """Light a surface with a key light, a sky and two soft boxes.

    Parameters
    ----------
    paint : Color or function of (y, x)
        Own colour.
    gloss : float in [0, 1], default 0.3
        How strongly the soft boxes mirror.
    metal : float in [0, 1], default 0.0
        Share of the colour that comes from mirrored surroundings instead of paint.
    """

    def colors(spot: Spot) -> Field:
        down, right, out = spot.normal
        key = np.clip(np.tensordot(_rgb(_KEY), spot.normal, axes=1), 0, 1)
        light = 0.40 + 0.10 * (1 - down) / 2 + 0.62 * key
        mirror_down, mirror_right = 2 * out * down, 2 * out * right
        sky = 0.55 + 0.45 * np.tanh(3.5 * (0.25 - mirror_down - 0.5 * mirror_right))
        light = light * (1 - metal) + metal * (0.25 + 0.95 * sky)
        shine = _soft_box(mirror_down, mirror_right, _KEY_BOX)
        shine = shine + 0.5 * _soft_box(mirror_down, mirror_right, _FILL_BOX)
        edge = 0.35 * (1 - np.clip(out, 0, 1)) ** 3
        shine = _clip(gloss * (shine + edge))[..., None]
        lit = _clip(_painted(paint, spot.y, spot.x) * light[..., None])
        return lit + (1 - lit) * shine

    return colors


def facing(material: Material, down: float, right: float) -> Material:
    """Look at a material on a flat side that leans down and right by these slopes."""
    length = np.sqrt(1 + down * down + right * right)
    normal = np.array([down, right, 1], dtype=np.float32) / np.float32(length)

    def colors(spot: Spot) -> Field:
        wide = np.broadcast_to(normal[:, None, None], spot.normal.shape)
        return material(spot._replace(normal=wide))

    return colors


def rolled(material: Material, points: Sequence[Point], axis: float = 0.0) -> Material:
    """Wrap a material around a turned object of these ``(y, half width)`` points."""
    width = curve(points)

    def colors(spot: Spot) -> Field:
        slope = (width(spot.y + 0.01) - width(spot.y - 0.01)) / np.float32(0.02)
        right = np.clip(
            (spot.x - axis) / np.maximum(width(spot.y), 1e-3), -0.999, 0.999
        )
        down = np.clip(-slope, -1.5, 1.5)
        normal = np.stack([down, right, np.sqrt(1 - right * right)])
        return material(spot._replace(normal=normal / np.hypot(1, down)))

    return colors


def printed(paint: Color | Paint, shape: Shape, ink: Color) -> Paint:
    """Print a shape in ink on a paint."""

    def colors(y: Field, x: Field) -> Field:
        share = _clip(0.5 - shape(y, x) / np.float32(_INK_EDGE))[..., None]
        ground = _painted(paint, y, x)
        return ground + (_rgb(ink) - ground) * share

    return colors


def ramp(top: Color, bottom: Color, start: float, end: float) -> Paint:
    """Run from one colour to another between two heights, smoothly."""

    def colors(y: Field, x: Field) -> Field:  # noqa: ARG001 - a paint is asked for both
        share = _clip((y - start) / (end - start))
        share = (share * share * (3 - 2 * share))[..., None]
        return _rgb(top) * (1 - share) + _rgb(bottom) * share

    return colors


def studio(wall: Color, floor: Color, horizon: float = 0.22) -> Material:
    """Make a seamless paper sweep: wall into floor, lit in the middle."""
    sweep = ramp(wall, floor, horizon - 0.16, horizon + 0.22)

    def colors(spot: Spot) -> Field:
        away = np.hypot(spot.y + 0.10, 0.8 * spot.x + 0.06)
        light = 1.04 - 0.30 * np.clip(away, 0, 1.2) ** 2
        return _clip(sweep(spot.y, spot.x) * light[..., None])

    return colors


def noise(
    rng: np.random.Generator, rows: float, cols: float, octaves: int = 3
) -> Paint:
    """Make smooth noise of mean 0, mostly in [-1, 1].

    Parameters
    ----------
    rng : numpy.random.Generator
        Source of the lattice.
    rows, cols : float
        Lattice cells in one short side, down and across.
    octaves : int, default 3
        Each next one is twice as fine and half as strong.
    """
    lattice = rng.uniform(-1, 1, (64, 64)).astype(np.float32)

    def values(y: Field, x: Field) -> Field:
        total = np.zeros(np.broadcast_shapes(y.shape, x.shape), dtype=np.float32)
        for octave in range(octaves):
            at = [_eased(y * rows * 2**octave), _eased(x * cols * 2**octave)]
            total += (
                ndimage.map_coordinates(lattice, at, order=1, mode="grid-wrap")
                / 2**octave
            )
        return total

    return values


def bricks(rng: np.random.Generator, color: Color, mortar: Color) -> Material:
    """Make a wall of rough bricks."""
    height, width = 0.085, 0.24
    rough, patches = noise(rng, 40, 30), rng.uniform(-0.16, 0.16, (97,))

    def colors(spot: Spot) -> Field:
        row = np.floor(spot.y / height)
        along = spot.x / width + 0.5 * (row % 2)
        col = np.floor(along)
        own = patches[(row * 31 + col * 17).astype(int) % 97]
        edge = np.minimum(
            height * (0.5 - np.abs(spot.y / height - row - 0.5)),
            width * (0.5 - np.abs(along - col - 0.5)),
        )
        grit = rough(spot.y, spot.x)
        brick = _clip((edge - 0.006 - 0.002 * grit) / 0.004)[..., None]
        light = (1 + own + 0.10 * grit)[..., None]
        light = light * (1.05 - 0.35 * (spot.y + spot.x + 0.5) ** 2)[..., None]
        return _clip((_rgb(color) * brick + _rgb(mortar) * (1 - brick)) * light)

    return colors


def planks(rng: np.random.Generator, color: Color, width: float = 0.17) -> Material:
    """Make a floor of wooden boards, seen from above."""
    grain, rings = noise(rng, 55, 2.2), noise(rng, 9, 0.8, octaves=2)
    own = rng.uniform(-0.14, 0.14, (53,))

    def colors(spot: Spot) -> Field:
        board = np.floor(spot.y / width)
        shift = board * 7.31
        vein = np.sin(26 * rings(spot.y, spot.x + shift)) * 0.5
        gap = width * (0.5 - np.abs(spot.y / width - board - 0.5))
        light = 1 + own[board.astype(int) % 53] + 0.11 * vein
        light = light + 0.12 * grain(spot.y, spot.x + shift)
        light = light * (0.35 + 0.65 * np.clip(gap / 0.004, 0, 1))
        light = light * (1.08 - 0.32 * np.hypot(spot.y + 0.2, spot.x + 0.2) ** 2)
        return _clip(_rgb(color) * light[..., None])

    return colors


def _painted(paint: Color | Paint, y: Field, x: Field) -> Field:
    return paint(y, x) if callable(paint) else _rgb(paint)


def _rgb(color: Color) -> Field:
    return np.array(color, dtype=np.float32)


def _clip(values: Field) -> Field:
    clipped: Field = np.clip(values, 0, 1)
    return clipped.astype(np.float32, copy=False)


def _soft_box(
    down: Field, right: Field, window: tuple[float, float, float, float]
) -> Field:
    """Find how much of a lamp with a soft border the mirrored direction meets."""
    row, col, half_height, half_width = window
    out = np.maximum(np.abs(down - row) - half_height, np.abs(right - col) - half_width)
    return _clip(0.5 - out / _LAMP_EDGE)


def _eased(at: Field) -> Field:
    """Stretch the cells of the lattice so that noise has no creases at its points."""
    cell = np.floor(at)
    share = at - cell
    eased: Field = cell + share * share * (3 - 2 * share)
    return eased
