"""What option sets would make of a cutout, shown without a call."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.matting.layout import lay_out, subject_margins
from cosmat_nb.options import MattingOptions
from cosmat_nb.places import shown_place, whole_text

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["SweepPreview", "preview_sweep"]

SIDE = 220
"""Longer side of the largest canvas, px."""

_MOST_SETS = 50
_MARK = "preview, as documented or assumed"


@dataclass(frozen=True, slots=True, kw_only=True)
class LaidOut:
    """One option set, laid out.

    Attributes
    ----------
    height, width : int
        Of the canvas, px.
    margins : tuple of int or None
        From the subject's box to the canvas: top, right, bottom, left, px; None for an
        empty matte.
    picture : ndarray, (h, w, 3) uint8
        Small, over a checkerboard.
    """

    height: int
    width: int
    margins: tuple[int, int, int, int] | None
    picture: NDArray[np.uint8] = field(repr=False, compare=False)

    def __str__(self) -> str:
        size = f"{self.height} high × {self.width} wide px"
        if self.margins is None:
            return f"{size}, empty matte"
        sides = zip(("top", "right", "bottom", "left"), self.margins, strict=True)
        return f"{size}, margins {', '.join(f'{side} {px}' for side, px in sides)}"


@dataclass(frozen=True, slots=True, repr=False)
class SweepPreview:
    """What `preview_sweep` laid out; shows itself as pictures and as text.

    Attributes
    ----------
    place : str
        Whose cutout it is, as it may be shown.
    sets : dict of str to LaidOut
        By name of the option set.
    """

    place: str
    sets: Mapping[str, LaidOut]

    def __repr__(self) -> str:
        wide = max(map(len, self.sets))
        lines = [f"{name:<{wide}}  {each}" for name, each in self.sets.items()]
        return "\n".join([f"{_MARK}, of {self.place}", *lines])

    def _repr_html_(self) -> str:
        cells = "".join(self._cell(name, each) for name, each in self.sets.items())
        title = f"<div><b>{_MARK}</b> of {html.escape(self.place)}</div>"
        return whole_text(f"<div>{title}{cells}</div>")

    def _cell(self, name: str, each: LaidOut) -> str:
        alt = f"{name}: {_MARK}, of {self.place}, {each}"
        picture = images.html_image(each.picture, alt=alt)
        size, _, margins = str(each).partition(", ")
        words = f"<b>{html.escape(name)}</b><br>{size}<br>{margins}"
        # The border is the canvas, so that padding is seen.
        return (
            '<div style="display:inline-block;vertical-align:bottom;margin:8px">'
            '<div style="display:inline-block;line-height:0;border:1px solid #607d8b">'
            f'{picture}</div><div style="max-width:{SIDE}px;overflow-wrap:anywhere">'
            f"{words}</div></div>"
        )


def preview_sweep(
    cutout: Cutout, options: Mapping[str, MattingOptions]
) -> SweepPreview:
    """Show what centring and padding would make of a cutout. No call, nothing paid.

    Parameters
    ----------
    cutout : Cutout
        Asked for without centring and padding.
    options : mapping of str to MattingOptions
        One to 50 sets by name, with the operation of `cutout`: another one cuts anew.

    Returns
    -------
    SweepPreview
        Pictures of one common scale, each with its canvas as a border, size and
        margins. All of it is a preview, see the Notes of `lay_out`: that padding is
        added on both sides is documented, what centring does is assumed.

    Raises
    ------
    OptionsError
        When `cutout` was centred or padded already, its file cannot be read, or a set
        is of another kind or has another operation.

    Examples
    --------
    >>> import numpy as np, cosmat_nb as cm
    >>> rgba = np.zeros((6, 10, 4), np.uint8)
    >>> rgba[1:3, 2:6] = 255
    >>> png = cm.images.encode_png(rgba)
    >>> cutout = Cutout(place="mug.jpg", options=cm.MattingOptions(), data=png,
    ...                 height=6, width=10, is_empty=False, nbytes=len(png))
    >>> preview_sweep(cutout, {"padded": cm.MattingOptions(padding=(20, 10))})
    preview, as documented or assumed, of mug.jpg
    padded  26 high × 50 wide px, margins top 11, right 24, bottom 13, left 22
    """
    _check_cutout(cutout)
    _check_sets(options, cutout)
    rgba = cutout.rgba
    longest = max(
        max(cutout.height + 2 * each.padding.dy, cutout.width + 2 * each.padding.dx)
        for each in options.values()
    )
    scale = min(1.0, SIDE / longest)
    sets = {name: _lay_out(rgba, each, scale) for name, each in options.items()}
    return SweepPreview(shown_place(cutout.place), sets)


def _lay_out(rgba: NDArray[np.uint8], options: MattingOptions, scale: float) -> LaidOut:
    laid = lay_out(rgba, options)
    height, width = laid.shape[:2]
    small = images.thumbnail(laid, max(1, round(max(height, width) * scale)))
    return LaidOut(
        height=height,
        width=width,
        margins=subject_margins(laid[..., 3]),
        picture=images.over_checkerboard(small),
    )


def _check_cutout(cutout: object) -> None:
    if not isinstance(cutout, Cutout):
        raise OptionsError(f"expected a Cutout; got {type(cutout).__name__}")
    asked = cutout.options
    if asked.center or any(asked.padding):
        raise OptionsError(
            f"this cutout was asked for with {asked.rule!r}: one that was centred or "
            "padded already shows nothing of the others; pass one asked for without"
        )


def _check_sets(options: object, cutout: Cutout) -> None:
    if not isinstance(options, Mapping) or not 1 <= len(options) <= _MOST_SETS:
        raise OptionsError(
            f"options must be a mapping of 1 to {_MOST_SETS} names to MattingOptions; "
            f"got {options!r:.60}"
        )
    for name, each in options.items():
        if not isinstance(name, str) or not isinstance(each, MattingOptions):
            raise OptionsError(
                f"options must map names to MattingOptions; not {name!r:.40} to "
                f"{type(each).__name__}"
            )
        if each.operation != cutout.options.operation:
            raise OptionsError(
                f"options {name!r} have another operation than the cutout: "
                f"{each.operation}, not {cutout.options.operation}. It would be cut "
                "anew, which only sweep_options can show"
            )
