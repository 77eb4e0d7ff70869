"""How much of each picture is kept, against how large it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column, check_numbers
from cosmat_nb.frame.problems import find_problems
from cosmat_nb.metrics.judging import Severity
from cosmat_nb.metrics.thresholds import Thresholds
from cosmat_nb.metrics.wording import counted
from cosmat_nb.places import shown_place
from cosmat_nb.view.plots.lettering import letter_place
from cosmat_nb.view.plots.palette import FAINT, INKS
from cosmat_nb.view.plots.paper import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.text import Annotation

__all__ = ["plot_coverage"]

_NAMED = 8  # flagged pictures whose key is written beside them
_TRIED = 200  # flagged pictures that are looked at for it: each costs 2 ms
_LONGEST = 24
_LOW = 0.05  # coverage under which words go below the mark, off the line of a bound
_LEAST_SPAN = 3.5  # to either side: a narrower axis would have hardly a tick
_WIDE = 1e4
_INKS = {"": INKS[0], "low": INKS[2], "medium": INKS[4], "high": INKS[1]}


def plot_coverage(
    frame: pd.DataFrame, *, thresholds: Thresholds = Thresholds()
) -> Figure:
    """Draw coverage against the size of the picture, and flag what was found.

    Parameters
    ----------
    frame : DataFrame
        From `measure_frame`; a column ``key`` names what is flagged.
    thresholds : Thresholds
        Where a number becomes a finding; `min_coverage` and `max_coverage` are drawn.

    Returns
    -------
    matplotlib.figure.Figure
        One mark a picture: megapixels of the matte on a logarithmic axis, and the
        share of it that is kept. Marks and colours tell the severest finding of each;
        up to 8 are named, the severest first. Rows without numbers are counted in the
        legend.

    Raises
    ------
    OptionsError
        When the frame was not measured, has words for numbers or a column twice, or no
        row has numbers.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> cm.plot_coverage(cm.measure_frame(result))  # doctest: +SKIP
    """
    seen = _read(frame, thresholds)
    known = seen[seen["coverage"].notna() & seen["megapixels"].gt(0)]
    if not len(known):
        raise OptionsError(
            "no row has numbers to draw: see the columns status and measure_error"
        )
    figure = new_figure(7.2, 4.4)
    axes = figure.subplots()
    for severity, ink in _INKS.items():
        part = known[known["severity"] == severity]
        if len(part):
            axes.scatter(
                part["megapixels"],
                part["coverage"],
                s=34 if severity else 20,
                marker=ink.mark,
                color=ink.color,
                alpha=0.85,
                edgecolors="white",
                linewidths=0.5,
                label=f"{severity or 'nothing found'} ({len(part)})",
                zorder=3,
            )
    _dress(axes, known["megapixels"], thresholds)
    _name(axes, known)
    _add_legend(figure, len(seen) - len(known))
    return figure


def _read(frame: pd.DataFrame, thresholds: Thresholds) -> pd.DataFrame:
    """Return megapixels, coverage, severity and finding, one row each, numbered."""
    remedy = "measure it first with measure_frame"
    height, width = (
        check_numbers(frame, f"matte_{side}", remedy) for side in ("height", "width")
    )
    # Labels may repeat: findings are matched by the place of their row.
    numbered = frame.reset_index(drop=True)
    problems = find_problems(numbered, thresholds=thresholds, on=None)
    worst = problems[~problems.index.duplicated()]
    keys = pd.Series(index=numbered.index)
    if "key" in numbered:
        keys = check_column(numbered, "key", "keep one of them")
    return pd.DataFrame(
        {
            "key": keys,
            "megapixels": height * width / 1e6,
            "coverage": numbered["coverage"].astype("float64"),
            "severity": worst["severity"]
            .astype("str")
            .reindex(numbered.index)
            .fillna(""),
            "finding": worst["finding"].reindex(numbered.index).fillna(""),
        }
    )


def _dress(axes: Axes, sizes: pd.Series[float], thresholds: Thresholds) -> None:
    from matplotlib.ticker import (  # noqa: PLC0415 - heavy
        FuncFormatter,
        LogLocator,
        NullFormatter,
        PercentFormatter,
    )

    low, high = sizes.min(), sizes.max()
    spare = max(_LEAST_SPAN / (high / low) ** 0.5, 1.25)
    axes.set(xscale="log", xlim=(low / spare, high * spare), ylim=(-0.08, 1.03))
    # Over many decades that many ticks run together, and then there are none.
    subs = (1, 2, 5) if high / low < _WIDE else (1,)
    axes.xaxis.set_major_locator(LogLocator(subs=subs))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda size, _: f"{size:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.yaxis.set_major_formatter(PercentFormatter(1))
    axes.set_xlabel("size of the picture (megapixels, logarithmic)")
    axes.set_ylabel("coverage (share of the picture)")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#e6e6e6", lw=0.6)
    for bound, words in (
        (thresholds.min_coverage, "too small below"),
        (thresholds.max_coverage, "whole frame above"),
    ):
        axes.axhline(bound, color=FAINT, ls=":", lw=1)
        axes.text(
            0,
            bound,
            f" {words} {100 * bound:.3g}%",
            transform=axes.get_yaxis_transform(),
            va="bottom" if bound < 0.5 else "top",  # noqa: PLR2004 - inwards
            fontsize=8,
            color=FAINT,
        )


def _name(axes: Axes, seen: pd.DataFrame) -> None:
    """Write the keys of the severest beside their marks, where there is room."""
    ranks = [severity.value for severity in Severity]
    flagged = seen[seen["severity"].isin(ranks)]
    order = flagged["severity"].map(ranks.index).sort_values(kind="stable").index
    figure = axes.figure
    figure.draw_without_rendering()  # type: ignore[union-attr]
    taken = [text.get_window_extent() for text in axes.texts]
    bounds = len(taken)
    marks = axes.transData.transform(seen[["megapixels", "coverage"]].to_numpy())
    for _, row in flagged.loc[order[:_TRIED]].iterrows():
        text = _annotate(axes, row)
        room = text.get_window_extent().padded(1)
        full = any(room.overlaps(other) for other in taken)
        if full or room.x1 > axes.bbox.x1 or room.count_contains(marks):
            text.remove()
        else:
            taken.append(room)
        if len(taken) == bounds + _NAMED:
            return


def _annotate(axes: Axes, row: pd.Series[Any]) -> Annotation:
    key = row["key"] if isinstance(row["key"], str) else ""
    tail = letter_place(shown_place(key).rsplit("/", 1)[-1], _LONGEST)
    low = row["coverage"] < _LOW
    return axes.annotate(
        f"{tail} {row['finding']}".strip(),
        (row["megapixels"], row["coverage"]),
        xytext=(6, -9 if low else 3),
        textcoords="offset points",
        fontsize=8,
        parse_math=False,
    )


def _add_legend(figure: Figure, missing: int) -> None:
    note = f"; {counted(missing, 'row')} without numbers"
    legend = figure.legend(
        loc="outside upper left",
        ncols=4,
        frameon=False,
        title=f"severest finding{note * bool(missing)}",
        alignment="left",
    )
    legend.get_title().set_fontsize(9)
