"""The mean matte of a set: where its subjects lie."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Literal

import numpy as np

from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.working import attempt, picture_of
from cosmat_nb.framing.pixels import resize_plane
from cosmat_nb.matting.layout import subject_box
from cosmat_nb.metrics.wording import counted
from cosmat_nb.view.page import check_count
from cosmat_nb.view.plots.paper import new_figure

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    Align = Literal["canvas", "box"]

__all__ = ["MeanMatte", "average_mattes", "plot_mean_matte"]

_SIZES = 16, 2048
_ONE = 255


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MeanMatte:
    """Mean alpha of many mattes, brought to one size.

    Attributes
    ----------
    alpha : ndarray of float64, shape (size, size)
        Mean alpha, 0 to 1; NaN when nothing was averaged.
    count : int
        Rows that it is the mean of.
    empty : int
        Rows left out because their matte is empty.
    missing : int
        Rows without a cutout, or with one that cannot be read.
    aspect : float
        Median of width over height of what was brought to a square.
    """

    alpha: NDArray[np.float64]
    count: int
    empty: int
    missing: int
    aspect: float


def average_mattes(
    frame: pd.DataFrame, size: int = 256, align: Align = "canvas"
) -> MeanMatte:
    """Average the mattes of a frame; each distinct one is decoded once, one at a time.

    Parameters
    ----------
    frame : DataFrame
        With cutouts, as `matte_frame` returns it. Equal cutouts count as often as they
        stand in it.
    size : int, default 256
        Side of the mean, px, 16 to 2048.
    align : {"canvas", "box"}
        What is brought to a square: the whole canvas, or the subject's box.

    Raises
    ------
    OptionsError
        When the frame has no column ``cutout``, or another argument is out of range.
    """
    cells = check_column(frame, "cutout", "make it with matte_frame").tolist()
    size = check_count("size", size, *_SIZES)
    if align not in ("canvas", "box"):
        raise OptionsError(f'align must be "canvas" or "box"; not {align!r:.40}')
    cutouts = [cell for cell in cells if isinstance(cell, Cutout)]
    weights = Counter(map(picture_of, cutouts))
    distinct = {picture_of(cutout): cutout for cutout in cutouts}
    total = np.zeros((size, size))
    count = empty = 0
    aspects: list[float] = []
    for picture, cutout in distinct.items():
        times = weights[picture]
        found, reason = attempt(partial(_shrink, cutout, size, align))
        if found is None:
            empty += 0 if reason else times
            continue
        plane, aspect = found
        total += times * (plane / _ONE)
        count += times
        aspects += [aspect] * times
    return MeanMatte(
        alpha=total / count if count else np.full_like(total, np.nan),
        count=count,
        empty=empty,
        missing=len(cells) - count - empty,
        aspect=float(np.median(aspects)) if aspects else 1.0,
    )


def plot_mean_matte(
    frame: pd.DataFrame, size: int = 256, align: Align = "canvas"
) -> Figure:
    """Draw the mean alpha of a set, with the contour at 0.5.

    Parameters
    ----------
    frame : DataFrame
        With cutouts, as `matte_frame` returns it.
    size : int, default 256
        Side of the mean, px, 16 to 2048.
    align : {"canvas", "box"}
        ``"canvas"`` lays whole canvases over each other and shows where subjects
        lie; ``"box"`` lays their boxes over each other and shows their shape. Both
        are stretched to the median aspect ratio.

    Returns
    -------
    matplotlib.figure.Figure
        The title tells how many pictures it is the mean of, and what was left out.

    Raises
    ------
    OptionsError
        As `average_mattes`, and when no matte has a subject.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> cm.plot_mean_matte(result, align="box")  # doctest: +SKIP
    """
    mean = average_mattes(frame, size, align)
    if not mean.count:
        raise OptionsError(
            f"no matte has a subject: {mean.empty} are empty, {mean.missing} rows have "
            "no cutout that can be read"
        )
    shape = min(max(1 / mean.aspect, 0.4), 2.5)
    figure = new_figure(4.6, 3.7 * shape + 0.9)
    axes = figure.subplots()
    _draw(axes, mean, align)
    axes.set_box_aspect(shape)
    return figure


def _draw(axes: Axes, mean: MeanMatte, align: Align) -> None:
    side = len(mean.alpha)
    image = axes.imshow(
        mean.alpha, cmap="cividis", vmin=0, vmax=1, extent=(0, 1, 1, 0), aspect="auto"
    )
    at = (np.arange(side) + 0.5) / side
    # Where alpha stays on one side of 0.5 there is no line, and matplotlib would warn.
    if mean.alpha.min() < 0.5 <= mean.alpha.max():  # noqa: PLR2004 - the level itself
        axes.contour(at, at, mean.alpha, [0.5], colors="white", linewidths=2.6)
        axes.contour(at, at, mean.alpha, [0.5], colors="black", linewidths=1.2)
    left_out = [
        f"{count} {words}"
        for count, words in ((mean.empty, "empty"), (mean.missing, "without a cutout"))
        if count
    ]
    note = f"\nleft out: {', '.join(left_out)}" if left_out else ""
    axes.set_title(f"mean matte of {counted(mean.count, 'picture')}{note}", fontsize=10)
    axes.set_xlabel(f"column (share of the {align}'s width)")
    axes.set_ylabel(f"row (share of the {align}'s height)")
    bar = axes.figure.colorbar(image, cax=axes.inset_axes((1.05, 0, 0.06, 1)))
    bar.set_label("mean alpha; the line is at 0.5")
    bar.ax.axhline(0.5, color="white", lw=2.6)
    bar.ax.axhline(0.5, color="black", lw=1.2)


def _shrink(
    cutout: Cutout, size: int, align: Align
) -> tuple[NDArray[np.uint8], float] | None:
    """Return a matte of that size and its width over height; None when it is empty."""
    alpha = cutout.rgba[..., 3]
    box = subject_box(alpha)
    if box is None:
        return None
    if align == "box":
        alpha = alpha[box.min_row : box.max_row, box.min_col : box.max_col]
    aspect = alpha.shape[1] / alpha.shape[0]
    return resize_plane(alpha, size, size), aspect
