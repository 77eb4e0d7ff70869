"""A subject on a canvas of exact size: what to ask for, and the last step here."""

from __future__ import annotations

import html
import math
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from cosmat_nb import images
from cosmat_nb.cutout import PREVIEW_SIDE, Cutout
from cosmat_nb.errors import CosmatError, OptionsError
from cosmat_nb.framing.canvas import check_fill, check_size, read_color
from cosmat_nb.framing.difference import tell_difference
from cosmat_nb.framing.pixels import lay_over, resample
from cosmat_nb.options import MAX_PADDING, MattingOptions, Padding

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from cosmat_nb.framing.canvas import Color
    from cosmat_nb.matting.layout import Box

    Backdrop: TypeAlias = str | Color | None

__all__ = ["Fit", "fit_canvas"]

_JPEG = (".jpg", ".jpeg")
_LONGEST_JPEG = 65_500  # px of a side, what libjpeg writes at most


@dataclass(frozen=True, slots=True, kw_only=True)
class Fit:
    """How one subject comes to lie on a canvas of exact size; made by `fit_canvas`.

    In a notebook it shows itself: the finished picture, small, and the difference.

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
    cutout : Cutout or None
        The one that was fitted, which `apply` and `save` take by default.
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
    cutout: Cutout | None = field(default=None, repr=False, compare=False)

    def apply(self, cutout: Cutout | None = None) -> NDArray[np.uint8]:
        """Do the last step: cut to the subject, resample, put it on the canvas.

        Parameters
        ----------
        cutout : Cutout, optional
            By default the one that was fitted; or what the service answered to
            `options`: the subject is found on it by its box, so both give the same
            picture.

        Returns
        -------
        ndarray, (height, width, 4) uint8
            Straight colours; (0, 0, 0, 0) where nothing shows. With a background there
            are four planes too, and alpha is 255 all over.

        Raises
        ------
        OptionsError
            When the subject of this cutout has another size.

        Notes
        -----
        See `cosmat_nb.framing.pixels.resample` for what keeps the edge clean.
        """
        cutout = _check_cutout(self.cutout if cutout is None else cutout)
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

    def save(self, path: str | Path, cutout: Cutout | None = None) -> Path:
        """Write the finished picture to a file and return its path.

        Parameters
        ----------
        path : str or Path
            Named ``.png``; on a background ``.jpg`` or ``.jpeg`` too, without alpha.
        cutout : Cutout, optional
            As in `apply`.

        Raises
        ------
        OptionsError
            When the name ends otherwise, a JPEG would be transparent or too large, the
            file cannot be written, or as `apply`.
        """
        path = Path(path)
        as_jpeg = path.suffix.lower() in _JPEG
        self._check_name(path, as_jpeg=as_jpeg)
        made = self.apply(cutout)
        write = images.encode_jpeg if as_jpeg else images.encode_png
        data = write(np.ascontiguousarray(made[..., :3]) if as_jpeg else made)
        try:
            path.write_bytes(data)
        except OSError as error:
            reason = error.strerror or error
            raise OptionsError(f"cannot write {path}: {reason}") from None
        return path

    def _check_name(self, path: Path, *, as_jpeg: bool) -> None:
        if not as_jpeg and path.suffix.lower() != ".png":
            raise OptionsError(
                "a finished picture is a PNG, or on a background a JPEG: name it .png "
                f"or .jpg, not {path.name!r}"
            )
        if as_jpeg and self.background is None:
            raise OptionsError(
                f"a JPEG has no transparency: name it .png, not {path.name!r}, or pass "
                "background= to fit_canvas"
            )
        if as_jpeg and max(self.height, self.width) > _LONGEST_JPEG:
            raise OptionsError(
                f"a JPEG has {_LONGEST_JPEG} px a side at most: name it .png, not "
                f"{path.name!r}"
            )

    def _repr_html_(self) -> str:
        try:
            small = self._shrunk(min(1.0, PREVIEW_SIDE / max(self.height, self.width)))
            picture = images.over_checkerboard(small.apply())
        except CosmatError as error:
            return f"<code>{html.escape(str(error))}</code>"
        alt = f"finished picture, {self.height} high × {self.width} wide px"
        words = html.escape(self.difference)
        return f"<div>{images.html_image(picture, alt=alt)}<div>{words}</div></div>"

    def _shrunk(self, share: float) -> Fit:
        """Return the same fit, smaller: a large canvas is not made to be looked at."""
        height, width, rows, cols = (
            max(round(side * share), 1)
            for side in (self.height, self.width, self.rows, self.cols)
        )
        offset = (height - rows) // 2, (width - cols) // 2
        return replace(
            self, height=height, width=width, rows=rows, cols=cols, offset=offset
        )


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
        ``fit.save(path)`` writes the picture, ``fit.apply()`` returns its pixels;
        ``fit.options`` and ``fit.difference`` tell how near the service alone comes.

    Raises
    ------
    OptionsError
        When it is no cutout, the matte is empty, or a number or the colour is out of
        range.

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
    >>> fit.save("mug.jpg")  # doctest: +SKIP
    >>> fit.apply().shape  # doctest: +SKIP
    (2000, 2000, 4)
    """
    _check_cutout(cutout)
    width, height = check_size(width, height)
    fill = check_fill(fill)
    color = read_color(background)
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
        difference=tell_difference(canvas, (tall, wide), (height, width), scale),
        cutout=cutout,
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


def _check_cutout(cutout: object) -> Cutout:
    if not isinstance(cutout, Cutout):
        raise OptionsError(f"expected a Cutout; got {type(cutout).__name__}")
    return cutout
