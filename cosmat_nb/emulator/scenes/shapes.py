"""Signed-distance shapes, put together by small functions.

A shape is a function of ``(y, x)`` coordinates, rows first, y down, in short sides of
the canvas with the origin in its middle: negative inside, positive outside. Formulas
of circle, box, segment and smooth union: I. Quilez, "2D distance functions" and
"Smooth minimum".
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "Field",
    "Point",
    "Shape",
    "blend",
    "box",
    "capsule",
    "circle",
    "cut",
    "ellipse",
    "everywhere",
    "meet",
    "move",
    "polygon",
    "shell",
    "strand",
    "union",
]

Field: TypeAlias = NDArray[np.float32]
Shape: TypeAlias = Callable[[Field, Field], Field]
Point: TypeAlias = tuple[float, float]


def everywhere(y: Field, x: Field) -> Field:
    """Cover the whole canvas."""
    return np.full(np.broadcast_shapes(y.shape, x.shape), -1, dtype=np.float32)


def circle(radius: float) -> Shape:
    """Make a disc around the origin.

    Examples
    --------
    >>> float(circle(2.0)(np.float32(3), np.float32(4)))
    3.0
    """
    return lambda y, x: np.hypot(y, x) - np.float32(radius)


def ellipse(half_height: float, half_width: float) -> Shape:
    """Make an ellipse; the distance is exact on the outline, near it elsewhere.

    Examples
    --------
    >>> float(ellipse(1.0, 2.0)(np.float32(0), np.float32(2)))
    0.0
    """
    ry, rx = np.float32(half_height), np.float32(half_width)

    def distance(y: Field, x: Field) -> Field:
        unit = np.hypot(y / ry, x / rx)
        slope = np.hypot(y / (ry * ry), x / (rx * rx))
        signed: Field = unit * (unit - 1) / np.maximum(slope, np.float32(1e-6))
        return signed

    return distance


def box(half_height: float, half_width: float, radius: float = 0.0) -> Shape:
    """Make a rectangle with rounded corners.

    Examples
    --------
    >>> float(box(1.0, 2.0)(np.float32(0), np.float32(5)))
    3.0
    """

    def distance(y: Field, x: Field) -> Field:
        dy = np.abs(y) - np.float32(half_height - radius)
        dx = np.abs(x) - np.float32(half_width - radius)
        outside = np.hypot(np.maximum(dy, 0), np.maximum(dx, 0))
        return outside + np.minimum(np.maximum(dy, dx), 0) - np.float32(radius)

    return distance


def capsule(start: Point, end: Point, radius: float, tip: float | None = None) -> Shape:
    """Make a thick segment whose radius runs from `radius` to `tip`.

    Examples
    --------
    >>> float(capsule((0, 0), (0, 2), 0.5)(np.float32(0), np.float32(4)))
    1.5
    """
    (sy, sx), (ey, ex) = start, end
    vy, vx = ey - sy, ex - sx
    change = np.float32((radius if tip is None else tip) - radius)

    def distance(y: Field, x: Field) -> Field:
        py, px = y - np.float32(sy), x - np.float32(sx)
        along = np.clip((py * vy + px * vx) / (vy * vy + vx * vx), 0, 1)
        away = np.hypot(py - along * vy, px - along * vx)
        return (away - np.float32(radius) - along * change).astype(np.float32)

    return distance


def strand(base: Point, tip: Point, bend: float, width: float) -> Shape:
    """Make one hair or blade: a bent stroke that tapers from `width` to nothing.

    Examples
    --------
    >>> hair = strand((0, 0), (0, 2), 0.0, 0.5)
    >>> float(hair(np.float32(0), np.float32(1)))
    -0.125
    """
    vy, vx = tip[0] - base[0], tip[1] - base[1]
    length = float(np.hypot(vy, vx))
    uy, ux = vy / length, vx / length

    def distance(y: Field, x: Field) -> Field:
        py, px = y - np.float32(base[0]), x - np.float32(base[1])
        along, across = py * uy + px * ux, px * uy - py * ux
        share = np.clip(along / length, 0, 1)
        away = np.abs(across - bend * share * share) - width / 2 * (1 - share)
        lean = np.sqrt(1 + (2 * bend / length * share) ** 2)
        ends = np.maximum(-along, along - length)
        return np.maximum(away / lean, ends).astype(np.float32)

    return distance


def polygon(*corners: Point) -> Shape:
    """Make a convex polygon; corners run clockwise as seen on the picture.

    Examples
    --------
    >>> square = polygon((0, 0), (0, 2), (2, 2), (2, 0))
    >>> float(square(np.float32(1), np.float32(1.5)))
    -0.5
    """
    ends = (*corners[1:], corners[0])

    def distance(y: Field, x: Field) -> Field:
        sides = []
        for (sy, sx), (ey, ex) in zip(corners, ends, strict=True):
            length = np.hypot(ey - sy, ex - sx)
            sides.append(((x - sx) * (ey - sy) - (y - sy) * (ex - sx)) / length)
        signed: Field = np.maximum.reduce(sides)
        return signed.astype(np.float32)

    return distance


def move(shape: Shape, to: Point, angle: float = 0.0) -> Shape:
    """Turn a shape by `angle`, radians, clockwise, and move its origin.

    Examples
    --------
    >>> float(move(circle(1.0), (3, 4))(np.float32(0), np.float32(0)))
    4.0
    """
    cos, sin = np.float32(np.cos(angle)), np.float32(np.sin(angle))

    def distance(y: Field, x: Field) -> Field:
        dy, dx = y - np.float32(to[0]), x - np.float32(to[1])
        return shape(dy * cos - dx * sin, dy * sin + dx * cos)

    return distance


def union(*shapes: Shape) -> Shape:
    """Join shapes.

    Examples
    --------
    >>> both = union(circle(1.0), circle(2.0))
    >>> float(both(np.float32(0), np.float32(0)))
    -2.0
    """
    return lambda y, x: np.minimum.reduce([shape(y, x) for shape in shapes])


def meet(*shapes: Shape) -> Shape:
    """Keep what lies in every shape.

    Examples
    --------
    >>> common = meet(circle(1.0), circle(2.0))
    >>> float(common(np.float32(0), np.float32(0)))
    -1.0
    """
    return lambda y, x: np.maximum.reduce([shape(y, x) for shape in shapes])


def cut(shape: Shape, *holes: Shape) -> Shape:
    """Take the holes out of a shape.

    Examples
    --------
    >>> ring = cut(circle(2.0), circle(1.0))
    >>> float(ring(np.float32(0), np.float32(1.5)))
    -0.5
    """
    return lambda y, x: np.maximum(shape(y, x), -union(*holes)(y, x))


def shell(shape: Shape, thickness: float) -> Shape:
    """Keep a wall of this thickness along the outline.

    Examples
    --------
    >>> float(shell(circle(2.0), 0.5)(np.float32(0), np.float32(2)))
    -0.25
    """
    return lambda y, x: np.abs(shape(y, x)) - np.float32(thickness / 2)


def blend(first: Shape, second: Shape, width: float) -> Shape:
    """Join two shapes with a fillet of about this width.

    Examples
    --------
    >>> joined = blend(circle(1.0), circle(1.0), 0.4)
    >>> round(float(joined(np.float32(0), np.float32(1))), 6)
    -0.1
    """

    def distance(y: Field, x: Field) -> Field:
        one, two = first(y, x), second(y, x)
        near = np.maximum(np.float32(width) - np.abs(one - two), 0)
        signed: Field = np.minimum(one, two) - near * near / np.float32(4 * width)
        return signed

    return distance
