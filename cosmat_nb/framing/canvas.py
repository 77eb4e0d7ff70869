"""What a canvas may be: its size, how far it is filled, and what lies behind."""

from __future__ import annotations

import operator
from typing import TypeAlias

import numpy as np
from PIL import ImageColor

from cosmat_nb.errors import OptionsError
from cosmat_nb.images import MAX_PIXELS

__all__ = ["Color", "check_fill", "check_size", "read_color"]

Color: TypeAlias = tuple[int, int, int]

_MOST = 255  # level of a colour
_RGB = 3


def check_size(width: object, height: object) -> tuple[int, int]:
    """Return width and height as whole numbers, from 1 px; OptionsError otherwise."""
    try:
        sides = operator.index(width), operator.index(height)  # type: ignore[arg-type]
    except TypeError:
        sides = 0, 0
    if min(sides) < 1 or sides[0] * sides[1] > MAX_PIXELS:
        raise OptionsError(
            f"width and height must be whole numbers of px from 1, {MAX_PIXELS} px "
            f"together; not {width!r:.40} × {height!r:.40}"
        )
    return sides


def check_fill(fill: object) -> float:
    """Return a share above 0 to 1; OptionsError otherwise."""
    known = isinstance(fill, (int, float, np.number)) and not isinstance(fill, bool)
    if not (known and 0 < fill <= 1):  # type: ignore[operator]
        raise OptionsError(
            f"fill must be a share of the canvas, above 0 to 1, as 0.85; not "
            f"{fill!r:.40}"
        )
    return float(fill)  # type: ignore[arg-type]


def read_color(color: object) -> Color | None:
    """Return the RGB that a name, text or triple says; OptionsError otherwise."""
    if color is None:
        return None
    try:
        red, green, blue = (
            ImageColor.getrgb(color)[:_RGB]
            if isinstance(color, str)
            else map(operator.index, color)  # type: ignore[call-overload]
        )
    except (TypeError, ValueError):
        red = -1
    if red < 0 or not all(0 <= level <= _MOST for level in (red, green, blue)):
        raise OptionsError(
            "background must be None, a colour's name, '#rrggbb' or three whole "
            f"numbers 0 to 255; not {color!r:.40}"
        )
    return red, green, blue
