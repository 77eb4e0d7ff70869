"""The worst edges of a set, magnified."""

from __future__ import annotations

from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb import images
from cosmat_nb.cutout import Cutout
from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.before import Sources
from cosmat_nb.frame.columns import check_column, check_numbers
from cosmat_nb.frame.working import attempt, picture_of
from cosmat_nb.view.page import check_count
from cosmat_nb.view.plots.lettering import letter_place
from cosmat_nb.view.plots.palette import FAINT
from cosmat_nb.view.plots.paper import DPI, new_figure
from cosmat_nb.view.plots.patches import cut_patches

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from cosmat_nb.view.plots.patches import By, Patch

__all__ = ["plot_edges"]

COLUMNS = MappingProxyType(
    {"width": "edge_width_p95", "evidence": "edge_evidence", "halo": "halo"}
)
"""Column of a measured frame that tells which of its cutouts are looked at."""

_MOST = 48
_ZOOMS = 2, 32
_SHOWN = 192  # side of a magnified patch, px
_HALF = 127.5
_OF_ONE = 3  # places of one picture: one bad outline must not fill the figure
_LONGEST = 34
_SPACE = 0.12  # between two patches side by side, in widths of a picture


def plot_edges(
    frame: pd.DataFrame | Cutout,
    worst: int = 12,
    zoom: int = 8,
    *,
    by: By = "width",
    before: bool | Callable[[str], bytes] | None = None,
) -> Figure:
    """Magnify the worst places of the edges: before, matte and cutout of each.

    Parameters
    ----------
    frame : DataFrame or Cutout
        From `measure_frame`: its `worst` cutouts by the column of `by` are decoded,
        one at a time, and up to 3 places of each are looked at. Of a single cutout all
        places are.
    worst : int, default 12
        Places to draw at most, 1 to 48.
    zoom : int, default 8
        Magnification, 2 to 32: a patch shows 192 / zoom px, rounded, of each side.
    by : {"width", "evidence", "halo"}
        What picks the places, each 24 px wide: the median local width of the edge,
        the least evidence for it in the source, or most of the old background left.
        The last two need the source.
    before : bool or callable, optional
        Fetches the source picture of a key, as ``client.fetch``; by default, or True,
        the way that each cutout remembers. False fetches nothing.

    Returns
    -------
    matplotlib.figure.Figure
        The worst first, by columns; each with its key, row and column in the cutout,
        and its number. The line on the source and the cutout is alpha = 0.5.

    Raises
    ------
    OptionsError
        When a frame was not measured or has words for numbers, no edge is found, or an
        argument is out of range.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> cm.plot_edges(cm.measure_frame(result), worst=6)  # doctest: +SKIP
    """
    worst = check_count("worst", worst, 1, _MOST)
    side = max(round(_SHOWN / check_count("zoom", zoom, *_ZOOMS)), 1)
    if by not in COLUMNS:
        raise OptionsError(f"by must be {', '.join(COLUMNS)}; not {by!r:.40}")
    sources = Sources(True if before is None else before)
    patches = _gather(frame, worst, by, sources, side)
    across = 1 if len(patches) <= 3 else 2  # noqa: PLR2004 - one column is enough
    down = -(-len(patches) // across)
    tile = _SHOWN / DPI
    figure = new_figure(across * (3 * tile + 0.4), down * (tile + 0.5))
    ratios = [1.0, 1.0, 1.0, _SPACE, 1.0, 1.0, 1.0][: 4 * across - 1]
    grid = figure.subplots(down, len(ratios), squeeze=False, width_ratios=ratios)
    for axes in grid.ravel():
        axes.set_axis_off()
    for place, patch in enumerate(patches):
        block, row = divmod(place, down)
        _draw(list(grid[row, 4 * block : 4 * block + 3]), patch, by)
    return figure


def _gather(
    frame: pd.DataFrame | Cutout, worst: int, by: By, sources: Sources, side: int
) -> list[Patch]:
    if isinstance(frame, Cutout):
        patches = cut_patches(frame, by, sources, side=side, most=worst)
        if not patches:
            raise OptionsError(
                f"{frame!r} has no edge to magnify: its matte is empty, the same "
                "everywhere, or too small"
            )
        return patches
    patches, reasons = [], []
    cut = partial(cut_patches, by=by, sources=sources, side=side, most=_OF_ONE)
    for cutout in _choose(frame, worst, by):
        found, reason = attempt(partial(cut, cutout))
        patches += found or []
        reasons += [reason] if reason else []
    if not patches:
        told = f": {reasons[0]}" if reasons else ""
        raise OptionsError(f"no row of the frame has an edge to magnify{told}")
    patches.sort(key=lambda patch: patch.value, reverse=by != "evidence")
    return patches[:worst]


def _choose(frame: pd.DataFrame, worst: int, by: By) -> list[Cutout]:
    """Return the distinct cutouts that are worst by their column."""
    cells = check_column(frame, "cutout", "make it with matte_frame").tolist()
    hint = (
        "measure_frame(frame)" if by == "width" else "measure_frame(frame, before=True)"
    )
    numbers = check_numbers(frame, COLUMNS[by], f"measure it with {hint}")
    order = np.argsort(numbers, kind="stable")
    order = order[: np.count_nonzero(~np.isnan(numbers))]  # NaN comes last
    chosen: dict[Hashable, Cutout] = {}
    for place in order if by == "evidence" else order[::-1]:
        if isinstance(cells[place], Cutout):
            chosen.setdefault(picture_of(cells[place]), cells[place])
        if len(chosen) == worst:
            break
    return list(chosen.values())


def _draw(axes: Sequence[Axes], patch: Patch, by: By) -> None:
    alpha = patch.rgba[..., 3]
    zoom = max(_SHOWN // len(alpha), 1)
    magnified = patch.rgba.repeat(zoom, axis=0).repeat(zoom, axis=1)
    pictures = {
        "before": patch.before,
        "matte": alpha,
        "cutout": images.over_checkerboard(magnified),
    }
    side = len(alpha)
    extent = (-0.5, side - 0.5, side - 0.5, -0.5)
    for place, (name, pixels) in zip(axes, pictures.items(), strict=True):
        place.set_axis_on()
        place.set(
            xticks=[], yticks=[], xlim=extent[:2], ylim=extent[2:], aspect="equal"
        )
        place.set_xlabel(name, fontsize=8, color=FAINT, labelpad=2)
        if pixels is None:
            place.text(
                0.5,
                0.5,
                "no source",
                transform=place.transAxes,
                ha="center",
                color=FAINT,
            )
            continue
        place.imshow(
            pixels,
            cmap="gray",
            vmin=0,
            vmax=255,
            extent=extent,
            interpolation="nearest",
        )
        if name != "matte":
            _outline(place, alpha)
    axes[1].set_title(_title(patch, by), fontsize=9, parse_math=False)


def _outline(axes: Axes, alpha: NDArray[np.uint8]) -> None:
    # Where alpha stays on one side there is no line, and matplotlib would warn.
    if alpha.min() < _HALF <= alpha.max():
        axes.contour(alpha, [_HALF], colors="white", linewidths=2.2)
        axes.contour(alpha, [_HALF], colors="#d55e00", linewidths=1)


def _title(patch: Patch, by: By) -> str:
    key = letter_place(patch.place, _LONGEST)
    value = f"{patch.value:.1f} px" if by == "width" else f"{patch.value:.2f}"
    return f"{key} at ({patch.row}, {patch.col}): {by} {value}"
