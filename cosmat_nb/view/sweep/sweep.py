"""A sweep as figures: keys by option sets, and one metric by option sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.before import Sources
from cosmat_nb.metrics.resampling import FEWEST_PAIRS, bootstrap_interval
from cosmat_nb.metrics.wording import counted
from cosmat_nb.view.page import check_count
from cosmat_nb.view.plots.lettering import letter, letter_lines
from cosmat_nb.view.plots.paper import new_figure
from cosmat_nb.view.sweep.pictures import draw_pictures
from cosmat_nb.view.sweep.table import read_sweep

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd
    from matplotlib.figure import Figure


__all__ = ["CAPTIONS", "plot_sweep"]

CAPTIONS = ("coverage", "centroid_offset", "edge_width")
"""Columns that captions quote, where a sweep has them."""

_MOST_ROWS = 50
_MOST_LINES = 500
_INK, _THIN = "#1565c0", "#607d8b"


def plot_sweep(
    sweep: pd.DataFrame,
    metric: str | None = None,
    *,
    rows: int = 6,
    captions: Sequence[str] = CAPTIONS,
    before: bool | Callable[[str], bytes] = False,
) -> Figure:
    """Draw a sweep: its cutouts side by side, or one metric by option set.

    Without a metric, a row of pictures for each key and a column for each option set.
    All pictures of a row have one scale, so that padding is seen, and the canvas of
    each is outlined; what a picture shows nothing of is a checkerboard.

    With one, its mean over the keys for each option set, with an interval, and every
    key as a thin line. Only keys that have a number in every set count, so that the
    means differ by options alone and not by pictures.

    Parameters
    ----------
    sweep : DataFrame
        From `sweep_options`. Sort or filter it to choose keys and sets; of rows with an
        equal key and set the first counts.
    metric : str, optional
        Column of numbers or flags.
    rows : int, default 6
        Most keys to draw as pictures, 1 to 50.
    captions : sequence of str
        Columns to quote under each picture; those that the sweep lacks are left out.
    before : bool or callable, default False
        Whether the source pictures come first, in the scale of their row; as in
        `measure_frame`.

    Returns
    -------
    matplotlib.figure.Figure
        Shows itself in a notebook; ``savefig`` writes it.

    Raises
    ------
    OptionsError
        For a frame that is no sweep, has no rows or over 12 option sets, and for a
        metric that is no column of numbers or that no key has in every set.

    Notes
    -----
    Intervals are those of `bootstrap_interval`, 95 %, of each set's mean by itself;
    none below 6 keys. They tell how sure a mean is. Sets of one sweep share their
    pictures, so whether two of them differ is told by `compare_runs`, which pairs them.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> cm.plot_sweep(sweep)  # doctest: +SKIP
    >>> cm.plot_sweep(sweep, "centroid_offset")  # doctest: +SKIP
    """
    table = read_sweep(sweep, "cutout" if metric is None else metric)
    if metric is not None:
        return _plot_metric(table.of(metric), metric)
    fetched = Sources(before)
    known = [name for name in captions if name in sweep.columns]
    keys = table.keys[: check_count("rows", rows, 1, _MOST_ROWS)]
    return draw_pictures(table, keys, known, fetched)


def _plot_metric(table: pd.DataFrame, metric: str) -> Figure:
    numbers = table.to_numpy()
    whole = numbers[np.isfinite(numbers).all(axis=1)]
    if not len(whole):
        raise OptionsError(
            f"no key has a number {metric!r} in every option set: leave out the sets "
            "that lack it"
        )
    figure = new_figure(max(4.0, 1.2 * table.shape[1] + 1.2), 3.6)
    axes = figure.subplots()
    places = np.arange(table.shape[1])
    drawn = whole[
        np.linspace(0, len(whole) - 1, min(len(whole), _MOST_LINES)).astype(int)
    ]
    fade = float(np.clip(8 / len(drawn), 0.08, 0.7))
    axes.plot(places, drawn.T, color=_THIN, linewidth=0.8, alpha=fade, zorder=1)
    means = whole.mean(axis=0)
    low, high = bootstrap_interval(whole, seed=0)
    known = np.isfinite(low)
    axes.errorbar(
        places[known],
        means[known],
        yerr=[(means - low)[known], (high - means)[known]],
        fmt="none",
        ecolor=_INK,
        elinewidth=2,
        capsize=5,
        zorder=2,
    )
    axes.plot(places, means, "o", color=_INK, markersize=7, zorder=3)
    axes.set_xlim(-0.5, len(places) - 0.5)
    axes.set_xticks(places, [letter_lines(name, 16, 2) for name in table.columns])
    for label in (*axes.get_xticklabels(), axes.yaxis.label):
        label.set_parse_math(False)
    axes.set_ylabel(letter(metric))
    axes.grid(axis="y", color="#eceff1")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(
        _describe(len(whole), len(table), len(drawn)), fontsize=9, loc="left"
    )
    return figure


def _describe(count: int, total: int, drawn: int) -> str:
    words = f"mean of {counted(count, 'key')}, 95 % interval"
    if count < FEWEST_PAIRS:
        words = f"mean of {counted(count, 'key')}, too few for an interval"
    if drawn < count:
        words += f"; {drawn} drawn as lines"
    if count < total:
        left = counted(total - count, "key")
        words += f"\n{left} left out: without a number in every set"
    return words
