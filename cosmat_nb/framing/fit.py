"""A subject on a canvas of exact size: what to ask for, and the last step here."""

from __future__ import annotations

import math
import operator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
from PIL import ImageColor

from cosmat_nb.errors import OptionsError
from cosmat_nb.framing.pixels import lay_over, resample
from cosmat_nb.images import MAX_PIXELS
from cosmat_nb.options import MAX_PADDING, MattingOptions, Padding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.cutout import Cutout
    from cosmat_nb.matting.layout import Box

    Color: TypeAlias = tuple[int, int, int]
    Backdrop: TypeAlias = str | Color | None

__all__ = ["Fit", "fit_canvas"]

_ONE = 255  # alpha of an opaque pixel
_RGB = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How one subject comes to lie on a canvas of exact size; made by `fit_canvas`.

    Attributes
    ----------
    options : MattingOptions
        What brings the service nearest to it: centred, and padded so far that nothing
        but shrinking or cutting is left to do. `apply` does not need it.
    height, width : int
        Of the finished canvas, px.
    fill : float
        What was asked for, above 0 to 1.
    box : Box
        The subject on the cutout that was given, px.
    rows, cols : int
        The subject on the finished canvas, px.
    scale : float
        Finished px for a px of the cutout; above 1 enlarges.
    offset : tuple of int
        Row and column of the subject's first pixel on the finished canvas.
    background : tuple of int or None
        RGB behind the subject; None leaves it transparent.
    difference : str
        What the service alone would bring, and what is done here, in px.
    """

    options: MattingOptions
    height: int
    width: int
    fill: float
    box: Box
    rows: int
    cols: int
    scale: float
    offset: tuple[int, int]
    background: Color | None = None
    difference: str = field(default="", repr=False)

    def apply(self, cutout: Cutout) -> NDArray[np.uint8]:
        """Do the last step: cut to the subject, resample, put it on the canvas.

        Parameters
        ----------
        cutout : Cutout
            The one that was fitted, or what the service answered to `options`: the
            subject is found on it by its box, so both give the same picture.

        Returns
        -------
        ndarray, (height, width, 4) uint8
            Straight colours; (0, 0, 0, 0) where nothing shows, and alpha 255 all over
            when there is a background.

        Raises
        ------
        OptionsError
            When the subject of this cutout has another size.

        Notes
        -----
        See `cosmat_nb.framing.pixels.resample` for what keeps the edge clean.
        """
        box = cutout.box
        if box is None or box.size != self.box.size:
            height, width = self.box.size
            raise OptionsError(
                f"this step was made for a subject of {height} × {width} px; "
                f"{cutout!r} has another: fit_canvas it by itself"
            )
        subject = cutout.rgba[box.min_row : box.max_row, box.min_col : box.max_col]
        canvas = np.zeros((self.height, self.width, 4), np.uint8)
        top, left = self.offset
        canvas[top : top + self.rows, left : left + self.cols] = resample(
            subject, self.rows, self.cols
        )
        return canvas if self.background is None else lay_over(canvas, self.background)


def fit_canvas(
    cutout: Cutout,
    width: int,
    height: int,
    fill: float = 0.85,
    *,
    background: Backdrop = None,
) -> Fit:
    """Plan how a subject fills a canvas of exact size, as marketplaces ask for it.

    Nothing is asked of the service: one cutout is enough for every size.

    Parameters
    ----------
    cutout : Cutout
        Plain, or centred and padded. Everything with alpha above 0 is the subject.
    width, height : int
        Of the finished canvas, px, 1 and up. Columns first, as sizes are written.
    fill : float, default 0.85
        Largest share of the canvas's sides that the subject's box takes, above 0 to 1:
        the side that is relatively longer takes so much, the other one less.
    background : str or tuple of int, optional
        A colour name, ``"#rrggbb"``, or RGB, 0 to 255, behind the subject; by default
        it stays transparent.

    Returns
    -------
    Fit
        ``fit.apply(cutout)`` makes the picture; ``fit.options`` and
        ``fit.difference`` tell how near the service alone would come.

    Raises
    ------
    OptionsError
        When the matte is empty, or a number or the colour is out of range.

    Notes
    -----
    ``scale = fill * min(height / h, width / w)`` with the box h px high and w px wide;
    the box is rounded to whole px, at least 1, and lies in the middle, the odd pixel
    at the bottom and at the right.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> cutout = client.matte("samples/mug.jpg")  # doctest: +SKIP
    >>> fit = cm.fit_canvas(cutout, 2000, 2000, background="white")  # doctest: +SKIP
    >>> fit.apply(cutout).shape  # doctest: +SKIP
    (2000, 2000, 4)
    """
    width, height = _check_size(width, height)
    fill = _check_fill(fill)
    color = _read_color(background)
    box = cutout.box
    if box is None:
        raise OptionsError("the matte is empty: there is no subject to fit")
    tall, wide = box.size
    scale = fill * min(height / tall, width / wide)
    rows, cols = (
        min(max(round(scale * side), 1), most)
        for side, most in ((tall, height), (wide, width))
    )
    # No smaller than one px, or a tiny fill would ask for canvases beyond all numbers.
    scale = max(scale, min(1 / tall, 1 / wide))
    options, canvas = _nearest(cutout, (tall, wide), (height / scale, width / scale))
    return Fit(
        options=options,
        height=height,
        width=width,
        fill=fill,
        box=box,
        rows=rows,
        cols=cols,
        scale=scale,
        offset=((height - rows) // 2, (width - cols) // 2),
        background=color,
        difference=_tell(canvas, (tall, wide), (height, width), scale),
    )


def _nearest(
    cutout: Cutout, subject: tuple[int, int], shown: tuple[float, float]
) -> tuple[MattingOptions, tuple[int, int]]:
    """Return the options that bring a canvas of that size, or nearly, and its size."""
    dx, dy = cutout.options.padding
    plain = (
        max(cutout.height - 2 * dy, subject[0]),
        max(cutout.width - 2 * dx, subject[1]),
    )
    down, right = (
        min(max(math.ceil((side - there) / 2), 0), MAX_PADDING)
        for side, there in zip(shown, plain, strict=True)
    )
    options = MattingOptions(
        operation=cutout.options.operation, center=True, padding=Padding(right, down)
    )
    return options, (plain[0] + 2 * down, plain[1] + 2 * right)


def _tell(
    canvas: tuple[int, int],
    subject: tuple[int, int],
    finished: tuple[int, int],
    scale: float,
) -> str:
    """Say what the service brings and what is left to do; pairs are rows, columns."""
    # Less than two px on a canvas's side is rounding of the padding.
    gaps = [
        side - finish / scale for side, finish in zip(canvas, finished, strict=True)
    ]
    steps = []
    for name, gap in zip(("rows", "columns"), gaps, strict=True):
        if abs(gap) >= 2:  # noqa: PLR2004 - one px on either side
            steps.append(f"{'cuts' if gap > 0 else 'adds'} {abs(gap):.0f} {name}")
    resized = f"{'enlarges' if scale > 1 else 'shrinks'} by {scale:.3g}"
    steps.append("keeps the size" if scale == 1 else resized)
    share = max(subject[0] / canvas[0], subject[1] / canvas[1])
    filled = max(subject[0] / finished[0], subject[1] / finished[1]) * scale
    return (
        f"The service alone brings {canvas[1]} × {canvas[0]} px, "
        f"{share:.0%} of it filled; the step here {', '.join(steps)} and brings "
        f"{finished[1]} × {finished[0]} px, {filled:.0%} filled."
    )


def _check_size(width: object, height: object) -> tuple[int, int]:
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


def _check_fill(fill: object) -> float:
    known = isinstance(fill, (int, float, np.number)) and not isinstance(fill, bool)
    if not (known and 0 < fill <= 1):  # type: ignore[operator]
        raise OptionsError(
            f"fill must be a share of the canvas, above 0 to 1, as 0.85; not "
            f"{fill!r:.40}"
        )
    return float(fill)  # type: ignore[arg-type]


def _read_color(color: object) -> Color | None:
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
    if red < 0 or not all(0 <= level <= _ONE for level in (red, green, blue)):
        raise OptionsError(
            "background must be None, a colour's name, '#rrggbb' or three whole "
            f"numbers 0 to 255; not {color!r:.40}"
        )
    return red, green, blue
