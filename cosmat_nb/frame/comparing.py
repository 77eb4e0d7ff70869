"""Two results of the same pictures, compared pair by pair."""

from __future__ import annotations

from collections.abc import Hashable
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.agreeing import agree_all
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.comparison import AGREEMENT, Comparison
from cosmat_nb.frame.differences import Judge, check_titles, summarize_pairs
from cosmat_nb.frame.pairing import pair_rows
from cosmat_nb.frame.rows import RESULT_COLUMNS
from cosmat_nb.places import shown_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from cosmat_nb.frame.agreeing import Agreement
    from cosmat_nb.frame.pairing import Pairing
    from cosmat_nb.frame.progress import Watcher

__all__ = ["compare_runs"]

_ROUNDING_ULPS = 4  # numbers rounded once more differ by one, short sums by some
_REMEDY = "pass frames that matte_frame, measure_frame or score_frame returned"


def compare_runs(
    a: pd.DataFrame,
    b: pd.DataFrame,
    *,
    on: str = "key",
    by: str | Sequence[str] | None = None,
    names: tuple[str, str] = ("a", "b"),
    metrics: Sequence[str] | None = None,
    column: str = "cutout",
    seed: int = 0,
    confidence: float = 0.95,
    resamples: int | None = None,
    workers: int | None = None,
    progress: bool | Watcher = True,
) -> Comparison:
    """Compare two results of the same pictures: options, engines or versions.

    Every difference is b minus a. Whether more of a metric is better is not decided
    here.

    Parameters
    ----------
    a, b : DataFrame
        From `matte_frame`, `measure_frame` or `score_frame`; the user's columns may be
        there too. Left as they are, and the order of their rows does not matter.
    on : str, default "key"
        Column that pairs the rows. Links are compared whole: where they were signed
        anew, pass a column of your own. Rows of one frame with the same key count once
        when they agree in status, cutout, metrics and `by`, and are an error otherwise.
    by : str or sequence of str, optional
        Columns of a or b, for a summary of each group. In both, they must agree.
    names : tuple of str, default ("a", "b")
        What a and b are called in texts; columns keep ``_a`` and ``_b``.
    metrics : sequence of str, optional
        Columns of numbers or flags in both. Unless given: all columns of numbers in
        both, but `on`, `by`, ``size`` and what `matte_frame` tells of the call. Choose
        them beforehand: `adjust_holm` pays for each, also where nothing differs.
    column : str, default "cutout"
        Holds the cutouts whose mattes are laid over each other. A frame without it
        has no direct agreement, and the pairs say so.
    seed : int, default 0
        Of all resampling: the same input and seed give the same comparison.
    confidence : float, default 0.95
        Of the intervals, 0.5 to 0.999.
    resamples : int, optional
        Of each interval, and of each test too large to be exact; 100 and up. By
        default 9999, and for tests 200 for each row of the summary if that is more,
        250000 at most.
    workers : int, optional
        Threads that decode cutouts; by default one for each core, 8 at most.
    progress : bool or Watcher, default True
        Show how far it is, as `matte_frame` does: while cutouts are decoded, and while
        rows of the summary are resampled.

    Returns
    -------
    Comparison
        Pairs, summary, the largest differences.

    Raises
    ------
    OptionsError
        When a column is missing, doubled or no metric, a key has rows that disagree,
        no key is in both frames, or a number is out of range.

    Notes
    -----
    Intervals are those of `bootstrap_interval`: none below 6 pairs, and shorter than
    they say with few. P-values are those of `paired_test`, adjusted by `adjust_holm`
    over all rows of the summary. Where no test is exact, none is adjusted to less than
    ``rows / (resamples + 1)``; where all are, and of n pairs, to no less than
    ``rows * 2 / 2**n``, so with few pairs choose few `metrics` and groups. Pairs are
    taken to be independent: of a hundred frames of one film, compare a few.

    Where floats differ by no more than their rounding, by 4 units in the last place of
    the less precise column at the larger of both numbers, the difference is 0.

    Examples
    --------
    >>> a = pd.DataFrame({"key": ["k", "l", "m"], "coverage": [0.25, 0.5, 0.5]})
    >>> b = pd.DataFrame({"key": ["m", "l", "k"], "coverage": [0.75, 0.75, 0.25]})
    >>> comparison = compare_runs(a, b, names=("plain", "centred"), progress=False)
    >>> comparison
    Comparison(plain vs centred: 3 pairs)
    >>> comparison.pairs["coverage_diff"].tolist()
    [0.0, 0.25, 0.25]
    >>> comparison.summary.loc[0, ["mean_diff", "p_value"]].round(3).tolist()
    [0.167, 0.5]
    """
    by = (by,) if isinstance(by, str) else tuple(by or ())
    names = _check_names(names)
    for frame in (a, b):
        check_column(frame, on, "pass on= the column that names the pictures")
    metrics = _choose_metrics(a, b, metrics, leave={on, *by, column})
    pairing = pair_rows(a, b, on, ["status", column, *metrics, *by])
    groups = {name: _group_values(pairing, name, on) for name in by}
    cutouts = _both(pairing, column, "cutout")
    found = agree_all(
        *(cells.tolist() for _, cells in cutouts), workers=workers, progress=progress
    )
    parts = [(on, pairing.a[on]), *groups.items(), *_both(pairing, "status")]
    parts += [*_changes(pairing, metrics), *_agreements(found), *cutouts]
    pairs = _join(parts)

    judge = Judge(confidence=confidence, resamples=resamples, seed=seed)
    summary = summarize_pairs(pairs, by, metrics, judge, progress=progress)
    return Comparison(
        names=names,
        on=on,
        by=by,
        pairs=pairs,
        summary=summary,
        only_a=pairing.only_a,
        only_b=pairing.only_b,
        repeated=pairing.repeated,
        confidence=confidence,
        resamples=judge.flips(len(summary)),
        seed=seed,
    )


