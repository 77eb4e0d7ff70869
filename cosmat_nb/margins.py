"""Margins around a subject, and the layout of the service that brings them."""

from __future__ import annotations

import operator
from fractions import Fraction
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from cosmat_nb.errors import OptionsError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Laid", "Layout", "Margins", "find_layout", "plain_box", "read_margins"]

_HALF = 50  # per cent: two margins of it leave no subject
_WHOLE = 100
_Place = tuple[int, int]
_Side = int | Fraction


class Laid(Protocol):
    """A cutout, as far as its layout goes (`cosmat_nb.cutout.Cutout` is one)."""

    @property
    def options(self) -> Any:
        """What was asked for, a `MattingOptions`."""

    @property
    def height(self) -> int:
        """Of the canvas, px."""

    @property
    def width(self) -> int:
        """Of the canvas, px."""

    @property
    def box(self) -> tuple[int, int, int, int] | None:
        """The subject's, half-open, px; None for an empty matte."""


class Margins(NamedTuple):
    """Least distance from the subject's box to each side of the canvas.

    Attributes
    ----------
    top, right, bottom, left : int or Fraction
        A whole number is px; a fraction is the share of the finished canvas's height
        (top, bottom) or width (right, left), 0 to below 1/2.
    """

    top: _Side
    right: _Side
    bottom: _Side
    left: _Side


class Layout(NamedTuple):
    """What the service is asked to do with the canvas.

    Attributes
    ----------
    center : bool
        Whether the subject's box is moved to the middle first.
    dx, dy : int
        Added on the left and right each, and at the top and bottom each, px.
    """

    center: bool
    dx: int
    dy: int


def read_margins(percent: object, sides: dict[str, object]) -> Margins:
    """Read what a person asks for: one share for all sides, or px side by side.

    Parameters
    ----------
    percent : object
        Accepted: a number, 0 to below 50, of the finished canvas; or None.
    sides : dict
        ``top``, ``right``, ``bottom`` and ``left``: whole numbers, px, 0 and up, or
        None, which asks for nothing.

    Raises
    ------
    OptionsError
        When neither or both are given, or one is out of range.

    Examples
    --------
    >>> read_margins(None, {"top": 40, "right": None, "bottom": None, "left": 8})
    Margins(top=40, right=0, bottom=0, left=8)
    """
    given = {name: side for name, side in sides.items() if side is not None}
    if (percent is None) == (not given):
        raise OptionsError(
            "a margin is asked for by percent, or by top, right, bottom and left in "
            f"px; got {'both' if given else 'neither'}"
        )
    if percent is not None:
        return Margins(*[_read_share(percent)] * 4)
    return Margins(**{name: _read_side(name, given.get(name, 0)) for name in sides})


def plain_box(cutout: Laid) -> tuple[int, int, int, int]:
    """Return the subject's box on a canvas that no layout has changed.

    Raises
    ------
    OptionsError
        When the matte is empty, or the cutout was centred or padded already.
    """
    options = cutout.options
    if options.center or any(options.padding):
        raise OptionsError(
            f"margins are reckoned from a plain cutout; this one was asked for with "
            f"{options.rule!r}: matte it without center and padding"
        )
    box = cutout.box
    if box is None:
        raise OptionsError(
            "the matte is empty: there is no subject to put a margin around"
        )
    return box


def find_layout(
    canvas: _Place,
    box: tuple[int, int, int, int],
    margins: Margins,
    *,
    center: bool | None = None,
    most: int | None = None,
) -> Layout:
    """Find the smallest padding with which a subject has at least these margins.

    Parameters
    ----------
    canvas : tuple of int
        Height and width of the plain cutout, px.
    box : tuple of int
        The subject's box on it: ``min_row, min_col, max_row, max_col``, half-open, px.
    margins : Margins
        What is wanted.
    center : bool, optional
        Whether to centre; by default where the padded canvas is smaller for it.
    most : int, optional
        Largest padding that can be asked for, px: what needs more is only returned
        when the other choice does too.

    Notes
    -----
    Along one axis let the canvas have L px and the box a px before it. Padding p on
    either side makes that margin a + p, which reaches m px when ``p >= m - a``, and
    the share s of the finished canvas, ``a + p >= s (L + 2 p)``, when
    ``p >= (s L - a) / (1 - 2 s)``.

    Examples
    --------
    >>> margins = read_margins(10, dict.fromkeys(Margins._fields))
    >>> find_layout((100, 200), (10, 0, 90, 180), margins)
    Layout(center=True, dx=13, dy=0)
    """
    choices = (False, True) if center is None else (center,)
    layouts = [_pad(canvas, box, margins, center=choice) for choice in choices]
    return min(
        layouts,
        key=lambda at: (
            most is not None and max(at.dx, at.dy) > most,
            (canvas[0] + 2 * at.dy) * (canvas[1] + 2 * at.dx),
        ),
    )


def _pad(
    canvas: _Place, box: tuple[int, int, int, int], margins: Margins, *, center: bool
) -> Layout:
    wanted = (margins.top, margins.bottom), (margins.left, margins.right)
    dy, dx = (
        max(_least(ask, at, length) for ask, at in zip(asks, places, strict=True))
        for asks, places, length in zip(
            wanted, _room(canvas, box, center=center), canvas, strict=True
        )
    )
    return Layout(center, max(dx, 0), max(dy, 0))


def _room(
    canvas: _Place, box: tuple[int, int, int, int], *, center: bool
) -> Iterator[_Place]:
    """Yield the px before and after the box, by rows and by columns."""
    for length, low, high in zip(canvas, box[:2], box[2:], strict=True):
        left = length - (high - low)
        before = left // 2 if center else low
        yield before, left - before


def _least(wanted: _Side, room: int, length: int) -> int:
    if isinstance(wanted, int):
        return wanted - room
    return -((room - wanted * length) // (1 - 2 * wanted))


def _read_share(percent: object) -> Fraction:
    try:
        # As it is written: 0.1 means a tenth, not the double beside it.
        number = Fraction(str(percent))
    except (ValueError, ZeroDivisionError):
        number = Fraction(-1)
    if isinstance(percent, (str, bool)) or not 0 <= number < _HALF:
        raise OptionsError(
            f"percent must be a number from 0 to below {_HALF}, the margin over the "
            f"finished canvas's side; not {percent!r:.40}"
        )
    return number / _WHOLE


def _read_side(name: str, side: object) -> int:
    try:
        number = -1 if isinstance(side, bool) else operator.index(side)  # type: ignore[arg-type]
    except TypeError:
        number = -1
    if number < 0:
        raise OptionsError(
            f"{name} must be a whole number of px from 0; not {side!r:.40}"
        )
    return number
