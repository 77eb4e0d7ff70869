"""A comparison of two results, as a value that shows itself."""

from __future__ import annotations

import html
import math
import operator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.places import shown_place

__all__ = ["AGREEMENT", "Comparison"]

AGREEMENT = {
    "agreement_iou": "float64",
    "agreement_mad": "float64",
    "agreement_basis": "str",
    "agreement_error": "str",
}
"""Columns of a pair's direct agreement, and their dtypes."""

_LARGEST = 5
_MOST_ROWS = 60
_SHOWN = 60
_TELLING = 0.01  # a p-value that could not get below would hide what was found


@dataclass(frozen=True, slots=True, kw_only=True, repr=False, eq=False)
class Comparison:
    """What `compare_runs` found out; shows itself as a line and as tables.

    Every difference is b minus a. Its sign says which is larger, not which is better.

    Attributes
    ----------
    names : tuple of str
        What a and b are called.
    on : str
        Column of the keys.
    by : tuple of str
        Columns of the groups; empty without groups.
    pairs : DataFrame
        One row a key, in their order: the key, the groups, ``status_a`` and
        ``status_b`` (missing where a frame has no status); for each metric
        ``<metric>_a``, ``<metric>_b`` and ``<metric>_diff`` (float64; the last is NaN
        unless it is finite, and 0 within rounding, see `compare_runs`);
        ``agreement_iou`` and ``agreement_mad`` as `compare_mattes` defines them,
        ``agreement_basis`` (``canvas``: pixels stand where they stood, the padding
        counted off; ``alpha``: moved to where the mattes differ least, an assumption
        that favours agreement), ``agreement_error`` (why there is none); ``cutout_a``
        and ``cutout_b``.
    summary : DataFrame
        One row for each metric of each group: the groups, ``metric``, ``n`` (pairs with
        a difference; all that follows is about these), ``mean_a``, ``mean_b``,
        ``mean_diff``, ``ci_low`` and ``ci_high`` (bounds of the mean difference, NaN
        below 6 pairs and where all differences are equal), ``median_diff``,
        ``p_value``, ``p_adjusted`` (Holm, over all rows of this table).
    only_a, only_b : tuple
        Keys that the other has not, in order; None for each row without a key.
    repeated : int
        Rows of both frames that repeat another and were counted once.
    confidence : float
        Of the intervals.
    resamples : int
        Of the tests that are not exact.
    seed : int
        Of the resampling.
    """

    names: tuple[str, str]
    on: str
    by: tuple[str, ...]
    pairs: pd.DataFrame
    summary: pd.DataFrame
    only_a: tuple[Any, ...]
    only_b: tuple[Any, ...]
    repeated: int
    confidence: float
    resamples: int
    seed: int

    def __repr__(self) -> str:
        return f"Comparison({self._line()})"

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that were compared, in order."""
        return tuple(dict.fromkeys(self.summary["metric"]))

    def largest(self, n: int = 10, metric: str = "agreement_iou") -> pd.DataFrame:
        """Return the pairs that differ most, the largest difference first.

        Parameters
        ----------
        n : int, default 10
            Rows at most, 0 and up. Pairs without a number, or without a difference,
            are left out.
        metric : str, default "agreement_iou"
            By which they are ranked: ``agreement_iou`` (lowest first),
            ``agreement_mad`` (highest first), or a metric by the size of its
            difference. Equal ones keep the order of their keys.

        Returns
        -------
        DataFrame
            ``rank`` from 1, the key, the groups, both statuses; for a metric its three
            columns and ``larger``, the name of the result that has more of it; direct
            agreement, and ``cutout_a`` and ``cutout_b`` to look at.

        Raises
        ------
        OptionsError
            When `metric` was not compared, or `n` is no such number.

        Examples
        --------
        >>> comparison.largest(3, "coverage")  # doctest: +SKIP
        """
        size = self._difference(metric).abs()
        order = size.sort_values(ascending=False, kind="stable").index
        rows = self.pairs.loc[order[size[order] > 0][: _check_count(n)]]
        shown = [self.on, *self.by, "status_a", "status_b"]
        if metric not in AGREEMENT:
            shown += [f"{metric}_{which}" for which in ("a", "b", "diff")]
        shown += [*AGREEMENT, "cutout_a", "cutout_b"]
        table = rows[shown].reset_index(drop=True)
        if metric not in AGREEMENT:
            a, b = self.names
            more = np.where(table[f"{metric}_diff"] > 0, b, a)
            place = list(table.columns).index(f"{metric}_diff") + 1
            table.insert(place, "larger", pd.Series(more.tolist(), dtype="str"))
        table.insert(0, "rank", np.arange(1, len(table) + 1))
        return table

    def _difference(self, metric: str) -> pd.Series:
        match metric:
            case "agreement_iou":
                return 1 - self.pairs[metric]
            case "agreement_mad":
                return self.pairs[metric]
            case _ if metric in self.metrics:
                return self.pairs[f"{metric}_diff"]
        known = ", ".join(("agreement_iou", "agreement_mad", *self.metrics))
        raise OptionsError(f"metric must be one of {known}; not {metric!r:.60}")

    def _line(self) -> str:
        a, b = (name[:_SHOWN] for name in self.names)
        counts = {
            f"only in {a}": len(self.only_a),
            f"only in {b}": len(self.only_b),
            "of different status": self._count_statuses(),
            "repeated": self.repeated,
        }
        facts = [f"{n:,} {what}" for what, n in counts.items() if n]
        pairs = len(self.pairs)
        facts.insert(0, f"{pairs:,} pair{'s' if pairs != 1 else ''}")
        overlaps = self.pairs["agreement_iou"].dropna()
        if len(overlaps):
            facts.append(f"{len(overlaps):,} overlaid: mean IoU {overlaps.mean():.3f}")
        return f"{a} vs {b}: {', '.join(facts)}"

    def _count_statuses(self) -> int:
        both = self.pairs[["status_a", "status_b"]].dropna()
        return int((both["status_a"] != both["status_b"]).sum())

    def _repr_html_(self) -> str:
        a, b = (html.escape(name[:_SHOWN]) for name in self.names)
        largest, metric = self._most_unlike()
        return (
            f"<div><b>{html.escape(self._line())}</b></div>"
            f"<div>Differences are b − a: {b} minus {a}. A sign says which is larger, "
            "not which is better. Intervals of the mean difference aim at "
            f"{self.confidence:.4g} confidence; with few pairs they are shorter than "
            f"that. p_adjusted is Holm's, over this table{self._floor()}.</div>"
            f"{_html_table(self.summary.head(_MOST_ROWS), 'Summary')}"
            f"{_left_out(len(self.summary) - _MOST_ROWS)}"
            f"{_html_table(largest, f'Largest differences by {metric}')}"
        )

    def _floor(self) -> str:
        p = self.summary["p_value"]
        floor = p.count() / (self.resamples + 1)
        drawn_out = (p == 1 / (self.resamples + 1)).any()
        if not drawn_out or floor <= _TELLING:
            return ""
        return (
            f": with {self.resamples:,} resamples it cannot fall below {floor:.2g} in "
            "tests that are not exact, so pass more"
        )

    def _most_unlike(self) -> tuple[pd.DataFrame, str]:
        metric = "agreement_iou"
        if self.metrics and self.pairs[metric].isna().all():
            metric = self.metrics[0]
        largest = self.largest(_LARGEST, metric)
        empty = [name for name in largest.columns if largest[name].isna().all()]
        return largest.drop(columns=["cutout_a", "cutout_b", *empty]), metric


def _check_count(n: int) -> int:
    try:
        count = operator.index(n)
    except TypeError:
        count = -1
    if count < 0:
        raise OptionsError(f"n must be a whole number from 0; not {n!r:.40}")
    return count


def _html_table(table: pd.DataFrame, caption: str) -> str:
    if table.empty:
        return f"<div>{html.escape(caption)}: none</div>"
    head = "".join(f"<th>{html.escape(str(name))}</th>" for name in table.columns)
    body = "".join(
        f"<tr>{''.join(map(_cell, row))}</tr>"
        for row in table.itertuples(index=False, name=None)
    )
    caption = f"<caption>{html.escape(caption)}</caption>"
    return f"<table>{caption}<tr>{head}</tr>{body}</table>"


def _cell(value: object) -> str:
    if isinstance(value, float):
        text = "–" if math.isnan(value) else f"{value:.4g}"
    else:
        text = "–" if value is None or value is pd.NA else shown_place(str(value))
    return f"<td>{html.escape(text)}</td>"


def _left_out(rows: int) -> str:
    return f"<div>{rows:,} more rows are in .summary</div>" if rows > 0 else ""
