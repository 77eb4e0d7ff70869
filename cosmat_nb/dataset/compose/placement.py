"""Where a subject comes to lie in a scene, and how large."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from cosmat_nb.dataset.compose.ranges import pick
from cosmat_nb.dataset.compose.turning import turned_size

if TYPE_CHECKING:
    from collections.abc import Sequence
    from random import Random

    from cosmat_nb.dataset.compose.recipe import Recipe

__all__ = ["Placement", "find_room", "stand_behind"]

_TRIES = 25  # places looked at before a subject is left out


class Placement(NamedTuple):
    """A place in a scene, px.

    Attributes
    ----------
    row, col : int
        First pixel of the box in the scene; below 0 where the frame cuts it.
    height, width : int
        The box, which a turned subject lies within.
    rows, cols : int
        The subject's own box after scaling and before turning.
    flipped : bool
        Whether it is mirrored, left to right.
    degrees : float
        How far it is turned, counter-clockwise.
    """

    row: int
    col: int
    height: int
    width: int
    rows: int
    cols: int
    flipped: bool
    degrees: float

    @property
    def foot(self) -> int:
        """The row just below the box."""
        return self.row + self.height

    def covered_by(self, other: Placement) -> float:
        """Return the share of this box that another one covers.

        Examples
        --------
        >>> box = Placement(0, 0, 10, 10, 10, 10, False, 0.0)
        >>> box.covered_by(box._replace(row=5, col=-8))
        0.1
        """
        rows = min(self.foot, other.foot) - max(self.row, other.row)
        ends = self.col + self.width, other.col + other.width
        cols = min(ends) - max(self.col, other.col)
        return max(rows, 0) * max(cols, 0) / (self.height * self.width)


def stand_behind(place: Placement) -> tuple[int, int, int]:
    """Return what sorts subjects from back to front: who stands lower is in front.

    Examples
    --------
    >>> far = Placement(0, 0, 10, 10, 10, 10, False, 0.0)
    >>> stand_behind(far) < stand_behind(far._replace(row=1))
    True
    """
    return place.foot, place.row, place.col


def find_room(
    random: Random,
    subject: tuple[int, int],
    others: Sequence[Placement],
    recipe: Recipe,
) -> Placement | None:
    """Find a place where a subject covers and is covered no more than allowed.

    Size and place are drawn anew at each try, so that a crowded scene gets smaller
    subjects before it gets fewer.

    Parameters
    ----------
    random : Random
        Source of random numbers.
    subject : tuple of int
        Height and width of the subject's box in its cutout, px.
    others : sequence of Placement
        Who is in the scene already.
    recipe : Recipe
        Size, scale, ground, cut, overlap, flip, rotation, enlarge.

    Returns
    -------
    Placement or None
        None when no try found room.
    """
    for _ in range(_TRIES):
        place = _draw_place(random, subject, recipe)
        if _is_clear([*others, place], recipe.overlap):
            return place
    return None


def _is_clear(places: Sequence[Placement], most: float) -> bool:
    ordered = sorted(places, key=stand_behind)
    return all(
        sum(place.covered_by(front) for front in ordered[number + 1 :]) <= most
        for number, place in enumerate(ordered)
    )


def _draw_place(random: Random, subject: tuple[int, int], recipe: Recipe) -> Placement:
    rows, cols, degrees = _draw_size(random, subject, recipe)
    height, width = turned_size(rows, cols, degrees)
    row, col = _draw_spot(random, (height, width), recipe)
    flipped = random.random() < 1 / 2 and recipe.flip
    return Placement(row, col, height, width, rows, cols, flipped, degrees)


def _draw_size(
    random: Random, subject: tuple[int, int], recipe: Recipe
) -> tuple[int, int, float]:
    longer = pick(random, recipe.scale) * min(recipe.size)
    factor = min(longer / max(subject), recipe.enlarge)
    degrees = pick(random, (-recipe.rotation, recipe.rotation))
    rows, cols = _scaled(subject, factor)
    # A turned box is larger than the subject and may no longer fit.
    while any(
        side > most
        for side, most in zip(
            turned_size(rows, cols, degrees), recipe.size, strict=True
        )
    ):
        if rows == cols == 1:
            degrees = 0.0
        factor *= 0.95
        rows, cols = _scaled(subject, factor)
    return rows, cols, degrees


def _scaled(subject: tuple[int, int], factor: float) -> tuple[int, int]:
    rows, cols = (max(round(side * factor), 1) for side in subject)
    return rows, cols


def _draw_spot(random: Random, box: tuple[int, int], recipe: Recipe) -> tuple[int, int]:
    (height, width), (tall, wide) = box, recipe.size
    inside = 1 - recipe.cut
    least = math.ceil(height * inside)
    row = _draw_row(random, (least - height, tall - least), height, recipe)
    seen = min(row + height, tall) - max(row, 0)
    # What the frame cuts off above or below leaves less for it to cut at the sides.
    least = min(math.ceil(height * width * inside / seen), width)
    return row, _pick_whole(random, least - width, wide - least)


def _draw_row(
    random: Random, ends: tuple[int, int], height: int, recipe: Recipe
) -> int:
    low, high = ends
    if recipe.ground is None:
        return _pick_whole(random, low, high)
    foot = round(pick(random, recipe.ground) * recipe.size[0])
    return min(max(foot - height, low), high)


def _pick_whole(random: Random, low: int, high: int) -> int:
    return min(low + int(random.random() * (high - low + 1)), high)
