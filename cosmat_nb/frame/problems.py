"""What is wrong with the mattes of a frame: one row a finding."""

from __future__ import annotations

from math import nan
from typing import TYPE_CHECKING, Any

import pandas as pd

from cosmat_nb.errors import OptionsError
from cosmat_nb.frame.columns import check_column
from cosmat_nb.frame.comparing import compare_runs
from cosmat_nb.frame.comparison import Comparison
from cosmat_nb.metrics.findings import find_in_row
from cosmat_nb.metrics.judging import CHECKS, COLUMNS, Severity
from cosmat_nb.metrics.thresholds import Thresholds, check_thresholds

if TYPE_CHECKING:
    from cosmat_nb.frame.progress import Watcher
    from cosmat_nb.metrics.findings import Finding
    from cosmat_nb.metrics.judging import Check

__all__ = ["find_problems"]

_AGREEMENT = "agreement_iou"
_SEVERITIES = [severity.value for severity in reversed(Severity)]
_TINY = 1e-9
_NAMES = [check.name for check in CHECKS]
_DTYPES: dict[str, Any] = {
    "finding": "str",
    "severity": pd.CategoricalDtype(_SEVERITIES, ordered=True),
    "column": "str",
    "value": "float64",
    "threshold": "float64",
    "message": "str",
    "advice": "str",
}


def find_problems(
    frame: pd.DataFrame,
    *,
    thresholds: Thresholds = Thresholds(),
    against: pd.DataFrame | Comparison | None = None,
    on: str | None = "key",
    progress: bool | Watcher = True,
) -> pd.DataFrame:
    """List what is wrong with the mattes of a frame, the severe first.

    Parameters
    ----------
    frame : DataFrame
        From `measure_frame`. Left as it is. Rows without numbers (`status` other than
        ``ok`` and ``empty``, or a `measure_error`) are no findings of a matte: they are
        left out here and counted.
    thresholds : Thresholds
        Where a number becomes a finding.
    against : DataFrame or Comparison, optional
        A second result for the same pictures, by other options or another engine, with
        cutouts; `compare_runs` gives the agreement. Or what it returned for `frame` and
        another: then nothing is decoded, and rows are found by its keys. Without it a
        column ``agreement_iou`` of `frame` is used where there is one.
    on : str or None, default "key"
        Column that names pictures; it is copied. None copies none.
    progress : bool or Watcher, default True
        Show how far it is while two results are compared.

    Returns
    -------
    DataFrame
        One row a finding, its index the label of the frame's row, so that with
        ``on=None`` ``frame.join(problems)`` works; columns: that of `on`,
        ``finding`` and ``severity`` (ordered categories: ``problems.severity >=
        "medium"``), ``column`` (or an expression for ``frame.eval``), its ``value``,
        ``threshold``, ``message`` and ``advice``. Sorted by severity, then finding,
        then by how far the value lies beyond its threshold. The same dtypes when
        nothing is found.
        ``attrs["checked"]`` says for every finding on how many rows it was looked
        for, 0 when its numbers were not measured; ``attrs["unmeasured"]`` how many
        rows have no numbers.

    Raises
    ------
    OptionsError
        When the frame was not measured, lacks the column `on`, has one of the columns
        twice or with words in it, or has ``agreement_iou`` and is compared again; when
        `on` is called like a column of the result, a comparison knows none of the
        frame's keys, or an argument is of another kind.

    Examples
    --------
    >>> import cosmat_nb as cm
    >>> problems = cm.find_problems(cm.measure_frame(result))  # doctest: +SKIP
    >>> problems[problems.severity == "high"]  # doctest: +SKIP
    """
    check_thresholds(thresholds)
    check_column(frame, "coverage", "measure it first with measure_frame")
    if on is not None:
        _check_name(frame, on)
    numbers = _read_numbers(frame)
    if against is not None:
        comparison = _compare(frame, against, on, progress=progress)
        numbers[_AGREEMENT] = _read_agreement(frame, comparison)
    rows = [find_in_row(row, thresholds) for row in numbers.to_dict("records")]
    positions = [place for place, row in enumerate(rows) for _ in row]
    found = [each for row in rows for each in row]
    problems = _tabulate(found, frame.index[positions])
    if on is not None:
        problems.insert(0, on, frame[on].iloc[positions])
    problems = problems.iloc[_order(problems)]
    problems.attrs = {
        "checked": {check.name: _count(numbers, check) for check in CHECKS},
        "unmeasured": int(numbers["coverage"].isna().sum()),
    }
    return problems


def _check_name(frame: pd.DataFrame, on: str) -> None:
    check_column(frame, on, "name pictures with on=, or pass on=None")
    if on in _DTYPES:
        raise OptionsError(
            f"the findings have a column {on!r} of their own: rename the frame's, or "
            "pass on=None"
        )


def _read_numbers(frame: pd.DataFrame) -> pd.DataFrame:
    numbers = {}
    for name in frame.columns.intersection(list(COLUMNS)):
        values = check_column(frame, name, "keep one of them")
        try:
            numbers[name] = values.astype("Float64").to_numpy("float64", na_value=nan)
        except (TypeError, ValueError):
            raise OptionsError(
                f"column {name!r} must hold numbers as measure_frame makes them; got "
                f"{values.dtype}"
            ) from None
    return pd.DataFrame(numbers, index=frame.index)


def _tabulate(found: list[Finding], index: pd.Index) -> pd.DataFrame:
    columns = {name: [getattr(each, name) for each in found] for name in _DTYPES}
    return pd.DataFrame(columns, index=index).astype(_DTYPES)


def _order(problems: pd.DataFrame) -> list[int]:
    # Shares and pixels are compared by how many thresholds they are away from theirs.
    gaps = (problems["value"] - problems["threshold"]).abs()
    excess = gaps / problems["threshold"].abs().clip(lower=_TINY)
    ranks = list(
        zip(
            -problems["severity"].cat.codes.to_numpy(),
            map(_NAMES.index, problems["finding"]),
            -excess.to_numpy(),
            strict=True,
        )
    )
    return sorted(range(len(ranks)), key=ranks.__getitem__)


def _count(numbers: pd.DataFrame, check: Check) -> int:
    present = numbers.reindex(columns=list(check.columns)).notna()
    return int(present.all(axis=1).sum())


def _compare(
    frame: pd.DataFrame,
    against: pd.DataFrame | Comparison,
    on: str | None,
    *,
    progress: bool | Watcher,
) -> Comparison:
    if _AGREEMENT in frame.columns:
        raise OptionsError(
            f"the frame already has {_AGREEMENT}: drop it, or leave against= out"
        )
    if isinstance(against, Comparison):
        return against
    if on is None:
        raise OptionsError("against= pairs rows by their key: name it with on=")
    return compare_runs(frame, against, on=on, metrics=(), progress=progress)


def _read_agreement(frame: pd.DataFrame, comparison: Comparison) -> list[float]:
    on, pairs = comparison.on, comparison.pairs
    keys = check_column(frame, on, "the comparison paired rows by it").tolist()
    known = dict(zip(pairs[on], pairs[_AGREEMENT], strict=True))
    if keys and known.keys().isdisjoint(keys):
        raise OptionsError(
            f"the comparison knows no {on!r} of this frame: compare this one"
        )
    return [known.get(key, nan) for key in keys]