def _check_names(names: tuple[str, str]) -> tuple[str, str]:
    known = isinstance(names, (tuple, list)) and all(
        isinstance(name, str) and name for name in names
    )
    if not known or len(set(names)) != 2:  # noqa: PLR2004 - a and b
        raise OptionsError(
            f"names must be two different words for a and b; not {names!r:.80}"
        )
    first, second = names
    return first, second


def _choose_metrics(
    a: pd.DataFrame, b: pd.DataFrame, metrics: Sequence[str] | None, leave: set[str]
) -> list[str]:
    if metrics is None:
        leave = leave | {*RESULT_COLUMNS, "size"}
        shared = [name for name in a.columns if name in set(b.columns) - leave]
        return [
            name
            for name in dict.fromkeys(shared)
            if isinstance(name, str)
            and all(_kind(frame, name) in "iuf" for frame in (a, b))
        ]
    if isinstance(metrics, str):
        raise OptionsError(f"metrics must be a list of columns, as [{metrics!r}]")
    for name in metrics:
        for frame, which in ((a, "a"), (b, "b")):
            if name not in frame.columns:
                known = [other for other in map(str, frame.columns) if other != name]
                like = get_close_matches(str(name), known, 1)
                hint = f"did you mean {like[0]!r}? " if like else ""
                raise OptionsError(
                    f"{which} has no column {name!r:.60}: {hint}Measure or score both "
                    "frames first"
                )
            if _kind(frame, name) not in "iufb":
                raise OptionsError(
                    f"metric {name!r} must be a column of numbers or flags; in {which} "
                    f"it holds {frame[name].dtype}: convert it with astype('float64')"
                )
    return list(dict.fromkeys(metrics))


def _kind(frame: pd.DataFrame, name: str) -> str:
    return str(getattr(check_column(frame, name, _REMEDY).dtype, "kind", "O"))


def _group_values(pairing: Pairing, name: str, on: str) -> pd.Series:
    frames = [f for f in (pairing.a, pairing.b) if name in f.columns] or [pairing.a]
    values = [check_column(f, name, "by= names a column of a or b") for f in frames]
    first, last = values[0], values[-1]
    cells = list(zip(first.tolist(), last.tolist(), strict=True))
    if not all(isinstance(cell, Hashable) for pair in cells for cell in pair):
        raise OptionsError(f"column {name!r} must hold plain values to group by")
    unlike = [not _same(*pair) for pair in cells]
    if any(unlike):
        keys = pairing.a.loc[unlike, on].tolist()
        raise OptionsError(
            f"column {name!r} differs between a and b in {len(keys)} pairs, first for "
            f"{shown_place(str(keys[0]))!r}: group by what is the same in both, or "
            "rename one of them"
        )
    return first


def _same(x: Any, y: Any) -> bool:
    # A missing value equals nothing, and pandas' own cannot even be asked.
    missing = [bool(pd.isna(value)) for value in (x, y)]
    return all(missing) if any(missing) else bool(x == y)


def _changes(
    pairing: Pairing, metrics: Sequence[str]
) -> Iterator[tuple[str, pd.Series]]:
    for name in metrics:
        first, second = pairing.a[name], pairing.b[name]
        yield f"{name}_a", pd.Series(_numbers(first))
        yield f"{name}_b", pd.Series(_numbers(second))
        yield f"{name}_diff", pd.Series(_subtract(first, second))


def _subtract(first: pd.Series, second: pd.Series) -> NDArray[np.float64]:
    a, b = _numbers(first), _numbers(second)
    rounding = _ROUNDING_ULPS * max(_precision(first), _precision(second))
    # Two infinities have no difference, and that of two large numbers may overflow.
    with np.errstate(invalid="ignore", over="ignore"):
        difference = b - a
        alike = np.abs(difference) <= rounding * np.maximum(np.abs(a), np.abs(b))
    return np.where(np.isfinite(difference), np.where(alike, 0, difference), np.nan)


def _precision(values: pd.Series) -> float:
    dtype = getattr(values.dtype, "numpy_dtype", values.dtype)
    return float(np.finfo(dtype).eps) if dtype.kind == "f" else 0.0


def _agreements(found: Sequence[Agreement]) -> Iterator[tuple[str, pd.Series]]:
    for name, dtype in AGREEMENT.items():
        values = [getattr(each, name.removeprefix("agreement_")) for each in found]
        yield name, pd.Series(values, dtype=dtype)


def _join(columns: Sequence[tuple[str, pd.Series]]) -> pd.DataFrame:
    titles = [name for name, _ in columns]
    check_titles(titles)
    return pd.concat([values for _, values in columns], axis=1, keys=titles)


def _both(
    pairing: Pairing, column: str, title: str | None = None
) -> list[tuple[str, pd.Series]]:
    found = []
    for which, frame in (("a", pairing.a), ("b", pairing.b)):
        missing = pd.Series([None] * len(frame), dtype="object")
        values = check_column(frame, column, "") if column in frame.columns else missing
        found.append((f"{title or column}_{which}", values))
    return found


def _numbers(values: pd.Series) -> NDArray[np.float64]:
    return values.to_numpy("float64", na_value=np.nan)
