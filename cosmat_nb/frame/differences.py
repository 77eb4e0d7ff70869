"""The differences of many pairs, summed up metric by metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.progress import Progress
from cosmat_nb.metrics.draws import rescaled
from cosmat_nb.metrics.resampling import (
    RESAMPLES,
    adjust_holm,
    bootstrap_interval,
    paired_test,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from cosmat_nb.frame.progress import Watcher

__all__ = ["Judge", "check_titles", "summarize_pairs"]

FLIPS_PER_ROW = 200
"""Sign flips for each row of a summary: Holm's p can then come down to 0.005."""

MOST_FLIPS = 250_000
"""However many rows there are, to bound the time."""

_STATISTICS = ("mean_a", "mean_b", "mean_diff", "median_diff")
_JUDGED = ("ci_low", "ci_high", "p_value")
_TITLES = (
    "metric",
    "n",
    "mean_a",
    "mean_b",
    "mean_diff",
    "ci_low",
    "ci_high",
    "median_diff",
    "p_value",
    "p_adjusted",
)
_TOGETHER = 128  # columns; bounds what all their resampled means take


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """How sure differences are said to be, see `bootstrap_interval`, `paired_test`.

    Attributes
    ----------
    confidence : float
        Of the intervals.
    resamples : int or None
        Of intervals and tests; None for `RESAMPLES`, and for enough `flips`.
    seed : int
        Of all draws.
    """

    confidence: float
    resamples: int | None
    seed: int

    def flips(self, rows: int) -> int:
        """Return how many sign flips a test of a family of so many has.

        Examples
        --------
        >>> judge = Judge(confidence=0.95, resamples=None, seed=0)
        >>> judge.flips(43), judge.flips(516), judge.flips(10_000)
        (9999, 103200, 250000)
        """
        if self.resamples is not None:
            return self.resamples
        return max(RESAMPLES, min(FLIPS_PER_ROW * rows, MOST_FLIPS))

    def judge(
        self, rows: Sequence[NDArray[np.float64]], *, show: bool | Watcher
    ) -> NDArray[np.float64]:
        """Judge the differences of each row of a summary.

        Rows of as many pairs share their draws, which cost the time.

        Parameters
        ----------
        rows : sequence of ndarray of float64, shape (n,)
            Each of a length of its own.
        show : bool or Watcher
            Whether progress is shown, see `find_watcher`.

        Returns
        -------
        ndarray of float64, shape (3, len(rows))
            Lower bounds, upper bounds, p-values.
        """
        found = np.full((3, len(rows)), np.nan)
        with Progress(len(rows), show=show, unit="row") as bar:
            for places in _alike(rows):
                columns = np.stack([rows[place] for place in places], axis=1)
                found[:, places] = self._judge_columns(columns, self.flips(len(rows)))
                bar.advance(len(places))
        return found

    def _judge_columns(
        self, columns: NDArray[np.float64], flips: int
    ) -> tuple[Any, Any, Any]:
        low, high = bootstrap_interval(
            columns,
            confidence=self.confidence,
            resamples=RESAMPLES if self.resamples is None else self.resamples,
            seed=self.seed,
        )
        return low, high, paired_test(columns, resamples=flips, seed=self.seed)


def summarize_pairs(
    pairs: pd.DataFrame,
    by: Sequence[str],
    metrics: Sequence[str],
    judge: Judge,
    *,
    progress: bool | Watcher,
) -> pd.DataFrame:
    """Sum up each metric of each group.

    Parameters
    ----------
    pairs : DataFrame
        With the columns `by`, and ``<metric>_a``, ``<metric>_b``, ``<metric>_diff``.
    by, metrics : sequence of str
        Groups, and what is summed up.
    judge : Judge
        Makes intervals and p-values.
    progress : bool or Watcher
        Whether progress is shown; it counts rows of the summary.

    Returns
    -------
    DataFrame
        As ``Comparison.summary``; groups in their order, a missing one last.

    Raises
    ------
    OptionsError
        When a column of `by` is called as one of the summary's own.
    """
    check_titles([*by, *_TITLES])
    parts, differences = [], []
    for values, group in _split(pairs, by):
        table, changes = _measure_group(group, metrics)
        for place, (name, value) in enumerate(zip(by, values, strict=True)):
            same = pd.Series([value] * len(table), dtype=pairs[name].dtype)
            table.insert(place, name, same)
        parts.append(table)
        differences += changes
    judged = judge.judge(differences, show=progress)
    summary = pd.concat(parts, ignore_index=True)
    summary = summary.assign(**dict(zip(_JUDGED, judged, strict=True)))
    adjusted = adjust_holm(summary["p_value"].to_numpy())
    return summary.assign(p_adjusted=adjusted)[[*by, *_TITLES]]


def check_titles(titles: Sequence[str]) -> None:
    """Make sure that no two columns would have one name.

    Raises
    ------
    OptionsError
        Naming them.
    """
    doubled = dict.fromkeys(str(t) for t in titles if titles.count(t) > 1)
    if doubled:
        raise OptionsError(
            f"the comparison would have {', '.join(doubled)} twice: rename on, by or "
            "the metrics that are called so"
        )


def _split(
    pairs: pd.DataFrame, by: Sequence[str]
) -> Iterator[tuple[tuple[Any, ...], pd.DataFrame]]:
    if not by:
        yield (), pairs
        return
    # A missing group is a group: its pairs would vanish otherwise.
    yield from pairs.groupby(list(by), dropna=False, observed=True)


def _measure_group(
    pairs: pd.DataFrame, metrics: Sequence[str]
) -> tuple[pd.DataFrame, list[NDArray[np.float64]]]:
    rows, differences = [], []
    for name in metrics:
        columns = [f"{name}_{which}" for which in ("a", "b", "diff")]
        numbers = pairs[columns].to_numpy("float64")
        numbers = numbers[~np.isnan(numbers[:, 2])]
        means = _statistic(np.mean, numbers)
        median = _statistic(np.median, numbers[:, 2:])
        rows.append((len(numbers), *means, *median))
        differences.append(numbers[:, 2])
    table = pd.DataFrame(rows, columns=["n", *_STATISTICS])
    table.insert(0, "metric", pd.Series(list(metrics), dtype="str"))
    dtypes = {"n": "int64", **dict.fromkeys(_STATISTICS, "float64")}
    return table.astype(dtypes), differences


def _statistic(
    statistic: Callable[..., NDArray[np.float64]], columns: NDArray[np.float64]
) -> NDArray[np.float64]:
    if not len(columns):
        return np.full(columns.shape[1], np.nan)
    scaled, exponents = rescaled(columns)
    result: NDArray[np.float64] = np.ldexp(statistic(scaled, axis=0), exponents)
    return result


def _alike(rows: Sequence[NDArray[np.float64]]) -> Iterator[list[int]]:
    lengths: dict[int, list[int]] = {}
    for place, row in enumerate(rows):
        lengths.setdefault(len(row), []).append(place)
    for places in lengths.values():
        for start in range(0, len(places), _TOGETHER):
            yield places[start : start + _TOGETHER]
