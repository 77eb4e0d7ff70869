"""How the numbers of a frame are distributed: one small histogram for each column."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column, check_numbers
from cosmat_nb.metrics.sampling import even
from cosmat_nb.view.plots.lettering import letter
from cosmat_nb.view.plots.palette import FAINT, INKS
from cosmat_nb.view.plots.paper import new_figure
from cosmat_nb.view.plots.units import label_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

__all__ = ["plot_metrics"]

FIRST = (
    "coverage",
    "soft_fraction",
    "centroid_offset",
    "parts",
    "holes",
    "edge_width",
    "edge_evidence",
    "halo",
)
"""Columns drawn where none are named and the frame has them."""

_MOST_COLUMNS = 24
_ACROSS = 3
_INCHES = (3.1, 2.3)  # width and height of one histogram
_MOST_BINS = 30
_LARGEST = 2.0**52  # above it a float has no half
_LONGEST = 24  # of a group's name in the legend
_WIDEST = 28  # of a column's name under its histogram
_MOST_RUG = 1000  # ticks of one group; more are a black bar
_RUG = 0.08  # height of one group's ticks, in heights of the histogram


def plot_metrics(
    frame: pd.DataFrame,
    columns: Sequence[str] | None = None,
    by: str | None = None,
) -> Figure:
    """Draw how each number is distributed over the pictures of a frame.

    Parameters
    ----------
    frame : DataFrame
        From `measure_frame` or `score_frame`; any column of numbers can be drawn.
    columns : sequence of str, optional
        1 to 24 columns of numbers; by default `FIRST`, as far as the frame has them.
    by : str, optional
        Column of up to 7 groups, drawn over each other. Of two and more, counts
        become shares of the group, so that small groups can be compared with large
        ones.

    Returns
    -------
    matplotlib.figure.Figure
        One histogram a column, every value a tick below it. Titles tell the median
        and how many values are missing; infinite ones count as missing.

    Raises
    ------
    OptionsError
        When the frame has no row or no such column, a column holds words, or there
        are too many groups.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> cm.plot_metrics(table, ["coverage", "halo"], by="finding")  # doctest: +SKIP
    """
    names = _choose(frame, columns)
    numbers = {name: _read(frame, name) for name in names}
    groups = _split(frame, by)
    across = min(_ACROSS, len(names))
    down = -(-len(names) // across)
    legend = 0.0 if by is None else 0.25 * (1 - (-len(groups) // across))
    figure = new_figure(_INCHES[0] * across, _INCHES[1] * down + legend)
    figure.get_layout_engine().set(h_pad=0.08, w_pad=0.08)  # type: ignore[union-attr, call-arg]
    grid = figure.subplots(down, across, squeeze=False).ravel()
    for axes, (name, values) in zip(grid, numbers.items(), strict=False):
        _draw(axes, name, values, groups)
    for axes in grid[len(names) :]:
        axes.set_visible(False)
    for axes in grid[: len(names) : across]:
        axes.set_ylabel("pictures" if len(groups) == 1 else "share of the group")
    if by is not None:
        _add_legend(figure, by, groups, across)
    return figure


def _choose(frame: pd.DataFrame, columns: Sequence[str] | None) -> list[str]:
    if not isinstance(frame, pd.DataFrame):
        raise OptionsError(f"expected a DataFrame; got {type(frame).__name__}")
    if not len(frame):
        raise OptionsError("the frame has no rows to draw")
    if columns is None:
        columns = [name for name in FIRST if name in frame.columns]
        if not columns:
            raise OptionsError(
                "the frame has no numbers yet: measure it first with measure_frame, or "
                "name columns of your own"
            )
    listed = pd.api.types.is_list_like(columns)
    if not (listed and 1 <= len(columns) <= _MOST_COLUMNS):
        raise OptionsError(
            f"columns must be a list of 1 to {_MOST_COLUMNS} names; not {columns!r:.60}"
        )
    return list(dict.fromkeys(columns))


def _read(frame: pd.DataFrame, name: str) -> NDArray[np.float64]:
    numbers = check_numbers(frame, name, "measure it first with measure_frame")
    return np.where(np.isfinite(numbers), numbers, np.nan)


def _split(frame: pd.DataFrame, by: str | None) -> dict[str, NDArray[np.bool_]]:
    """Return the rows of each group by its name; all of them where there is none."""
    if by is None:
        return {"": np.ones(len(frame), np.bool_)}
    labels = check_column(frame, by, "name a column that the frame has")
    names = labels.astype("str").where(labels.notna(), "missing")
    kinds = labels.cat.categories if hasattr(labels, "cat") else ()
    found = names.unique().tolist()
    order = [str(kind) for kind in kinds if str(kind) in found]
    order += [name for name in found if name not in order]
    if len(order) > len(INKS):
        raise OptionsError(
            f"by={by!r} makes {len(order)} groups, and {len(INKS)} can be told apart: "
            "filter the frame, or put some of them together"
        )
    return {name: (names == name).to_numpy() for name in order}


def _draw(
    axes: Axes,
    name: str,
    values: NDArray[np.float64],
    groups: dict[str, NDArray[np.bool_]],
) -> None:
    known = values[~np.isnan(values)]
    missing = values.size - known.size
    axes.set_xlabel(_shorten(label_of(name), _WIDEST), parse_math=False)
    axes.spines[["top", "right"]].set_visible(False)
    if not known.size:
        axes.text(0.5, 0.5, "no numbers", ha="center", color=FAINT)
        axes.set(xticks=[], yticks=[])
        return
    median = f"median {np.median(known):.3g}"
    axes.set_title(
        f"{median}, {missing} missing" if missing else median, fontsize=9, loc="left"
    )
    bins = _bins(known)
    for place, rows in enumerate(groups.values()):
        part = values[rows & ~np.isnan(values)]
        _draw_group(axes, part, bins, (place, len(groups)))
    axes.axhline(0, color="black", lw=0.8)
    highest = axes.get_ylim()[1]
    axes.set_yticks([tick for tick in axes.get_yticks() if 0 <= tick <= highest])
    axes.set_ylim(-highest * _RUG * len(groups), highest)


def _draw_group(
    axes: Axes,
    values: NDArray[np.float64],
    bins: NDArray[np.float64],
    place: tuple[int, int],
) -> None:
    """Draw the outline of one group and its ticks; `place` is its number of all."""
    if not values.size:
        return
    nth, groups = place
    ink = INKS[nth]
    counts, _ = np.histogram(values, bins)
    if groups == 1:
        axes.stairs(counts, bins, fill=True, color=ink.color, alpha=0.75)
    else:
        axes.stairs(
            counts / values.size, bins, color=ink.color, ls=ink.line, lw=1.6, baseline=0
        )
    shown = np.sort(values)[even(values.size, _MOST_RUG)]
    # The axis goes on below 0 by one strip a group.
    middle = _RUG * (groups - nth - 0.5) / (1 + _RUG * groups)
    axes.plot(
        shown,
        np.full(shown.size, middle),
        ls="",
        marker="|",
        ms=6,
        color=ink.color,
        alpha=0.7,
        transform=axes.get_xaxis_transform(),
    )


def _bins(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    is_whole = np.array_equal(values, np.round(values))
    if is_whole and high - low < _MOST_BINS and max(-low, high) < _LARGEST:
        return np.arange(low, high + 2) - 0.5  # counts: each in the middle of its bin
    if low == high:
        wide = abs(low) * 0.05 or 0.5
        return np.array([low - wide, low + wide])
    # The rule of Freedman and Diaconis; far outliers make it ask for 10^12 bins.
    quarter, rest = np.percentile(values, [25, 75])
    wide = 2 * (rest - quarter) * values.size ** (-1 / 3)
    count = min((high - low) / wide, _MOST_BINS) if wide else 0
    return np.linspace(low, high, max(math.ceil(count), 8) + 1)


def _add_legend(
    figure: Figure, by: str, groups: dict[str, NDArray[np.bool_]], across: int
) -> None:
    from matplotlib.lines import Line2D  # noqa: PLC0415 - as above

    handles = [
        Line2D([], [], color=ink.color, ls=ink.line, lw=1.6)
        for ink, _ in zip(INKS, groups, strict=False)
    ]
    words = [f"{_shorten(name)} ({rows.sum()})" for name, rows in groups.items()]
    legend = figure.legend(
        handles,
        words,
        loc="outside upper left",
        ncols=across,
        title=_shorten(by),
        frameon=False,
        alignment="left",
    )
    for text in (legend.get_title(), *legend.get_texts()):
        text.set_parse_math(False)


def _shorten(name: object, most: int = _LONGEST) -> str:
    words = letter(str(name))
    # Names of groups differ at their begin or at their end.
    half = most // 2
    return words if len(words) <= most else f"{words[: half - 1]}…{words[-half:]}"
