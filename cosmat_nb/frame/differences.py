"""The differences of many pairs, summed up metric by metric."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.metrics.resampling import adjust_holm, bootstrap_interval, paired_test

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

__all__ = ["Judge", "check_titles", "summarize_pairs"]

_STATISTICS = (
    "mean_a",
    "mean_b",
    "mean_diff",
    "ci_low",
    "ci_high",
    "median_diff",
    "p_value",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """How sure differences are said to be, see `bootstrap_interval`, `paired_test`.

    Attributes
    ----------
    confidence : float
        Of the intervals.
    resamples, seed : int
        Of intervals and tests.
    """

    confidence: float
    resamples: int
    seed: int

    def judge(self, differences: NDArray[np.float64]) -> tuple[Any, Any, Any]:
        """Return lower bounds, upper bounds and p-values of columns, each (m,)."""
        low, high = bootstrap_interval(
            differences,
            confidence=self.confidence,
            resamples=self.resamples,
            seed=self.seed,
        )
        p = paired_test(differences, resamples=self.resamples, seed=self.seed)
        return low, high, p


def summarize_pairs(
    pairs: pd.DataFrame, by: Sequence[str], metrics: Sequence[str], judge: Judge
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

    Returns
    -------
    DataFrame
        As ``Comparison.summary``; groups in their order, a missing one last.

    Raises
    ------
    OptionsError
        When a column of `by` is called as one of the summary's own.
    """
    check_titles([*by, "metric", "n", *_STATISTICS, "p_adjusted"])
    parts = []
    for values, group in _split(pairs, by):
        table = _measure_group(group, metrics, judge)
        for place, (name, value) in enumerate(zip(by, values, strict=True)):
            same = pd.Series([value] * len(table), dtype=pairs[name].dtype)
            table.insert(place, name, same)
        parts.append(table)
    summary = pd.concat(parts, ignore_index=True)
    return summary.assign(p_adjusted=adjust_holm(summary["p_value"].to_numpy()))


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
    pairs: pd.DataFrame, metrics: Sequence[str], judge: Judge
) -> pd.DataFrame:
    first, second, difference = (
        pairs[[f"{name}_{which}" for name in metrics]].to_numpy("float64")
        for which in ("a", "b", "diff")
    )
    known = ~np.isnan(difference)
    found = {name: np.full(len(metrics), np.nan) for name in _STATISTICS}
    for rows, places in _patterns(known):
        mine, theirs, change = (
            each[rows][:, places] for each in (first, second, difference)
        )
        means = (each.mean(axis=0) for each in (mine, theirs, change))
        low, high, p = judge.judge(change)
        statistics = (*means, low, high, np.median(change, axis=0), p)
        for name, values in zip(_STATISTICS, statistics, strict=True):
            found[name][places] = values
    titles = pd.Series(list(metrics), dtype="str")
    return pd.DataFrame({"metric": titles, "n": known.sum(axis=0), **found})


def _patterns(
    known: NDArray[np.bool_],
) -> Iterator[tuple[NDArray[np.bool_], list[int]]]:
    # Metrics that miss the same pairs share their resamples, which cost the time.
    patterns: dict[bytes, list[int]] = {}
    for place, rows in enumerate(known.T):
        if rows.any():
            patterns.setdefault(rows.tobytes(), []).append(place)
    for places in patterns.values():
        yield known[:, places[0]], places
