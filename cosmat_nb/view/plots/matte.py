"""One matte: heat map, contour on its source, histogram of alpha."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.before import NOT_FOUND, Sources, find_offset
from cosmat_nb.frame.working import attempt
from cosmat_nb.metrics.measure import measure_alpha
from cosmat_nb.view.plots.lettering import letter_lines, letter_place
from cosmat_nb.view.plots.palette import FAINT, INKS
from cosmat_nb.view.plots.paper import new_figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["plot_matte"]

SIDE = 720
"""Longer side of the pictures in the figure, px."""

_HALF = 127.5
_ONE = 255
_LONGEST = 70
_BINS = 64
_MAP = "cividis"  # even in lightness: the same in grey print and to the colour-blind


def plot_matte(
    cutout: Cutout, *, before: bool | Callable[[str], bytes] | None = None
) -> Figure:
    """Draw one matte as a heat map, as a contour on its source, and as a histogram.

    Parameters
    ----------
    cutout : Cutout
        Decoded once.
    before : bool or callable, optional
        Fetches its source picture, as ``client.fetch``; by default, or True, the way
        that the cutout remembers. False fetches nothing. Without a source the contour
        lies on the cutout itself. A cutout that was moved is found in its source, which
        is drawn where it lies on the cutout's canvas.

    Returns
    -------
    matplotlib.figure.Figure
        The contour is alpha = 0.5; axes of pictures are in px of the cutout. The
        histogram counts pixels by 64 bins of alpha on a logarithmic axis, since
        nearly all are 0 or 1.

    Raises
    ------
    OptionsError
        When it is no cutout, or its file is gone.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> cm.plot_matte(client.matte("samples/mug.jpg"))  # doctest: +SKIP
    """
    if not isinstance(cutout, Cutout):
        raise OptionsError(f"expected a Cutout; got {type(cutout).__name__}")
    rgba = cutout.rgba
    sources = Sources(True if before is None else before)
    ground, note = _find_ground(cutout, rgba, sources)
    height, width = rgba.shape[:2]
    shape = min(max(height / width, 0.4), 1.6)
    figure = new_figure(10.4, 3.4 * shape + 1.2 + 0.3 * bool(note))
    heat, overlay, counts = figure.subplots(1, 3, width_ratios=(1, 1, 0.8))
    alpha = np.ascontiguousarray(rgba[..., 3])
    small = images.thumbnail(alpha, SIDE)
    _draw_heat(heat, small, (height, width))
    _draw_overlay(overlay, images.thumbnail(ground, SIDE), small, (height, width))
    _draw_counts(counts, alpha)
    figure.suptitle(_title(cutout, alpha), fontsize=10, parse_math=False)
    if note:
        words = letter_lines(note, 140, 2)
        figure.supxlabel(words, fontsize=8, color=FAINT, parse_math=False)
    return figure


def _find_ground(
    cutout: Cutout, rgba: NDArray[np.uint8], sources: Sources
) -> tuple[NDArray[np.uint8], str]:
    """Return the source on the cutout's canvas, or the cutout and why it is that."""
    own = images.over_checkerboard(rgba)
    if not sources.wanted:
        return own, ""
    source, reason = attempt(partial(sources.read, cutout))
    if source is None:
        return own, f"no source: {reason}"
    offset = find_offset(source, rgba, cutout.options)
    if offset is None:
        return own, f"no source: {NOT_FOUND}"
    return _spread(source, offset, rgba.shape[:2]), ""


def _spread(
    source: NDArray[np.uint8], offset: tuple[int, int], shape: tuple[int, ...]
) -> NDArray[np.uint8]:
    """Lay a source on the canvas of its cutout; white where it does not reach."""
    spread = np.full((*shape, 3), 255, np.uint8)
    row, col = offset
    rows = slice(max(row, 0), max(min(row + source.shape[0], shape[0]), 0))
    cols = slice(max(col, 0), max(min(col + source.shape[1], shape[1]), 0))
    spread[rows, cols] = source[
        rows.start - row : rows.stop - row, cols.start - col : cols.stop - col
    ]
    return spread


def _draw_heat(axes: Axes, alpha: NDArray[np.uint8], shape: tuple[int, int]) -> None:
    axes.imshow(alpha / _ONE, cmap=_MAP, vmin=0, vmax=1, extent=_extent(shape))
    axes.set_title("alpha", fontsize=10)
    axes.set(xlabel="column (px)", ylabel="row (px)")


def _draw_overlay(
    axes: Axes,
    ground: NDArray[np.uint8],
    alpha: NDArray[np.uint8],
    shape: tuple[int, int],
) -> None:
    axes.imshow(ground, extent=_extent(shape))
    # Where alpha stays on one side there is no line, and matplotlib would warn; of a
    # single row or column it draws none.
    if min(alpha.shape) > 1 and alpha.min() < _HALF <= alpha.max():
        height, width = shape
        rows = (np.arange(alpha.shape[0]) + 0.5) * height / alpha.shape[0] - 0.5
        cols = (np.arange(alpha.shape[1]) + 0.5) * width / alpha.shape[1] - 0.5
        axes.contour(cols, rows, alpha, [_HALF], colors="white", linewidths=2.4)
        axes.contour(cols, rows, alpha, [_HALF], colors=INKS[1].color, linewidths=1.1)
    axes.set_title("contour at alpha 0.5", fontsize=10)
    axes.set_xlabel("column (px)")
    axes.tick_params(labelleft=False)


def _draw_counts(axes: Axes, alpha: NDArray[np.uint8]) -> None:
    counts = np.bincount(alpha.ravel(), minlength=256).reshape(_BINS, -1).sum(axis=1)
    from matplotlib import colormaps  # noqa: PLC0415 - heavy

    middles = (np.arange(_BINS) + 0.5) / _BINS
    # The colours of the map, so that the axis of alpha is its key.
    axes.bar(middles, counts, width=1 / _BINS, color=colormaps[_MAP](middles))
    axes.set(yscale="log", xlim=(0, 1), ylim=(0.7, 2 * alpha.size))
    axes.set_title("histogram, in the map's colours", fontsize=10)
    axes.set(xlabel=f"alpha ({_BINS} bins)", ylabel="pixels (logarithmic)")
    axes.spines[["top", "right"]].set_visible(False)


def _extent(shape: tuple[int, int]) -> tuple[float, float, float, float]:
    # A whole number is the centre of a pixel.
    return (-0.5, shape[1] - 0.5, shape[0] - 0.5, -0.5)


def _title(cutout: Cutout, alpha: NDArray[np.uint8]) -> str:
    metrics = measure_alpha(alpha)
    key = letter_place(cutout.place, _LONGEST)
    words = [
        f"{cutout.height} high × {cutout.width} wide px",
        f"coverage {metrics.coverage:.1%}",
        f"soft {metrics.soft_fraction:.1%}",
    ]
    if metrics.edge_width is not None:
        words.append(f"edge width {metrics.edge_width:.1f} px")
    return f"{key}\n{', '.join(words)}"
