"""What is wrong with one matte, in words, with the numbers behind them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cosmat_nb.metrics.judging import CHECKS, COLUMNS, Severity
from cosmat_nb.metrics.thresholds import Thresholds, check_thresholds

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cosmat_nb.metrics.judging import Check
    from cosmat_nb.metrics.looks import Seen

__all__ = ["Finding", "find_in_row"]

_ALL_OR_NOTHING = ("empty", "whole-frame")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that was found in a matte.

    Attributes
    ----------
    finding : str
        Its name: ``"empty"``, ``"cut-off"`` and so on, the names of `CHECKS`.
    severity : Severity
        How much it matters.
    column : str
        The column of `MatteMetrics` behind it, ``agreement_iou``, or an expression
        such as ``"hole_area / hard_area"``, which `DataFrame.eval` understands.
    value : float
        Its number, in its unit.
    threshold : float
        What the number was held against, in the same unit.
    message : str
        What was seen, one sentence with its numbers.
    advice : str
        What to do.
    """

    finding: str
    severity: Severity
    column: str
    value: float
    threshold: float
    message: str
    advice: str


def find_in_row(
    row: Mapping[Any, object], thresholds: Thresholds = Thresholds()
) -> list[Finding]:
    """Say what is wrong with one matte.

    Parameters
    ----------
    row : mapping of str to number
        Columns of `MatteMetrics`, as its ``as_row`` returns them, and where there is a
        second result ``agreement_iou``. What is absent, None, NaN or infinite is not
        checked; other keys are ignored.
    thresholds : Thresholds
        Where a number becomes a finding.

    Returns
    -------
    list of Finding
        At most one of each name, in the order of `CHECKS`: the severe first.

    Raises
    ------
    OptionsError
        When `thresholds` is something else.

    Notes
    -----
    A matte that is empty or keeps the whole frame has no other finding than that and a
    disagreement: there is no subject to speak of. One that meets three sides or more
    fills the frame and is not called cut off (`Thresholds.fill_sides`).

    Examples
    --------
    >>> row = {"holes": 4, "hole_area": 90, "hard_area": 3000, "halo": 0.2}
    >>> (found,) = find_in_row(row)
    >>> found.finding, found.severity.value, found.value, found.threshold
    ('holes', 'medium', 4.0, 3.0)
    >>> found.message
    '4 holes, 90 px or 3.0% of the subject; over 3 holes'
    """
    check_thresholds(thresholds)
    numbers = {
        name: number
        for name in COLUMNS
        if math.isfinite(number := _read(row.get(name)))
    }
    found = []
    for check in CHECKS:
        seen = None
        if numbers.keys() >= set(check.columns):
            seen = check.look(numbers, thresholds)
        if seen is not None:
            found.append(_report(check, seen))
    if any(each.finding in _ALL_OR_NOTHING for each in found):
        kept = {*_ALL_OR_NOTHING, "disagreement"}
        return [each for each in found if each.finding in kept]
    return found


def _report(check: Check, seen: Seen) -> Finding:
    return Finding(
        finding=check.name,
        severity=check.severity,
        column=seen.column,
        value=float(seen.value),
        threshold=float(seen.threshold),
        message=seen.message,
        advice=check.advice,
    )


def _read(value: object) -> float:
    try:
        return float(value)  # type: ignore[arg-type]
    except (TypeError, ValueError, OverflowError):
        return math.nan  # words, None, and what pandas writes for a missing number
